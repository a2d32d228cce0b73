"""What one adds at once: a commune (with its parts when it is split), an EPCI, a department, a list of communes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from django.core.exceptions import BadRequest
from django.db.models import Q

from projects.overlapping_zones import ASKED_BY_CODE
from territories.models import Zone

MOST_CODES = 50_000
"""Chosen at once: more than the country has communes, fewer than a database takes in one question."""


class Kind(StrEnum):
    ZONES = "communes"
    EPCI = "epci"
    DEPARTMENT = "departement"


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """Written in buttons as « epci:200054781 », « communes:93010,93005 »."""

    kind: Kind
    codes: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises BadRequest for what no button of the page sends."""
        kind, _, codes = text.partition(":")
        try:
            if not codes.isprintable() or codes.count(",") >= MOST_CODES:  # a database would choke on them
                raise ValueError(codes)
            return cls(Kind(kind), tuple(code for code in codes.split(",") if code))
        except ValueError as error:
            raise BadRequest(f"« {text[:50]} » n'est pas un choix de cette page.") from error

    @property
    def is_zones(self) -> bool:
        return self.kind == Kind.ZONES

    def __str__(self) -> str:
        return f"{self.kind}:{','.join(self.codes)}"

    def leaves(self) -> dict[str, int]:
        """The zones of today that it stands for, with their population."""
        leaves = Zone.objects.leaves().order_by()
        if len(self.codes) <= ASKED_BY_CODE:
            return dict(leaves.filter(self._condition()).values_list("code", "population"))
        chosen = set(self.codes)
        rows = leaves.values_list("code", "population", "parent__code", "parent__parent__code")
        return {code: population for code, population, *above in rows if not chosen.isdisjoint((code, *above))}

    def _condition(self) -> Q:
        match self.kind:
            case Kind.DEPARTMENT:
                return Q(department__in=self.codes)
            case Kind.EPCI:
                return of_epcis(self.codes)
        return stands_in(self.codes)


def of_epcis(codes: tuple[str, ...] | list[str]) -> Q:
    """Parts follow their commune, whether or not their own EPCI is told."""
    return Q(epci__in=codes) | Q(parent__epci__in=codes) | Q(parent__parent__epci__in=codes)


def stands_in(codes: tuple[str, ...] | list[str]) -> Q:
    return Q(code__in=codes) | Q(parent__code__in=codes) | Q(parent__parent__code__in=codes)
