"""Which project does each row speak of: that of another row, a known one, or a new one?"""

from collections import defaultdict

from django.db.models import Prefetch, Q

from accounts.models import User
from projects.models import Assignment, Project
from projects.spreadsheets.matching import find_project, project_key
from projects.spreadsheets.rows import Action, Plan, RowPlan
from projects.stages import ATTACHED
from territories.models import PerimeterZone

Claimed = dict[int, RowPlan]  # the row that has each known project


def judge_twins(plan: Plan) -> None:
    """Two rows for one project: the second is ignored when it says the same, both are refused when they disagree."""
    first_by_key: dict[tuple[str, str], RowPlan] = {}
    for row in plan.of(Action.CREATED, Action.REFUSED):
        named, numbered = row.facts.key, ("finess", row.facts.finess)
        keys = [key for key in (named, numbered) if all(key)]
        twin = next((first_by_key[key] for key in keys if key in first_by_key), None)
        for key in keys:
            first_by_key.setdefault(key, row)
        if twin is None:
            continue
        differences = twin.facts.differences(row.facts)
        if twin.facts.key != named:
            row.refuse(f"Même numéro FINESS que la ligne {twin.row} ({twin.project}), sous un autre nom.")
            twin.refuse(f"Même numéro FINESS que la ligne {row.row} ({row.project}), sous un autre nom.")
        elif differences:
            told = f"avec d'autres données : {', '.join(differences)}."
            row.refuse(f"Même projet que la ligne {twin.row}, {told}")
            twin.refuse(f"Même projet que la ligne {row.row}, {told}")
        elif row.action != Action.REFUSED:
            row.action, row.insee_codes = Action.IGNORED, []
            row.messages = [f"Identique à la ligne {twin.row}."]


def find_existing(plan: Plan, user: User | None) -> None:
    """The project each row speaks of: by FINESS, then by name; a near name waits for a person's answer."""
    rows = plan.of(Action.CREATED)
    known = _known_projects(rows)
    by_finess = {project.finess: project for project in known if project.finess}
    by_key: dict[tuple[str, str], list[Project]] = defaultdict(list)
    for project in known:
        by_key[project.lead_department_id, project_key(project.name)].append(project)
    claimed: Claimed = {}
    for row in rows:
        namesakes = by_key.get(row.facts.key, [])
        row.existing = by_finess.get(row.facts.finess) or next(iter(namesakes), None)
        if row.existing and (reason := _wrong_project(row, namesakes, user)):
            row.existing = None  # nothing more is told of a project that is not this row's
            row.refuse(reason)
        elif row.existing and (other := claimed.setdefault(row.existing.pk, row)) is not row:
            row.refuse(f"Ce projet est déjà celui de la ligne {other.row} ({row.existing}).")
            other.refuse(f"Ce projet est aussi celui de la ligne {row.row} ({row.existing}).")
    _judge_near_names(plan, known, claimed)


def _known_projects(rows: list[RowPlan]) -> list[Project]:
    """The projects that rows may speak of, with all that is compared."""
    departments = {row.facts.department for row in rows}
    finess = {row.facts.finess for row in rows} - {""}
    return list(
        Project.objects.filter(Q(lead_department__in=departments) | Q(finess__in=finess))
        .select_related("promoter", "perimeter")
        .prefetch_related(
            "stages",
            *(f"stages__{acts}" for acts in ATTACHED),
            "other_departments",
            "contacts",
            "notes",
            Prefetch("assignments", Assignment.objects.filter(until=None).select_related("user")),
            Prefetch("perimeter__memberships", PerimeterZone.objects.select_related("zone")),
            "perimeter__changes",
        )
    )


def _wrong_project(row: RowPlan, namesakes: list[Project], user: User | None) -> str:
    """Why the project found may not be the row's; empty when it is."""
    project, facts = row.existing, row.facts
    if user and not user.can_write_in({project.lead_department_id}):
        return "Ce numéro FINESS est celui d'un projet d'un département qui n'est pas l'un des vôtres."
    if project.lead_department_id != facts.department:
        return f"Ce numéro FINESS est celui de « {project} », du département {project.lead_department_id}."
    if namesakes and project not in namesakes:
        return f"Ce nom est celui d'un projet connu, ce numéro FINESS celui d'un autre ({project})."
    if len(namesakes) > 1 and not facts.finess:
        return "Plusieurs projets de ce département portent ce nom : donnez le numéro FINESS."
    if project.finess and facts.finess and project.finess != facts.finess:
        return f"Ce projet est connu sous un autre numéro FINESS ({project.finess})."
    return ""


def _judge_near_names(plan: Plan, known: list[Project], claimed: Claimed) -> None:
    """A name near that of a known project, or of a row above, is only proposed."""
    above: dict[str, dict[str, int]] = defaultdict(dict)
    for row in plan.of(Action.CREATED, Action.REFUSED):
        department, name = row.facts.department, row.facts.name
        if row.action == Action.CREATED and not row.existing:
            free = {p.name: p for p in known if p.lead_department_id == department and p.pk not in claimed}
            if near := find_project(name, free):
                row.existing = free[near.name]
                claimed[row.existing.pk] = row
                question = (
                    f"Est-ce « {near.name} », déjà connu ? Si oui, acceptez ; sinon, donnez à cette ligne un autre nom."
                )
            elif near := find_project(name, above[department]):
                question = (
                    f"Est-ce le même projet que « {near.name} » (ligne {above[department][near.name]}) ? "
                    "Si oui, ne gardez qu'une des deux lignes ; sinon, acceptez."
                )
            if near:
                row.facts.doubts.append(question)
                row.messages.append(question)
        above[department].setdefault(name, row.row)
