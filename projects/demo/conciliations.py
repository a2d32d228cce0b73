"""Conciliations of the demonstration: those of 2020 with their outcomes, as rows, and one that is open today.

On 20 February 2020, seven of the twenty-five engineering projects of the region are in conciliation, as the ARS
Île-de-France told its regional committee of 24 February 2020.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.conciliations.disputes import dispute_of
from projects.conciliations.log import add_entry
from projects.conciliations.opening import open_conciliation, shared_zones, situation_of, why_not_open
from projects.conciliations.scenarios import save_scenario
from projects.models import Conciliation, ConciliationEntry, Outcome, Project, ScenarioZone
from territories.models import PerimeterChange, Zone

Kind, Entry, Origin = Outcome.Kind, ConciliationEntry.Kind, PerimeterChange.Origin


@dataclass(frozen=True, slots=True)
class Past:
    """A conciliation of 2020. `second` had reached into `extension`, communes of `first`, on `extended_on`.

    Where the outcome shares the zones they all go to `first`; else the perimeters have stayed as they were.
    """

    first: str
    second: str
    since: date
    kind: Kind
    decided_on: date
    signatory: str
    motivation: str
    extension: tuple[str, ...] = ()
    extended_on: date | None = None
    said: tuple[tuple[date, Entry, str], ...] = field(default=())


PAST = (
    Past(
        "CPTS Massy – Palaiseau",
        "CPTS Yvette – Les Ulis",
        date(2020, 1, 14),
        Kind.DG_CHOICE,
        date(2020, 6, 29),
        "Le directeur général de l'ARS",
        "Les patients d'Igny consultent à Massy et à Palaiseau ; le projet de Massy est le plus avancé.",
        ("Igny",),
        date(2019, 12, 10),
        (
            (date(2020, 1, 28), Entry.MEETING, "Réunion des deux porteurs : chacun présente ses équipes à Igny."),
            (date(2020, 3, 3), Entry.POSITION, "Yvette – Les Ulis demande une étude des flux de patients."),
        ),
    ),
    Past(
        "CPTS Nord Essonne",
        "CPTS Longjumeau – Chilly",
        date(2020, 2, 3),
        Kind.AGREEMENT,
        date(2020, 9, 21),
        "Les deux porteurs, devant la DD de l'Essonne et la CPAM",
        "Morangis reste au Nord Essonne ; les deux CPTS organisent ensemble les soins non programmés.",
        ("Morangis",),
        date(2020, 1, 15),
        ((date(2020, 5, 12), Entry.PROPOSAL, "Protocole commun de soins non programmés proposé par la CPAM."),),
    ),
    Past(
        "CPTS Boucle nord des Hauts-de-Seine",
        "CPTS Bois-Colombes – Asnières",
        date(2019, 12, 18),
        Kind.DG_CHOICE,
        date(2020, 11, 9),
        "Le directeur général de l'ARS",
        "Projet de santé validé sur Asnières-sur-Seine ; Bois-Colombes est invitée à y associer ses professionnels.",
    ),
    Past(
        "CPTS Marne et Gondoire",
        "CPTS Val d'Europe – Bussy",
        date(2020, 1, 20),
        Kind.PARTNERSHIP,
        date(2020, 10, 5),
        "Les deux porteurs",
        "Partenariat sur Bussy-Saint-Georges : Marne et Gondoire porte les missions, les périmètres ne changent pas.",
    ),
    Past(
        "CPTS Champigny – Joinville",
        "CPTS Rives de Marne",
        date(2019, 11, 12),
        Kind.PARTNERSHIP,
        date(2020, 7, 7),
        "Les deux porteurs",
        "Les professionnels de Joinville-le-Pont participent aux actions des deux CPTS, par convention.",
    ),
)
OPEN_TODAY = ("CPTS Drancy – Le Bourget", "CPTS Gonesse – Le Bourget")
ASKED_AGO, DUE_IN = 45, 12  # days


@transaction.atomic
def load_conciliations(users: list[User]) -> int:
    """Write them unless there are conciliations already; returns how many were written."""
    if Conciliation.objects.exists():
        return 0
    officers = [user for user in users if user.role == User.Role.OFFICER]
    written = [_write(past, officers) for past in PAST]
    return sum(written) + _open_one(officers)


def _officer(officers: list[User], project: Project, side: Side) -> User | None:
    return next((u for u in officers if u.side == side and project.lead_department_id in u.own_departments), None)


def _named(*names: str) -> list[Project]:
    found = {project.name: project for project in Project.objects.filter(name__in=names)}
    return [found[name] for name in names if name in found]


def _write(past: Past, officers: list[User]) -> bool:
    """As rows: both health projects have been validated since, and a step back in time is no act of today."""
    projects = _named(past.first, past.second)
    begun = past.extended_on or past.since
    if len(projects) < 2 or any(_changed_since(project, begun) for project in projects):
        return False
    first, second = projects
    _extend(past, second)
    zones = shared_zones(projects, past.since)
    ars = _officer(officers, first, Side.ARS)
    conciliation = Conciliation.objects.create(
        since=past.since,
        until=past.decided_on,
        situation=situation_of(projects, past.since),
        subject=f"Territoire commun : {', '.join(zone.name for zone in zones)}.",
        due_on=past.decided_on,
        recorded_by=ars,
    )
    conciliation.projects.set(projects)
    conciliation.zones.set(zones)
    for happened_on, kind, text in past.said:
        conciliation.entries.create(happened_on=happened_on, kind=kind, text=text, recorded_by=ars)
    _end(past, conciliation, first, second, ars)
    return True


def _changed_since(project: Project, day: date) -> bool:
    """Whether somebody has changed its perimeter: the demonstration does not write over it."""
    last_change = project.perimeter.last_change()
    return last_change is None or last_change > day


def _extend(past: Past, project: Project) -> None:
    if not past.extended_on:
        return
    held = project.perimeter.zones_on(past.extended_on)
    coming = Zone.objects.filter(name__in=past.extension, department=project.lead_department)
    told = {"reason": "Extension demandée par les porteurs.", "origin": Origin.COMPOSED}
    project.perimeter.set_zones([*held, *coming], past.extended_on, **told)


def _end(past: Past, conciliation: Conciliation, first: Project, second: Project, ars: User | None) -> None:
    shared = list(conciliation.zones.all())
    shares = past.kind in (Kind.AGREEMENT, Kind.DG_CHOICE)
    scenario = None
    if shares:
        scenario = conciliation.scenarios.create(name=f"Tout à {first}", recorded_by=ars)
        ScenarioZone.objects.bulk_create(ScenarioZone(scenario=scenario, zone=zone, project=first) for zone in shared)
    outcome = Outcome.objects.create(
        conciliation=conciliation,
        kind=past.kind,
        decided_on=past.decided_on,
        effective_on=past.decided_on,
        signatory=past.signatory,
        motivation=past.motivation,
        scenario=scenario,
        successor=None if shares else first,
        recorded_by=ars,
    )
    if shares:
        kept = [zone for zone in second.perimeter.zones_on(past.decided_on) if zone not in shared]
        reason = f"Conciliation avec {quoted(first)}. {past.kind.label}, {in_words(past.decided_on)}."
        told = {"reason": reason, "by": ars, "origin": Origin.CONCILIATION}
        outcome.changes.set([second.perimeter.set_zones(kept, past.decided_on, **told)])


def _open_one(officers: list[User]) -> bool:
    """Open today, across two departments: what both institutions have noted, and two ways to share."""
    today = timezone.localdate()
    projects = _named(*OPEN_TODAY)
    since = today - timedelta(days=ASKED_AGO)
    zones = shared_zones(projects, today)
    if not zones or why_not_open(projects, since) or not (ars := _officer(officers, projects[0], Side.ARS)):
        return False
    cpam = _officer(officers, projects[0], Side.INSURANCE) or ars
    conciliation = open_conciliation(
        ars,
        [project.pk for project in projects],
        zones,
        since,
        subject="Le Bourget et Dugny : leurs professionnels ont été sollicités par les deux projets.",
        due_on=today + timedelta(days=DUE_IN),
    )
    for user, days, kind, text in (
        (ars, 38, Entry.EXCHANGE, "Les deux délégations conviennent de réunir les porteurs."),
        (cpam, 24, Entry.MEETING, "Réunion à Drancy avec les deux CPAM : flux de patients et équipes présentés."),
        (ars, 23, Entry.POSITION, "Gonesse – Le Bourget accepte de laisser Dugny, et demande à garder Le Bourget."),
        (cpam, 9, Entry.PROPOSAL, "Adhésion des professionnels du Bourget à la CPTS de Drancy, déjà validée."),
    ):
        entry = ConciliationEntry(kind=kind, happened_on=today - timedelta(days=days), text=text)
        add_entry(user, conciliation.pk, entry)
    first, second = (project.pk for project in projects)
    disputed = dispute_of(conciliation, ars).disputed
    for name, comment, choice in (
        ("Le Bourget à Drancy, Dugny aussi", "Proposition de la CPAM.", dict.fromkeys(disputed, first)),
        (
            "Le Bourget à Gonesse",
            "Position de Gonesse.",
            {code: second if code == "93013" else first for code in disputed},
        ),
    ):
        save_scenario(ars, conciliation.pk, name, comment, choice)
    return True
