"""Who pays for writing the health project: the engineering grant of the FIR, and the other funders."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ground.periods import Period
from projects.models.recorded import Recorded

AMOUNT = {"max_digits": 10, "decimal_places": 2, "validators": [MinValueValidator(Decimal("0.01"))]}


class GrantCap(Period):
    """The most that engineering grants may give one project, in euros, between two dates."""

    amount = models.DecimalField("plafond en euros", **AMOUNT)
    source = models.CharField("source", max_length=300)
    is_verified = models.BooleanField("vérifié", default=False)

    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "plafond d'ingénierie"
        verbose_name_plural = "plafonds d'ingénierie"
        ordering = ["-since"]

    def __str__(self) -> str:
        return f"{self.amount} € depuis le {self.since:%d/%m/%Y}"


class Purpose(models.TextChoices):
    """What engineering money pays for (ARS Bourgogne-Franche-Comté, phase 3)."""

    PROVIDER = "provider", "Prestataire"
    TIME = "time", "Temps passé indemnisé"
    COORDINATION = "coordination", "Temps de coordination"
    OTHER = "other", "Autre dépense"


class EngineeringGrant(Recorded):
    """A convention of the FIR that finances the engineering of a project; amounts in euros."""

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="grants", verbose_name="projet")
    reference = models.CharField("n° de convention", max_length=60, blank=True)
    amount = models.DecimalField("montant en euros", **AMOUNT)
    purpose = models.CharField("objet", max_length=20, choices=Purpose)
    provider = models.CharField("prestataire", max_length=150, blank=True)
    signed_on = models.DateField("signée le")
    starts_on = models.DateField("début")
    ends_on = models.DateField("fin", null=True, blank=True)
    comment = models.TextField("commentaire", blank=True)
    doctrine_seen = models.BooleanField("doctrine des superpositions lue", default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "convention d'ingénierie"
        verbose_name_plural = "conventions d'ingénierie"
        ordering = ["signed_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="grant_is_positive", violation_error_message="Le montant est positif."
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="grant_ends_after_it_starts",
                violation_error_message="La convention ne peut pas finir avant de commencer.",
            ),
        ]

    def __str__(self) -> str:
        return f"Convention FIR du {self.signed_on:%d/%m/%Y}"


class GrantPayment(Recorded):
    grant = models.ForeignKey(EngineeringGrant, models.CASCADE, related_name="payments", verbose_name="convention")
    paid_on = models.DateField("versé le")
    amount = models.DecimalField("montant en euros", **AMOUNT)
    reference = models.CharField("référence", max_length=60, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "versement"
        ordering = ["paid_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payment_is_positive", violation_error_message="Le montant est positif."
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} € le {self.paid_on:%d/%m/%Y}"


class OtherFunding(Recorded):
    """Money of somebody else (collectivité, fédération…) for the same project: it may pay the same thing twice."""

    project = models.ForeignKey(
        "projects.Project", models.CASCADE, related_name="other_fundings", verbose_name="projet"
    )
    funder = models.CharField("financeur", max_length=150)
    purpose = models.CharField("objet", max_length=20, choices=Purpose)
    amount = models.DecimalField("montant en euros", null=True, blank=True, **AMOUNT)
    starts_on = models.DateField("début")
    ends_on = models.DateField("fin", null=True, blank=True)
    comment = models.TextField("commentaire", blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "autre financement"
        verbose_name_plural = "autres financements"
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="funding_ends_after_it_starts",
                violation_error_message="Le financement ne peut pas finir avant de commencer.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.funder}, depuis le {self.starts_on:%d/%m/%Y}"
