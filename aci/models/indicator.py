"""Indicators: the regional catalogue, the versions negotiated for a contract year, the results and their proofs."""

from decimal import Decimal
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from accounts.models import User
from accounts.models.institution import Side
from aci.indicators import Calculation, Direction
from aci.indicators import Step as StepData
from aci.models.contract import Contract
from aci.models.ledger import MONEY
from ground.periods import Period, PeriodQuerySet
from projects.models import Party, Project
from projects.models.recorded import Recorded
from territories.models import Region

VALUE = {"max_digits": 12, "decimal_places": 4}


class IndicatorQuerySet(PeriodQuerySet):
    def for_user(self, user: User) -> Self:
        """The catalogue of the regions that `user` reads, and the local indicators of the projects it reads."""
        of_regions = self.filter(region__in=user.readable_regions())
        return of_regions.filter(Q(project=None) | Q(project__in=Project.objects.for_user(user)))

    def for_project(self, project: Project) -> Self:
        """What may be negotiated with a CPTS: the common base of its region, and its own."""
        return self.filter(Q(project=None) | Q(project=project), region=project.lead_department.region_id)


class Indicator(Period):
    """An indicator of the regional catalogue; with a `project`, local to it.

    Source: offer of service of the Assurance Maladie, ARS and MSA.
    """

    class Nature(models.TextChoices):
        MEANS = "means", "Moyens"
        RESULT = "result", "Résultat"

    class Origin(models.TextChoices):
        DECLARED = "declared", "Déclaratif"
        INSURANCE = "insurance", "Bases de l'Assurance Maladie"
        ARS = "ars", "Bases de l'ARS"

    region = models.ForeignKey(Region, models.PROTECT, related_name="indicators", verbose_name="région")
    project = models.ForeignKey(
        Project, models.CASCADE, null=True, blank=True, related_name="local_indicators", verbose_name="propre à"
    )
    code = models.SlugField("code", max_length=40)
    label = models.CharField("intitulé", max_length=200)
    mission = models.SlugField("mission", max_length=40)
    nature = models.CharField("nature", max_length=10, choices=Nature)
    is_paying = models.BooleanField("conditionne le financement", default=True, help_text="Sinon : suivi, à 0 €.")
    origin = models.CharField("origine", max_length=10, choices=Origin)
    priority = models.PositiveSmallIntegerField(
        "priorité", default=2, validators=[MinValueValidator(1), MaxValueValidator(3)], help_text="1 : la plus haute."
    )
    direction = models.CharField("sens", max_length=10, choices=[(word.value, word.label) for word in Direction])
    unit = models.CharField("unité", max_length=40, blank=True)
    decimals = models.PositiveSmallIntegerField("décimales", default=0, validators=[MaxValueValidator(4)])
    definition = models.TextField("définition")
    method = models.TextField("mode de calcul")
    source = models.CharField("source des données", max_length=200)
    pieces = models.TextField("pièces justificatives", blank=True)

    objects = IndicatorQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "indicateur"
        ordering = ["mission", "priority", "label"]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["region", "code"],
                name="indicator_code_once_per_region",
                violation_error_message="Ce code est déjà celui d'un indicateur de la région.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def scope(self) -> str:
        return "Local" if self.project_id else "Socle régional"


