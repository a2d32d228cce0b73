"""A version of the barème as its page shows it: a row a mission, a column a tier, each source told once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from aci.models import PaymentRules, Tariff, TariffLine
from aci.remuneration import Kind, Line, TariffData, total
from aci.schedule import USUAL, YEARS
from aci.tariff_difference import months, years
from ground.templatetags.french import share

MODEL_CONTRACT = "Contrat type annexé à l'arrêté du 21 août 2019, article 6.1"
NOT_FOUND = "Aucun texte trouvé ne le dit : choix par défaut, à confirmer."


@dataclass(slots=True)
class Sources:
    """Numbered in the order in which they are met."""

    texts: list[str] = field(default_factory=list)

    def number(self, text: str) -> int | None:
        if not text:
            return None
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


@dataclass(frozen=True, slots=True)
class Cell:
    """What a mission is worth for a tier; no line when the version has no amount there."""

    line: Line | None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    line: TariffLine
    follows: str  # the label of the mission that opens it, if any
    kind: str
    years: str
    calendar: str
    calendar_source: int | None
    cells: list[Cell]


def rows_of(tariff: Tariff, sources: Sources) -> list[Row]:
    """Every mission with an amount or a hole for each tier; expects `tiers` and `lines__amounts` to be fetched."""
    tiers = [tier.number for tier in tariff.tiers.all()]
    labels = {line.mission: line.label for line in tariff.lines.all()}
    return [row_of(line, labels.get(line.follows, line.follows), tiers, sources) for line in tariff.lines.all()]


def row_of(line: TariffLine, follows: str, tiers: Iterable[int], sources: Sources) -> Row:
    amounts = {amount.tier: amount.as_line() for amount in line.amounts.all()}
    calendar = [("à démarrer", line.starts_within), ("à déployer", line.deployed_within)]
    found = [amounts.get(tier) for tier in tiers]
    return Row(
        line=line,
        follows=follows,
        kind=Kind(line.kind).label,
        years=years(line.first_year, line.last_year),
        calendar=", ".join(f"{what} {months(within)}" for what, within in calendar if within is not None),
        calendar_source=sources.number(line.calendar_source),
        cells=[Cell(amount, amount and sources.number(amount.source)) for amount in found],
    )


def totals_of(data: TariffData) -> list[tuple[str, list[Decimal]]]:
    """By tier, the yearly maximum without what is conditional; contract years that give the same are told together."""
    by_year = [(year, [_total(data, tier.number, year) for tier in data.tiers]) for year in range(1, YEARS + 1)]
    found = []
    for amounts, same in groupby(by_year, key=lambda each: each[1]):
        told = [year for year, _ in same]
        found.append((years(told[0], None if len(told) == YEARS else told[-1]), amounts))
    return found


def _total(data: TariffData, tier: int, year: int) -> Decimal:
    lines = data.lines.get(tier, ())
    return total(line.total for line in lines if line.kind != Kind.CONDITIONAL and line.is_granted_in(year))


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A rule of payment in words; `is_sourced`, `origin`: whether it was verified, and where it was read."""

    about: str
    rule: str
    is_sourced: bool
    origin: str


def told_rules(entered: PaymentRules | None = None) -> list[ToldRule]:
    """The rules that an administrator has entered, as verified as they say; without any, the usual ones."""
    rules = entered.as_rules() if entered else USUAL
    variable = "en proportion de l'année" if rules.prorates_variable else "en entier, même pour une année incomplète"
    said = [
        ("Avance, au début de l'année ou de la mission", share(rules.advance), MODEL_CONTRACT),
        ("Mission commencée en cours d'année", rules.proration.label, ""),
        ("Année où le contrat ou une mission s'arrête", rules.ending.label, ""),
        ("Volet variable", variable, ""),
    ]
    if entered:
        return [ToldRule(about, rule, entered.is_verified, entered.source) for about, rule, _ in said]
    return [ToldRule(about, rule, bool(text), text or NOT_FOUND) for about, rule, text in said]


def source_of_rules(entered: PaymentRules | None) -> str:
    return entered.source if entered else f"{MODEL_CONTRACT}, pour l'avance ; aucun texte trouvé pour le reste"
