"""The tables of the regional view of the ACI and the lists behind them, as columns for pages and files."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aci.indicators import Agreed, Direction, plain, value_words
from aci.ledger_pages import amount_columns, verification
from ground.tables import Column
from pilotage.aci_known import Known
from pilotage.aci_measured import Spread
from pilotage.aci_picture import Picture

MONEY = amount_columns(lambda row: row.sums)
VERIFICATION = verification(lambda row: row.verified)
DEPARTMENT = [
    Column("departement", "Département", lambda group: group.code or "TOTAL"),
    Column("nom", "Nom", lambda group: group.name if group.code else ""),
]
ACCOUNT_COLUMNS = [*DEPARTMENT, *MONEY, VERIFICATION]


def _count(key: str, label: str, counted: Callable[[Any], int]) -> Column:
    return Column(key, label, counted, is_number=True)


def tier_columns(shown: Picture) -> list[Column]:
    """Of all the contracts of a group, under way or not."""
    return [
        _count(f"taille_{tier}", f"Taille {tier}", lambda group, tier=tier: _among(group.contracts, "tier", tier))
        for tier in shown.tiers
    ]


def contract_columns(shown: Picture) -> list[Column]:
    """How many contracts are under way in a group, by tier and by contract year."""
    tiers = [
        _count(f"taille_{tier}", f"Taille {tier}", lambda group, tier=tier: _among(group.under_way, "tier", tier))
        for tier in shown.tiers
    ]
    years = [
        _count(f"annee_{year}", f"Année {year}", lambda group, year=year: _among(group.under_way, "year", year))
        for year in shown.years
    ]
    return [*DEPARTMENT, _count("contrats", "En cours", lambda group: len(group.under_way)), *tiers, *years]


def _among(contracts: list[Known], name: str, value: int) -> int:
    return sum(getattr(known, name) == value for known in contracts)


def signature_columns(shown: Picture) -> list[Column]:
    return [
        Column("annee", "Signés en", lambda group: group.code),
        _count("contrats", "Contrats signés", lambda group: len(group.contracts)),
        *tier_columns(shown),
        _count("en_cours", "Encore en cours", lambda group: len(group.under_way)),
    ]


def percentage(rate: Decimal) -> Decimal:
    return round(rate * 100, 1)


RATE_COLUMNS = [
    Column("mission", "Mission", lambda row: row.label),
    _count("annees", "Années de contrat mesurées", lambda row: len(row.measured)),
    Column("enveloppe", "Enveloppes (€)", lambda row: row.envelope, is_number=True),
    Column("obtenu", "Obtenu (€)", lambda row: row.earned, is_number=True),
    Column("taux", "Taux atteint (%)", lambda row: percentage(row.rate), is_number=True),
    VERIFICATION,
]


def spread_columns(key: str, label: str, of: Callable[[Any], Spread | None]) -> list[Column]:
    return [
        Column(f"{key}_{name}", f"{label}, {word}", lambda row, name=name: getattr(of(row), name, None), is_number=True)
        for name, word in (("lowest", "minimum"), ("middle", "médiane"), ("highest", "maximum"))
    ]


INDICATOR_COLUMNS = [
    Column("indicateur", "Indicateur", lambda row: row.indicator.label),
    Column("code", "Code", lambda row: row.indicator.code),
    Column("mission", "Mission", lambda row: row.mission),
    Column("portee", "Portée", lambda row: row.indicator.scope),
    _count("contrats", "Contrats", lambda row: len(row.uses)),
    Column("seule", "Une seule CPTS", lambda row: "oui" if row.is_alone else "non"),
    *spread_columns("cible", "Cible", lambda row: row.targets),
    *spread_columns("montant", "Montant maximal (€)", lambda row: row.amounts),
    VERIFICATION,
]


def _whose(of: Callable[[Any], Known]) -> list[Column]:
    return [
        Column("projet", "CPTS", lambda row: of(row).project.name),
        Column("departement", "Dép.", lambda row: of(row).department),
    ]


WHOSE = _whose(lambda row: row.known)


def _year(known: Known) -> str:
    return f"{known.year} sur {known.contract.years}" if known.is_under_way else "terminé"


CONTRACTS_BEHIND = [
    *_whose(lambda known: known),
    Column("signe", "Signé le", lambda known: known.contract.signed_on),
    Column("annee", "Année", _year),
    Column("taille", "Taille", lambda known: known.tier),
    *MONEY,
    VERIFICATION,
]


RATES_BEHIND = [
    *WHOSE,
    Column("mission", "Mission", lambda row: row.known.ledger.data.labels[row.part.mission]),
    Column("annee", "Année de contrat", lambda row: row.year),
    Column("enveloppe", "Enveloppe (€)", lambda row: row.part.envelope, is_number=True),
    Column("obtenu", "Obtenu (€)", lambda row: row.part.amount, is_number=True),
    Column("taux", "Taux atteint (%)", lambda row: percentage(row.part.rate), is_number=True),
    VERIFICATION,
]


def _level(agreed: Agreed, value: Decimal | None) -> str:
    return value_words(value, agreed.direction) if agreed.direction == Direction.DONE else plain(value)


USES_BEHIND = [
    *WHOSE,
    Column("indicateur", "Indicateur", lambda use: use.agreed.label),
    Column("annee", "Année de contrat", lambda use: use.year),
    Column("depart", "Valeur initiale", lambda use: _level(use.agreed, use.agreed.baseline), is_number=True),
    Column("cible", "Cible", lambda use: _level(use.agreed, use.agreed.target), is_number=True),
    Column("montant", "Montant maximal (€)", lambda use: use.most, is_number=True),
    VERIFICATION,
]

ASKED_BEHIND = [
    *WHOSE,
    Column("nature", "Vigilance", lambda row: row.alert.kind.label),
    Column("quoi", "Ce qui est demandé", lambda row: row.alert.what),
    Column("echeance", "Dernier jour", lambda row: row.alert.day),
    Column("retard", "En retard", lambda row: "oui" if row.alert.is_late else "non"),
]
