"""What is said of a project's territory besides its perimeter: a composition under way, the CLS it has signed."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from projects.models.project import Project
from projects.models.recorded import Recorded
from territories.models import Structure


class PerimeterDraft(models.Model):
    """A perimeter that somebody composes and has not recorded yet; nothing else reads it.

    `zones` maps the code of each zone to whether it is held in part; `steps` are what undoing goes back through, each
    with its `label` and the zones as they were before it (`before`, null for those that were not held).
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="perimeter_drafts", verbose_name="projet")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="utilisateur")
    zones = models.JSONField("zones", default=dict)
    steps = models.JSONField("étapes", default=list)
    started_from = models.CharField("périmètre de départ", max_length=16)
    changed_at = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        verbose_name = "périmètre en composition"
        verbose_name_plural = "périmètres en composition"
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_draft_a_project_and_user"),
        ]

    def __str__(self) -> str:
        return f"Brouillon du périmètre de {self.project}"


class ClsSignature(Recorded):
    """A CPTS that signs the contrat local de santé of its territory."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="cls_signatures", verbose_name="projet")
    structure = models.ForeignKey(
        Structure,
        models.PROTECT,
        related_name="signatures",
        limit_choices_to={"kind": Structure.Kind.CLS},
        verbose_name="contrat local de santé",
    )
    signed_on = models.DateField("signé le")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "signature d'un CLS"
        verbose_name_plural = "signatures de CLS"
        ordering = ["signed_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "structure"],
                name="a_cls_is_signed_once",
                violation_error_message="Ce projet a déjà signé ce contrat local de santé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.structure}, signé par {self.project}"
