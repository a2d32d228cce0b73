"""Which fact does a column hold, judged by its header: word for word once small words and word forms are set aside.

Never by part of a word: « rédaction » contains « acti ».
"""

import re
from enum import Enum
from types import MappingProxyType

from ground.text import search_form

MAX_HEADER = 300


class Field(Enum):
    """What the import knows of a project; the value is its name on screen."""

    NAME = "Nom du projet"
    DEPARTMENT = "Département"
    OTHER_DEPARTMENTS = "Autres départements"
    PROMOTER = "Porteur"
    LEGAL_FORM = "Forme juridique"
    SIRET = "SIRET"
    RNA = "RNA"
    FINESS = "N° FINESS"
    STATUS = "Statut"
    FIRST_CONTACT_ON = "Date du premier contact"
    FORMALISING_ON = "Date de début de formalisation"
    LETTER_RECEIVED_ON = "Date de réception de la lettre d'intention"
    LETTER_VALIDATED_ON = "Date de validation de la lettre d'intention"
    ENGINEERING_ON = "Date de début de l'ingénierie"
    FILED_ON = "Date de dépôt du projet de santé"
    OPPOSED_ON = "Date d'opposition"
    VALIDATED_ON = "Date de validation du projet de santé"
    ACI_SIGNED_ON = "Date de signature de l'ACI"
    ACI_SIGNED = "ACI signé (oui/non)"
    ABANDONED_ON = "Date d'abandon"
    ZONES = "Communes du territoire"
    ZONE_CODES = "Codes INSEE des communes"
    ZONE_COUNT = "Nombre de communes"
    POPULATION = "Population"
    ARS_REFERENT = "Référent ARS"
    CPAM_REFERENT = "Référent CPAM"
    CONTACT_NAME = "Contact"
    CONTACT_EMAIL = "Courriel"
    CONTACT_PHONE = "Téléphone"
    NOTES = "Observations"


