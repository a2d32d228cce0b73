"""What somebody has recorded about a project: who, and when it was entered."""

from django.conf import settings
from django.db import models


class Recorded(models.Model):
    recorded_at = models.DateTimeField("saisi le", auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisi par"
    )

    class Meta:
        abstract = True
