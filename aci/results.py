"""What the results of a contract year give, indicator by indicator, and what still keeps the money from being paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse

from accounts.models.institution import Side
from aci.contracts import agreed_of, dialogues_of, retained_on, variable_parts, was_there
from aci.indicators import Calculation, Earned, Step, VariablePart, earned, reached
from aci.ledger import Ledger, LedgerLine
from aci.models import (
    IndicatorSet,
    Meeting,
    NegotiatedIndicator,
    Payment,
    Result,
    ResultValidation,
    Validation,
)
from aci.remuneration import Line, total
from aci.schedule import RUNNING_COSTS, ContractData, DueKind, Grant, conditional_lines
from aci.years import ContractYear
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros
from projects.models import Document

THE = {Side.INSURANCE: "la CPAM", Side.ARS: "l'ARS"}
"""Both institutions in the order of the pages, as a sentence names them."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A result as it was on a day: the pieces still there, those withdrawn, and what each institution had validated."""

    result: Result
    pieces: tuple[Document, ...]
    withdrawn: tuple[Document, ...]
    validations: tuple[tuple[Side, ResultValidation | None], ...]

    @property
    def missing(self) -> list[Side]:
        return [side for side, validation in self.validations if validation is None]


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """An indicator with its results. `earned` counts; `measured` is what its final result gives once it does."""

    negotiated: NegotiatedIndicator
    earned: Earned
    measured: Earned | None
    final: ResultLine | None
    intermediate: tuple[ResultLine, ...]

    @property
    def counts(self) -> bool:
        return self.earned.value is not None

    @property
    def steps(self) -> list[tuple[Step, bool]]:
        """Each step, and whether the final result stands on it."""
        at = reached(self.earned.agreed.steps, self.final.result.value) if self.final else None
        return [(step, step is at) for step in self.earned.agreed.steps]

    @property
    def is_unproven(self) -> bool:
        return self.final is not None and self.negotiated.is_paying and not self.final.pieces

    @property
    def awaits(self) -> list[str]:
        """What its final result still lacks, in words; empty when it counts."""
        if self.final is None:
            return ["résultat final à saisir"]
        unproven = "pièce retirée" if self.final.withdrawn else "pièce à joindre"
        return [
            *([unproven] if self.is_unproven else []),
            *(f"à valider par {THE[side]}" for side in self.final.missing),
        ]


@dataclass(frozen=True, slots=True)
class MissionResults:
    """A mission engaged that year. `part`: None without a retained version; `due`: its line in the ledger, if any."""

    grant: Grant
    part: VariablePart | None
    lines: tuple[IndicatorLine, ...]
    due: LedgerLine | None

    @property
    def mission(self) -> str:
        return self.grant.line.mission

    @property
    def label(self) -> str:
        return self.grant.line.label

    @property
    def amount(self) -> Decimal:
        return self.part.amount if self.part else Decimal(0)

    @property
    def rate(self) -> Decimal | None:
        return self.part.rate if self.part else None

    @property
    def is_capped(self) -> bool:
        return self.part is not None and self.part.earned > self.part.envelope

    @property
    def is_settled(self) -> bool:
        """Validated or paid: its results change no more."""
        return self.due is not None and bool(self.due.meeting or self.due.payments)


