"""Whether a version of the barème is whole: a scale of tiers, and for each of them an amount of every mission."""

from collections.abc import Collection, Iterable, Mapping

from aci.remuneration import Tier, tier_problems

MOST_EUROS = 10_000_000  # a year, for one mission: far above any amount published, it only stops a slip of the hand


def tariff_problems(
    tiers: Iterable[Tier], missions: Mapping[str, Collection[int]], follows: Mapping[str, str]
) -> list[str]:
    """Why these tiers and missions make no barème, in French; empty when they do.

    `missions`: the tiers for which each mission has an amount; `follows`: the mission that each one follows, if any.
    """
    scale = list(tiers)
    found = tier_problems(scale)
    if not missions:
        found.append("aucune mission n'a de montant.")
    expected = {tier.number for tier in scale}
    for mission, given in missions.items():
        if missing := sorted(expected.difference(given)):
            found.append(f"mission « {mission} » : aucun montant pour la taille {', '.join(map(str, missing))}.")
        if unknown := sorted(set(given) - expected):
            found.append(f"mission « {mission} » : taille sans seuil : {', '.join(map(str, unknown))}.")
        if len(given) > len(set(given)):
            found.append(f"mission « {mission} » : une taille est donnée deux fois.")
        if (leader := follows.get(mission)) and (leader == mission or leader not in missions):
            found.append(f"mission « {mission} » : elle suit « {leader} », qui n'est pas une autre mission du barème.")
    return found
