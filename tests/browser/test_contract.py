"""A contract in a browser, from its signature to the balance of its second year, as the CPAM lives it with the ARS."""

from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import docx
import pytest
from django.core.management import call_command
from playwright.sync_api import expect
from pypdf import PdfReader

from accounts.models import Institution, User
from aci.models import Contract, IndicatorSet, Meeting, NegotiatedIndicator
from projects.states import State
from tests.aci.acts import indicator
from tests.browser.conftest import Visitor
from tests.factories import (
    DepartmentFactory,
    InstitutionFactory,
    ProjectFactory,
    TariffFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIGNED = date(2022, 3, 1)
PIECE = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def binome(settings, tmp_path: Path) -> dict[str, User]:
    settings.MEDIA_ROOT = tmp_path
    call_command("load_kit", stdout=StringIO())
    kinds = {"cpam": Institution.Kind.CPAM, "ars": Institution.Kind.ARS_DELEGATION}
    return {
        name: UserFactory(
            role=User.Role.OFFICER, institution=InstitutionFactory(kind=kind), departments=[DepartmentFactory()]
        )
        for name, kind in kinds.items()
    }


def hold(me: Visitor, contract: Contract, kind: Meeting.Kind, day: date, **said: str) -> Meeting:
    me.open(f"/aci/contrats/{contract.pk}/reunions/{kind}")
    me.send(held_on=day, **said, minutes="Relevé des décisions prises.", minutes_on=day)
    return contract.meetings.get(kind=kind, held_on=day)


def decide(me: Visitor, meeting: Meeting, kind: str, **said: str | date) -> None:
    """Note the decision, then apply it in one click."""
    me.open(f"/aci/reunions/{meeting.pk}/decisions/{kind}")
    me.send(**said)
    me.page.get_by_role("button", name="Appliquer").click()
    me.look()
    expect(me.page.locator("#decisions")).to_contain_text("Appliquée")


def pay(me: Visitor, contract: Contract, line: str, day: date, reference: str) -> None:
    me.open(f"/aci/contrats/{contract.pk}/echeancier/{line}/versement")
    me.send(paid_on=day, reference=reference)


def test_a_contract_from_its_signature_to_the_balance_of_the_second_year(visit, binome):
    TariffFactory()
    zone = ZoneFactory(population=98_204)
    stages = [(State.VALIDATED, date(2022, 1, 1)), (State.ACI_SIGNED, SIGNED)]
    project = ProjectFactory(name="CPTS du Port", stages=stages, zones=[zone])
    me = visit(binome["cpam"])
    # The contract, with its frozen population and its tier
    me.open(f"/aci/projets/{project.pk}/nouveau")
    me.send(cpts_signed_on=date(2022, 2, 20), insurance_signed_on=date(2022, 2, 25), ars_signed_on=SIGNED)
    contract = Contract.objects.get()
    assert (contract.signed_on, contract.terms.get().population, contract.terms.get().tier) == (SIGNED, 98_204, 2)
    # A COPIL starts a mission: the financial commitment of the CPAM
    copil = hold(me, contract, Meeting.Kind.COPIL, date(2022, 5, 10))
    decide(me, copil, "engage", mission="acces_soins", effective_on=date(2022, 6, 1))
    # The indicators, negotiated in two versions
    ald = indicator(contract, label="Patients en ALD sans médecin traitant")
    me.open(f"/aci/contrats/{contract.pk}/indicateurs/nouvelle-version?annee=1")
    me.send(sender="insurance", sent_on=date(2022, 6, 10), start="blank")
    first = IndicatorSet.objects.get()
    me.open(f"/aci/versions/{first.pk}/ajouter")
    me.send(indicators=str(ald.pk))
    negotiate(me, first, [("", "40", "35000"), ("41", "100", "6000"), ("101", "219", "3000")])
    me.open(f"/aci/contrats/{contract.pk}/indicateurs/nouvelle-version?annee=1")
    me.send(sender="cpts", sent_on=date(2022, 7, 1), start="previous", comments="Première marche trop haute.")
    second = contract.indicator_sets.get(number=2)
    negotiate(me, second, [("", "50", "35000"), ("51", "100", "6000"), ("101", "219", "3000")])
    me.open(f"/aci/contrats/{contract.pk}/indicateurs/comparer?avant={first.pk}&apres={second.pk}")
    expect(me.page.locator("main")).to_contain_text("≤ 50")
    second_copil = hold(me, contract, Meeting.Kind.COPIL, date(2022, 9, 5))
    decide(me, second_copil, "indicators", indicator_set=second.pk)
    # A result with its proof, validated by both institutions
    negotiated = second.negotiated.get()
    me.open(f"/aci/contrats/{contract.pk}/indicateurs/{negotiated.pk}/resultat")
    me.page.locator("[type=file]").set_input_files({"name": "ald.pdf", "mimeType": "application/pdf", "buffer": PIECE})
    me.send(kind="final", value="100", measured_on=date(2023, 3, 10))
    validate(me, contract, negotiated)
    validate(visit(binome["ars"]), contract, negotiated)
    me = visit(binome["cpam"])
    # Nothing is payable before the dialogue; then the COPIL validates, and the CPAM pays
    me.open(f"/aci/contrats/{contract.pk}/resultats?annee=1")
    expect(me.page.locator("main")).to_contain_text("pas de dialogue de gestion daté avec compte rendu")
    hold(me, contract, Meeting.Kind.DIALOGUE, date(2023, 4, 2), year="1")
    third_copil = hold(me, contract, Meeting.Kind.COPIL, date(2023, 4, 20))
    decide(me, third_copil, "pay", due="1-acces_soins-variable")
    pay(me, contract, "1/acces_soins/variable", date(2023, 5, 2), "VIR-7")
    pay(me, contract, "2/acces_soins/balance", date(2024, 3, 20), "VIR-9")
    me.open(f"/aci/contrats/{contract.pk}/echeancier")
    expect(me.page.locator("main")).to_contain_text("VIR-9")
    paid = {payment.reference: payment.amount for payment in contract.payments.all()}
    assert paid == {"VIR-7": 6_000, "VIR-9": 7_500}
    # The prepared file says the same, in both formats
    me.open(f"/aci/contrats/{contract.pk}/dialogue")
    pdf, word = (downloaded(me, f"/aci/contrats/{contract.pk}/dossier/1.{ending}") for ending in ("pdf", "docx"))
    told = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    cells = [cell.text for table in docx.Document(BytesIO(word)).tables for row in table.rows for cell in row.cells]
    assert "Patients en ALD" in " ".join(told.split())
    assert any("6\u202f000,00" in cell for cell in cells)


def negotiate(me: Visitor, version: IndicatorSet, steps: list[tuple[str, str, str]]) -> None:
    me.open(f"/aci/indicateurs-negocies/{version.negotiated.get().pk}/")
    lines = {
        f"paliers-{rank}-{name}": value
        for rank, line in enumerate(steps)
        for name, value in zip(("low", "high", "amount"), line, strict=True)
    }
    me.send(baseline="219", target="50", **lines)


def validate(me: Visitor, contract: Contract, negotiated: NegotiatedIndicator) -> None:
    result = negotiated.results.get()
    me.open(f"/aci/contrats/{contract.pk}/resultats/{result.pk}/valider")
    me.send(validated_on=date(2023, 3, 15))


def downloaded(me: Visitor, path: str) -> bytes:
    with me.page.expect_download() as download:
        me.page.locator(f"a[href='{path}']").first.click()
    return Path(download.value.path()).read_bytes()
