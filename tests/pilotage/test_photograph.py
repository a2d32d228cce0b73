"""The photograph: its numbers on any day, as a command and as a page."""

import csv
import json
from datetime import date
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from pilotage.photograph import photograph
from projects.states import Column, State
from territories.models import Department
from tests.factories import ProjectFactory, UserFactory

HEADER = "department,aci_signed,aci_in_progress,engineering,formalising,initiative,total"
DAY = date(2020, 2, 20)


@pytest.fixture
def projects(paris: Department, plaine: Department, empty: Department, elsewhere: Department) -> None:
    for since in (date(2019, 10, 1), date(2020, 2, 20), date(2020, 2, 21)):
        stages = [(State.INITIATIVE, date(2019, 1, 1)), (State.ACI_SIGNED, since)]
        ProjectFactory(lead_department=paris, stages=stages)
    ProjectFactory(lead_department=plaine, stages=[(State.LETTER_FILED, date(2020, 1, 1))])
    ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2019, 12, 19))])  # silence: validated 20 February
    ProjectFactory(
        lead_department=plaine, stages=[(State.ENGINEERING, date(2019, 5, 1)), (State.ABANDONED, date(2020, 2, 20))]
    )
    ProjectFactory(lead_department=plaine, stages=[(State.INITIATIVE, date(2020, 3, 1))])
    ProjectFactory(lead_department=elsewhere, stages=[(State.ENGINEERING, date(2019, 5, 1))])


def printed(**options: str) -> str:
    output = StringIO()
    call_command("photograph", stdout=output, **options)
    return output.getvalue()


@pytest.mark.parametrize(
    ("day", "rows"),
    [
        ("2018-12-31", ["A1,0,0,0,0,0,0", "A2,0,0,0,0,0,0", "A3,0,0,0,0,0,0", "TOTAL,0,0,0,0,0,0"]),
        ("2020-02-19", ["A1,1,0,0,0,2,3", "A2,0,0,2,1,0,3", "A3,0,0,0,0,0,0", "TOTAL,1,0,2,1,2,6"]),
        ("2020-02-20", ["A1,2,0,0,0,1,3", "A2,0,1,0,1,0,2", "A3,0,0,0,0,0,0", "TOTAL,2,1,0,1,1,5"]),
        ("2020-02-21", ["A1,3,0,0,0,0,3", "A2,0,1,0,1,0,2", "A3,0,0,0,0,0,0", "TOTAL,3,1,0,1,0,5"]),
        ("01/03/2020", ["A1,3,0,0,0,0,3", "A2,0,1,0,1,1,3", "A3,0,0,0,0,0,0", "TOTAL,3,1,0,1,1,6"]),
    ],
)
@pytest.mark.usefixtures("projects")
def test_csv_counts_the_stages_of_the_day(day: str, rows: list[str]) -> None:
    assert printed(region="A", date=day, format="csv").splitlines() == [HEADER, *rows]


@pytest.mark.usefixtures("projects")
def test_json_holds_the_same_figures_with_the_names() -> None:
    answer = json.loads(printed(region="A", date="2020-02-20", format="json"))
    figures = {"aci_signed": 2, "aci_in_progress": 0, "engineering": 0, "formalising": 0, "initiative": 1, "total": 3}
    assert answer["region"] == "A"
    assert answer["date"] == "2020-02-20"
    assert answer["rows"][0] == {"department": "A1", "name": "Parisis", **figures}
    assert answer["total"]["total"] == sum(row["total"] for row in answer["rows"]) == 5
    assert set(answer["total"]) == set(figures)


@pytest.mark.usefixtures("projects")
def test_table_stands_in_columns_under_french_headings() -> None:
    *headings, rule, first, second, _, total = printed(region="A", date="2020-02-20").splitlines()
    assert "ACI signé" in headings[-1]
    assert {len(line) for line in (rule, first, second, total)} == {len(rule)}
    assert first.split() == ["A1", "Parisis", "2", "0", "0", "0", "1", "3"]
    assert total.split() == ["TOTAL", "2", "1", "0", "1", "1", "5"]


@pytest.mark.usefixtures("projects")
def test_without_region_every_department_is_there() -> None:
    rows = {row["department"]: row for row in csv.DictReader(StringIO(printed(date="2020-02-20", format="csv")))}
    assert rows["B1"]["engineering"] == "1"
    assert len(rows) == Department.objects.count() + 1


