"""The life of a project in a browser, from the first call to the signed ACI: as a DD officer, then as a CPAM officer.

What the other institution does meanwhile is recorded through the same functions as its pages.
"""

from datetime import date, timedelta
from io import BytesIO, StringIO
from pathlib import Path

import docx
import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from accounts.models import Institution, User
from ground.templatetags.french import day as in_words
from projects.clock import Deadline
from projects.examination.opinions import give_opinion
from projects.models import Opinion, Party, Project, Signature, Verdict
from projects.signing import sign
from projects.states import State
from projects.workflow import Step, take_step
from tests.factories import DepartmentFactory, InstitutionFactory, ProjectFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Kind = Institution.Kind
FINESS = "930000005"


def ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


@pytest.fixture(autouse=True)
def kit(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    call_command("load_kit", stdout=StringIO())


def officer(kind: Kind, name: str) -> User:
    service = {"service": "Service CPTS", "address": "1 rue du Port", "city": "Ville", "phone": "01 99 00 00 01"}
    institution = InstitutionFactory(kind=kind, name=name, email="cpts@suivi.example", **service)
    return UserFactory(role=User.Role.OFFICER, institution=institution, departments=[DepartmentFactory()])


@pytest.fixture
def dd() -> User:
    return officer(Kind.ARS_DELEGATION, "DD 99")


@pytest.fixture
def cpam() -> User:
    return officer(Kind.CPAM, "CPAM 99")


def opine(user: User, project: Project, day: date) -> None:
    stage = project.stage_on(timezone.localdate())
    give_opinion(user, project.pk, stage.pk, Opinion(side=user.side, verdict=Verdict.FAVOURABLE, given_on=day))


def signed(user: User, project: Project, party: Party, day: date) -> None:
    sign(user, project.pk, Signature(party=party, signatory=f"Pour {party.label}", signed_on=day))


def downloaded(page: Page, link: str) -> bytes:
    with page.expect_download() as download:
        page.locator("#courriers table").get_by_role("link", name=link).first.click()
    return Path(download.value.path()).read_bytes()


def text_of(content: bytes) -> str:
    document = docx.Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_a_dd_officer_follows_a_project_from_the_first_call_to_the_aci(visit, dd, cpam):
    zone = ZoneFactory(name="Villeneuve", population=52_000)
    me = visit(dd)
    # Emergence
    me.open("/projets/nouveau")
    me.send(**{"name": "CPTS du Port", "promoter-name": "Association du Port"}, state=State.FORMALISING, since=ago(300))
    project = Project.objects.get()
    own = project.get_absolute_url()
    me.open(f"{own}perimetre")
    me.page.locator("#zone-search").fill(zone.code)
    me.page.locator("#found-1").click()
    me.page.locator("#drop-" + zone.code).wait_for()
    me.send(since=ago(300), reason="Premier périmètre")
    me.open(own)
    me.send(kind="call", happened_on=ago(299), text="Premier appel du porteur")
    # The letter of intent, examined by both
    me.open(f"{own}etapes/receive_letter/")
    me.send(effective_on=ago(280))
    letter = project.stage_on(timezone.localdate())
    me.open(f"{own}instruction/{letter.pk}/vigilance")
    me.page.get_by_label("Rubrique").first.select_option(index=1)
    me.send(text="Préciser la gouvernance", raised_on=ago(275))
    me.open(f"{own}instruction/{letter.pk}/avis/ars")
    me.send(verdict=Verdict.WITH_POINTS, given_on=ago(275))
    opine(cpam, project, ago(270))
    # The joint letter, produced, opened, and signed by both
    me.open(f"{own}courriers/joint_letter")
    me.send(
        addressee="Association du Port",
        dated_on=ago(268),
        signatory="Anne Vidal",
        signatory_title="Directrice de la délégation",
        insurance_signatory="Marc Petit",
        insurance_signatory_title="Directeur de la CPAM",
    )
    joint_letter = text_of(downloaded(me.page, "Courrier conjoint validant la lettre d'intention"))
    for said in ("Anne Vidal", "Marc Petit", "Préciser la gouvernance", "CPTS du Port"):
        assert said in joint_letter
    me.open(f"{own}signatures")
    me.send(party=Party.ARS, signatory="Anne Vidal", signed_on=ago(265))
    signed(cpam, project, Party.INSURANCE, ago(262))
    # Engineering, financed by the FIR
    me.open(f"{own}etapes/start_engineering/")
    me.send(effective_on=ago(250))
    me.open(f"{own}financement/conventions/nouvelle")
    me.send(amount="28 000,00", purpose="provider", signed_on=ago(250), starts_on=ago(250))
    # The filing, a piece asked and received, the count printed
    me.open(f"{own}etapes/file_health_project/")
    me.send(effective_on=ago(130))
    me.open(f"{own}pieces/demander")
    me.send(
        pieces="Territoire d'action",
        is_indispensable="yes",
        basis="CSP, L. 1434-12",
        asked_on=ago(120),
        due_on=ago(105),
    )
    request = project.last_filing().piece_requests.get()
    me.open(f"{own}pieces/{request.pk}/recevoir")
    me.send(received_on=ago(110))
    me.open(f"{own}depots/{project.last_filing().pk}/decompte")
    printed = PdfReader(BytesIO(me.page.pdf(format="A4")))
    count = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    acquired = Deadline(ago(110)).acquired_on
    for said in (in_words(ago(130)), in_words(ago(110)), in_words(acquired), "L1434-12/2019"):
        assert said.replace("\u00a0", " ") in count
    assert len(printed.pages) == 1
    # Silence has validated; the attestation, then the roll-out up to the three signatures
    me.open(f"{own}courriers/attestation")
    me.send(
        addressee="Association du Port",
        dated_on=ago(1),
        signatory="Anne Vidal",
        signatory_title="Directrice de la délégation",
    )
    attestation = text_of(downloaded(me.page, "Attestation de validation tacite"))
    assert in_words(acquired).replace("\u00a0", " ") in attestation.replace("\u00a0", " ")
    for kind in ("restitution", "decision_sent", "indicator_meeting"):
        me.open(f"{own}deploiement/{kind}")
        me.send(happened_on=ago(30))
    me.open(f"{own}deploiement/finess")
    me.send(finess=FINESS, happened_on=ago(25))
    for party, day in ((Party.CPTS, ago(10)), (Party.ARS, ago(8))):
        me.open(f"{own}signatures")
        me.send(party=party, signatory=f"Pour {party.label}", signed_on=day)
    signed(cpam, project, Party.INSURANCE, ago(6))
    me.open(own)
    expect(me.page.locator("h1 .cpts-state")).to_have_text("ACI signé")
    assert project.stage_on(timezone.localdate()).since == ago(6)
    for tab in ("instruction", "documents", "financement", "deploiement", "historique"):
        me.open(own + tab)


def test_a_cpam_officer_follows_a_project_from_the_first_call_to_the_aci(visit, dd, cpam):
    project = ProjectFactory(
        name="CPTS du Lac", stages=[(State.FORMALISING, ago(300))], zones=[ZoneFactory(population=30_000)]
    )
    own = project.get_absolute_url()
    me = visit(cpam)
    # The letter of intent: the CPAM speaks first, sees that the ARS is awaited, signs last
    me.open(f"{own}etapes/receive_letter/")
    me.send(effective_on=ago(280))
    letter = project.stage_on(timezone.localdate())
    me.open(f"{own}instruction/{letter.pk}/avis/insurance")
    me.send(verdict=Verdict.FAVOURABLE, given_on=ago(275))
    me.open(own)
    expect(me.page.get_by_text("À qui est-ce")).to_be_visible()
    me.send(side="insurance", text="Réserve à garder pour nous")
    opine(dd, project, ago(270))
    signed(dd, project, Party.ARS, ago(265))
    me.open(f"{own}signatures")
    me.send(party=Party.INSURANCE, signatory="Marc Petit", signed_on=ago(262))
    expect(me.page.locator("h1 .cpts-state")).to_have_text("Lettre validée")
    # The health project: an opinion, and no decision to take
    take_step(dd, project.pk, Step("start_engineering", ago(250)))
    take_step(dd, project.pk, Step("file_health_project", ago(100)))
    filed = project.stage_on(ago(90))
    me.open(f"{own}instruction/{filed.pk}/avis/insurance")
    me.send(verdict=Verdict.FAVOURABLE, given_on=ago(80))
    me.open(own)
    assert me.page.get_by_role("link", name="Enregistrer une opposition notifiée").count() == 0
    # Silence has validated: indicators, versions, draft contract, and the last signature
    me.open(f"{own}deploiement/indicator_meeting")
    me.send(happened_on=ago(30))
    me.open(f"{own}deploiement/versions/nouvelle")
    me.send(subject="indicators", sender="insurance", sent_on=ago(28), comments="Version amendée")
    me.open(f"{own}deploiement/draft_sent")
    me.send(happened_on=ago(20))
    signed(dd, project, Party.CPTS, ago(12))
    signed(dd, project, Party.ARS, ago(10))
    me.open(f"{own}signatures")
    me.send(party=Party.INSURANCE, signatory="Marc Petit", signed_on=ago(6))
    expect(me.page.locator("h1 .cpts-state")).to_have_text("ACI signé")
    for path in ("/", "/projets/?tour=ars", "/projets/annuaire/", "/projets/absences/", "/projets/passation/"):
        me.open(path)
    for path in ("/projets/bibliotheque", "/projets/modeles-de-courriers", f"{own}grilles", f"{own}grilles/letter"):
        me.open(path)
    theirs = visit(dd)
    theirs.open(own)
    assert theirs.page.get_by_text("Réserve à garder pour nous").count() == 0
