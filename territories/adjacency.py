"""Which zones touch: the pieces of a territory, what it surrounds, and the islands that explain a piece apart.

Two zones touch when their contours share a border of some length: a corner is not enough, nor is a bridge. A part of a
commune touches what its commune touches, and the other parts. A code that is not known is in no answer. What is found
here warns; it never refuses.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from territories.communes import commune_of

FILE = Path(__file__).resolve().parent.parent / "fixtures" / "contours" / "adjacency.csv"

Codes = set[str]
Populations = Mapping[str, int]


class Country(NamedTuple):
    """Every zone by its rank, the pairs of ranks that touch, and what the sea or another country borders."""

    codes: list[str]
    ranks: dict[str, int]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    is_edge: NDArray[np.bool_]


def neighbours(code: str) -> frozenset[str]:
    """The zones that touch this one; none for an island or a code that is not known."""
    return _neighbours().get(commune_of(code), frozenset())


def components(codes: Iterable[str], populations: Populations | None = None) -> list[Codes]:
    """The pieces of a territory, each in one piece; the most populated first, or the one with the most zones."""
    ranks = _country().ranks
    held = {code: ranks[commune] for code in codes if (commune := commune_of(code)) in ranks}
    places = np.fromiter(held.values(), dtype=np.int64)
    return _biggest_first(_by_label(held, _labels(places)[places]), populations)


def detached(codes: Iterable[str], populations: Populations | None = None) -> list[Codes]:
    """The pieces that could be reached over land, and are not: all but the biggest of each landmass.

    Belle-Île with Auray is no fault of contiguity; the two ends of Belle-Île are one, as two ends of the continent.
    """
    reached: set[int] = set()
    apart = []
    for piece in components(codes, populations):
        landmass = _landmasses()[commune_of(next(iter(piece)))]
        if landmass in reached:
            apart.append(piece)
        reached.add(landmass)
    return apart


def enclaves(codes: Iterable[str], parts: Iterable[str] = (), populations: Populations | None = None) -> list[Codes]:
    """The groups of zones that a territory surrounds without holding them: no way out, not even by the sea.

    `parts` are the parts of communes that exist: a commune of which the territory lacks one is not a wall.
    """
    held = set(codes)
    lacking: dict[str, Codes] = defaultdict(set)
    for part in set(parts) - held:
        if commune_of(part) not in held:
            lacking[commune_of(part)].add(part)
    country = _country()
    walls = {commune_of(code) for code in held} - lacking.keys()
    is_free = np.ones(len(country.codes), dtype=bool)
    is_free[[country.ranks[wall] for wall in walls & country.ranks.keys()]] = False
    labels = _labels(np.flatnonzero(is_free))
    is_closed = is_free & ~np.isin(labels, labels[is_free & country.is_edge])
    surrounded = np.flatnonzero(is_closed)
    groups = _by_label((country.codes[rank] for rank in surrounded), labels[surrounded])
    whole = ({code for commune in group for code in lacking.get(commune, {commune})} for group in groups)
    return _biggest_first(whole, populations)


def is_island(code: str) -> bool:
    """Whether no land leads from this zone to the continent: Yeu, Belle-Île, Corsica, the overseas departments."""
    return _landmasses().get(commune_of(code), 0) > 0


def _labels(held: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each zone of the country, by its rank: the same in a same piece of the zones held.

    Each zone is first labelled with its own rank. Where a border divides two labels, the lower one takes over the
    higher one, until no border does: a few rounds, whatever the territory.
    """
    country = _country()
    is_held = np.zeros(len(country.codes), dtype=bool)
    is_held[held] = True
    inside = is_held[country.first] & is_held[country.second]
    first, second = country.first[inside], country.second[inside]
    labels = np.arange(len(country.codes))
    while (differs := labels[first] != labels[second]).any():
        first, second = first[differs], second[differs]
        a, b = labels[first], labels[second]
        np.minimum.at(labels, np.maximum(a, b), np.minimum(a, b))
        while (labels[labels] != labels).any():
            labels = labels[labels]
    return labels


def _by_label(codes: Iterable[str], labels: NDArray[np.int64]) -> Iterable[Codes]:
    groups: dict[int, Codes] = defaultdict(set)
    for code, label in zip(codes, labels.tolist(), strict=True):
        groups[label].add(code)
    return groups.values()


@cache
def _country() -> Country:
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = [row["code"] for row in rows]
    ranks = {code: rank for rank, code in enumerate(codes)}
    after = [[ranks[code] for code in row["neighbours_after"].split()] for row in rows]
    first = np.repeat(np.arange(len(codes)), [len(near) for near in after])
    second = np.array([rank for near in after for rank in near])
    return Country(codes, ranks, first, second, np.array([row["is_edge"] == "1" for row in rows]))


@cache
def _neighbours() -> dict[str, frozenset[str]]:
    codes, _, first, second, _ = _country()
    near: dict[str, Codes] = defaultdict(set)
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        near[codes[a]].add(codes[b])
        near[codes[b]].add(codes[a])
    return {code: frozenset(around) for code, around in near.items()}


@cache
def _landmasses() -> dict[str, int]:
    """The rank of the landmass of each zone, the continent being 0."""
    return {code: rank for rank, landmass in enumerate(components(_country().codes)) for code in landmass}


def _biggest_first(groups: Iterable[Codes], populations: Populations | None) -> list[Codes]:
    def rank(group: Codes) -> tuple[int, int, str]:
        inhabitants = sum(populations.get(code, 0) for code in group) if populations else 0
        return -inhabitants, -len(group), min(group)

    return sorted(groups, key=rank)
