"""What the institutions say of a letter, a health project or a draft contract while its stage lasts."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from accounts.models import Institution
from accounts.models.institution import Side
from projects.models.recorded import Recorded
from projects.models.stage import Stage
from projects.states import State

SUBJECTS = {
    State.LETTER_FILED: "la lettre d'intention",
    State.FILED: "le projet de santé",
    State.VALIDATED: "le projet de contrat ACI",
}
"""What both institutions give their opinion on, by the stage that is then true."""


class Verdict(models.TextChoices):
    FAVOURABLE = "favourable", "Favorable"
    WITH_POINTS = "with_points", "Favorable avec points de vigilance"
    UNFAVOURABLE = "unfavourable", "Défavorable"


class Opinion(Recorded):
    """The opinion of one institution of the binôme. A later one takes its place; the former stays readable."""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="opinions", verbose_name="étape")
    side = models.CharField("institution", max_length=10, choices=Side)
    verdict = models.CharField("avis", max_length=20, choices=Verdict)
    reasons = models.TextField("motifs", blank=True)
    given_on = models.DateField("rendu le")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        ordering = ["given_on", "pk"]

    def __str__(self) -> str:
        return f"{self.get_side_display()} : {self.get_verdict_display()}"

    def clean(self) -> None:
        super().clean()
        if self.verdict == Verdict.UNFAVOURABLE and not self.reasons.strip():
            raise ValidationError({"reasons": "Un avis défavorable dit pourquoi."})


class Escalation(Recorded):
    """A disagreement of the two institutions, brought before the DG of the ARS and the DCGDR, and what they decide."""

    class Level(models.TextChoices):
        ARS = "ars", "DG de l'ARS"
        DCGDR = "dcgdr", "DCGDR"
        BOTH = "both", "DG de l'ARS et DCGDR"

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="escalations", verbose_name="étape")
    opened_on = models.DateField("désaccord constaté le")
    level = models.CharField("tranché par", max_length=10, choices=Level, blank=True)
    outcome = models.CharField("décision", max_length=20, choices=Verdict, blank=True)
    comment = models.TextField("compte rendu", blank=True)
    closed_on = models.DateField("tranché le", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="clos par"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "désaccord"
        ordering = ["opened_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage"],
                condition=Q(closed_on=None),
                name="one_open_escalation_per_stage",
                violation_error_message="Un désaccord est déjà ouvert sur cette étape.",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
                name="escalation_closes_after_it_opens",
                violation_error_message="La décision ne peut pas précéder le désaccord.",
            ),
        ]

    def __str__(self) -> str:
        return f"Désaccord du {self.opened_on:%d/%m/%Y}"


class Consultation(Recorded):
    """An opinion asked of a partner (ELSM, MSA, URPS…), with its due date; it informs and never blocks."""

    class Partner(models.TextChoices):
        ELSM = Institution.Kind.ELSM.value, "ELSM"
        MSA = Institution.Kind.MSA.value, "MSA"
        URPS = Institution.Kind.URPS.value, "URPS"
        OTHER = Institution.Kind.OTHER.value, "Autre partenaire"

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="consultations", verbose_name="étape")
    partner = models.CharField("partenaire", max_length=20, choices=Partner)
    question = models.TextField("question posée", blank=True)
    asked_on = models.DateField("demandé le")
    due_on = models.DateField("attendu le")
    reminded_on = models.DateField("relancé le", null=True, blank=True)
    verdict = models.CharField("avis", max_length=20, choices=Verdict, blank=True)
    answer = models.TextField("réponse", blank=True)
    answered_on = models.DateField("rendu le", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="réponse saisie par",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "avis demandé"
        verbose_name_plural = "avis demandés"
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on__gte=F("asked_on")),
                name="consultation_is_due_after_it_is_asked",
                violation_error_message="L'avis ne peut pas être attendu avant d'avoir été demandé.",
            ),
            models.CheckConstraint(
                condition=Q(answered_on=None) | Q(answered_on__gte=F("asked_on")),
                name="consultation_is_answered_after_it_is_asked",
                violation_error_message="L'avis ne peut pas être rendu avant d'avoir été demandé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_partner_display()}, attendu le {self.due_on:%d/%m/%Y}"


class VigilancePoint(Recorded):
    """A point raised on a section of what is examined; carried into the letter, open until somebody lifts it."""

    project = models.ForeignKey(
        "projects.Project", models.CASCADE, related_name="vigilance_points", verbose_name="projet"
    )
    stage = models.ForeignKey(
        Stage, models.SET_NULL, null=True, blank=True, related_name="vigilance_points", verbose_name="étape"
    )
    side = models.CharField("soulevé par", max_length=10, choices=Side)
    section = models.CharField("rubrique", max_length=100)
    text = models.TextField("point de vigilance")
    raised_on = models.DateField("soulevé le")
    lifted_on = models.DateField("levé le", null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="levé par"
    )
    lifting = models.TextField("ce qui l'a levé", blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "point de vigilance"
        verbose_name_plural = "points de vigilance"
        ordering = ["raised_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_on=None) | Q(lifted_on__gte=F("raised_on")),
                name="point_is_lifted_after_it_is_raised",
                violation_error_message="Un point ne peut pas être levé avant d'avoir été soulevé.",
            ),
            models.CheckConstraint(
                condition=Q(lifted_on=None, lifted_by=None) | Q(lifted_on__isnull=False, lifted_by__isnull=False),
                name="point_is_lifted_by_somebody",
                violation_error_message="Dites qui lève le point de vigilance, et quand.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} : {self.text[:60]}"
