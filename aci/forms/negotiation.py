"""Forms of the negotiation: a version, its indicators, what each pays."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from dsfr.forms import DsfrBaseForm

from aci.contracts import agreed_of
from aci.indicators import Agreed, Calculation, Step, plain, step_problems, value_problem
from aci.models import Indicator, IndicatorSet, NegotiatedIndicator, PayingStep
from aci.money import in_euros
from aci.negotiation import last_version, why_not_change
from ground.forms import LongTextField, PastDayField
from projects.forms.guard import GuardedForm, GuardedModelForm, Shown
from projects.forms.rows import RowForm


class FigureField(forms.DecimalField):
    """A figure that may be zero, typed as people write it: « 69,70 », « 69,7 % », « 9 000 € »."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, required: bool = False, max_digits: int = 12, decimal_places: int = 4, **said: Any) -> None:
        super().__init__(required=required, max_digits=max_digits, decimal_places=decimal_places, **said)
        self.error_messages["invalid"] = "Ce nombre ne se lit pas : écrivez-le en chiffres, par exemple 69,70."

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, str):
            value = re.sub(r"[\s€%]", "", value).replace(",", ".").replace("−", "-")
        return super().to_python(value)

    def prepare_value(self, value: str | Decimal | None) -> str | None:
        return plain(value) if isinstance(value, Decimal) else value


class Start(models.TextChoices):
    BLANK = "blank", "De rien : une version vide"
    PREVIOUS = "previous", "De la dernière version de cette année"
    YEAR_BEFORE = "year_before", "De la version retenue l'année d'avant"


class VersionForm(RowForm):
    """A version sent by one party; a new one starts from another or from nothing (`starts`: what there is)."""

    start = forms.TypedChoiceField(label="Partir")
    sent_on = PastDayField(label="Envoyée le")
    comments = LongTextField(rows=4, required=False, label="Commentaires")

    lines = [("sender", "sent_on"), ("start",), ("calculation",), ("comments",)]

    class Meta:
        model = IndicatorSet
        fields = ["sender", "sent_on", "calculation", "comments"]

    def __init__(self, *args, starts: Iterable[Start] = (), **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["start"]
        else:
            self.fields["start"].choices = [(start.value, start.label) for start in starts]

    def siblings(self) -> QuerySet[IndicatorSet]:
        return self.instance.contract.indicator_sets.filter(year=self.instance.year).order_by("number")

    def clean(self) -> dict:
        said = super().clean()
        if self.instance.pk and (refusal := why_not_change(self.instance)):
            raise ValidationError(refusal)
        before = self.siblings().filter(number__lt=self.instance.number).last()
        if before and said.get("sent_on") and said["sent_on"] < before.sent_on:
            self.add_error("sent_on", f"La v{before.number} est du {before.sent_on:%d/%m/%Y} : celle-ci la suit.")
        return said

    def clean_start(self) -> Start:
        return Start(self.cleaned_data["start"])


class AddingForm(DsfrBaseForm, GuardedForm):
    """Which indicators of the catalogue enter a version."""

    indicators = forms.ModelMultipleChoiceField(
        queryset=None,
        label="Indicateurs",
        error_messages={"required": "Cochez au moins un indicateur."},
    )

    def __init__(self, *args, version: IndicatorSet, indicators: QuerySet[Indicator], **kwargs) -> None:
        self.version = version
        super().__init__(*args, **kwargs)
        self.fields["indicators"].queryset = indicators

    def shown_now(self) -> Shown:
        return {"Indicateurs de la version": " ; ".join(map(str, self.version.negotiated.select_related("indicator")))}

    def clean(self) -> dict:
        if refusal := why_not_change(self.version):
            raise ValidationError(refusal)
        return super().clean()

    def save(self) -> list[NegotiatedIndicator]:
        first = self.version.negotiated.count()
        return [
            self.version.negotiated.create(indicator=each, is_paying=each.is_paying, position=first + rank)
            for rank, each in enumerate(self.cleaned_data["indicators"])
        ]


class StepForm(DsfrBaseForm):
    """A line of the table of steps; left empty, it is no step."""

    low = FigureField(label="De")
    high = FigureField(label="À")
    amount = FigureField(label="Montant (€)", max_digits=11, decimal_places=2)

    def clean(self) -> dict:
        said = super().clean()
        bounds = [said.get("low"), said.get("high")]
        if any(bound is not None for bound in bounds) and said.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "dites ce que ce palier paie, 0 s'il ne paie rien.")
        return said

    @property
    def step(self) -> Step | None:
        said = self.cleaned_data
        if said.get("amount") is None:
            return None
        return Step(said.get("low"), said.get("high"), said["amount"])


