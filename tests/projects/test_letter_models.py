"""Models that staff replace: what is refused and why, and who replaces which."""

from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.kit.letters import FILES, load
from projects.letters.producing import produce
from projects.models import LetterKind, LetterModel
from tests.factories import UserFactory
from tests.letters import (
    add_model,
    ago,
    complete,
    filed,
    repacked,
    said_by,
    shipped,
    tell_institution,
    text_in,
    why_refused,
    word,
)

Kind, Role = LetterKind, User.Role
TODAY = timezone.localdate


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def manager(ars, department) -> User:
    return UserFactory(role=Role.MANAGER, institution=ars.institution, departments=[department])


@pytest.fixture
def national(db) -> User:
    return UserFactory(role=Role.ADMINISTRATOR)


# What a model may say


@pytest.mark.parametrize("kind", Kind)
def test_the_least_complete_model_is_accepted(kind):
    assert why_refused(word(*complete(kind)), kind) == []


def test_an_unknown_field_is_refused_by_its_name_with_the_nearest_one():
    (told,) = why_refused(word(*complete(Kind.ATTESTATION), "Reçu le {{ date_recption }}"), Kind.ATTESTATION)
    assert "« date_recption » n'existe pas" in told
    assert "« date_reception »" in told


def test_a_field_of_another_letter_is_refused_by_its_name():
    (told,) = why_refused(word(*complete(Kind.ATTESTATION), "{{ motivation }}"), Kind.ATTESTATION)
    assert "« motivation » n'existe pas dans ce courrier" in told


@pytest.mark.parametrize("place", ["header", "footer", "box"])
def test_unknown_fields_are_found_outside_the_text_too(place):
    lines = complete(Kind.ATTESTATION)
    box = (
        "<w:p><w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent><w:p><w:r>"
        "<w:t>{{ inconnu }}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
    )

    def change(name: str, part: bytes) -> bytes:
        if place == "box" and name == "word/document.xml":
            return part.replace(b"<w:body>", f"<w:body>{box}".encode())
        if place == "footer":
            return part.replace(b"header+xml", b"footer+xml").replace(b"relationships/header", b"relationships/footer")
        return part

    model = word(*lines, header="" if place == "box" else "{{ inconnu }}")
    told = why_refused(repacked(model, change=change), Kind.ATTESTATION)
    assert any("« inconnu »" in each for each in told), told


def test_a_field_cut_in_pieces_by_word_is_read_whole():
    model = word(*complete(Kind.ATTESTATION), "{{ date_@@reception }}")
    cut = b"</w:t></w:r><w:proofErr w:type='spellStart'/><w:r><w:rPr><w:b/></w:rPr><w:t>"
    model = repacked(model, change=lambda name, part: part.replace(b"@@", cut))
    assert why_refused(model, Kind.ATTESTATION) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["{{ projet "],
        ["{% if projet %}Un projet"],
        ["{%p for point in points_de_vigilance %}", "{{ point.texte }}"],
        ["{% endif %}"],
    ],
)
def test_a_badly_written_field_is_refused_with_its_place(lines):
    told = why_refused(word("Objet du courrier", *lines, *complete(Kind.VALIDATION)), Kind.VALIDATION)
    assert any("mal écrit (corps du courrier, près de" in each for each in told), told


@pytest.mark.parametrize("name", ["date_reception", "date_acceptation", "ars_telephone", "ars_adresse", "pieces"])
def test_an_acknowledgement_without_a_mandatory_field_is_refused_by_its_mention(name):
    lines = [line for line in complete(Kind.ACKNOWLEDGEMENT) if f" {name} " not in line]
    told = why_refused(word(*lines), Kind.ACKNOWLEDGEMENT)
    assert len(told) == 1
    assert "CRPA, art. R. 112-5" in told[0]
    assert f"« {name} »" in told[0]


@pytest.mark.parametrize("phrase", ["décision implicite d'acceptation", "232-3"])
def test_an_acknowledgement_without_a_mandatory_sentence_is_refused(phrase):
    lines = [line for line in complete(Kind.ACKNOWLEDGEMENT) if line != phrase]
    (told,) = why_refused(word(*lines), Kind.ACKNOWLEDGEMENT)
    assert "CRPA, art. R. 112-5" in told


def test_a_mention_behind_a_condition_that_is_never_true_is_seen():
    lines = [line for line in complete(Kind.ATTESTATION) if " projet " not in line]
    told = why_refused(word(*lines, "{% if not regle %}{{ projet }}{% endif %}"), Kind.ATTESTATION)
    assert told == ["Ce modèle ne dit pas toujours le nom du projet (usage)."]


def test_the_joint_letter_has_a_place_for_both_signatories_and_the_points():
    told = " ".join(why_refused(word("{{ projet }} {{ date_lettre }}"), Kind.JOINT_LETTER))
    for name in ("signataire_ars", "qualite_ars", "signataire_cpam", "qualite_cpam", "points_de_vigilance"):
        assert f"« {name} »" in told


# The kit


def test_the_kit_adds_what_is_missing_and_overwrites_nothing(national, db):
    assert load() == "Modèles de courriers : 6 ajoutés, 0 gardés"
    LetterModel.objects.filter(kind=Kind.OPPOSITION).update(filename="le-notre.docx")
    LetterModel.objects.filter(kind=Kind.PIECES).delete()
    assert load() == "Modèles de courriers : 1 ajoutés, 5 gardés"
    assert LetterModel.objects.get(kind=Kind.OPPOSITION).filename == "le-notre.docx"
    assert set(LetterModel.objects.values_list("kind", flat=True)) == set(FILES)


