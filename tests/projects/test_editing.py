"""Creating and changing a project: who, what is checked, what happens when two people write at once."""

from datetime import date

import pytest
from django.utils import timezone

from projects.models import Project, Promoter
from projects.states import State
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = "/projets/nouveau"


def typed(**said) -> dict:
    return {
        "name": "CPTS du Levant",
        "lead_department": "99",
        "loaded": "{}",
        "promoter-loaded": "{}",
        "promoter-name": "",
        "state": "initiative",
        "since": "2024-03-01",
        **said,
    }


def test_a_project_is_created_with_its_first_stage(client_of, ars, neighbour):
    said = typed(**{"other_departments": ["98"], "promoter-name": "Association du Levant", "state": "formalising"})
    page = client_of(ars).post(NEW, said, follow=True)
    project = Project.objects.get()
    assert page.redirect_chain == [(project.get_absolute_url(), 302)]
    assert (project.promoter.name, project.department_codes()) == ("Association du Levant", {"99", "98"})
    assert [(s.state, s.since, s.recorded_by) for s in project.stages.all()] == [
        (State.FORMALISING, date(2024, 3, 1), ars)
    ]


def test_identifiers_may_be_pasted_with_their_spaces(client_of, ars):
    said = {
        "promoter-name": "Asso",
        "promoter-siret": "130 025 265 00013",
        "promoter-rna": "w931012345",
    }
    client_of(ars).post(NEW, typed(**said))
    project = Project.objects.get()
    assert (project.promoter.siret, project.promoter.rna) == ("13002526500013", "W931012345")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"name": ""}, "Ce champ est obligatoire"),
        ({"name": "…"}, "Donnez un nom au projet"),
        ({"lead_department": "98"}, "Sélectionnez un choix valide"),
        ({"other_departments": ["99"]}, "chef de file n&#x27;est pas à cocher"),
        ({"since": "2999-01-01"}, "dans le futur"),
        ({"since": "2016-01-25"}, "Les CPTS n&#x27;existent que depuis le 26 janvier 2016"),
        ({"since": ""}, "Ce champ est obligatoire"),
        ({"state": "validated"}, "Sélectionnez un choix valide"),
        ({"promoter-name": "Asso", "promoter-siret": "13002526500014"}, "mal recopié"),
        ({"promoter-siret": "13002526500013"}, "Donnez le nom du porteur"),
        (
            {"promoter-name": "Asso", "promoter-legal_form": "local_law_association", "promoter-rna": "W931012345"},
            "droit local n&#x27;a pas de numéro RNA",
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(said, reason, client_of, ars, neighbour):
    page = client_of(ars).post(NEW, typed(**said))
    assert page.status_code == 422
    assert reason in page.text
    assert not Project.objects.exists()
    assert not Promoter.objects.exists()


def test_no_finess_is_typed_here_the_ars_gives_it_after_the_validation(client_of, ars):
    client_of(ars).post(NEW, typed(finess="750712184"))
    assert Project.objects.get().finess == ""


def test_a_namesake_of_the_department_must_be_confirmed(client_of, ars, neighbour):
    ProjectFactory(name="Cpts du LEVANT")
    page = client_of(ars).post(NEW, typed())
    assert page.status_code == 422
    assert "Cpts du LEVANT" in page.text
    assert Project.objects.count() == 1
    assert client_of(ars).post(NEW, typed(is_another="on")).status_code == 302
    assert Project.objects.count() == 2


def test_a_project_sent_twice_is_created_once(client_of, ars):
    client = client_of(ars)
    assert [client.post(NEW, typed()).status_code for _ in range(2)] == [302, 422]
    assert Project.objects.count() == 1


def test_a_namesake_elsewhere_or_ended_prevents_nothing(client_of, ars, neighbour):
    ProjectFactory(name="CPTS du Levant", lead_department=neighbour)
    ProjectFactory(name="CPTS du Levant", stages=[(State.ABANDONED, date(2020, 1, 1))])
    assert "C'est bien un autre projet" not in client_of(ars).get(NEW).text
    assert client_of(ars).post(NEW, typed()).status_code == 302


def test_a_reader_creates_nothing(client_of, reader):
    assert client_of(reader).get(NEW).status_code == 403
    assert client_of(reader).post(NEW, typed()).status_code == 403


# Changing


@pytest.fixture
def project(department):
    promoter = Promoter.objects.create(name="Association du Nord", legal_form="association")
    return ProjectFactory(name="CPTS Nord", promoter=promoter)


def edit_url(project: Project) -> str:
    return f"{project.get_absolute_url()}modifier"


def loaded(client, project: Project) -> dict:
    """What the browser sends back when nothing was typed."""
    context = client.get(edit_url(project)).context
    form, promoter = context["form"], context["promoter_form"]
    return {
        "name": form.initial["name"],
        "lead_department": form.initial["lead_department"],
        "other_departments": [department.pk for department in form.initial["other_departments"]],
        "loaded": form.initial["loaded"],
        "promoter-name": promoter.initial["name"],
        "promoter-legal_form": promoter.initial["legal_form"],
        "promoter-loaded": promoter.initial["loaded"],
    }


def test_it_is_changed_and_its_history_kept(project, client_of, ars):
    client = client_of(ars)
    said = {**loaded(client, project), "name": "CPTS Grand Nord", "promoter-siret": "13002526500013"}
    assert client.post(edit_url(project), said).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.search_name) == ("CPTS Grand Nord", "cpts grand nord")
    assert project.promoter.siret == "13002526500013"
    assert project.history.latest().history_user == ars


