"""What the doctrine says of two projects on one territory: their situation, which is prior, the outcomes it offers.

Sources and doubts: docs/rules/conciliation.md. An unknown date is None: it never makes a project prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum

from ground.days import in_words
from territories.overlap import Kind


class Maturity(IntEnum):
    """How far a project has come, as far as the doctrine tells projects apart."""

    EMERGING = 1
    ENGINEERING = 2
    FILED = 3
    VALIDATED = 4

    @property
    def milestone(self) -> "Milestone":
        return MILESTONES[self]


@dataclass(frozen=True, slots=True)
class Milestone:
    """What two projects of one maturity are compared by, in words: followed by a date, or alone when it is unknown."""

    dated: str
    undated: str


MILESTONES = {
    Maturity.EMERGING: Milestone("connue depuis le", "connue"),
    Maturity.ENGINEERING: Milestone("ingénierie commencée le", "ingénierie commencée"),
    Maturity.FILED: Milestone("projet de santé déposé le", "projet de santé déposé"),
    Maturity.VALIDATED: Milestone("projet de santé validé le", "projet de santé validé"),
}
MATURITY: Mapping[str, Maturity] = {
    "initiative": Maturity.EMERGING,
    "formalising": Maturity.EMERGING,
    "letter_filed": Maturity.EMERGING,
    "letter_validated": Maturity.EMERGING,
    "engineering": Maturity.ENGINEERING,
    "opposed": Maturity.ENGINEERING,  # an opposition sends the project back to its writing
    "filed": Maturity.FILED,
    "validated": Maturity.VALIDATED,
    "aci_signed": Maturity.VALIDATED,
}
"""By the name of each living state."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a project stands, and the days on which it got that far; None when that day is not known."""

    state: str
    known: date | None = None
    engineering: date | None = None
    filed: date | None = None  # the filing that is under examination, not one that was opposed or withdrawn
    validated: date | None = None

    @property
    def maturity(self) -> Maturity:
        return MATURITY[self.state]

    @property
    def reached(self) -> date | None:
        """The day on which it reached its present maturity."""
        match self.maturity:
            case Maturity.EMERGING:
                return self.known
            case Maturity.ENGINEERING:
                return self.engineering
            case Maturity.FILED:
                return self.filed
        return self.validated


@dataclass(frozen=True, slots=True)
class Source:
    document: str
    place: str
    dated: date | None = None  # None: the document bears no date

    def __str__(self) -> str:
        dated = f", {in_words(self.dated)}" if self.dated else ""
        return f"{self.document}{dated}, {self.place}"


