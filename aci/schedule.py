"""What an ACI contract makes due, when, and by which formula (docs/rules/schedule.md).

Contrat type annexed to the arrêté of 21 August 2019 (NOR SSAS1924409A), articles 6.1 and 6.2: running costs are paid
whole at the signature, then by advance at each anniversary; a mission's fixed part by advance at its start, in
proportion to the time left; balances at the anniversary; the variable part after the yearly dialogue. What no source
says is in `Rules`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from aci.money import cents, in_euros, percent
from aci.remuneration import Kind, Labelled, Line, TariffData, Verified, total
from aci.years import ContractYear, contract_year, contract_years, year_of

RUNNING_COSTS = "fonctionnement"
YEARS = 5  # of a contract (S: press and federations; the law of 2019 is silent)


class DueKind(Labelled):
    """Why an amount is due; with the contract year and the mission, it names a line of the schedule."""

    SIGNATURE = "signature", "Totalité à la signature"
    ADVANCE = "advance", "Avance"
    BALANCE = "balance", "Solde"
    VARIABLE = "variable", "Volet variable"
    CRISIS = "crisis", "Crise reconnue"
    RECOVERY = "recovery", "Reprise"


PAID_FIRST = frozenset({DueKind.SIGNATURE, DueKind.ADVANCE})
"""What a recovery of the same year takes back."""

AFTER_DIALOGUE = frozenset({DueKind.VARIABLE, DueKind.CRISIS})
"""What waits for the yearly dialogue, and for a validation of its own."""


class Proration(Labelled):
    DAYS = "days", "jours restants sur jours de l'année de contrat"
    MONTHS = "months", "mois restants, tout mois commencé compté, sur douze"


class Ending(Labelled):
    """What becomes of the year during which a contract or a mission ends."""

    PRORATED = "prorated", "en proportion du temps couru, le trop-perçu est repris"
    KEPT = "kept", "l'année commencée reste due en entier"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the texts found do not say, and the share they do; the defaults are those printed on every page."""

    advance: Decimal = Decimal("0.75")  # contrat type, 6.1
    proration: Proration = Proration.DAYS  # not found
    ending: Ending = Ending.PRORATED  # not found
    prorates_variable: bool = False  # not found


USUAL = Rules()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contract, then its amendments, say of the money from a contract year on."""

    from_year: int
    tier: int
    tariff: TariffData


@dataclass(frozen=True, slots=True)
class Engagement:
    """A mission, between two dates (`ends_on` excluded; None: as long as the contract)."""

    mission: str
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The variable part that a mission has earned in a contract year, in euros; `since`: when its results counted."""

    year: int
    mission: str
    amount: Decimal
    since: date | None = None


@dataclass(frozen=True, slots=True)
class ContractData:
    """A contract as the rules read it. `dialogues`: by contract year, the day of the minutes of its dialogue."""

    signed_on: date
    starts_on: date
    terms: tuple[Terms, ...]
    engagements: tuple[Engagement, ...] = ()
    settled: tuple[Settled, ...] = ()
    dialogues: Mapping[int, date] = field(default_factory=dict)
    crises: tuple[date, ...] = ()  # the days on which the ARS has recognised one
    ended_on: date | None = None  # first day without contract, when it is terminated or merged before its term
    years: int = YEARS

    def year(self, number: int) -> ContractYear:
        return contract_year(self.starts_on, number)

    def year_of(self, day: date) -> int:
        return year_of(self.starts_on, day)

    @property
    def term(self) -> date:
        """First day after its last year."""
        return self.year(self.years).until

    def all_years(self) -> list[ContractYear]:
        """Its years, the one during which it ends included."""
        years = contract_years(self.starts_on, self.years)
        return [year for year in years if self.ended_on is None or year.since < self.ended_on]

    def terms_of(self, year: int) -> Terms | None:
        said = [terms for terms in self.terms if terms.from_year <= year]
        return max(said, key=lambda terms: terms.from_year, default=None)

    @property
    def labels(self) -> dict[str, str]:
        """Code → label of every mission of its tariffs, as the last one names it."""
        return {code: label for terms in self.terms for code, label in terms.tariff.missions.items()}


@dataclass(frozen=True, slots=True)
class Due:
    """An amount, in euros, due on a day; negative when it is to be given back."""

    due_on: date
    kind: DueKind
    mission: str
    label: str
    year: int
    amount: Decimal
    formula: str
    verified: Verified

    @property
    def key(self) -> tuple[int, str, DueKind]:
        """What names this line in the ledger, whatever its amount."""
        return self.year, self.mission, self.kind


