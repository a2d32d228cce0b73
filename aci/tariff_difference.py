"""What a version of the barème changes of another one, cell by cell, for who must approve it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from aci.remuneration import Line, TariffData, Tier
from ground.templatetags.french import euros, number, signed_euros

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that is not the same, in words; `change` is in euros, empty for what is no money."""

    where: str
    what: str
    before: str
    after: str
    change: str = ""


def differences(former: TariffData, new: TariffData) -> list[Difference]:
    """Thresholds, then the facts of each mission, then its amounts and how far they are verified."""
    return [*_of_tiers(former, new), *_of_missions(former, new), *_of_amounts(former, new)]


def _of_tiers(former: TariffData, new: TariffData) -> Iterator[Difference]:
    before, after = ({tier.number: _bound(tier) for tier in version.tiers} for version in (former, new))
    for tier in sorted(before | after):
        if before.get(tier) != after.get(tier):
            yield Difference(f"Taille {tier}", "seuil", before.get(tier, NOTHING), after.get(tier, NOTHING))


def _bound(tier: Tier) -> str:
    return f"{number(tier.lower_bound)} habitants, {'compris' if tier.includes_bound else 'non compris'}"


def _of_missions(former: TariffData, new: TariffData) -> Iterator[Difference]:
    """A mission says the same of itself in every tier: its first line tells."""
    before, after = (_first_lines(version) for version in (former, new))
    for mission in before | after:
        label = (after.get(mission) or before[mission]).label
        told, tells = (_facts(lines.get(mission)) for lines in (before, after))
        for what in told | tells:
            if told.get(what, "") != tells.get(what, ""):
                yield Difference(label, what, told.get(what) or NOTHING, tells.get(what) or NOTHING)


def _first_lines(version: TariffData) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for lines in version.lines.values():
        for line in lines:
            found.setdefault(line.mission, line)
    return found


def _facts(line: Line | None) -> dict[str, str]:
    if line is None:
        return {}
    return {
        "intitulé": line.label,
        "nature": line.kind.label,
        "années payées": years(line.first_year, line.last_year),
        "suit la mission": line.follows,
        "à démarrer": months(line.starts_within),
        "à déployer": months(line.deployed_within),
    }


def years(first: int, last: int | None) -> str:
    """The contract years in which a mission is paid."""
    if last is None:
        return "chaque année" if first == 1 else f"dès l'année {first}"
    return f"année {first}" if last == first else f"années {first} à {last}"


def months(within: int | None) -> str:
    return "" if within is None else f"sous {within} mois"


def _of_amounts(former: TariffData, new: TariffData) -> Iterator[Difference]:
    before, after = (_by_cell(version) for version in (former, new))
    for cell in before | after:
        old, changed = before.get(cell), after.get(cell)
        where = f"{(changed or old).label}, taille {cell[1]}"
        for what, name in (("volet fixe", "fixed"), ("volet variable", "variable")):
            amount, revised = (getattr(line, name, None) for line in (old, changed))
            if amount != revised and (amount or revised):
                change = signed_euros((revised or Decimal(0)) - (amount or Decimal(0)))
                yield Difference(where, what, euros(amount) or NOTHING, euros(revised) or NOTHING, change)
        if old and changed and old.verified != changed.verified:
            yield Difference(where, "vérification", old.verified.label, changed.verified.label)


def _by_cell(version: TariffData) -> dict[tuple[str, int], Line]:
    return {(line.mission, tier): line for tier, lines in version.lines.items() for line in lines}