# Headers seen or likely, as people write them; « Date LI » also stands for « LI (date) », « Date de la L.I. »…
SYNONYMS: dict[Field, tuple[str, ...]] = {
    Field.NAME: (
        "CPTS", "Nom", "Nom de la CPTS", "Nom du projet", "Nom du projet de CPTS", "Projet", "Projet de CPTS",
        "Intitulé", "Intitulé du projet", "Libellé", "Libellé de la CPTS", "Libellé du projet", "Dénomination",
        "Dénomination du projet", "Raison sociale", "Nom de la structure", "Communauté professionnelle",
        "Nom de la communauté professionnelle territoriale de santé",
        "Communauté professionnelle territoriale de santé",
    ),
    Field.DEPARTMENT: (
        "Département", "Code département", "N° du département", "Département pilote", "Département chef de file",
        "Département principal", "Département porteur", "Délégation départementale", "DD", "DD ARS", "Territoire DD",
        "Cd dprt", "Code dpt",
    ),
    Field.OTHER_DEPARTMENTS: (
        "Autre département", "Autres départements concernés", "Départements concernés", "Département limitrophe",
        "Interdépartemental avec", "Départements secondaires",
    ),
    Field.PROMOTER: (
        "Porteur", "Porteur du projet", "Nom du porteur", "Nom du porteur du projet", "Promoteur", "Structure porteuse",
        "Association porteuse", "Association", "Nom de l'association", "Structure juridique", "Personne morale",
        "Leader", "Porteurs du projet", "Équipe porteuse",
    ),
    Field.LEGAL_FORM: ("Forme juridique", "Statut juridique", "Nature juridique", "Type de structure", "Forme"),
    Field.SIRET: ("SIRET", "N° SIRET", "Code SIRET", "SIRET de l'association", "SIRET du porteur"),
    Field.RNA: ("RNA", "N° RNA", "N° RNA de l'association", "RNA association", "Identifiant RNA", "N° WALDEC"),
    Field.FINESS: (
        "FINESS", "N° FINESS", "FINESS EJ", "FINESS ET", "FINESS géographique", "FINESS juridique", "Code FINESS",
        "N° FINESS de la CPTS", "Identifiant FINESS", "nofinesset", "nofinessej",
    ),
    Field.STATUS: (
        "Statut", "Statut du projet", "Statut actuel", "Statut CPTS", "État", "État du projet", "Avancement",
        "État d'avancement", "État d'avancement du projet", "Niveau d'avancement", "Degré d'avancement",
        "Avancement du projet", "Stade", "Stade d'avancement", "Stade du projet", "Étape", "Phase", "Maturité",
        "Niveau de maturité", "Situation", "Type statut", "Étape en cours", "Étape actuelle", "Phase du projet",
    ),
    Field.FIRST_CONTACT_ON: (
        "Premier contact", "Date du premier contact", "1er contact", "Date 1er contact", "Date de prise de contact",
        "Prise de contact", "Date de repérage", "Date initiative", "Date de l'initiative", "Initiative",
        "Date déclaration d'intérêt", "Première rencontre", "Date première rencontre", "Premier contact le",
    ),
    Field.FORMALISING_ON: (
        "Formalisation", "Date de formalisation", "Début de formalisation", "Date de début de formalisation",
        "Date formalisation du projet", "Formalisation depuis le",
    ),
    Field.LETTER_RECEIVED_ON: (
        "LI", "Date LI", "LI reçue", "LI reçue le", "Date LI reçue", "LI déposée le", "Date de dépôt LI", "Dépôt LI",
        "Date de réception LI", "LI envoyée le", "Date envoi LI", "Réception LI par ARS", "Date de réception LI ARS",
        "Courrier d'intention", "Date courrier d'intention",
    ),
    Field.LETTER_VALIDATED_ON: (
        "Validation LI", "LI validée", "LI validée le", "Date validation LI", "Date LI validée", "Date accord LI",
        "Accord LI", "Date réponse LI", "Réponse LI", "Date de retour LI", "LI acceptée le", "Date acceptation LI",
    ),
    Field.ENGINEERING_ON: (
        "Ingénierie depuis", "Ingénierie depuis le", "Date ingénierie", "Date de début d'ingénierie",
        "Début ingénierie", "Date début rédaction",
        "Date financement ingénierie", "Ingénierie financée le", "Date de financement FIR", "Date FIR",
        "Date financement FIR ingénierie", "Date convention FIR", "Date crédits d'ingénierie",
        "Date de notification FIR",
        "Début rédaction PDS", "Date de début de rédaction du PDS",
    ),
    Field.FILED_ON: (
        "Date dépôt PDS", "Dépôt PDS", "PDS déposé le", "PDS déposé", "Date PDS déposé", "Date de réception du PDS",
        "PDS reçu le", "Réception PDS", "Date PDS", "Date dépôt", "Date de dépôt du projet", "Dépôt du projet",
        "Date dépôt du dossier", "Date dépôt dossier complet", "Date PDS reçu", "Date d'envoi PDS", "Déposé le",
    ),
    Field.OPPOSED_ON: (
        "Opposition", "Date d'opposition", "Opposition le", "Date opposition ARS", "Opposition notifiée le",
        "Date de notification d'opposition", "Date refus", "Refus le", "Date du refus", "Date de refus PDS",
    ),
    Field.VALIDATED_ON: (
        "Date validation PDS", "PDS validé le", "PDS validé", "Validation PDS", "Date PDS validé", "Date validation",
        "Date validation du projet", "Projet validé le", "Validation du projet", "Date validation ARS", "Validé le",
        "Validation ARS", "Date validation PDS ARS", "Date validation CPTS", "Date approbation PDS", "PDS approuvé le",
        "Date accord PDS", "Date de validation tacite", "Validation tacite le", "Date approbation",
    ),
    Field.ACI_SIGNED_ON: (
        "Date ACI", "Date signature ACI", "Signature ACI", "ACI signé le", "Date ACI signé", "Signature ACI le",
        "Date signature contrat ACI", "Date contrat ACI", "Date signature du contrat", "Date signature", "Signé le",
        "Date de signature du contrat tripartite", "ACI depuis le", "Date d'effet ACI", "Date début ACI",
        "Contractualisation ACI le", "Date contractualisation", "Date de contractualisation ACI",
    ),
    Field.ACI_SIGNED: (
        "ACI", "ACI signé", "ACI (oui/non)", "ACI (O/N)", "ACI signé (oui/non)", "ACI signé (O/N)", "Signataire",
        "Signataire ACI", "Contrat ACI", "Contrat ACI signé", "ACI oui non", "ACI O N", "Adhérente ACI",
    ),
    Field.ABANDONED_ON: (
        "Abandon", "Date d'abandon", "Abandonné le", "Abandon le", "Date arrêt", "Date d'arrêt du projet",
        "Date abandon du projet", "Date de retrait",
    ),
    Field.ZONES: (
        "Communes", "Communes du territoire", "Communes concernées", "Communes couvertes", "Liste des communes",
        "Nom commune", "Libellé commune", "Territoire", "Territoire CPTS", "Territoire concerné", "Territoire couvert",
        "Territoire d'action", "Territoire d'intervention", "Périmètre", "Périmètre géographique",
        "Périmètre d'intervention", "Périmètre CPTS", "Périmètre du projet", "Zone", "Zone d'intervention",
        "Zone géographique", "Zone couverte", "Composition du territoire", "Communes / arrondissements",
        "Communes et arrondissements", "Arrondissements", "Villes", "Villes couvertes", "nm cmmn",
        "Périmètre (communes)",
        "Territoire (communes)", "Communes composant le territoire", "Détail des communes", "Communes membres",
    ),
    Field.ZONE_CODES: (
        "Code INSEE", "Code commune", "Codes INSEE des communes", "Code INSEE commune", "INSEE", "INSEE COM",
        "N° INSEE", "cd cmmn", "Code géographique", "Codgeo", "Communes (codes INSEE)", "Liste des codes INSEE",
    ),
    Field.ZONE_COUNT: ("Nb communes", "Nombre de communes", "Nombre communes couvertes", "Total communes"),
    Field.POPULATION: (
        "Population", "Population INSEE", "Population municipale", "Population couverte", "Population totale",
        "Population CPTS", "Population du territoire", "Nb habitants", "Habitants", "Nombre d'habitants",
        "Population concernée", "Population cible", "Bassin de population",
    ),
    Field.ARS_REFERENT: (
        "Référent ARS", "Référent DD", "Référent DD ARS", "Référent ARS DD", "Chargé de mission ARS", "Contact ARS",
        "Interlocuteur ARS", "Correspondant ARS", "Suivi ARS", "ARS",
    ),
    Field.CPAM_REFERENT: (
        "Référent CPAM", "Référent AM", "Référent assurance maladie", "Contact CPAM", "Interlocuteur CPAM",
        "Correspondant CPAM", "Chargé de mission CPAM", "DAM", "Suivi CPAM", "CPAM", "Référent caisse",
    ),
    Field.CONTACT_NAME: (
        "Contact", "Nom du contact", "Personne contact", "Contact du porteur", "Contact du projet", "Coordonnateur",
        "Coordonnateur-rice", "Coordonnatrice", "Coordinateur", "Coordinatrice", "Coordinateur-trice", "Président",
        "Président-e", "Présidente", "Référent du projet", "Référent", "Responsable", "Interlocuteur", "Chef de projet",
    ),
    Field.CONTACT_EMAIL: (
        "Courriel", "Mail", "E-mail", "Adresse mail", "Adresse électronique", "Mail contact", "Contact de la CPTS",
        "Mail du porteur", "Courriel du contact", "Adresse courriel", "Mail de la CPTS", "Contact mail", "Mél",
    ),
    Field.CONTACT_PHONE: (
        "Téléphone", "N° de téléphone", "Téléphone contact", "Téléphone du porteur", "Portable", "Numéro de téléphone",
        "Contact téléphone", "Mobile",
    ),
    Field.NOTES: (
        "Observations", "Commentaires", "Remarques", "Notes", "Informations complémentaires", "Points d'attention",
        "Points de vigilance", "Précisions", "Divers", "Historique", "Commentaires DD", "Commentaires ARS",
        "Observations ARS", "Suivi", "Actualité",
    ),
}  # fmt: skip

