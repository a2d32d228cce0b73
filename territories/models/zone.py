"""Zones: communes, municipal arrondissements and parts of communes. Those that are not split form a partition."""

from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from ground.days import FIRST_DAY, in_words
from ground.text import search_form
from territories.models.geography import Department, Epci


class ZoneQuerySet(models.QuerySet):
    def on(self, day: date) -> Self:
        """Zones that exist on `day`: communes merge, and parts are told from a day on."""
        has_begun = Q(since=None) | Q(since__lte=day)
        return self.filter(has_begun, Q(until=None) | Q(until__gt=day))

    def leaves(self, day: date | None = None) -> Self:
        """Zones that exist and are not split on `day` (today): they add up to the country, without double count."""
        day = day or timezone.localdate()
        return self.on(day).filter(~Exists(Zone.objects.on(day).filter(parent=OuterRef("pk"))))


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
    since = models.DateField("existe depuis le", null=True, blank=True, help_text="Vide : depuis toujours.")
    until = models.DateField(
        "jusqu'au (exclu)", null=True, blank=True, help_text="Pour une commune absorbée : le jour de la fusion."
    )

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
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(until__gte=F("since")),
                name="zone_ends_after_it_starts",
                violation_error_message="La fin d'une zone ne peut pas précéder son début.",
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
            told = (
                f"{self.parent} est dans le périmètre d'un projet : découpez-la par l'écran « Découper une commune » "
                "(Territoires, Découpages), qui dit à chaque projet les parties qu'il tient."
            )
            raise ValidationError({"parent": told})

    @property
    def origin(self) -> date:
        """The first day on which a project can hold it: that of the first CPTS, or its own when it came later."""
        return max(FIRST_DAY, self.since or FIRST_DAY)


class FormerPopulation(models.Model):
    """The population of a zone as it was counted before the vintage in force: what older figures were made of."""

    zone = models.ForeignKey(Zone, models.CASCADE, related_name="former_populations", verbose_name="zone")
    vintage = models.PositiveSmallIntegerField("millésime")
    population = models.PositiveIntegerField("population municipale")

    class Meta:
        verbose_name = "ancienne population"
        verbose_name_plural = "anciennes populations"
        ordering = ["zone", "-vintage"]
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "vintage"],
                name="one_former_population_a_vintage",
                violation_error_message="La population de ce millésime est déjà enregistrée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone}, {self.population} habitants en {self.vintage}"


class ZoneSplit(models.Model):
    """A commune told in parts since a day; `difference` is what these have more (or less) than its population."""

    commune = models.OneToOneField(Zone, models.PROTECT, related_name="split", verbose_name="commune découpée")
    since = models.DateField("découpée depuis le")
    source = models.CharField("source du découpage", max_length=200)
    difference = models.IntegerField("écart de population", default=0)
    reason = models.TextField("pourquoi l'écart est accepté", blank=True)
    recorded_at = models.DateTimeField("saisi le", auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="saisi par"
    )

    class Meta:
        verbose_name = "découpage de commune"
        verbose_name_plural = "découpages de communes"
        ordering = ["-recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(difference=0) | ~Q(reason=""),
                name="difference_of_a_split_has_its_reason",
                violation_error_message="Les parties ne font pas la population de la commune : dites pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"Découpage de {self.commune}"

    @property
    def told_since(self) -> str:
        return told_since(self.commune, self.since)


def told_since(commune: Zone, since: date) -> str:
    """Since when a commune is told in parts, in a sentence."""
    return f"depuis le {in_words(since)}" if since > commune.origin else "depuis l'origine"


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
