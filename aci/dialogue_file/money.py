"""The money of the year, line by line: granted, due, validated, paid, to come, and what is left to pay."""

from collections import defaultdict
from decimal import Decimal

from aci.dialogue_file.content import Cell, Column, Row, RowKind, Section, Table, Text
from aci.dialogue_file.facts import YearFacts, mark_of
from aci.ledger import LedgerLine, Sums, sums
from aci.ledger_pages import Amount
from aci.money import in_euros
from aci.remuneration import Kind, total
from aci.schedule import Due, DueKind, Grant
from aci.tariff_page import source_of_rules, told_rules
from ground.templatetags.french import short_day

TITLES = ("Accordé", "Dû", "Validé", "Versé", "À venir", Amount.LEFT.label)
COLUMNS = (Column("Mission et échéance", 42), *(Column(title, 12, is_number=True) for title in TITLES))
MEANING = (
    "Accordé : le plus que la mission peut recevoir dans l'année de contrat, une crise dès qu'elle est reconnue. "
    "Dû : exigible à la date de la situation. "
    "Validé : engagé par le contrat ou par une décision du COPIL. À venir : exigible plus tard. Écart : dû moins "
    "versé, négatif s'il y a trop-versé."
)


def money(facts: YearFacts) -> Section:
    lines: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in facts.ledger.of_year(facts.year.number):
        lines[line.due.mission].append(line)
    granted: dict[str, list[Grant]] = defaultdict(list)
    for grant in facts.ledger.grants:
        if grant.year.number == facts.year.number:
            granted[grant.line.mission].append(grant)
    rows = [row for mission in dict.fromkeys([*granted, *lines]) for row in _mission(granted[mission], lines[mission])]
    if not rows:
        return Section("Argent de l'année", (Text("Rien n'est accordé ni dû pour cette année."),))
    doubt = ("Comprend des montants non vérifiés",) if facts.is_doubtful else ()
    rows.append(_row(Cell("Total de l'année", doubt), facts.ledger.sums_of_year(facts.year.number), RowKind.SUM))
    table = Table("Montants de l'année de contrat, en euros", COLUMNS, tuple(rows))
    return Section("Argent de l'année", (table, Text(MEANING, is_small=True), Text(_rules(facts), is_small=True)))


def _mission(granted: list[Grant], lines: list[LedgerLine]) -> list[Row]:
    label = granted[0].line.label if granted else lines[0].due.label
    mark = mark_of(granted[0].line.verified if granted else lines[0].due.verified)
    whole = sums(lines, granted=total(grant.most for grant in granted))
    head = Cell(label, tuple(_granted(grant) for grant in granted), mark)
    return [_row(head, whole, RowKind.GROUP), *(_line(line) for line in lines)]


def _granted(grant: Grant) -> str:
    if grant.line.kind == Kind.CONDITIONAL:
        return grant.fixed_formula
    fixed = in_euros(grant.fixed)
    told = f"Volet fixe {fixed if grant.fixed_formula == fixed else f'{grant.fixed_formula} = {fixed}'}"
    return f"{told} ; volet variable {in_euros(grant.variable)}" if grant.variable else told


def _line(line: LedgerLine) -> Row:
    due = line.due
    notes = [_formula(due)]
    if line.validated_by:
        notes.append(f"Validé : {line.validated_by}")
    if line.set_off:
        notes.append(line.set_off_words)
    notes += [
        f"Versé le {short_day(payment.paid_on)}, {in_euros(payment.amount)} (réf. {payment.reference})"
        for payment in line.payments
    ]
    amounts = (line.due_amount, line.validated, line.paid, line.to_come, line.left)
    cells = [Cell(f"{due.kind.label}, {short_day(due.due_on)}", tuple(notes), mark_of(due.verified)), Cell()]
    return Row((*cells, *(Cell(_bare(amount)) for amount in amounts)))


def _formula(due: Due) -> str:
    amount = in_euros(due.amount)
    if due.kind == DueKind.VARIABLE and due.formula == amount:
        return f"Somme des montants acquis par les indicateurs = {amount}"
    return f"{due.formula} = {amount}"


def _row(head: Cell, amounts: Sums, kind: RowKind) -> Row:
    shown = (amounts.granted, amounts.due, amounts.validated, amounts.paid, amounts.to_come, amounts.left)
    return Row((head, *(Cell(_bare(amount)) for amount in shown)), kind)


def _bare(amount: Decimal) -> str:
    """Under a caption that says « en euros »."""
    return in_euros(amount).removesuffix("\u00a0€")


def _rules(facts: YearFacts) -> str:
    said = [
        f"{each.about} : {each.rule}{'' if each.is_sourced else ' (non vérifié)'}" for each in told_rules(facts.rules)
    ]
    return f"Règles de versement. {' ; '.join(said)}. Source : {source_of_rules(facts.rules)}."
