"""Overlaps and dissolved territories on the invented country of bench/scale.py, beside who would do them otherwise."""

from collections import defaultdict
from datetime import date

import shapely

from bench.scale import truth
from bench.timing import Measure, bare_sql
from projects.models import Project
from projects.overlaps import overlaps, overlaps_of
from territories.contours import contours, dissolve
from territories.models import PerimeterZone
from territories.overlap import Kind

DAY = date(2026, 9, 1)
SLIVER = 1e-9
"""Square degrees under which two shapes only touch: their borders are the same, up to what arithmetic rounds."""
TRUE_ON = "{0}.since <= %s AND ({0}.until IS NULL OR {0}.until > %s)".format
SELF_JOIN = f"""
    SELECT a.perimeter_id, b.perimeter_id, a.zone_id FROM territories_perimeterzone a
    JOIN territories_perimeterzone b ON b.zone_id = a.zone_id AND b.perimeter_id > a.perimeter_id
    WHERE {TRUE_ON("a")} AND {TRUE_ON("b")}"""  # noqa: S608 – no text of a user in it
AGGREGATED = f"""
    SELECT a.perimeter_id, b.perimeter_id, COUNT(*), SUM(z.population) FROM territories_perimeterzone a
    JOIN territories_perimeterzone b ON b.zone_id = a.zone_id AND b.perimeter_id > a.perimeter_id
    JOIN territories_zone z ON z.id = a.zone_id
    WHERE {TRUE_ON("a")} AND {TRUE_ON("b")} GROUP BY 1, 2"""  # noqa: S608
SELF_JOIN_OF_ONE = f"""
    SELECT b.perimeter_id, a.zone_id FROM territories_perimeterzone a
    JOIN territories_perimeterzone b ON b.zone_id = a.zone_id AND b.perimeter_id <> a.perimeter_id
    WHERE a.perimeter_id = %s AND {TRUE_ON("a")} AND {TRUE_ON("b")}"""  # noqa: S608
TOULOUSE = "C00984"
"""Overlaps five others."""


def measures(keys: dict[str, int]) -> list[Measure]:
    """What is asked of sets; `keys` are the projects of the first country by their identifier in the files."""
    one = Project.objects.get(pk=keys[TOULOUSE])
    days = (DAY,) * 4
    return [
        Measure("toutes les superpositions / auto-jointure nue", kinds, bare_sql(SELF_JOIN, days), 2),
        Measure(
            "un projet contre tous / auto-jointure nue",
            lambda: overlaps_of(one, DAY),
            bare_sql(SELF_JOIN_OF_ONE, (one.perimeter_id, *days)),
            most_ms=10,
        ),
        Measure("toutes, par la base seule / l'application", bare_sql(AGGREGATED, days), kinds),
    ]


def kinds() -> list[Kind]:
    """Every pair, with its zones, its figures and its kind."""
    return [pair.kind for pair in overlaps(DAY)]


def of_shapes(keys: dict[str, int]) -> list[Measure]:
    """What is asked of shapes, on one country; raises AssertionError when they do not find the pairs of the files."""
    held: dict[int, list[str]] = defaultdict(list)
    for perimeter, code in PerimeterZone.objects.on(DAY).values_list("perimeter", "zone__code"):
        held[perimeter].append(code)
    territories = list(held.values())
    drawn = [list(contours(codes).values()) for codes in territories]
    dissolved = [dissolve(codes) for codes in territories]
    perimeters = dict(Project.objects.filter(pk__in=keys.values()).values_list("pk", "perimeter"))
    expected = {frozenset(perimeters[keys[id_]] for id_ in pair) for pair in truth()}
    found = {frozenset((list(held)[a], list(held)[b])) for a, b in overlapping(dissolved)}
    assert found == expected, "the shapes and the sets do not find the same pairs"
    return [
        Measure(
            f"dissoudre {len(territories)} territoires / coverage_union_all",
            lambda: [dissolve(codes) for codes in territories],
            lambda: [shapely.coverage_union_all(shapes) for shapes in drawn],
            1.5,
        ),
        Measure("toutes, par la géométrie / l'application", lambda: overlapping(dissolved), kinds),
    ]


def overlapping(shapes: list[shapely.Geometry]) -> list[tuple[int, int]]:
    """The pairs of shapes with some area in common."""
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    first, second = left[left < right], right[left < right]
    area = shapely.area(shapely.intersection(tree.geometries[first], tree.geometries[second]))
    shared = area > SLIVER
    return list(zip(first[shared].tolist(), second[shared].tolist(), strict=True))
