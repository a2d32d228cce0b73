"""An invented country of 1 008 CPTS whose overlaps are known (tests/data/scale), as it is or several times over.

`cpts.csv.gz` holds one project a line, with its communes (`*`: in part), `communes.csv.gz` their populations, and
`truth_overlaps.csv.gz` every pair that shares communes with what it is. The truth looks at territories only, so a
project that its file calls abandoned stays at the letter of intent here.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ground.text import one_line, search_form
from projects.models import Project, Stage
from projects.states import State
from territories.models import Department, Perimeter, PerimeterZone, Region, Zone
from territories.overlap import Kind

DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "scale"
BEGINNING = date(2018, 1, 1)
VINTAGE = 2023
ROWS_AT_ONCE = 5_000
KINDS = {
    "chevauchement": Kind.PARTIAL,
    "inclusion": Kind.TOTAL,
    "doublon": Kind.SAME,
    "partage_infra_communal": Kind.TO_CHECK,
}


class Truth(NamedTuple):
    """What two projects of the files share: the codes of their communes, the inhabitants of these, and what it is."""

    zones: frozenset[str]
    population: int
    kind: Kind


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def truth() -> dict[tuple[str, str], Truth]:
    """Every pair of projects that shares communes, by their identifiers in the files.

    « chevauchement » tells where an overlap comes from: for seven of the eighty the communes that are shared are all
    those of one project, mostly a single town, and that overlap is total as the doctrine has it.
    """
    held = {row["id"]: frozenset(row["zones"].split()) for row in rows_of("cpts")}
    told = {}
    for row in rows_of("truth_overlaps"):
        pair = row["id_a"], row["id_b"]
        zones, kind = frozenset(row["unites"].split()), KINDS[row["nature"]]
        if kind == Kind.PARTIAL and zones in (held[pair[0]], held[pair[1]]):
            kind = Kind.TOTAL
        told[pair] = Truth(zones, int(row["population"]), kind)
    return told


def load_scale(copies: int = 1) -> dict[str, int]:
    """Write the country `copies` times, on zones of its own each time; returns each first project's primary key by id.

    Zones that the database holds already are used as they are.
    """
    rows = list(rows_of("cpts"))
    Region.objects.bulk_create({Region(row["region"], row["region"]) for row in rows}, ignore_conflicts=True)
    departments = {row["department"]: row["region"] for row in rows}
    departments |= {row["department"]: departments.get(row["department"], "01") for row in rows_of("communes")}
    Department.objects.bulk_create(
        (Department(code, code, region) for code, region in departments.items()), ignore_conflicts=True
    )
    communes = list(rows_of("communes"))
    projects = [_write(rows, _zones(communes, copy), copy) for copy in range(copies)]
    return {row["id"]: project.pk for row, project in zip(rows, projects[0], strict=True)}


def _code(code: str, copy: int) -> str:
    return f"{code}-{copy}" if copy else code


def _zones(communes: list[dict[str, str]], copy: int) -> dict[str, int]:
    """The primary key of each zone of a copy, by its code in the files."""
    known = set(Zone.objects.values_list("code", flat=True))
    zones = (
        Zone(
            code=_code(row["code"], copy),
            name=row["name"],
            search_name=search_form(row["name"]),
            department_id=row["department"],
            population=int(row["population"]),
            vintage=VINTAGE,
        )
        for row in communes
        if _code(row["code"], copy) not in known
    )
    Zone.objects.bulk_create(zones, batch_size=ROWS_AT_ONCE)
    keys = dict(Zone.objects.values_list("code", "pk"))
    return {row["code"]: keys[_code(row["code"], copy)] for row in communes}


def _write(rows: list[dict[str, str]], zones: dict[str, int], copy: int) -> list[Project]:
    perimeters = Perimeter.objects.bulk_create((Perimeter() for _ in rows), batch_size=ROWS_AT_ONCE)
    lives = [list(_life(row)) for row in rows]
    projects = Project.objects.bulk_create(
        (
            Project(
                name=one_line(row["name"]),
                search_name=search_form(row["name"]),
                lead_department_id=row["department"],
                perimeter=perimeter,
                state=life[-1][0],
            )
            for row, perimeter, life in zip(rows, perimeters, lives, strict=True)
        ),
        batch_size=ROWS_AT_ONCE,
    )
    Stage.objects.bulk_create(
        (
            Stage(project=project, state=state, since=since, until=until)
            for project, life in zip(projects, lives, strict=True)
            for (state, since), (_, until) in pairwise([*life, (None, None)])
        ),
        batch_size=ROWS_AT_ONCE,
    )
    PerimeterZone.objects.bulk_create(
        (
            PerimeterZone(
                perimeter=perimeter, zone_id=zones[held.rstrip("*")], is_partial=held.endswith("*"), since=BEGINNING
            )
            for row, perimeter in zip(rows, perimeters, strict=True)
            for held in row["zones"].split()
        ),
        batch_size=ROWS_AT_ONCE,
    )
    return projects


def _life(row: dict[str, str]) -> Iterator[tuple[State, date]]:
    """The dated states of a project; one that writes its health project does so since its letter."""
    yield State.INITIATIVE, BEGINNING
    is_writing = row["status"] == "Projet de santé en rédaction"
    steps = {
        "letter": State.ENGINEERING if is_writing else State.LETTER_FILED,
        "validated": State.VALIDATED,
        "signed": State.ACI_SIGNED,
    }
    for column, state in steps.items():
        if row[column]:
            yield state, date.fromisoformat(row[column])
