"""« Mon travail »: what falls due, what waits for me, which territories collide."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from aci.models import Contract
from ground.templatetags.french import short_day
from projects.due import due_items
from projects.models import Consultation, Project, Stage, Verdict
from projects.states import State
from projects.workflow import lock, plan_silence
from territories.models import Department
from tests.aci.acts import engage
from tests.factories import ContractFactory, InstitutionFactory, ProjectFactory, UserFactory, ZoneFactory


@pytest.fixture
def fund(plaine: Department) -> User:
    """The officer of the CPAM of the same department."""
    return UserFactory(role=User.Role.OFFICER, departments=[plaine])


def awaiting(page) -> list[tuple[str, str]]:
    return [(item.project.name, turn.what) for item in page.context["waiting"] for turn in item.turns]


def test_filing_falls_due_with_its_three_dates(delegation: User, plaine: Department) -> None:
    project = ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2026, 3, 31))])
    (item,) = due_items(delegation, date(2026, 5, 20))
    assert item.project == project
    assert item.deadline.last_day == date(2026, 5, 31)
    assert item.deadline.acquired_on == date(2026, 6, 1)
    assert (item.what, item.day) == ("Dernier jour sûr", date(2026, 5, 30))
    assert item.url == project.get_absolute_url()
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


def test_opinions_and_pieces_fall_due_on_the_day_they_are_awaited(
    delegation: User, plaine: Department, paris: Department
) -> None:
    day = date(2026, 5, 20)
    project = ProjectFactory(lead_department=plaine, stages=[(State.FILED, date(2026, 3, 31))])
    ask_opinion(project, "msa", due_on=day)
    ask_opinion(project, "urps", due_on=date(2026, 5, 10), answered_on=date(2026, 5, 9))
    requests = project.last_filing().piece_requests
    asked = {"pieces": "Statuts", "asked_on": date(2026, 4, 2)}
    requests.create(**asked, due_on=date(2026, 5, 18))
    requests.create(**asked, due_on=date(2026, 5, 19), received_on=date(2026, 5, 1))
    requests.create(**asked)  # no delay was given
    reaching = ProjectFactory(lead_department=paris, stages=[(State.LETTER_FILED, date(2026, 4, 1))])
    reaching.other_departments.add(plaine)
    ask_opinion(reaching, "elsm", due_on=date(2026, 6, 30))
    ended = ProjectFactory(
        lead_department=plaine, stages=[(State.LETTER_FILED, date(2026, 4, 1)), (State.ENGINEERING, date(2026, 5, 2))]
    )
    ask_opinion(ended, "elsm", due_on=day, stage=ended.stages.first())
    assert [(item.project, item.what, item.days_left) for item in due_items(delegation, day)] == [
        (project, "Pièces attendues", -2),
        (project, "Avis attendu (MSA)", 0),
        (project, "Dernier jour sûr", 10),
        (reaching, "Avis attendu (ELSM)", 41),
    ]


def ask_opinion(project: Project, partner: str, *, due_on: date, stage: Stage | None = None, **said) -> None:
    stage = stage or project.stage_on(date(2026, 5, 20))
    Consultation.objects.create(stage=stage, partner=partner, asked_on=date(2026, 4, 1), due_on=due_on, **said)


def test_the_clock_comes_before_the_rest_of_its_day(delegation: User, plaine: Department) -> None:
    project = ProjectFactory(name="CPTS Z", lead_department=plaine, stages=[(State.FILED, date(2026, 3, 31))])
    letter = ProjectFactory(name="CPTS A", lead_department=plaine, stages=[(State.LETTER_FILED, date(2026, 3, 31))])
    ask_opinion(letter, "msa", due_on=date(2026, 5, 30))
    assert [item.project for item in due_items(delegation, date(2026, 5, 20))] == [project, letter]


def test_an_indispensable_piece_leaves_the_safe_day_and_takes_the_term_away(
    client_of: Callable[[User], Client], delegation: User, plaine: Department
) -> None:
    today = timezone.localdate()
    project = ProjectFactory(lead_department=plaine, stages=[(State.FILED, today - timedelta(days=20))])
    request = {"pieces": "Statuts", "is_indispensable": True, "asked_on": today}
    project.last_filing().piece_requests.create(**request, due_on=today + timedelta(days=2))
    page = client_of(delegation).get(reverse("home"))
    assert [item.what for item in page.context["due"]] == [
        "Pièces attendues",
        "Dernier jour sûr",
    ]
    assert "dans 2 jours" in page.text
    assert "pas de terme tant qu'elle n'est pas reçue" in page.text
    assert page.context["waiting"] == []


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
    letter = ("CPTS à lettre", "rendre l'avis sur la lettre d'intention")
    filing = ("CPTS déposée", "rendre l'avis sur le projet de santé")
    restitution = ("CPTS validée", "organiser la réunion de restitution")
    page = client_of(delegation).get(reverse("home"))
    assert awaiting(page) == [letter, filing, restitution]
    assert "Rendre l&#x27;avis sur la lettre d&#x27;intention" in page.text
    assert "depuis 20 jours" in page.text
    assert awaiting(client_of(fund).get(reverse("home"))) == [letter, filing]


def test_the_direction_settles_disagreements(client_of: Callable[[User], Client], plaine: Department) -> None:
    today = timezone.localdate()
    project = ProjectFactory(lead_department=plaine, stages=[(State.LETTER_FILED, today - timedelta(days=9))])
    stage = project.stage_on(today)
    stage.opinions.create(side=Side.ARS, verdict=Verdict.FAVOURABLE, given_on=today)
    stage.opinions.create(side=Side.INSURANCE, verdict=Verdict.UNFAVOURABLE, reasons="Trop petit", given_on=today)
    stage.escalations.create(opened_on=today)
    regional = {"role": User.Role.MANAGER, "extent": User.Extent.REGION, "region": plaine.region}
    for kind in (Institution.Kind.ARS_HEADQUARTERS, Institution.Kind.DCGDR):
        client = client_of(UserFactory(institution=InstitutionFactory(kind=kind), **regional))
        assert awaiting(client.get(reverse("home"))) == [(project.name, "trancher le désaccord")]


def test_projects_one_follows_come_first_then_those_of_who_is_away(
    client_of: Callable[[User], Client], delegation: User, plaine: Department
) -> None:
    today = timezone.localdate()
    names = ("CPTS d'un autre", "CPTS de l'absente", "CPTS de la présente", "CPTS à moi")
    other, of_absent, of_present, mine = (
        ProjectFactory(name=name, lead_department=plaine, stages=[(State.FILED, today - timedelta(days=40 - rank))])
        for rank, name in enumerate(names)
    )
    absent, present = (
        UserFactory(institution=delegation.institution, role=User.Role.OFFICER, departments=[plaine]) for _ in range(2)
    )
    for project, user in ((mine, delegation), (of_absent, absent), (of_present, present)):
        project.assignments.create(side=Side.ARS, user=user, since=date(2020, 1, 1))
    absent.absences.create(since=today - timedelta(days=3), stand_in=delegation)
    present.absences.create(since=date(2020, 1, 1), until=today, stand_in=delegation)  # back today
    page = client_of(delegation).get(reverse("home"))
    assert [item.project for item in page.context["waiting"]] == [mine, of_absent, other, of_present]
    assert page.text.count("dont vous êtes référent") == 1
    assert page.text.count(f"En remplacement de {absent}") == 1
    assert "En remplacement de" not in client_of(present).get(reverse("home")).text


def test_who_decides_nothing_is_told_so(client_of: Callable[[User], Client], plaine: Department) -> None:
    union = InstitutionFactory(kind=Institution.Kind.URPS)
    ProjectFactory(lead_department=plaine, stages=[(State.LETTER_FILED, date(2026, 1, 1))])
    page = client_of(UserFactory(institution=union, departments=[plaine])).get(reverse("home"))
    assert awaiting(page) == []
    assert "Aucune étape ne dépend de votre institution" in page.content.decode()
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
    assert [item.project for item in page.context["waiting"]] == filed
    assert text.count("Rendre l&#x27;avis sur le projet de santé") == 6
    assert "Les 8 projets qui attendent" in text
    assert "Les 28 superpositions" in text
    assert text.count("zone partagée,") == 6


@pytest.mark.parametrize("kind", [Institution.Kind.ARS_DELEGATION, Institution.Kind.CPAM, Institution.Kind.DCGDR])
def test_the_link_to_what_waits_opens_the_very_same_projects(
    client_of: Callable[[User], Client], kind: Institution.Kind, plaine: Department, paris: Department
) -> None:
    today = timezone.localdate()
    for state in State:
        for department in (plaine, paris):
            ProjectFactory(
                lead_department=department, stages=[(State.INITIATIVE, date(2019, 1, 1)), (state, today)]
            ).other_departments.add(plaine)
    for days in range(1, 9):
        ProjectFactory(lead_department=plaine, stages=[(State.LETTER_FILED, today - timedelta(days=days))])
    client = client_of(
        UserFactory(institution=InstitutionFactory(kind=kind), role=User.Role.OFFICER, departments=[plaine])
    )
    page = client.get(reverse("home"))
    waiting = {item.project for item in page.context["waiting"]}
    (link,) = re.findall(r'href="([^"]+)">Les \d+ projets qui attendent', page.text)
    assert set(client.get(link.replace("&amp;", "&")).context["object_list"]) == waiting


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


def test_the_fund_is_told_of_the_aci_signed_without_contract(
    client_of: Callable[[User], Client], fund: User, delegation: User, plaine: Department, paris: Department
) -> None:
    def signed(department: Department, since: date) -> Project:
        return ProjectFactory(lead_department=department, stages=[(State.ACI_SIGNED, since)])

    late, later = (signed(plaine, date(2026, 3, day)) for day in (1, 2))
    signed(paris, date(2026, 3, 1))
    ContractFactory(project=signed(plaine, date(2020, 3, 1)))
    ended = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2021, 3, 1))]
    ProjectFactory(lead_department=plaine, stages=ended)
    page = client_of(fund).get(reverse("home"))
    assert page.context["contracts_to_record"] == [late, later]
    assert page.context["waiting_count"] == 2
    assert reverse("contract_new", args=[late.pk]) in page.text
    assert "Rien n'attend" not in page.text
    assert client_of(delegation).get(reverse("home")).context["contracts_to_record"] == []
    User.objects.filter(pk=fund.pk).update(role=User.Role.READER)
    assert client_of(fund).get(reverse("home")).context["contracts_to_record"] == []


@pytest.mark.parametrize("reader", ["delegation", "fund"])
def test_queries_do_not_grow_with_rows(
    client_of: Callable[[User], Client], request, reader: str, plaine: Department, django_assert_num_queries
) -> None:
    client, zone = client_of(request.getfixturevalue(reader)), ZoneFactory(department=plaine)
    for wanted in (3, 6):
        while Contract.objects.count() < wanted:
            ProjectFactory(lead_department=plaine, zones=[zone], stages=[(State.FILED, timezone.localdate())])
            never_renewed(ProjectFactory(lead_department=plaine))
            ProjectFactory(lead_department=plaine, stages=[(State.ACI_SIGNED, date(2026, 3, 1))])
        with django_assert_num_queries(34 if reader == "delegation" else 35):
            page = client.get(reverse("home"))
        assert len(page.context["waiting"]) == wanted
        assert len(page.context["due"]) == page.context["late_contracts"] == wanted


def never_renewed(project: Project) -> Contract:
    """A contract of 2020 with a mission engaged: of what it asked for, its renewal alone is still told."""
    contract = ContractFactory(project=project)
    engage(contract, "acces_soins", date(2020, 6, 1))
    return contract


def ending_on(project: Project, last_day: date) -> Contract:
    """A contract of one year, until that day."""
    return ContractFactory(project=project, years=1, signed_on=last_day + timedelta(days=1) - relativedelta(years=1))


def test_contracts_fall_due_among_the_rest_by_date(
    client_of: Callable[[User], Client], delegation: User, plaine: Department, paris: Department
) -> None:
    today = timezone.localdate()
    filed = ProjectFactory(lead_department=plaine, stages=[(State.FILED, today)])
    contract = ending_on(ProjectFactory(lead_department=plaine), today - timedelta(days=10))
    ending_on(ProjectFactory(lead_department=paris), today - timedelta(days=10))
    page = client_of(delegation).get(reverse("home"))
    assert [item.project for item in page.context["due"]] == [contract.project, filed]
    assert "Contrat à son terme, sans renouvellement" in page.text


def test_old_delays_of_contracts_are_counted_and_open_their_list(
    client_of: Callable[[User], Client], delegation: User, plaine: Department, paris: Department
) -> None:
    contract = never_renewed(ProjectFactory(lead_department=plaine))
    never_renewed(ProjectFactory(lead_department=paris))
    client = client_of(delegation)
    page = client.get(reverse("home"))
    assert (page.context["due"], page.context["late_contracts"]) == ([], 1)
    assert "1 contrat ACI en retard" in page.text
    listed = client.get(reverse("contracts") + "?retard=on&departement=A2")
    assert "/aci/?retard=on&amp;departement=A2" in page.text
    assert [row.contract for row, _ in listed.context["rows"]] == [contract]


def test_once_the_safe_day_has_passed_the_last_day_is_told_with_what_is_left(
    client_of: Callable[[User], Client], delegation: User, plaine: Department
) -> None:
    today = timezone.localdate()
    received = today - relativedelta(months=2) - timedelta(days=5)
    project = ProjectFactory(lead_department=plaine, stages=[(State.FILED, received)])
    opened = project.stage_on(received)
    pieces = {"pieces": "Statuts", "is_indispensable": True, "asked_on": received, "basis": "CSP"}
    opened.filing.piece_requests.create(**pieces, received_on=received + timedelta(days=11))
    with transaction.atomic():
        plan_silence(lock(Project.objects, project.pk), by=None)
    page = client_of(delegation).get(reverse("home"))
    (item,) = page.context["due"]
    left = (item.deadline.last_day - today).days
    assert (item.is_late, 4 <= left <= 8) == (True, True)
    text = " ".join(page.text.split())
    assert f'Dernier jour : {short_day(item.deadline.last_day)} <span class="cpts-soon cpts-nowrap">' in text
    assert f"dans {left} jours</span>" in text
