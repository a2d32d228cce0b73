"""Barèmes of the ACI as data: versions, tiers, missions, and amounts with their source and their verified mark."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from simple_history.models import HistoricalRecords

from aci.remuneration import Kind, Line, TariffData, Tier, Verified
from ground.periods import Period, PeriodQuerySet


def choices(words: type[Kind] | type[Verified]) -> list[tuple[str, str]]:
    return [(word.value, word.label) for word in words]


class TariffQuerySet(PeriodQuerySet):
    def in_force(self, day: date) -> "Tariff | None":
        return self.on(day).first()

    def follow_one_another(self) -> Self:
        """Each version ends the day the next one begins: no day has two, none between them has no version."""
        following = Tariff.objects.filter(since__gt=OuterRef("since")).order_by("since").values("since")[:1]
        self.update(until=Subquery(following))
        return self


class Tariff(Period):
    """A version of the barème. Its end is never typed: it is the start of the next version."""

    code = models.SlugField("code", max_length=30, unique=True)
    label = models.CharField("intitulé", max_length=120)
    source = models.CharField("source", max_length=300)

    objects = TariffQuerySet.as_manager()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "barème"
        ordering = ["since"]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["since"],
                name="one_tariff_starts_a_day",
                violation_error_message="Un autre barème commence déjà ce jour-là.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @transaction.atomic
    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        Tariff.objects.follow_one_another()
        self.refresh_from_db(fields=["until"])

    @transaction.atomic
    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        Tariff.objects.follow_one_another()
        return deleted

    def data(self) -> TariffData:
        """This version as the pure rule reads it; two queries."""
        lines: dict[int, list[Line]] = defaultdict(list)
        for amount in TariffAmount.objects.filter(line__tariff=self).select_related("line").order_by("line__order"):
            lines[amount.tier].append(amount.as_line())
        return TariffData(
            code=self.code,
            label=self.label,
            since=self.since,
            tiers=tuple(tier.as_tier() for tier in self.tiers.all()),
            lines={tier: tuple(of_tier) for tier, of_tier in lines.items()},
        )


class TariffTier(models.Model):
    """A tier (taille) begins at a threshold of population."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="tiers", verbose_name="barème")
    number = models.PositiveSmallIntegerField("taille")
    lower_bound = models.PositiveIntegerField("seuil", help_text="Nombre d'habitants ; 0 pour la première taille.")
    includes_bound = models.BooleanField(
        "seuil compris", default=True, help_text="Une population égale au seuil est-elle de cette taille ?"
    )
    bound_note = models.CharField(
        "doute sur le seuil",
        max_length=300,
        blank=True,
        help_text="Ce que disent les sources quand la population égale le seuil.",
    )
    source = models.CharField("source", max_length=300)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "taille"
        ordering = ["tariff", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "number"],
                name="tier_once_per_tariff",
                violation_error_message="Cette taille est déjà dans le barème.",
            ),
            models.UniqueConstraint(
                fields=["tariff", "lower_bound"],
                name="bound_once_per_tariff",
                violation_error_message="Deux tailles d'un barème ne peuvent pas avoir le même seuil.",
            ),
            models.CheckConstraint(
                condition=Q(number=1, lower_bound=0, includes_bound=True) | Q(number__gt=1, lower_bound__gt=0),
                name="first_tier_starts_at_zero",
                violation_error_message="La taille 1 commence à 0 habitant compris ; les suivantes à un seuil positif.",
            ),
        ]

    def __str__(self) -> str:
        return f"Taille {self.number}"

    def as_tier(self) -> Tier:
        return Tier(self.number, self.lower_bound, self.includes_bound, self.bound_note)


class TariffLine(models.Model):
    """A mission in a version of the barème, and the contract years in which it is paid."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="lines", verbose_name="barème")
    mission = models.SlugField("code de la mission", max_length=40)
    label = models.CharField("mission", max_length=120)
    kind = models.CharField("nature", max_length=20, choices=choices(Kind))
    first_year = models.PositiveSmallIntegerField(
        "première année de contrat", default=1, validators=[MinValueValidator(1)]
    )
    last_year = models.PositiveSmallIntegerField(
        "dernière année de contrat", null=True, blank=True, help_text="Vide : jusqu'à la fin du contrat."
    )
    order = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "mission du barème"
        verbose_name_plural = "missions du barème"
        ordering = ["tariff", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "mission"],
                name="mission_once_per_tariff",
                violation_error_message="Cette mission est déjà dans le barème.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in Kind]),
                name="known_kind_of_mission",
                violation_error_message="Nature de mission inconnue.",
            ),
            models.CheckConstraint(
                condition=Q(last_year=None) | Q(last_year__gte=F("first_year")),
                name="mission_years_in_order",
                violation_error_message="La dernière année de contrat ne peut pas précéder la première.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.tariff})"


class TariffAmount(models.Model):
    """Yearly euros of a mission for a tier."""

    line = models.ForeignKey(TariffLine, models.CASCADE, related_name="amounts", verbose_name="mission")
    tier = models.PositiveSmallIntegerField("taille", validators=[MinValueValidator(1)])
    fixed_eur = models.DecimalField("volet fixe (€)", max_digits=11, decimal_places=2, default=Decimal(0))
    variable_eur = models.DecimalField("volet variable (€)", max_digits=11, decimal_places=2, default=Decimal(0))
    verified = models.CharField("vérification", max_length=20, choices=choices(Verified), default=Verified.NO.value)
    source = models.CharField("source", max_length=300)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "montant"
        ordering = ["line", "tier"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "tier"],
                name="amount_once_per_line_and_tier",
                violation_error_message="Cette mission a déjà un montant pour cette taille.",
            ),
            models.CheckConstraint(
                condition=Q(fixed_eur__gte=0, variable_eur__gte=0),
                name="amounts_are_not_negative",
                violation_error_message="Un montant ne peut pas être négatif.",
            ),
            models.CheckConstraint(
                condition=Q(verified__in=[word.value for word in Verified]),
                name="known_verified_mark",
                violation_error_message="Marque de vérification inconnue.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}, taille {self.tier}"

    def as_line(self) -> Line:
        """The amount as the pure rule reads it; expects `line` to be loaded."""
        return Line(
            mission=self.line.mission,
            label=self.line.label,
            kind=Kind(self.line.kind),
            fixed=self.fixed_eur,
            variable=self.variable_eur,
            verified=Verified(self.verified),
            source=self.source,
            first_year=self.line.first_year,
            last_year=self.line.last_year,
        )
