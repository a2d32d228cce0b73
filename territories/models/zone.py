"""Zones: communes, municipal arrondissements and parts of communes. Those that are not split form a partition."""

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from ground.text import search_form
from territories.models.geography import Department, Epci


class ZoneQuerySet(models.QuerySet):
    def leaves(self) -> Self:
        """Zones that are not split: their populations add up to the country's, without double count."""
        return self.filter(~Exists(Zone.objects.filter(parent=OuterRef("pk"))))


class Zone(models.Model):
    """A piece of territory with its INSEE code and its municipal population."""

    class Kind(models.TextChoices):
        COMMUNE = "commune", "Commune"
        ARRONDISSEMENT = "arrondissement", "Arrondissement municipal"
        PART = "part", "Partie de commune"

    code = models.CharField("code INSEE", max_length=20, unique=True)
    name = models.CharField("nom", max_length=100)
    search_name = models.CharField(max_length=100, editable=False, blank=True)
    kind = models.CharField("nature", max_length=20, choices=Kind, default=Kind.COMMUNE)
    department = models.ForeignKey(Department, models.PROTECT, related_name="zones", verbose_name="département")
    epci = models.ForeignKey(Epci, models.PROTECT, null=True, blank=True, related_name="zones", verbose_name="EPCI")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name="commune découpée"
    )
    population = models.PositiveIntegerField("population municipale")
    vintage = models.PositiveSmallIntegerField("millésime de la population")

    objects = ZoneQuerySet.as_manager()

    class Meta:
        verbose_name = "zone"
        ordering = ["department", "search_name"]
        indexes = [models.Index(fields=["department", "search_name"], name="zone_by_department_and_name")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="commune", parent=None) | (~Q(kind="commune") & Q(parent__isnull=False)),
                name="only_parts_have_a_parent",
                violation_error_message="Une partie de commune désigne sa commune, une commune n'en désigne pas.",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")),
                name="zone_is_not_its_own_part",
                violation_error_message="Une zone ne peut pas être une partie d'elle-même.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def save(self, *args, **kwargs) -> None:
        self.search_name = search_form(self.name)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self._state.adding and self.parent and self.parent.memberships.exists():
            told = f"{self.parent} est dans le périmètre d'un projet : retirez-la de ce périmètre pour la découper."
            raise ValidationError({"parent": told})


class FormerZone(models.Model):
    """An old code or name and the zone that holds its territory today (several rows when it was split)."""

    code = models.CharField("ancien code", max_length=5)
    name = models.CharField("ancien nom", max_length=100, blank=True)
    search_name = models.CharField(max_length=100, editable=False, blank=True)
    successor = models.ForeignKey(Zone, models.CASCADE, related_name="former_zones", verbose_name="zone actuelle")
    is_split = models.BooleanField(
        "partagée", default=False, help_text="Son territoire est réparti entre plusieurs zones actuelles."
    )

    class Meta:
        verbose_name = "ancienne zone"
        verbose_name_plural = "anciennes zones"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "name", "successor"],
                name="one_row_per_former_zone_and_successor",
                violation_error_message="Cette ancienne zone est déjà enregistrée.",
            ),
        ]
        indexes = [models.Index(fields=["code"], name="former_zone_by_code")]

    def __str__(self) -> str:
        return f"{self.name or 'ancien code'} ({self.code}) → {self.successor}"

    def save(self, *args, **kwargs) -> None:
        self.search_name = search_form(self.name)
        super().save(*args, **kwargs)
