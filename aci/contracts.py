"""Contracts as the rules read them: their facts fetched together, as they were true on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts.models.institution import Side
from aci.indicators import Agreed, Calculation, Direction, VariablePart, variable_part
from aci.models import (
    Contract,
    ContractTerms,
    Engagement,
    IndicatorSet,
    Meeting,
    NegotiatedIndicator,
    Payment,
    PaymentRules,
    Result,
    Tariff,
    Validation,
)
from aci.remuneration import TariffData
from aci.schedule import USUAL, ContractData, Grant, Rules, Settled, Terms, grants
from aci.schedule import Engagement as EngagementData
from projects.models import Document
from projects.states import ENDED, State

BOTH = frozenset(Side)


def with_facts(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    """Fetches what `data_of` and the ledger read, in as many queries whatever the number of contracts."""
    results = Result.objects.filter(kind=Result.Kind.FINAL).prefetch_related("validations", "documents")
    negotiated = NegotiatedIndicator.objects.select_related("indicator").prefetch_related(
        "steps", Prefetch("results", results, to_attr="final_results")
    )
    retained = IndicatorSet.objects.exclude(retained_on=None).prefetch_related(Prefetch("negotiated", negotiated))
    return with_life(contracts).prefetch_related(
        Prefetch("payments", Payment.objects.select_related("recorded_by__institution")),
        Prefetch("validations", Validation.objects.select_related("decision__meeting")),
        Prefetch("indicator_sets", retained, to_attr="retained_sets"),
    )


def with_life(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    """Fetches its terms, missions, meetings, crises and end: what `without_results` and the watch read."""
    # joined: fetched apart, a thousand decisions make a query too long for SQLite
    engaged = Engagement.objects.select_related("decision__meeting", "end_decision__meeting")
    return contracts.select_related("project__lead_department").prefetch_related(
        Prefetch("terms", ContractTerms.objects.select_related("amendment")),
        Prefetch("engagements", engaged),
        "crises",
        "crisis_plans",
        "project__stages",
        "project__contracts",
        Prefetch("meetings", Meeting.objects.filter(called_off=""), to_attr="held_meetings"),
    )


class Books:
    """The tariffs and the rules of payment, read once for many contracts."""

    def __init__(self) -> None:
        self._rules = list(PaymentRules.objects.order_by("since"))
        self._tariffs: dict[int, TariffData] = {}
        for tariff in Tariff.objects.prefetch_related("tiers", "lines__amounts"):
            self._tariffs[tariff.pk] = tariff.data()

    def tariff(self, pk: int) -> TariffData:
        return self._tariffs[pk]

    def rules_of(self, contract: Contract) -> Rules:
        """The rules in force on the day of its signature; the usual ones when none were entered."""
        found = next((each for each in self._rules if each.is_true_on(contract.signed_on)), None)
        return found.as_rules() if found else USUAL


def ended_on(contract: Contract, day: date) -> date | None:
    """First day without contract when, by `day`, its project was terminated or merged before the term."""
    ends = (
        stage.since
        for stage in contract.project.stages.all()
        if State(stage.state) in ENDED and contract.signed_on <= stage.since <= min(day, contract.term)
    )
    return min(ends, default=None)


def data_of(contract: Contract, books: Books, day: date | None = None) -> ContractData:
    """The contract with what was true of it on `day` (today by default); needs `with_facts`."""
    return data_and_grants(contract, books, day or timezone.localdate())[0]


def data_and_grants(contract: Contract, books: Books, day: date) -> tuple[ContractData, list[Grant]]:
    """As `data_of`, with what the contract grants."""
    bare = without_results(contract, books, day)
    granted = grants(bare, books.rules_of(contract))
    counting = counting_results(contract, day)
    settled = tuple(
        Settled(
            year,
            part.mission,
            part.amount,
            max(last_validation(counting[line.agreed.key]) for line in part.lines if line.amount),
        )
        for year, parts in variable_parts(contract, granted, day, counting).items()
        for part in parts
        if part.amount
    )
    return replace(bare, settled=settled), granted


def without_results(contract: Contract, books: Books, day: date) -> ContractData:
    """As `data_of`, without what the results have earned; needs `with_life` only."""
    return ContractData(
        signed_on=contract.signed_on,
        starts_on=contract.starts_on,
        terms=tuple(
            Terms(terms.from_year, terms.tier, books.tariff(terms.tariff_id))
            for terms in contract.terms.all()
            if terms.amendment is None or terms.amendment.signed_on <= day
        ),
        engagements=tuple(
            EngagementData(engagement.mission, engagement.starts_on, stopped_on(engagement, day))
            for engagement in contract.engagements.all()
            if engagement.decision.meeting.held_on <= day
        ),
        dialogues={year: meeting.minutes_on for year, meeting in dialogues_of(contract, day).items()},
        crises=tuple(crisis.recognised_on for crisis in contract.crises.all() if crisis.recognised_on <= day),
        ended_on=ended_on(contract, day),
        years=contract.years,
    )


def signed_terms(contract: Contract, year: int, day: date) -> ContractTerms | None:
    """What was signed by `day` about a contract year; needs `with_life`."""
    said = [
        terms
        for terms in contract.terms.all()
        if terms.from_year <= year and (terms.amendment is None or terms.amendment.signed_on <= day)
    ]
    return max(said, key=lambda terms: terms.from_year, default=None)


def stopped_on(engagement: Engagement, day: date) -> date | None:
    """When a mission stops, if a meeting had decided it by `day`."""
    decision = engagement.end_decision
    return engagement.ends_on if decision is None or decision.meeting.held_on <= day else None


def dialogues_of(contract: Contract, day: date) -> dict[int, Meeting]:
    """By contract year, the yearly dialogue whose minutes were the first there on `day`; needs `with_life`."""
    told = [
        meeting
        for meeting in contract.held_meetings
        if meeting.kind == Meeting.Kind.DIALOGUE and meeting.has_minutes and meeting.minutes_on <= day
    ]
    found: dict[int, Meeting] = {}
    for meeting in sorted(told, key=lambda meeting: meeting.minutes_on):
        found.setdefault(meeting.year, meeting)
    return found


def variable_parts(
    contract: Contract, granted: Iterable[Grant], day: date, counting: Mapping[int, Result] | None = None
) -> dict[int, list[VariablePart]]:
    """What each mission has earned in each year whose indicators are retained; needs `with_facts`.

    `counting`: the `counting_results` of that day, if they are known.
    """
    counting = counting_results(contract, day) if counting is None else counting
    values = {key: result.value for key, result in counting.items()}
    envelopes = {(grant.year.number, grant.line.mission): grant.variable for grant in granted}
    found: dict[int, list[VariablePart]] = {}
    for retained in retained_on(contract, day):
        agreed = [agreed_of(each) for each in retained.negotiated.all()]
        followed = {each.mission for each in agreed}
        found[retained.year] = [
            variable_part(mission, agreed, values, envelope, Calculation(retained.calculation))
            for (year, mission), envelope in envelopes.items()
            if year == retained.year and (envelope or mission in followed)
        ]
    return found


def retained_on(contract: Contract, day: date) -> list[IndicatorSet]:
    """The versions that were retained on `day`, one a contract year at most; needs `with_facts`."""
    return [version for version in contract.retained_sets if version.retained_on <= day]


def agreed_of(negotiated: NegotiatedIndicator) -> Agreed:
    """A negotiated indicator as the pure rule reads it."""
    indicator = negotiated.indicator
    return Agreed(
        key=negotiated.pk,
        label=indicator.label,
        mission=indicator.mission,
        is_paying=negotiated.is_paying,
        direction=Direction(indicator.direction),
        decimals=indicator.decimals,
        steps=tuple(step.as_step() for step in negotiated.steps.all()),
        baseline=negotiated.baseline,
        target=negotiated.target,
        weight=negotiated.weight,
    )


def valid_value(negotiated: NegotiatedIndicator, day: date) -> Decimal | None:
    """Its final result, once proven and validated by both institutions on `day`; needs `final_results`."""
    result = valid_result(negotiated, day)
    return result.value if result else None


def valid_result(negotiated: NegotiatedIndicator, day: date) -> Result | None:
    for result in negotiated.final_results:
        sides = {each.side for each in result.validations.all() if each.validated_on <= day}
        if sides == BOTH and (not negotiated.is_paying or is_proven(result, day)):
            return result
    return None


def counting_results(contract: Contract, day: date) -> dict[int, Result]:
    """By negotiated indicator of the retained versions, the final result that counts on `day`; needs `with_facts`."""
    return {
        each.pk: result
        for version in retained_on(contract, day)
        for each in version.negotiated.all()
        if (result := valid_result(each, day))
    }


def last_validation(result: Result) -> date:
    return max(each.validated_on for each in result.validations.all())


def is_proven(result: Result, day: date) -> bool:
    """Whether a piece of it was still there on `day`: one that was withdrawn proves nothing."""
    return any(was_there(piece, day) for piece in result.documents.all())


def was_there(piece: Document, day: date) -> bool:
    return piece.withdrawn_at is None or timezone.localdate(piece.withdrawn_at) > day


def envelopes_of(data: ContractData, rules: Rules, year: int) -> dict[str, tuple[str, Decimal]]:
    """The label and the variable part of each mission engaged in a contract year."""
    return {
        grant.line.mission: (grant.line.label, grant.variable)
        for grant in grants(data, rules)
        if grant.year.number == year
    }
