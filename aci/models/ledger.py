"""What was validated and what was paid. What is due is computed (aci.schedule) and never stored."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from aci.models.contract import Contract
from aci.schedule import DueKind
from projects.models.recorded import Recorded

MONEY = {"max_digits": 11, "decimal_places": 2}
DUE_KINDS = [(kind.value, kind.label) for kind in DueKind]


class LedgerRow(Recorded):
    """A row about one line of the schedule, named by its contract year, its mission and its kind. Amounts in euros."""

    year = models.PositiveSmallIntegerField("année de contrat", validators=[MinValueValidator(1)])
    mission = models.SlugField("mission", max_length=40)
    kind = models.CharField("échéance", max_length=12, choices=DUE_KINDS)
    amount = models.DecimalField("montant (€)", **MONEY)

    class Meta:
        abstract = True

    @property
    def key(self) -> tuple[int, str, DueKind]:
        return self.year, self.mission, DueKind(self.kind)


class Validation(LedgerRow):
    """A meeting validates what waits for results, at once or in parts; the contract or an engagement, the rest."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="validations", verbose_name="contrat")
    decision = models.OneToOneField(
        "aci.MeetingDecision", models.PROTECT, related_name="validation", verbose_name="décidée par"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "validation"
        ordering = ["contract", "year", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, année {self.year} : {self.amount} €"


class Payment(LedgerRow):
    """A payment of the CPAM; negative when the CPTS gives back."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="payments", verbose_name="contrat")
    paid_on = models.DateField("versé le")
    reference = models.CharField("référence", max_length=60)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "versement"
        ordering = ["paid_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount=Decimal(0)),
                name="aci_payment_is_not_nothing",
                violation_error_message="Un versement n'est pas nul.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} € le {self.paid_on:%d/%m/%Y} ({self.reference})"
