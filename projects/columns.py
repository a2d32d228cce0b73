"""The columns of the list of projects and of its exports."""

from collections.abc import Collection
from datetime import date

from django.db.models import Case, OuterRef, Prefetch, Subquery, Value, When

from accounts.models.institution import Side
from ground.tables import Column
from ground.templatetags.french import short_day
from projects.conciliations.marks import since_when
from projects.models import Absence, Assignment, Project, Stage
from projects.models.project import ProjectQuerySet
from projects.states import PHOTOGRAPH, State
from projects.turns import Standing, turns_of


def with_columns_on(rows: ProjectQuerySet, day: date) -> ProjectQuerySet:
    """What the columns read, as it was on `day`; needs `with_state_on(day)`."""
    maturity = Case(*(When(state=state, then=Value(rank)) for rank, state in enumerate(PHOTOGRAPH)))
    stage = Stage.objects.on(day).filter(project=OuterRef("pk")).annotate(maturity=maturity)
    absences = Prefetch("user__absences", Absence.objects.on(day), to_attr="absences_of_the_day")
    referents = Assignment.objects.on(day).select_related("user").prefetch_related(absences)
    return (
        rows.with_territory_on(day)
        .annotate(maturity=Subquery(stage.values("maturity")[:1]), in_conciliation_since=since_when(day))
        .select_related("lead_department", "promoter")
        .prefetch_related("other_departments", Prefetch("assignments", referents, to_attr="referents"))
    )


def with_turns_on(projects: Collection[Project], day: date) -> Collection[Project]:
    """Adds `turns`, the acts awaited on each; needs `with_state_on(day)`."""
    found = turns_of([Standing.of_listed(project) for project in projects], day)
    for project in projects:
        project.turns = found[project.pk]
    return projects


def departments(project: Project) -> str:
    """The lead department first, then the others, by their codes."""
    return ", ".join([project.lead_department_id, *(department.pk for department in project.other_departments.all())])


def referent(project: Project, side: Side) -> str:
    assignment = next((assignment for assignment in project.referents if assignment.side == side), None)
    if assignment is None:
        return ""
    is_absent = assignment.user and assignment.user.absences_of_the_day
    return f"{assignment} (en absence)" if is_absent else str(assignment)


def whose_turn(project: Project) -> str:
    """« ARS : décider… (depuis le 3 mars 2026) », one act after the other."""
    return " ; ".join(f"{turn.names} : {turn.what} (depuis le {short_day(turn.since)})" for turn in project.turns)


PROJECT_COLUMNS = [
    Column("nom", "Nom", lambda project: project.name, sort="search_name"),
    Column("departement", "Dép.", departments, sort="lead_department"),
    Column("etat", "État", lambda project: State(project.state_on).label, sort="maturity"),
    Column("depuis", "Depuis le", lambda project: project.state_since, sort="state_since"),
    Column(
        "conciliation",
        "En conciliation depuis le",
        lambda project: project.in_conciliation_since,
        sort="in_conciliation_since",
        shown=False,
    ),
    Column("tour", "À qui, depuis", whose_turn),
    Column("population", "Population", lambda project: project.population, is_number=True, sort="population"),
    Column("millesime", "Millésime", lambda project: project.vintage, is_number=True, shown=False),
    Column("communes", "Communes", lambda project: project.zone_count, is_number=True, sort="zone_count"),
    Column(
        "porteur",
        "Porteur",
        lambda project: project.promoter.name if project.promoter else "",
        sort="promoter__name",
        shown=False,
    ),
    Column("finess", "N° FINESS", lambda project: project.finess, sort="finess", shown=False),
    Column("referent_ars", "Référent ARS", lambda project: referent(project, Side.ARS)),
    Column("referent_cpam", "Référent CPAM", lambda project: referent(project, Side.INSURANCE)),
]