@dataclass(frozen=True, slots=True)
class CrisisLine:
    """A conditional amount: nothing as long as the ARS has not recognised a crisis in that year."""

    line: Line
    recognised_on: date | None
    due: LedgerLine | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps the money of the year from being payable, and the page where somebody mends it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class YearResults:
    """A contract year on the day of its ledger. Amounts in euros; the crises are in none of its totals."""

    ledger: Ledger
    year: ContractYear
    version: IndicatorSet | None
    dialogue: Meeting | None
    missions: tuple[MissionResults, ...]
    crises: tuple[CrisisLine, ...]

    @property
    def lines(self) -> list[IndicatorLine]:
        return [line for mission in self.missions for line in mission.lines]

    @property
    def envelope(self) -> Decimal:
        return total(mission.grant.variable for mission in self.missions)

    @property
    def amount(self) -> Decimal:
        return total(mission.amount for mission in self.missions)

    @property
    def rate(self) -> Decimal | None:
        return self.amount / self.envelope if self.envelope else None

    @property
    def due(self) -> Decimal:
        return total(line.due_amount for line in self._dues())

    @property
    def validated(self) -> Decimal:
        return total(line.validated for line in self._dues())

    @property
    def paid(self) -> Decimal:
        return total(line.paid for line in self._dues())

    @property
    def left(self) -> Decimal:
        """What was validated and is not paid yet."""
        return self.validated - self.paid

    @property
    def is_weighted(self) -> bool:
        return self.version is not None and self.version.calculation == Calculation.WEIGHTED

    def _dues(self) -> Iterator[LedgerLine]:
        return (mission.due for mission in self.missions if mission.due)


def awaited_year(data: ContractData, day: date) -> int:
    """The contract year that has just ended, as long as its dialogue has no minutes; else the current one."""
    last = max((year.number for year in data.all_years()), default=1)
    current = max(data.year_of(day), 1)
    ended = min(current - 1, last)
    return ended if ended and ended not in data.dialogues else min(current, last)


def results_of(ledger: Ledger, number: int) -> YearResults:
    """The results of a contract year on the day of its ledger, in as many queries whatever their number."""
    contract, day = ledger.contract, ledger.day
    version = next((each for each in retained_on(contract, day) if each.year == number), None)
    parts = variable_parts(contract, ledger.grants, day).get(number, [])
    lines = _lines(version, parts, day) if version else {}
    by_mission = {part.mission: part for part in parts}
    missions = [
        MissionResults(
            grant=grant,
            part=by_mission.get(grant.line.mission),
            lines=lines.get(grant.line.mission, ()),
            due=ledger.line((number, grant.line.mission, DueKind.VARIABLE)),
        )
        for grant in ledger.grants
        if grant.year.number == number and grant.line.mission != RUNNING_COSTS
    ]
    return YearResults(
        ledger=ledger,
        year=ledger.data.year(number),
        version=version,
        dialogue=dialogues_of(contract, ledger.day).get(number),
        missions=tuple(each for each in missions if each.grant.variable or each.lines),
        crises=tuple(_crises(ledger, number)),
    )


def _lines(version: IndicatorSet, parts: list[VariablePart], day: date) -> dict[str, tuple[IndicatorLine, ...]]:
    """By mission, each indicator of the version with its results."""
    negotiated = {each.pk: each for each in version.negotiated.all()}
    validations = ResultValidation.objects.select_related("recorded_by__institution")
    results = Result.objects.select_related("recorded_by__institution").prefetch_related(
        Prefetch("validations", validations), "documents"
    )
    prefetch_related_objects(list(negotiated.values()), Prefetch("results", results))
    calculation = Calculation(version.calculation)
    return {
        part.mission: tuple(_line(negotiated[each.agreed.key], each, part, calculation, day) for each in part.lines)
        for part in parts
    }


def _line(
    negotiated: NegotiatedIndicator, counted: Earned, part: VariablePart, calculation: Calculation, day: date
) -> IndicatorLine:
    known = [result_line(each, day) for each in negotiated.results.all() if each.measured_on <= day]
    final = next((each for each in known if each.result.kind == Result.Kind.FINAL), None)
    return IndicatorLine(
        negotiated=negotiated,
        earned=counted,
        measured=earned(agreed_of(negotiated), final.result.value, part.envelope, calculation) if final else None,
        final=final,
        intermediate=tuple(each for each in known if each is not final),
    )


def result_line(result: Result, day: date) -> ResultLine:
    """Needs its documents and its validations, fetched or not."""
    said = {Side(each.side): each for each in result.validations.all() if each.validated_on <= day}
    pieces = result.documents.all()
    there = tuple(each for each in pieces if was_there(each, day))
    return ResultLine(
        result=result,
        pieces=there,
        withdrawn=tuple(each for each in pieces if each not in there),
        validations=tuple((side, said.get(side)) for side in THE),
    )


