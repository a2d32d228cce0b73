"""The prepared file of a dialogue: the same content as a tagged PDF and as a Word document."""

import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import docx
import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models.institution import Side
from aci.contracts import with_facts
from aci.dialogue_file import DialogueFile, as_docx, as_pdf, file_of
from aci.dialogue_file.content import Section, Table
from aci.dialogue_file.pdf import UNSHOWN
from aci.models import Contract, Meeting, PaymentRules, SharedAction, TariffAmount
from projects.models import Promoter
from projects.states import State
from projects.workflow import Entry, write_timeline
from tests.aci.acts import engage, hold_dialogue, indicator, measure, piece, retain
from tests.factories import ContractFactory, MeetingFactory, ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

DAY = date(2021, 4, 20)  # after the dialogue of the first year, held on 2 April 2021
HOSTILE = '#import "x": * *gras* _bas_ $x^2$ <label> @ref // reste /* [crochets] `code` \\ ~ = titre {{ x }} <b>&amp;'


def read(contract: Contract, year: int = 1, day: date = DAY) -> DialogueFile:
    return file_of(with_facts(Contract.objects.filter(pk=contract.pk)).get(), year, day)


def pdf_text(content: bytes) -> str:
    return flat("\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


def word_text(content: bytes) -> str:
    body = docx.Document(io.BytesIO(content)).element.body
    return flat("\n".join(node.text or "" for node in body.iter() if node.tag.endswith("}t")))


def flat(text: str) -> str:
    """Without the spaces and the ends of lines, which each layout places as it likes."""
    return re.sub(r"\s+", "", text)


def texts_of(part: DialogueFile | Section) -> list[str]:
    """Every text that somebody reads in it."""

    def walk(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, tuple):
            return [text for inner in value for text in walk(inner)]
        names = [name for name in getattr(value, "__slots__", ()) if name not in ("block", "kind")]
        return [text for name in names for text in walk(getattr(value, name))]

    return [text for text in walk(part.sections) if text]


@pytest.fixture
def contract(db: None) -> Contract:
    """Signed on 1 March 2020; nothing engaged."""
    return ContractFactory(
        cpts_signed_on=date(2020, 2, 20), insurance_signed_on=date(2020, 2, 27), ars_signed_on=date(2020, 3, 1)
    )


@pytest.fixture
def lived(contract: Contract) -> Contract:
    """A year as it is lived: a mission, indicators, results, payments, meetings, actions, a shared protocol."""
    project = contract.project
    project.promoter = Promoter.objects.create(name="Association de l'Est")
    project.finess = "930021480"
    project.save()
    engage(contract, "acces_soins", date(2020, 6, 1), deployed_on=date(2021, 2, 1))
    engage(contract, "parcours", date(2020, 9, 1))
    TariffAmount.objects.filter(line__mission="parcours").update(verified="no")
    retained = retain(
        contract,
        1,
        (
            indicator(contract, label="Patients en ALD sans médecin traitant", unit="patients"),
            [(None, 50, 9_000), (51, 100, 6_000), (101, 219, 3_000)],
        ),
        (
            indicator(contract, code="sas", label="Médecins engagés dans le SAS", direction="at_least"),
            [(8, None, 26_000)],
        ),
        (indicator(contract, code="suivi", label="Passages aux urgences", is_paying=False), []),
        (indicator(contract, "parcours", "rcp", label="Réunions tenues", direction="at_least"), [(4, None, 45_000)]),
    )
    ald, sas, _, rcp = retained.negotiated.all()
    type(ald).objects.filter(pk=ald.pk).update(baseline=Decimal(219), target=Decimal(50))
    ald.results.create(kind="intermediate", measured_on=date(2020, 11, 30), value=150)
    measure(ald, 100, date(2021, 3, 10)).documents.add(piece(project, "Requête ALD du 10 mars"))
    measure(sas, 9, date(2021, 3, 10), validated_by=(Side.INSURANCE,))
    measure(rcp, 5, date(2021, 3, 12))
    said = {"year": 1, "kind": "signature", "mission": "fonctionnement", "reference": "VIR-2020-118"}
    contract.payments.create(amount=75_000, paid_on=date(2020, 3, 12), **said)
    hold_dialogue(contract, 1, date(2021, 4, 2))
    copil = contract.meetings.filter(kind=Meeting.Kind.COPIL).last()
    copil.decisions.create(kind="arbitrate", text="Le protocole d'accès direct passe avant le SAS")
    copil.actions.create(contract=contract, text="Relancer les pharmaciens", owner="ROC", due_on=date(2021, 1, 15))
    done = {"text": "Ouvrir les créneaux", "owner": "CPTS", "due_on": date(2020, 12, 1)}
    copil.actions.create(contract=contract, closed_on=date(2020, 11, 20), outcome="12 créneaux ouverts", **done)
    shared = SharedAction.objects.create(title="Protocole plaies", kind="protocol", since=date(2020, 10, 1))
    shared.projects.set([project, ProjectFactory(name="CPTS voisine")])
    project.vigilance_points.create(
        side=Side.ARS, section="Gouvernance", text="Bureau à élargir", raised_on=date(2020, 1, 5)
    )
    contract.amendments.create(number=1, signed_on=date(2020, 12, 1), purpose="Ajout d'une commune")
    contract.crisis_plans.create(year=1, delivered_on=date(2021, 1, 20))
    return contract


def test_the_pdf_is_tagged_french_and_says_the_formulas(lived):
    content = as_pdf(read(lived))
    reader = pypdf.PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/Lang"].lower().startswith("fr")
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata.title == f"Dialogue de gestion, année 1 – {lived.project.name}"
    assert 4 <= len(reader.pages) <= 8
    text = pdf_text(content)
    for told in (
        "75 % × 30 000,00 € × 273/365 = 16 828,77 €",
        "100 : palier 51 à 100 → 6 000,00 €",
        "Versé le 12 mars 2020, 75 000,00 € (réf. VIR-2020-118)",
        f"{len(reader.pages)} / {len(reader.pages)}",
    ):
        assert flat(told) in text


def test_both_files_say_everything_and_the_same(lived):
    file = read(lived)
    in_pdf, in_word = pdf_text(as_pdf(file)), word_text(as_docx(file))
    told = texts_of(file)
    assert len(told) > 200
    assert [text for text in told if flat(text) not in in_word] == []
    figures = {flat(text) for text in told if re.search(r"\d", text)}
    without_hyphens = in_pdf.replace("\u00ad", "").replace("-", "")
    assert [figure for figure in figures if figure.replace("-", "") not in without_hyphens] == []


def test_what_is_to_be_examined_is_told_first(lived):
    told = texts_of(read(lived).sections[1])
    missed = "«\u00a0Patients en ALD sans médecin traitant\u00a0» : non atteint avec "
    assert f"{missed}100\u00a0patients pour une cible de 50\u00a0patients ; à reconduire ou non." in told
    assert "«\u00a0Médecins engagés dans le SAS\u00a0» : à valider par l'ARS." in told
    assert "Accès aux soins, volet variable : 6\u202f000,00\u00a0€ à valider en COPIL." in told
    assert "Les indicateurs de l'année 2 restent à retenir." in told
    assert "Fonctionnement" not in " ".join(told), "paid in full"
    assert "Accès aux soins : 22\u202f438,36\u00a0€ restant dus." in told
    assert "Parcours : 22\u202f315,07\u00a0€ restant dus (non vérifié)." in told
    assert any("COPIL de l'année 2" in text for text in told)


def tables(file: DialogueFile, title: str) -> list[Table]:
    sections = [*file.sections, *(inner for section in file.sections for inner in section.sections)]
    return [block for each in sections if each.title == title for block in each.blocks if isinstance(block, Table)]


def test_the_money_of_the_year_is_that_of_the_ledger(lived):
    (table,) = tables(read(lived), "Argent de l'année")
    (head, first, *_), last = table.rows, table.rows[-1]
    assert [cell.text for cell in head.cells[1:]] == [
        each.replace(" ", "\u202f") for each in ("75 000,00", "75 000,00", "75 000,00", "75 000,00", "0,00", "0,00")
    ]
    assert first.cells[0].text == "Totalité à la signature, 1er mars 2020"
    assert last.cells[0].text == "Total de l'année"
    marked = {row.cells[0].text.split(",")[0] for row in table.rows if row.cells[0].mark == "non vérifié"}
    assert "Parcours" in marked
    assert "Fonctionnement" not in marked


def test_the_rules_of_payment_say_which_were_not_verified(lived):
    usual = flat(" ".join(texts_of(read(lived))))
    assert usual.count("jours restants sur jours de l'année de contrat (non vérifié)".replace(" ", "")) == 1
    assert usual.count(flat("Règles de versement. Avance, au début de l'année ou de la mission : 75 % ;")) == 1
    PaymentRules.objects.create(since=date(2020, 1, 1), source="Instruction du 3 février", is_verified=True)
    entered = flat(" ".join(texts_of(read(lived))))
    assert flat("Volet variable : en entier, même pour une année incomplète. Source : Instruction du 3") in entered


def test_late_and_closed_actions(lived):
    file = read(lived)
    ((late,),) = [table.rows for table in tables(file, "Actions ouvertes")]
    ((closed,),) = [table.rows for table in tables(file, "Actions closes dans l'année")]
    assert (late.cells[0].text, late.cells[2].notes) == ("Relancer les pharmaciens", ("en retard",))
    assert closed.cells[3].text == "12 créneaux ouverts"
    before = read(lived, day=date(2020, 11, 1))
    assert len(tables(before, "Actions ouvertes")[0].rows) == 2
    assert tables(before, "Actions closes dans l'année") == []


def test_the_past_is_shown_as_it_was(lived):
    told = flat(" ".join(texts_of(read(lived, day=date(2020, 7, 1)))))
    assert flat("Patients en ALD") in told
    for later in ("mesuré le", "Protocole plaies", "Plan de l'année 1", "N° 1, signé", "Relancer"):
        assert flat(later) not in told


def test_the_word_document_has_headings_header_rows_and_speaks_french(lived):
    document = docx.Document(io.BytesIO(as_docx(read(lived))))
    headings = [each.text for each in document.paragraphs if each.style.name.startswith("Heading 1")]
    assert headings[0] == "1 L'essentiel"
    assert headings[-1] == "10 Décisions et signatures"
    assert document.core_properties.language == "fr-FR"
    assert 'w:lang w:val="fr-FR"' in document.styles.element.xml
    assert "Accordé" in [cell.text for table in document.tables for cell in table.rows[0].cells]
    repeated = [table for table in document.tables if "tblHeader" in table.rows[0]._tr.xml]
    assert len(repeated) == len(document.tables) - 1, "all but the signatures"


def test_what_people_type_is_never_markup(contract):
    contract.project.name = f"CPTS {HOSTILE}"
    contract.project.save()
    contract.reference = "=1+1 #eval"
    contract.save()
    contract.actions.create(text=HOSTILE, owner="*x*", due_on=date(2021, 1, 1))
    contract.amendments.create(
        number=1, signed_on=date(2020, 5, 1), purpose=f"Un\r\ndeux\x0b\x08 {HOSTILE} 😀 日本 \ufeff"
    )
    contract.actions.update(recorded_at="2020-05-01T10:00:00Z")
    file = read(contract)
    in_pdf, in_word = pdf_text(as_pdf(file)), word_text(as_docx(file))
    assert in_pdf.count(flat(HOSTILE)) >= 3
    assert in_word.count(flat(HOSTILE)) >= 3
    assert "□" in in_pdf
    assert "😀" in in_word


def test_every_character_kept_can_be_drawn(contract):
    """PDF/UA refuses a file with one that its font lacks."""
    drawn = "".join(chr(code) for code in range(0x20, 0x2700) if not UNSHOWN.match(chr(code)))
    contract.amendments.create(number=1, signed_on=date(2020, 5, 1), purpose=" ".join(drawn))
    assert as_pdf(read(contract))


def test_a_bare_contract_has_its_file_too(contract):
    file = read(contract, year=5, day=date(2020, 3, 1))
    in_pdf, in_word = pdf_text(as_pdf(file)), word_text(as_docx(file))
    for told in ("Aucune version des indicateurs", "ni tenu ni prévu", "non attribué", "Aucun avenant signé"):
        assert flat(told) in in_pdf
        assert flat(told) in in_word


def test_a_weighted_rate_says_its_weight(lived):
    version = lived.indicator_sets.get()
    version.calculation = "weighted"
    version.save()
    version.negotiated.filter(indicator__code="ald").update(weight=40)
    told = texts_of(read(lived))
    assert "40 % de l'enveloppe, au taux atteint" in told
    assert any(text.endswith("× 40\u00a0% × 70,41\u00a0% atteint") for text in told)


def test_a_contract_that_ended_grants_nothing_afterwards(lived):
    lived.project.stages.all().delete()
    write_timeline(
        lived.project, [Entry(State.ACI_SIGNED, date(2020, 3, 1)), Entry(State.TERMINATED, date(2021, 9, 1))], by=None
    )
    told = texts_of(read(lived, year=3, day=date(2021, 10, 1)))
    assert "le 1er septembre 2021, avant son terme" in told
    assert "Rien n'est accordé ni dû pour cette année." in told
    assert not any("restent à retenir" in text for text in told)


def test_queries_do_not_grow_with_what_the_year_holds(lived):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(lived)
        return len(seen)

    once = queries()
    version = lived.indicator_sets.get()
    for number in range(3):
        more = version.negotiated.create(indicator=indicator(lived, code=f"n{number}"), position=9 + number)
        measure(more, 3, date(2021, 3, 1))
        meeting = MeetingFactory(contract=lived, held_on=date(2020, 10, number + 1))
        meeting.decisions.create(kind="arbitrate", text="Arbitrage")
        lived.actions.create(text="Faire", owner="CPAM", due_on=DAY, raised_in=meeting)
        shared = SharedAction.objects.create(title=f"Outil {number}", kind="tool", since=date(2020, 10, 1))
        shared.projects.set([lived.project, ProjectFactory()])
    assert queries() == once


@pytest.mark.parametrize(("name", "kind"), [("dialogue_file", "pdf"), ("dialogue_file_docx", "vnd.openxmlformats")])
def test_who_reads_the_contract_gets_the_file(contract, reader, client_of: Callable[..., Client], name, kind):
    contract.project.name = "CPTS de l'Étang / Nord"
    contract.project.save()
    answer = client_of(reader).get(reverse(name, args=[contract.pk, 2]), {"date": "2021-04-20"})
    assert answer.status_code == 200
    assert kind in answer["Content-Type"]
    assert 'filename="dialogue-de-gestion-cpts-de-letang-nord-annee-2.' in answer["Content-Disposition"]


@pytest.mark.parametrize("year", [0, 6, 99])
def test_a_year_outside_the_contract_is_not_found(contract, reader, client_of, year):
    assert client_of(reader).get(reverse("dialogue_file", args=[contract.pk, year])).status_code == 404


def test_a_date_that_is_none_is_refused(contract, reader, client_of):
    answer = client_of(reader).get(reverse("dialogue_file", args=[contract.pk, 1]), {"date": "hier"})
    assert answer.status_code == 400


def test_a_contract_of_another_region_is_not_found(far, reader, client_of):
    elsewhere = ContractFactory(project__lead_department=far)
    for name in ("dialogue_file", "dialogue_file_docx"):
        assert client_of(reader).get(reverse(name, args=[elsewhere.pk, 1])).status_code == 404
