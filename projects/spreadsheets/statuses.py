"""Which state of a project does a status word mean? By whole words and phrases, never by part of a word."""

import re

from ground.text import search_form
from projects.spreadsheets.cells import CellError, quoted, read_text, says_nothing
from projects.spreadsheets.opening import CellValue

# The states in the order of a project's life. Of several phrases found in a cell the longest ones count, and of those
# the one furthest in life: « PDS validé, ACI en cours » is `validated`, « ACI signé, résilié » is `terminated`.
PHRASES: dict[str, tuple[str, ...]] = {
    "initiative": (
        "initiative", "initiative sans formalisation", "sans formalisation", "repérée", "projet repéré", "émergent",
        "émergence", "en émergence", "idée", "déclaration d'intérêt", "manifestation d'intérêt", "premier contact",
        "1er contact", "contact pris", "intention", "prospection", "réflexion", "en réflexion", "identifiée",
        "amorçage", "phase 0", "démarrage",
    ),
    "formalising": (
        "formalisation", "en formalisation", "début de formalisation", "initiative avec début de formalisation",
        "avec formalisation", "formalisation en cours", "en cours de formalisation", "LI en cours",
        "LI en cours de rédaction", "rédaction de la LI", "rédaction LI", "LI à venir", "préfiguration",
        "LI en préparation", "LI attendue", "LI à déposer", "LI non déposée", "LI non reçue", "structuration",
    ),
    "letter_filed": (
        "LI", "LI reçue", "LI déposée", "LI envoyée", "LI transmise", "réception LI", "dépôt LI", "LI en instruction",
        "LI en cours d'instruction", "LI en attente de validation", "instruction LI", "LI à valider",
    ),
    "letter_validated": (
        "LI validée", "LI acceptée", "LI approuvée", "validation LI", "LI validée ARS", "LI avis favorable",
        "LI validée par l'ARS", "accord LI",
    ),
    "engineering": (
        "ingénierie", "ingénierie en cours", "ingénierie et rédaction du PDS", "PDS en cours", "en rédaction",
        "rédaction", "rédaction en cours", "en cours de rédaction", "rédaction PDS", "rédaction du PDS",
        "rédaction du projet", "PDS en rédaction", "PDS en cours de rédaction", "rédaction du PDS en cours",
        "en construction", "construction", "élaboration", "en élaboration", "élaboration PDS", "élaboration du PDS",
        "PDS en élaboration", "PDS en cours d'élaboration", "en cours d'élaboration", "phase 1", "PDS en construction",
        "PDS en préparation", "écriture du PDS", "FIR", "crédits d'ingénierie", "projet en cours",
        "en cours d'écriture", "en cours de construction", "PDS à venir", "PDS attendu",
        "PDS à déposer", "PDS non déposé", "PDS à rédiger",
    ),
    "filed": (
        "déposé", "dépôt PDS", "dépôt du PDS", "PDS déposé", "projet déposé", "dossier déposé", "PDS reçu",
        "PDS transmis",
        "PDS déposé, délai de deux mois", "instruction", "en instruction", "en cours d'instruction", "PDS à valider",
        "PDS en instruction", "PDS en cours d'instruction", "instruction PDS", "en attente de validation",
        "PDS en attente de validation", "en cours de validation", "PDS en cours de validation", "validation en cours",
        "à valider", "instruction du PDS", "PDS à l'étude",
    ),
    "opposed": (
        "opposition", "opposition notifiée", "opposition ARS", "opposé", "refusé", "PDS refusé", "refus", "rejeté",
        "avis défavorable", "PDS rejeté", "PDS non validé", "non validé", "projet refusé",
    ),
    "validated": (
        "validé", "validée", "validé ARS", "validé par l'ARS", "PDS validé", "PDS validé ARS", "projet validé",
        "PDS validé par l'ARS", "CPTS validée", "PDS validé, ACI en cours", "approuvé", "PDS approuvé",
        "validation PDS",
        "validation du PDS", "validation tacite", "tacite", "ACI en cours", "ACI en cours de signature", "ACI à signer",
        "ACI à venir", "ACI en négociation", "ACI non signé", "négociation ACI", "en négociation",
        "en cours de négociation",
        "en attente ACI", "en attente de signature", "en attente de l'ACI", "en cours de signature", "ACI en attente",
        "négociation de l'ACI", "en attente de signature ACI", "signature en cours", "signature ACI en cours",
        "signature ACI prévue", "contractualisation en cours", "en cours de contractualisation", "en attente de l'ACI",
        "fonctionnement ACI en cours", "en fonctionnement, ACI en cours", "PDS validé, ACI non signé", "labellisée",
    ),
    "aci_signed": (
        "ACI", "ACI signé", "signé", "signataire", "signataire ACI", "signature ACI", "contractualisé",
        "contractualisée ACI", "ACI contractualisé", "contrat ACI", "contrat signé", "en fonctionnement",
        "fonctionnement", "fonctionnement, ACI signé", "ACI signé, CPTS en fonctionnement", "CPTS en fonctionnement",
        "opérationnelle", "en activité", "active", "sous ACI", "adhérente ACI", "conventionnée", "déployée",
    ),
    "abandoned": (
        "abandonné", "abandon", "projet abandonné", "arrêté", "projet arrêté", "sans suite", "classé sans suite",
        "retiré", "caduc", "annulé", "suspendu définitivement",
    ),
    "merged": ("fusionné", "fusion", "fusionnée avec", "absorbée", "regroupée"),
    "terminated": (
        "résilié", "ACI résilié", "résiliation", "contrat résilié", "dissoute", "dissolution", "fin de contrat",
    ),
}  # fmt: skip

