"""Why nothing can be reckoned from a contract as it is told: bad input, in French."""

from collections.abc import Iterable, Iterator

from aci.schedule import RUNNING_COSTS, ContractData, Engagement, grants


def problems(contract: ContractData) -> list[str]:
    """Why nothing can be reckoned from this contract, in French; empty when it can."""
    found = [*_terms_problems(contract)]
    if contract.starts_on < contract.signed_on:
        found.append("Le contrat ne peut pas commencer avant sa signature.")
    for engagement in contract.engagements:
        found += [
            f"Mission {_label(contract, engagement.mission)} : {why}"
            for why in engagement_problems(contract, engagement)
        ]
    missions = [engagement.mission for engagement in contract.engagements]
    if len(missions) > len(set(missions)):
        found.append("Une mission ne s'engage qu'une fois dans un contrat.")
    for year in sorted({each.year for each in contract.settled} | contract.dialogues.keys()):
        if not 1 <= year <= contract.years:
            found.append(f"L'année {year} n'est pas du contrat, qui en a {contract.years}.")
    found += [
        f"Le dialogue de l'année {year} ne peut pas précéder cette année, qui commence le {since:%d/%m/%Y}."
        for year, day in sorted(contract.dialogues.items())
        if 1 <= year <= contract.years and day < (since := contract.year(year).since)
    ]
    found += [
        f"La crise reconnue le {day:%d/%m/%Y} l'a été en dehors du contrat."
        for day in sorted(contract.crises)
        if not contract.starts_on <= day < min(contract.term, contract.ended_on or contract.term)
    ]
    if contract.ended_on and not contract.signed_on <= contract.ended_on <= contract.term:
        found.append("La fin du contrat doit se situer entre sa signature et son terme.")
    return found or [*_settled_problems(contract)]


def _settled_problems(contract: ContractData) -> Iterator[str]:
    envelopes = {(grant.year.number, grant.line.mission): grant.variable for grant in grants(contract)}
    for each in contract.settled:
        label = _label(contract, each.mission)
        if each.amount < 0:
            yield f"Le volet variable de la mission {label} ne peut pas être négatif."
        elif not envelopes.get((each.year, each.mission)):
            yield f"La mission {label} n'a pas de volet variable en année {each.year}."


def engagement_problems(contract: ContractData, engagement: Engagement) -> list[str]:
    """Why a mission cannot be engaged so; empty when it can."""
    found = []
    if engagement.starts_on < contract.signed_on:
        found.append(f"elle ne peut pas commencer avant la signature du contrat, le {contract.signed_on:%d/%m/%Y}.")
    elif engagement.starts_on < contract.starts_on:
        found.append(f"elle ne peut pas commencer avant le contrat, le {contract.starts_on:%d/%m/%Y}.")
    elif engagement.starts_on >= contract.term:
        last_day = contract.year(contract.years).last_day
        found.append(f"elle ne peut pas commencer après le dernier jour du contrat, le {last_day:%d/%m/%Y}.")
    elif contract.ended_on and engagement.starts_on >= contract.ended_on:
        found.append(f"le contrat a pris fin le {contract.ended_on:%d/%m/%Y}.")
    elif why := _why_not_in_tariff(contract, engagement):
        found.append(why)
    if engagement.ends_on and engagement.ends_on <= engagement.starts_on:
        found.append("elle doit finir après avoir commencé.")
    return found


def _why_not_in_tariff(contract: ContractData, engagement: Engagement) -> str:
    if engagement.mission == RUNNING_COSTS:
        return "elle n'est pas à engager : le fonctionnement est dû par la signature."
    terms = contract.terms_of(contract.year_of(engagement.starts_on))
    if terms is None:
        return ""
    kinds = {line.mission: line for line in terms.tariff.lines.get(terms.tier, ())}
    line = kinds.get(engagement.mission)
    if line is None:
        return f"elle n'est pas dans le barème « {terms.tariff.label} », celui du contrat cette année-là."
    if line.follows:
        return f"elle suit la mission {_label(contract, line.follows)} : engagez celle-ci."
    return ""


def _terms_problems(contract: ContractData) -> Iterable[str]:
    if contract.terms_of(1) is None:
        yield "Le contrat ne dit ni taille ni barème pour sa première année."
    for terms in contract.terms:
        if not 1 <= terms.from_year <= contract.years:
            yield f"L'année {terms.from_year} n'est pas du contrat, qui en a {contract.years}."
        if terms.tier not in terms.tariff.lines:
            yield f"Le barème « {terms.tariff.label} » n'a aucun montant pour la taille {terms.tier}."


def _label(contract: ContractData, mission: str) -> str:
    return f"« {contract.labels.get(mission, mission)} »"
