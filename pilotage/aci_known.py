"""A contract with its money and its watch on a day, and contracts told together."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from aci.contracts import Books, signed_terms
from aci.ledger import Ledger, Sums, ledger_of
from aci.models import Contract, ContractTerms
from aci.remuneration import Verified, least_verified
from aci.watch import Alert, alerts_of, end_of
from aci.years import year_within
from projects.models import Project


@dataclass(frozen=True)
class Known:
    """A contract signed by `day`, with its money and its watch."""

    contract: Contract
    ledger: Ledger
    alerts: tuple[Alert, ...]

    @property
    def project(self) -> Project:
        return self.contract.project

    @property
    def department(self) -> str:
        return self.project.lead_department_id

    @cached_property
    def is_under_way(self) -> bool:
        return self.ledger.day < end_of(self.contract, self.ledger.data, self.ledger.day)

    @property
    def year(self) -> int:
        """The contract year of that day; the first one as soon as it is signed, the last one once it is over."""
        return year_within(self.contract.starts_on, self.ledger.day, self.contract.years)

    @cached_property
    def terms(self) -> ContractTerms | None:
        """Those of that contract year, among the ones that were signed by then."""
        return signed_terms(self.contract, self.year, self.ledger.day)

    @property
    def tier(self) -> int | None:
        return self.terms.tier if self.terms else None

    @cached_property
    def sums(self) -> Sums:
        return self.ledger.sums

    @cached_property
    def verified(self) -> Verified:
        return self.ledger.verified

    def verified_in(self, year: int, mission: str) -> Verified:
        """Of what a mission is granted in a contract year."""
        granted = (each for each in self.ledger.grants if (each.year.number, each.line.mission) == (year, mission))
        return least_verified(grant.line.verified for grant in granted)


@dataclass(frozen=True)
class Group:
    """Contracts told together: those of a department, of a year of signature, of the whole territory."""

    code: str
    name: str
    contracts: list[Known]

    @cached_property
    def under_way(self) -> list[Known]:
        return [known for known in self.contracts if known.is_under_way]

    @cached_property
    def sums(self) -> Sums:
        return sum((known.sums for known in self.contracts), Sums())

    @cached_property
    def verified(self) -> Verified:
        return least_verified(known.verified for known in self.contracts)


@dataclass(frozen=True)
class Asked:
    """What a contract asks for."""

    known: Known
    alert: Alert


def known_of(contract: Contract, books: Books, day: date, population: int | None) -> Known:
    ledger = ledger_of(contract, books, day)
    return Known(contract, ledger, tuple(alerts_of(contract, ledger.data, day, population)))
