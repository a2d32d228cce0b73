"""What contracts have earned of their variable parts, and the indicators that they follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from aci.contracts import agreed_of, envelopes_of, retained_on, variable_parts
from aci.indicators import Agreed, Calculation, VariablePart, most_of
from aci.models import Indicator, NegotiatedIndicator
from aci.remuneration import Verified, least_verified, total
from pilotage.aci_known import Known


@dataclass(frozen=True)
class Measured:
    """A variable part, above zero, of a contract year whose paying indicators all have their valid final result."""

    known: Known
    year: int
    part: VariablePart

    @property
    def verified(self) -> Verified:
        return self.known.verified_in(self.year, self.part.mission)


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

    @property
    def verified(self) -> Verified:
        return least_verified(each.verified for each in self.measured)


@dataclass(frozen=True)
class Use:
    """An indicator in the version that a contract follows; `most` in euros, None when it pays nothing."""

    known: Known
    year: int
    agreed: Agreed
    most: Decimal | None

    @property
    def verified(self) -> Verified:
        """Of the envelope that it shares."""
        return self.known.verified_in(self.year, self.agreed.mission)


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

    @property
    def verified(self) -> Verified:
        return least_verified(use.verified for use in self.uses if use.most)


def measured_of(known: Known) -> Iterable[Measured]:
    ledger = known.ledger
    for year, parts in variable_parts(known.contract, ledger.grants, ledger.day).items():
        for part in parts:
            values = [line.value for line in part.lines if line.agreed.is_paying]
            if part.envelope and values and None not in values:
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
        most = most_of(agreed, envelope, Calculation(version.calculation)) if agreed.is_paying else None
        yield negotiated, Use(known, version.year, agreed, most)


def spread(values: Iterable[Decimal | None]) -> Spread | None:
    told = [value for value in values if value is not None]
    return Spread(min(told), Decimal(median(told)), max(told)) if told else None