StepFormSet = forms.formset_factory(StepForm, extra=3, max_num=30, absolute_max=30)


class NegotiatedForm(DsfrBaseForm, GuardedModelForm):
    """What an indicator asks and pays in a version still written. `envelope`: of its mission, None if not engaged."""

    baseline = FigureField(label="Valeur initiale")
    target = FigureField(label="Cible")
    expected = FigureField(
        label="Niveau d'atteinte possible",
        help_text="Ce que les données du territoire laissent attendre : le financement correspondant est montré.",
    )
    weight = FigureField(label="Poids (%)", max_digits=5, decimal_places=2, min_value=0, max_value=100)
    removed = forms.BooleanField(required=False, label="Retirer cet indicateur de la version")

    class Meta:
        model = NegotiatedIndicator
        fields = ["is_paying", "baseline", "target", "expected", "weight", "comment"]

    def __init__(self, data: Any = None, *, instance: NegotiatedIndicator, envelope: Decimal | None) -> None:
        self.envelope = envelope
        self.known = list(instance.steps.all())
        self.has_steps = instance.indicator_set.calculation == Calculation.STEPS
        super().__init__(data, instance=instance)
        if self.has_steps:
            del self.fields["weight"]
        shown = [{"low": step.low, "high": step.high, "amount": step.amount} for step in self.known]
        self.rows = StepFormSet(data, initial=shown, prefix="paliers")

    def shown_now(self) -> Shown:
        now = self.instance
        return {
            "Payant": "oui" if now.is_paying else "non",
            "Valeur initiale": plain(now.baseline),
            "Cible": plain(now.target),
            "Niveau d'atteinte possible": plain(now.expected),
            "Poids": plain(now.weight),
            "Commentaire": now.comment,
            "Paliers": " ; ".join(f"{step.as_step()} → {in_euros(step.amount)}" for step in self.known),
        }

    def is_valid(self) -> bool:
        return super().is_valid() and (not self.has_steps or self.rows.is_valid())

    def clean(self) -> dict:
        if refusal := why_not_change(self.instance.indicator_set):
            raise ValidationError(refusal)
        said = super().clean()
        if said.get("removed"):
            if self.instance.results.exists():
                self.add_error("removed", "des résultats y sont enregistrés.")
            return said
        agreed = agreed_of(self.instance)
        for name in ("baseline", "target", "expected"):
            value = said.get(name)
            if value is not None and (problem := value_problem(agreed, value)):
                self.add_error(name, problem)
        if self.has_steps and said.get("is_paying") and self.rows.is_valid():
            self._check_steps(agreed)
        return said

    def _check_steps(self, agreed: Agreed) -> None:
        """Steps may still be missing; those that are there hold."""
        if not (steps := self.steps()):
            return
        told = Agreed(agreed.key, agreed.label, agreed.mission, True, agreed.direction, agreed.decimals, steps)
        for problem in step_problems(told):
            self.add_error(None, problem)
        if self.envelope is not None and told.most > self.envelope:
            self.add_error(
                None,
                f"Le palier le plus haut paie {in_euros(told.most)}, et le volet variable de la mission n'est que de "
                f"{in_euros(self.envelope)}.",
            )

    def steps(self) -> tuple[Step, ...]:
        return tuple(row.step for row in self.rows if row.step)

    def save(self, commit: bool = True) -> NegotiatedIndicator:
        if self.cleaned_data["removed"]:
            self.instance.delete()
            return self.instance
        negotiated = super().save(commit)
        if self.has_steps:
            negotiated.steps.all().delete()
            for step in self.steps():
                PayingStep.objects.create(negotiated=negotiated, low=step.low, high=step.high, amount=step.amount)
        return negotiated


def next_number(version: IndicatorSet) -> int:
    last = last_version(version.contract, version.year)
    return last.number + 1 if last else 1
