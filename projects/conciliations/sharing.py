"""Ways to share disputed zones: what each territory becomes. Sets and sums only; a territory maps codes to `Held`."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from territories.overlap import Held

Territory = Mapping[str, Held]
Choice = Mapping[str, int | None]
"""The code of a disputed zone → the key of the party that gets it, None for nobody; a zone left out stays as it is."""


def shared_out(
    territories: Mapping[int, Territory], disputed: Mapping[str, int], choice: Choice
) -> dict[int, Territory]:
    """The territory of each party once the zones are given; `disputed` maps their codes to their inhabitants.

    Who held a zone in part and gets it still holds it in part: nobody has said which part the others give up.
    """
    return {
        party: {code: held for code, held in territory.items() if choice.get(code, party) == party}
        | {code: territory.get(code, Held(disputed[code])) for code, chosen in choice.items() if chosen == party}
        for party, territory in territories.items()
    }


def population(territory: Territory) -> int:
    return sum(held.population for held in territory.values())


@dataclass(frozen=True, slots=True)
class Usual:
    """A way to share that is always looked at. `party` gets every disputed zone; nobody does when it is None."""

    party: int | None
    choice: Choice


def usual_choices(territories: Mapping[int, Territory], disputed: Iterable[str]) -> list[Usual]:
    """All to each of those who claim all of it, then all to nobody."""
    codes = list(disputed)
    claimants = [party for party, territory in territories.items() if all(code in territory for code in codes)]
    return [Usual(party, dict.fromkeys(codes, party)) for party in (*claimants, None)] if codes else []


def still_disputed(territories: Iterable[Container[str]], disputed: Iterable[str]) -> list[str]:
    """The disputed zones that two parties still hold."""
    held = list(territories)
    return [code for code in disputed if sum(code in territory for territory in held) > 1]
