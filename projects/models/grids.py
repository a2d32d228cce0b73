"""Grids: the checklists both institutions tick, as dated versions that administrators write."""

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from accounts.models.institution import Side
from ground.periods import Period
from ground.templatetags.french import quoted
from projects.models.recorded import Recorded


class Grid(Period):
    """A version of a checklist, in use between two dates. Once ticked it is not rewritten: a new version is made."""

    class Kind(models.TextChoices):
        RELEVANCE = "relevance", "Pertinence du territoire"
        LETTER = "letter", "Lettre d'intention"
        DIAGNOSIS = "diagnosis", "Diagnostic territorial"
        HEALTH_PROJECT = "health_project", "Projet de santé"

    kind = models.CharField("grille", max_length=20, choices=Kind)
    version = models.CharField("version", max_length=50)
    source = models.CharField("source", max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "grille"
        ordering = ["kind", "-since"]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["kind", "version"],
                name="one_grid_per_version",
                violation_error_message="Cette grille a déjà une version de ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.version}"

    def clean(self) -> None:
        super().clean()
        if self.since and (other := self.in_use_meanwhile().first()):
            raise ValidationError(
                f"La version {quoted(other.version)} est en vigueur à ces dates : terminez-la d'abord."
            )

    @cached_property
    def is_ticked(self) -> bool:
        return GridAnswer.objects.filter(item__grid=self).exists()

    def in_use_meanwhile(self) -> models.QuerySet[Self]:
        """Other versions of this grid that are in use on one of its days."""
        others = Grid.objects.filter(kind=self.kind).exclude(pk=self.pk).exclude(until=F("since"))
        if self.until is not None:
            others = others.none() if self.until <= self.since else others.filter(since__lt=self.until)
        return others.filter(Q(until=None) | Q(until__gt=self.since))


class GridItem(models.Model):
    """A question of a grid, under one of its sections."""

    grid = models.ForeignKey(Grid, models.CASCADE, related_name="items", verbose_name="grille")
    position = models.PositiveSmallIntegerField("rang")
    section = models.CharField("rubrique", max_length=100)
    text = models.CharField("point à vérifier", max_length=300)
    help = models.TextField("précision", blank=True)

    class Meta:
        verbose_name = "point de grille"
        verbose_name_plural = "points de grille"
        ordering = ["grid", "position", "pk"]

    def __str__(self) -> str:
        return self.text


class GridAnswer(Recorded):
    """What one institution ticks and says about one point for one project."""

    class Tick(models.TextChoices):
        YES = "yes", "Oui"
        PARTLY = "partly", "En partie"
        NO = "no", "Non"
        IRRELEVANT = "irrelevant", "Sans objet"

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="grid_answers", verbose_name="projet")
    item = models.ForeignKey(GridItem, models.PROTECT, related_name="answers", verbose_name="point")
    side = models.CharField("institution", max_length=10, choices=Side)
    tick = models.CharField("réponse", max_length=10, choices=Tick, blank=True)
    comment = models.TextField("commentaire", blank=True)
    changed_at = models.DateTimeField("modifié le", auto_now=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "réponse à une grille"
        verbose_name_plural = "réponses aux grilles"
        ordering = ["item", "side"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "item", "side"],
                name="one_answer_per_side",
                violation_error_message="Votre institution a déjà répondu à ce point.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} : {self.get_tick_display()}"
