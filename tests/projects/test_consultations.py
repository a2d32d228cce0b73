"""Opinions asked of partners: asked, reminded, answered by themselves or for them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Institution, User
from projects.examination.consultations import answer, contacts_of, reminder_link
from projects.models import Consultation, DirectoryEntry, Project, Verdict
from projects.states import State
from tests.factories import ProjectFactory, UserFactory, ZoneFactory
from tests.together import at_once

pytestmark = pytest.mark.django_db
LETTER_ON = date(2026, 3, 2)
SAID = {"verdict": Verdict.FAVOURABLE, "text": "", "answered_on": date(2026, 3, 20)}


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord", stages=[(State.LETTER_FILED, LETTER_ON)])


@pytest.fixture
def urps(project, ars) -> Consultation:
    """The URPS was asked on 9 March for 30 March 2026."""
    return project.stages.get().consultations.create(
        partner="urps", question="Le collectif ?", asked_on=date(2026, 3, 9), due_on=date(2026, 3, 30), recorded_by=ars
    )


def url(name: str, project: Project, row: int) -> str:
    return reverse(name, args=[project.pk, row])


def shown(page) -> dict[str, str]:
    return {"loaded": page.context["form"]["loaded"].value()}


# Asking


ASKED = {"partner": "elsm", "question": "Les maladies chroniques ?", "asked_on": "2026-03-09", "due_on": "2026-03-30"}


def test_a_partner_is_asked(project, ars, client_of):
    browser, page = client_of(ars), url("consultation_new", project, project.stages.get().pk)
    done = browser.post(page, ASKED | shown(browser.get(page)), follow=True)
    assert "Avis demandé : ELSM, attendu le 30 mars 2026." in done.text
    asked = Consultation.objects.get()
    assert (asked.partner, asked.due_on, asked.recorded_by) == ("elsm", date(2026, 3, 30), ars)
    assert "Les maladies chroniques ?" in done.text


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"due_on": "2026-03-08"}, "ne peut pas être attendu avant d'avoir été demandé"),
        ({"asked_on": "2026-03-01"}, "n'a commencé que le 2 mars 2026"),
        ({"asked_on": "2999-01-01", "due_on": "2999-02-01"}, "Cette date est dans le futur"),
        ({"partner": "other", "question": " "}, "Dites quel partenaire"),
        ({"partner": "cpam"}, "cpam"),
        ({"partner": ""}, "Ce champ est obligatoire"),
    ],
)
def test_a_refused_request_comes_back_as_typed(said, reason, project, ars, client_of):
    browser, page = client_of(ars), url("consultation_new", project, project.stages.get().pk)
    refused = browser.post(page, ASKED | shown(browser.get(page)) | said)
    assert refused.status_code == 422
    assert escape(reason) in refused.text
    assert "question" in said or "Les maladies chroniques ?" in refused.text
    assert not Consultation.objects.exists()


def test_who_asks_second_is_told_that_it_was_asked(project, ars, cpam, client_of):
    page = url("consultation_new", project, project.stages.get().pk)
    opened = client_of(cpam).get(page)
    client_of(ars).post(page, ASKED | shown(client_of(ars).get(page)))
    late = client_of(cpam).post(page, ASKED | shown(opened))
    assert late.status_code == 422
    assert "ELSM (9 mars 2026)" in late.text
    assert Consultation.objects.count() == 1


def test_the_last_safe_day_is_told_to_who_asks_about_a_health_project(department, ars, client_of):
    today = timezone.localdate()
    project = ProjectFactory(stages=[(State.ENGINEERING, today), (State.FILED, today)])
    page = client_of(ars).get(url("consultation_new", project, project.stages.get(state=State.FILED).pk))
    assert "Dernier jour sûr pour notifier une opposition" in page.text


# Answering


def test_the_partner_answers_for_itself(urps, project, reader, client_of):
    browser = client_of(reader)
    tab = browser.get(reverse("project_examination", args=[project.pk]))
    assert url("consultation_answer", project, urps.pk) in tab.text
    assert url("consultation_remind", project, urps.pk) not in tab.text
    said = {"verdict": "with_points", "text": "Associer les IDEL.", "answered_on": "2026-03-20"}
    done = browser.post(url("consultation_answer", project, urps.pk), said, follow=True)
    assert "Avis enregistré : URPS, Favorable avec points de vigilance." in done.text
    assert "Associer les IDEL." in done.text
    urps.refresh_from_db()
    assert (urps.answered_on, urps.answered_by) == (date(2026, 3, 20), reader)


def test_the_binome_answers_on_its_behalf(urps, project, cpam, client_of):
    said = {"verdict": "favourable", "answered_on": "2026-03-20"}
    assert client_of(cpam).post(url("consultation_answer", project, urps.pk), said).status_code == 302
    urps.refresh_from_db()
    assert urps.answered_by == cpam


def test_another_partner_or_one_of_another_department_does_not_answer(urps, project, neighbour, far, client_of):
    msa = UserFactory(institution__kind=Institution.Kind.MSA, departments=[project.lead_department])
    next_door = UserFactory(institution__kind=Institution.Kind.URPS, departments=[neighbour])
    elsewhere = UserFactory(institution__kind=Institution.Kind.URPS, departments=[far])
    for user in (msa, next_door):
        with pytest.raises(PermissionDenied):
            answer(user, project.pk, urps.pk, **SAID)
        assert client_of(user).get(url("consultation_answer", project, urps.pk)).status_code == 403
    with pytest.raises(Project.DoesNotExist):
        answer(elsewhere, project.pk, urps.pk, **SAID)
    assert client_of(elsewhere).get(url("consultation_answer", project, urps.pk)).status_code == 404


def test_a_partner_writes_nothing_else(urps, project, reader, client_of):
    browser, stage = client_of(reader), project.stages.get().pk
    for page in (
        url("consultation_new", project, stage),
        url("consultation_remind", project, urps.pk),
        url("vigilance_new", project, stage),
        reverse("opinion", args=[project.pk, stage, "ars"]),
    ):
        assert browser.get(page).status_code == 403, page
        assert browser.post(page, ASKED).status_code == 403, page


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"answered_on": date(2026, 3, 8)}, "answered_on"),
        ({"answered_on": date(2999, 1, 1)}, "answered_on"),
        ({"verdict": Verdict.UNFAVOURABLE, "text": " "}, "text"),
        ({"verdict": Verdict.WITH_POINTS}, "text"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(said, field, urps, project, reader):
    with pytest.raises(ValidationError) as refused:
        answer(reader, project.pk, urps.pk, **SAID | said)
    assert list(refused.value.message_dict) == [field]
    urps.refresh_from_db()
    assert urps.answered_on is None


def test_who_answers_second_keeps_what_was_typed(urps, project, reader, cpam, client_of):
    answer(reader, project.pk, urps.pk, **SAID)
    said = {"verdict": "unfavourable", "text": "Reçu par courriel.", "answered_on": "2026-03-21"}
    late = client_of(cpam).post(url("consultation_answer", project, urps.pk), said)
    assert late.status_code == 422
    assert escape("Cet avis a déjà été rendu le 20 mars 2026") in late.text
    assert "Reçu par courriel." in late.text
    assert client_of(cpam).get(url("consultation_answer", project, urps.pk), follow=True).redirect_chain


@pytest.mark.django_db(transaction=True)
def test_an_opinion_answered_twice_at_once_is_recorded_once(urps, project, reader, cpam):
    def answering(user: User):
        return lambda: answer(user, project.pk, urps.pk, **SAID)

    outcomes = at_once(answering(reader), answering(cpam))
    assert sum("déjà été rendu" in str(outcome) for outcome in outcomes) == 1


# Reminding


def test_what_is_late_is_told_in_words_and_colour(urps, project, ars, client_of):
    page = client_of(ars).get(reverse("project_examination", args=[project.pk]))
    assert 'class="cpts-late">en retard, il y a' in page.text
    urps.due_on = timezone.localdate() + timedelta(days=40)
    urps.save()
    assert "en retard" not in client_of(ars).get(reverse("project_examination", args=[project.pk])).text


def test_a_reminder_is_written_to_those_of_the_directory(urps, project, department, neighbour, ars, client_of):
    here, elsewhere = ZoneFactory(), ZoneFactory()
    project.perimeter.set_zones([here], LETTER_ON)
    since = date(2020, 1, 1)

    def entry(name: str, zones=(), **said) -> DirectoryEntry:
        told = {"department": department, "function": "urps", "since": since, "email": f"{name}@urps.example"}
        contact = DirectoryEntry.objects.create(name=name, **told | said)
        contact.zones.set(zones)
        return contact

    entry("ada"), entry("bob", [here, elsewhere]), entry("cleo", email="", phone="01 02 03 04 05")
    entry("away", [elsewhere]), entry("gone", until=since), entry("msa", function="msa")
    entry("other", department=neighbour)
    contacts = contacts_of(urps, project, ars)
    assert [contact.name for contact in contacts] == ["ada", "bob", "cleo"]
    link = reminder_link(urps, project, contacts)
    assert link.startswith("mailto:ada@urps.example,bob@urps.example?subject=CPTS%20Nord")
    assert "Le%20collectif%20%3F" in link
    page = client_of(ars).get(url("consultation_remind", project, urps.pk))
    assert escape(link) in page.text
    assert "01 02 03 04 05" in page.text


def test_the_reminder_and_the_page_of_the_project_name_the_same_people(urps, project, department, ars, client_of):
    city = ZoneFactory()
    project.perimeter.set_zones([ZoneFactory(parent=city)], LETTER_ON)
    contact = DirectoryEntry.objects.create(name="Ada", department=department, function="urps", since=LETTER_ON)
    contact.zones.set([city])
    assert contacts_of(urps, project, ars) == [contact]
    assert list(client_of(ars).get(project.get_absolute_url()).context["directory"]) == [contact]


def test_without_an_address_there_is_no_message_to_write(urps, project, ars, client_of):
    page = client_of(ars).get(url("consultation_remind", project, urps.pk))
    assert "mailto:" not in page.text
    assert "ne connaît encore personne" in page.text


def test_a_reminder_is_noted_and_the_last_one_kept(urps, project, ars, client_of):
    browser, page = client_of(ars), url("consultation_remind", project, urps.pk)
    for day, told in (("2026-04-02", "2 avril 2026"), ("2026-04-15", "15 avril 2026")):
        done = browser.post(page, {"reminded_on": day} | shown(browser.get(page)), follow=True)
        assert f"Relance notée : URPS, {told}." in done.text
    urps.refresh_from_db()
    assert urps.reminded_on == date(2026, 4, 15)


def test_a_reminder_that_cannot_be_is_refused(urps, project, ars, cpam, reader, client_of):
    browser, page = client_of(ars), url("consultation_remind", project, urps.pk)
    loaded = shown(browser.get(page))
    early = browser.post(page, {"reminded_on": "2026-03-01"} | loaded)
    assert (early.status_code, "a été demandé le 9 mars 2026" in early.text) == (422, True)
    client_of(cpam).post(page, {"reminded_on": "2026-04-02"} | shown(client_of(cpam).get(page)))
    late = browser.post(page, {"reminded_on": "2026-04-03"} | loaded)
    assert (late.status_code, "est devenu" in late.text, "2 avril 2026" in late.text) == (422, True, True)
    answer(reader, project.pk, urps.pk, **SAID)
    useless = browser.post(page, {"reminded_on": "2026-04-03"} | shown(late))
    assert (useless.status_code, "rien à relancer" in useless.text) == (422, True)
    assert browser.get(page, follow=True).redirect_chain
    urps.refresh_from_db()
    assert urps.reminded_on == date(2026, 4, 2)