# What words become before they are compared; nothing: a small word.
WORDS = MappingProxyType(
    {
        "li": "lettre intention",
        "pds": "projet sante",
        "ps": "projet sante",
        "dpt": "departement", "dep": "departement", "dept": "departement", "dprt": "departement", "dpts": "departement",
        "nb": "nombre", "nbre": "nombre", "nbr": "nombre",
        "pop": "population", "hab": "habitant",
        "ref": "referent", "referente": "referent", "obs": "observation", "com": "commune", "comm": "commentaire",
        "tel": "telephone", "email": "courriel", "mail": "courriel", "mel": "courriel",
        "dt": "date", "dates": "date", "le": "date",
        "recue": "recu", "reception": "recu", "receptionnee": "recu", "receptionne": "recu",
        "validee": "valide", "validation": "valide",
        "signee": "signe",
        "deposee": "depose", "depot": "depose",
        "approuvee": "approuve", "approbation": "approuve",
        "abandonnee": "abandonne", "abandon": "abandonne",
        "coordonnatrice": "coordonnateur", "coordonateur": "coordonnateur",
        "de": "", "du": "", "des": "", "d": "", "la": "", "les": "", "l": "", "en": "", "au": "", "aux": "",
        "et": "", "par": "", "un": "", "une": "", "n": "", "no": "", "num": "", "numero": "",
    }
)  # fmt: skip


def header_key(header: str) -> frozenset[str]:
    """The words of a header that count: « Date de réception de la L.I. » and « LI reçue le » have the same key."""
    words = search_form(_joined_initials(header)).split()
    return frozenset(map(_singular, " ".join(WORDS.get(word, word) for word in words).split()))


def _joined_initials(text: str) -> str:
    return re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda found: found[0].replace(".", "") + " ", text)


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 4 else word


FIELD_OF_KEY = {header_key(synonym): field for field, synonyms in SYNONYMS.items() for synonym in synonyms}


def field_of(header: str) -> Field | None:
    """The field a header names; what it says between brackets, then « CPTS », may be too much. None when unknown."""
    if len(header) > MAX_HEADER:
        return None
    bare = re.sub(r"\(.*?\)", " ", header, flags=re.DOTALL)
    keys = [header_key(header), header_key(bare)]
    return next(filter(None, map(FIELD_OF_KEY.get, [*keys, *(key - {"cpts"} for key in keys)])), None)
