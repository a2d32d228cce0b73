"""« Mon travail »: what falls due, what waits for me, which territories collide."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from projects.due import due_items
from projects.models import Project
from projects.states import State
from territories.models import Department
from tests.factories import InstitutionFactory, ProjectFactory, UserFactory, ZoneFactory


@pytest.fixture
def fund(plaine: Department) -> User:
    """The officer of the CPAM of the same department."""
    return UserFactory(role=User.Role.OFFICER, departments=[plaine])


def awaiting(page) -> list[tuple[str, str]]:
    return [(stage.project.name, act) for stage, act in page.context["waiting"]]


def test_filing_falls_due_with_its_three_dates(delegation: User, plaine: Department) -> None:
    project = ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2026, 3, 31))])
    (item,) = due_items(delegation, date(2026, 5, 20))
    assert item.project == project
    assert item.deadline.last_day == date(2026, 5, 31)
    assert item.deadline.acquired_on == date(2026, 6, 1)
    assert item.deadline.last_safe_day == date(2026, 5, 30)
    assert (item.days_left, item.is_soon, item.is_late) == (10, True, False)


@pytest.mark.parametrize(
    ("day", "is_soon", "is_late", "still_due"),
    [
        ("2026-03-30", None, None, False),  # not received yet
        ("2026-03-31", False, False, True),
        ("2026-05-14", False, False, True),
        ("2026-05-15", True, False, True),
        ("2026-05-30", True, False, True),
        ("2026-05-31", False, True, True),  # the last day is not the last safe one
        ("2026-06-01", None, None, False),  # silence has decided
    ],
)
def test_due_grows_pressing(
    delegation: User, plaine: Department, day: str, is_soon: bool, is_late: bool, still_due: bool
) -> None:
    ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2026, 3, 31))])
    items = due_items(delegation, date.fromisoformat(day))
    assert [(item.is_soon, item.is_late) for item in items] == ([(is_soon, is_late)] if still_due else [])


def test_most_pressing_comes_first_and_other_departments_do_not(
    delegation: User, plaine: Department, paris: Department
) -> None:
    later = ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2026, 5, 2))])
    sooner = ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2026, 5, 1))])
    reaching = ProjectFactory(lead_department=paris, stages=[(State.FILED, date(2026, 5, 3))])
    reaching.other_departments.add(plaine)
    ProjectFactory(lead_department=paris, stages=[(State.FILED, date(2026, 5, 1))])
    assert [item.project for item in due_items(delegation, date(2026, 5, 20))] == [sooner, later, reaching]


def test_home_says_dates_and_days_left_in_words(
    client_of: Callable[[User], Client], delegation: User, plaine: Department
) -> None:
    project = ProjectFactory(lead_department=plaine, stages=[(State.FILED, timezone.localdate() - timedelta(days=20))])
    page = client_of(delegation).get(reverse("home"))
    text = page.content.decode()
    assert project.get_absolute_url() in text
    assert "Dernier jour sûr" in text
    assert "acquis le" in text
    assert f"dans {page.context['due'][0].days_left} jours" in text


def test_each_side_sees_what_waits_for_it(
    client_of: Callable[[User], Client], delegation: User, fund: User, plaine: Department, paris: Department
) -> None:
    today = timezone.localdate()
    for name, state, days in [
        ("CPTS validée", State.VALIDATED, 5),
        ("CPTS déposée", State.FILED, 10),
        ("CPTS à lettre", State.LETTER_FILED, 20),
        ("CPTS en écriture", State.ENGINEERING, 30),
    ]:
        ProjectFactory(name=name, lead_department=plaine, stages=[(state, today - timedelta(days=days))])
    ProjectFactory(lead_department=paris, stages=[(State.LETTER_FILED, today)])
    letter, aci = ("CPTS à lettre", "Examiner la lettre d'intention"), ("CPTS validée", "Préparer et signer l'ACI")
    filing = ("CPTS déposée", "Instruire le projet de santé")
    assert awaiting(client_of(delegation).get(reverse("home"))) == [letter, filing, aci]
    assert awaiting(client_of(fund).get(reverse("home"))) == [letter, aci]


def test_who_decides_nothing_is_told_so(client_of: Callable[[User], Client], plaine: Department) -> None:
    union = InstitutionFactory(kind=Institution.Kind.URPS)
    ProjectFactory(lead_department=plaine, stages=[(State.LETTER_FILED, date(2026, 1, 1))])
    page = client_of(UserFactory(institution=union, departments=[plaine])).get(reverse("home"))
    assert awaiting(page) == []
    assert "Rien ne dépend de votre institution" in page.content.decode()
    assert reverse("project_new") not in page.content.decode()


def test_long_lists_show_their_first_lines_and_lead_to_the_rest(
    client_of: Callable[[User], Client], delegation: User, plaine: Department
) -> None:
    zone, today = ZoneFactory(department=plaine), timezone.localdate()
    filed = [
        ProjectFactory(lead_department=plaine, zones=[zone], stages=[(State.FILED, today - timedelta(days=days))])
        for days in range(8, 0, -1)
    ]
    page = client_of(delegation).get(reverse("home"))
    text = page.content.decode()
    assert [item.project for item in page.context["due_later"]] == filed[6:]
    assert "2 autres échéances" in text
    assert [stage.project for stage, _ in page.context["waiting"]] == filed[:6]
    assert "Les 8 projets qui attendent" in text
    assert "Les 28 superpositions" in text
    assert text.count("zone partagée,") == 6


def test_portfolio_counts_my_departments_and_opens_their_lists(
    client_of: Callable[[User], Client], delegation: User, plaine: Department, paris: Department
) -> None:
    ProjectFactory(lead_department=plaine)
    ProjectFactory(lead_department=plaine, stages=[(State.ACI_SIGNED, date(2020, 1, 1))])
    ProjectFactory(lead_department=paris)
    client = client_of(delegation)
    page = client.get(reverse("home"))
    assert {column.value: count for column, count in page.context["portfolio"] if count} == {
        "aci_signed": 1,
        "initiative": 1,
    }
    listed = client.get(f"{reverse('projects')}?colonne=aci_signed&departement=A2")
    assert "?colonne=aci_signed&amp;departement=A2" in page.content.decode()
    assert len(listed.context["object_list"]) == 1


def test_collisions_show_no_link_out_of_scope(
    client_of: Callable[[User], Client], delegation: User, plaine: Department, elsewhere: Department
) -> None:
    zone = ZoneFactory(department=plaine)
    here = ProjectFactory(lead_department=plaine, zones=[zone])
    there = ProjectFactory(name="CPTS de là-bas", lead_department=elsewhere, zones=[zone])
    text = client_of(delegation).get(reverse("home")).content.decode()
    assert here.get_absolute_url() in text
    assert "CPTS de là-bas" in text
    assert there.get_absolute_url() not in text


def test_every_list_says_what_would_be_there(client_of: Callable[[User], Client], delegation: User) -> None:
    text = client_of(delegation).get(reverse("home")).content.decode()
    for title in ("Rien n'échoit", "Rien n'attend votre institution", "Aucune superposition", "Aucun changement"):
        assert title in text.replace("&#x27;", "'")


def test_queries_do_not_grow_with_rows(
    client_of: Callable[[User], Client], delegation: User, plaine: Department, django_assert_num_queries
) -> None:
    client, zone = client_of(delegation), ZoneFactory(department=plaine)
    for wanted in (3, 6):
        while Project.objects.filter(lead_department=plaine).count() < wanted:
            ProjectFactory(lead_department=plaine, zones=[zone], stages=[(State.FILED, timezone.localdate())])
        with django_assert_num_queries(15):
            page = client.get(reverse("home"))
        assert len(page.context["due"]) == len(page.context["waiting"]) == wanted
