"""The states of a project, from the first idea to the signed contract, and how each is shown."""

from django.db import models


class State(models.TextChoices):
    INITIATIVE = "initiative", "Initiative sans formalisation"
    FORMALISING = "formalising", "Initiative avec début de formalisation"
    LETTER_FILED = "letter_filed", "Lettre d'intention reçue"
    LETTER_VALIDATED = "letter_validated", "Lettre d'intention validée"
    ENGINEERING = "engineering", "Ingénierie et rédaction du projet de santé"
    FILED = "filed", "Projet de santé déposé, délai de deux mois"
    OPPOSED = "opposed", "Opposition notifiée"
    VALIDATED = "validated", "Projet de santé validé, ACI en cours"
    ACI_SIGNED = "aci_signed", "ACI signé, CPTS en fonctionnement"
    ABANDONED = "abandoned", "Abandonné"
    MERGED = "merged", "Fusionné"
    TERMINATED = "terminated", "Résilié"

    @property
    def short_label(self) -> str:
        return SHORT_LABELS[self]


SHORT_LABELS = {
    State.INITIATIVE: "Initiative",
    State.FORMALISING: "Formalisation",
    State.LETTER_FILED: "Lettre reçue",
    State.LETTER_VALIDATED: "Lettre validée",
    State.ENGINEERING: "Ingénierie",
    State.FILED: "Projet déposé",
    State.OPPOSED: "Opposition",
    State.VALIDATED: "Projet validé",
    State.ACI_SIGNED: "ACI signé",
    State.ABANDONED: "Abandonné",
    State.MERGED: "Fusionné",
    State.TERMINATED: "Résilié",
}


class Column(models.TextChoices):
    """Columns of the regional photograph (ARS Île-de-France, comité de suivi régional, 24 February 2020)."""

    ACI_SIGNED = "aci_signed", "ACI signé"
    ACI_IN_PROGRESS = "aci_in_progress", "ACI en cours"
    ENGINEERING = "engineering", "Ingénierie en cours"
    FORMALISING = "formalising", "Initiative avec début de formalisation"
    INITIATIVE = "initiative", "Initiative sans formalisation"

    @property
    def states(self) -> frozenset[State]:
        return frozenset(state for state, column in PHOTOGRAPH.items() if column == self)


PHOTOGRAPH = {
    State.INITIATIVE: Column.INITIATIVE,
    State.FORMALISING: Column.FORMALISING,
    State.LETTER_FILED: Column.FORMALISING,
    State.LETTER_VALIDATED: Column.FORMALISING,
    State.ENGINEERING: Column.ENGINEERING,
    State.FILED: Column.ENGINEERING,
    State.OPPOSED: Column.ENGINEERING,
    State.VALIDATED: Column.ACI_IN_PROGRESS,
    State.ACI_SIGNED: Column.ACI_SIGNED,
}

LIVING = frozenset(PHOTOGRAPH)
ENDED = frozenset(State) - LIVING
