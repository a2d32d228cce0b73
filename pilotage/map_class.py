"""The classes of the regional map (ARS Île-de-France, 14 September 2019), in its own words."""

from django.db import models

from projects.states import State


class MapClass(models.TextChoices):
    """From the most advanced to the least; « in conciliation » is told over a class, since a territory has both."""

    RUNNING = "phase_2", "Phase 2 : CPTS en fonctionnement"
    FORMING = "phase_1", "Phase 1 : projet en cours de constitution, accompagné par l'ARS"
    FORMALISING = "formalising", "Initiative connue de l'ARS : initiative en début de formalisation"
    INTEREST = "interest", "Initiative connue de l'ARS : déclaration d'intérêt, pas de projet formalisé"

    @property
    def states(self) -> tuple[State, ...]:
        return STATES[self]

    @property
    def short_label(self) -> str:
        return SHORT_LABELS[self]


IN_CONCILIATION = "Territoire en cours de conciliation (2 projets sur le même territoire)"
STATES = {
    MapClass.RUNNING: (State.VALIDATED, State.ACI_SIGNED),
    MapClass.FORMING: (State.ENGINEERING, State.FILED, State.OPPOSED),
    MapClass.FORMALISING: (State.FORMALISING, State.LETTER_FILED, State.LETTER_VALIDATED),
    MapClass.INTEREST: (State.INITIATIVE,),
}
SHORT_LABELS = {
    MapClass.RUNNING: "Phase 2",
    MapClass.FORMING: "Phase 1",
    MapClass.FORMALISING: "Début de formalisation",
    MapClass.INTEREST: "Déclaration d'intérêt",
}
CLASS_OF = {state: shown for shown, states in STATES.items() for state in states}
