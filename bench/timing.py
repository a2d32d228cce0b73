"""How a measure is taken, and how all of them are told."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Measure:
    """What the application does, what does the same without it, how many times slower the first may be, how slow."""

    name: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    target: float | None = None
    most_ms: float | None = None

    @property
    def told_target(self) -> str:
        if self.target:
            return f"≤ {self.target:g}"
        return f"≤ {self.most_ms:g} ms" if self.most_ms else ""


def best_of(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """Best time of each action in milliseconds: noise only adds. The actions take turns, so that it hits all alike."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for action, taken in zip(actions, times, strict=True):
            started = time.perf_counter()
            action()
            taken.append((time.perf_counter() - started) * 1000)
    return [min(taken) for taken in times]


def bare_sql(statement: str, parameters: tuple = ()) -> Callable[[], list[tuple]]:
    def run() -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    return run


def replayed(action: Callable[[], object]) -> Callable[[], None]:
    """The very statements that `action` sends to the database, without the application around them."""
    with recorded() as statements:
        action()

    def run() -> None:
        with connection.cursor() as cursor:
            for sql, parameters in statements:
                cursor.execute(sql, parameters)
                if cursor.description:
                    cursor.fetchall()

    return run


@contextmanager
def recorded() -> Iterator[list[tuple[str, tuple]]]:
    statements: list[tuple[str, tuple]] = []

    def record(execute, sql, parameters, many, context):
        statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(record):
        yield statements


def query_counts(measures: Iterable[Measure]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for measure in measures:
        with recorded() as statements:
            measure.ours()
        counts[measure.name] = len(statements)
    return counts


def gather_statistics() -> None:
    """What a database learns of its tables by itself, given time."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def report(title: str, measures: Iterable[Measure], rounds: int, *, before: Counter[str] | None = None) -> list[str]:
    """Print every measure; returns the names of those over their target, or that ask more questions than `before`."""
    failures = []
    print(f"\n{title}")
    print("{:<46} {:>9} {:>9} {:>8} {:>8}  {}".format("mesure", "ici (ms)", "nu (ms)", "rapport", "cible", "requêtes"))
    measures = list(measures)
    counts = query_counts(measures)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector would walk through it again inside each measure
    for measure in measures:
        ours, bare = best_of(rounds, measure.ours, measure.bare)
        count, few = counts[measure.name], (before or counts)[measure.name]
        asked = f"{few} → {count}" if before else f"{count}"
        line = f"{measure.name:<46} {ours:>9.1f} {bare:>9.1f} {ours / bare:>8.2f} {measure.told_target:>8}  {asked}"
        print(line, flush=True)
        is_slow = (measure.target and ours / bare > measure.target) or (measure.most_ms and ours > measure.most_ms)
        if is_slow or count > few:
            failures.append(f"{title}, {measure.name}")
    return failures
