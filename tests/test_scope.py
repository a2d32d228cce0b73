"""Every address × every role × own department, own region, elsewhere. A new address fails here until it is listed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template as DjangoTemplate
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import AccessToken, Institution, User
from accounts.models.institution import Side
from aci.models import SharedAction
from projects.models import (
    Absence,
    Conciliation,
    DirectoryEntry,
    Document,
    DocumentType,
    EngineeringGrant,
    Filing,
    Grid,
    ImportBatch,
    LetterModel,
    LibraryEntry,
    Opinion,
    OtherFunding,
    Outcome,
    Project,
    Promoter,
    Purpose,
    Stage,
    Verdict,
)
from projects.phases import Phase
from projects.states import State
from territories.models import Department, Figure, Structure, Zone, ZoneSplit
from tests.aci.acts import engage, indicator, retain
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    InstitutionFactory,
    MeetingFactory,
    ProjectFactory,
    RegionFactory,
    TariffFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
Kind, Role, Extent = Institution.Kind, User.Role, User.Extent

OWN, NEAR, FAR = "own department", "own region", "another region"
LOGIN = 302


@dataclass(frozen=True)
class Person:
    """What somebody may read and write, as the design says it; None for who is not logged in."""

    kind: Kind
    role: Role
    extent: Extent = Extent.DEPARTMENTS

    @property
    def reads(self) -> set[str]:
        return {OWN, NEAR, FAR} if self.extent == Extent.COUNTRY else {OWN, NEAR}

    @property
    def writes(self) -> set[str]:
        if self.role == Role.READER:
            return set()
        return {OWN} if self.extent == Extent.DEPARTMENTS else self.reads

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    def decides_for(self, side: Side) -> bool:
        return self.is_administrator or Institution(kind=self.kind).side == side


PEOPLE: dict[str, Person | None] = {
    "nobody": None,
    "reader of an URPS": Person(Kind.URPS, Role.READER),
    "reader of the MSA, for the region": Person(Kind.MSA, Role.READER, Extent.REGION),
    "reader of the ARS, for the country": Person(Kind.ARS_HEADQUARTERS, Role.READER, Extent.COUNTRY),
    "officer of the ARS": Person(Kind.ARS_DELEGATION, Role.OFFICER),
    "officer of the CPAM": Person(Kind.CPAM, Role.OFFICER),
    "manager of the ARS, for the region": Person(Kind.ARS_HEADQUARTERS, Role.MANAGER, Extent.REGION),
    "administrator of a department": Person(Kind.CPAM, Role.ADMINISTRATOR),
    "administrator of the region": Person(Kind.ARS_HEADQUARTERS, Role.ADMINISTRATOR, Extent.REGION),
    "technical administrator": Person(Kind.OTHER, Role.ADMINISTRATOR, Extent.COUNTRY),
}
Rule = Callable[[Person, str], int]


def members(person: Person, where: str) -> int:
    return 200


def readers(person: Person, where: str) -> int:
    return 200 if where in person.reads else 404


def writers(person: Person, where: str) -> int:
    if where not in person.reads:
        return 404
    return 200 if where in person.writes else 403


def writers_of(side: Side) -> Rule:
    def rule(person: Person, where: str) -> int:
        status = writers(person, where)
        return 403 if status == 200 and not person.decides_for(side) else status

    return rule


def those_of(side: Side) -> Rule:
    """Writers of one institution, and nobody in its place."""

    def rule(person: Person, where: str) -> int:
        status = writers(person, where)
        return 403 if status == 200 and Institution(kind=person.kind).side != side else status

    return rule


def those_of_a_side(person: Person, where: str) -> int:
    """Who speaks for an institution of the binôme: its own, whichever it is."""
    status = writers(person, where)
    return 403 if status == 200 and Institution(kind=person.kind).side is None else status


def writers_and_the_urps(person: Person, where: str) -> int:
    """A partner asked for its opinion answers in its own department."""
    return 200 if person.kind == Kind.URPS and where == OWN else writers(person, where)


def creators(person: Person, where: str) -> int:
    return 200 if person.writes else 403


def managers_of_the_author(person: Person, where: str) -> int:
    """The projects of this walk have no author: only administrators take their steps back."""
    status = writers(person, where)
    return 403 if status == 200 and not person.is_administrator else status


def binome_and_administrators(person: Person, where: str) -> int:
    """Who can be a referent, and who arranges for them."""
    return 200 if person.is_administrator or Institution(kind=person.kind).side else 403


def in_charge_of_the_ars(person: Person, where: str) -> int:
    is_head = person.role == Role.MANAGER and Institution(kind=person.kind).side == Side.ARS
    return 200 if person.is_administrator or is_head else 403


def managers(person: Person, where: str) -> int:
    return 200 if person.is_administrator or person.role == Role.MANAGER else 403


def managers_of_a_region(person: Person, where: str) -> int:
    """Who answers for departments alone changes nothing that the whole region uses."""
    return 403 if person.extent == Extent.DEPARTMENTS else managers(person, where)


def managers_of_the_region(person: Person, where: str) -> int:
    return managers_of_a_region(person, where) if where in person.reads else 404


def administrators(person: Person, where: str) -> int:
    return 200 if person.is_administrator else 403


def administrators_of_the_country(person: Person, where: str) -> int:
    return 200 if person.is_administrator and person.extent == Extent.COUNTRY else 403


def writer_who_uploaded(person: Person, where: str) -> int:
    return 404 if person.writes else 403


def uploader_alone(person: Person, where: str) -> int:
    return 404 if person.is_administrator else 403


def its_owner_alone(person: Person, where: str) -> int:
    """Nobody of this walk is."""
    return 404


@dataclass(frozen=True)
class Page:
    """`post`: what answers a form sent empty by who may write; None where nothing is written.

    `stranger`: what answers who is not logged in.
    """

    name: str
    rule: Rule
    needs: tuple[str, ...] = ()
    get: int = 200
    post: int | None = None
    stranger: int = LOGIN


PAGES = [
    Page("home", members),
    Page("photograph", members),
    Page("aci_region", members),
    Page("aci_region_list", members, ("contrats",)),
    Page("aci_region_list", members, ("vigilance",)),
    Page("overlaps", members),
    Page("territory_map", members),
    Page("uncovered", members),
    Page("perimeters_geojson", members, stranger=401),
    Page("perimeters_csv", members, stranger=401),
    Page("tokens", members, post=422),
    Page("token_revoke", its_owner_alone, ("token",)),
    Page("overlap_pair", readers, ("pk", "another")),
    Page("remuneration", members),
    Page("tariffs", members),
    Page("tariff", members, ("tariff",)),
    Page("tariff_csv", members, ("tariff", "montants")),
    Page("tariff_new", administrators_of_the_country, post=422),
    Page("tariff_approve", administrators_of_the_country, ("tariff",), get=405, post=422),
    Page("tariff_withdraw", administrators_of_the_country, ("tariff",), post=422),
    Page("tariff_reopen", administrators_of_the_country, ("tariff",), post=422),
    Page("contracts", members),
    Page("project_aci", readers, ("pk",)),
    Page("contracts_missing", members),
    Page("contract_new", writers_of(Side.INSURANCE), ("pk",), post=422),
    Page("contract", readers, ("contract",)),
    Page("contract_edit", writers_of(Side.INSURANCE), ("contract",), post=422),
    Page("amendment_new", writers_of(Side.INSURANCE), ("contract",), post=422),
    Page("amendment_edit", writers_of(Side.INSURANCE), ("contract", "amendment"), post=422),
    Page("crisis_new", writers_of(Side.ARS), ("contract",), post=422),
    Page("crisis_plan_new", writers, ("contract",), post=422),
    Page("mission_deployed", writers, ("contract", "engagement"), post=422),
    Page("contract_ledger", readers, ("contract",)),
    Page("aci_payment_new", writers_of(Side.INSURANCE), ("contract", "1", "fonctionnement", "signature"), post=422),
    Page("to_pay", members),
    Page("accounts_of_aci", members),
    Page("account_entries", members),
    Page("contract_indicators", readers, ("contract",)),
    Page("indicator_compare", readers, ("contract",)),
    Page("indicator_trajectories", readers, ("contract",)),
    Page("indicator_version_new", writers, ("contract",), post=422),
    Page("indicator_version_edit", writers, ("version",), post=422),
    Page("negotiated_add", writers, ("version",), post=422),
    Page("negotiated_edit", writers, ("negotiated",), post=422),
    Page("indicators", members),
    Page("indicator", readers, ("indicator",)),
    Page("indicator_new", managers_of_a_region, post=422),
    Page("indicator_edit", managers_of_the_region, ("indicator",), post=422),
    Page("local_indicator_new", writers, ("pk",), post=422),
    Page("contract_results", readers, ("contract",)),
    Page("result_new", writers, ("contract", "negotiated"), post=422),
    Page("result_edit", writers, ("contract", "result"), post=422),
    Page("result_validate", those_of_a_side, ("contract", "result"), post=422),
    Page("contract_dialogue", readers, ("contract",)),
    Page("meetings", members),
    Page("meeting", readers, ("meeting",)),
    Page("meeting", readers, ("commission",)),
    Page("meeting_new", writers, ("contract", "dialogue"), post=422),
    Page("meeting_edit", writers, ("meeting",), post=422),
    Page("meeting_edit", writers, ("commission",), post=422),
    Page("commission_new", creators, ("cpl",), post=422),
    Page("commission_opinion_new", writers, ("commission",), post=422),
    Page("commission_opinion_edit", writers, ("commission opinion",), post=422),
    Page("decision_new", writers, ("meeting", "engage"), post=422),
    Page("decision_edit", writers, ("decision",), post=422),
    Page("decision_apply", writers_of(Side.INSURANCE), ("decision",), get=405, post=302),
    Page("decision_undo", writers_of(Side.INSURANCE), ("decision",), post=422),
    Page("actions", members),
    Page("action_new", writers, ("contract",), post=422),
    Page("action_edit", writers, ("action",), post=422),
    Page("action_close", writers, ("action",), post=422),
    Page("action_reopen", writers, ("action",), get=405, post=302),
    Page("dialogue_file", readers, ("contract", 1)),
    Page("dialogue_file_docx", readers, ("contract", 1)),
    Page("shared_actions", members),
    Page("shared_action_new", creators, post=422),
    Page("shared_action", readers, ("shared action",)),
    Page("shared_action_edit", writers, ("shared action",), post=422),
    Page("shared_action_entry", writers, ("shared action",), get=405, post=422),
    Page("shared_action_withdraw", managers_of_the_author, ("shared action",), post=422),
    Page("shared_action_entry_withdraw", managers_of_the_author, ("shared action", "step of it"), post=422),
    Page("password_change", members, post=200),
    Page("projects", members),
    Page("directory", members),
    Page("directory_add", creators, post=422),
    Page("directory_edit", writers, ("contact",), post=422),
    Page("absences", members),
    Page("absence_add", binome_and_administrators, post=422),
    Page("absence", in_charge_of_the_ars, ("absence",), post=422),
    Page("handover", creators, post=422),
    Page("handover_done", members, ("officer",)),
    Page("project_new", creators, post=422),
    Page("project", readers, ("pk",)),
    Page("project_history", readers, ("pk",)),
    Page("project_examination", readers, ("pk",)),
    Page("opinion", those_of(Side.ARS), ("pk", "letter stage", Side.ARS), post=422),
    Page("opinion", those_of(Side.INSURANCE), ("pk", "letter stage", Side.INSURANCE), post=422),
    Page("escalation", writers, ("pk", "escalation"), post=422),
    Page("consultation_new", writers, ("pk", "letter stage"), post=422),
    Page("consultation_remind", writers, ("pk", "consultation"), post=422),
    Page("consultation_answer", writers_and_the_urps, ("pk", "consultation"), post=422),
    Page("vigilance_new", those_of_a_side, ("pk", "letter stage"), post=422),
    Page("vigilance_lift", writers, ("pk", "point"), post=422),
    Page("project_grids", readers, ("pk",)),
    Page("project_grid", readers, ("pk", Grid.Kind.LETTER)),
    Page("project_grid_answers", those_of(Side.ARS), ("pk", Grid.Kind.LETTER, Side.ARS), get=405, post=422),
    Page("project_grid_answers", those_of(Side.INSURANCE), ("pk", Grid.Kind.LETTER, Side.INSURANCE), get=405, post=422),
    Page("project_documents", readers, ("pk",)),
    Page("document_add", writers, ("pk",), post=422),
    Page("document_download", readers, ("pk", "document")),
    Page("document_withdraw", managers_of_the_author, ("pk", "document"), post=422),
    Page("library", members),
    Page("library_download", members, ("entry",)),
    Page("library_grid", members, (Grid.Kind.LETTER,)),
    Page("project_funding", readers, ("pk",)),
    Page("grant_new", writers_of(Side.ARS), ("pk",), post=422),
    Page("grant_edit", writers_of(Side.ARS), ("pk", "grant"), post=422),
    Page("payment_new", writers_of(Side.ARS), ("pk", "grant"), post=422),
    Page("other_funding_new", writers, ("pk",), post=422),
    Page("other_funding_edit", writers, ("pk", "other_funding"), post=422),
    Page("project_rollout", readers, ("pk",)),
    Page("rollout_event", writers, ("pk", "restitution"), post=422),
    Page("rollout_event", writers_of(Side.ARS), ("pk", "finess"), post=422),
    Page("rollout_event", writers_of(Side.INSURANCE), ("pk", "draft_sent"), post=422),
    Page("version_new", writers, ("pk",), post=422),
    Page("filing_count", readers, ("pk", "filing")),
    Page("piece_ask", writers_of(Side.ARS), ("pk",), post=422),
    Page("piece_receive", writers_of(Side.ARS), ("pk", "pieces"), post=422),
    Page("project_edit", writers, ("pk",), post=422),
    Page("project_perimeter", writers, ("pk",), post=422),
    Page("project_territory", readers, ("pk",)),
    Page("perimeter_change_take_back", managers_of_the_author, ("pk", "perimeter change"), post=422),
    Page("perimeter_search", writers, ("pk",), get=200),
    Page("perimeter_act", writers, ("pk",), get=405, post=422),
    Page("perimeter_zones", writers, ("pk", "99")),
    Page("project_contacts", writers, ("pk",), post=422),
    Page("project_note", writers, ("pk",), get=405, post=422),
    Page("project_journal", writers, ("pk",), get=405, post=422),
    Page("project_referent", writers_of(Side.ARS), ("pk", Side.ARS), post=422),
    Page("project_referent", writers_of(Side.INSURANCE), ("pk", Side.INSURANCE), post=422),
    Page("step", writers, ("pk", "receive_letter"), post=422),
    Page("step", writers_of(Side.ARS), ("pk", "oppose"), post=422),
    Page("signatures", writers, ("pk",), post=422),
    Page("withdraw", managers_of_the_author, ("pk", "avis", "opinion"), post=422),
    Page("step_take_back", managers_of_the_author, ("pk",), post=422),
    Page("letter_new", writers_of(Side.ARS), ("pk", "acknowledgement"), post=422),
    Page("letter_new", writers, ("pk", "joint_letter"), post=422),
    Page("letter_models", members),
    Page("letter_model_new", managers, post=422),
    Page("letter_model_download", members, ("letter_model",)),
    Page("zone_splits", administrators),
    Page("zone_split_new", administrators, post=422),
    Page("zone_split", administrators, ("zone split",)),
    Page("conciliations", members),
    Page("conciliation_new", creators, post=422),
    Page("conciliation", readers, ("conciliation",)),
    Page("conciliation_edit", writers, ("conciliation",), post=422),
    Page("conciliation_entry", writers, ("conciliation",), get=405, post=422),
    Page("conciliation_variant", readers, ("conciliation",)),
    Page("scenario_new", writers, ("conciliation",), get=405, post=422),
    Page("scenario_renew", writers, ("conciliation", "scenario"), get=405, post=302),
    Page("conciliation_outcome", writers_of(Side.ARS), ("conciliation", "unvalidated"), post=422),
    Page("conciliation_lapse", writers, ("conciliation",), post=422),
    Page("conciliation_reopen", managers_of_the_author, ("closed conciliation",), post=422),
    Page("conciliation_withdraw", managers_of_the_author, ("conciliation", "echange", "entry of it"), post=422),
    Page("project_context", readers, ("pk",)),
    Page("cls_sign", writers, ("pk",), post=422),
    Page("structures", members),
    Page("structure_add", creators, post=422),
    Page("structure_import", creators, post=400),
    Page("structure_model", members),
    Page("structure_batch", writer_who_uploaded, ("batch",)),
    Page("structure", readers, ("structure",)),
    Page("structure_edit", writers, ("structure",), post=422),
    Page("structure_remove", writers, ("structure",), post=422),
    Page("figures", members),
    Page("figure_import", administrators, post=400),
    Page("figure_batch", uploader_alone, ("batch",)),
    Page("figure_remove", administrators, ("figure",), post=422),
    Page("imports", administrators, post=400),
    Page("import", uploader_alone, ("batch",)),
    Page("import_annotated", uploader_alone, ("batch",)),
]
OPEN_TO_ALL = {"login", "healthz"}
SENT_ONLY = {"logout"}
NOTHING_TYPED = {"sent": "yes"}


def opinion_on(project: Project) -> int:
    """An opinion without author, so that only administrators withdraw it."""
    said = {"side": Side.ARS, "verdict": Verdict.FAVOURABLE, "given_on": date(2024, 2, 1)}
    return Opinion.objects.create(stage=project.stages.last(), **said).pk


def filing_on(project: Project) -> dict[str, int]:
    """A filing under examination, and pieces that it lacks."""
    filing = Filing.objects.create(stage=project.stages.last())
    pieces = filing.piece_requests.create(pieces="Statuts", asked_on=filing.received_on)
    return {"filing": filing.pk, "pieces": pieces.pk}


def perimeter_change_on(project: Project) -> int:
    """A change without author."""
    return project.perimeter.changes.create(since=date(2024, 2, 1), origin="composed").pk


def grant_on(project: Project) -> int:
    said = {"amount": 20_000, "purpose": Purpose.PROVIDER, "signed_on": date(2024, 2, 1)}
    return EngineeringGrant.objects.create(project=project, starts_on=date(2024, 2, 1), **said).pk


def other_funding_on(project: Project) -> int:
    said = {"funder": "Métropole", "purpose": Purpose.TIME, "starts_on": date(2024, 2, 1)}
    return OtherFunding.objects.create(project=project, **said).pk


def conciliations_on(project: Project) -> dict[str, int]:
    """One that is open, with an exchange and a scenario, and one that is closed; without authors."""
    day = date(2024, 2, 1)
    opened, closed = (Conciliation.objects.create(since=day, until=until) for until in (None, date(2024, 3, 1)))
    for conciliation in (opened, closed):
        conciliation.projects.add(project)
    ended = {"decided_on": closed.until, "effective_on": closed.until, "signatory": "La directrice"}
    Outcome.objects.create(conciliation=closed, kind=Outcome.Kind.LAPSED, **ended)
    return {
        "conciliation": opened.pk,
        "closed conciliation": closed.pk,
        "entry of it": opened.entries.create(happened_on=day, text="Réunion").pk,
        "scenario": opened.scenarios.create(name="Tout à l'un").pk,
    }


def document_on(project: Project) -> int:
    """A document without author."""
    type_, _ = DocumentType.objects.get_or_create(name="Autre document")
    content = ContentFile(b"%PDF-1.4", name="a.pdf")
    said = {"filename": "a.pdf", "content_type": "application/pdf", "size": 8, "sha256": "0" * 64}
    return Document.objects.create(project=project, type=type_, file=content, **said).pk


def people_around() -> dict[str, int]:
    """In one's own department: an officer of the ARS who is away, with a token, and somebody in the directory."""
    own, long_ago = DepartmentFactory(), date(2024, 1, 1)
    officer = UserFactory(role=Role.OFFICER, institution__kind=Kind.ARS_DELEGATION, departments=[own])
    told = {"function": DirectoryEntry.Function.DAM, "name": "Léa Roux"}
    return {
        "officer": officer.pk,
        "absence": Absence.objects.create(user=officer, since=long_ago).pk,
        "contact": DirectoryEntry.objects.create(department=own, since=long_ago, **told).pk,
        "token": AccessToken.issue(officer, "QGIS")[0].pk,
    }


