"""Two yearly maxima side by side, line by line."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from aci.remuneration import Line, Remuneration


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A mission in one hypothesis, in the other, or in both."""

    label: str
    first: Line | None
    second: Line | None

    @property
    def change(self) -> Decimal:
        """Euros that the second gives more (or less) than the first."""
        return _total(self.second) - _total(self.first)


@dataclass(frozen=True, slots=True)
class Comparison:
    first: Remuneration
    second: Remuneration

    @property
    def lines(self) -> list[ComparedLine]:
        return compared(self.first.lines, self.second.lines)

    @property
    def conditional(self) -> list[ComparedLine]:
        return compared(self.first.conditional, self.second.conditional)

    @property
    def fixed_change(self) -> Decimal:
        return self.second.fixed - self.first.fixed

    @property
    def variable_change(self) -> Decimal:
        return self.second.variable - self.first.variable

    @property
    def change(self) -> Decimal:
        return self.second.total - self.first.total

    @property
    def lost(self) -> Decimal:
        """What the second gives less, above zero."""
        return -self.change

    @property
    def without_supplement_change(self) -> Decimal:
        return self.second.without_supplement - self.first.without_supplement

    @property
    def with_supplement_change(self) -> Decimal:
        return self.second.with_supplement - self.first.with_supplement


def compared(first: Iterable[Line], second: Iterable[Line]) -> list[ComparedLine]:
    """The missions of the first in their order, then those that only the second has."""
    before, after = ({line.mission: line for line in lines} for lines in (first, second))
    return [
        ComparedLine((before.get(mission) or after[mission]).label, before.get(mission), after.get(mission))
        for mission in before | after
    ]


def _total(line: Line | None) -> Decimal:
    return line.total if line else Decimal(0)
