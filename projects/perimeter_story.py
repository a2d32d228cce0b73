"""The life of a perimeter as people read it: its changes told, two days compared, what filings froze, its heirs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from accounts.models import User
from ground.periods import true_on
from projects.models import Filing, Project
from projects.perimeters import Origin, difference, is_amendment_on, last_validation
from territories.models import PerimeterChange, PerimeterZone


@dataclass(frozen=True, slots=True)
class ToldZone:
    """A zone that a change speaks of, with its municipal population."""

    code: str
    name: str
    population: int
    is_partial: bool

    def __str__(self) -> str:
        return f"{self.name} (en partie)" if self.is_partial else self.name


@dataclass(frozen=True, slots=True)
class ToldChange:
    """A change, what it is called, and what came of it; `population` is that of the perimeter after it.

    `otherwise` are the zones held before and after, in part then whole or the reverse, as they are held after.
    """

    change: PerimeterChange
    nature: str
    entered: tuple[ToldZone, ...]
    left: tuple[ToldZone, ...]
    otherwise: tuple[ToldZone, ...]
    population: int | None

    @property
    def people_in(self) -> int:
        return sum(zone.population for zone in self.entered)

    @property
    def people_out(self) -> int:
        return sum(zone.population for zone in self.left)

    @property
    def population_before(self) -> int | None:
        return None if self.population is None else self.population - self.people_in + self.people_out


def told_changes(
    project: Project, changes: Sequence[PerimeterChange], held: Iterable[PerimeterZone]
) -> list[ToldChange]:
    """The changes, which come the latest first; those taken back have no population. `held`: every membership."""
    known = {row.zone.code: row.zone.population for row in held}
    holding = {row.zone.code: row.zone.population for row in held if row.until is None}
    numbers = amendment_numbers(project, changes)
    told = []
    for change in changes:
        entered, left = (_zones(listed, known) for listed in (change.entered, change.left))
        codes_in, codes_out = {zone.code for zone in entered}, {zone.code for zone in left}
        told.append(
            ToldChange(
                change,
                f"Avenant n° {numbers[change.pk]}" if change.pk in numbers else change.get_origin_display(),
                tuple(zone for zone in entered if zone.code not in codes_out),
                tuple(zone for zone in left if zone.code not in codes_in),
                tuple(zone for zone in entered if zone.code in codes_out),
                None if change.taken_back_at else sum(holding.values()),
            )
        )
        if not change.taken_back_at:  # as it was before
            for code in codes_in:
                holding.pop(code, None)
            holding |= {zone.code: zone.population for zone in left}
    return told


def amendment_numbers(project: Project, changes: Sequence[PerimeterChange]) -> dict[int, int]:
    """The rank of each change that amends the validated perimeter; the first perimeter of a project amends none."""
    standing = sorted((c for c in changes if not c.taken_back_at), key=lambda change: (change.since, change.pk))
    composed = (Origin.COMPOSED, Origin.AMENDMENT)
    amendments = [
        change
        for change in standing[1:]
        if change.origin in composed
        and is_amendment_on(project, change.since)
        and last_validation(project, change.since).since < change.since
    ]
    return {change.pk: rank for rank, change in enumerate(amendments, start=1)}


def _zones(listed: Iterable[dict[str, Any]], known: dict[str, int]) -> list[ToldZone]:
    """Zones as a change keeps them, with today's population where they are still known."""
    return [ToldZone(**zone | {"population": known.get(zone["code"], zone["population"])}) for zone in listed]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A perimeter on two days; `otherwise` pairs what is held on both, in part on one of them only."""

    before: date
    after: date
    gained: tuple[PerimeterZone, ...]
    lost: tuple[PerimeterZone, ...]
    otherwise: tuple[PerimeterZone, ...]
    kept: tuple[PerimeterZone, ...]
    population_before: int
    population_after: int

    @property
    def gain(self) -> int:
        return self.population_after - self.population_before

    @property
    def is_empty(self) -> bool:
        return not (self.gained or self.lost or self.otherwise)


def compare(held: Sequence[PerimeterZone], one: date, other: date) -> Comparison:
    """Between two days given in any order."""
    before, after = sorted((one, other))
    found = difference(held, before, after)
    both = {row.zone_id for row in found.gained} & {row.zone_id for row in found.lost}
    return Comparison(
        before,
        after,
        gained=tuple(row for row in found.gained if row.zone_id not in both),
        lost=tuple(row for row in found.lost if row.zone_id not in both),
        otherwise=tuple(row for row in found.gained if row.zone_id in both),
        kept=found.kept,
        population_before=population_on(held, before),
        population_after=population_on(held, after),
    )


def population_on(held: Iterable[PerimeterZone], day: date) -> int:
    return sum(row.zone.population for row in held if row.is_true_on(day))


@dataclass(frozen=True, slots=True)
class FrozenFigure:
    """What a filing froze, beside what the perimeter of its day counts now."""

    filing: Filing
    population: int
    vintage: int | None

    @property
    def differs(self) -> bool:
        return self.filing.population != (self.population or None)

    @property
    def is_of_another_vintage(self) -> bool:
        return self.filing.population is not None and self.filing.population_vintage != self.vintage


def frozen_figures(project: Project, held: Sequence[PerimeterZone]) -> list[FrozenFigure]:
    """One for each filing, the latest first; no query when the stages were fetched with their filings."""
    filings = [stage.filing for stage in reversed(project.stages.all()) if hasattr(stage, "filing")]
    figures = []
    for filing in filings:
        day = filing.received_on
        vintages = [row.zone.vintage for row in held if row.is_true_on(day)]
        figures.append(FrozenFigure(filing, population_on(held, day), max(vintages, default=None)))
    return figures


def landmarks(project: Project, day: date) -> list[tuple[str, date]]:
    """The days that a perimeter is most often compared with, before `day`, the latest first."""
    filed = [
        (f"depuis le dépôt du {stage.since:%d/%m/%Y}", stage.since)
        for stage in project.stages.all()
        if hasattr(stage, "filing")
    ]
    validation = last_validation(project, day)
    validated = [(f"depuis la validation du {validation.since:%d/%m/%Y}", validation.since)] if validation else []
    found = {since: label for label, since in (*filed, *validated) if since < day}
    return [(label, since) for since, label in sorted(found.items(), reverse=True)]


@dataclass(frozen=True, slots=True)
class Heir:
    """A living project that holds zones of one that has ended; out of its reader's scope, its name and department."""

    project: Project
    zone_count: int
    is_readable: bool


def heirs(project: Project, day: date, reader: User) -> list[Heir]:
    """Who holds on `day` the zones of a project that has ended, the most zones first."""
    mine = PerimeterZone.objects.on(day).filter(perimeter=project.perimeter).order_by()
    on_that_day = true_on(day, "perimeter__memberships__")
    is_one_of_mine = Q(perimeter__memberships__zone__in=mine.values("zone"))
    living = Project.objects.living_on(day).exclude(pk=project.pk).select_related("lead_department")
    found = list(
        living.filter(on_that_day & is_one_of_mine)
        .annotate(shared=Count("perimeter__memberships"))
        .order_by("-shared", "search_name")
    )
    of_its_reader = Project.objects.for_user(reader).filter(pk__in=[one.pk for one in found])
    readable = set(of_its_reader.values_list("pk", flat=True))
    return [Heir(one, one.shared, one.pk in readable) for one in found]
