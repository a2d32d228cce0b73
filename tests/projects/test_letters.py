"""Letters: when each can be written, what it must say, and what the Word document says once opened."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.clock import acquired_on, last_day
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.kit.letters import load
from projects.letters.producing import produce
from projects.models import Document, Letter, LetterKind, LetterModel, PieceRequest, Project, VigilancePoint
from projects.states import State
from projects.workflow import Step, take_step
from tests.acts import opposition, take, validation
from tests.factories import UserFactory, ZoneFactory
from tests.letters import add_model, ago, complete, filed, project_with, said_by, tell_institution, text_in

Kind = LetterKind
TODAY = timezone.localdate


@pytest.fixture(autouse=True)
def desk(settings, tmp_path, ars, cpam) -> None:
    """The shipped models, and institutions that can be written to."""
    settings.MEDIA_ROOT = tmp_path
    load()
    tell_institution(ars)
    tell_institution(cpam, phone="01 99 99 99 99")


def raise_point(project: Project, text: str, **said) -> VigilancePoint:
    stage = project.stage_on(TODAY())
    told = {"section": "Gouvernance", "side": Side.ARS, "raised_on": ago(3)}
    return VigilancePoint.objects.create(project=project, stage=stage, text=text, **told | said)


# What each letter says


def test_the_acknowledgement_carries_every_mention_of_r112_5(ars):
    project = filed(20, zones=[ZoneFactory(name="Pantin")])
    letter = produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars))
    text = text_in(letter)
    assert f"reçue le {in_words(ago(20))}" in text
    assert f"au plus tard le {in_words(last_day(ago(20)))}" in text
    assert f"sera réputé validé le {in_words(acquired_on(ago(20)))}" in text
    assert "décision implicite d'acceptation" in text
    assert "attestation de décision implicite prévue à l'article L. 232-3" in text
    for told in (ars.institution.name, "Pôle offre de soins", "93000 Bobigny", "cpts@exemple.fr", "01 02 03 04 05"):
        assert told in text
    assert "Anne Vidal" in text
    assert "manquent" not in text


def test_the_acknowledgement_of_an_incomplete_file_lists_its_pieces_and_gives_no_date(ars):
    project = filed(20)
    asked = PieceRequest(pieces="Statuts signés\nBudget", is_indispensable=True, basis="CSP, L. 1434-12-1")
    asked.asked_on, asked.due_on = ago(15), ago(-10)
    ask_pieces(ars, project.pk, asked)
    text = text_in(produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars)))
    assert f"Statuts signés (CSP, L. 1434-12-1), à fournir avant le {in_words(ago(-10))}" in text
    assert "Budget" in text
    assert "ne court qu'à compter de la réception des pièces" in text
    assert in_words(acquired_on(ago(20))) not in text


def test_pieces_asked_without_a_delay_are_refused(ars):
    project = filed(20)
    request = ask_pieces(ars, project.pk, PieceRequest(pieces="Statuts", asked_on=ago(15)))
    for kind, more in ((Kind.ACKNOWLEDGEMENT, {}), (Kind.PIECES, {"request": request})):
        with pytest.raises(ValidationError, match="délai"):
            produce(ars, project.pk, kind, said_by(ars, **more))


@pytest.mark.parametrize(
    ("is_indispensable", "said", "unsaid"),
    [(True, "ne court qu'à compter de leur réception", "sans effet"), (False, "sans effet", "ne court qu'à compter")],
)
def test_a_request_for_pieces_says_its_delay_and_its_effect(ars, is_indispensable, said, unsaid):
    project = filed(20)
    asked = PieceRequest(pieces="Statuts", is_indispensable=is_indispensable, basis="CSP, L. 1434-12-1")
    asked.asked_on, asked.due_on = ago(15), ago(-10)
    request = ask_pieces(ars, project.pk, asked)
    text = text_in(produce(ars, project.pk, Kind.PIECES, said_by(ars, request=request)))
    assert "Statuts" in text
    assert f"avant le {in_words(ago(-10))}" in text
    assert said in text
    assert unsaid not in text


def test_pieces_that_have_arrived_are_not_asked_again(ars):
    project = filed(20)
    request = ask_pieces(ars, project.pk, PieceRequest(pieces="Statuts", asked_on=ago(15), due_on=ago(-10)))
    ask_pieces(ars, project.pk, PieceRequest(pieces="Budget", asked_on=ago(14), due_on=ago(-10)))
    receive_pieces(ars, project.pk, request.pk, ago(10))
    with pytest.raises(ValidationError, match="ne sont plus attendues"):
        produce(ars, project.pk, Kind.PIECES, said_by(ars, request=request))


def test_a_model_damaged_since_it_was_checked_is_told_not_an_error(ars, client_of):
    project = filed(20)
    model = LetterModel.objects.get(kind=Kind.ACKNOWLEDGEMENT)
    model.file.save("x", ContentFile(b"PK damaged"))
    with pytest.raises(ValidationError, match="ne se remplit pas"):
        produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars))
    assert "ne se remplit pas" in client_of(ars).get(url(project)).content.decode()


def test_the_joint_letter_has_two_signatories_and_carries_the_open_points(ars, cpam):
    project = project_with([(State.LETTER_FILED, ago(30))])
    raise_point(project, "Préciser la composition du bureau.")
    lifted = raise_point(project, "Territoire trop petit.", lifted_on=ago(1), lifted_by=ars)
    said = said_by(ars, cpam, insurance_signatory="Marc Petit", insurance_signatory_title="Directeur de la CPAM")
    letter = produce(cpam, project.pk, Kind.JOINT_LETTER, said)
    text = text_in(letter)
    assert f"reçue le {in_words(ago(30))}" in text
    assert "Gouvernance : Préciser la composition du bureau." in text
    assert lifted.text not in text
    for told in ("Anne Vidal", "Marc Petit", "Directeur de la CPAM", "01 02 03 04 05", "01 99 99 99 99"):
        assert told in text
    assert letter.values["points_de_vigilance"][0]["texte"] == "Préciser la composition du bureau."


def test_the_joint_letter_needs_both_signatories(ars, cpam):
    project = project_with([(State.LETTER_FILED, ago(30))])
    with pytest.raises(ValidationError, match="signataire de la CPAM"):
        produce(ars, project.pk, Kind.JOINT_LETTER, said_by(ars, cpam))


def test_an_opposition_is_prepared_before_it_is_notified(ars):
    project = filed(20)
    said = said_by(ars, territory_not_pertinent=True, motivation="Déjà couvert\npar la CPTS Est.")
    text = text_in(produce(ars, project.pk, Kind.OPPOSITION, said))
    assert "pour le motif suivant" in text
    assert "absence de pertinence du territoire d'action" in text
    assert "Déjà couvert\npar la CPTS Est." in text
    assert "[À adapter par votre service juridique]" in text
    assert project.state_on_day(TODAY()) == State.FILED, "a letter records no step"


def test_an_opposition_without_ground_or_motivation_is_refused(ars):
    with pytest.raises(ValidationError) as refusal:
        produce(ars, filed().pk, Kind.OPPOSITION, said_by(ars))
    told = " ".join(refusal.value.messages)
    assert "le motif légal de l'opposition (CSP, art. L. 1434-12)" in told
    assert "la motivation (CRPA, art. L. 211-5)" in told


def test_once_notified_the_opposition_takes_what_was_decided(ars):
    project = filed(20)
    details = opposition(breaks_health_plan=True, signatory="Paul Roy", signatory_title="Directeur général")
    take_step(ars, project.pk, Step("oppose", ago(2), details=details))
    said = said_by(ars, motivation="Autre motivation, que personne n'a décidée.")
    text = text_in(produce(ars, project.pk, Kind.OPPOSITION, said))
    assert "pour les motifs suivants" in text
    assert "Territoire déjà couvert." in text
    assert "Paul Roy" in text
    assert "personne n'a décidée" not in text


def test_the_attestation_says_since_when_and_shows_the_count(ars):
    project = filed(90)
    acquired = acquired_on(ago(90))
    letter = produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    text = text_in(letter)
    assert f"réputé validé depuis le {in_words(acquired)}" in text
    assert "Deux mois de quantième à quantième" in text
    assert "L1434-12/2019" in text
    assert "Dernier jour sûr" not in text
    assert letter.stage.is_tacit


def test_an_attestation_is_not_dated_before_the_silence_it_attests(ars):
    project = filed(90)
    with pytest.raises(ValidationError, match="ne peut pas être datée d'avant"):
        produce(ars, project.pk, Kind.ATTESTATION, said_by(ars, dated_on=acquired_on(ago(90)) - timedelta(days=1)))


def test_the_attestation_is_still_given_once_the_aci_is_signed(ars):
    project = filed(120)
    take(ars, project, "sign_aci", ago(10))
    letter = produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    assert letter.stage.since == acquired_on(ago(120))


# A project that was abandoned, then resumed: its decision is the one of before


def resumed(project: Project, user: User) -> Project:
    take(user, project, "abandon", ago(12))
    return take(user, project, "resume", ago(10))


def test_silence_is_still_attested_once_the_project_resumes(ars):
    project = resumed(filed(90), ars)
    letter = produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    assert f"réputé validé depuis le {in_words(acquired_on(ago(90)))}" in text_in(letter)
    assert letter.stage.is_tacit
    with pytest.raises(ValidationError, match=f"déjà validé ce projet de santé le {in_words(acquired_on(ago(90)))}"):
        produce(ars, project.pk, Kind.VALIDATION, said_by(ars))


def test_an_express_validation_is_dated_by_its_decision_once_the_project_resumes(ars):
    project = filed(40)
    take_step(ars, project.pk, Step("validate_health_project", ago(30), details=validation(signatory="Paul Roy")))
    letter = produce(ars, resumed(project, ars).pk, Kind.VALIDATION, said_by(ars))
    assert letter.values["date_notification"] == in_words(ago(30))
    assert letter.values["signataire_ars"] == "Paul Roy"
    with pytest.raises(ValidationError, match=f"décision expresse le {in_words(ago(30))}"):
        produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))


def test_an_opposition_takes_what_was_decided_once_the_project_resumes(ars):
    project = filed(40)
    take_step(ars, project.pk, Step("oppose", ago(30), details=opposition(signatory="Paul Roy")))
    letter = produce(ars, resumed(project, ars).pk, Kind.OPPOSITION, said_by(ars, motivation="Une autre"))
    assert letter.values["date_notification"] == in_words(ago(30))
    assert letter.values["motivation"] == "Territoire déjà couvert."


def test_a_validation_without_a_recorded_decision_is_not_said_to_be_express(ars):
    project = project_with([(State.FILED, ago(40)), (State.VALIDATED, ago(30))])
    with pytest.raises(ValidationError, match="n'a pas été validé par le silence") as refusal:
        produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    assert "expresse" not in refusal.value.messages[0]


# What it is counted on


def test_pieces_asked_after_the_decision_do_not_move_the_dates_of_its_letter(ars):
    project = filed(50)
    asked = PieceRequest(pieces="Statuts", is_indispensable=True, basis="CSP", asked_on=ago(20), received_on=ago(15))
    ask_pieces(ars, project.pk, asked)
    take_step(ars, project.pk, Step("oppose", ago(30), details=opposition()))
    values = produce(ars, project.pk, Kind.OPPOSITION, said_by(ars)).values
    assert values["dernier_jour"] == in_words(last_day(ago(50)))
    assert "Statuts" not in str(values["decompte"])


def test_the_communes_and_the_inhabitants_are_of_one_perimeter_even_typed_after_the_filing(ars):
    """The filing kept what was known of its perimeter when it was recorded: one commune of two."""
    pantin, bobigny = ZoneFactory(name="Pantin", population=600), ZoneFactory(name="Bobigny", population=50)
    project = project_with([(State.ENGINEERING, ago(100))], zones=[pantin])
    take(ars, project, "file_health_project", ago(10))
    project.perimeter.set_zones([pantin, bobigny], ago(15))
    values = produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars)).values
    assert (values["communes"], values["population"]) == ("Pantin, Bobigny", "650")


# When it cannot be written


def test_nothing_is_attested_before_silence_has_validated(ars):
    with pytest.raises(ValidationError, match="Projet déposé"):
        produce(ars, filed(20).pk, Kind.ATTESTATION, said_by(ars))


def test_an_express_validation_is_not_attested(ars):
    project = filed(20)
    take_step(ars, project.pk, Step("validate_health_project", ago(2), details=validation()))
    with pytest.raises(ValidationError, match="décision expresse"):
        produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    assert "Anne Vidal" in text_in(produce(ars, project.pk, Kind.VALIDATION, said_by(ars)))


@pytest.mark.parametrize(
    ("kind", "stages", "why"),
    [
        (Kind.ACKNOWLEDGEMENT, [(State.ENGINEERING, 30)], "Projet déposé"),
        (Kind.ACKNOWLEDGEMENT, [(State.FILED, 90)], "Projet déposé"),
        (Kind.PIECES, [(State.FILED, 20)], "Aucune pièce n'est attendue"),
        (Kind.JOINT_LETTER, [(State.ENGINEERING, 30)], "Lettre reçue"),
        (Kind.OPPOSITION, [(State.FILED, 90)], "Opposition"),
        (Kind.VALIDATION, [(State.FILED, 90)], "produisez l'attestation"),
        (Kind.VALIDATION, [(State.VALIDATED, 90)], "dépôt de ce projet de santé n'est pas enregistré"),
    ],
)
def test_a_letter_without_reason_is_refused(ars, cpam, kind, stages, why):
    project = project_with([(state, ago(days)) for state, days in stages])
    with pytest.raises(ValidationError, match=why):
        produce(ars, project.pk, kind, said_by(ars, cpam))
    assert not Letter.objects.exists()
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        ("phone", "le numéro de téléphone du service (CRPA, art. R. 112-5, 2°)"),
        ("address", "l'adresse postale du service (CRPA, art. R. 112-5, 2°)"),
        ("service", "la désignation du service chargé du dossier (CRPA, art. R. 112-5, 2°)"),
    ],
)
def test_an_acknowledgement_without_a_mention_is_refused_by_its_name(ars, lacking, why):
    tell_institution(ars, **{lacking: ""})
    with pytest.raises(ValidationError) as refusal:
        produce(ars, filed().pk, Kind.ACKNOWLEDGEMENT, said_by(ars))
    (told,) = refusal.value.messages
    assert why in told
    assert "fiche de l'institution" in told
    assert not Document.objects.exists()


def test_a_service_without_email_is_no_obstacle(ars):
    tell_institution(ars, email="")
    text = text_in(produce(ars, filed().pk, Kind.ACKNOWLEDGEMENT, said_by(ars)))
    assert "Courriel" not in text


def test_a_letter_names_its_promoter(ars):
    with pytest.raises(ValidationError, match="nom du porteur"):
        produce(ars, filed(promoter=None).pk, Kind.ACKNOWLEDGEMENT, said_by(ars))


def test_a_letter_is_not_dated_before_what_it_is_about(ars):
    with pytest.raises(ValidationError, match="vérifiez sa date"):
        produce(ars, filed(20).pk, Kind.ACKNOWLEDGEMENT, said_by(ars, dated_on=ago(21)))


def test_the_model_in_force_must_say_it_all_for_this_very_letter(ars):
    """A condition hides the date in a model that nobody has checked."""
    lines = [line for line in complete(Kind.ACKNOWLEDGEMENT) if "date_reception" not in line]
    add_model(Kind.ACKNOWLEDGEMENT, *lines, "{% if attente_pieces %}{{ date_reception }}{% endif %}", since=ago(1))
    with pytest.raises(ValidationError, match="ne dit pas la date de réception de la demande"):
        produce(ars, filed().pk, Kind.ACKNOWLEDGEMENT, said_by(ars))


# Who


def test_only_the_ars_writes_what_the_ars_decides(cpam, ars):
    project = filed()
    for kind in set(Kind) - {Kind.JOINT_LETTER}:
        with pytest.raises(PermissionDenied):
            produce(cpam, project.pk, kind, said_by(ars))


def test_out_of_scope_there_is_no_such_project(far, ars):
    stranger = UserFactory(role=User.Role.OFFICER, institution=ars.institution, departments=[far])
    with pytest.raises(Project.DoesNotExist):
        produce(stranger, filed().pk, Kind.ACKNOWLEDGEMENT, said_by(ars))


# What is kept


def test_the_letter_is_kept_as_a_document_with_its_frozen_values(ars):
    project = filed(20, name="CPTS de l'Étang / Nord")
    letter = produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars))
    document = letter.document
    assert document.filename == f"AR-projet-de-sante-CPTS-de-l-Etang-Nord-{TODAY():%Y-%m-%d}.docx"
    assert (document.type.name, document.stage, document.recorded_by) == ("Courrier produit", letter.stage, ars)
    assert document.size == document.file.size
    Project.objects.filter(pk=project.pk).update(name="Autre nom")
    letter.refresh_from_db()
    assert letter.values["projet"] == "CPTS de l'Étang / Nord"
    assert "CPTS de l'Étang / Nord" in text_in(letter)


def test_the_model_of_the_department_passes_before_the_common_one(ars, department, neighbour):
    own = add_model(Kind.ATTESTATION, "Modèle du 99", *complete(Kind.ATTESTATION), department=department)
    add_model(Kind.ATTESTATION, "Modèle voisin", *complete(Kind.ATTESTATION), department=neighbour)
    add_model(Kind.ATTESTATION, "À venir", *complete(Kind.ATTESTATION), department=department, since=ago(-1))
    letter = produce(ars, filed(90).pk, Kind.ATTESTATION, said_by(ars))
    assert letter.model == own
    assert "Modèle du 99" in text_in(letter)


# The pages


def url(project: Project, kind: LetterKind = Kind.ACKNOWLEDGEMENT) -> str:
    return reverse("letter_new", args=[project.pk, kind])


def answer(page, **typed: object) -> dict[str, object]:
    """What a browser sends back of the form, with what was typed."""
    form = page.context["form"]
    shown = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    shown = {name: getattr(value, "pk", value) for name, value in shown.items()}
    return shown | {"signatory": "Anne Vidal", "signatory_title": "Directrice"} | typed


def test_the_page_shows_what_will_be_said_then_produces_it(ars, client_of):
    project, client = filed(20), client_of(ars)
    page = client.get(url(project))
    shown = page.content.decode()
    assert in_words(acquired_on(ago(20))) in shown
    assert "01 02 03 04 05" in shown
    assert "Manque" not in shown
    after = client.post(url(project), answer(page), follow=True)
    letter = Letter.objects.get()
    assert letter.document.filename in after.content.decode()
    download = client.get(reverse("document_download", args=[project.pk, letter.document.pk]))
    assert download["Content-Disposition"] == f'attachment; filename="{letter.document.filename}"'
    assert b"".join(download).startswith(b"PK")


def test_what_is_missing_is_told_with_where_to_fill_it_and_the_form_keeps_what_was_typed(ars, client_of):
    tell_institution(ars, phone="")
    project, client = filed(20), client_of(ars)
    page = client.get(url(project))
    assert "dans la fiche de l'institution" in page.content.decode().replace("&#x27;", "'")
    refused = client.post(url(project), answer(page, addressee="Maison de santé"))
    assert refused.status_code == 422
    assert "le numéro de téléphone du service" in refused.content.decode()
    assert "Maison de santé" in refused.content.decode()
    assert not Letter.objects.exists()


def test_a_second_click_does_not_write_a_second_letter(ars, client_of):
    project, client = filed(20), client_of(ars)
    typed = answer(client.get(url(project)))
    assert client.post(url(project), typed).status_code == 302
    again = client.post(url(project), typed)
    assert again.status_code == 422
    assert "Dernier courrier de cette sorte" in again.content.decode()
    assert Letter.objects.count() == 1


def test_what_changed_since_the_page_was_opened_is_told_before_the_letter_is_written(ars, client_of):
    project, client = filed(20), client_of(ars)
    typed = answer(client.get(url(project)))
    Project.objects.filter(pk=project.pk).update(name="CPTS Sud")
    refused = client.post(url(project), typed)
    assert refused.status_code == 422
    assert "CPTS Sud" in refused.content.decode()
    assert client.post(url(project), answer(refused)).status_code == 302
    assert Letter.objects.get().values["projet"] == "CPTS Sud"


def test_an_opposition_is_typed_with_one_of_the_two_legal_grounds(ars, client_of):
    project, client = filed(20), client_of(ars)
    page = client.get(url(project, Kind.OPPOSITION))
    refused = client.post(url(project, Kind.OPPOSITION), answer(page, motivation="Dossier incomplet"))
    assert refused.status_code == 422
    assert "il n&#x27;y en a pas d&#x27;autre" in refused.content.decode()
    typed = answer(page, motivation="Trop petit", grounds=["territory_not_pertinent"])
    assert client.post(url(project, Kind.OPPOSITION), typed).status_code == 302


def test_a_letter_of_another_day_is_refused(ars, client_of):
    project, client = filed(20), client_of(ars)
    page = client.get(url(project))
    for day, why in (
        ("2062-01-01", "futur"),
        ("31/02/2026", "ne se lit pas"),
        (ago(21).isoformat(), "vérifiez sa date"),
    ):
        refused = client.post(url(project), answer(page, dated_on=day))
        assert refused.status_code == 422
        assert why in refused.content.decode()


def test_a_letter_that_is_not_possible_says_why(ars, client_of):
    project, client = project_with([(State.ENGINEERING, ago(30))]), client_of(ars)
    assert "Projet déposé" in client.get(url(project)).content.decode()
    assert client.post(url(project), {"signatory": "X"}).status_code == 422
    assert client.get(reverse("letter_new", args=[project.pk, "inconnu"])).status_code == 404


def test_who_may_not_write_a_letter_is_told_so(ars, cpam, reader, client_of):
    project = filed()
    assert client_of(cpam).get(url(project)).status_code == 403
    assert client_of(reader).get(url(project)).status_code == 403
    assert client_of(cpam).get(url(project, Kind.JOINT_LETTER)).status_code == 200


def test_the_documents_page_lists_letters_at_a_constant_cost(ars, client_of):
    project, client = filed(20), client_of(ars)
    page = reverse("project_documents", args=[project.pk])
    produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars))
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for _ in range(4):
        produce(ars, project.pk, Kind.ACKNOWLEDGEMENT, said_by(ars))
    with CaptureQueriesContext(connection) as many:
        shown = client.get(page).content.decode()
    assert len(many) == len(few)
    assert shown.count("AR-projet-de-sante-CPTS-Nord") >= 5
    assert "Aucune pièce n&#x27;est attendue" in shown
