"""Zones without a project: everybody counted once, areas in one piece, whom they could join."""

import csv
import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ground.templatetags.french import number
from pilotage.uncovered import Cover, coverage
from projects.models import Project
from projects.states import State
from territories.models import Department, Zone
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

DAY = date(2026, 1, 1)
NEIGHBOURS = ["93053", "93032"]  # Noisy-le-Sec and Gagny: no common border
AREA = {"93006", "93045"}  # Bagnolet and Les Lilas


def zones(*codes: str) -> list[Zone]:
    return list(Zone.objects.filter(code__in=codes))


def led_by(department: Department, name: str, state: State, *codes: str, partial: tuple[str, ...] = ()) -> Project:
    held = {"zones": zones(*codes), "zones__partial": zones(*partial)}
    return ProjectFactory(name=name, lead_department=department, stages=[(state, date(2019, 1, 1))], **held)


@pytest.fixture
def seine(geography: None) -> Department:
    return Department.objects.get(pk="93")


@pytest.fixture
def covered(seine: Department) -> dict[str, Project]:
    """All of the department but Bagnolet and Les Lilas, which touch, and Clichy-sous-Bois and Sevran in part."""
    every = set(Zone.objects.leaves(DAY).filter(department=seine).values_list("code", flat=True))
    rest = sorted(every - AREA - {"93014", "93071", "93048", "93066"})
    return {
        "rest": led_by(seine, "CPTS Reste", State.ENGINEERING, *rest, partial=("93014", "93071")),
        "signed": led_by(seine, "CPTS Montreuil", State.ACI_SIGNED, "93048"),
        "validated": led_by(seine, "CPTS Saint-Denis", State.VALIDATED, "93066"),
        "idea": led_by(seine, "CPTS Idée", State.INITIATIVE, "93048", "93071", "93066"),
        "over": led_by(seine, "CPTS Finie", State.ABANDONED, "93006"),
    }


def of(seine: Department, day: date = DAY):
    return coverage(Department.objects.filter(pk=seine.pk), day)


def population(*codes: str) -> int:
    return sum(zone.population for zone in zones(*codes))


def test_everybody_is_counted_once_for_the_most_advanced(seine, covered) -> None:
    found = of(seine)
    inhabitants = found.total.inhabitants
    assert inhabitants[Cover.SIGNED] == population("93048")
    assert inhabitants[Cover.VALIDATED] == population("93066")
    assert inhabitants[Cover.EMERGENCE] == population("93071"), "wholly held by an idea, in part by an engineering"
    assert inhabitants[Cover.IN_PART] == population("93014")
    assert inhabitants[Cover.NONE] == population(*AREA) == sum(area.population for area in found.areas)
    everybody = Zone.objects.leaves(DAY).filter(department=seine).aggregate(Sum("population"))["population__sum"]
    assert inhabitants.total() == found.total.population == everybody


def test_covered_and_uncovered_make_the_region_exactly(seine, covered) -> None:
    found = coverage(Department.objects.filter(region="11"), DAY)
    assert found.total.population == 12_463_067
    assert sum(line.population for line in found.lines) == 12_463_067
    assert len(found.leaves) == 1_285
    areas = [code for area in found.areas for code in area.codes]
    assert len(areas) == len(set(areas)) == sum(leaf.cover == Cover.NONE for leaf in found.leaves)


def test_several_regions_have_their_sums(seine, covered) -> None:
    found = coverage(Department.objects.filter(region__in=["11", "94"]), DAY)
    sums = {line.name: line.population for line in found.lines if line.is_sum}
    assert sums["Île-de-France"] == 12_463_067
    assert sum(sums.values()) == found.total.population
    assert [line.code for line in found.lines if not line.is_sum][-2:] == ["94", "95"]


def test_an_area_is_in_one_piece_and_knows_its_neighbours(seine, covered) -> None:
    (area,) = of(seine).areas
    assert area.name == "Bagnolet et 1 autre"
    assert area.codes == ["93006", "93045"]
    assert area.departments == ["93"]
    assert area.epcis == ["Métropole du Grand Paris"]
    assert [project.name for project in area.neighbours] == ["CPTS Reste", "CPTS Idée", "CPTS Montreuil"]
    assert area.vintage == 2023


def test_communes_that_do_not_touch_are_two_areas(seine, covered) -> None:
    covered["rest"].perimeter.set_zones(
        [zone for zone in covered["rest"].perimeter.zones_on(DAY) if zone.code not in NEIGHBOURS], date(2026, 6, 1)
    )
    found = of(seine, date(2026, 6, 1))
    assert sorted(len(area.zones) for area in found.areas) == [1, 1, 2]
    populations = [area.population for area in found.areas]
    assert populations == sorted(populations, reverse=True)
    assert len(of(seine, date(2026, 5, 31)).areas) == 1


def test_a_zone_that_no_file_draws_is_an_area_of_its_own(plaine) -> None:
    for name in ("Bourg", "Ville"):
        ZoneFactory(department=plaine, name=name)
    found = coverage(Department.objects.filter(pk=plaine.pk), DAY)
    assert sorted(area.name for area in found.areas) == ["Bourg", "Ville"]