@dataclass(frozen=True, slots=True)
class Grant:
    """What a contract grants to a mission in one of its years: the most it may receive."""

    year: ContractYear
    line: Line
    since: date  # in that year
    until: date  # excluded, what ends before the year told apart by `is_cut`
    planned: Decimal  # fixed part, as if nothing ended during the year
    planned_formula: str
    fixed: Decimal  # fixed part, as it is earned
    fixed_formula: str
    variable: Decimal  # the envelope
    is_cut: bool

    @property
    def most(self) -> Decimal:
        return self.fixed + self.variable

    def on(self, day: date) -> "Grant":
        """As it stands on `day`: whole, as long as the end decided ahead has not come."""
        if not self.is_cut or self.until <= day:
            return self
        return replace(self, fixed=self.planned, fixed_formula=self.planned_formula, is_cut=False)


def grants(contract: ContractData, rules: Rules = USUAL) -> list[Grant]:
    """Each mission engaged in each contract year, with its fixed part and its envelope; crises apart."""
    running = Engagement(RUNNING_COSTS, contract.starts_on)
    return [
        grant
        for year in contract.all_years()
        for engagement in (running, *contract.engagements)
        for line in lines_of(contract, engagement, year)
        if line.kind != Kind.CONDITIONAL and (grant := _grant(contract, engagement, line, year, rules))
    ]


def lines_of(contract: ContractData, engagement: Engagement, year: ContractYear) -> list[Line]:
    """The lines of the tariff that this engagement opens in that year, those that follow it included.

    The years of a line are counted from the one in which its mission starts: a plan is written first, then updated.
    """
    terms = contract.terms_of(year.number)
    if terms is None:
        return []
    nth = year.number - contract.year_of(engagement.starts_on) + 1
    return [
        line
        for line in terms.tariff.lines.get(terms.tier, ())
        if engagement.mission in (line.mission, line.follows) and line.is_granted_in(nth)
    ]


