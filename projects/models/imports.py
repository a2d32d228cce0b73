"""Imported spreadsheets: the file as it came, who brought it, what was shown and what was written."""

from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from accounts.models import User
from territories.models import Department


class ImportBatchQuerySet(models.QuerySet):
    def for_user(self, user: User) -> Self:
        """An administrator sees its own uploads: a spreadsheet may hold what another may not read."""
        return self.filter(uploaded_by=user)

    def about(self, subject: "ImportBatch.Subject") -> Self:
        return self.filter(subject=subject)


class ImportBatch(models.Model):
    """One uploaded file between its review and its writing."""

    class Subject(models.TextChoices):
        PROJECTS = "projects", "Suivi des projets"
        STRUCTURES = "structures", "Structures d'un territoire"
        FIGURES = "figures", "Indicateurs par commune"

    subject = models.CharField("contenu", max_length=20, choices=Subject, default=Subject.PROJECTS)
    file = models.FileField("fichier", upload_to="imports/%Y/%m/")
    filename = models.CharField("nom du fichier", max_length=200)
    sha256 = models.CharField("empreinte", max_length=64)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="département par défaut"
    )
    as_of = models.DateField(
        "situation au", null=True, blank=True, help_text="Si elle n'est pas celle du titre du tableau."
    )
    uploaded_at = models.DateTimeField("déposé le", auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="déposé par"
    )
    written_at = models.DateTimeField("écrit le", null=True, blank=True)
    counts = models.JSONField("bilan", default=dict)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse(PAGES[self.subject], args=[self.pk])


PAGES = {
    ImportBatch.Subject.PROJECTS: "import",
    ImportBatch.Subject.STRUCTURES: "structure_batch",
    ImportBatch.Subject.FIGURES: "figure_batch",
}
"""The page where the file of each subject is reviewed."""