def structure_in(project: Project) -> int:
    structure = Structure.objects.create(kind="cls", name="CLS", department=project.lead_department)
    structure.zones.add(ZoneFactory(department=project.lead_department))
    return structure.pk


def figure() -> int:
    told = {"name": "Patients en ALD", "mode": Figure.Mode.SUM, "as_of": date(2024, 1, 1), "source": "Essai"}
    figure = Figure.objects.create(**told)
    figure.values.create(zone=ZoneFactory(), value=12)
    return figure.pk


def zone_split() -> int:
    commune = ZoneFactory()
    for number in (1, 2):
        ZoneFactory(code=f"{commune.code}000{number}", parent=commune, kind=Zone.Kind.PART, population=500)
    return ZoneSplit.objects.create(commune=commune, since=date(2024, 1, 1), source="Quartiers").pk


def library_entry() -> int:
    Grid.objects.create(kind=Grid.Kind.LETTER, version="2020", since=date(2020, 1, 1))
    said = {"phase": Phase.LETTER, "title": "Guide", "since": date(2020, 1, 1), "filename": "g.pdf", "sha256": "0" * 64}
    return LibraryEntry.objects.create(file=ContentFile(b"%PDF-1.4", name="g.pdf"), **said).pk


def letter_model() -> int:
    file = ContentFile(b"PK", name="modele.docx")
    said = {"kind": "opposition", "since": date(2020, 1, 1), "filename": "modele.docx", "sha256": "0" * 64}
    return LetterModel.objects.create(department=DepartmentFactory(), file=file, **said).pk