def test_who_comes_second_is_told_what_changed_and_loses_nothing(project, client_of, ars, cpam):
    first, second = client_of(ars), client_of(cpam)
    of_the_second = {**loaded(second, project), "promoter-siret": "13002526500013"}
    first.post(edit_url(project), {**loaded(first, project), "name": "CPTS Grand Nord"})
    page = second.post(edit_url(project), of_the_second)
    assert page.status_code == 422
    assert "est devenu «\u00a0CPTS Grand Nord\u00a0» (c&#x27;était «\u00a0CPTS Nord\u00a0»)" in page.text
    assert 'value="13002526500013"' in page.text
    again = {**of_the_second, "loaded": page.context["form"].data["loaded"], "name": "CPTS Grand Nord"}
    assert second.post(edit_url(project), again).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.promoter.siret) == ("CPTS Grand Nord", "13002526500013")


def test_a_change_of_the_promoter_meanwhile_is_told_too(project, client_of, ars, cpam):
    second = client_of(cpam)
    of_the_second = {**loaded(second, project), "promoter-name": "Autre nom"}
    Promoter.objects.update(name="Association du Grand Nord")
    page = second.post(edit_url(project), of_the_second)
    assert page.status_code == 422
    assert "est devenu «\u00a0Association du Grand Nord\u00a0»" in page.text


def test_a_promoter_added_or_taken_away_meanwhile_is_told(project, client_of, ars):
    client = client_of(ars)
    with_promoter = loaded(client, project)
    Project.objects.update(promoter=None)
    assert client.post(edit_url(project), with_promoter).status_code == 422
    shown = client.get(edit_url(project)).context["promoter_form"].initial["loaded"]
    without = {**with_promoter, "promoter-name": "Autre nom", "promoter-loaded": shown}
    Project.objects.update(promoter=Promoter.objects.get())
    page = client.post(edit_url(project), without)
    assert page.status_code == 422
    assert "est devenu «\u00a0Association du Nord\u00a0»" in page.text


@pytest.mark.parametrize("sent", [None, "", "{", "[1]", "3", "null"])
def test_what_does_not_say_what_the_page_showed_is_refused_and_kept(sent, project, client_of, ars):
    client = client_of(ars)
    said = {**loaded(client, project), "name": "CPTS Grand Nord", "loaded": sent}
    page = client.post(edit_url(project), {name: value for name, value in said.items() if value is not None})
    assert page.status_code == 422
    assert "La page a été envoyée incomplète" in page.text
    assert 'value="CPTS Grand Nord"' in page.text
    project.refresh_from_db()
    assert project.name == "CPTS Nord"


def test_a_promoter_of_several_projects_stays_as_it_is_for_the_others(project, client_of, ars, far):
    other = ProjectFactory(lead_department=far, promoter=project.promoter)
    client = client_of(ars)
    assert "Ce porteur porte aussi d'autres projets" in client.get(edit_url(project)).text
    client.post(edit_url(project), {**loaded(client, project), "promoter-name": "Association nouvelle"})
    project.refresh_from_db()
    other.refresh_from_db()
    assert (project.promoter.name, other.promoter.name) == ("Association nouvelle", "Association du Nord")


def test_a_promoter_emptied_is_taken_away(project, client_of, ars):
    client = client_of(ars)
    said = {**loaded(client, project), "promoter-name": "", "promoter-legal_form": ""}
    assert client.post(edit_url(project), said).status_code == 302
    project.refresh_from_db()
    assert project.promoter is None


def test_an_officer_of_a_department_it_reaches_keeps_its_lead(project, client_of, neighbour):
    project.other_departments.add(neighbour)
    client = client_of(UserFactory(role="officer", departments=[neighbour]))
    assert client.get(edit_url(project)).context["form"]["lead_department"].field.disabled
    said = {**loaded(client, project), "name": "CPTS Nord et Est", "lead_department": "98"}
    assert client.post(edit_url(project), said).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.lead_department_id) == ("CPTS Nord et Est", "99")


def test_the_state_is_no_field_of_it(project, client_of, ars):
    client = client_of(ars)
    client.post(edit_url(project), {**loaded(client, project), "state": "aci_signed", "since": "2020-01-01"})
    assert project.state_on_day(timezone.localdate()) == State.INITIATIVE


def test_a_name_is_kept_on_one_line_and_exported(client_of, ars):
    project = ProjectFactory(name="CPTS\r\nBcc: x\x0b Nord")
    assert project.name == "CPTS Bcc: x Nord"
    Project.objects.filter(pk=project.pk).update(name="Ancien\x0bnom")
    assert client_of(ars).get("/projets/?format=xlsx").status_code == 200
