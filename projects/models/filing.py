"""What belongs to a stage of the examination: the filing with its clock, the pieces asked, the decision taken."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from projects import clock
from projects.models.recorded import Recorded
from projects.models.stage import Stage
from projects.states import State


class Filing(models.Model):
    """One deposit of the health project at the ARS; its stage tells the day it was received, hence when it counts.

    It keeps the rule its clock was counted with, and the population of its perimeter as it was that day.
    """

    stage = models.OneToOneField(Stage, models.CASCADE, related_name="filing", verbose_name="étape")
    insurance_received_on = models.DateField("reçu par la CPAM le", null=True, blank=True)
    rule = models.CharField("règle du délai", max_length=20, default=clock.RULE, editable=False)
    population = models.PositiveIntegerField("population du périmètre déposé", null=True, editable=False)
    population_vintage = models.PositiveSmallIntegerField("millésime", null=True, editable=False)
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="followed_by", verbose_name="fait suite au dépôt"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "dépôt"
        ordering = ["stage__since", "pk"]

    def __str__(self) -> str:
        return f"Dépôt du {self.received_on:%d/%m/%Y}"

    @property
    def received_on(self) -> date:
        return self.stage.since

    @property
    def deadline(self) -> clock.Deadline:
        """The clock of this filing; no query when its piece requests were fetched before."""
        return clock.Deadline(self.received_on, tuple(request.for_clock for request in self.piece_requests.all()))


class PieceRequest(Recorded):
    """Pieces that the file lacks (CRPA, L.114-5). Only an indispensable one, required by the texts, moves the clock."""

    filing = models.ForeignKey(Filing, models.CASCADE, related_name="piece_requests", verbose_name="dépôt")
    pieces = models.TextField("pièces demandées")
    is_indispensable = models.BooleanField("indispensable à l'examen", default=False)
    basis = models.CharField("texte qui exige la pièce", max_length=200, blank=True)
    asked_on = models.DateField("demandée le")
    due_on = models.DateField("à fournir avant le", null=True, blank=True)
    received_on = models.DateField("reçue le", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "demande de pièces"
        verbose_name_plural = "demandes de pièces"
        ordering = ["asked_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(received_on=None) | Q(received_on__gte=F("asked_on")),
                name="piece_is_received_after_it_is_asked",
                violation_error_message="Une pièce ne peut pas être reçue avant d'avoir été demandée.",
            ),
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(due_on__gte=F("asked_on")),
                name="piece_is_due_after_it_is_asked",
                violation_error_message="Le délai donné pour fournir les pièces ne peut pas finir avant la demande.",
            ),
        ]

    def __str__(self) -> str:
        return f"Pièces demandées le {self.asked_on:%d/%m/%Y}"

    @property
    def summary(self) -> str:
        """The pieces on one line, with the text that requires them."""
        told = " ; ".join(line.strip() for line in self.pieces.splitlines() if line.strip())
        return f"{told} ({self.basis})" if self.basis else told

    @property
    def for_clock(self) -> clock.Request:
        return clock.Request(self.asked_on, self.received_on, self.is_indispensable, self.summary)


class Decision(models.Model):
    """The express decision of the ARS on a filing: an opposition or a validation, dated by its stage (notification)."""

    stage = models.OneToOneField(Stage, models.CASCADE, related_name="decision", verbose_name="étape")
    signatory = models.CharField("signataire", max_length=150)
    signatory_title = models.CharField("qualité du signataire", max_length=200, blank=True)
    breaks_health_plan = models.BooleanField("le projet ne respecte pas les objectifs du PRS", default=False)
    territory_not_pertinent = models.BooleanField("le territoire d'action n'est pas pertinent", default=False)
    motivation = models.TextField("motivation", blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "décision"

    def __str__(self) -> str:
        return f"{self.stage.get_state_display()} – {self.signatory}"

    def clean(self) -> None:
        """An opposition has one of the two grounds of the law (CSP, L.1434-12) and says why."""
        super().clean()
        if self.stage.state != State.OPPOSED:
            return
        if not (self.breaks_health_plan or self.territory_not_pertinent):
            raise ValidationError(
                "La loi ne connaît que deux motifs d'opposition (CSP, L.1434-12) : le non-respect des objectifs du "
                "PRS, ou un territoire d'action qui n'est pas pertinent. Cochez au moins l'un des deux."
            )
        if not self.motivation.strip():
            raise ValidationError({"motivation": "Une opposition est motivée : écrivez en quoi le motif est fondé."})

    @property
    def grounds(self) -> list[str]:
        return [
            text
            for is_raised, text in (
                (self.breaks_health_plan, "non-respect des objectifs du projet régional de santé"),
                (self.territory_not_pertinent, "absence de pertinence du territoire d'action"),
            )
            if is_raised
        ]


class Merger(models.Model):
    """Into which project a merged one went: its territory, documents and history are read from there."""

    stage = models.OneToOneField(Stage, models.CASCADE, related_name="merger", verbose_name="étape")
    successor = models.ForeignKey(
        "projects.Project", models.PROTECT, related_name="mergers", verbose_name="projet qui l'absorbe"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "fusion"

    def __str__(self) -> str:
        return f"Fusionné dans {self.successor}"

    @property
    def last_day(self) -> date:
        """The last day the absorbed project lived on its own."""
        return self.stage.since - timedelta(days=1)