def said_of_the_letter(project: Project) -> dict[str, int]:
    """Its examination as it was: a disagreement, an opinion asked of the URPS, a vigilance point."""
    letter = project.stages.get(state=State.LETTER_FILED)
    day = letter.since
    point = project.vigilance_points.create(
        stage=letter, side=Side.ARS, section="Axes", text="À préciser", raised_on=day
    )
    return {
        "letter stage": letter.pk,
        "escalation": letter.escalations.create(opened_on=day).pk,
        "consultation": letter.consultations.create(partner=Kind.URPS, asked_on=day, due_on=day).pk,
        "point": point.pk,
    }


def contract_in(department: Department) -> dict[str, int]:
    """The contract of another project, with one of each of its facts, all without author."""
    day = date(2024, 3, 1)
    project = ProjectFactory(
        lead_department=department, stages=[(State.VALIDATED, date(2024, 1, 1)), (State.ACI_SIGNED, day)]
    )
    contract = ContractFactory(project=project, signed_on=day)
    engagement = engage(contract, "acces_soins", day)
    agreed = indicator(contract)
    version = retain(contract, 1, (agreed, [(None, 50, 35_000)]), retained_on=None)
    negotiated = version.negotiated.get()
    shared = SharedAction.objects.create(title="Protocole", kind="protocol", since=day)
    shared.projects.add(project)
    said = {"year": 1, "mission": "fonctionnement", "kind": "signature", "paid_on": day, "reference": "V1"}
    commission = MeetingFactory(kind="cpl", contract=None, department=project.lead_department, held_on=day)
    return {
        "contract": contract.pk,
        "engagement": engagement.pk,
        "amendment": contract.amendments.create(number=1, signed_on=day, purpose="Avenant").pk,
        "meeting": engagement.decision.meeting_id,
        "decision": engagement.decision_id,
        "commission": commission.pk,
        "commission opinion": commission.opinions.create(project=project, difficulty="Locaux").pk,
        "action": contract.actions.create(text="Relancer", owner="CPAM", due_on=day).pk,
        "indicator": agreed.pk,
        "version": version.pk,
        "negotiated": negotiated.pk,
        "result": negotiated.results.create(kind="intermediate", measured_on=day, value=60).pk,
        "payment": contract.payments.create(amount=1, **said).pk,
        "shared action": shared.pk,
        "step of it": shared.entries.create(happened_on=day, text="Réunion").pk,
    }


