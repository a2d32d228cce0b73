"""Who has signed, since when, with which population, tier and tariff."""

from aci.contracts import signed_terms
from aci.dialogue_file.content import Facts, Items, Section, Text, listed
from aci.dialogue_file.facts import YearFacts
from ground.templatetags.french import day as in_words
from ground.templatetags.french import number, quoted


def contract(facts: YearFacts) -> Section:
    told, project, year = facts.contract, facts.project, facts.year
    last_day = told.year(told.years).last_day
    head = [
        ("CPTS", f"{project.name} (département {project.lead_department})"),
        ("Porteur", project.promoter.name if project.promoter else "non indiqué"),
        ("N° FINESS", project.finess or "non attribué"),
        ("Contrat", _contract_words(facts)),
        ("Signatures", _signatures(facts)),
        ("Durée", f"{told.years} ans, du {in_words(told.starts_on)} au {in_words(last_day)}"),
        (
            "Année examinée",
            f"année {year.number} sur {told.years}, du {in_words(year.since)} au {in_words(year.last_day)}",
        ),
        *_terms(facts),
    ]
    if facts.ledger.data.ended_on:
        head.append(("Fin du contrat", f"le {in_words(facts.ledger.data.ended_on)}, avant son terme"))
    return Section(
        "Contrat",
        (Facts(tuple(head)),),
        (
            Section("Avenants", (listed(_amendments(facts), "Aucun avenant signé."),)),
            Section("Crises sanitaires", _crises(facts)),
            Section("Actions communes avec d'autres CPTS", (listed(_shared(facts), "Aucune action commune."),)),
        ),
    )


def _contract_words(facts: YearFacts) -> str:
    told = facts.contract
    words = [f"signé de tous le {in_words(told.signed_on)}"]
    if told.number > 1:
        words.insert(0, f"{told.number}e contrat")
    if told.reference:
        words.append(f"référence {told.reference}")
    return ", ".join(words)


def _signatures(facts: YearFacts) -> str:
    told = facts.contract
    signed = (("CPTS", told.cpts_signed_on), ("CPAM", told.insurance_signed_on), ("ARS", told.ars_signed_on))
    return " ; ".join(f"{party} : {in_words(day) if day else 'date non indiquée'}" for party, day in signed)


def _terms(facts: YearFacts) -> list[tuple[str, str]]:
    terms = signed_terms(facts.contract, facts.year.number, facts.day)
    if terms is None:
        return [("Taille", "le contrat ne dit rien des conditions financières de cette année")]
    reason = f" – {terms.tier_reason}" if terms.tier_reason else ""
    source = f" (avenant n° {terms.amendment.number})" if terms.amendment else ""
    kind = terms.get_population_kind_display()
    return [
        (
            "Population du contrat",
            f"{number(terms.population)} habitants (population {kind}, {terms.population_vintage}){source}",
        ),
        ("Taille", f"{terms.tier}{reason}"),
        ("Barème", f"{terms.tariff.label}, en vigueur depuis le {in_words(terms.tariff.since)}"),
    ]


def _amendments(facts: YearFacts) -> list[str]:
    return [f"N° {each.number}, signé le {in_words(each.signed_on)} : {each.purpose}" for each in facts.amendments]


def _crises(facts: YearFacts) -> tuple[Text | Items, ...]:
    """The plan of the year, and what the ARS has recognised in it."""
    plans = [
        f"Plan de l'année {plan.year} remis le {in_words(plan.delivered_on)}"
        for plan in facts.contract.crisis_plans.all()
        if plan.year <= facts.year.number and plan.delivered_on <= facts.day
    ]
    crises = [
        f"Crise reconnue par l'ARS le {in_words(crisis.recognised_on)} : {crisis.name}"
        + (f" (décision {crisis.reference})" if crisis.reference else "")
        for crisis in facts.contract.crises.all()
        if crisis.recognised_on in facts.year and crisis.recognised_on <= facts.day
    ]
    return (
        listed(plans, "Aucun plan de crise remis."),
        listed(crises, "Aucune crise reconnue par l'ARS dans l'année."),
    )


def _shared(facts: YearFacts) -> list[str]:
    found = []
    for shared in facts.shared:
        others = [str(project) for project in shared.projects.all() if project.pk != facts.project.pk]
        among = f", avec {', '.join(others)}" if others else ""
        found.append(f"{quoted(shared.title)} ({shared.get_kind_display()}){among}, depuis le {in_words(shared.since)}")
    return found
