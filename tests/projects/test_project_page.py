"""The page of a project, on a day, for each of its readers."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models.institution import Side
from projects.milestones import milestones
from projects.states import State
from projects.workflow import Step, take_step
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db


def labels(response, name: str) -> set[str]:
    return {offer.kind.name for offer in response.context[name]}


@pytest.fixture
def filed(ars):
    """Filed ten days ago, by an act of the application."""
    project = ProjectFactory(name="CPTS Nord", stages=[(State.ENGINEERING, date(2023, 1, 2))])
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate() - timedelta(days=10)))
    return project


def test_it_tells_the_dates_of_the_filing(filed, client_of, ars):
    page = client_of(ars).get(filed.get_absolute_url())
    deadline = page.context["deadline"]
    assert deadline.received_on == timezone.localdate() - timedelta(days=10)
    assert "Dernier jour sûr pour s&#x27;opposer" in page.text or "Dernier jour sûr pour s'opposer" in page.text
    assert "prévu, si l'ARS garde le silence" in page.text


def test_it_offers_what_is_possible_to_whom_it_belongs(filed, client_of, ars, cpam, reader):
    url = filed.get_absolute_url()
    of_the_project = {"withdraw_filing", "abandon", "merge"}
    assert labels(client_of(ars).get(url), "possible") == of_the_project | {"oppose", "validate_health_project"}
    to_the_cpam = client_of(cpam).get(url)
    assert labels(to_the_cpam, "possible") == of_the_project
    assert "Cette étape relève de : ARS." in to_the_cpam.text
    to_a_reader = client_of(reader).get(url)
    assert labels(to_a_reader, "possible") == set()
    assert "Vous lisez ce projet" in to_a_reader.text
    assert "Modifier le périmètre" not in to_a_reader.text


def test_the_rest_is_listed_with_its_reason(filed, client_of, ars):
    page = client_of(ars).get(filed.get_absolute_url())
    reasons = {offer.kind.name: offer.why_not for offer in page.context["impossible"]}
    assert "cette étape part de « Projet validé »" in reasons["sign_aci"]
    assert all(reasons.values())


def test_after_the_silence_an_opposition_is_offered_at_its_date_only(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, date(2023, 5, 15))])
    page = client_of(ars).get(project.get_absolute_url())
    earlier = {offer.kind.name: offer.day for offer in page.context["earlier"]}
    assert earlier["oppose"] == date(2023, 7, 15)
    assert "oppose" not in labels(page, "possible")
    assert "sign_aci" in labels(page, "possible")


def test_a_past_day_shows_that_day_and_offers_nothing(client_of, ars):
    project = ProjectFactory(
        stages=[(State.INITIATIVE, date(2019, 1, 1)), (State.ENGINEERING, date(2024, 1, 1))], zones=[ZoneFactory()]
    )
    project.perimeter.set_zones([ZoneFactory(population=5), ZoneFactory(population=6)], date(2025, 1, 1))
    page = client_of(ars).get(project.get_absolute_url(), {"date": "2020-02-20"})
    assert page.context["stage"].state == State.INITIATIVE
    assert page.context["population"] == 1_000
    assert "Vous regardez la situation au" in page.text
    assert "Étapes à enregistrer" not in page.text


def test_before_it_was_known_the_page_says_so(client_of, ars):
    project = ProjectFactory()
    page = client_of(ars).get(project.get_absolute_url(), {"date": "2015-01-01"})
    assert "n'était pas encore connu" in page.text


def test_a_day_that_cannot_be_read_is_a_bad_request(client_of, ars):
    assert client_of(ars).get(ProjectFactory().get_absolute_url(), {"date": "demain"}).status_code == 400


def test_it_shows_the_projects_it_shares_zones_with(client_of, ars, far):
    shared = ZoneFactory(name="Communeville", population=800)
    project = ProjectFactory(zones=[shared, ZoneFactory()])
    near = ProjectFactory(name="CPTS Voisine", zones=[shared])
    ProjectFactory(name="CPTS Lointaine", lead_department=far, zones=[shared])
    page = client_of(ars).get(project.get_absolute_url())
    assert {other.name for other, _ in page.context["overlaps"]} == {"CPTS Voisine", "CPTS Lointaine"}
    assert near.get_absolute_url() in page.text
    assert "2 superpositions" in page.text


def test_of_a_project_out_of_scope_it_shows_the_name_the_state_and_whom_to_call(client_of, ars, far):
    shared = ZoneFactory(name="Communeville", population=800)
    project = ProjectFactory(zones=[shared, ZoneFactory()])
    hidden = ProjectFactory(name="CPTS Lointaine", lead_department=far, zones=[shared, ZoneFactory()])
    page = client_of(ars).get(project.get_absolute_url())
    (side, pair), *others = page.context["overlaps"]
    assert others == []
    assert (side.name, side.department, side.state) == ("CPTS Lointaine", far.pk, State.INITIATIVE)
    assert (side.population, side.share, side.is_readable) == (None, None, False)
    assert pair.zones == ["Communeville"]
    assert hidden.get_absolute_url() not in page.text
    assert "CPTS Lointaine" in page.text


def test_names_of_referents_are_those_of_the_day(client_of, ars, cpam):
    project = ProjectFactory()
    project.assignments.create(side=Side.ARS, name="Ancienne référente", since=date(2020, 1, 1), until=date(2022, 1, 1))
    project.assignments.create(side=Side.ARS, user=ars, since=date(2022, 1, 1))
    project.assignments.create(side=Side.INSURANCE, user=cpam, since=date(2021, 1, 1))
    client = client_of(ars)

    def referents(**query):
        page = client.get(project.get_absolute_url(), query)
        return [[str(assignment) for assignment, _ in found] for _, found, _ in page.context["referents"]]

    assert referents() == [[str(ars)], [str(cpam)]]
    assert referents(date="2020-06-01") == [["Ancienne référente"], []]


def test_its_cost_does_not_grow_with_what_it_shows(client_of, ars):
    project = ProjectFactory(zones=[ZoneFactory()])
    client = client_of(ars)

    def fill() -> None:
        zones = ZoneFactory.create_batch(4)
        project.perimeter.set_zones([*project.perimeter.zones_on(date(2021, 1, 1)), *zones], date(2021, 1, 1))
        ProjectFactory.create_batch(2, zones=zones)
        for n in range(3):
            project.contacts.create(name=f"Contact {n}")
            project.notes.create(text="Vu", recorded_by=ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(project.get_absolute_url())
        return len(captured)

    fill()
    take_step(ars, project.pk, Step("receive_letter", timezone.localdate()))
    once = queries()
    fill()
    for step in ("return_letter", "receive_letter"):
        take_step(ars, project.pk, Step(step, timezone.localdate(), comment="Lettre reprise"))
    assert queries() == once
    assert once <= 27


def test_the_line_of_life_of_a_project_that_went_back(ars):
    project = ProjectFactory(stages=[(State.INITIATIVE, date(2023, 1, 2)), (State.LETTER_FILED, date(2023, 3, 1))])
    take_step(ars, project.pk, Step("return_letter", date(2023, 4, 1), comment="À reprendre"))
    line = milestones(project.stages.all(), date(2023, 5, 1))
    assert [(m.label, m.since, m.is_current) for m in line[:2]] == [
        ("Émergence", date(2023, 4, 1), True),
        ("Lettre d'intention", None, False),
    ]
    before = milestones(project.stages.all(), date(2023, 3, 15))
    assert [(m.since, m.is_current, m.is_done) for m in before[:3]] == [
        (date(2023, 1, 2), False, True),
        (date(2023, 3, 1), True, False),
        (None, False, False),
    ]


def test_the_line_of_life_announces_what_silence_will_do(filed):
    line = {milestone.label: milestone for milestone in milestones(filed.stages.all(), timezone.localdate())}
    assert line["Dépôt"].is_current
    assert line["Validation"].is_planned
    assert not line["ACI signé"].is_planned


def test_its_history_says_who_changed_what(client_of, ars, neighbour):
    project = ProjectFactory(name="CPTS Nord")
    client = client_of(ars)
    form = client.get(f"{project.get_absolute_url()}modifier").context
    client.post(
        f"{project.get_absolute_url()}modifier",
        {
            "name": "CPTS Grand Nord",
            "lead_department": "99",
            "other_departments": ["98"],
            "loaded": form["form"].initial["loaded"],
            "promoter-name": "Association du Nord",
            "promoter-legal_form": "association",
            "promoter-loaded": "{}",
        },
    )
    take_step(ars, project.pk, Step("receive_letter", timezone.localdate()))
    page = client.get(f"{project.get_absolute_url()}historique")
    told = [
        (change.by, change.subject, field.label, field.old, field.new)
        for change in page.context["changes"]
        for field in change.fields
    ]
    assert (str(ars), "Projet", "Nom", "CPTS Nord", "CPTS Grand Nord") in told
    assert (str(ars), "Projet", "Porteur", "", "Association du Nord") in told
    assert (str(ars), "Projet", "Autres départements", "", "98") in told
    assert "Lettre d&#x27;intention reçue\u00a0» du" in page.text


def test_its_history_tells_the_steps_and_not_what_follows_from_them(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2))])
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate()))
    changes = client_of(ars).get(f"{project.get_absolute_url()}historique").context["changes"]
    assert [(change.act, change.by) for change in changes if "Étape" in change.subject] == [
        ("ajoutée", str(ars)),
        ("ajoutée", "import ou commande"),
    ]
    assert "déposé" in changes[0].subject