def own_patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[str | None]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name
        elif pattern.namespace != "admin":
            yield from own_patterns(pattern.url_patterns)


def projects_everywhere() -> dict[str, Project]:
    """The same project in one's own department, in another of one's region and in another region."""
    own = DepartmentFactory()
    departments = {
        OWN: own,
        NEAR: DepartmentFactory(code="98", region=own.region),
        FAR: DepartmentFactory(code="97X", region=RegionFactory(code="97")),
    }
    return {
        where: ProjectFactory(
            lead_department=department,
            stages=[
                (State.INITIATIVE, date(2024, 1, 1)),
                (State.LETTER_FILED, date(2024, 1, 15)),
                (State.ENGINEERING, date(2024, 2, 1)),
            ],
            promoter=Promoter.objects.create(name=f"Association, {where}"),
        )
        for where, department in departments.items()
    }


def batch() -> int:
    """A file sent by an administrator whom nobody here is."""
    sent = ImportBatch(filename="suivi.csv", sha256="0" * 64, uploaded_by=UserFactory(role=Role.ADMINISTRATOR))
    sent.file.save("suivi.csv", ContentFile(b"Nom;Communes\n", name="suivi.csv"))
    return sent.pk


def facts_of(project: Project) -> dict[str, int]:
    """One of everything that is recorded about a project, by the words of `Page.needs`."""
    return {
        "pk": project.pk,
        "opinion": opinion_on(project),
        "document": document_on(project),
        "perimeter change": perimeter_change_on(project),
        "grant": grant_on(project),
        "other_funding": other_funding_on(project),
        "structure": structure_in(project),
        **said_of_the_letter(project),
        **filing_on(project),
        **conciliations_on(project),
        **contract_in(project.lead_department),
    }


