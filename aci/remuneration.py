"""What a CPTS may receive in a year, mission by mission (ACI of 20 June 2019; docs/rules/remuneration.md).

Amounts and thresholds come from a tariff given by the caller; none is written here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

FRANCE = 68_350_798  # municipal population of 2023, metropole and DROM: no CPTS is larger than the country
SUPPLEMENT = "soins_non_programmes"  # the two totals in circulation differ by this line


class AbsurdPopulation(ValueError):
    """The population cannot be that of a CPTS; the message, in French, says why."""


class IncompleteTariff(ValueError):
    """The tariff has no tier for this population: it is still being entered."""


class UnknownMission(ValueError):
    """A chosen mission is not in the tariff."""


class Labelled(StrEnum):
    """A stored word and what people read."""

    label: str

    def __new__(cls, value: str, label: str) -> "Labelled":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Kind(Labelled):
    SOCLE = "socle", "Socle"
    OPTIONAL = "optional", "Complémentaire"
    CONDITIONAL = "conditional", "Conditionnelle"


class Verified(Labelled):
    """How far an amount was read in an official text or a signed contract."""

    YES = "yes", "vérifié"
    TOTAL_ONLY = "total only", "total vérifié, répartition non vérifiée"
    NO = "no", "non vérifié"


def least_verified(found: Iterable[Verified]) -> Verified:
    """What a sum says of itself: verified when every amount in it is."""
    among = set(found)
    return next((each for each in (Verified.NO, Verified.TOTAL_ONLY) if each in among), Verified.YES)


@dataclass(frozen=True, slots=True)
class Tier:
    number: int
    lower_bound: int
    includes_bound: bool  # does a population equal to the bound belong to this tier?
    bound_note: str = ""  # what the sources say of that exact population, when they leave a doubt

    @property
    def first(self) -> int:
        """Smallest population of the tier."""
        return self.lower_bound if self.includes_bound else self.lower_bound + 1


@dataclass(frozen=True, slots=True)
class Line:
    """Yearly amounts of one mission for one tier, in euros, and the contract years in which they are granted."""

    mission: str
    label: str
    kind: Kind
    fixed: Decimal
    variable: Decimal
    verified: Verified
    source: str
    first_year: int = 1
    last_year: int | None = None  # None: until the contract ends
    follows: str = ""  # the mission whose engagement opens this line too; empty: it has its own
    starts_within: int | None = None  # months after the signature, the latest start; None: free
    deployed_within: int | None = None  # months after the signature, the latest full deployment; None: free

    @property
    def total(self) -> Decimal:
        return self.fixed + self.variable

    def is_granted_in(self, contract_year: int) -> bool:
        return self.first_year <= contract_year and (self.last_year is None or contract_year <= self.last_year)


@dataclass(frozen=True, slots=True)
class TariffData:
    """A version of the tariff: its tiers in ascending order, and the lines of each tier in the order they are shown."""

    code: str
    label: str
    since: date
    tiers: tuple[Tier, ...]
    lines: Mapping[int, tuple[Line, ...]]

    @property
    def missions(self) -> dict[str, str]:
        """Code → label of every mission, whatever the tier."""
        return {line.mission: line.label for lines in self.lines.values() for line in lines}


@dataclass(frozen=True, slots=True)
class Remuneration:
    """The yearly maximum of a CPTS. `lines` make the totals; `conditional` amounts are never in them."""

    population: int
    tier: int
    lines: tuple[Line, ...]
    conditional: tuple[Line, ...]
    supplement: Decimal  # of the tier, whether the mission was chosen or not
    to_previous: int | None  # inhabitants to lose to fall into the tier below; None in the first
    to_next: int | None  # inhabitants to gain to enter the tier above; None in the last
    warnings: tuple[str, ...]

    @property
    def fixed(self) -> Decimal:
        return total(line.fixed for line in self.lines)

    @property
    def variable(self) -> Decimal:
        return total(line.variable for line in self.lines)

    @property
    def total(self) -> Decimal:
        return self.fixed + self.variable

    @property
    def without_supplement(self) -> Decimal:
        """Total of the chosen missions, organisation of unscheduled care left out."""
        return total(line.total for line in self.lines if line.mission != SUPPLEMENT)

    @property
    def with_supplement(self) -> Decimal:
        return self.without_supplement + self.supplement

    @property
    def conditional_total(self) -> Decimal:
        return total(line.total for line in self.conditional)


def remuneration(
    population: int,
    tariff: TariffData,
    *,
    missions: Collection[str] | None = None,
    contract_year: int = 1,
    most_inhabitants: int = FRANCE,
) -> Remuneration:
    """What `tariff` grants to `population` inhabitants in that contract year, for the chosen missions (None: all).

    Conditional amounts are shown apart, chosen or not. Raises AbsurdPopulation, IncompleteTariff or UnknownMission.
    """
    check_population(population, most_inhabitants)
    if unknown := sorted(set(missions or ()) - tariff.missions.keys()):
        raise UnknownMission(f"Mission inconnue du barème « {tariff.label} » : {', '.join(unknown)}.")
    tier = tier_of(population, tariff)
    below = [t.number for t in tariff.tiers if t.first < tier.first]
    above = [t.first for t in tariff.tiers if t.first > tier.first]
    of_tier = tariff.lines.get(tier.number, ())
    granted = [line for line in of_tier if line.is_granted_in(contract_year)]
    return Remuneration(
        population=population,
        tier=tier.number,
        lines=tuple(
            line for line in granted if line.kind != Kind.CONDITIONAL and (missions is None or line.mission in missions)
        ),
        conditional=tuple(line for line in granted if line.kind == Kind.CONDITIONAL),
        supplement=total(line.total for line in granted if line.mission == SUPPLEMENT),
        to_previous=population - tier.first + 1 if below else None,
        to_next=min(above) - population if above else None,
        warnings=(*bound_warnings(population, tier, tariff), *missing_warnings(tier, tariff)),
    )


def check_population(population: int, most_inhabitants: int = FRANCE) -> None:
    """Raises AbsurdPopulation unless `population` is a whole number of inhabitants that a CPTS may have."""
    if not isinstance(population, int) or isinstance(population, bool):
        raise AbsurdPopulation("La population doit être un nombre entier d'habitants.")
    if population <= 0:
        raise AbsurdPopulation(
            f"Une population de {spaced(population)} n'est pas possible : indiquez au moins 1 habitant."
        )
    if population > most_inhabitants:
        raise AbsurdPopulation(
            f"Une population de {spaced(population)} habitants n'est pas possible : "
            f"la France entière en compte {spaced(most_inhabitants)}."
        )


def tier_of(population: int, tariff: TariffData) -> Tier:
    reached = [tier for tier in tariff.tiers if tier.first <= population]
    if not reached:
        raise IncompleteTariff(
            f"Le barème « {tariff.label} » ne prévoit aucune taille pour {spaced(population)} habitants : "
            "complétez ses tailles dans l'administration."
        )
    return max(reached, key=lambda tier: tier.first)


def tier_problems(tiers: Iterable[Tier]) -> list[str]:
    """Why these tiers do not cut all populations into one scale; empty when they do."""
    scale = sorted(tiers, key=lambda tier: tier.number)
    problems = []
    if not scale or [tier.number for tier in scale] != list(range(1, len(scale) + 1)):
        problems.append("Les tailles doivent se suivre à partir de 1, sans trou ni doublon.")
    elif scale[0].first != 0:
        problems.append("La taille 1 doit commencer à 0 habitant.")
    if any(above.first <= below.first for below, above in pairwise(scale)):
        problems.append("Les seuils doivent croître avec les tailles.")
    return problems


def bound_warnings(population: int, tier: Tier, tariff: TariffData) -> list[str]:
    """A population equal to a threshold: which convention was followed, and what the sources say."""
    return [
        f"Population exactement égale au seuil de {spaced(population)} habitants : "
        f"taille {tier.number} retenue par convention. {bound.bound_note}".strip()
        for bound in tariff.tiers
        if bound.lower_bound == population
    ]


def missing_warnings(tier: Tier, tariff: TariffData) -> list[str]:
    present = {line.mission for line in tariff.lines.get(tier.number, ())}
    return [
        f"Total incomplet : le barème « {tariff.label} » n'a aucun montant pour « {label} » en taille {tier.number}."
        for mission, label in tariff.missions.items()
        if mission not in present
    ]


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
