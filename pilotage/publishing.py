"""Perimeters for mapping tools: GeoJSON (RFC 7946) of dissolved territories, and the table of who holds which zone."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import shapely
from shapely.geometry import mapping

from aci.models import Tariff
from aci.remuneration import TariffData
from aci.worth import worth
from ground.tables import Column, harmless
from pilotage.held import HeldZone, Territory
from territories.contours import CREDIT, dissolve

DECIMALS = 4  # of a degree: the grid of the contours


def feature_collection(territories: list[Territory], day: date) -> dict[str, Any]:
    tariff = Tariff.objects.in_force(day)
    data = tariff.data() if tariff else None
    return {
        "type": "FeatureCollection",
        "name": f"perimetres_{day}",
        "date": day.isoformat(),
        "credit": CREDIT,
        "features": [feature(territory, data) for territory in territories],
    }


def feature(territory: Territory, tariff: TariffData | None) -> dict[str, Any]:
    """One project; its geometry is null when nothing of it can be drawn."""
    money = worth(territory.population, tariff)
    return {
        "type": "Feature",
        "id": territory.pk,
        "geometry": geometry(territory),
        "properties": {
            "id": territory.pk,
            "name": territory.name,
            "state": territory.state.value,
            "state_label": territory.state.label,
            "since": territory.since.isoformat(),
            "class": territory.map_class.value,
            "class_label": territory.map_class.label,
            "in_conciliation": territory.in_conciliation,
            "department": territory.department,
            "finess": territory.finess,
            "population": territory.population,
            "vintage": territory.vintage,
            "tier": money.tier if money else None,
            "zone_count": len(territory.zones),
            "partial_zone_count": len(territory.partial),
        },
    }


def geometry(territory: Territory) -> dict[str, Any] | None:
    """The whole of its zones as one shape, outer rings counterclockwise."""
    shape = dissolve(zone.code for zone in territory.zones)
    if shape.is_empty:
        return None
    return mapping(shapely.transform(shapely.orient_polygons(shape), lambda points: points.round(DECIMALS)))


class Membership(NamedTuple):
    territory: Territory
    zone: HeldZone


def memberships(territories: list[Territory]) -> Iterator[Membership]:
    for territory in territories:
        for zone in territory.zones:
            yield Membership(territory, zone)


MEMBERSHIP_COLUMNS = [
    Column("project_id", "Projet", lambda row: row.territory.pk),
    Column("project", "Nom du projet", lambda row: harmless(row.territory.name)),
    Column("project_department", "Département chef de file", lambda row: row.territory.department),
    Column("finess", "N° FINESS", lambda row: row.territory.finess),
    Column("state", "État", lambda row: row.territory.state.value),
    Column("class", "Classe", lambda row: row.territory.map_class.value),
    Column("in_conciliation", "En conciliation", lambda row: int(row.territory.in_conciliation)),
    Column("zone_code", "Code Insee", lambda row: row.zone.code),
    Column("zone", "Commune", lambda row: harmless(row.zone.name)),
    Column("zone_department", "Département", lambda row: row.zone.department),
    Column("population", "Population", lambda row: row.zone.population),
    Column("vintage", "Millésime", lambda row: row.zone.vintage),
    Column("is_partial", "En partie", lambda row: int(row.zone.is_partial)),
]
"""For machines: keys, codes and 0 or 1, one row for each zone that each project holds."""
