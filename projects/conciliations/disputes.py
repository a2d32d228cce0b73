"""A conciliation as it stands today: who takes part, what each holds, which zones are disputed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Prefetch, Q
from django.utils import timezone

from accounts.models import User
from ground.text import digest
from projects.conciliation_rules import SITUATIONS, Situation
from projects.conciliations.sharing import Choice, Territory, population, shared_out, still_disputed, usual_choices
from projects.models import Conciliation, Project, Scenario, Stage
from projects.overlaps import Pair, overlaps
from projects.states import LIVING, State
from territories.models import FormerZone, PerimeterChange, PerimeterZone, Zone
from territories.models.perimeter import leaves_of
from territories.overlap import Held

BY_KEY: Mapping[str, Situation] = {situation.key: situation for situation in SITUATIONS}


@dataclass(frozen=True, slots=True)
class Party:
    """A project of a conciliation. Who may not read it knows its name, state and department, and no figure of it."""

    project: Project
    state: State | None
    territory: Territory
    vintage: int | None
    is_readable: bool

    @property
    def is_living(self) -> bool:
        return self.state in LIVING

    @property
    def population(self) -> int | None:
        return population(self.territory) if self.is_readable else None


@dataclass(frozen=True, slots=True)
class Figure:
    """What a party becomes under a variant; `population` is None for who may not read it."""

    party: Party
    population: int | None

    @property
    def gain(self) -> int:
        return (self.population or 0) - (self.party.population or 0)


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to share the disputed zones, with what it makes of each living party."""

    name: str
    choice: Choice
    figures: tuple[Figure, ...]
    scenario: Scenario | None = None
    is_stale: bool = False


@dataclass(frozen=True)
class Dispute:
    conciliation: Conciliation
    parties: tuple[Party, ...]
    zones: tuple[Zone, ...]  # those that exist today

    @cached_property
    def living(self) -> tuple[Party, ...]:
        return tuple(party for party in self.parties if party.is_living)

    @cached_property
    def disputed(self) -> dict[str, int]:
        return {zone.code: zone.population for zone in self.zones}

    @cached_property
    def territories(self) -> dict[int, Territory]:
        """Of the living parties, by their key."""
        return {party.project.pk: party.territory for party in self.living}

    @cached_property
    def remaining(self) -> list[str]:
        """The codes of the zones that two living parties hold today, whatever is planned."""
        living = [party.project.perimeter_id for party in self.living]
        rows = PerimeterZone.objects.on(timezone.localdate()).filter(perimeter__in=living, zone__in=self.zones)
        held: dict[int, set[str]] = {perimeter: set() for perimeter in living}
        for perimeter, code in rows.values_list("perimeter", "zone__code"):
            held[perimeter].add(code)
        return still_disputed(held.values(), self.disputed)

    @property
    def population(self) -> int:
        return sum(self.disputed.values())

    @property
    def vintages(self) -> list[int]:
        return sorted({zone.vintage for zone in self.zones})

    def claims(self, zone: Zone) -> list[tuple[Party, bool]]:
        """The living parties that hold a zone, and whether each holds it in part."""
        return [(party, party.territory[zone.code].is_partial) for party in self.living if zone.code in party.territory]

    def after(self, choice: Choice) -> dict[int, Territory]:
        return shared_out(self.territories, self.disputed, choice)

    def variant(
        self, name: str, choice: Choice, scenario: Scenario | None = None, *, is_stale: bool = False
    ) -> Variant:
        after = self.after(choice)
        figures = tuple(
            Figure(party, population(after[party.project.pk]) if party.is_readable else None) for party in self.living
        )
        return Variant(name, choice, figures, scenario, is_stale)

    def usual_variants(self) -> list[Variant]:
        """As it is, all to each, all to nobody."""
        names = {party.project.pk: f"Tout à {party.project}" for party in self.living} | {None: "À personne"}
        usual = usual_choices(self.territories, self.disputed)
        return [self.variant("Aujourd'hui", {}), *(self.variant(names[each.party], each.choice) for each in usual)]

    def basis(self) -> str:
        """Differs as soon as a party ends or holds other zones, or the same otherwise: what came before is stale."""
        told = [
            (party.project.pk, sorted((code, held.is_partial) for code, held in party.territory.items()))
            for party in self.living
        ]
        return digest(sorted(told))


def dispute_of(conciliation: Conciliation, reader: User) -> Dispute:
    """As it stands today. The number of queries does not depend on that of zones."""
    today = timezone.localdate()
    stages = Prefetch("stages", Stage.objects.select_related("merger__successor"))
    projects = conciliation.projects.select_related("lead_department", "perimeter").prefetch_related(
        stages, "other_departments"
    )
    readable = set(Project.objects.for_user(reader).filter(conciliations=conciliation).values_list("pk", flat=True))
    held = _held([project.perimeter_id for project in projects])
    parties = tuple(
        Party(
            project,
            project.state_on_day(today),
            {row.zone.code: Held(row.zone.population, row.is_partial) for row in held[project.perimeter_id]},
            max((row.zone.vintage for row in held[project.perimeter_id]), default=None),
            project.pk in readable,
        )
        for project in projects
    )
    return Dispute(conciliation, parties, tuple(zones_of(conciliation, today)))


def _held(perimeters: Iterable[int]) -> dict[int, list[PerimeterZone]]:
    held: dict[int, list[PerimeterZone]] = defaultdict(list)
    for row in PerimeterZone.objects.filter(perimeter__in=perimeters, until=None).select_related("zone"):
        held[row.perimeter_id].append(row)
    return held


def zones_of(conciliation: Conciliation, day: date) -> list[Zone]:
    """The disputed zones as they are on `day`: a split commune stands for its parts, a merged one for its heir."""
    zones = list(conciliation.zones.all())
    vanished = [zone.code for zone in zones if zone.until and zone.until <= day]
    heirs = FormerZone.objects.filter(code__in=vanished, is_split=False).values("successor") if vanished else []
    leaves = leaves_of([*zones, *Zone.objects.filter(pk__in=heirs)] if vanished else zones, day)
    return sorted(leaves, key=lambda zone: zone.search_name)


def pairs_of(conciliation: Conciliation, day: date, reader: User | None = None) -> list[Pair]:
    """The pairs of its projects that overlap on `day`, as the doctrine sees them."""
    return pairs_among([project.pk for project in conciliation.projects.all()], day, reader)


def pairs_among(projects: Iterable[int], day: date, reader: User | None = None) -> list[Pair]:
    asked = set(projects)
    found = overlaps(day, touching=Project.objects.filter(pk__in=asked), reader=reader)
    return [pair for pair in found if {pair.a.pk, pair.b.pk} <= asked]


def changes_since(dispute: Dispute, scenario: Scenario) -> list[PerimeterChange]:
    """What was recorded since a scenario was composed, on the perimeters that its reader may know."""
    moved = Q(recorded_at__gt=scenario.recorded_at) | Q(taken_back_at__gt=scenario.recorded_at)
    perimeters = [party.project.perimeter_id for party in dispute.parties if party.is_readable]
    changes = PerimeterChange.objects.filter(moved, perimeter__in=perimeters)
    return list(changes.select_related("perimeter__project").order_by("recorded_at", "pk"))