def _crises(ledger: Ledger, number: int) -> Iterator[CrisisLine]:
    """What a crisis opens in that year, recognised or not."""
    year = ledger.data.year(number)
    recognised_on = min((day for day in ledger.data.crises if day in year), default=None)
    for line in conditional_lines(ledger.data, year, recognised_on or year.last_day):
        yield CrisisLine(line, recognised_on, ledger.line((number, line.mission, DueKind.CRISIS)))


def obstacles(results: YearResults) -> list[Obstacle]:
    """Why the variable part of the year is not payable yet, in the order in which it is mended; empty when it is."""
    contract, year = results.ledger.contract, results.year.number
    here = f"{reverse('contract_results', args=[contract.pk])}?annee={year}"
    if not any(mission.grant.variable for mission in results.missions):
        return []
    if results.version is None:
        text = "aucune version des indicateurs n'est retenue pour cette année"
        return [Obstacle(text, f"{reverse('contract_indicators', args=[contract.pk])}?annee={year}")]
    paying = [line for line in results.lines if line.negotiated.is_paying]
    found = [
        Obstacle(text, f"{here}#indicateur-{lines[0].negotiated.pk}") for lines, text in _shortages(paying) if lines
    ]
    dialogue = reverse("contract_dialogue", args=[contract.pk])
    if results.dialogue is None:
        found.append(Obstacle("pas de dialogue de gestion daté avec compte rendu", dialogue))
    dues = [mission.due for mission in results.missions if mission.due]
    if coming := [due for due in dues if not due.is_due]:
        first = min(due.due.due_on for due in coming)
        ledger = f"{reverse('contract_ledger', args=[contract.pk])}#annee-{year}"
        found.append(Obstacle(f"pas encore échu : dû le {in_words(first)}", ledger))
    if any(due.validated < due.due.amount for due in dues):
        found.append(Obstacle("montant à valider en COPIL", dialogue))
    return found


def _shortages(paying: list[IndicatorLine]) -> Iterator[tuple[list[IndicatorLine], str]]:
    """The paying indicators that lack something, with how a sentence counts them."""
    unmeasured = [line for line in paying if line.final is None]
    yield unmeasured, counted(len(unmeasured), "{} résultat final à saisir", "{} résultats finaux à saisir")
    unproven = [line for line in paying if line.is_unproven]
    yield unproven, counted(len(unproven), "{} résultat sans pièce", "{} résultats sans pièce")
    for side, the in THE.items():
        waiting = [line for line in paying if line.final and side in line.final.missing]
        yield waiting, counted(len(waiting), "{} résultat", "{} résultats") + f" à valider par {the}"


def counted(count: int, one: str, several: str) -> str:
    return (several if count > 1 else one).format(count)


def page_of_results(negotiated: NegotiatedIndicator) -> str:
    """The address of an indicator on the results of its year."""
    version = negotiated.indicator_set
    page = reverse("contract_results", args=[version.contract_id])
    return f"{page}?annee={version.year}#indicateur-{negotiated.pk}"


def why_settled(negotiated: NegotiatedIndicator) -> str:
    """What was validated or paid on the results of its mission that year; empty when they may still change."""
    version = negotiated.indicator_set
    line = {"year": version.year, "mission": negotiated.indicator.mission, "kind": DueKind.VARIABLE.value}
    if not negotiated.is_paying:
        return ""
    if payment := Payment.objects.filter(contract=version.contract_id, **line).first():
        return (
            f"{euros(payment.amount)} ont été versés le {in_words(payment.paid_on)} sur ce volet variable : retirez "
            "d'abord ce versement."
        )
    validations = Validation.objects.filter(contract=version.contract_id, **line).select_related("decision__meeting")
    if validation := validations.first():
        meeting = validation.decision.meeting
        return (
            f"Ce volet variable a été validé, pour {euros(validation.amount)}, par le {meeting.get_kind_display()} du "
            f"{in_words(meeting.held_on)} : annulez d'abord cette décision."
        )
    return ""