@pytest.mark.parametrize(
    ("options", "why"),
    [({"region": "ZZ"}, "Cette région n'existe pas"), ({"date": "hier"}, "Cette date ne se lit pas")],
)
@pytest.mark.django_db
def test_command_says_what_it_does_not_know(options: dict[str, str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        printed(**options)


@pytest.mark.usefixtures("projects")
def test_command_takes_three_queries_at_most(django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(3):
        printed(region="A", date="2020-02-20", format="csv")


@pytest.mark.usefixtures("projects")
def test_every_figure_opens_the_list_that_it_counts(client_of, delegation: User) -> None:
    client = client_of(delegation)
    page = client.get(reverse("photograph"), {"date": "2020-02-20"})
    lines = [*page.context["lines"], page.context["total"]]
    figures = [figure for line in lines for figure in line.figures]
    assert len(figures) == 4 * (len(Column) + 1)
    for figure in figures:
        assert f'href="{figure.url}"'.replace("&", "&amp;") in page.content.decode()
        listed = client.get(figure.url)
        assert len(listed.context["object_list"]) == figure.count, figure
    assert [figure.count for figure in lines[-1].figures] == [2, 1, 0, 1, 1, 5]


@pytest.mark.usefixtures("projects")
def test_a_figure_says_department_column_and_date(client_of, delegation: User) -> None:
    page = client_of(delegation).get(reverse("photograph"), {"date": "2020-02-20"})
    asked = parse_qs(urlsplit(page.context["lines"][0].figures[0].url).query)
    assert asked == {"departement": ["A1"], "colonne": ["aci_signed"], "date": ["2020-02-20"]}


@pytest.mark.usefixtures("projects")
def test_page_compares_with_another_day(client_of, delegation: User) -> None:
    page = client_of(delegation).get(reverse("photograph"), {"date": "2020-02-21", "comparer": "2020-02-19"})
    assert [figure.gain for figure in page.context["total"].figures] == [2, 1, -2, 0, -2, -1]
    assert "−2" in page.content.decode()


@pytest.mark.usefixtures("projects")
def test_page_shows_no_other_region(client_of, delegation: User) -> None:
    page = client_of(delegation).get(reverse("photograph"), {"date": "2020-02-20"})
    assert [line.row.code for line in page.context["lines"]] == ["A1", "A2", "A3"]
    assert "Ailleurs" not in page.content.decode()
    assert client_of(delegation).get(reverse("photograph"), {"region": "B"}).status_code == 400


@pytest.mark.usefixtures("projects")
def test_country_readers_choose_a_region_or_none(client_of) -> None:
    client = client_of(UserFactory())
    everywhere = client.get(reverse("photograph"), {"date": "2020-02-20"})
    assert {"A1", "B1"} <= {line.row.code for line in everywhere.context["lines"]}
    assert "France entière" in everywhere.content.decode()
    one = client.get(reverse("photograph"), {"date": "2020-02-20", "region": "B"})
    assert [line.row.code for line in one.context["lines"]] == ["B1"]


@pytest.mark.usefixtures("projects")
def test_a_date_that_is_none_is_a_400_that_keeps_the_page(client_of, delegation: User) -> None:
    page = client_of(delegation).get(reverse("photograph"), {"date": "hier"})
    assert page.status_code == 400
    assert "Cette date ne se lit pas" in page.content.decode()


@pytest.mark.usefixtures("projects")
def test_past_day_is_said_and_today_is_not(client_of, delegation: User) -> None:
    client = client_of(delegation)
    assert "Vous regardez la situation au" in client.get(reverse("photograph"), {"date": "2020-02-20"}).content.decode()
    assert "Vous regardez la situation au" not in client.get(reverse("photograph")).content.decode()


@pytest.mark.usefixtures("projects")
def test_downloads_hold_the_page(client_of, delegation: User) -> None:
    client = client_of(delegation)
    text = client.get(reverse("photograph"), {"date": "2020-02-20", "format": "csv"}).content.decode("utf-8-sig")
    assert text.splitlines()[1] == "A1;Parisis;2;0;0;0;1;3;0"
    assert client.get(reverse("photograph"), {"format": "xlsx"}).content.startswith(b"PK")


def test_queries_do_not_grow_with_departments(
    client_of, delegation: User, projects: None, django_assert_num_queries
) -> None:
    client = client_of(delegation)
    departments = Department.objects.filter(region="A")
    with django_assert_num_queries(2):
        assert photograph(departments, DAY).total.total == 5
    with django_assert_num_queries(7):  # session, account, institution, departments, regions, then the two above
        client.get(reverse("photograph"), {"date": "2020-02-20"})
