"""Writes what a plan says: the whole file or nothing, and only what was shown."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import Assignment, Note, Project, Promoter
from projects.perimeters import Origin, change_perimeter
from projects.spreadsheets.comparing import reached_departments
from projects.spreadsheets.facts import PROMOTER_FACTS, Facts
from projects.spreadsheets.plan import make_plan
from projects.spreadsheets.reading import Reading
from projects.spreadsheets.rows import Action, Plan, RowPlan
from projects.spreadsheets.zones import Leaves
from projects.workflow import write_timeline
from territories.models import Department, Zone

Accounts = dict[tuple[str, str], User]
MEANWHILE = "une autre personne écrit la même chose en même temps. Rien n'a été écrit : recommencez."


class NotWritten(Exception):
    """Nothing was written; `message_fr` says why and `plan` is what would be done now."""

    def __init__(self, message_fr: str, plan: Plan) -> None:
        super().__init__(message_fr)
        self.message_fr = message_fr
        self.plan = plan


@transaction.atomic
def write_import(
    reading: Reading,
    *,
    user: User | None,
    department: str | None,
    as_of: date | None,
    today: date,
    shown: str | None = None,
    skip_refused: bool = False,
    accept: Callable[[RowPlan], bool] = lambda row: False,
) -> Plan:
    """Make the plan again, alone at work, write it, and return it with what became of each row.

    `shown` is the digest of the plan that was shown; `accept` tells which proposed rows somebody agreed to. Raises
    NotWritten when the plan is no longer the one shown, when rows are refused, when a row fails while being written.
    """
    asked = {"user": user, "department": department, "as_of": as_of, "today": today}
    _lock(make_plan(reading, **asked))
    plan = make_plan(reading, **asked)
    if shown is not None and plan.digest != shown:
        raise NotWritten(
            "Les données ont changé depuis l'affichage de cette page : rien n'a été écrit. "
            "Relisez ce qui suit et confirmez.",
            plan,
        )
    refused = len(plan.of(Action.REFUSED))
    if refused and not skip_refused:
        told = "Une ligne est refusée" if refused == 1 else f"{refused} lignes sont refusées"
        raise NotWritten(
            f"{told} : rien n'a été écrit. Corrigez le fichier, ou demandez à laisser de côté les lignes refusées.",
            plan,
        )
    rows = [
        row
        for row in plan.rows
        if row.action in (Action.CREATED, Action.UPDATED) or (row.action == Action.PROPOSED and accept(row))
    ]
    leaves = Leaves({code for row in rows for code in row.facts.codes})
    zones = {zone.code: zone for zone in Zone.objects.filter(code__in={c for r in rows for c in r.facts.codes})}
    accounts = _accounts(user)
    for row in rows:
        try:
            _write(row, zones, leaves, accounts, plan.as_of, user)
        except ValidationError as error:
            reasons = " ".join(error.messages)
            raise NotWritten(f"Ligne {row.row} ({row.project}) : {reasons} Rien n'a été écrit.", plan) from error
        except IntegrityError as error:  # a FINESS number recorded meanwhile on a page, which locks its project only
            raise NotWritten(f"Ligne {row.row} ({row.project}) : {MEANWHILE}", plan) from error
    for row in plan.of(Action.PROPOSED):
        if accept(row):
            row.action = Action.UPDATED if row.existing else Action.CREATED
            row.messages.append("Acceptée.")
        else:
            row.messages.append("Laissée de côté : à vérifier par une personne.")
    return plan


def _lock(plan: Plan) -> None:
    """One import at a time, and nobody's step on its projects meanwhile: two departments may tell one FINESS number.

    The key of the rows is left free (FOR NO KEY UPDATE): who edits a project elsewhere may name its department.
    """
    departments = {row.facts.department for row in plan.rows}
    existing = [row.existing.pk for row in plan.rows if row.existing]
    projects = Project.objects.filter(Q(lead_department__in=departments) | Q(pk__in=existing))
    for rows in (Department.objects.all(), projects):
        list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk"))


def _write(
    row: RowPlan, zones: Mapping[str, Zone], leaves: Leaves, accounts: Accounts, as_of: date, by: User | None
) -> None:
    facts = row.facts
    project = Project.objects.get(pk=row.existing.pk) if row.existing else Project(name=facts.name)
    changed = {change.field for change in row.changes}
    if row.existing is None:
        project.lead_department_id = facts.department
    elif "Nom" in changed:
        project.name = facts.name
    project.finess = facts.finess or project.finess
    project.promoter = _promoter(project, facts)
    project.full_clean(exclude=["perimeter"])
    project.save()
    if row.moves_territory:
        since = as_of if row.existing else min(entry.since for entry in row.entries)
        held = [zones[code] for code in facts.codes]
        change_perimeter(project, held, since, reason=f"Tableau au {in_words(as_of)}.", by=by, origin=Origin.IMPORT)
    if row.entries is not None:  # after the perimeter: a filing freezes its population
        write_timeline(project, row.entries, by=by)
    project.other_departments.add(*(reached_departments(facts, leaves) - {project.lead_department_id}))
    _write_people(project, facts, accounts, as_of, by)


def _promoter(project: Project, facts: Facts) -> Promoter | None:
    current, told = project.promoter, facts.promoter_told(project.promoter)
    if told and (told.pk is None or any(getattr(told, name) != getattr(current, name) for name in PROMOTER_FACTS)):
        told.full_clean()
        told.save()
    return told


def _write_people(project: Project, facts: Facts, accounts: Accounts, as_of: date, by: User | None) -> None:
    for side, name in facts.referents.items():
        current = Assignment.objects.filter(project=project, side=side, until=None).first()
        if current and (str(current) == name or current.since > as_of):
            continue
        if current:
            current.until = as_of
            current.save(update_fields=["until"])
        account = accounts.get((side, name))
        Assignment.objects.create(project=project, side=side, since=as_of, user=account, name="" if account else name)
    if facts.contact:
        told = {"email": facts.email, "phone": facts.phone}
        project.contacts.update_or_create(name=facts.contact, defaults={k: v for k, v in told.items() if v})
    if facts.note and not project.notes.filter(text=facts.note, side="").exists():
        Note.objects.create(project=project, text=facts.note, recorded_by=by)


def _accounts(by: User | None) -> Accounts:
    """Users that the importer knows, by side and full name, where one person of that side bears it."""
    found: dict[tuple[str, str], list[User]] = defaultdict(list)
    known = User.objects.for_user(by) if by else User.objects.all()
    for user in known.filter(is_active=True).select_related("institution"):
        found[user.side, str(user)].append(user)
    return {who: users[0] for who, users in found.items() if len(users) == 1}
