"""What a row would change on a project, field by field, as people read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ground.templatetags.french import number, short_day
from projects.models import Contact, Project, Promoter
from projects.spreadsheets.facts import Facts
from projects.spreadsheets.matching import project_key
from projects.spreadsheets.zones import Leaves
from projects.states import State
from projects.workflow import Entry

POPULATION_GAP = 0.1  # above it, the population written in the file is likely not that of its communes


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    old: str
    new: str


def stage_changes(project: Project | None, entries: Iterable[Entry]) -> list[Change]:
    """The dates of stages that would change; a change of comment alone is told in one line."""
    stages = project.stages.all() if project else ()
    old = {State(stage.state): stage.since for stage in stages if not stage.is_tacit}
    new = {entry.state: entry.since for entry in entries}
    return [
        Change(state.short_label, short_day(old.get(state)), short_day(new.get(state)))
        for state in State
        if old.get(state) != new.get(state)
    ] or [Change("Étapes", "dates constatées", "dates du fichier")]


def held_codes(project: Project | None) -> set[str]:
    """Codes of the zones that a known project holds."""
    memberships = project.perimeter.memberships.all() if project else ()
    return {membership.zone.code for membership in memberships if membership.until is None}


def territory_change(project: Project | None, wanted: set[str], leaves: Leaves) -> Change:
    held = held_codes(project)
    return Change("Territoire", _zones_told(held, leaves) if held else "", _zones_told(wanted, leaves, held))


def field_changes(facts: Facts, project: Project, leaves: Leaves, as_of: date) -> list[Change]:
    """What else would change on a known project; a blank cell changes nothing."""
    renamed = project_key(facts.name) != project_key(project.name) and not facts.doubts
    others = {department.pk for department in project.other_departments.all()}
    reached = (reached_departments(facts, leaves) | others) - {project.lead_department_id}
    told = [
        Change("Nom", project.name, facts.name if renamed else ""),
        *_promoter_changes(facts, project.promoter or Promoter()),
        Change("N° FINESS", project.finess, facts.finess),
        Change("Autres départements", ", ".join(sorted(others)), ", ".join(sorted(reached))),
        *_people_changes(facts, project, as_of),
    ]
    return [change for change in told if change.new and change.new != change.old]


def _promoter_changes(facts: Facts, promoter: Promoter) -> list[Change]:
    changes = [Change("Porteur", promoter.name, facts.promoter)]
    if promoter.name or facts.promoter:
        changes += [
            Change("SIRET", promoter.siret, facts.siret),
            Change("RNA", promoter.rna, facts.rna),
            Change("Forme juridique", promoter.get_legal_form_display(), _label(facts.legal_form)),
        ]
    return changes


def _label(legal_form: str) -> str:
    return Promoter.LegalForm(legal_form).label if legal_form else ""


def _people_changes(facts: Facts, project: Project, as_of: date) -> list[Change]:
    changes = []
    referents = {assignment.side: assignment for assignment in project.assignments.all()}
    for side, name in facts.referents.items():
        current = referents.get(side)
        if current is None or current.since <= as_of:
            changes.append(Change(f"Référent {side.label}", str(current or ""), name))
    if facts.contact:
        contact = next((c for c in project.contacts.all() if c.name == facts.contact), Contact())
        changes += [
            Change("Contact", contact.name, facts.contact),
            Change("Courriel", contact.email, facts.email),
            Change("Téléphone", contact.phone, facts.phone),
        ]
    if facts.note not in {note.text for note in project.notes.all() if not note.side}:
        changes.append(Change("Observation", "", facts.note))
    return changes


def reached_departments(facts: Facts, leaves: Leaves) -> set[str]:
    """The departments besides its own that a project reaches: as told, and those of its communes."""
    return {*facts.others, *(leaves.department[code] for code in leaves.of(facts.codes))} - {facts.department}


def _zones_told(codes: Iterable[str], leaves: Leaves, held: Iterable[str] = ()) -> str:
    """« 3 zones, 61 200 hab. », and against `held` what comes and what leaves."""
    codes, held = set(codes), set(held)
    plural = "s" if len(codes) > 1 else ""
    told = f"{len(codes)} zone{plural}, {number(sum(leaves.population.get(code, 0) for code in codes))} hab."
    comes = [leaves.name.get(code, code) for code in sorted(codes - held)] if held else []
    leaves_it = [leaves.name.get(code, code) for code in sorted(held - codes)]
    told += f" ; arrive : {', '.join(comes)}" if comes else ""
    return told + (f" ; part : {', '.join(leaves_it)}" if leaves_it else "")


def territory_warnings(facts: Facts, project: Project | None, leaves: Leaves) -> list[str]:
    if not facts.codes:
        return [] if facts.errors or held_codes(project) else ["Aucune commune n'est donnée."]
    population = sum(leaves.population[code] for code in leaves.of(facts.codes))
    if facts.population and abs(facts.population - population) > POPULATION_GAP * population:
        told, counted = number(facts.population), number(population)
        return [f"Le fichier compte {told} habitants, ces communes en ont {counted} : vérifiez."]
    return []
