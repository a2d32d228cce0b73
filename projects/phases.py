"""The phases of a CPTS as the institutions accompany them (offer of service of the Assurance Maladie, ARS and MSA)."""

from django.db import models

from projects.states import State


class Phase(models.TextChoices):
    EMERGENCE = "emergence", "Émergence"
    LETTER = "letter", "Lettre d'intention"
    DIAGNOSIS = "diagnosis", "Ingénierie et diagnostic territorial"
    HEALTH_PROJECT = "health_project", "Projet de santé"
    CONTRACT = "contract", "Contractualisation ACI"
    DIALOGUE = "dialogue", "Dialogue de gestion"


PHASE_OF = {
    State.INITIATIVE: Phase.EMERGENCE,
    State.FORMALISING: Phase.EMERGENCE,
    State.LETTER_FILED: Phase.LETTER,
    State.LETTER_VALIDATED: Phase.DIAGNOSIS,
    State.ENGINEERING: Phase.DIAGNOSIS,
    State.FILED: Phase.HEALTH_PROJECT,
    State.OPPOSED: Phase.HEALTH_PROJECT,
    State.VALIDATED: Phase.CONTRACT,
    State.ACI_SIGNED: Phase.DIALOGUE,
}
