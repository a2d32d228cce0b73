"""The columns of the list of projects and of its exports."""

from datetime import date

from django.db.models import Case, OuterRef, Prefetch, Subquery, Value, When

from accounts.models.institution import Side
from ground.tables import Column
from projects.models import Assignment, Project, Stage
from projects.models.project import ProjectQuerySet
from projects.states import PHOTOGRAPH, State


def with_columns_on(rows: ProjectQuerySet, day: date) -> ProjectQuerySet:
    """What the columns read, as it was on `day`; needs `with_state_on(day)`."""
    maturity = Case(*(When(state=state, then=Value(rank)) for rank, state in enumerate(PHOTOGRAPH)))
    stage = Stage.objects.on(day).filter(project=OuterRef("pk")).annotate(maturity=maturity)
    referents = Assignment.objects.on(day).select_related("user")
    return (
        rows.with_territory_on(day)
        .annotate(maturity=Subquery(stage.values("maturity")[:1]))
        .select_related("lead_department", "promoter")
        .prefetch_related("other_departments", Prefetch("assignments", referents, to_attr="referents"))
    )


def departments(project: Project) -> str:
    """The lead department first, then the others, by their codes."""
    return ", ".join([project.lead_department_id, *(department.pk for department in project.other_departments.all())])


def referent(project: Project, side: Side) -> str:
    return next((str(assignment) for assignment in project.referents if assignment.side == side), "")


PROJECT_COLUMNS = [
    Column("nom", "Nom", lambda project: project.name, sort="search_name"),
    Column("departement", "Dép.", departments, sort="lead_department"),
    Column("etat", "État", lambda project: State(project.state_on).label, sort="maturity"),
    Column("depuis", "Depuis le", lambda project: project.state_since, sort="state_since"),
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