class OutcomeCode(Enum):
    """How a conciliation may end; the value is the one that its outcome is stored under."""

    AGREEMENT = "agreement"
    DG_CHOICE = "dg_choice"
    UNVALIDATED = "unvalidated"
    MERGER = "merger"
    PARTNERSHIP = "partnership"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    OutcomeCode.AGREEMENT: "Accord entre les projets",
    OutcomeCode.DG_CHOICE: "Choix du directeur général",
    OutcomeCode.UNVALIDATED: "Zone de concurrence laissée non validée",
    OutcomeCode.MERGER: "Fusion des projets",
    OutcomeCode.PARTNERSHIP: "Adhésion ou partenariat",
}
CONFLICTS = frozenset({Kind.TOTAL, Kind.PARTIAL})


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source offers, in its words. `party`: 1 for the prior project, 2 for the other, None for both.

    `code` is None for an opposition: a step of the project, recorded on its page and not as the end of a conciliation.
    """

    code: OutcomeCode | None
    text: str
    source: Source
    party: int | None = None
    kinds: frozenset[Kind] = CONFLICTS

    @property
    def label(self) -> str:
        return self.code.label if self.code else "Opposition"


@dataclass(frozen=True, slots=True)
class Situation:
    """A case of the doctrine. `number` is that of the matrix, None for what the matrix does not foresee."""

    key: str
    number: int | None
    name: str
    short: str
    title: str
    outcomes: tuple[Offer, ...] = ()
    remark: str = ""

    def offers(self, kind: Kind) -> tuple[Offer, ...]:
        """The outcomes for an overlap of this kind; none where it is not sure yet that there is one."""
        return tuple(outcome for outcome in self.outcomes if kind in outcome.kinds)

    @property
    def for_the_second(self) -> tuple[Offer, ...]:
        """What is offered to the project that is not prior."""
        return tuple(outcome for outcome in self.outcomes if outcome.party == 2)


MATRIX = Source(
    "ARS Île-de-France, comité de suivi régional des CPTS",
    "« L'examen des projets de santé de CPTS »",
    date(2020, 2, 24),
)
OFFER_OF_SERVICE = Source(
    "Guide régional Assurance Maladie – MSA – ARS (offre de service par phase, sans titre ni date)",
    "phase « Émergence », « Identifier le territoire », point de vigilance",
)
AFTER_THE_FIRST = "En fonction du choix du DG pour la CPTS 1 – "
INTEGRATION = "La CPTS 1, investie d'une mission territoriale, a la responsabilité de cette intégration."
ONLY_TOTAL, ONLY_PARTIAL = frozenset({Kind.TOTAL}), frozenset({Kind.PARTIAL})

ALREADY_VALIDATED = Situation(
    "already_validated",
    1,
    "Situation 1",
    "un projet déjà validé",
    "un projet de santé est déjà validé sur le territoire",
    (
        Offer(None, "CPTS 2 postérieure sur le même territoire : opposition.", MATRIX, party=2),
        Offer(
            OutcomeCode.PARTNERSHIP,
            "CPTS 2 postérieure sur le même territoire : adhésion-partenariat à la CPTS 1 proposée. " + INTEGRATION,
            MATRIX,
            party=2,
        ),
    ),
)
SIMULTANEOUS = Situation(
    "simultaneous",
    2,
    "Situation 2",
    "deux demandes simultanées",
    "deux projets demandent simultanément la validation du projet de santé",
    (
        Offer(OutcomeCode.AGREEMENT, "Collaboration demandée.", MATRIX, kinds=ONLY_TOTAL),
        Offer(OutcomeCode.DG_CHOICE, "Si échec : choix du DG, après examen comparatif.", MATRIX, kinds=ONLY_TOTAL),
        Offer(
            OutcomeCode.DG_CHOICE,
            "Sur leurs territoires propres, en fonction du choix du DG : CPTS 1 validée et CPTS 2 opposée car "
            "superposition, puis validée sans les territoires concernés.",
            MATRIX,
            kinds=ONLY_PARTIAL,
        ),
        Offer(
            OutcomeCode.DG_CHOICE,
            "Sur la zone de concurrence : choix du DG pour CPTS 1 ou 2.",
            MATRIX,
            kinds=ONLY_PARTIAL,
        ),
        Offer(
            OutcomeCode.UNVALIDATED,
            "Sur leurs territoires propres, en fonction du choix du DG : CPTS 1 opposée puis validée sans les "
            "territoires concernés, et CPTS 2 opposée puis validée sans les territoires concernés.",
            MATRIX,
            kinds=ONLY_PARTIAL,
        ),
        Offer(
            OutcomeCode.UNVALIDATED,
            "Ou laisser la zone de concurrence non validée : le territoire de la CPTS évolue au cours de sa vie et "
            "pourra intégrer ladite zone ultérieurement, en fonction de la réalité du terrain.",
            MATRIX,
            kinds=ONLY_PARTIAL,
        ),
    ),
)
DIFFERENT_MATURITY = Situation(
    "different_maturity",
    3,
    "Situation 3",
    "maturités différentes",
    "deux projets à différents niveaux de maturité sur le même territoire → ingénierie de projet de la CPTS 1 en "
    "cours de finalisation",
    (
        Offer(
            OutcomeCode.DG_CHOICE,
            "CPTS 1, choix du DG : si « projet // PRS, territoire pertinent et caractère inclusif des PS et des "
            "projets », validation du projet de santé, avec responsabilité pesant sur la CPTS 1 d'associer l'ensemble "
            "des PS et des projets nouveaux. Sinon, opposition à ce stade (et éventuellement inviter à proposer un "
            "projet au territoire aménagé).",
            MATRIX,
            party=1,
        ),
        Offer(
            OutcomeCode.PARTNERSHIP,
            AFTER_THE_FIRST
            + "CPTS 2 intégrée à la CPTS 1 sur le territoire concerné sans financer d'ingénierie de projet. "
            + INTEGRATION,
            MATRIX,
            party=2,
        ),
        Offer(
            OutcomeCode.AGREEMENT,
            AFTER_THE_FIRST
            + "CPTS 2 : financement d'une ingénierie de projet pour le territoire non concerné par la CPTS 1.",
            MATRIX,
            party=2,
        ),
        Offer(
            OutcomeCode.AGREEMENT,
            AFTER_THE_FIRST + "CPTS 2 : financer une deuxième ingénierie de projet en invitant à la collaboration "
            "pour le territoire concerné.",
            MATRIX,
            party=2,
        ),
    ),
    remark="Cette situation est lue ici pour toute différence de maturité avant la validation.",
)
BEFORE_FILING = Situation(
    "before_filing",
    None,
    "Avant le dépôt",
    "deux projets envisagés",
    "deux CPTS sont envisagées sur un même territoire",
    (
        Offer(OutcomeCode.MERGER, "Envisager avec les partenaires de fusionner les projets.", OFFER_OF_SERVICE),
        Offer(
            OutcomeCode.AGREEMENT,
            "Envisager avec les partenaires de revoir les périmètres pour éviter un chevauchement.",
            OFFER_OF_SERVICE,
        ),
    ),
)
BOTH_VALIDATED = Situation(
    "both_validated",
    None,
    "Deux projets validés",
    "hors doctrine",
    "les deux projets de santé sont validés sur le même territoire",
    remark="La doctrine ne prévoit pas ce cas : elle n'offre aucune issue.",
)
SITUATIONS = (ALREADY_VALIDATED, SIMULTANEOUS, DIFFERENT_MATURITY, BEFORE_FILING, BOTH_VALIDATED)
AT_ONE_MATURITY = {
    Maturity.EMERGING: BEFORE_FILING,
    Maturity.ENGINEERING: BEFORE_FILING,
    Maturity.FILED: SIMULTANEOUS,
    Maturity.VALIDATED: BOTH_VALIDATED,
}


@dataclass(frozen=True, slots=True)
class Caution:
    """What to do before looking for an outcome; `source` is None where it follows from what the overlap is."""

    text: str
    source: Source | None = None


CAUTIONS: Mapping[Kind, Caution] = {
    Kind.TO_CHECK: Caution(
        "Dites d'abord quelles parties des zones communes chaque projet tient : il n'est pas sûr qu'ils se superposent."
    ),
    Kind.SAME: Caution(
        "Vérifiez d'abord qu'il s'agit de deux projets : « il faut s'assurer de la correcte collecte des données ».",
        OFFER_OF_SERVICE,
    ),
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The situation of two projects, and which is prior: 0 the first, 1 the second, None neither.

    `since` is the day the prior one reached `milestone`, None when it is not known. `is_unknown` tells that both have
    come as far as each other and that a date is missing; without a prior and known, they got there on the same day.
    """

    situation: Situation
    milestone: Milestone
    prior: int | None = None
    since: date | None = None
    is_unknown: bool = False


def assess(a: Progress, b: Progress) -> Assessment:
    """The more mature project is prior; at one maturity, the one that reached it first."""
    furthest = max(a.maturity, b.maturity)
    if a.maturity != b.maturity:
        situation = ALREADY_VALIDATED if furthest == Maturity.VALIDATED else DIFFERENT_MATURITY
        ahead = a if a.maturity == furthest else b
        return Assessment(situation, furthest.milestone, 0 if ahead is a else 1, ahead.reached)
    situation = AT_ONE_MATURITY[furthest]
    if a.reached is None or b.reached is None:
        return Assessment(situation, furthest.milestone, is_unknown=True)
    if a.reached == b.reached:
        return Assessment(situation, furthest.milestone)
    prior = 0 if a.reached < b.reached else 1
    return Assessment(situation, furthest.milestone, prior, min(a.reached, b.reached))
