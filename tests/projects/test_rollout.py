"""From the validation to the signatures: the checklist, its events, the FINESS number, the versions exchanged."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models.institution import Side
from projects.models import Opinion, Project, RolloutEvent, Signature, Verdict
from projects.states import State
from projects.timeline import OBSERVED
from tests.acts import sign_for_all, take
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
FILED_ON, VALIDATED_ON = date(2024, 1, 10), date(2024, 2, 1)
TODAY = timezone.localdate


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord", stages=[(State.FILED, FILED_ON), (State.VALIDATED, VALIDATED_ON)])


def url(project: Project, page: str = "") -> str:
    return f"{project.get_absolute_url()}deploiement{page}"


def send(client: Client, address: str, **said):
    """Open the form, then send it back with what is typed over what it showed."""
    form = client.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in (shown | said).items() if value not in (None, False)}
    return client.post(address, typed)


def record(client: Client, project: Project, kind: str, day: str = "2024-03-01", **said):
    return send(client, url(project, f"/{kind}"), happened_on=day, **said)


def told(client: Client, project: Project) -> dict[str, tuple[bool, list[str]]]:
    """Each step by its key: whether it is done, and what is said of it."""
    rows = client.get(url(project)).context["rows"]
    return {row.line.step.key: (row.line.is_done, row.line.told) for row in rows}


def test_the_steps_come_in_the_order_of_the_field_and_are_done_one_by_one(project, client_of, ars, cpam):
    assert not any(is_done for is_done, _ in told(client_of(ars), project).values())
    for user, kind in ((ars, "restitution"), (ars, "decision_sent"), (cpam, "draft_sent")):
        page = record(client_of(user), project, kind, comment="Compte rendu joint")
        assert page.url == url(project)
    done = {key: is_done for key, (is_done, _) in told(client_of(ars), project).items()}
    assert list(done.items()) == [
        ("restitution", True),
        ("decision_sent", True),
        ("finess", False),
        ("indicator_meeting", False),
        ("versions", False),
        ("draft_sent", True),
        ("opinions", False),
        ("signatures", False),
    ]
    assert client_of(ars).get(url(project)).text.count("Compte rendu joint") == 3
    assert [event.recorded_by for event in project.rollout.order_by("pk")] == [ars, ars, cpam]


def test_two_meetings_are_usual_and_more_are_allowed(project, client_of, cpam):
    client = client_of(cpam)
    for n, is_done in ((1, False), (2, True), (3, True)):
        assert record(client, project, "indicator_meeting", f"2024-03-0{n}").status_code == 302
        assert told(client, project)["indicator_meeting"][0] == is_done
    assert told(client, project)["indicator_meeting"][1][0].startswith("3 sur 2")


@pytest.mark.parametrize(
    ("kind", "by_ars", "by_cpam"),
    [
        ("restitution", 302, 302),
        ("indicator_meeting", 302, 302),
        ("decision_sent", 302, 403),
        ("draft_sent", 403, 302),
    ],
)
def test_each_step_is_recorded_by_whose_it_is(kind, by_ars, by_cpam, project, client_of, ars, cpam, reader, far):
    stranger = UserFactory(role="officer", departments=[far])
    for n, (user, status) in enumerate(((ars, by_ars), (cpam, by_cpam), (reader, 403), (stranger, 404)), start=1):
        client, said = client_of(user), {"happened_on": f"2024-03-0{n}"}
        page = client.get(url(project, f"/{kind}"))
        if page.status_code == 200:
            said["loaded"] = page.context["form"]["loaded"].value()
        page = client.post(url(project, f"/{kind}"), said)
        assert page.status_code == status
    assert client_of(ars).get(url(project, "/fiesta")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "day", "reason"),
    [
        ("restitution", "2024-01-09", "avant l'étape «\u00a0Projet déposé\u00a0» du 10 janvier 2024"),
        ("decision_sent", "2024-01-31", "avant l'étape «\u00a0Projet validé\u00a0» du 1er février 2024"),
        ("indicator_meeting", "2024-01-31", "avant l'étape «\u00a0Projet validé\u00a0»"),
        ("decision_sent", "2999-01-01", "dans le futur"),
        ("decision_sent", "", "Ce champ est obligatoire"),
    ],
)
def test_a_date_that_cannot_be_is_told_and_what_was_typed_kept(kind, day, reason, project, client_of, ars):
    page = record(client_of(ars), project, kind, day, comment="Vu avec la CPTS")
    assert page.status_code == 422
    assert reason in page.text.replace("&#x27;", "'")
    assert "Vu avec la CPTS" in page.text
    assert not project.rollout.exists()


def test_a_step_sent_twice_is_recorded_once(project, client_of, ars):
    client = client_of(ars)
    loaded = client.get(url(project, "/indicator_meeting")).context["form"]["loaded"].value()
    said = {"happened_on": "2024-03-01", "loaded": loaded}
    assert [client.post(url(project, "/indicator_meeting"), said).status_code for _ in range(2)] == [302, 422]
    assert project.rollout.count() == 1


def test_before_the_filing_nothing_can_be_recorded_and_the_page_says_when(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2))])
    client = client_of(ars)
    assert "s'enregistre dès le dépôt du projet de santé" in client.get(url(project)).text
    for kind in ("restitution", "decision_sent"):
        assert "Rien ne s'enregistre ici" in client.get(url(project, f"/{kind}")).text
        page = client.post(url(project, f"/{kind}"), {"happened_on": "2024-03-01", "comment": "Vu"})
        assert page.status_code == 422
    assert not RolloutEvent.objects.exists()


def test_the_restitution_is_recorded_while_the_clock_runs_and_the_rest_waits(client_of, ars):
    day = TODAY() - timedelta(days=5)
    project = ProjectFactory(stages=[(State.FILED, day)])
    client = client_of(ars)
    assert "La réunion de restitution peut déjà être enregistrée" in client.get(url(project)).text
    assert record(client, project, "restitution", str(day)).status_code == 302
    page = client.post(url(project, "/decision_sent"), {"happened_on": str(day), "loaded": "{}"})
    assert page.status_code == 422
    assert "à partir de la validation du projet de santé" in page.text


def test_a_tacit_validation_opens_the_roll_out_on_its_date(client_of, ars):
    project = ProjectFactory(stages=[(State.FILED, date(2024, 1, 10))])
    assert record(client_of(ars), project, "decision_sent", "2024-03-10").status_code == 422
    assert record(client_of(ars), project, "decision_sent", "2024-03-11").status_code == 302


def test_the_restitution_of_an_opposed_filing_does_not_count_for_the_next(client_of, ars):
    project = ProjectFactory(stages=[(State.FILED, TODAY() - timedelta(days=50))])
    record(client_of(ars), project, "restitution", str(TODAY() - timedelta(days=40)))
    take(ars, project, "oppose", TODAY() - timedelta(days=20))
    take(ars, project, "file_health_project", TODAY() - timedelta(days=10))
    assert not told(client_of(ars), project)["restitution"][0]
    assert "(avant le dernier dépôt)" in client_of(ars).get(url(project)).text


def test_a_stage_that_was_only_seen_bounds_no_date(client_of, ars):
    project = ProjectFactory(stages=[(State.VALIDATED, date(2024, 2, 1))])
    project.stages.update(comment=f"{OBSERVED} au 1er février 2024.")
    assert record(client_of(ars), project, "decision_sent", "2023-11-02").status_code == 302


def test_the_copy_to_the_other_institution_is_told_when_it_lacks(project, client_of, ars):
    assert "CPAM en copie" in client_of(ars).get(url(project, "/decision_sent")).text
    assert "en copie" not in client_of(ars).get(url(project, "/restitution")).context["form"].fields
    record(client_of(ars), project, "decision_sent", other_in_copy=False)
    assert "(sans copie à l'autre institution)" in client_of(ars).get(url(project)).text


# FINESS


@pytest.mark.parametrize(("typed", "kept"), [("75 071 218 4", "750712184"), ("2a0000014", "2A0000014")])
def test_the_ars_gives_the_finess_number(typed, kept, project, client_of, ars):
    assert record(client_of(ars), project, "finess", finess=typed).status_code == 302
    project.refresh_from_db()
    assert project.finess == kept
    assert project.rollout.get().happened_on == date(2024, 3, 1)
    assert told(client_of(ars), project)["finess"] == (True, [f"N° {kept}"])
    assert project.history.first().history_user == ars


@pytest.mark.parametrize(
    ("finess", "reason"),
    [
        ("750712185", "mal recopié"),
        ("75071218", "9 caractères"),
        ("2C0000014", "9 caractères"),
        ("", "Ce champ est obligatoire"),
        ("930000005", "déjà celui d'un autre projet"),
    ],
)
def test_a_wrong_number_is_refused(finess, reason, project, client_of, ars, far):
    ProjectFactory(finess="930000005", lead_department=far)
    page = record(client_of(ars), project, "finess", finess=finess)
    assert page.status_code == 422
    assert reason in page.text.replace("&#x27;", "'")
    project.refresh_from_db()
    assert project.finess == ""
    assert not project.rollout.exists()


def test_no_finess_before_the_validation_nor_from_the_cpam(project, client_of, ars, cpam):
    assert client_of(cpam).get(url(project, "/finess")).status_code == 403
    assert client_of(cpam).post(url(project, "/finess"), {"finess": "750712184"}).status_code == 403
    filed = ProjectFactory(stages=[(State.FILED, TODAY())])
    page = client_of(ars).post(url(filed, "/finess"), {"finess": "750712184", "happened_on": str(TODAY())})
    assert page.status_code == 422
    assert not Project.objects.exclude(finess="").exists()


def test_a_second_number_waits_for_the_first_to_be_withdrawn(project, client_of, ars):
    client = client_of(ars)
    record(client, project, "finess", finess="750712184")
    assert "750712184 est déjà enregistré" in client.get(url(project, "/finess")).text
    said = {"finess": "930000005", "happened_on": "2024-03-02", "loaded": "{}"}
    assert client.post(url(project, "/finess"), said).status_code == 422
    event = project.rollout.get()
    withdrawn = client.post(f"{project.get_absolute_url()}retirer/deploiement/{event.pk}", {"reason": "autre CPTS"})
    assert withdrawn.url == url(project)
    project.refresh_from_db()
    assert project.finess == ""
    assert event.history.first().history_change_reason == "autre CPTS"
    assert record(client, project, "finess", finess="930000005").status_code == 302


def test_a_number_known_from_a_spreadsheet_is_offered_and_only_lacks_its_date(project, client_of, ars):
    Project.objects.filter(pk=project.pk).update(finess="750712184")
    client = client_of(ars)
    assert told(client, project)["finess"] == (True, ["N° 750712184, sans date enregistrée"])
    assert record(client, project, "finess").status_code == 302
    assert told(client, project)["finess"] == (True, ["N° 750712184"])


# Versions, opinions, signatures


def version(client: Client, project: Project, subject: str, sender: str, day: str, **said):
    address = url(project, "/versions/nouvelle")
    return send(client, address, subject=subject, sender=sender, sent_on=day, **said)


def test_versions_are_numbered_by_subject_in_the_order_they_were_sent(project, client_of, ars, cpam):
    client = client_of(cpam)
    for said in (
        ("indicators", "insurance", "2024-03-01"),
        ("contract", "insurance", "2024-05-01"),
        ("indicators", "insurance", "2024-04-01"),
    ):
        assert version(client, project, *said).url == url(project)
    version(client_of(ars), project, "indicators", "cpts", "2024-03-15", comments="Baisser la cible 2")
    shown = client.get(url(project))
    assert [(each.version.subject, str(each), each.version.sender) for each, _ in shown.context["versions"]] == [
        ("indicators", "v1", "insurance"),
        ("indicators", "v2", "cpts"),
        ("indicators", "v3", "insurance"),
        ("contract", "v1", "insurance"),
    ]
    assert "Baisser la cible 2" in shown.text
    assert told(client, project)["versions"] == (True, ["v3 : CPAM, 1er avr. 2024"])


@pytest.mark.parametrize(
    ("day", "reason"), [("2024-01-31", "avant l'étape"), ("2999-01-01", "dans le futur"), ("", "obligatoire")]
)
def test_a_version_has_a_possible_date(day, reason, project, client_of, cpam):
    page = version(client_of(cpam), project, "indicators", "insurance", day)
    assert page.status_code == 422
    assert reason in page.text.replace("&#x27;", "'")


def test_a_version_takes_a_document_of_its_own_project_that_was_not_withdrawn(project, client_of, cpam):
    kind = project.documents.model._meta.get_field("type").related_model.objects.create(name="Indicateurs")

    def document(of: Project, **said) -> int:
        told = {"filename": "i.pdf", "content_type": "application/pdf", "size": 8, "sha256": "0" * 64, "type": kind}
        return of.documents.create(**told | said).pk

    own = document(project)
    gone = document(project, withdrawn_at=timezone.now(), withdrawal="doublon")
    theirs = document(ProjectFactory())
    for wrong in (gone, theirs):
        page = version(client_of(cpam), project, "indicators", "insurance", "2024-03-01", document=wrong)
        assert page.status_code == 422
    version(client_of(cpam), project, "indicators", "insurance", "2024-03-01", document=own)
    assert project.versions.get().document_id == own


def test_opinions_and_signatures_are_read_from_the_validated_stage(project, client_of, ars):
    stage = project.stage_on(TODAY())
    Opinion.objects.create(stage=stage, side=Side.INSURANCE, verdict=Verdict.FAVOURABLE, given_on=date(2024, 5, 2))
    Signature.objects.create(stage=stage, party="cpts", signatory="Dr Vasseur", signed_on=date(2024, 6, 3))
    steps = told(client_of(ars), project)
    assert steps["opinions"] == (False, ["ARS : attendu", "Assurance Maladie : Favorable, 2 mai 2024"])
    assert steps["signatures"] == (
        False,
        ["CPTS : Dr Vasseur, 3 juin 2024", "CPAM : attendue", "ARS : attendue"],
    )
    assert f"{project.get_absolute_url()}signatures" in client_of(ars).get(url(project)).text


def test_once_signed_the_whole_stays_readable(project, client_of, ars, reader):
    sign_for_all(project, date(2024, 6, 3))
    project.stages.filter(state=State.VALIDATED).update(until=date(2024, 6, 3))
    project.stages.create(state=State.ACI_SIGNED, since=date(2024, 6, 3))
    is_done, said = told(client_of(reader), project)["signatures"]
    assert is_done
    assert said[0] == "CPTS : Pour CPTS, 3 juin 2024"
    imported = ProjectFactory(stages=[(State.ACI_SIGNED, date(2024, 6, 3))])
    assert told(client_of(ars), imported)["signatures"] == (
        True,
        ["Signé ; le détail des signatures n'est pas enregistré."],
    )


def test_an_event_is_withdrawn_by_its_author_with_a_reason(project, client_of, ars, cpam):
    record(client_of(cpam), project, "restitution")
    event = project.rollout.get()
    address = f"{project.get_absolute_url()}retirer/deploiement/{event.pk}"
    assert client_of(ars).post(address, {"reason": "erreur"}).status_code == 403
    assert client_of(cpam).post(address, {"reason": " "}).status_code == 422
    assert client_of(cpam).post(address, {"reason": "erreur"}).status_code == 302
    assert not project.rollout.exists()


def test_its_cost_does_not_grow_with_what_it_shows(project, client_of, ars):
    client = client_of(ars)

    def fill() -> None:
        for kind in RolloutEvent.Kind:
            project.rollout.create(kind=kind, happened_on=date(2024, 3, 1), recorded_by=UserFactory())
        project.versions.create(
            subject="indicators", sender="cpts", sent_on=date(2024, 3, 1), recorded_by=UserFactory()
        )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(project)).status_code == 200
        return len(captured)

    fill()
    once = queries()
    for _ in range(5):
        fill()
    assert queries() == once


def test_nothing_happens_once_the_project_has_ended(project, client_of, ars, cpam):
    take(ars, project, "abandon", date(2024, 5, 1))
    refused = record(client_of(cpam), project, "indicator_meeting", "2024-05-02")
    assert refused.status_code == 422
    assert "Le projet a pris fin le 1er mai 2024 (Abandonné)" in refused.text
    version = {"subject": "indicators", "sender": "insurance", "sent_on": "2024-05-02"}
    assert send(client_of(cpam), url(project, "/versions/nouvelle"), **version).status_code == 422
    for day in ("2024-04-30", "2024-05-01"):  # typed late
        assert record(client_of(cpam), project, "indicator_meeting", day).status_code == 302
    lines = {row.line.step.key: row.line for row in client_of(ars).get(url(project)).context["rows"]}
    assert (len(lines["indicator_meeting"].events), lines["indicator_meeting"].former) == (2, [])


def test_what_was_recorded_after_an_end_that_is_typed_late_is_not_of_an_earlier_filing(project, client_of, ars, cpam):
    record(client_of(cpam), project, "indicator_meeting", "2024-05-02")
    take(ars, project, "abandon", date(2024, 5, 1))
    assert "avant le dernier dépôt" not in client_of(ars).get(url(project)).text
