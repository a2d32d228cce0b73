"""How fast the application is at national scale, as ratios to bare SQL doing the same work in the same run.

Absolute times depend on the machine, ratios inside one run much less. `make bench` prints one line per measure: the
time of the application, that of the bare SQL, their ratio with its target, and the number of queries at two sizes of
the country (it must not grow). The database is a throw-away one, or the empty one that BENCH_DATABASE_URL names.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

SMALL, NATIONAL = 100, 1008
ROUNDS = 15


def set_up_django(folder: str) -> None:
    """The settings of a demonstration, on a database of its own. Called before anything of Django is imported."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpts_tracker.settings")
    os.environ["DEMO"] = "1"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["DATABASE_URL"] = os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")

    import django

    django.setup()


@dataclass(frozen=True)
class Measure:
    """What the application does, the bare SQL that does the same, and how many times slower the first may be."""

    name: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    target: float | None = None


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
    from django.db import connection

    def run() -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    return run


def replayed(action: Callable[[], object]) -> Callable[[], None]:
    """The very statements that `action` sends to the database, without the application around them."""
    from django.db import connection

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
    from django.db import connection

    statements: list[tuple[str, tuple]] = []

    def record(execute, sql, parameters, many, context):
        statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(record):
        yield statements


def measures() -> list[Measure]:
    """What is measured, on the projects that are in the database now."""
    from django.test import Client
    from django.utils import timezone

    from accounts.models import User
    from pilotage.photograph import photograph
    from projects.models import Project
    from projects.overlaps import overlaps
    from territories.models import Department

    day = timezone.localdate()
    reader = User.objects.get(username="bench")
    client = Client()
    client.force_login(reader)
    project = Project.objects.order_by("pk").last()
    true_on = "{0}.since <= %s AND ({0}.until IS NULL OR {0}.until > %s)".format

    def page(address: str) -> Callable[[], object]:
        def visit() -> object:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)
            return response

        return visit

    photograph_sql = f"""
        SELECT p.lead_department_id, s.state, COUNT(*)
        FROM projects_stage s JOIN projects_project p ON p.id = s.project_id WHERE {true_on("s")} GROUP BY 1, 2"""  # noqa: S608 – no text of a user in it
    overlaps_sql = f"""
        SELECT a.perimeter_id, b.perimeter_id, a.zone_id FROM territories_perimeterzone a
        JOIN territories_perimeterzone b ON b.zone_id = a.zone_id AND b.perimeter_id > a.perimeter_id
        WHERE {true_on("a")} AND {true_on("b")}"""  # noqa: S608
    pages = {
        "liste des projets": "/projets/",
        "liste filtrée et triée": "/projets/?colonne=aci_signed&tri=-population",
        "fiche d'un projet": project.get_absolute_url(),
        "page d'accueil": "/",
        "page des superpositions": "/pilotage/superpositions/",
    }
    return [
        Measure(
            "photographie de la France",
            lambda: photograph(Department.objects.all(), day),
            bare_sql(photograph_sql, (day, day)),
            target=3,
        ),
        Measure("superpositions de la France", lambda: overlaps(day), bare_sql(overlaps_sql, (day,) * 4), target=3),
        *(Measure(name, page(address), replayed(page(address))) for name, address in pages.items()),
    ]


def invent(count: int) -> None:
    from django.core.management import call_command

    from projects.models import Project
    from projects.states import State
    from projects.workflow import Entry, write_timeline
    from territories.models import Perimeter

    Project.objects.all().delete()
    Perimeter.objects.all().delete()
    call_command("generate_demo", projects=count, seed=1)
    visited = Project.objects.order_by("pk").last()  # in the same state at both sizes: its page asks for the same facts
    write_timeline(visited, [Entry(State.VALIDATED, date(2026, 1, 5))], by=None)


def query_counts() -> Counter[str]:
    counts: Counter[str] = Counter()
    for measure in measures():
        with recorded() as statements:
            measure.ours()
        counts[measure.name] = len(statements)
    return counts


def prepare() -> None:
    from django.core.management import call_command

    from accounts.models import User

    call_command("migrate", verbosity=0)
    call_command("load_geography")
    call_command("load_tariffs")
    User.objects.create_superuser("bench", first_name="Banc", last_name="d'essai")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, default=NATIONAL)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        set_up_django(folder)
        prepare()
        invent(SMALL)
        few = query_counts()
        invent(asked.projects)
        many = query_counts()
        failures = report(few, many, asked.rounds, asked.projects)
    return 1 if failures else 0


def report(few: Counter[str], many: Counter[str], rounds: int, projects: int) -> list[str]:
    """Print every measure; returns the names of those whose number of queries grows or whose ratio is over target."""
    failures = []
    heading = ("mesure", "ici (ms)", "SQL nu (ms)", "rapport", "cible", f"requêtes ({SMALL} → {projects})")
    print("{:<30} {:>9} {:>12} {:>8} {:>6}  {}".format(*heading))
    for measure in measures():
        ours, bare = best_of(rounds, measure.ours, measure.bare)
        ratio = ours / bare
        queries = f"{few[measure.name]} → {many[measure.name]}"
        target = "" if measure.target is None else f"≤ {measure.target:g}"
        print(f"{measure.name:<30} {ours:>9.1f} {bare:>12.1f} {ratio:>8.2f} {target:>6}  {queries}")
        if many[measure.name] > few[measure.name] or (measure.target and ratio > measure.target):
            failures.append(measure.name)
    print("À revoir : " + ", ".join(failures) if failures else "Toutes les cibles sont tenues.")
    return failures


if __name__ == "__main__":
    sys.exit(main())
