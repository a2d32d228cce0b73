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


class ImportBatch(models.Model):
    """One uploaded file between its review and its writing."""

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
        return reverse("import", args=[self.pk])
