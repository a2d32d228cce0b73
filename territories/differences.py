"""What the files of a newer geography change in the one that is stored: pure comparison, before anything is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from territories.geography_rows import Geography, Row


class Known(NamedTuple):
    """A commune or an arrondissement in force. `has_parts`: an administrator has cut it."""

    code: str
    name: str
    department: str
    epci: str
    parent: str
    population: int
    vintage: int
    has_parts: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def differs_from(self, row: Row) -> bool:
        told = (row["name"], row["department"], row["epci"], row["parent"], row["population"], row["vintage"])
        return told != (*self[1:5], str(self.population), str(self.vintage))


class Move(NamedTuple):
    """Zones that give way together: the old ones of each new one."""

    predecessors: Mapping[str, tuple[str, ...]]

    @property
    def old(self) -> list[str]:
        return sorted({code for before in self.predecessors.values() for code in before})

    @property
    def new(self) -> list[str]:
        return sorted(self.predecessors)


@dataclass(slots=True)
class Differences:
    """`recoded`: old code → new code of the same commune. `into_parts`: an absorbed commune → the commune, already cut
    in parts, of which it becomes one more. Nothing else is told when there are `problems`."""

    problems: list[str] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    recoded: dict[str, str] = field(default_factory=dict)
    into_parts: dict[str, str] = field(default_factory=dict)
    changed: list[Row] = field(default_factory=list)


def compare(geography: Geography, known: Mapping[str, Known]) -> Differences:
    """`problems` tells every commune that vanishes or appears without the files saying where to or from, in French."""
    listed = {row["code"]: row for row in geography["zones"]}
    links = _links(geography, listed, known)
    if problems := [*_unexplained(links, listed, known), *_undecided(links, listed, known)]:
        return Differences(problems)
    found = Differences()
    for new, old in _inverted(links).items():
        if new not in known and len(old) == 1 and links[old[0]] == {new} and old[0] not in listed:
            found.recoded[old[0]] = new
        elif _is_cut_by_hand(new, links, known):
            found.into_parts |= dict.fromkeys(old, new)
    links = {old: new for old, new in links.items() if old not in found.recoded and old not in found.into_parts}
    cut_by_insee = {zone.parent for zone in known.values()}
    own = {new: {new} for new in _inverted(links) if new in known and new not in links and new not in cut_by_insee}
    found.moves = list(_together(links | own))
    found.changed = list(_changed(geography["zones"], known, found.recoded))
    return found


def _links(geography: Geography, listed: Mapping[str, Row], known: Mapping[str, Known]) -> dict[str, set[str]]:
    """Of each zone that gives way, those that hold its territory now, as the files tell it."""
    whole: dict[str, set[str]] = defaultdict(set)
    shared: dict[str, set[str]] = defaultdict(set)
    for row in geography["former_zones"]:
        (shared if row["is_split"] == "1" else whole)[row["code"]].add(row["successor"])
    links = {code: shared.get(code) or whole.get(code) or set() for code in sorted(known.keys() - listed.keys())}
    for code in sorted(known.keys() & listed.keys() & shared.keys()):
        if shared[code] - known.keys():
            links[code] = shared[code] | {code}
    cut_by_insee = {zone.parent for zone in known.values()}
    for code in sorted(listed.keys() - known.keys()):
        parent = listed[code]["parent"]
        if parent in known and parent not in cut_by_insee:
            links.setdefault(parent, set()).add(code)
    return links


def _unexplained(links: Mapping[str, set[str]], listed: Mapping[str, Row], known: Mapping[str, Known]) -> Iterator[str]:
    for code, successors in links.items():
        if not successors:
            yield f"{known[code]} n'est plus listée, et former_zones.csv ne dit pas où elle est passée."
    for code in sorted(listed.keys() - known.keys() - _inverted(links).keys()):
        yield f"{_told(listed[code])} apparaît, et former_zones.csv ne dit pas d'où elle vient."


def _undecided(links: Mapping[str, set[str]], listed: Mapping[str, Row], known: Mapping[str, Known]) -> Iterator[str]:
    """What goes to a commune cut in parts, without a word on which."""
    cut_by_insee = {zone.parent for zone in known.values()} & {row["parent"] for row in listed.values()} - {""}
    for new, old in _inverted(links).items():
        for code in old:
            if new in cut_by_insee:
                yield (
                    f"{known[code]} : former_zones.csv nomme {_told(listed[new])}, qui a des arrondissements, "
                    "sans dire lequel."
                )
            elif _is_cut_by_hand(new, links, known) and links[code] != {new}:
                yield (
                    f"{known[code]} est partagée, entre autres, avec {known[new]}, que vous avez "
                    "découpée : les fichiers ne disent pas dans quelle partie."
                )


def _is_cut_by_hand(code: str, links: Mapping[str, set[str]], known: Mapping[str, Known]) -> bool:
    """A commune that an administrator has cut, and that only grows."""
    return code in known and known[code].has_parts and code not in links


def _changed(rows: Iterable[Row], known: Mapping[str, Known], recoded: Mapping[str, str]) -> Iterator[Row]:
    former_code = {new: old for old, new in recoded.items()}
    for row in rows:
        before = known.get(former_code.get(row["code"], row["code"]))
        if before is None or before.code != row["code"] or before.differs_from(row):
            yield row


def _inverted(links: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    origins = defaultdict(list)
    for old, successors in sorted(links.items()):
        for new in sorted(successors):
            origins[new].append(old)
    return origins


def _together(links: Mapping[str, Collection[str]]) -> Iterator[Move]:
    """The links cut into moves that have no zone in common."""
    origins, seen = _inverted(links), set()
    for start in sorted(links):
        if start in seen:
            continue
        old, waiting = set(), [start]
        while waiting:
            code = waiting.pop()
            if code not in old:
                old.add(code)
                waiting += [other for new in links[code] for other in origins[new]]
        seen |= old
        yield Move({new: tuple(origins[new]) for new in sorted({new for code in old for new in links[code]})})


def _told(row: Row) -> str:
    return f"{row['name']} ({row['code']})"