def facts_of_all() -> dict[str, int]:
    """What belongs to no project."""
    return {
        "batch": batch(),
        "entry": library_entry(),
        "figure": figure(),
        "letter_model": letter_model(),
        "zone split": zone_split(),
        "tariff": TariffFactory(approved_at=None, since=date(2030, 1, 1)).pk,
        **people_around(),
    }


@dataclass(frozen=True)
class World:
    """`facts`: what is in each place, by the words of `Page.needs`; `clients`: a browser for each person."""

    projects: dict[str, Project]
    facts: dict[str, dict[str, int]]
    around: dict[str, int]
    clients: dict[str, Client]
    stages: int


@pytest.fixture(scope="module")
def world_of_the_module(django_db_setup, django_db_blocker, tmp_path_factory):
    """Made once for all tests of the module, and taken back after them."""
    chosen = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), chosen, transaction.atomic():
        projects = projects_everywhere()
        facts = {where: facts_of(project) for where, project in projects.items()}
        for where in facts:
            facts[where]["another"] = projects[NEAR if where == OWN else OWN].pk
        clients = {who: client_of(person) for who, person in PEOPLE.items()}
        yield World(projects, facts, facts_of_all(), clients, Stage.objects.count())
        transaction.set_rollback(True)


@pytest.fixture
def world(world_of_the_module: World, db: None) -> World:
    return world_of_the_module


