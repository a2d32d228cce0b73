"""The prepared file of a yearly dialogue de gestion (docs/dialogue.md).

Source: offer of service of the Assurance Maladie, ARS and MSA.
"""

from datetime import date

from django.utils.text import slugify

from aci.dialogue_file import essentials, indicators, meetings, missions, money, parties, questions
from aci.dialogue_file.content import DialogueFile
from aci.dialogue_file.facts import facts_of
from aci.dialogue_file.pdf import as_pdf
from aci.dialogue_file.word import as_docx
from aci.models import Contract
from ground.templatetags.french import day as in_words

__all__ = ["DialogueFile", "as_docx", "as_pdf", "file_of"]


def file_of(contract: Contract, number: int, day: date) -> DialogueFile:
    """The file of a contract year, as everything was known on `day`; needs `with_facts`."""
    facts = facts_of(contract, number, day)
    year, name = facts.year, facts.project.name
    return DialogueFile(
        title=f"Dialogue de gestion, année {number} – {name}",
        subtitle=f"Du {in_words(year.since)} au {in_words(year.last_day)}",
        picture=f"Situation au {in_words(day)}",
        sections=(
            essentials.essentials(facts),
            questions.questions(facts),
            parties.contract(facts),
            missions.missions(facts),
            indicators.indicators(facts),
            money.money(facts),
            meetings.meetings(facts),
            meetings.actions(facts),
            meetings.vigilance(facts),
            questions.decisions(facts),
        ),
        name=f"dialogue-de-gestion-{slugify(name)[:60].strip('-') or 'cpts'}-annee-{number}",
    )
