"""What happens to a contract: crises recognised, crisis plans, missions fully deployed."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from aci.establishing import end_of_contract, facts_of
from aci.models import Contract, Crisis, CrisisPlan, Engagement
from ground.forms import PastDayField
from ground.templatetags import french
from projects.forms.rows import RowForm


class CrisisForm(RowForm):
    lines = [("name",), ("recognised_on", "reference")]

    class Meta:
        model = Crisis
        fields = ["name", "recognised_on", "reference"]
        field_classes = {"recognised_on": PastDayField}
        help_texts = {
            "name": "Par exemple : canicule d'août 2026.",
            "reference": "La décision de l'ARS qui la reconnaît, si elle est numérotée.",
        }

    def siblings(self) -> QuerySet:
        return self.instance.contract.crises.all()

    def clean_recognised_on(self) -> date:
        recognised_on, contract = self.cleaned_data["recognised_on"], self.instance.contract
        until = end_of_contract(contract)
        if not contract.starts_on <= recognised_on < until:
            during = f"du {french.day(contract.starts_on)} à la veille du {french.day(until)}"
            raise ValidationError(f"Le contrat court {during} : une crise se reconnaît pendant ce temps.")
        return recognised_on

    def clean(self) -> dict:
        data = super().clean()
        same = self.siblings().filter(recognised_on=data.get("recognised_on"), name__iexact=data.get("name", ""))
        if first := same.exclude(pk=self.instance.pk).first():
            raise ValidationError(f"Cette crise est déjà enregistrée : {first}.")
        return data


class CrisisPlanForm(RowForm):
    year = forms.TypedChoiceField(label="Année de contrat", coerce=int)
    lines = [("year", "delivered_on"), ("document",)]

    class Meta:
        model = CrisisPlan
        fields = ["year", "delivered_on", "document"]
        field_classes = {"delivered_on": PastDayField}
        help_texts = {"document": "Un document déjà déposé dans « Documents et courriers » ; sinon, laissez vide."}

    def __init__(self, *args, instance: CrisisPlan, **kwargs) -> None:
        contract = instance.contract
        delivered = set(contract.crisis_plans.exclude(pk=instance.pk).values_list("year", flat=True))
        missing = [year.number for year in facts_of(contract).all_years() if year.number not in delivered]
        super().__init__(*args, instance=instance, **kwargs)
        self.fields["year"].choices = [(number, told(contract, number)) for number in missing]
        self.fields["document"].queryset = contract.project.documents.filter(withdrawn_at=None)
        self.fields["document"].empty_label = "Aucun"

    def siblings(self) -> QuerySet:
        return self.instance.contract.crisis_plans.all()

    def clean_delivered_on(self) -> date:
        delivered_on, contract = self.cleaned_data["delivered_on"], self.instance.contract
        number = self.cleaned_data.get("year", 1)
        if delivered_on < contract.signed_on:
            raise ValidationError(f"Le contrat n'a été signé que le {french.day(contract.signed_on)}.")
        if number > 1 and delivered_on < (since := contract.year(number).since):
            raise ValidationError(f"L'année {number} du contrat ne commence que le {french.day(since)}.")
        return delivered_on


def told(contract: Contract, number: int) -> str:
    year = contract.year(number)
    what = "rédaction" if number == 1 else "mise à jour"
    return f"Année {number}, {what} ({french.short_day(year.since)} – {french.short_day(year.last_day)})"


class DeploymentForm(RowForm):
    lines = [("deployed_on",)]

    class Meta:
        model = Engagement
        fields = ["deployed_on"]
        field_classes = {"deployed_on": PastDayField}
        help_texts = {"deployed_on": "Vide : elle ne l'est pas encore."}

    def clean_deployed_on(self) -> date | None:
        deployed_on, engagement = self.cleaned_data["deployed_on"], self.instance
        if deployed_on and deployed_on < engagement.starts_on:
            raise ValidationError(f"La mission n'a démarré que le {french.day(engagement.starts_on)}.")
        if deployed_on and engagement.ends_on and deployed_on >= engagement.ends_on:
            raise ValidationError(f"La mission s'est arrêtée le {french.day(engagement.ends_on)}.")
        return deployed_on
