"""The forms of the money of a project: grants of the FIR, their payments, the other funders."""

import datetime
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Min, QuerySet, Sum

from ground.forms import CptsDayField, EurosField, PastDayField
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros
from projects.forms.rows import RowForm
from projects.funding.doctrine import Ahead
from projects.funding.known import amount_of_cap_on, why_not_grant
from projects.funding.rules import Excess, Promise, left_to_pay, over_cap
from projects.models import EngineeringGrant, GrantPayment, OtherFunding

SHORT_TEXT = forms.Textarea(attrs={"rows": 3})


class GrantForm(RowForm):
    """A convention of the FIR. With projects `ahead`, the doctrine has to be read before it is saved."""

    doctrine_seen = forms.BooleanField(
        label="J'ai lu la doctrine des superpositions",
        error_messages={"required": "Lisez la doctrine des superpositions, puis cochez cette case."},
    )
    lines = [
        ("reference", "signed_on"),
        ("amount", "purpose", "provider"),
        ("starts_on", "ends_on"),
        ("comment",),
        ("doctrine_seen",),
    ]

    class Meta:
        model = EngineeringGrant
        fields = ["reference", "signed_on", "amount", "purpose", "provider", "starts_on", "ends_on", "comment"]
        field_classes = {
            "amount": EurosField,
            "signed_on": PastDayField,
            "starts_on": CptsDayField,
            "ends_on": CptsDayField,
        }
        widgets = {"comment": SHORT_TEXT}
        help_texts = {"provider": "Le cabinet ou l'organisme payé, s'il y en a un.", "ends_on": "Dernier jour compris."}

    def __init__(self, *args, ahead: list[Ahead], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["doctrine_seen"] = self.instance.doctrine_seen
        if not ahead:
            del self.fields["doctrine_seen"]

    def clean(self) -> dict:
        data = super().clean()
        if obstacle := self.obstacle():
            raise ValidationError(obstacle)
        amount, signed_on = data.get("amount"), data.get("signed_on")
        if not (amount and signed_on):
            return data
        if {"amount", "signed_on"} & set(self.changed_data):
            self._refuse_excess(amount, signed_on)
        if self.instance.pk:
            self._refuse_what_was_paid(amount, signed_on)
        return data

    def obstacle(self) -> str:
        """Why no convention can be added, whatever is typed; empty when one can. Those recorded can be mended."""
        return "" if self.instance.pk else why_not_grant(self.instance.project)

    def _refuse_excess(self, amount: Decimal, signed_on: datetime.date) -> None:
        others = self.siblings().exclude(pk=self.instance.pk).values_list("amount", "signed_on")
        promises = [Promise(amount, signed_on), *(Promise(*other) for other in others)]
        if excess := over_cap(promises, amount_of_cap_on, since=signed_on):
            self.add_error("amount", why_refused(excess))

    def _refuse_what_was_paid(self, amount: Decimal, signed_on: datetime.date) -> None:
        paid = self.instance.payments.aggregate(total=Sum("amount"), first=Min("paid_on"))
        if paid["total"] and paid["total"] > amount:
            self.add_error("amount", f"{euros(paid['total'])} ont déjà été versés sur cette convention.")
        if paid["first"] and paid["first"] < signed_on:
            self.add_error("signed_on", f"Un versement a été fait dès le {in_words(paid['first'])}.")

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.cleaned_data.get("doctrine_seen"):
            self.instance.doctrine_seen = True


def why_refused(excess: Excess) -> str:
    day = in_words(excess.signed_on)
    if excess.cap is None:
        return f"Aucun plafond n'est connu au {day} : demandez à l'administrateur d'enregistrer celui qui s'applique."
    return (
        f"Au {day}, les conventions de ce projet atteindraient {euros(excess.total)} : c'est plus que le plafond en "
        f"vigueur, {euros(excess.cap)} par projet."
    )


class PaymentForm(RowForm):
    lines = [("paid_on", "amount"), ("reference",)]

    class Meta:
        model = GrantPayment
        fields = ["paid_on", "amount", "reference"]
        field_classes = {"amount": EurosField, "paid_on": PastDayField}

    def siblings(self) -> QuerySet:
        return self.instance.grant.payments.all()

    def clean_paid_on(self) -> datetime.date:
        paid_on, signed_on = self.cleaned_data["paid_on"], self.instance.grant.signed_on
        if paid_on < signed_on:
            raise ValidationError(f"La convention n'a été signée que le {in_words(signed_on)}.")
        return paid_on

    def clean_amount(self) -> Decimal:
        amount, grant = self.cleaned_data["amount"], self.instance.grant
        left = left_to_pay(grant.amount, (payment.amount for payment in self.siblings()))
        if amount > left:
            raise ValidationError(f"Il ne reste que {euros(left)} à verser sur les {euros(grant.amount)} accordés.")
        return amount


class OtherFundingForm(RowForm):
    lines = [("funder", "purpose"), ("amount", "starts_on", "ends_on"), ("comment",)]

    class Meta:
        model = OtherFunding
        fields = ["funder", "purpose", "amount", "starts_on", "ends_on", "comment"]
        field_classes = {"amount": EurosField, "starts_on": CptsDayField, "ends_on": CptsDayField}
        widgets = {"comment": SHORT_TEXT}
        help_texts = {
            "funder": "Collectivité, fédération, fondation… : tout autre que le FIR.",
            "amount": "Laissez vide s'il n'est pas connu.",
            "ends_on": "Dernier jour compris.",
        }
