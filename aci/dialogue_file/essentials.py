"""The year in a few figures, for who reads only the first page."""

from aci.dialogue_file.content import Facts, Section
from aci.dialogue_file.facts import YearFacts
from aci.dialogue_file.meetings import meetings_held, open_actions
from aci.money import in_euros
from aci.standing import missions_of
from ground.templatetags.french import share


def essentials(facts: YearFacts) -> Section:
    sums, results = facts.ledger.sums_of_year(facts.year.number), facts.results
    missions = missions_of(facts.contract, facts.ledger.data, facts.day)
    engaged = sum(mission.engagement is not None for mission in missions)
    still = open_actions(facts)
    late = sum(action.due_on < facts.day for action in still)
    doubt = " (comprend des montants non vérifiés)" if facts.is_doubtful else ""
    rate = f", soit {share(results.rate)}" if results.rate is not None else ""
    return Section(
        "L'essentiel",
        (
            Facts(
                (
                    ("Argent de l'année", f"accordé {in_euros(sums.granted)} ; dû {in_euros(sums.due)}{doubt}"),
                    ("Versements", f"versé {in_euros(sums.paid)} ; écart {in_euros(sums.left)}"),
                    ("Volet variable", f"acquis {in_euros(results.amount)} sur {in_euros(results.envelope)}{rate}"),
                    ("Missions engagées", f"{engaged} sur {len(missions)}, fonctionnement non compté"),
                    ("Réunions", meetings_held(facts)),
                    ("Actions", f"ouvertes : {len(still)}, dont en retard : {late}"),
                    ("Vigilance", f"points ouverts : {len(facts.points)}"),
                )
            ),
        ),
    )
