"""The rules of payment that the texts found do not say: parameters, with their source and their verified mark."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import OuterRef, Subquery
from simple_history.models import HistoricalRecords

from aci.schedule import USUAL, Ending, Proration, Rules
from ground.periods import Period


class PaymentRules(Period):
    """How the contracts signed from `since` on are reckoned. Without any, those written in `aci.schedule.USUAL`.

    Their end is never typed: it is the start of the next ones.
    """

    advance = models.DecimalField(
        "part versée d'avance",
        max_digits=4,
        decimal_places=3,
        default=USUAL.advance,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
        help_text="Entre 0 et 1 : 0,75 pour 75 %.",
    )
    proration = models.CharField(
        "prorata",
        max_length=10,
        choices=[(word.value, word.label) for word in Proration],
        default=USUAL.proration.value,
    )
    ending = models.CharField(
        "année où un contrat ou une mission s'arrête",
        max_length=10,
        choices=[(word.value, word.label) for word in Ending],
        default=USUAL.ending.value,
    )
    prorates_variable = models.BooleanField("volet variable au prorata de l'année", default=USUAL.prorates_variable)
    source = models.CharField("source", max_length=300)
    is_verified = models.BooleanField("vérifié", default=False)

    history = HistoricalRecords()

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "règles de versement"
        verbose_name_plural = "règles de versement"
        ordering = ["since"]
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["since"],
                name="payment_rules_start_once_a_day",
                violation_error_message="D'autres règles commencent déjà ce jour-là.",
            ),
        ]

    def __str__(self) -> str:
        return f"Règles de versement depuis le {self.since:%d/%m/%Y}"

    @transaction.atomic
    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        PaymentRules.follow_one_another()
        self.refresh_from_db(fields=["until"])

    @transaction.atomic
    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        PaymentRules.follow_one_another()
        return deleted

    @staticmethod
    def follow_one_another() -> None:
        following = PaymentRules.objects.filter(since__gt=OuterRef("since")).order_by("since").values("since")[:1]
        PaymentRules.objects.update(until=Subquery(following))

    def as_rules(self) -> Rules:
        return Rules(self.advance, Proration(self.proration), Ending(self.ending), self.prorates_variable)
