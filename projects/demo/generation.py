"""Invented projects that cover France, as many as one likes, to try and to measure the application at scale.

The shape is that of the real country: a median of some 55 000 inhabitants, one project in ten across departments, one
in ten that shares zones with a neighbour, big cities shared by several projects without knowing yet which quartiers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from projects import clock
from projects.models import Stage
from projects.states import State
from projects.workflow import Entry
from territories.models import Zone

SPREAD = 0.6  # sigma of the log-normal law of the populations aimed at
SHARING = 0.10  # share of projects that take zones of their neighbour
TYPED_TWICE = 0.006
BIG_CITY = 200_000  # inhabitants above which a commune that is not split is shared by several projects
CITY_SHARE = 90_000

LIFE = [
    (State.INITIATIVE, 120),
    (State.FORMALISING, 150),
    (State.LETTER_FILED, 60),
    (State.LETTER_VALIDATED, 90),
    (State.ENGINEERING, 300),
    (State.FILED, 45),
    (State.VALIDATED, 160),
    (State.ACI_SIGNED, 0),
]
REACHED = [0.02, 0.04, 0.05, 0.05, 0.08, 0.02, 0.10, 0.64]  # how far projects have come, in the order of LIFE
ABANDONED = 0.1  # of those that did not sign
FIRST_DAY = date(2018, 1, 15)


@dataclass(slots=True)
class Invention:
    """A project to write: its name, its zones (the shared cities apart) and its dated states."""

    name: str
    department: str
    zones: list[Zone]
    partial: list[Zone] = field(default_factory=list)
    timeline: list[Entry] = field(default_factory=list)

    @property
    def departments(self) -> set[str]:
        return {zone.department_id for zone in (*self.zones, *self.partial)}


def invent(zones: list[Zone], count: int, random: Random, today: date) -> list[Invention]:
    """`count` projects that cover `zones` (leaf zones, those of one EPCI side by side), reproducible from `random`."""
    twins = round(count * TYPED_TWICE)
    cities = [zone for zone in zones if zone.population > BIG_CITY]
    shared = [Invention(f"CPTS {c.name} {n + 1}", c.department_id, [], [c]) for c in cities for n in range(_parts(c))]
    shared = shared[: count // 10]
    ordinary = [zone for zone in zones if zone not in cities]
    inventions = [
        *shared,
        *(_named(territory) for territory in _cut(ordinary, count - twins - len(shared), random)),
    ]
    _share_with_neighbours(inventions[len(shared) :], random)
    twinned = random.sample(inventions[len(shared) :], min(twins, len(inventions) - len(shared)))
    inventions += [Invention(f"{one.name} - Santé", one.department, list(one.zones)) for one in twinned]
    for invention in inventions:
        invention.timeline = list(_life(random, today))
    return inventions


def _parts(city: Zone) -> int:
    return max(2, city.population // CITY_SHARE)


def _cut(zones: list[Zone], count: int, random: Random) -> Iterator[list[Zone]]:
    """Cut the row of zones into `count` territories whose populations follow the law aimed at."""
    weights = [random.lognormvariate(0, SPREAD) for _ in range(count)]
    total = sum(zone.population for zone in zones)
    ends, aimed = [], 0.0
    for weight in weights:
        aimed += weight / sum(weights) * total
        ends.append(aimed)
    territory: list[Zone] = []
    reached, made = 0, 0
    for position, zone in enumerate(zones):
        territory.append(zone)
        reached += zone.population
        zones_left, territories_left = len(zones) - position - 1, count - made - 1
        if territories_left and (reached >= ends[made] or zones_left <= territories_left):
            yield territory
            territory, made = [], made + 1
    yield territory


def _named(territory: list[Zone]) -> Invention:
    largest = max(territory, key=lambda zone: zone.population)
    return Invention(f"CPTS {largest.name}", largest.department_id, territory)


def _share_with_neighbours(inventions: list[Invention], random: Random) -> None:
    for one, next_one in pairwise(inventions):
        if random.random() < SHARING:
            one.zones = one.zones + next_one.zones[: random.randint(1, 5)]


def _life(random: Random, today: date) -> Iterator[Entry]:
    """Dated states up to the one reached, none in the future but what silence makes of a filing under examination."""
    reached = random.choices(range(len(LIFE)), weights=REACHED)[0]
    state = LIFE[reached][0]
    durations = [round(lasts * random.uniform(0.5, 1.3)) for _, lasts in LIFE[:reached]]
    spare_days = 55 if state == State.FILED else (today - FIRST_DAY).days - sum(durations)
    day = today - timedelta(days=sum(durations) + random.randint(0, spare_days))
    for (passed, _), lasts in zip(LIFE, [*durations, 0], strict=False):
        yield Entry(passed, day, Stage.Origin.IMPORT)
        day += timedelta(days=lasts)
    if state == State.FILED:
        yield Entry(State.VALIDATED, clock.acquired_on(day), Stage.Origin.SILENCE, reference=clock.RULE)
    elif state != State.ACI_SIGNED and random.random() < ABANDONED:
        yield Entry(State.ABANDONED, day + (today - day) * random.random(), Stage.Origin.IMPORT)
