"""What one row says of a project, all its errors at once."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError

from accounts.models.institution import Side
from ground.text import search_form
from projects.identifiers import validate_finess, validate_rna, validate_siret
from projects.models import Assignment, Contact, Project, Promoter
from projects.spreadsheets.matching import Quality, project_key
from projects.spreadsheets.reading import (
    NOT_YET,
    CellError,
    CellValue,
    Field,
    Reading,
    Row,
    read_boolean,
    read_date,
    read_department_code,
    read_department_codes,
    read_finess,
    read_number,
    read_rna,
    read_siret,
    read_status,
)
from projects.spreadsheets.zones import ZoneFinder
from projects.states import ENDED, State

T = TypeVar("T")

DATES = {
    Field.FIRST_CONTACT_ON: State.INITIATIVE,
    Field.FORMALISING_ON: State.FORMALISING,
    Field.LETTER_RECEIVED_ON: State.LETTER_FILED,
    Field.LETTER_VALIDATED_ON: State.LETTER_VALIDATED,
    Field.ENGINEERING_ON: State.ENGINEERING,
    Field.FILED_ON: State.FILED,
    Field.OPPOSED_ON: State.OPPOSED,
    Field.VALIDATED_ON: State.VALIDATED,
    Field.ACI_SIGNED_ON: State.ACI_SIGNED,
    Field.ABANDONED_ON: State.ABANDONED,
}
PROMOTER_FACTS = ("siret", "rna", "legal_form")
REFERENTS = {Field.ARS_REFERENT: Side.ARS, Field.CPAM_REFERENT: Side.INSURANCE}
IDENTIFIERS = {
    Field.FINESS: (read_finess, validate_finess),
    Field.SIRET: (read_siret, validate_siret),
    Field.RNA: (read_rna, validate_rna),
}
# What the models themselves ask of a text, so that nothing reviewed as good fails when it is written.
MODEL_FIELDS = {
    Field.NAME: Project._meta.get_field("name"),
    Field.PROMOTER: Promoter._meta.get_field("name"),
    Field.ARS_REFERENT: Assignment._meta.get_field("name"),
    Field.CPAM_REFERENT: Assignment._meta.get_field("name"),
    Field.CONTACT_NAME: Contact._meta.get_field("name"),
    Field.CONTACT_PHONE: Contact._meta.get_field("phone"),
}


@dataclass(slots=True)
class Facts:
    """A project as a row tells it; what is blank says nothing. `doubts` wait for a person's answer.

    `not_yet` gives, for a state said not to be reached, the words that say it; `unread` has those of unreadable cells.
    """

    name: str = ""
    department: str = ""
    others: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    dates: dict[State, date] = field(default_factory=dict)
    not_yet: dict[State, str] = field(default_factory=dict)
    unread: set[State] = field(default_factory=set)
    status: State | None = None
    finess: str = ""
    siret: str = ""
    rna: str = ""
    promoter: str = ""
    legal_form: str = ""
    referents: dict[Side, str] = field(default_factory=dict)
    contact: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    population: int | None = None
    zone_count: int | None = None
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """What makes two rows speak of one project."""
        return self.department, project_key(self.name)

    def differences(self, other: "Facts") -> list[str]:
        """Names of the facts that two rows tell differently, in French."""
        told = {
            "communes": (set(self.codes), set(other.codes)),
            "statut": (self.status, other.status),
            "dates": (self.dates, other.dates),
            "FINESS": (self.finess, other.finess),
            "porteur": (self._promoter_facts(), other._promoter_facts()),
            "référents": (self.referents, other.referents),
            "contact": ((self.contact, self.email, self.phone), (other.contact, other.email, other.phone)),
            "autres départements": (set(self.others), set(other.others)),
            "observations": (self.note, other.note),
        }
        return [name for name, (mine, theirs) in told.items() if mine != theirs]

    def _promoter_facts(self) -> tuple[str, ...]:
        return self.promoter, self.legal_form, self.siret, self.rna

    def promoter_told(self, current: Promoter | None) -> Promoter | None:
        """`current` as the row tells it, unsaved; another name is another promoter: it may carry other projects."""
        is_another = self.promoter and (current is None or current.name != self.promoter)
        promoter = Promoter(name=self.promoter) if is_another else copy(current)
        for name in PROMOTER_FACTS if promoter else ():
            setattr(promoter, name, getattr(self, name) or getattr(promoter, name))
        return promoter


def read_facts(
    row: Row, reading: Reading, finder: ZoneFinder, departments: Mapping[str, str], default_department: str | None
) -> Facts:
    """`departments` gives the name of each code; `default_department` serves the rows that do not tell theirs."""
    facts = Facts(name=row.text(Field.NAME))
    facts.errors += [f"{reading.columns[column]} : {told}" for column, told in row.unread.items()]
    facts.unread |= {DATES[column] for column in row.unread if column in DATES}
    if not project_key(facts.name) and Field.NAME not in row.unread:
        facts.errors.append("Le nom du projet manque.")
    before = len(facts.errors)
    said = _read(facts, row, reading, Field.DEPARTMENT, lambda value: read_department_code(value, departments))
    facts.department = said or default_department or ""
    if not facts.department and len(facts.errors) == before and Field.DEPARTMENT not in row.unread:
        facts.errors.append(
            "Le département manque : ajoutez une colonne « Département » ou choisissez-le pour le fichier."
        )
    others = _read(
        facts, row, reading, Field.OTHER_DEPARTMENTS, lambda value: read_department_codes(value, departments)
    )
    facts.others = [code for code in others or () if code != facts.department]
    _read_zones(facts, row, finder)
    _read_life(facts, row, reading)
    _read_people(facts, row, reading)
    facts.population = _read(facts, row, reading, Field.POPULATION, read_number, is_error=False)
    facts.zone_count = _read(facts, row, reading, Field.ZONE_COUNT, read_number, is_error=False)
    return facts


def _read(
    facts: Facts, row: Row, reading: Reading, column: Field, reader: Callable[[CellValue], T], *, is_error: bool = True
) -> T | None:
    """The value of a cell; what cannot be read is an error, or a warning where it decides nothing."""
    if column not in row.cells:
        return None
    try:
        return reader(row.cells[column])
    except CellError as error:
        told = f"{reading.columns[column]} : {error.message_fr}"
        (facts.errors if is_error else facts.warnings).append(told)
        return None


def _read_zones(facts: Facts, row: Row, finder: ZoneFinder) -> None:
    cell = row.cells.get(Field.ZONES, "")
    if not facts.department or not str(cell).strip():
        return
    codes: list[str] = []
    for match in finder.find(str(cell), facts.department, facts.others):
        codes += match.codes
        if match.quality in (Quality.NONE, Quality.AMBIGUOUS):
            facts.errors.append(match.message_fr)
        elif match.quality == Quality.FUZZY:
            facts.doubts.append(match.message_fr)
        elif match.message_fr:
            facts.warnings.append(match.message_fr)
    facts.codes = list(dict.fromkeys(codes))


def _read_life(facts: Facts, row: Row, reading: Reading) -> None:
    for column, state in DATES.items():
        before = len(facts.errors)
        day = _read(facts, row, reading, column, read_date)
        if len(facts.errors) > before:
            facts.unread.add(state)
        elif day is NOT_YET:
            facts.not_yet[state] = f"« {reading.columns[column]} » n'est pas encore une date"
        elif isinstance(day, date):
            facts.dates[state] = day
    status = _read(facts, row, reading, Field.STATUS, read_status)
    facts.status = State(status) if status else None
    signed = _read(facts, row, reading, Field.ACI_SIGNED, read_boolean)
    if signed and facts.status is None:
        facts.status = State.ACI_SIGNED
    elif signed and facts.status not in (State.ACI_SIGNED, State.TERMINATED, State.MERGED):
        facts.errors.append(
            f"« {reading.columns[Field.ACI_SIGNED]} » dit oui, mais le statut dit « {facts.status.short_label} »."
        )
    elif signed is False and facts.status not in ENDED:
        facts.not_yet.setdefault(State.ACI_SIGNED, f"« {reading.columns[Field.ACI_SIGNED]} » dit non")


def _read_people(facts: Facts, row: Row, reading: Reading) -> None:
    """Identifiers and addresses that are wrong are told and left out: they never stop a dated fact."""
    for column, (reader, validate) in IDENTIFIERS.items():
        try:
            if value := reader(row.cells.get(column, "")):
                validate(value)
                setattr(facts, column.name.lower(), value)
        except CellError as error:
            facts.warnings.append(f"{error.message_fr} Il n'est pas repris.")
        except ValidationError as error:
            facts.warnings.append(f"« {row.text(column)} » : {error.messages[0]} Il n'est pas repris.")
    facts.promoter = row.text(Field.PROMOTER)
    facts.legal_form = _legal_form(row.text(Field.LEGAL_FORM))
    facts.referents = {side: row.text(column) for column, side in REFERENTS.items() if row.text(column)}
    facts.contact = row.text(Field.CONTACT_NAME)
    facts.phone = row.text(Field.CONTACT_PHONE)
    facts.note = str(row.cells.get(Field.NOTES, "")).strip()
    try:
        if email := row.text(Field.CONTACT_EMAIL):
            facts.email = Contact._meta.get_field("email").clean(email, None)
    except ValidationError:
        facts.warnings.append(f"« {email} » n'est pas une adresse de courriel : elle n'est pas reprise.")
    for column, of_the_model in MODEL_FIELDS.items():
        try:
            if text := row.text(column):
                of_the_model.clean(text, None)
        except ValidationError as error:
            facts.errors.append(f"{reading.columns[column]} : {' '.join(error.messages)}")
    facts.contact = facts.contact or facts.email[:150] or facts.phone


def _legal_form(text: str) -> str:
    words = search_form(text)
    if not words:
        return ""
    forms = {
        "droit local": Promoter.LegalForm.LOCAL_LAW_ASSOCIATION,
        "creation": Promoter.LegalForm.BEING_CREATED,
        "association": Promoter.LegalForm.ASSOCIATION,
    }
    return next((form for word, form in forms.items() if word in words), Promoter.LegalForm.OTHER)
