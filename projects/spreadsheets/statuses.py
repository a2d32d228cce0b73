"""Which state of a project does a status mean? All its words must be understood, and say one state: never guess."""

import re
import unicodedata

from ground.text import search_form
from projects.spreadsheets.cells import CellError, quoted, read_text, says_nothing
from projects.spreadsheets.dates import MONTHS
from projects.spreadsheets.opening import CellValue

# What says each state, in the order of a project's life. A state that is a decision is said in words that can mean
# nothing else: no bare « fusion », « signature ACI » or « arrêté », which may be planned, or an order of the ARS.
PHRASES: dict[str, tuple[str, ...]] = {
    "initiative": (
        "initiative", "initiative sans formalisation", "sans formalisation", "repérée", "projet repéré", "émergent",
        "projet émergent", "émergence", "en émergence", "idée", "déclaration d'intérêt", "manifestation d'intérêt",
        "premier contact", "1er contact", "contact pris", "intention", "prospection", "réflexion", "en réflexion",
        "identifiée", "projet identifié", "amorçage", "phase 0", "démarrage",
    ),
    "formalising": (
        "formalisation", "en formalisation", "début de formalisation", "initiative avec début de formalisation",
        "avec formalisation", "formalisation en cours", "en cours de formalisation", "LI en cours",
        "LI en cours de rédaction", "rédaction de la LI", "rédaction LI", "LI à venir", "préfiguration",
        "LI en préparation", "LI attendue", "LI à déposer", "LI non déposée", "LI non reçue", "structuration",
    ),
    "letter_filed": (
        "LI", "LI reçue", "LI déposée", "LI envoyée", "LI transmise", "LI en instruction", "LI reçue, en instruction",
        "LI en cours d'instruction", "LI en attente de validation", "instruction LI", "LI à valider",
        "LI déposée, en instruction", "LI reçue, en cours d'instruction", "LI déposée, en cours d'instruction",
        "LI déposée, en attente de validation", "LI reçue, en attente de validation",
    ),
    "letter_validated": (
        "LI validée", "LI acceptée", "LI approuvée", "LI validée ARS", "LI avis favorable", "LI validée par l'ARS",
        "accord LI", "LI reçue et validée", "LI déposée et validée",
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
        "déposé", "PDS déposé", "projet déposé", "dossier déposé", "PDS reçu", "PDS transmis",
        "PDS déposé, délai de deux mois", "instruction", "en instruction", "en cours d'instruction", "PDS à valider",
        "PDS en instruction", "PDS en cours d'instruction", "instruction PDS", "en attente de validation",
        "PDS en attente de validation", "en cours de validation", "PDS en cours de validation", "validation en cours",
        "à valider", "instruction du PDS", "PDS à l'étude",
    ),
    "opposed": (
        "opposition", "opposition notifiée", "opposition ARS", "opposition au PDS", "opposé", "refusé", "PDS refusé",
        "rejeté", "avis défavorable", "PDS rejeté", "projet refusé", "projet rejeté",
    ),
    "validated": (
        "validé", "validé ARS", "validé par l'ARS", "PDS validé", "PDS validé ARS", "projet validé", "approuvé",
        "PDS validé par l'ARS", "CPTS validée", "PDS validé, ACI en cours", "PDS approuvé", "projet approuvé",
        "validation tacite", "validé tacitement", "PDS validé tacitement", "ACI en cours", "ACI en cours de signature",
        "ACI à signer", "contrat ACI à signer", "ACI en négociation", "négociation ACI", "négociation de l'ACI",
        "en cours de négociation", "ACI en cours de négociation", "en attente de signature",
        "en attente de signature ACI", "en cours de signature", "signature en cours", "signature ACI en cours",
        "contractualisation en cours", "en cours de contractualisation", "fonctionnement, ACI en cours",
        "PDS validé, ACI non signé", "PDS validé, ACI à signer", "validé, ACI en cours", "validé ARS, ACI en cours",
        "projet validé, ACI en cours",
    ),
    "aci_signed": (
        "ACI", "ACI signé", "signé", "signataire", "signataire ACI", "contractualisé", "contractualisée ACI",
        "ACI contractualisé", "contrat ACI signé", "contrat signé", "en fonctionnement", "fonctionnement, ACI signé",
        "ACI signé, CPTS en fonctionnement", "opérationnelle", "sous ACI", "adhérente ACI", "PDS validé, ACI signé",
        "validé, ACI signé", "validé ARS, ACI signé", "projet validé, ACI signé", "PDS validé et ACI signé",
    ),
    "abandoned": (
        "abandonné", "abandon", "projet abandonné", "abandon du projet", "sans suite", "classé sans suite", "retiré",
        "projet retiré", "caduc", "projet caduc", "annulé", "projet annulé", "suspendu définitivement",
    ),
    "merged": ("fusionné", "projet fusionné", "fusionnée avec une autre CPTS", "absorbée", "absorbée par une CPTS"),
    "terminated": ("résilié", "ACI résilié", "contrat résilié", "contrat ACI résilié", "dissoute"),
}  # fmt: skip
# States that one cell may say one after the other; any other two are a contradiction, or one said of something else:
# « LI refusée », « phase 1 validée », « ACI retiré ».
SAID_TOGETHER = {("letter_validated", "engineering"), ("aci_signed", "terminated")}

