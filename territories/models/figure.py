"""Figures told commune by commune (age, ALD, patients without médecin traitant…), for the diagnosis of a territory."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef

from ground.text import one_line
from territories.models.zone import Zone


class FigureQuerySet(models.QuerySet):
    def for_user(self, user) -> Self:
        """Figures told for a commune of the regions `user` reads."""
        told = FigureValue.objects.filter(figure=OuterRef("pk"), zone__department__in=user.readable_departments())
        return self.filter(Exists(told))

    def latest_on(self, day: date) -> Self:
        """Of each figure, the last time it was told as of `day` at the latest."""
        later = Figure.objects.filter(name=OuterRef("name"), as_of__gt=OuterRef("as_of"), as_of__lte=day)
        return self.filter(~Exists(later), as_of__lte=day)


class Figure(models.Model):
    """A column of a file: what it counts, as of when, from whom, and how communes add up to a territory."""

    class Mode(models.TextChoices):
        SUM = "sum", "Somme des communes"
        BY_POPULATION = "by_population", "Moyenne pondérée par la population"

    name = models.CharField("nom", max_length=150)
    unit = models.CharField("unité", max_length=40, blank=True, help_text="Par exemple : habitants, %, patients.")
    mode = models.CharField("calcul sur un territoire", max_length=20, choices=Mode)
    as_of = models.DateField("situation au")
    source = models.CharField("source", max_length=200)
    recorded_at = models.DateTimeField("chargé le", auto_now=True)

    objects = FigureQuerySet.as_manager()

    class Meta:
        verbose_name = "indicateur de territoire"
        verbose_name_plural = "indicateurs de territoire"
        ordering = ["name", "-as_of"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "as_of"],
                name="figure_told_once_a_date",
                violation_error_message="Cet indicateur est déjà chargé pour cette date.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.as_of:%d/%m/%Y})"

    def save(self, *args, **kwargs) -> None:
        self.name = one_line(self.name)
        super().save(*args, **kwargs)


class FigureValue(models.Model):
    figure = models.ForeignKey(Figure, models.CASCADE, related_name="values", verbose_name="indicateur")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="figure_values", verbose_name="zone")
    value = models.DecimalField("valeur", max_digits=16, decimal_places=4)

    class Meta:
        verbose_name = "valeur d'indicateur"
        verbose_name_plural = "valeurs d'indicateurs"
        constraints = [
            models.UniqueConstraint(fields=["figure", "zone"], name="one_value_a_figure_and_zone"),
        ]

    def __str__(self) -> str:
        return f"{self.figure}, {self.zone} : {self.value}"