def test_neighbours_abroad_are_told_by_name_and_state_alone(client_of, seine, covered) -> None:
    """Chelles (77108) is of the same region; Chantilly's department is not: its project touches Luzarches."""
    oise = Department.objects.get(pk="60")
    far = led_by(oise, "CPTS de Chantilly", State.VALIDATED, "60172")
    page = client_of(UserFactory(departments=[seine])).get(reverse("uncovered"), {"region": "11"})
    text = page.content.decode()
    neighbours = {p.name: p for area in page.context["found"].areas for p in area.neighbours}
    assert not neighbours[far.name].is_readable
    assert neighbours["CPTS Reste"].is_readable
    assert far.get_absolute_url() not in text


def test_a_big_area_names_its_biggest_communes_and_says_where_the_others_are(client_of, seine) -> None:
    reader = client_of(UserFactory(departments=[seine]))
    page = reader.get(reverse("uncovered"), {"region": "11"})
    (area,) = page.context["found"].areas
    others = f"et {number(len(area.zones) - 200)} autres : les fichiers"
    assert len(area.zones) == 1_285
    assert others in page.text
    told = page.text.split('<p class="cpts-small">')
    assert sum(part.count(f"{area.zones[199].name} (") for part in told) == 1
    assert all(f", {area.zones[200].name} (" not in part for part in told)


def test_the_map_follows_what_is_covered(client_of, seine, covered) -> None:
    reader = client_of(UserFactory(departments=[seine]))

    def drawn() -> list[tuple[str, str]]:
        page = reader.get(reverse("uncovered"), {"departement": "93", "date": DAY.isoformat()})
        return [(area.name, path) for area, path, _ in page.context["drawn"]]

    before = drawn()
    assert drawn() == before
    led_by(seine, "CPTS des Lilas", State.ENGINEERING, "93045")
    assert [name for name, _ in drawn()] == ["Bagnolet"]
    assert drawn() != before


def rows_of(answer: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_page_and_files_say_the_same(client_of, seine, covered) -> None:
    client = client_of(UserFactory(departments=[seine]))
    asked = {"departement": "93", "date": DAY.isoformat()}
    text = client.get(reverse("uncovered"), asked).content.decode()
    assert "Bagnolet et 1 autre" in text
    assert "Clichy-sous-Bois" in text
    assert "Communes couvertes en partie" in text
    rows = rows_of(client.get(reverse("uncovered"), asked | {"format": "csv"}))
    assert [(row["Zone"], row["Population"], row["Codes Insee"]) for row in rows] == [
        ("Bagnolet et 1 autre", str(population(*AREA)), "93006 93045")
    ]
    detail = rows_of(client.get(reverse("uncovered"), asked | {"format": "csv", "detail": "communes"}))
    told = {row["Code Insee"]: row["Couverture"] for row in detail}
    assert told == {"93006": "Sans projet", "93045": "Sans projet", "93014": "Couverte en partie"}
    assert client.get(reverse("uncovered"), asked | {"format": "xlsx"}).status_code == 200


def test_nothing_uncovered_says_so(client_of, seine, covered) -> None:
    led_by(seine, "CPTS Est", State.INITIATIVE, *AREA)
    text = client_of(UserFactory(departments=[seine])).get(reverse("uncovered"), {"departement": "93"}).content.decode()
    assert "Aucune zone sans projet" in text


@pytest.mark.parametrize("asked", [{"date": "hier"}, {"departement": "13"}, {"region": "93"}, {"format": "pdf"}])
def test_a_bad_question_is_refused(client_of, seine, asked: dict[str, str]) -> None:
    assert client_of(UserFactory(departments=[seine])).get(reverse("uncovered"), asked).status_code == 400


def test_queries_do_not_depend_on_what_is_found(seine, covered) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            coverage(Department.objects.filter(region="11"), DAY)
        return len(captured)

    few = count()
    for code in ("75119", "94033", "77108", "95018", "78646"):
        ProjectFactory(zones=zones(code))
    assert count() == few == 5


def printed(**options: str) -> str:
    output = StringIO()
    call_command("uncovered", stdout=output, date=DAY.isoformat(), region="11", **options)
    return output.getvalue()


def test_command_answers_people_and_machines(seine, covered) -> None:
    answer = json.loads(printed(format="json"))
    assert answer["total"]["population"] == 12_463_067
    assert sum(answer["total"][cover.value] for cover in Cover) == 12_463_067
    (of_seine,) = (row for row in answer["departments"] if row["department"] == "93")
    assert of_seine["none"] == population(*AREA)
    csv_rows = list(csv.DictReader(StringIO(printed(format="csv"))))
    assert [row["area"] for row in csv_rows] == [area["area"] for area in answer["areas"]]
    assert sum(int(row["population"]) for row in csv_rows) == answer["total"]["none"]
    assert "Sans projet" in printed().splitlines()[1]
