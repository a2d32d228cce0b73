"""What a newer geography makes of each project: its zones, its population, its tier under the tariff in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from aci.models import Tariff
from aci.remuneration import Remuneration
from aci.worth import worth
from ground.tables import Column
from projects.models import Project
from territories.models import PerimeterChange, PerimeterZone


class Standing(NamedTuple):
    """The population of a perimeter on a day, and what it is worth a year."""

    population: int | None = None
    money: Remuneration | None = None

    @property
    def tier(self) -> int | None:
        return self.money and self.money.tier


@dataclass(frozen=True, slots=True)
class Effect:
    """A project before and after; `change` is None when only its population has moved."""

    project: Project
    change: PerimeterChange | None
    before: Standing
    after: Standing

    @property
    def changes_tier(self) -> bool:
        return self.before.tier != self.after.tier

    @property
    def is_partial(self) -> list[str]:
        """Zones that have become « en partie » and that somebody has to check."""
        was = {zone["code"] for zone in self.change.left if zone["is_partial"]} if self.change else set()
        came = self.change.entered if self.change else []
        return [_told(zone) for zone in came if zone["is_partial"] and zone["code"] not in was]


def standings(day: date) -> dict[int, Standing]:
    """By perimeter, on a day."""
    tariff = Tariff.objects.in_force(day)
    data = tariff.data() if tariff else None
    held = PerimeterZone.objects.on(day).order_by().values_list("perimeter").annotate(total=Sum("zone__population"))
    return {perimeter: Standing(total, worth(total, data)) for perimeter, total in held}


def effects(
    changes: list[PerimeterChange], before: Mapping[int, Standing], after: Mapping[int, Standing]
) -> Iterator[Effect]:
    """The projects that an update has touched, by department and name."""
    change_of = {change.perimeter_id: change for change in changes}
    projects = Project.objects.select_related("lead_department").order_by("lead_department", "name", "pk")
    for project in projects:
        perimeter = project.perimeter_id
        change, was, now = change_of.get(perimeter), before.get(perimeter), after.get(perimeter)
        if change or was != now:
            yield Effect(project, change, was or Standing(), now or Standing())


def _told(zone: Mapping) -> str:
    return f"{zone['name']} ({zone['code']})"


def _zones(zones: list[Mapping]) -> str:
    return ", ".join(f"{_told(zone)}{' en partie' if zone['is_partial'] else ''}" for zone in zones)


def _maximum(standing: Standing) -> Decimal | None:
    return standing.money and standing.money.total


COLUMNS = [
    Column("project_id", "N°", lambda effect: effect.project.pk, is_number=True),
    Column("project", "Projet", lambda effect: effect.project.name),
    Column("department", "Département", lambda effect: effect.project.lead_department_id),
    Column("left", "Zones retirées", lambda effect: _zones(effect.change.left) if effect.change else ""),
    Column("entered", "Zones ajoutées", lambda effect: _zones(effect.change.entered) if effect.change else ""),
    Column("to_check", "À préciser", lambda effect: ", ".join(effect.is_partial)),
    Column("population_before", "Population avant", lambda effect: effect.before.population, is_number=True),
    Column("population_after", "Population après", lambda effect: effect.after.population, is_number=True),
    Column("tier_before", "Taille avant", lambda effect: effect.before.tier, is_number=True),
    Column("tier_after", "Taille après", lambda effect: effect.after.tier, is_number=True),
    Column("maximum_before_eur", "Maximum avant (€)", lambda effect: _maximum(effect.before), is_number=True),
    Column("maximum_after_eur", "Maximum après (€)", lambda effect: _maximum(effect.after), is_number=True),
]


def chosen(*keys: str) -> list[Column]:
    return [column for key in keys for column in COLUMNS if column.key == key]


ZONE_COLUMNS = chosen("project", "department", "left", "entered", "population_before", "population_after")
TIER_COLUMNS = chosen(
    "project", "department", "population_before", "population_after", "tier_before", "tier_after", "maximum_after_eur"
)
