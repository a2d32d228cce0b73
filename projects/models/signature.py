"""Acts that several parties sign: the joint letter of the binôme, and the ACI with the CPTS."""

from django.db import models
from simple_history.models import HistoricalRecords

from accounts.models.institution import Side
from projects.models.recorded import Recorded
from projects.models.stage import Stage
from projects.states import State


class Party(models.TextChoices):
    CPTS = "cpts", "CPTS"
    INSURANCE = Side.INSURANCE.value, "CPAM"
    ARS = Side.ARS.value, "ARS"


SIGNED_BY = {
    State.LETTER_FILED: (Party.ARS, Party.INSURANCE),
    State.VALIDATED: (Party.CPTS, Party.INSURANCE, Party.ARS),
}
"""Who must sign what ends a stage: the joint letter that validates a letter of intent, then the ACI."""


class Signature(Recorded):
    """The signature of one party; the last one expected takes the step, on its own date."""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="signatures", verbose_name="étape")
    party = models.CharField("partie", max_length=10, choices=Party)
    signatory = models.CharField("signataire", max_length=150)
    signatory_title = models.CharField("qualité", max_length=200, blank=True)
    signed_on = models.DateField("signé le")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "signature"
        ordering = ["signed_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "party"],
                name="each_party_signs_once",
                violation_error_message="Cette partie a déjà signé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_party_display()} : {self.signatory}, {self.signed_on:%d/%m/%Y}"
