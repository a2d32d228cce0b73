"""What the dialogue has to look at, prefilled from what is recorded, and the room for what it decides."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from aci.contracts import retained_on
from aci.dialogue_file.content import Cell, Column, Items, Row, RowKind, Section, Signatures, Table, Text
from aci.dialogue_file.facts import YearFacts, mark_of
from aci.indicators import is_reached
from aci.ledger import LedgerLine
from aci.money import in_euros
from aci.results import IndicatorLine
from aci.schedule import AFTER_DIALOGUE
from aci.templatetags.measures import measured_by
from ground.templatetags.french import quoted, short_day

DECISIONS = (Column("Décision", 9), Column("Retenue", 3), Column("Observations", 7))
ROOM = 4  # lines left for what nobody has foreseen
CHOICE = Cell("☐ oui\u2003☐ non")


def questions(facts: YearFacts) -> Section:
    found = (
        ("Échéances du contrat", [*_alerts(facts), *_versions(facts)]),
        ("Indicateurs", list(_indicators(facts))),
        ("Versements", list(_money(facts))),
    )
    sections = tuple(Section(title, (Items(tuple(texts)),)) for title, texts in found if texts)
    nothing = () if sections else (Text("Rien de ce qui est enregistré n'appelle d'examen."),)
    return Section("Points à examiner", nothing, sections)


def _alerts(facts: YearFacts) -> Iterator[str]:
    for alert in facts.alerts:
        limit = f", au plus tard le {short_day(alert.day)}" if alert.day else ""
        yield f"{alert.what}{limit}{' (en retard)' if alert.is_late else ''}."


def _versions(facts: YearFacts) -> Iterator[str]:
    if facts.results.version is None:
        yield f"Aucune version des indicateurs n'est retenue pour l'année {facts.year.number}."
    if lacks_next_version(facts):
        yield f"Les indicateurs de l'année {facts.year.number + 1} restent à retenir."


def lacks_next_version(facts: YearFacts) -> bool:
    retained = {each.year for each in retained_on(facts.contract, facts.day)}
    following = facts.year.number + 1
    return following in {year.number for year in facts.ledger.data.all_years()} - retained


def _indicators(facts: YearFacts) -> Iterator[str]:
    versions = retained_on(facts.contract, facts.day)
    carried = {each.carried_from_id for version in versions for each in version.negotiated.all()}
    for line in facts.results.lines:
        if why := _why_look_at(facts, line, is_carried=line.negotiated.pk in carried):
            yield f"{quoted(line.negotiated.indicator.label)} : {why}."


def _why_look_at(facts: YearFacts, line: IndicatorLine, *, is_carried: bool) -> str:
    """What it still waits for or, missed, whether it is carried over; empty when there is nothing to say."""
    if not line.counts:
        return ", ".join(line.awaits) if line.final or facts.is_over else ""
    if is_reached(line.earned.agreed, line.earned.value):
        return ""
    target = measured_by(line.negotiated.target, line.negotiated.indicator)
    goal = f" pour une cible de {target}" if target else ""
    what = "reconduit l'année suivante" if is_carried else "à reconduire ou non"
    return f"non atteint avec {measured_by(line.earned.value, line.negotiated.indicator)}{goal} ; {what}"


def _money(facts: YearFacts) -> Iterator[str]:
    waiting = to_validate(facts)
    for line in waiting:
        yield f"{_named(line)} : {_amount(line)} à valider en COPIL."
    left: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in facts.ledger.of_year(facts.year.number):
        if line not in waiting and line.is_late:
            left[line.due.label, mark_of(line.due.verified)] += line.left
    for (label, mark), amount in left.items():
        if amount:
            what = "restant dus" if amount > 0 else "à reprendre ou versés en trop"
            yield f"{label} : {in_euros(abs(amount))} {what}{f' ({mark})' if mark else ''}."


def to_validate(facts: YearFacts) -> list[LedgerLine]:
    """What results or a crisis have earned and no meeting has validated yet, or only in part."""
    lines = facts.ledger.of_year(facts.year.number)
    return [line for line in lines if line.due.kind in AFTER_DIALOGUE and line.validated < line.due.amount]


def _named(line: LedgerLine) -> str:
    return f"{line.due.label}, {line.due.kind.label.lower()}"


def _amount(line: LedgerLine) -> str:
    mark = mark_of(line.due.verified)
    return in_euros(line.due.amount) + (f" ({mark})" if mark else "")


def decisions(facts: YearFacts) -> Section:
    """Each decision foreseen with its boxes, free lines, then the three signatures."""
    foreseen = [f"Valider le paiement : {_named(line)}, {_amount(line)}" for line in to_validate(facts)]
    if lacks_next_version(facts):
        foreseen.append(f"Retenir les indicateurs de l'année {facts.year.number + 1}")
    rows = [Row((Cell(text), CHOICE, Cell()), RowKind.ROOM) for text in [*foreseen, *[""] * ROOM]]
    return Section(
        "Décisions et signatures",
        (
            Table("", DECISIONS, tuple(rows)),
            Signatures(("Pour la CPTS", "Pour la CPAM", "Pour l'ARS"), ("Nom et qualité", "Date", "Signature")),
        ),
    )
