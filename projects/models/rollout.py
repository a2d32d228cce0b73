"""The deployment of the ACI: what happens between the validation of a health project and the signatures."""

from django.db import models
from simple_history.models import HistoricalRecords

from projects.models.recorded import Recorded


class RolloutEvent(Recorded):
    """A milestone of the deployment of the ACI (ARS Île-de-France, comité de suivi régional, 24 February 2020)."""

    class Kind(models.TextChoices):
        RESTITUTION = "restitution", "Réunion de restitution du projet de santé"
        DECISION_SENT = "decision_sent", "Décision envoyée par la DD, CPAM en copie"
        FINESS = "finess", "Numéro FINESS délivré par l'ARS"
        INDICATOR_MEETING = "indicator_meeting", "Réunion sur les indicateurs"
        DRAFT_SENT = "draft_sent", "Projet de contrat envoyé par la CPAM, DD en copie"

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="rollout", verbose_name="projet")
    kind = models.CharField("étape du déploiement", max_length=20, choices=Kind)
    happened_on = models.DateField("date")
    other_in_copy = models.BooleanField("autre institution en copie", default=True)
    comment = models.TextField("compte rendu", blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "étape du déploiement"
        verbose_name_plural = "étapes du déploiement"
        ordering = ["happened_on", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.happened_on:%d/%m/%Y}"


class ExchangedVersion(Recorded):
    """A version of the indicators or of the draft contract that one party sends to the others."""

    class Subject(models.TextChoices):
        INDICATORS = "indicators", "Indicateurs"
        CONTRACT = "contract", "Projet de contrat"

    class Sender(models.TextChoices):
        INSURANCE = "insurance", "CPAM"
        CPTS = "cpts", "CPTS"
        ARS = "ars", "ARS"

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="versions", verbose_name="projet")
    subject = models.CharField("objet", max_length=20, choices=Subject)
    sender = models.CharField("envoyée par", max_length=10, choices=Sender)
    sent_on = models.DateField("envoyée le")
    comments = models.TextField("commentaires", blank=True)
    document = models.ForeignKey(
        "projects.Document", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="document"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "version échangée"
        verbose_name_plural = "versions échangées"
        ordering = ["sent_on", "pk"]

    def __str__(self) -> str:
        return f"{self.get_subject_display()}, {self.get_sender_display()}, {self.sent_on:%d/%m/%Y}"