ABBREVIATIONS = {
    "li": "lettre intention", "pds": "projet sante", "ps": "projet sante",
    "de": "", "du": "", "des": "", "d": "", "la": "", "le": "", "les": "", "l": "", "par": "", "en": "", "un": "",
    "une": "", "cpts": "",
}  # fmt: skip
PARTICIPLE = re.compile(r"(?<=[a-z]{2}[eit])(?:es|e|s)\b")  # validées → validé, abouties → abouti
DENIALS = re.compile(r"\b(non|pas|jamais|aucune?|ni)\b")


def status_key(text: str) -> str:
    """The words that count: « Projets de santé validés », « PDS validé » and « P.D.S. validé » are the same."""
    joined = re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda found: found[0].replace(".", "") + " ", text)
    words = " ".join(ABBREVIATIONS.get(word, word) for word in search_form(joined).split())
    return " ".join(PARTICIPLE.sub("", words).split())


STATE_OF_PHRASE = {status_key(phrase): state for state, phrases in PHRASES.items() for phrase in phrases}
ORDER = list(PHRASES)
LONGEST_PHRASE = max(len(phrase.split()) for phrase in STATE_OF_PHRASE)
UNDERSTOOD = (
    "initiative, formalisation, lettre d'intention (LI), LI validée, rédaction ou ingénierie, projet de santé déposé, "
    "opposition, projet de santé validé, ACI signé, abandonné, fusionné, résilié"
)


def read_status(value: CellValue) -> str | None:
    """The state a status means, None for a blank cell. Raises CellError, with the words that are understood."""
    if says_nothing(value):
        return None
    words = status_key(read_text(value)).split()
    found, unread = _longest_phrases(words)
    if not found or DENIALS.search(" ".join(unread)):
        raise CellError(f"Statut {quoted(value)} non reconnu. Sont compris : {UNDERSTOOD}.")
    return max(found, key=ORDER.index)


def _longest_phrases(words: list[str]) -> tuple[list[str], list[str]]:
    """The states of the longest phrases, read from left to right, and the words that belong to none."""
    states: list[str] = []
    unread: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
            if state := STATE_OF_PHRASE.get(" ".join(words[place : place + length])):
                states.append(state)
                place += length
                break
        else:
            unread.append(words[place])
            place += 1
    return states, unread
