"""What contracts have earned of their variable parts, and the indicators that they follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from aci.contracts import agreed_of, envelopes_of, retained_on, variable_parts
from aci.indicators import WHOLE, Agreed, Calculation, VariablePart
from aci.models import Indicator, NegotiatedIndicator
from aci.money import cents
from aci.remuneration import total
from pilotage.aci_known import Known


@dataclass(frozen=True)
class Measured:
    """The variable part of a mission in a contract year whose paying indicators all have their valid final result."""

    known: Known
    year: int
    part: VariablePart


@dataclass(frozen=True)
class MissionRate:
    """What a mission has earned of its envelopes."""

    mission: str
    label: str
    measured: list[Measured]

    @property
    def envelope(self) -> Decimal:
        return total(each.part.envelope for each in self.measured)

    @property
    def earned(self) -> Decimal:
        return total(each.part.amount for each in self.measured)

    @property
    def rate(self) -> Decimal:
        return self.earned / self.envelope

    @property
    def percent(self) -> int:
        return round(self.rate * 100)


@dataclass(frozen=True)
class Use:
    """An indicator in the version that a contract follows; `most` in euros, None when it pays nothing."""

    known: Known
    year: int
    agreed: Agreed
    most: Decimal | None


@dataclass(frozen=True)
class Spread:
    """Lowest, median and highest of some values."""

    lowest: Decimal
    middle: Decimal
    highest: Decimal


@dataclass(frozen=True)
class IndicatorUse:
    """An indicator of the catalogue, and the contracts that follow it."""

    indicator: Indicator
    mission: str  # its label
    uses: list[Use]

    @property
    def is_alone(self) -> bool:
        """Followed by one CPTS only."""
        return len({use.known.project.pk for use in self.uses}) == 1

    @property
    def targets(self) -> Spread | None:
        return spread(use.agreed.target for use in self.uses)

    @property
    def amounts(self) -> Spread | None:
        return spread(use.most for use in self.uses)


def measured_of(known: Known) -> Iterable[Measured]:
    ledger = known.ledger
    for year, parts in variable_parts(known.contract, ledger.data, ledger.rules, ledger.day).items():
        for part in parts:
            values = [line.value for line in part.lines if line.agreed.is_paying]
            if values and None not in values:
                yield Measured(known, year, part)


def uses_of(known: Known) -> Iterable[tuple[NegotiatedIndicator, Use]]:
    """The indicators of the latest version retained for its contract year, or for one before."""
    ledger = known.ledger
    retained = [each for each in retained_on(known.contract, ledger.day) if each.year <= known.year]
    version = max(retained, key=lambda each: each.year, default=None)
    if version is None:
        return
    envelopes = envelopes_of(ledger.data, ledger.rules, version.year)
    for negotiated in version.negotiated.all():
        agreed = agreed_of(negotiated)
        _, envelope = envelopes.get(agreed.mission, ("", Decimal(0)))
        yield negotiated, Use(known, version.year, agreed, most_of(agreed, Calculation(version.calculation), envelope))


def most_of(agreed: Agreed, calculation: Calculation, envelope: Decimal) -> Decimal | None:
    """The most that an indicator pays; None for one that is only followed."""
    if not agreed.is_paying:
        return None
    if calculation == Calculation.WEIGHTED:
        return cents(envelope * (agreed.weight or Decimal(0)) / WHOLE)
    return agreed.most


def spread(values: Iterable[Decimal | None]) -> Spread | None:
    told = [value for value in values if value is not None]
    return Spread(min(told), Decimal(median(told)), max(told)) if told else None