class IndicatorSet(Recorded):
    """A version of the indicators of a contract year, sent by one party to the others; one of them is retained."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="indicator_sets", verbose_name="contrat")
    year = models.PositiveSmallIntegerField("année de contrat", validators=[MinValueValidator(1)])
    number = models.PositiveSmallIntegerField("version")
    sender = models.CharField("proposée par", max_length=10, choices=Party)
    sent_on = models.DateField("envoyée le")
    comments = models.TextField("commentaires", blank=True)
    calculation = models.CharField(
        "calcul du volet variable",
        max_length=10,
        choices=[(word.value, word.label) for word in Calculation],
        default=Calculation.STEPS.value,
    )
    retained_on = models.DateField("retenue le", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "version des indicateurs"
        verbose_name_plural = "versions des indicateurs"
        ordering = ["contract", "year", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "year", "number"],
                name="indicator_version_once_per_year",
                violation_error_message="Cette version existe déjà.",
            ),
            models.UniqueConstraint(
                fields=["contract", "year"],
                condition=Q(retained_on__isnull=False),
                name="one_retained_version_per_year",
                violation_error_message="Une version est déjà retenue pour cette année.",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number} de l'année {self.year} ({self.get_sender_display()}, {self.sent_on:%d/%m/%Y})"


class NegotiatedIndicator(models.Model):
    """An indicator in a version: from where, to where, and what it pays."""

    indicator_set = models.ForeignKey(IndicatorSet, models.CASCADE, related_name="negotiated", verbose_name="version")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="negotiated", verbose_name="indicateur")
    is_paying = models.BooleanField("payant", default=True)
    baseline = models.DecimalField("valeur initiale", null=True, blank=True, **VALUE)
    target = models.DecimalField("cible", null=True, blank=True, **VALUE)
    expected = models.DecimalField(
        "niveau d'atteinte possible",
        null=True,
        blank=True,
        help_text="Valeur que les données du territoire laissent attendre : elle dit le financement correspondant.",
        **VALUE,
    )
    weight = models.DecimalField(
        "poids (%)", max_digits=5, decimal_places=2, null=True, blank=True, help_text="Du volet variable de la mission."
    )
    carried_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="reconduit de"
    )
    comment = models.CharField("commentaire", max_length=300, blank=True)
    position = models.PositiveSmallIntegerField("rang", default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "indicateur négocié"
        verbose_name_plural = "indicateurs négociés"
        ordering = ["indicator_set", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator_set", "indicator"],
                name="indicator_once_per_version",
                violation_error_message="Cet indicateur est déjà dans la version.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.indicator)


class PayingStep(models.Model):
    """What is paid between two values, both included; an empty bound is open."""

    negotiated = models.ForeignKey(NegotiatedIndicator, models.CASCADE, related_name="steps", verbose_name="indicateur")
    low = models.DecimalField("de", null=True, blank=True, **VALUE)
    high = models.DecimalField("à", null=True, blank=True, **VALUE)
    amount = models.DecimalField("montant (€)", validators=[MinValueValidator(Decimal(0))], **MONEY)

    class Meta:
        verbose_name = "palier"
        ordering = ["negotiated", "pk"]

    def __str__(self) -> str:
        return f"{self.as_step()} : {self.amount} €"

    def as_step(self) -> StepData:
        return StepData(self.low, self.high, self.amount)


class Result(Recorded):
    """What was measured. A final one pays, once the CPAM and the ARS have both validated it."""

    class Kind(models.TextChoices):
        INTERMEDIATE = "intermediate", "Intermédiaire"
        FINAL = "final", "Final"

    negotiated = models.ForeignKey(
        NegotiatedIndicator, models.PROTECT, related_name="results", verbose_name="indicateur"
    )
    kind = models.CharField("résultat", max_length=12, choices=Kind)
    measured_on = models.DateField("mesuré le")
    value = models.DecimalField("valeur", **VALUE)
    comment = models.TextField("commentaire", blank=True)
    documents = models.ManyToManyField("projects.Document", blank=True, related_name="+", verbose_name="pièces")

    history = HistoricalRecords(m2m_fields=[documents])

    class Meta:
        verbose_name = "résultat"
        ordering = ["measured_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["negotiated"],
                condition=Q(kind="final"),
                name="one_final_result",
                violation_error_message="Le résultat final est déjà enregistré : retirez-le d'abord.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.negotiated} : {self.value.normalize():f}"


class ResultValidation(Recorded):
    """One institution of the binôme agrees with a result."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="validations", verbose_name="résultat")
    side = models.CharField("institution", max_length=10, choices=Side)
    validated_on = models.DateField("validé le")

    history = HistoricalRecords()

    class Meta:
        verbose_name = "validation d'un résultat"
        verbose_name_plural = "validations de résultats"
        ordering = ["result", "side"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "side"],
                name="result_validated_once_per_side",
                violation_error_message="Cette institution a déjà validé ce résultat.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()}, {self.validated_on:%d/%m/%Y}"