def _grant(
    contract: ContractData, engagement: Engagement, line: Line, year: ContractYear, rules: Rules
) -> Grant | None:
    since = max(engagement.starts_on, year.since)
    ends = [end for end in (engagement.ends_on, contract.ended_on) if end]
    until = min([year.until, *ends])
    if since >= until:
        return None
    is_cut = until < year.until
    planned = share_of(year, since, year.until, rules.proration)
    is_earned_in_part = is_cut and rules.ending == Ending.PRORATED
    share = share_of(year, since, until, rules.proration) if is_earned_in_part else planned
    return Grant(
        year=year,
        line=line,
        since=since,
        until=until,
        planned=cents(planned.of(line.fixed)),
        planned_formula=f"{in_euros(line.fixed)}{planned}",
        fixed=cents(share.of(line.fixed)),
        fixed_formula=f"{in_euros(line.fixed)}{share}",
        variable=cents(share.of(line.variable) if rules.prorates_variable else line.variable),
        is_cut=is_cut,
    )


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a contract year that a period covers, kept as a fraction: a third is exact, 0.333… is not."""

    part: int
    whole: int

    def of(self, amount: Decimal) -> Decimal:
        return amount * self.part / self.whole

    def __str__(self) -> str:
        """As a formula prints it: nothing for the whole year."""
        return "" if self.part == self.whole else f" × {self.part}/{self.whole}"


def share_of(year: ContractYear, since: date, until: date, proration: Proration) -> Share:
    if proration == Proration.DAYS or (since, until) == (year.since, year.until):
        return Share((until - since).days, year.days)
    length = relativedelta(until, since)
    return Share(min(12, length.years * 12 + length.months + (1 if length.days else 0)), 12)


def schedule(
    contract: ContractData,
    rules: Rules = USUAL,
    *,
    until: date | None = None,
    granted: Sequence[Grant] | None = None,
) -> list[Due]:
    """Every amount due, in the order of the dates (`until` included, if told). `granted`: its grants, when known."""
    granted = grants(contract, rules) if granted is None else granted
    dues = [
        *(due for grant in granted for due in _fixed(contract, grant, rules)),
        *(due for grant in granted for due in _variable(contract, grant)),
        *_crises(contract),
    ]
    order = list(DueKind)
    dues.sort(key=lambda due: (due.due_on, due.year, order.index(due.kind)))
    return [due for due in dues if until is None or due.due_on <= until]


def _fixed(contract: ContractData, grant: Grant, rules: Rules) -> Iterator[Due]:
    """The advance of a year, then what is left of it (or is to be given back) when the year or the mission ends."""
    if grant.line.fixed == 0:
        return
    is_whole = grant.line.mission == RUNNING_COSTS and grant.year.number == 1
    paid_first = grant.planned if is_whole else _advance(grant, rules)
    if is_whole:
        formula = f"100\u00a0% × {in_euros(grant.line.fixed)}"
        yield _due(grant, DueKind.SIGNATURE, contract.signed_on, paid_first, formula)
    else:
        share = share_of(grant.year, grant.since, grant.year.until, rules.proration)
        formula = f"{percent(rules.advance)} × {in_euros(grant.line.fixed)}{share}"
        if paid_first:
            yield _due(grant, DueKind.ADVANCE, grant.since, paid_first, formula)
    left = grant.fixed - paid_first
    if left:
        kind = DueKind.BALANCE if left > 0 else DueKind.RECOVERY
        yield _due(grant, kind, grant.until, left, f"{grant.fixed_formula} − {in_euros(paid_first)}")


def _advance(grant: Grant, rules: Rules) -> Decimal:
    share = share_of(grant.year, grant.since, grant.year.until, rules.proration)
    return cents(share.of(rules.advance * grant.line.fixed))


def ready_on(contract: ContractData, year: int, mission: str) -> date | None:
    """The day of the minutes of its dialogue, or of the results that count after them; None before the minutes."""
    minutes_on = contract.dialogues.get(year)
    counted = [each.since for each in contract.settled if (each.year, each.mission) == (year, mission) and each.since]
    return max([minutes_on, *counted]) if minutes_on else None


def _variable(contract: ContractData, grant: Grant) -> Iterator[Due]:
    """What the dialogue of that year has settled, capped by the envelope; nothing before it."""
    number, mission = grant.year.number, grant.line.mission
    earned = total(each.amount for each in contract.settled if (each.year, each.mission) == (number, mission))
    amount, ready = min(cents(earned), grant.variable), ready_on(contract, number, mission)
    if ready is None or not amount:
        return
    formula = in_euros(amount)
    if amount < cents(earned):
        formula = f"{in_euros(earned)}, plafonné à l'enveloppe de {in_euros(grant.variable)}"
    yield _due(grant, DueKind.VARIABLE, max(grant.until, ready), amount, formula)


def _crises(contract: ContractData) -> Iterator[Due]:
    """Conditional amounts, due like what depends on results."""
    for grant in crisis_grants(contract):
        if ready := ready_on(contract, grant.year.number, grant.line.mission):
            yield _due(grant, DueKind.CRISIS, max(grant.until, ready), grant.fixed, grant.fixed_formula)


def crisis_grants(contract: ContractData) -> list[Grant]:
    """What recognised crises grant: a conditional line is granted by the first of a contract year, and once."""
    found: dict[tuple[int, str], Grant] = {}
    for recognised_on in sorted(contract.crises):
        year = contract.year(contract.year_of(recognised_on))
        until = min(year.until, contract.ended_on or year.until)
        for line in conditional_lines(contract, year, recognised_on):
            formula = f"{in_euros(line.total)}, crise reconnue par l'ARS le {recognised_on:%d/%m/%Y}"
            grant = Grant(
                year, line, recognised_on, until, line.total, formula, line.total, formula, Decimal(0), is_cut=False
            )
            found.setdefault((year.number, line.mission), grant)
    return list(found.values())


def conditional_lines(contract: ContractData, year: ContractYear, day: date) -> list[Line]:
    """What a crisis recognised on `day` opens: nothing when its mission is not engaged then, or the contract over."""
    is_over = contract.ended_on is not None and contract.ended_on <= day
    if is_over or not 1 <= year.number <= contract.years:
        return []
    engaged = [
        each for each in contract.engagements if each.starts_on <= day and not (each.ends_on and each.ends_on <= day)
    ]
    found = (line for each in engaged for line in lines_of(contract, each, year))
    return [line for line in found if line.kind == Kind.CONDITIONAL]


def _due(grant: Grant, kind: DueKind, due_on: date, amount: Decimal, formula: str) -> Due:
    line = grant.line
    return Due(due_on, kind, line.mission, line.label, grant.year.number, amount, formula, line.verified)
