"""What a figure told commune by commune is worth over a territory. Pure: knows neither Django nor the models.

A territory is a set of leaf zones, a figure is told for communes, and a commune may be split into parts:
- a part that is told nothing itself has the mean of its commune;
- a sum told for a whole commune counts when all its parts are held; when only some are, it is not shared out among
  them, for nobody knows how: it is left out and told (`undivided`).
A zone held in part counts as a whole, as its population does, and is told (`partly_held`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Leaf:
    """A zone of the territory; `within` are the codes of what it is a part of, the nearest first."""

    code: str
    population: int
    is_partial: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worth:
    """A figure over a territory: None when no zone of it has a value."""

    value: Decimal | None
    missing: tuple[str, ...]
    undivided: tuple[str, ...]
    partly_held: int
    covered: int
    population: int

    @property
    def share(self) -> float:
        """Of the inhabitants, those whose zone has a value; 0 where nobody lives."""
        return self.covered / self.population if self.population else 0.0


def total(values: Mapping[str, Decimal], territory: Iterable[Leaf], parts: Mapping[str, int]) -> Worth:
    """The sum over the territory. `parts` counts the leaves of each split commune, those held and the others."""
    leaves = list(territory)
    told_whole = _told_whole(values, leaves)
    undivided = [code for code, held in told_whole.items() if len(held) < parts.get(code, len(held))]
    apart = {leaf.code for code in undivided for leaf in told_whole[code]}
    counted = [leaf for leaf in leaves if leaf.code in values]
    whole = [code for code in told_whole if code not in undivided]
    missing = [leaf for leaf in leaves if leaf.code not in values and _whole_of(leaf, values) is None]
    without_value = {leaf.code for leaf in missing} | apart
    amounts = [values[leaf.code] for leaf in counted] + [values[code] for code in whole]
    return Worth(
        value=sum(amounts, Decimal(0)) if amounts else None,
        missing=tuple(leaf.code for leaf in missing),
        undivided=tuple(undivided),
        partly_held=sum(leaf.is_partial and leaf.code not in without_value for leaf in leaves),
        covered=sum(leaf.population for leaf in leaves if leaf.code not in without_value),
        population=sum(leaf.population for leaf in leaves),
    )


def mean(values: Mapping[str, Decimal], territory: Iterable[Leaf]) -> Worth:
    """The mean over the territory, each zone weighing its population."""
    leaves = list(territory)
    told = [(leaf, value) for leaf in leaves if (value := _mean_of(leaf, values)) is not None]
    weight = sum(leaf.population for leaf, _ in told)
    weighted = sum((value * leaf.population for leaf, value in told), Decimal(0))
    return Worth(
        value=weighted / weight if weight else None,
        missing=tuple(leaf.code for leaf in leaves if _mean_of(leaf, values) is None),
        undivided=(),
        partly_held=sum(leaf.is_partial for leaf, _ in told),
        covered=weight,
        population=sum(leaf.population for leaf in leaves),
    )


def _told_whole(values: Mapping[str, Decimal], leaves: Iterable[Leaf]) -> dict[str, list[Leaf]]:
    """The split communes that are told as a whole, with the leaves of theirs that are held."""
    found: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        whole = _whole_of(leaf, values)
        if leaf.code not in values and whole is not None:
            found[whole].append(leaf)
    return found


def _whole_of(leaf: Leaf, values: Mapping[str, Decimal]) -> str | None:
    return next((code for code in leaf.within if code in values), None)


def _mean_of(leaf: Leaf, values: Mapping[str, Decimal]) -> Decimal | None:
    code = leaf.code if leaf.code in values else _whole_of(leaf, values)
    return values[code] if code else None
