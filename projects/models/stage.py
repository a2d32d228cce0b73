"""Stages: the state of a project as dated periods. The state at any date is read here, never replayed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from ground.periods import Period
from projects.states import State


class Stage(Period):
    """A state that is true of a project from `since` until `until`; stages follow each other without hole."""

    class Origin(models.TextChoices):
        ACT = "act", "Acte enregistré"
        SILENCE = "silence", "Silence de l'ARS pendant deux mois"
        IMPORT = "import", "Tableau importé"

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="stages", verbose_name="projet")
    state = models.CharField("état", max_length=20, choices=State)
    origin = models.CharField("origine", max_length=10, choices=Origin, default=Origin.ACT)
    comment = models.TextField("commentaire", blank=True)
    reference = models.CharField("référence", max_length=120, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisi par"
    )

    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "étape"
        ordering = ["since", "pk"]
        indexes = [models.Index(fields=["state", "since"], name="stage_by_state_and_date")]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(until=None),
                name="one_open_stage_per_project",
                violation_error_message="Ce projet a déjà une étape en cours.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(State)),
                name="stage_state_is_known",
                violation_error_message="Cet état n'existe pas.",
            ),
            models.CheckConstraint(
                condition=~Q(origin="silence") | Q(state=State.VALIDATED),
                name="silence_only_validates",
                violation_error_message="Le silence de l'ARS ne peut que valider.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} depuis le {self.since:%d/%m/%Y}"

    @property
    def is_tacit(self) -> bool:
        return self.origin == self.Origin.SILENCE
