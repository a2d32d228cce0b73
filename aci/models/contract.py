"""The ACI contract of a CPTS with the CPAM and the ARS: its dates, its money, its missions."""

from datetime import date
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from accounts.models import User
from aci.models.tariff import Tariff
from aci.schedule import YEARS
from aci.years import ContractYear, contract_year, contract_years, year_of
from projects.models import Project
from projects.models.recorded import Recorded


class ContractQuerySet(models.QuerySet):
    def for_user(self, user: User) -> Self:
        """The contracts of the projects that `user` may read."""
        return self.filter(project__in=Project.objects.for_user(user))


class Contract(Recorded):
    """Signed by the three parties for some years from `starts_on`; renewed, it is followed by another one."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="contracts", verbose_name="projet")
    number = models.PositiveSmallIntegerField(
        "rang", default=1, help_text="1, puis un de plus à chaque renouvellement."
    )
    cpts_signed_on = models.DateField("signé par la CPTS le", null=True, blank=True)
    insurance_signed_on = models.DateField("signé par la CPAM le", null=True, blank=True)
    ars_signed_on = models.DateField("signé par l'ARS le", null=True, blank=True)
    signed_on = models.DateField("signé de tous le")
    starts_on = models.DateField("prend effet le")
    years = models.PositiveSmallIntegerField(
        "durée en années", default=YEARS, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    reference = models.CharField("référence", max_length=60, blank=True)
    comment = models.TextField("commentaire", blank=True)

    objects = ContractQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "contrat ACI"
        verbose_name_plural = "contrats ACI"
        ordering = ["starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"],
                name="contract_number_once_per_project",
                violation_error_message="Ce projet a déjà un contrat de ce rang.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__gte=F("signed_on")),
                name="contract_starts_once_signed",
                violation_error_message="Le contrat ne peut pas prendre effet avant sa dernière signature.",
            ),
        ]

    def __str__(self) -> str:
        rank = f" ({self.number}e contrat)" if self.number > 1 else ""
        return f"ACI signé le {self.signed_on:%d/%m/%Y}{rank}"

    def get_absolute_url(self) -> str:
        return reverse("contract", args=[self.pk])

    def year(self, number: int) -> ContractYear:
        return contract_year(self.starts_on, number)

    def all_years(self) -> list[ContractYear]:
        return contract_years(self.starts_on, self.years)

    def year_of(self, day: date) -> int:
        return year_of(self.starts_on, day)

    @property
    def term(self) -> date:
        """First day after its last year."""
        return self.year(self.years).until


class Amendment(Recorded):
    """An avenant, numbered in the order of the contract."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="amendments", verbose_name="contrat")
    number = models.PositiveSmallIntegerField("n° d'avenant")
    signed_on = models.DateField("signé le")
    purpose = models.TextField("objet")
    decision = models.OneToOneField(
        "aci.MeetingDecision",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="amendment",
        verbose_name="décidé par",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "avenant"
        ordering = ["contract", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "number"],
                name="amendment_number_once_per_contract",
                violation_error_message="Ce contrat a déjà un avenant de ce numéro.",
            ),
        ]

    def __str__(self) -> str:
        return f"Avenant n° {self.number}, {self.signed_on:%d/%m/%Y}"


class ContractTerms(Recorded):
    """What the contract, then each amendment, says of the money from a contract year on; frozen, never recomputed."""

    class PopulationKind(models.TextChoices):
        MUNICIPAL = "municipal", "municipale"
        TOTAL = "total", "totale"

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="terms", verbose_name="contrat")
    from_year = models.PositiveSmallIntegerField(
        "à partir de l'année de contrat", default=1, validators=[MinValueValidator(1)]
    )
    population = models.PositiveIntegerField("population du contrat", validators=[MinValueValidator(1)])
    population_kind = models.CharField(
        "nature de la population", max_length=10, choices=PopulationKind, default=PopulationKind.MUNICIPAL
    )
    population_vintage = models.PositiveSmallIntegerField("millésime")
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="+", verbose_name="barème")
    tier = models.PositiveSmallIntegerField("taille", validators=[MinValueValidator(1)])
    tier_reason = models.CharField(
        "pourquoi cette taille",
        max_length=300,
        blank=True,
        help_text="Si elle n'est pas celle que le barème donne à cette population.",
    )
    amendment = models.OneToOneField(
        Amendment, models.CASCADE, null=True, blank=True, related_name="terms", verbose_name="avenant"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "conditions financières"
        verbose_name_plural = "conditions financières"
        ordering = ["contract", "from_year"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "from_year"],
                name="terms_once_per_contract_year",
                violation_error_message="D'autres conditions commencent déjà cette année-là.",
            ),
        ]

    def __str__(self) -> str:
        return f"Année {self.from_year} : taille {self.tier}, {self.tariff}"


class Engagement(Recorded):
    """A mission engaged by a decision of the COPIL, which commits the money of the CPAM.

    Source: offer of service of the Assurance Maladie, ARS and MSA.
    """

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="engagements", verbose_name="contrat")
    mission = models.SlugField("mission", max_length=40)
    starts_on = models.DateField("démarre le")
    ends_on = models.DateField("s'arrête le (exclu)", null=True, blank=True)
    deployed_on = models.DateField("pleinement déployée le", null=True, blank=True)
    decision = models.OneToOneField(
        "aci.MeetingDecision", models.PROTECT, related_name="engagement", verbose_name="décidée par"
    )
    end_decision = models.OneToOneField(
        "aci.MeetingDecision", models.PROTECT, null=True, blank=True, related_name="ended", verbose_name="arrêtée par"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "mission engagée"
        verbose_name_plural = "missions engagées"
        ordering = ["starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "mission"],
                name="mission_engaged_once_per_contract",
                violation_error_message="Cette mission est déjà engagée.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="mission_ends_after_it_starts",
                violation_error_message="Une mission s'arrête après avoir démarré.",
            ),
            models.CheckConstraint(
                condition=Q(deployed_on=None) | Q(deployed_on__gte=F("starts_on")),
                name="mission_is_deployed_after_it_starts",
                violation_error_message="Une mission est déployée après avoir démarré.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mission} depuis le {self.starts_on:%d/%m/%Y}"


class Crisis(Recorded):
    """A sanitary crisis that the ARS has recognised: without it, conditional amounts are never due."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="crises", verbose_name="contrat")
    recognised_on = models.DateField("reconnue par l'ARS le")
    name = models.CharField("crise", max_length=200)
    reference = models.CharField("décision", max_length=100, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "crise reconnue"
        verbose_name_plural = "crises reconnues"
        ordering = ["recognised_on", "pk"]

    def __str__(self) -> str:
        return f"{self.name}, reconnue le {self.recognised_on:%d/%m/%Y}"


class CrisisPlan(Recorded):
    """The crisis plan of a contract year: written in the first, updated in the others."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="crisis_plans", verbose_name="contrat")
    year = models.PositiveSmallIntegerField("année de contrat", validators=[MinValueValidator(1)])
    delivered_on = models.DateField("remis le")
    document = models.ForeignKey(
        "projects.Document", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="document"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "plan de crise"
        verbose_name_plural = "plans de crise"
        ordering = ["contract", "year"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "year"],
                name="crisis_plan_once_per_contract_year",
                violation_error_message="Le plan de cette année est déjà enregistré.",
            ),
        ]

    def __str__(self) -> str:
        return f"Plan de crise de l'année {self.year}, {self.delivered_on:%d/%m/%Y}"
