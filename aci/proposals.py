"""A version of the indicators as it is negotiated: mission by mission, what it may pay and what it still lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from aci.contracts import agreed_of
from aci.indicators import (
    NOT_ENGAGED,
    Agreed,
    Calculation,
    Earned,
    earned,
    mission_problems,
    most_of,
    problems_of,
)
from aci.models import IndicatorSet, NegotiatedIndicator, TariffLine
from aci.negotiation import negotiated_of
from aci.remuneration import Kind, Verified, total
from aci.schedule import ContractData, Grant, Rules, grants


@dataclass(frozen=True, slots=True)
class ProposedIndicator:
    negotiated: NegotiatedIndicator
    agreed: Agreed
    most: Decimal
    expected: Earned | None  # at the level that the territory's data let expect (CSR Île-de-France, 2020)
    problems: list[str]


@dataclass(frozen=True, slots=True)
class ProposedMission:
    """Amounts in euros. `envelope` is None when the mission is not engaged that year."""

    label: str
    envelope: Decimal | None
    verified: Verified | None
    indicators: list[ProposedIndicator]
    problems: list[str]

    @property
    def most(self) -> Decimal:
        return total(each.most for each in self.indicators)

    @property
    def gap(self) -> Decimal:
        """What the maxima lack to make the envelope; negative when they pass it."""
        return (self.envelope or Decimal(0)) - self.most

    @property
    def expected(self) -> Decimal | None:
        """None as long as no indicator says what to expect."""
        told = [each.expected.amount for each in self.indicators if each.expected]
        return min(total(told), self.envelope or Decimal(0)) if told else None


def mission_labels() -> dict[str, str]:
    """Code → label of the missions that may have indicators."""
    return TariffLine.objects.exclude(kind=Kind.CONDITIONAL).labels()


def grants_of_year(data: ContractData, rules: Rules, year: int) -> dict[str, Grant]:
    """What each mission is granted in a contract year, by its code."""
    return {grant.line.mission: grant for grant in grants(data, rules) if grant.year.number == year}


def proposal_of(version: IndicatorSet, granted: Mapping[str, Grant]) -> list[ProposedMission]:
    """The missions engaged that have a variable part, then those that have none or are not engaged."""
    by_mission: dict[str, list[NegotiatedIndicator]] = {code: [] for code, grant in granted.items() if grant.variable}
    for each in negotiated_of(version):
        by_mission.setdefault(each.indicator.mission, []).append(each)
    labels = mission_labels()
    calculation = Calculation(version.calculation)
    return [_mission(labels.get(code, code), granted.get(code), rows, calculation) for code, rows in by_mission.items()]


def _mission(
    label: str, grant: Grant | None, rows: list[NegotiatedIndicator], calculation: Calculation
) -> ProposedMission:
    envelope = grant.variable if grant else None
    indicators = [_indicator(each, envelope or Decimal(0), calculation) for each in rows]
    paying = [each.agreed for each in indicators if each.agreed.is_paying]
    if envelope is None:
        problems = [NOT_ENGAGED] if paying else []
    else:
        problems = mission_problems(paying, envelope, calculation)
    return ProposedMission(label, envelope, grant and grant.line.verified, indicators, problems)


def _indicator(row: NegotiatedIndicator, envelope: Decimal, calculation: Calculation) -> ProposedIndicator:
    agreed = agreed_of(row)
    expected = earned(agreed, row.expected, envelope, calculation) if row.expected is not None else None
    return ProposedIndicator(
        row, agreed, most_of(agreed, envelope, calculation), expected, problems_of(agreed, calculation)
    )
