"""Barèmes of the ACI as data: versions, tiers, missions, and amounts with their source and their verified mark."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from simple_history.models import HistoricalRecords

from aci.remuneration import Kind, Labelled, Line, TariffData, Tier, Verified
from aci.tariff_check import MOST_EUROS
from ground.periods import Period, PeriodQuerySet
from ground.templatetags.french import euros


def choices(words: type[Kind] | type[Verified]) -> list[tuple[str, str]]:
    return [(word.value, word.label) for word in words]


class Standing(Labelled):
    """What a version is on a day."""

    PROPOSED = "proposed", "proposé, à approuver"
    COMING = "coming", "à venir"
    IN_FORCE = "in force", "en vigueur"
    REPLACED = "replaced", "remplacé"


class TariffQuerySet(PeriodQuerySet):
    def approved(self) -> Self:
        return self.exclude(approved_at=None)

    def in_force(self, day: date) -> "Tariff | None":
        """The approved version of that day; a proposal is never in force."""
        return self.approved().on(day).first()

    def follow_one_another(self) -> Self:
        """Each approved version ends the day the next one begins: no day has two, none between them has no version."""
        approved = Tariff.objects.approved()
        following = approved.filter(since__gt=OuterRef("since")).order_by("since").values("since")[:1]
        approved.update(until=Subquery(following))
        self.filter(approved_at=None).update(until=None)
        return self


class Tariff(Period):
    """A version of the barème: proposed by one administrator, in force once another one has approved it.

    Who changes a proposal becomes its proposer, so that what is in force was always read by two. Its end is never
    typed: it is the start of the next approved version. Those shipped with the application have no proposer and no
    approver, and come approved.
    """

    code = models.SlugField("code", max_length=30, unique=True)
    label = models.CharField("intitulé", max_length=120)
    source = models.CharField("source", max_length=300)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="proposé par"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="approuvé par"
    )
    approved_at = models.DateTimeField("approuvé le", null=True, blank=True)

    objects = TariffQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "barème"
        ordering = ["since"]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["since"],
                condition=Q(approved_at__isnull=False),
                name="one_tariff_starts_a_day",
                violation_error_message="Un autre barème commence déjà ce jour-là.",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(approved_at__isnull=False) & ~Q(approved_by=F("proposed_by")),
                name="tariff_approved_by_another",
                violation_error_message="Un barème est approuvé par une autre personne que celle qui l'a proposé.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("tariff", args=[self.pk])

    @property
    def is_approved(self) -> bool:
        return self.approved_at is not None

    def standing_on(self, day: date) -> Standing:
        if not self.is_approved:
            return Standing.PROPOSED
        if day < self.since:
            return Standing.COMING
        return Standing.IN_FORCE if self.is_true_on(day) else Standing.REPLACED

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
        """This version as the pure rule reads it; three queries, none once `tiers` and `lines__amounts` are fetched."""
        models.prefetch_related_objects([self], "tiers", "lines__amounts")
        lines: dict[int, list[Line]] = defaultdict(list)
        for line in self.lines.all():
            for amount in line.amounts.all():
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


class TariffLineQuerySet(models.QuerySet):
    def labels(self) -> dict[str, str]:
        """Code → label of the missions of the approved versions, in their order, as the last one names them."""
        lines = self.exclude(tariff__approved_at=None).order_by("tariff__since", "order")
        return dict(lines.values_list("mission", "label"))


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
    follows = models.SlugField(
        "suit la mission",
        max_length=40,
        blank=True,
        help_text="Code de la mission dont l'engagement ouvre aussi cette ligne ; vide : elle s'engage elle-même.",
    )
    starts_within = models.PositiveSmallIntegerField(
        "à démarrer sous (mois)", null=True, blank=True, help_text="Mois après la signature ; vide : libre."
    )
    deployed_within = models.PositiveSmallIntegerField(
        "à déployer sous (mois)", null=True, blank=True, help_text="Mois après la signature ; vide : libre."
    )
    calendar_source = models.CharField("source du calendrier", max_length=300, blank=True)

    objects = TariffLineQuerySet.as_manager()

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

    def clean(self) -> None:
        super().clean()
        if max(self.fixed_eur or 0, self.variable_eur or 0) > MOST_EUROS:
            raise ValidationError(f"Un montant de plus de {euros(MOST_EUROS)} par an n'est pas possible : vérifiez-le.")

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
            follows=self.line.follows,
            starts_within=self.line.starts_within,
            deployed_within=self.line.deployed_within,
        )