@pytest.fixture
def projects(world: World) -> dict[str, Project]:
    return world.projects


def status_of(response: HttpResponse) -> int:
    """Read to its end, so that a file that is given back is closed."""
    response.getvalue()
    return response.status_code


def client_of(person: Person | None) -> Client:
    client = Client()
    if person:
        region = RegionFactory(code="99") if person.extent == Extent.REGION else None
        departments = [DepartmentFactory()] if person.extent == Extent.DEPARTMENTS else []
        user = UserFactory(
            institution=InstitutionFactory(kind=person.kind),
            role=person.role,
            extent=person.extent,
            region=region,
            departments=departments,
        )
        client.force_login(user)
    return client


def test_every_address_is_listed():
    assert set(own_patterns(get_resolver().url_patterns)) == {page.name for page in PAGES} | OPEN_TO_ALL | SENT_ONLY


@pytest.fixture
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each template is rendered for the first who opens it: for the others, who may open it is all that is asked."""
    seen: set[str] = set()
    render = DjangoTemplate.render

    def render_once(template: DjangoTemplate, context: dict | None = None, request: HttpRequest | None = None) -> str:
        name = template.template.name
        if name in seen:
            return ""
        seen.add(name)
        return render(template, context, request)

    monkeypatch.setattr(DjangoTemplate, "render", render_once)


@pytest.mark.parametrize("case", PAGES, ids=lambda case: "-".join((case.name, *map(str, case.needs))))
def test_who_opens_a_page(case: Page, world: World, rendered_once: None):
    expected, got = {}, {}
    is_of_a_project = not world.facts[OWN].keys().isdisjoint(case.needs)
    for who, person in PEOPLE.items():
        client = world.clients[who]
        for where in world.facts if is_of_a_project and person else [OWN]:
            known = world.around | world.facts[where]
            url = reverse(case.name, args=[known.get(need, need) for need in case.needs])
            allowed = case.rule(person, where) if person else case.stranger
            is_opened = allowed == 200 or (person and case.get == 405)
            expected[who, where, "GET"] = case.get if is_opened else allowed
            got[who, where, "GET"] = status_of(client.get(url))
            if case.post and (where == OWN or person.writes):  # who writes nowhere is refused alike everywhere
                expected[who, where, "POST"] = case.post if allowed == 200 else allowed
                got[who, where, "POST"] = client.post(url, NOTHING_TYPED).status_code
    assert got == expected
    assert Stage.objects.count() == world.stages, "an empty form has written a step"


def test_who_is_not_logged_in_is_sent_to_the_login_page_and_back():
    response = Client().get("/projets/?q=nord")
    assert response.url == "/connexion?next=/projets/%3Fq%3Dnord"
    for name in OPEN_TO_ALL:
        assert Client().get(reverse(name)).status_code == 200


def test_leaving_is_a_form_not_a_link(projects):
    client = client_of(PEOPLE["officer of the ARS"])
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).status_code == 302
    assert client.get("/").status_code == LOGIN


def test_lists_and_exports_hold_nothing_of_another_region(projects):
    for page in ("/projets/", "/projets/?format=csv", "/pilotage/superpositions/", "/"):
        for who in ("officer of the ARS", "reader of an URPS", "administrator of the region"):
            assert projects[FAR].name not in client_of(PEOPLE[who]).get(page).content.decode(), (page, who)


# The admin


def admin_urls(objects: dict[type[Model], Model]) -> Iterator[str]:
    """Every address of the admin's models, about the given objects where it needs one."""
    for model, model_admin in admin.site._registry.items():
        for pattern in model_admin.get_urls():
            if not pattern.name:
                continue
            about = objects.get(model)
            for args in ([], [about and about.pk], [about and about.pk, 1]):
                if len(args) == pattern.pattern.regex.groups and (about or not args):
                    yield reverse(f"admin:{pattern.name}", args=args)


