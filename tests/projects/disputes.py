"""Two projects that share two communes of three, and their conciliation, for the tests of conciliations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from accounts.models import User
from projects.conciliations.opening import open_conciliation
from projects.conciliations.scenarios import save_scenario
from projects.models import Conciliation, Outcome, Project, Scenario
from projects.states import State
from territories.models import Department, Zone
from tests.factories import ProjectFactory, ZoneFactory

KNOWN = date(2024, 1, 1)
OPENED = date(2026, 1, 12)
DECIDED = date(2026, 3, 2)
WRITING = ((State.INITIATIVE, KNOWN), (State.ENGINEERING, date(2025, 3, 3)))


@dataclass
class Quarrel:
    """`first` holds one commune alone and both disputed ones; so does `second`, with another of its own."""

    first: Project
    second: Project
    own: Zone
    other: Zone
    disputed: list[Zone]

    @property
    def keys(self) -> list[int]:
        return [self.first.pk, self.second.pk]

    @property
    def codes(self) -> list[str]:
        return [zone.code for zone in self.disputed]


def quarrel(
    department: Department,
    *,
    second_department: Department | None = None,
    partial: Iterable[int] = (),
    stages: Iterable[tuple[State, date]] = WRITING,
) -> Quarrel:
    """`stages` are those of `first`; `partial` tells the ranks of the disputed zones that `second` holds in part."""
    own, east, west, other = (
        ZoneFactory(name=name, department=department, population=population)
        for name, population in (("Bourg", 40_000), ("Est", 8_000), ("Ouest", 5_000), ("Ville", 30_000))
    )
    disputed = [east, west]
    first = ProjectFactory(
        name="CPTS Première",
        lead_department=department,
        stages=list(stages),
    )
    second = ProjectFactory(
        name="CPTS Seconde", lead_department=second_department or department, stages=[(State.INITIATIVE, KNOWN)]
    )
    parts = [zone for rank, zone in enumerate(disputed) if rank in partial]
    first.perimeter.set_zones([own, *disputed], KNOWN)
    second.perimeter.set_zones([other, *(zone for zone in disputed if zone not in parts)], KNOWN, partial=parts)
    return Quarrel(first, second, own, other, disputed)


def opened(user: User, between: Quarrel, **said) -> Conciliation:
    told = {"due_on": timezone.localdate() + timedelta(days=10)} | said
    return open_conciliation(user, between.keys, between.disputed, OPENED, **told)


def scenario(
    user: User, conciliation: Conciliation, between: Quarrel, *to: Project | None, name: str = "A"
) -> Scenario:
    """Each disputed zone goes to the project of its rank in `to`."""
    choice = {code: project and project.pk for code, project in zip(between.codes, to, strict=True)}
    return save_scenario(user, conciliation.pk, name, "", choice)


def outcome(kind: Outcome.Kind, **said) -> Outcome:
    told = {"decided_on": DECIDED, "effective_on": DECIDED, "signatory": "Anne Vidal", "motivation": "Les flux."}
    return Outcome(kind=kind, **told | said)


def held(project: Project) -> dict[str, bool]:
    """What it holds today, by name, and whether in part."""
    rows = project.perimeter.memberships.on(timezone.localdate()).select_related("zone")
    return {row.zone.name: row.is_partial for row in rows}
