"""The simulator: a population or the perimeter of a project, two hypotheses side by side, one link for all of it."""

import re
from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aci.hypotheses import compared
from aci.models import Tariff
from aci.remuneration import remuneration
from projects.models import Project
from territories.models import Perimeter
from tests.factories import ProjectFactory, TariffFactory, ZoneFactory

DAY = "2023-01-01"


@pytest.fixture
def project(department) -> Project:
    """98 204 inhabitants from 2020 on, of whom 8 204 in a commune that joined in 2023."""
    first = ZoneFactory(code="99001", department=department, population=90_000, vintage=2023)
    second = ZoneFactory(code="99002", department=department, population=8_204, vintage=2023)
    project = ProjectFactory(name="CPTS du Nord", lead_department=department)
    project.perimeter.set_zones([first], date(2020, 1, 1))
    Perimeter.objects.get(pk=project.perimeter_id).set_zones([first, second], date(2023, 1, 1))
    return project


@pytest.fixture
def simulator(tariffs, client_of, reader):
    """What one reads on the simulator, spaces made plain."""
    client = client_of(reader)

    def simulator(query: str = "", status: int = 200, **asked: object) -> str:
        response = client.get(reverse("remuneration") + (f"?{query}" if query else ""), asked or None)
        assert response.status_code == status
        main = response.text[response.text.index("<main") : response.text.index("</main>")]
        return re.sub(r"\s+", " ", unescape(main))

    return simulator


def link_of(html: str, words: str) -> str:
    (link,) = re.findall(rf'href="\?([^"]+)">{words}', html)
    return link


def table_of(html: str) -> list[list[str]]:
    """The cells of the answer, row by row."""
    table = html[html.index("<tbody>") :]
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [[plain(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


# A perimeter


@pytest.mark.parametrize(("day", "population"), [("2022-12-31", "90 000"), ("2023-01-01", "98 204")])
def test_the_perimeter_of_a_project_gives_its_population_of_the_day(simulator, project, day, population):
    html = simulator(project=project.pk, date=day)
    assert f"{population} habitants : taille 3" in html
    assert f"{population} habitants (population municipale, millésime 2023)" in html


def test_a_project_without_territory_on_that_day_is_refused(simulator, project):
    assert "« CPTS du Nord » ne tient aucune commune le 1er septembre 2019" in simulator(
        status=400, project=project.pk, date="2019-09-01"
    )


def test_a_project_out_of_reach_is_not_offered_and_not_read(simulator, project, far):
    hidden = ProjectFactory(name="CPTS lointaine", lead_department=far)
    assert hidden.name not in simulator()
    html = simulator(status=400, project=hidden.pk)
    assert hidden.name not in html
    assert "Périmètre de" not in html


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"population": 5000, "project": "pk"}, "Choisissez un projet ou saisissez une population, pas les deux."),
        ({"year": 2}, "Indiquez une population ou choisissez un projet."),
        ({"project": "nord"}, "Ou le périmètre d'un projet"),
    ],
)
def test_one_population_and_only_one(simulator, project, asked, why):
    html = simulator(status=400, **{name: project.pk if value == "pk" else value for name, value in asked.items()})
    assert why in html
    assert "<table" not in html


# Two hypotheses


def test_a_second_hypothesis_opens_as_the_first(simulator):
    html = simulator(population=98_204, date=DAY)
    assert "Hypothèse 2" not in html
    opened = simulator(link_of(html, "Comparer avec une autre hypothèse"))
    assert "Les deux hypothèses donnent le même total" in opened
    assert {row[-1] for row in table_of(opened) if len(row) > 1} == {"="}
    assert simulator(link_of(opened, "Revenir à une seule hypothèse")) == html


def test_differences_are_told_line_by_line_and_in_total(simulator):
    second = {"b-population": 39_999, "b-date": DAY, "b-missions": ["parcours", "qualite"], "b-year": 2}
    html = simulator(population=98_204, date=DAY, missions=["parcours", "crise_plan"], **second)
    rows = {row[0]: row[1:] for row in table_of(html)}
    assert rows["Parcours pluriprofessionnels autour du patient"] == [
        *("45 000 €", "45 000 €", "90 000 €"),
        *("25 000 €", "25 000 €", "50 000 € total vérifié"),
        "−40 000 €",
    ]
    gained = rows["Qualité et pertinence des soins"]
    assert gained[:3] == ["–", "–", "–"]
    assert gained[-1] == "+15 000 €"
    assert rows["Total"][2] == "135 000 €"
    assert rows["Total"][5] == "65 000 €"
    assert rows["Total"][-1] == "−70 000 € −57 500 € fixe −12 500 € variable"
    assert "L'hypothèse 2 donne 70 000 € de moins par an" in html


def test_two_dates_read_two_versions(simulator):
    html = simulator(population=98_204, date="2020-03-01", **{"b-population": 98_204, "b-date": DAY})
    assert "« ACI du 20 juin 2019 »" in html
    assert "« Avenant 2 du 20 décembre 2021 »" in html
    assert "L'hypothèse 2 donne 50 000 € de plus par an" in html
    conditional = html[html.index("Sous condition, hors total") :]
    assert "67 500 €" in conditional


def test_a_project_against_a_population(simulator, project):
    html = simulator(population=39_999, date=DAY, **{"b-project": project.pk, "b-date": DAY})
    assert "Hypothèse 1 : 39 999 habitants, taille 1" in html
    assert "Hypothèse 2 : 98 204 habitants, taille 3" in html


def test_everything_stands_in_the_link(simulator, project):
    asked = {"population": 39_999, "date": DAY, "missions": ["parcours"], "year": 3}
    html = simulator(**asked, **{"b-project": project.pk, "b-date": DAY, "b-missions": ["prevention"], "b-year": 4})
    assert simulator(link_of(html, "Lien vers ce calcul")) == html


def test_a_threshold_warns_in_either_hypothesis(simulator):
    html = simulator(population=80_000, date=DAY, **{"b-population": 40_000, "b-date": DAY})
    assert html.count("Population exactement égale au seuil") == 2


def test_what_is_wrong_in_the_second_is_said_and_nothing_is_computed(simulator):
    html = simulator(status=400, population=5_000, **{"b-population": "-5"})
    assert "Une population de -5 n'est pas possible" in html
    assert 'href="#id_b-population"' in html
    assert 'value="-5"' in html
    assert "<table" not in html
    assert html.count("Le calcul n'a pas pu être fait") == 1


def test_a_proposal_is_never_read(simulator):
    TariffFactory(since=date(2022, 12, 1), approved_at=None, label="Proposé")
    html = simulator(population=98_204, date=DAY)
    assert "Proposé" not in html
    assert "420 000 €" in html


def test_the_cost_does_not_grow_with_the_projects(tariffs, client_of, reader, project, department):
    client = client_of(reader)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("remuneration"), {"project": project.pk, "b-project": project.pk})
        return len(found)

    queries()
    before = queries()
    for _ in range(3):
        ProjectFactory(lead_department=department)
    assert queries() == before


# The pure part


def test_missions_of_one_hypothesis_alone_are_compared_with_nothing(tariffs):
    data = Tariff.objects.get(code="2019").data()
    first = remuneration(98_204, data, missions=["parcours", "prevention"]).lines
    second = remuneration(98_204, data, missions=["prevention", "qualite"]).lines
    assert [line.change for line in compared(first, second)] == [-90_000, 0, 30_000]
    assert sum(line.change for line in compared(second, first)) == 60_000
    assert compared([], []) == []