def admin_objects(where: str, project: Project) -> dict[type[Model], Model]:
    person = UserFactory(departments=[project.lead_department])
    return {Project: project, Promoter: project.promoter, Stage: project.stages.last(), User: person}


def test_the_admin_is_for_administrators_alone(projects):
    urls = [reverse("admin:index"), *admin_urls(admin_objects(OWN, projects[OWN]))]
    assert len(urls) > 50
    for who, person in PEOPLE.items():
        if not (person and person.is_administrator):
            client = client_of(person)
            opened = [url for url in urls if client.get(url).status_code == 200]
            assert opened == [], who


def test_an_administrator_finds_its_own_region_in_the_admin_and_no_other(projects):
    client = client_of(PEOPLE["administrator of the region"])
    objects = {where: admin_objects(where, project) for where, project in projects.items()}
    for where, expected in ((OWN, True), (NEAR, True), (FAR, False)):
        for instance in objects[where].values():
            assert (client.get(change_url(instance)).status_code == 200) == expected, (where, instance)
    about_them = {str(instance.pk) for instance in objects[FAR].values()}
    for url in admin_urls(objects[FAR]):
        if about_them & set(url.split("/")):
            assert client.get(url).status_code in (302, 403, 404), url


def as_shown(page: HttpResponse) -> dict[str, object]:
    """What a browser sends back of an admin form that nobody touched."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    return {field.html_name: field.value() for form in forms for field in form if field.value() is not None}


def change_url(instance: Model) -> str:
    return reverse(f"admin:{instance._meta.app_label}_{instance._meta.model_name}_change", args=[instance.pk])


def test_an_administrator_writes_in_the_admin_where_it_may_on_the_pages(projects):
    for project in projects.values():
        project.contacts.create(name="Dr Vasseur")
    expected, got = {}, {}
    everything = client_of(PEOPLE["technical administrator"])
    for who, person in PEOPLE.items():
        client = client_of(person)
        for where, project in projects.items():
            for written, page, field in (
                (project, project, "name"),
                (project.contacts.get(), project, "contacts-0-name"),
                (project.promoter, project.promoter, "name"),
            ):
                client.post(change_url(page), as_shown(everything.get(change_url(page))) | {field: who})
                written.refresh_from_db()
                case = who, where, written._meta.model_name
                got[case] = written.name == who
                expected[case] = bool(person) and person.is_administrator and where in person.writes
    assert got == expected


def test_no_old_version_is_restored_in_the_admin(projects):
    """The library hides its button and takes the form all the same, even of who may only read."""
    for who in ("administrator of a department", "technical administrator"):
        client = client_of(PEOPLE[who])
        for project in projects.values():
            for instance in (project, project.promoter, project.stages.last()):
                name = f"{instance._meta.app_label}_{instance._meta.model_name}"
                version = reverse(f"admin:{name}_simple_history", args=[instance.pk, instance.history.last().pk])
                sent = {"name": "Rétabli", "state": State.ACI_SIGNED, "since": "2024-02-01", "project": project.pk}
                assert client.post(version, sent | {"origin": "act"}).status_code == 403, (who, version)


def test_the_admin_changes_no_state(projects):
    client = client_of(PEOPLE["technical administrator"])
    project = projects[OWN]
    page = client.get(reverse("admin:projects_project_change", args=[project.pk]))
    form = page.context["adminform"].form
    assert set(form.fields) == {"name", "promoter", "finess"}
    assert client.get(reverse("admin:projects_project_add")).status_code == 403
    stage = project.stages.last()
    changed = client.post(reverse("admin:projects_stage_change", args=[stage.pk]), {"state": "aci_signed"})
    assert changed.status_code == 403
    assert client.post(reverse("admin:projects_stage_delete", args=[stage.pk]), {"post": "yes"}).status_code == 403
    assert client.post(reverse("admin:projects_project_delete", args=[project.pk]), {"post": "yes"}).status_code == 403
    assert project.stages.last().state == State.ENGINEERING