# The pages

NEW = "letter_model_new"


def sent(client, kind: LetterKind, file: ContentFile, **typed):
    """The form of a replacement as a browser sends it."""
    loaded = client.get(reverse(NEW)).context["form"]["loaded"].value()
    told = {"kind": kind, "department": "", "since": TODAY().isoformat(), "file": file, "loaded": loaded}
    return client.post(reverse(NEW), told | typed)


def test_a_manager_replaces_the_model_of_its_department_and_it_is_used(ars, manager, department, client_of):
    load()
    tell_institution(ars)
    project = filed(90)
    before = produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    model = word("Le modèle du 99", *complete(Kind.ATTESTATION))
    assert sent(client_of(manager), Kind.ATTESTATION, model, department=department.pk).status_code == 302
    after = produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))
    assert (before.model.department, after.model.department) == (None, department)
    assert "Le modèle du 99" in text_in(after)
    assert "Le modèle du 99" not in text_in(before)


def test_the_former_model_is_closed_and_kept(national, client_of):
    load()
    client = client_of(national)
    former = LetterModel.objects.get(kind=Kind.ATTESTATION)
    to_come = date(TODAY().year + 1, 1, 1)
    assert sent(client, Kind.ATTESTATION, shipped(Kind.ATTESTATION), since=to_come.isoformat()).status_code == 302
    assert sent(client, Kind.ATTESTATION, shipped(Kind.ATTESTATION)).status_code == 302
    periods = LetterModel.objects.filter(kind=Kind.ATTESTATION).order_by("since").values_list("since", "until")
    assert list(periods) == [(former.since, TODAY()), (TODAY(), to_come), (to_come, None)]
    page = client.get(reverse("letter_models")).content.decode()
    assert page.count("attestation.docx") == 3


def test_a_refused_model_is_told_and_nothing_is_kept(manager, department, client_of):
    client = client_of(manager)
    refused = sent(client, Kind.ATTESTATION, word("{{ inconnu }}"), department=department.pk)
    assert refused.status_code == 422
    assert "« inconnu »" in refused.content.decode()
    past = sent(client, Kind.ATTESTATION, shipped(Kind.ATTESTATION), department=department.pk, since=ago(1).isoformat())
    assert past.status_code == 422
    assert "ne vaut pas pour le passé" in past.content.decode()
    assert not LetterModel.objects.exists()


def test_a_model_replaced_meanwhile_is_told(manager, department, client_of):
    client = client_of(manager)
    loaded = client.get(reverse(NEW)).context["form"]["loaded"].value()
    first = sent(client, Kind.ATTESTATION, shipped(Kind.ATTESTATION), department=department.pk)
    assert first.status_code == 302
    second = sent(client, Kind.ATTESTATION, shipped(Kind.ATTESTATION), department=department.pk, loaded=loaded)
    assert second.status_code == 422
    assert "Pendant que vous écriviez" in second.content.decode()


def test_a_cpam_replaces_the_joint_letter_and_no_letter_of_the_ars(department, client_of):
    theirs = UserFactory(role=User.Role.MANAGER, departments=[department])
    client = client_of(theirs)
    for kind in (Kind.VALIDATION, Kind.OPPOSITION):
        assert sent(client, kind, shipped(kind), department=department.pk).status_code == 422
    assert sent(client, Kind.JOINT_LETTER, shipped(Kind.JOINT_LETTER), department=department.pk).status_code == 302
    assert [model.kind for model in LetterModel.objects.all()] == [Kind.JOINT_LETTER]


def test_nobody_replaces_the_models_of_others(ars, manager, neighbour, client_of):
    assert client_of(ars).get(reverse(NEW)).status_code == 403
    client = client_of(manager)
    for typed in ({"department": neighbour.pk}, {"department": ""}):
        assert sent(client, Kind.ATTESTATION, shipped(Kind.ATTESTATION), **typed).status_code == 422
    assert not LetterModel.objects.exists()
    assert client.get(reverse(NEW), {"courrier": "inconnu"}).status_code == 400


def test_models_are_read_in_ones_own_region(ars, manager, department, far, client_of):
    load()
    client = client_of(manager)
    sent(client, Kind.ATTESTATION, word("Le nôtre", *complete(Kind.ATTESTATION)), department=department.pk)
    own = LetterModel.objects.get(department=department)
    url = reverse("letter_model_download", args=[own.pk])
    stranger = UserFactory(role=Role.OFFICER, institution=ars.institution, departments=[far])
    assert client_of(stranger).get(url).status_code == 404
    assert own.filename not in client_of(stranger).get(reverse("letter_models")).content.decode()
    answer = client_of(ars).get(url)
    assert answer["Content-Disposition"] == 'attachment; filename="modele.docx"'
    assert b"".join(answer).startswith(b"PK")


def test_the_page_of_models_costs_the_same_whatever_their_number(ars, department, client_of):
    load()
    client = client_of(ars)
    client.get(reverse("letter_models"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("letter_models"))
    for days in range(5):
        add_model(Kind.ATTESTATION, "x", department=department, since=ago(days), recorded_by=ars)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("letter_models"))
    assert len(many) == len(few)