ABBREVIATIONS = {
    "li": "lettre intention", "pds": "projet sante", "ps": "projet sante",
    "de": "", "du": "", "des": "", "d": "", "la": "", "le": "", "les": "", "l": "", "par": "", "en": "", "un": "",
    "une": "", "cpts": "", "et": "",
}  # fmt: skip
PARTICIPLE = re.compile(r"(?<=[a-z]{2}[eit])[es]{1,3}\b")  # validées → validé, abouties → abouti
DAY = re.compile(rf"\d{{1,4}}(er)?|{'|'.join(MONTHS)}")
MARKS = re.compile(r"[^\w\s.,;:/()'’«»\"°&+–—-]")  # « ACI ✗ », « ACI signé ? » say more than their words


def status_key(text: str) -> str:
    """The words that count: « Projets de santé validés », « PDS validé » and « P.D.S. validé » are the same."""
    joined = re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda found: found[0].replace(".", "") + " ", text)
    words = " ".join(ABBREVIATIONS.get(word, word) for word in search_form(joined).split())
    return " ".join(PARTICIPLE.sub("", words).split())


STATE_OF_PHRASE = {status_key(phrase): state for state, phrases in PHRASES.items() for phrase in phrases}
HARMLESS = frozenset(
    status_key(
        "ARS CPAM CNAM DD délégation départementale assurance maladie au aux avec comité commission depuis date"
    ).split()
)
# A date is told of what is done or lasts since then; « signature ACI en mars 2027 », « ACI 2027 » may be plans.
DONE = frozenset(
    status_key(
        "depuis reçu déposé envoyé transmis validé accepté approuvé notifié opposé refusé rejeté signé contractualisé "
        "abandonné retiré annulé fusionné absorbé résilié tacite tacitement dissoute"
    ).split()
)
LONGEST_PHRASE = max(len(phrase.split()) for phrase in STATE_OF_PHRASE)
UNDERSTOOD = (
    "initiative, formalisation, lettre d'intention (LI), LI validée, rédaction ou ingénierie, projet de santé déposé, "
    "opposition, projet de santé validé, ACI signé, abandonné, fusionné, résilié"
)


def read_status(value: CellValue) -> str | None:
    """The state a status means, None for a blank cell. Raises CellError, with the words that are understood."""
    if says_nothing(value):
        return None
    text = read_text(value)
    words = status_key(text).split()
    found, unread = _longest_phrases(words)
    states = tuple(dict.fromkeys(found))
    is_one_state = len(states) == 1 or states in SAID_TOGETHER
    days = {word for word in unread if DAY.fullmatch(word)}
    strange = MARKS.search(unicodedata.normalize("NFC", text)) or set(unread) - days - HARMLESS
    if not is_one_state or strange or (days and DONE.isdisjoint(words)):
        raise CellError(f"Statut {quoted(value)} non reconnu. Sont compris : {UNDERSTOOD}.")
    return states[-1]


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
