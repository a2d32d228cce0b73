"""How fast the application is at national scale, as ratios to what does the same work without it, in the same run.

Absolute times depend on the machine, ratios inside one run much less. `make bench` prints one line per measure: the
time of the application, that of bare SQL (or of what its name says after the stroke), their ratio with its target, and
the number of queries at two sizes of the country (it must not grow). The database is a throw-away one, or the empty one
that BENCH_DATABASE_URL names (`scripts/with_postgres.sh sh -c 'BENCH_DATABASE_URL=$DATABASE_URL make bench'`).
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

SMALL, NATIONAL = 100, 1008
TIMES = 10
ROUNDS = 15


def set_up_django(folder: str) -> None:
    """The settings of a demonstration, on a database of its own. Called before anything of Django is imported."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpts_tracker.settings")
    os.environ["DEMO"] = "1"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser's driver keeps a loop in this thread
    os.environ["DATABASE_URL"] = os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")

    import django

    django.setup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, default=NATIONAL)
    parser.add_argument("--times", type=int, default=TIMES, help="how many countries the overlaps are asked of last")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        set_up_django(folder)
        failures = run(asked.projects, asked.times, asked.rounds)
    print("\nÀ revoir : " + " ; ".join(failures) if failures else "\nToutes les cibles sont tenues.")
    return 1 if failures else 0


def run(projects: int, times: int, rounds: int) -> list[str]:
    """Every measure, on every size of the country; returns the names of those that miss their target."""
    from bench import contracts, editor, map, measures, territories
    from bench.scale import load_scale
    from bench.timing import gather_statistics, query_counts, report

    measures.prepare()
    measures.invent(SMALL)
    few = query_counts(measures.measures())
    contracts.invent()
    few |= query_counts(contracts.measures())
    contracts.forget()
    measures.invent(projects)
    gather_statistics()
    failures = report(f"{projects} projets inventés", measures.measures(), rounds, before=few)
    failures += report("L'éditeur de périmètre", editor.measures(), rounds)
    failures += map.report()
    count = contracts.invent()
    gather_statistics()
    failures += report(f"{count} contrats ACI", contracts.measures(), max(1, rounds // 5), before=few)
    contracts.forget()
    measures.forget()
    keys = load_scale()
    gather_statistics()
    failures += report("1 008 CPTS aux superpositions connues", territories.measures(keys), rounds)
    failures += report("Leurs contours", territories.of_shapes(keys), max(1, rounds // 5))
    few = query_counts(territories.measures(keys))
    measures.forget()
    keys = load_scale(times)
    gather_statistics()
    return failures + report(f"{times} fois ce pays", territories.measures(keys), max(1, rounds // 3), before=few)


if __name__ == "__main__":
    sys.exit(main())
