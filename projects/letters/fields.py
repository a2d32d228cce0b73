"""The merge fields of the letters, and what each kind of letter must say (docs/letters.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from projects.models.letters import LetterKind

Item = Mapping[str, str]
Value = str | bool | list[str] | list[Item]
Values = Mapping[str, Value]

Kind = LetterKind
ALL = frozenset(Kind)
JOINT = frozenset({Kind.JOINT_LETTER})
OF_A_FILING = ALL - JOINT
WITH_PIECES = frozenset({Kind.ACKNOWLEDGEMENT, Kind.PIECES})
ASKING = frozenset({Kind.PIECES})
OPPOSING = frozenset({Kind.OPPOSITION})
DECIDING = frozenset({Kind.OPPOSITION, Kind.VALIDATION})
ATTESTING = frozenset({Kind.ATTESTATION})
WITH_POINTS = JOINT | DECIDING
SHORT = {
    Kind.ACKNOWLEDGEMENT: "accusé de réception",
    Kind.PIECES: "pièces",
    Kind.JOINT_LETTER: "courrier conjoint",
    Kind.OPPOSITION: "opposition",
    Kind.VALIDATION: "validation",
    Kind.ATTESTATION: "attestation",
}


class Group(StrEnum):
    LETTER = "Le courrier"
    PROJECT = "Le projet"
    INSTITUTIONS = "Les institutions"
    EXAMINATION = "L'instruction"
    CLOCK = "Le délai de deux mois"
    PIECES = "Les pièces"
    DECISION = "La décision"


class Where(StrEnum):
    """Where somebody fills what is missing."""

    FORM = "à saisir en produisant le courrier"
    PROJECT = "sur la fiche du projet, «\u00a0Modifier\u00a0»"
    TERRITORY = "sur la page du périmètre du projet"
    INSTITUTION = "dans la fiche de l'institution (par un administrateur national)"
    EXAMINATION = "dans l'onglet «\u00a0Instruction\u00a0»"
    CLOCK = "calculé : dépôt et demandes de pièces"


@dataclass(frozen=True, slots=True)
class Field:
    """A merge field. `keys` are those of each item of a list: `{{ point.rubrique }}` in a loop."""

    name: str
    meaning: str
    group: Group
    where: Where
    sample: Value
    kinds: frozenset[LetterKind] = ALL
    may_be_empty: bool = False
    detail: str = ""

    @property
    def in_which_letters(self) -> str:
        """« tous », or the letters that have this field."""
        if self.kinds == ALL:
            return "tous"
        if self.kinds == OF_A_FILING:
            return "tous, sauf le courrier conjoint"
        return ", ".join(SHORT[kind] for kind in Kind if kind in self.kinds)

    @property
    def is_list(self) -> bool:
        return isinstance(self.sample, list)

    @property
    def keys(self) -> tuple[str, ...]:
        first = self.sample[0] if isinstance(self.sample, list) else ""
        return tuple(first) if isinstance(first, Mapping) else ()


def _letter() -> list[Field]:
    group, where = Group.LETTER, Where.FORM
    return [
        Field("date_courrier", "date du courrier", group, where, "22 mai 2023"),
        Field("reference", "référence du courrier", group, where, "DD93-2023-114", may_be_empty=True),
        Field(
            "destinataire", "nom et adresse du destinataire", group, where, "Association Nord Santé\n1 rue de la Paix"
        ),
        Field("signataire_ars", "prénom et nom du signataire (ARS)", group, where, "Anne Vidal"),
        Field("qualite_ars", "qualité du signataire (ARS)", group, where, "Directrice de la délégation départementale"),
        Field("signataire_cpam", "prénom et nom du signataire (CPAM)", group, where, "Marc Petit", JOINT),
        Field("qualite_cpam", "qualité du signataire (CPAM)", group, where, "Directeur de la CPAM", JOINT),
    ]


def _project() -> list[Field]:
    group = Group.PROJECT
    then = "le jour du dépôt ; aujourd'hui pour une lettre d'intention"
    return [
        Field("projet", "nom du projet de CPTS", group, Where.PROJECT, "CPTS Nord"),
        Field("porteur", "nom du porteur", group, Where.PROJECT, "Association Nord Santé"),
        Field("departements", "départements du projet", group, Where.PROJECT, "Seine-Saint-Denis"),
        Field("communes", "communes du périmètre", group, Where.TERRITORY, "Aubervilliers, Pantin", detail=then),
        Field("population", "habitants du périmètre", group, Where.TERRITORY, "148\u202f204", detail=then),
        Field("millesime", "année de cette population", group, Where.TERRITORY, "2023"),
    ]


def _institution(prefix: str, told: str, sample: str, *, may_be_empty: bool) -> list[Field]:
    group, where = Group.INSTITUTIONS, Where.INSTITUTION
    said = [
        ("", "nom de l'institution", sample),
        ("_service", "service chargé du dossier", "Pôle offre de soins"),
        ("_adresse", "adresse postale", "1 avenue de la République\n93000 Bobigny"),
        ("_ville", "ville d'où part le courrier", "Bobigny"),
        ("_courriel", "courriel du service", "cpts@exemple.fr"),
        ("_telephone", "téléphone du service", "01 00 00 00 00"),
    ]
    return [
        Field(prefix + end, f"{meaning} ({told})", group, where, value, may_be_empty=may_be_empty or end == "_courriel")
        for end, meaning, value in said
    ]


def _institutions() -> list[Field]:
    group, where = Group.INSTITUTIONS, Where.PROJECT
    return [
        *_institution("ars", "ARS", "ARS – DD de Seine-Saint-Denis", may_be_empty=False),
        *_institution("cpam", "CPAM", "CPAM de Seine-Saint-Denis", may_be_empty=True),
        Field("referent_ars", "référent du projet à l'ARS", group, where, "Inès Carvalho", may_be_empty=True),
        Field("referent_cpam", "référent du projet à la CPAM", group, where, "Patrick Nguyen", may_be_empty=True),
    ]


def _examination() -> list[Field]:
    group, where = Group.EXAMINATION, Where.EXAMINATION
    point = {
        "rubrique": "Gouvernance",
        "texte": "Préciser la composition du bureau.",
        "souleve_par": "ARS",
        "date": "18 mai 2023",
    }
    return [
        Field("date_lettre", "jour où la lettre d'intention a été reçue", group, where, "2 mars 2023", JOINT),
        Field("avis_ars", "dernier avis de l'ARS", group, where, "Favorable", WITH_POINTS, may_be_empty=True),
        Field("avis_cpam", "dernier avis de la CPAM", group, where, "Favorable", WITH_POINTS, may_be_empty=True),
        Field(
            "points_de_vigilance", "points de vigilance ouverts", group, where, [point], WITH_POINTS, may_be_empty=True
        ),
    ]


def _clock() -> list[Field]:
    group, where, kinds = Group.CLOCK, Where.CLOCK, OF_A_FILING
    line = {
        "date": "15 mai 2023",
        "fait": "Dossier reçu par l'ARS",
        "effet": "Le délai de deux mois commence ce jour.",
        "fondement": "CRPA, art. L. 114-3",
    }
    none = "vide tant qu'une pièce indispensable est attendue"
    force, prudent, complete = "décompte en vigueur", "lecture prudente", "lecture complète"
    days = [
        ("date_reception", "réception du projet de santé par l'ARS", "", "15 mai 2023"),
        ("date_reception_cpam", "réception du projet de santé par la CPAM", "s'il lui a été remis", "16 mai 2023"),
        ("dernier_jour", "dernier jour pour notifier une opposition", f"{force} ; {none}", "15 juillet 2023"),
        ("date_acceptation", "jour où le silence vaut validation", f"{force} ; {none}", "16 juillet 2023"),
        ("prudent_dernier_jour", f"dernier jour, {prudent}", "comme si rien n'avait été demandé", "15 juillet 2023"),
        ("prudent_date_acceptation", f"jour où le silence vaut validation, {prudent}", "", "16 juillet 2023"),
        ("complet_dernier_jour", f"dernier jour, {complete}", none, "15 juillet 2023"),
        ("complet_date_acceptation", f"jour où le silence vaut validation, {complete}", none, "16 juillet 2023"),
        ("dernier_jour_sur", "dernier jour sûr", "règle prudente du service, pas un terme légal", "14 juillet 2023"),
    ]
    never_empty = {"date_reception", "prudent_dernier_jour", "prudent_date_acceptation", "dernier_jour_sur"}
    return [
        *(
            Field(name, told, group, where, day, kinds, name not in never_empty, detail)
            for name, told, detail, day in days
        ),
        Field("attente_pieces", "vrai tant qu'une pièce indispensable est attendue", group, where, False, kinds, True),
        Field("regle", "nom de la règle du délai", group, where, "L1434-12/2019", kinds),
        Field("decompte", "lignes du décompte", group, where, [line], kinds, detail="sans le dernier jour sûr"),
    ]


def _pieces() -> list[Field]:
    group, where = Group.PIECES, Where.EXAMINATION
    piece = {
        "intitule": "Statuts signés de l'association",
        "avant_le": "15 juin 2023",
        "texte": "CSP, art. L. 1434-12-1",
    }
    return [
        Field("pieces", "pièces demandées et attendues", group, where, [piece], WITH_PIECES, may_be_empty=True),
        Field("date_limite", "jour avant lequel les fournir", group, where, "15 juin 2023", ASKING),
        Field("date_demande", "jour de la demande de pièces", group, where, "20 mai 2023", ASKING),
        Field(
            "pieces_indispensables",
            "vrai si un nouveau délai de deux mois partira de leur réception",
            group,
            where,
            True,
            ASKING,
            may_be_empty=True,
        ),
    ]


def _decision() -> list[Field]:
    group, where = Group.DECISION, Where.FORM
    ground = "absence de pertinence du territoire d'action"
    return [
        Field("motifs", "motif ou motifs de l'opposition", group, where, [ground], OPPOSING),
        Field(
            "motivation", "en quoi ces motifs sont fondés", group, where, "Le territoire est déjà couvert.", OPPOSING
        ),
        Field(
            "date_notification",
            "jour de la notification",
            group,
            Where.EXAMINATION,
            "10 juillet 2023",
            DECIDING,
            may_be_empty=True,
            detail="vide tant que la décision n'est pas enregistrée",
        ),
        Field(
            "date_validation_tacite",
            "jour où la validation tacite a été acquise",
            group,
            Where.CLOCK,
            "16 juillet 2023",
            ATTESTING,
        ),
    ]


FIELDS = {
    field.name: field
    for part in (_letter, _project, _institutions, _examination, _clock, _pieces, _decision)
    for field in part()
}


def fields_of(kind: LetterKind) -> dict[str, Field]:
    return {name: field for name, field in FIELDS.items() if kind in field.kinds}


@dataclass(frozen=True, slots=True)
class Mention:
    """What a letter must say, by its fields or by a phrase, and the text that requires it."""

    told: str
    basis: str
    fields: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()  # looked for without accents, capitals and punctuation
    empty_if: str = ""  # the field that, when true, lets these be empty


R112_5 = "CRPA, art. R. 112-5"
L114_5 = "CRPA, art. L. 114-5"
L212_1 = "CRPA, art. L. 212-1"
L1434_12 = "CSP, art. L. 1434-12"

SIGNED = Mention("le prénom, le nom et la qualité du signataire", L212_1, ("signataire_ars", "qualite_ars"))
NAMED = Mention("le nom du projet", "usage", ("projet",))
RECEIVED = Mention("la date de réception du dossier", L1434_12, ("date_reception",))
POINTS = Mention("les points de vigilance ouverts", "courrier conjoint", ("points_de_vigilance",))

MENTIONS: dict[LetterKind, tuple[Mention, ...]] = {
    Kind.ACKNOWLEDGEMENT: (
        NAMED,
        Mention("la date de réception de la demande", f"{R112_5}, 1°", ("date_reception",)),
        Mention(
            "la date à laquelle, à défaut de décision expresse, la demande sera réputée acceptée",
            f"{R112_5}, 1°",
            ("date_acceptation",),
            empty_if="attente_pieces",
        ),
        Mention("la désignation du service chargé du dossier", f"{R112_5}, 2°", ("ars", "ars_service")),
        Mention("l'adresse postale du service", f"{R112_5}, 2°", ("ars_adresse",)),
        Mention("l'adresse électronique du service, s'il en a une", f"{R112_5}, 2°", ("ars_courriel",)),
        Mention("le numéro de téléphone du service", f"{R112_5}, 2°", ("ars_telephone",)),
        Mention("les pièces manquantes et leur délai, s'il en manque", f"{R112_5}, 3°, et L. 114-5", ("pieces",)),
        Mention(
            "que le silence vaut décision implicite d'acceptation",
            R112_5,
            phrases=("décision implicite d'acceptation",),
        ),
        Mention(
            "la possibilité d'obtenir l'attestation de l'article L. 232-3", R112_5, phrases=("attestation", "232-3")
        ),
        SIGNED,
    ),
    Kind.PIECES: (
        NAMED,
        RECEIVED,
        Mention("les pièces manquantes", L114_5, ("pieces",)),
        Mention("le délai pour les fournir", L114_5, ("date_limite",)),
        SIGNED,
    ),
    Kind.JOINT_LETTER: (
        NAMED,
        Mention("la date de la lettre d'intention", "courrier conjoint", ("date_lettre",)),
        POINTS,
        SIGNED,
        Mention("le signataire de la CPAM et sa qualité", "courrier conjoint", ("signataire_cpam", "qualite_cpam")),
    ),
    Kind.OPPOSITION: (
        NAMED,
        RECEIVED,
        Mention("le motif légal de l'opposition", L1434_12, ("motifs",)),
        Mention("la motivation", "CRPA, art. L. 211-5", ("motivation",)),
        SIGNED,
    ),
    Kind.VALIDATION: (NAMED, RECEIVED, SIGNED),
    Kind.ATTESTATION: (
        NAMED,
        RECEIVED,
        Mention("la date de la validation tacite", L1434_12, ("date_validation_tacite",)),
        Mention("que l'attestation est celle de l'article L. 232-3", "CRPA, art. L. 232-3", phrases=("232-3",)),
        SIGNED,
    ),
}

MAY_STAY_EMPTY = frozenset({"ars_courriel", "pieces", "points_de_vigilance"})
"""Mandatory in the model, said only when there is something to say; pieces are never empty in their own request."""


ESSENTIAL_KEYS = {"pieces": ("intitule", "avant_le"), "points_de_vigilance": ("texte",)}
"""What a letter must say of each item of these lists."""


def must_be_told(kind: LetterKind, values: Values) -> dict[str, Mention]:
    """The fields that cannot be empty in this letter, each with the mention that requires it."""
    optional = MAY_STAY_EMPTY - ({"pieces"} if kind == Kind.PIECES else set())
    return {
        name: mention
        for mention in MENTIONS[kind]
        if not (mention.empty_if and values[mention.empty_if])
        for name in mention.fields
        if name not in optional
    }
