"""The merge fields: one list for the code, the page and the documentation."""

import re

import pytest
from django.conf import settings

from fixtures.kit.letters.build import FOLDER, MODELS
from fixtures.kit.letters.layout import as_bytes
from ground.templatetags.french import day as in_words
from projects.clock import Deadline, acquired_on
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.letters.fields import FIELDS, MENTIONS, fields_of
from projects.letters.rendering import fill, text_of
from projects.letters.subject import subject_of
from projects.letters.values import values_of
from projects.models import LetterKind, PieceRequest
from projects.states import State
from tests.factories import ZoneFactory
from tests.letters import ago, filed, project_with, said_by, shipped, why_refused


def test_the_documentation_lists_every_field_and_no_other():
    page = (settings.BASE_DIR / "docs" / "letters.md").read_text().split("## Merge fields")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert rows == {name: field.meaning for name, field in FIELDS.items()}


@pytest.mark.parametrize("kind", LetterKind)
def test_every_mention_names_fields_of_its_letter(kind):
    fields = fields_of(kind)
    assert [name for mention in MENTIONS[kind] for name in mention.fields if name not in fields] == []
    assert [mention for mention in MENTIONS[kind] if not (mention.fields or mention.phrases)] == []


@pytest.mark.parametrize("kind", LetterKind)
def test_every_shipped_model_is_accepted(kind):
    assert why_refused(shipped(kind), kind) == []


def test_shipped_models_are_those_that_their_script_writes():
    assert {name for name in MODELS if (FOLDER / name).read_bytes() != as_bytes(MODELS[name]())} == set()


def test_the_clock_of_a_filing_is_merged_with_both_readings(ars):
    deadline = Deadline(ago(20))
    values = values_of(subject_of(filed(20), LetterKind.ACKNOWLEDGEMENT), said_by(ars))
    assert values["date_reception"] == in_words(ago(20))
    for name in ("dernier_jour", "prudent_dernier_jour", "complet_dernier_jour"):
        assert values[name] == in_words(deadline.last_day)
    for name in ("date_acceptation", "prudent_date_acceptation", "complet_date_acceptation"):
        assert values[name] == in_words(deadline.acquired_on)
    assert values["dernier_jour_sur"] == in_words(deadline.last_safe_day)
    assert values["regle"] == "L1434-12/2019"


def test_the_safe_day_of_the_service_is_not_in_the_count_that_promoters_read(ars):
    values = values_of(subject_of(filed(), LetterKind.ACKNOWLEDGEMENT), said_by(ars))
    facts = [line["fait"] for line in values["decompte"]]
    assert facts == ["Dossier reçu par l'ARS", "Dernier jour", "Validation acquise"]


def test_while_an_indispensable_piece_is_awaited_only_the_prudent_reading_has_dates(ars):
    project = filed(20)
    asked = PieceRequest(pieces="Statuts", is_indispensable=True, basis="CSP, L. 1434-12-1", asked_on=ago(15))
    request = ask_pieces(ars, project.pk, asked)
    prudent = in_words(acquired_on(ago(20)))
    values = values_of(subject_of(project, LetterKind.ACKNOWLEDGEMENT), said_by(ars))
    assert values["attente_pieces"] is True
    assert (values["date_acceptation"], values["prudent_date_acceptation"]) == ("", prudent)
    receive_pieces(ars, project.pk, request.pk, ago(10))
    values = values_of(subject_of(project, LetterKind.ACKNOWLEDGEMENT), said_by(ars))
    assert values["attente_pieces"] is False
    assert (values["date_acceptation"], values["prudent_date_acceptation"]) == (in_words(acquired_on(ago(10))), prudent)


def test_pieces_are_one_item_a_line_without_their_dash(ars):
    project = filed()
    asked = PieceRequest(pieces="- Statuts\n\n• Budget\n", asked_on=ago(5), due_on=ago(-20))
    request = ask_pieces(ars, project.pk, asked)
    values = values_of(subject_of(project, LetterKind.PIECES), said_by(ars, request=request))
    due = in_words(ago(-20))
    assert [(piece["intitule"], piece["avant_le"]) for piece in values["pieces"]] == [("Statuts", due), ("Budget", due)]
    assert values["pieces_indispensables"] is False


def test_the_territory_is_the_one_that_was_deposited(ars):
    before, after = ZoneFactory(name="Pantin", population=58_000), ZoneFactory(name="Bagnolet")
    project = filed(20, zones=[before])
    project.perimeter.set_zones([before, after], ago(10))
    values = values_of(subject_of(project, LetterKind.ACKNOWLEDGEMENT), said_by(ars))
    assert (values["communes"], values["population"], values["millesime"]) == ("Pantin", "58\u202f000", "2023")


@pytest.mark.parametrize("kind", LetterKind)
def test_values_are_those_of_the_fields_and_nothing_else(kind, ars, cpam):
    others = {
        LetterKind.JOINT_LETTER: [(State.LETTER_FILED, ago(30))],
        LetterKind.ATTESTATION: [(State.FILED, ago(90))],
    }
    project = project_with(others.get(kind, [(State.FILED, ago(20))]))
    if kind == LetterKind.PIECES:
        ask_pieces(ars, project.pk, PieceRequest(pieces="Statuts", asked_on=ago(5)))
    values = values_of(subject_of(project, kind), said_by(ars, cpam))
    assert set(values) == set(fields_of(kind))


def test_what_is_typed_cannot_break_the_document():
    content = shipped(LetterKind.OPPOSITION).read()
    values = {name: field.sample for name, field in fields_of(LetterKind.OPPOSITION).items()}
    typed = '<w:p>Premier & "dernier"\x0b\x00\r\nl\'île {{ projet }} {% if x %}'
    text = text_of(fill(content, values | {"motivation": typed}))
    assert '<w:p>Premier & "dernier"\nl\'île {{ projet }} {% if x %}' in text
