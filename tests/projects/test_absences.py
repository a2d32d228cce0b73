"""Absences: declared by oneself or one's head, never two at once, and shown wherever a referent is."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.models import Absence
from projects.people.absences import absent_on
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Kind, Role = Institution.Kind, User.Role
TODAY = timezone.localdate()


def colleague(department, kind: Kind = Kind.ARS_DELEGATION, role: Role = Role.OFFICER, **said: Any) -> User:
    return UserFactory(institution__kind=kind, role=role, departments=[department], **said)


def away(user: User, since: date | str = "2024-05-01", until: date | str | None = None, **said: Any) -> Absence:
    absence = Absence.objects.create(user=user, since=since, until=until, **said)
    absence.refresh_from_db()
    return absence


def declare(client: Client, absence: Absence | None = None, *, shown: str | None = None, **said: Any):
    url = reverse("absence", args=[absence.pk]) if absence else reverse("absence_add")
    if shown is None:
        form = client.get(url).context["form"]
        shown = form["loaded"].value()
    return client.post(url, {"since": "2024-05-01", "until": "", "stand_in": "", "loaded": shown, **said})


# Whom one declares absent


def test_one_declares_one_s_own_absence(client_of: ClientOf, ars, department):
    stand_in = colleague(department)
    response = declare(client_of(ars), until="2024-05-13", stand_in=stand_in.pk)
    assert response.url == reverse("absences")
    absence = Absence.objects.get()
    assert (absence.user, absence.stand_in) == (ars, stand_in)
    assert (absence.since, absence.until) == (date(2024, 5, 1), date(2024, 5, 13))


def test_an_officer_declares_nobody_else(client_of: ClientOf, ars, department):
    declare(client_of(ars), user=colleague(department).pk)
    assert Absence.objects.get().user == ars


@pytest.mark.parametrize(
    ("role", "kind", "declared"),
    [
        (Role.MANAGER, Kind.ARS_HEADQUARTERS, {"ars colleague", "self"}),
        (Role.MANAGER, Kind.CPAM, {"cpam colleague", "self"}),
        (Role.ADMINISTRATOR, Kind.CPAM, {"ars colleague", "cpam colleague", "self"}),
        (Role.ADMINISTRATOR, Kind.OTHER, {"ars colleague", "cpam colleague"}),
    ],
)
def test_a_head_declares_those_of_its_side_and_departments(
    role, kind, declared, client_of: ClientOf, department, neighbour, far
):
    people = {
        "self": colleague(department, kind, role),
        "ars colleague": colleague(department),
        "cpam colleague": colleague(department, Kind.CPAM),
        "partner": colleague(department, Kind.URPS, Role.READER),
        "neighbour": colleague(neighbour),
        "stranger": colleague(far),
        "gone": colleague(department, is_active=False),
    }
    offered = client_of(people["self"]).get(reverse("absence_add")).context["form"].fields["user"].queryset
    assert {name for name, user in people.items() if user in offered} == declared
    client = client_of(people["self"])
    for name, user in people.items():
        assert (declare(client, user=user.pk).status_code == 302) == (name in declared), name


def test_a_partner_declares_nothing_and_reads(client_of: ClientOf, reader, ars):
    away(ars, TODAY)
    assert client_of(reader).get(reverse("absence_add")).status_code == 403
    assert str(ars) in client_of(reader).get(reverse("absences")).text
    assert reverse("absence_add") not in client_of(reader).get(reverse("absences")).text


def test_nobody_reads_the_absences_of_another_region(client_of: ClientOf, ars, far):
    stranger = colleague(far)
    absence = away(stranger, TODAY)
    assert str(stranger) not in client_of(ars).get(reverse("absences")).text
    assert client_of(ars).get(reverse("absence", args=[absence.pk])).status_code == 404


# What cannot be


@pytest.mark.parametrize(
    ("since", "until", "is_refused"),
    [
        ("2024-05-10", "2024-05-20", True),
        ("2024-05-01", "2024-05-31", True),
        ("2024-05-14", "2024-05-15", True),
        ("2024-04-01", "", True),
        ("2024-05-14", "", True),
        ("2024-05-15", "2024-05-20", False),  # the first day back, one may leave again
        ("2024-05-02", "2024-05-08", False),
        ("2024-05-15", "", False),
    ],
)
def test_two_absences_of_one_person_never_overlap(since, until, is_refused, client_of: ClientOf, ars, cpam):
    away(ars, "2024-05-08", "2024-05-15")
    away(cpam, "2024-05-01")
    page = declare(client_of(ars), since=since, until=until)
    assert page.status_code == (422 if is_refused else 302)
    if is_refused:
        assert "est déjà en absence du 8 mai 2024 jusqu&#x27;au 14 mai 2024" in page.text
        assert f'value="{since}"' in page.text


def test_an_absence_without_known_return_refuses_any_later_one(client_of: ClientOf, ars):
    away(ars, "2024-05-08")
    assert "sans retour connu" in declare(client_of(ars), since="2025-01-01").text


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"since": "", "until": "2024-05-02"}, "Ce champ est obligatoire"),
        ({"until": "2024-05-01"}, "Le retour suit le premier jour d&#x27;absence"),
        ({"until": "2024-04-01"}, "Le retour suit le premier jour d&#x27;absence"),
        ({"since": "bientôt"}, "Cette date ne se lit pas"),
        ({"since": "0204-05-01"}, "Les CPTS n&#x27;existent que depuis"),
        ({"stand_in": "999999"}, "Sélectionnez un choix valide"),
    ],
)
def test_impossible_dates_are_refused(said, reason, client_of: ClientOf, ars):
    page = declare(client_of(ars), **said)
    assert page.status_code == 422
    assert reason in page.text
    assert not Absence.objects.exists()


def test_who_stands_in_writes_for_the_same_side_in_one_of_the_same_departments(
    client_of: ClientOf, ars, cpam, department, neighbour, far
):
    region = UserFactory(
        institution__kind=Kind.ARS_HEADQUARTERS, role=Role.MANAGER, extent="region", region=department.region
    )
    stand_ins = {
        colleague(department): True,
        region: True,
        ars: False,
        cpam: False,
        colleague(department, role=Role.READER): False,
        colleague(neighbour): False,
        colleague(far): False,
        colleague(department, is_active=False): False,
    }
    client = client_of(ars)
    for stand_in, is_accepted in stand_ins.items():
        answer = declare(client, stand_in=stand_in.pk)
        assert answer.status_code == (302 if is_accepted else 422), stand_in
        Absence.objects.all().delete()


def test_a_head_gives_no_stand_in_of_the_other_side_or_of_other_departments(
    client_of: ClientOf, ars, cpam, department, neighbour
):
    head = colleague(department, Kind.ARS_HEADQUARTERS, Role.ADMINISTRATOR)
    head.departments.add(neighbour)
    client = client_of(head)
    refused = declare(client, user=ars.pk, stand_in=cpam.pk)
    assert "de la même institution" in refused.text
    elsewhere = colleague(neighbour)
    assert "écrit dans aucun des départements" in declare(client, user=ars.pk, stand_in=elsewhere.pk).text
    assert "ne se remplace pas elle-même" in declare(client, user=ars.pk, stand_in=ars.pk).text
    assert not Absence.objects.exists()


# Ending and withdrawing


def test_an_absence_ends_early(client_of: ClientOf, ars):
    absence = away(ars, "2024-05-01", "2024-06-01")
    assert declare(client_of(ars), absence, since="2024-05-01", until="2024-05-10").status_code == 302
    absence.refresh_from_db()
    assert absence.until == date(2024, 5, 10)
    assert absence.history.count() == 2


def test_an_absence_is_withdrawn_by_who_may_declare_it(client_of: ClientOf, ars, cpam, department):
    absence = away(ars, "2024-05-01")
    url = reverse("absence", args=[absence.pk])
    for stranger in (cpam, colleague(department), colleague(department, Kind.CPAM, Role.MANAGER)):
        assert client_of(stranger).get(url).status_code == 403
        assert client_of(stranger).post(url, {"withdraw": "yes"}).status_code == 403
    assert client_of(colleague(department, role=Role.MANAGER)).get(url).status_code == 200
    refused = client_of(ars).post(url, {"withdraw": "yes", "reason": " "})
    assert (refused.status_code, "L'absence n'a pas été retirée" in refused.text) == (422, True)
    assert Absence.objects.exists()
    done = client_of(ars).post(url, {"withdraw": "yes", "reason": "Congé annulé"})
    assert done.url == reverse("absences")
    assert not Absence.objects.exists()
    assert Absence.history.get(history_type="-").history_change_reason == "Congé annulé"


def test_an_absence_changed_meanwhile_is_told(client_of: ClientOf, ars, department):
    head, absence = colleague(department, role=Role.MANAGER), away(ars, "2024-05-01")
    client = client_of(head)
    shown = client.get(reverse("absence", args=[absence.pk])).context["form"]["loaded"].value()
    declare(client_of(ars), absence, until="2024-05-10")
    page = declare(client, absence, until="2024-05-20", shown=shown)
    assert page.status_code == 422
    assert "est devenu «\u00a010 mai 2024\u00a0»" in page.text
    absence.refresh_from_db()
    assert absence.until == date(2024, 5, 10)


# Where it is shown


def test_absent_on_tells_who_is_away_on_a_day(ars, cpam, reader):
    absence = away(ars, "2024-05-01", "2024-05-13")
    away(cpam, "2024-06-01")
    assert absent_on(date(2024, 4, 30)) == {}
    assert absent_on(date(2024, 5, 1)) == absent_on(date(2024, 5, 12)) == {ars.pk: absence}
    assert absent_on(date(2024, 5, 13)) == {}
    assert set(absent_on(TODAY)) == {cpam.pk}
    assert absent_on(TODAY, {ars.pk, None}) == {}


def test_a_project_tells_that_its_referent_is_away(client_of: ClientOf, reader, ars, department):
    project, stand_in = ProjectFactory(), colleague(department)
    project.assignments.create(side=Side.ARS, user=ars, since=date(2020, 1, 1))
    away(ars, date(2024, 5, 1), date(2024, 5, 13), stand_in=stand_in)
    client = client_of(reader)

    def told(day: str) -> str:
        return " ".join(client.get(project.get_absolute_url(), {"date": day}).text.split())

    assert f"absence jusqu'au 12 mai 2024, remplacement : {stand_in}" in told("2024-05-12")
    assert "absence jusqu'au" not in told("2024-05-13")


def test_the_list_of_projects_tells_it_too(client_of: ClientOf, reader, ars):
    for project in ProjectFactory.create_batch(3):
        project.assignments.create(side=Side.ARS, user=ars, since=date(2020, 1, 1))
    client = client_of(reader)
    with CaptureQueriesContext(connection) as before:
        assert "(en absence)" not in client.get(reverse("projects")).text
    away(ars, TODAY - timedelta(days=1))
    with CaptureQueriesContext(connection) as after:
        assert f"{ars} (en absence)" in client.get(reverse("projects")).text
    assert len(after) == len(before)


def test_the_page_folds_what_is_over_and_costs_the_same_whatever_their_number(client_of: ClientOf, ars, department):
    client = client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("absences")).status_code == 200
        return len(captured)

    away(ars, "2023-01-01", "2023-02-01")
    away(ars, TODAY, TODAY + timedelta(days=8), stand_in=colleague(department))
    with_two = queries()
    for _ in range(4):
        away(colleague(department), TODAY + timedelta(days=3), stand_in=ars)
    assert queries() == with_two
    page = client.get(reverse("absences"))
    assert len(page.context["present"]) == 5
    assert [absence.user for absence in page.context["past"]] == [ars]
