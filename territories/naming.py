"""Which zones of today an INSEE code or a name stands for, old ones included."""

from typing import NamedTuple

from django.db import models

from ground.text import search_form
from territories.models import FormerZone, Zone


class Named(NamedTuple):
    """Today's zones, in code order (none: nothing bears this name), and what a person should check, in French."""

    zones: list[Zone]
    warning: str = ""


def zones_by_code(code: str) -> Named:
    """The zones that an INSEE code means. Those of the former Seine look like postal codes: 75013 was Le Bourget's."""
    named = _today(
        f"Le code {code}",
        Zone.objects.filter(code=code),
        FormerZone.objects.filter(code=code),
    )
    moved = [str(zone) for zone in named.zones if not code.startswith(zone.department_id)]
    if named.warning or not moved:
        return named
    return Named(
        named.zones,
        f"Le code {code} est un ancien code de {', '.join(moved)}, aujourd'hui dans un autre département : "
        "vérifiez qu'il ne s'agit pas d'un code postal.",
    )


def zones_by_name(name: str, department: str) -> Named:
    """The zones of a department that a name means, whatever its accents, capitals and hyphens."""
    wanted = search_form(name)
    return _today(
        f"« {name} »",
        Zone.objects.filter(department=department, search_name=wanted),
        FormerZone.objects.filter(successor__department=department, search_name=wanted).exclude(name=""),
    )


def _today(what: str, current: models.QuerySet[Zone], former: models.QuerySet[FormerZone]) -> Named:
    """A zone that exists today wins over an old one; a split is told even then, since the old one was larger."""
    old = list(former.select_related("successor").order_by("successor__code"))
    heirs = list({zone.successor_id: zone.successor for zone in old}.values())
    shared = [zone.successor for zone in old if zone.is_split]
    warning = (
        f"{what} a désigné un territoire aujourd'hui partagé entre {', '.join(map(str, shared))} : "
        "vérifiez lesquelles de ces zones sont concernées."
        if shared
        else ""
    )
    return Named(list(current) or heirs, warning)
