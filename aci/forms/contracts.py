"""The forms of a contract and of its amendments: parties, dates, and the terms that decide of the money."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from accounts.models import User
from aci.establishing import (
    date_warning,
    end_of_contract,
    facts_of,
    last_contract,
    tariff_warning,
    terms_of,
    tier_given,
    warnings_of,
    why_not_dates,
    why_not_terms,
)
from aci.forms.remuneration import PopulationField
from aci.models import Amendment, Contract, ContractTerms, Tariff
from aci.schedule import Terms
from ground.forms import CptsDayField, LongTextField, PastDayField
from ground.templatetags import french
from projects.forms.guard import Shown, in_words
from projects.forms.rows import RowForm

TERMS = ["population", "population_kind", "population_vintage", "tariff", "tier", "tier_reason"]
TERMS_LINES = [("population", "population_kind", "population_vintage"), ("tariff", "tier"), ("tier_reason",)]
FIRST_VINTAGE = 2006  # of the yearly legal populations of the INSEE


class TermsFields(forms.Form):
    """What a contract or an amendment says of the money. Once valid: `warnings`, to be told with what was saved."""

    population = PopulationField(
        label="Population du contrat", help_text="Figée : celle du périmètre le jour de la signature."
    )
    population_kind = forms.ChoiceField(
        label="Nature de la population",
        choices=ContractTerms.PopulationKind.choices,
        initial=ContractTerms.PopulationKind.MUNICIPAL,
        help_text="Les textes trouvés ne disent pas laquelle : non vérifié.",
    )
    population_vintage = forms.IntegerField(
        label="Millésime",
        validators=[MinValueValidator(FIRST_VINTAGE), MaxValueValidator(2100)],
        help_text="L'année du recensement, par exemple 2023.",
    )
    tariff = forms.ModelChoiceField(
        Tariff.objects.approved(),
        label="Barème",
        empty_label="Choisissez",
        help_text="Prérempli : celui en vigueur le jour de la signature.",
    )
    tier = forms.IntegerField(
        label="Taille", required=False, help_text="Vide : celle que le barème donne à cette population."
    )
    tier_reason = forms.CharField(
        label="Pourquoi une autre taille",
        required=False,
        max_length=300,
        help_text="Seulement si elle n'est pas celle que le barème donne à cette population.",
    )

    warnings: list[str]

    def settle_tier(self, data: dict[str, Any]) -> None:
        """The tier that the tariff gives, unless another one is wanted for a written reason."""
        self.warnings = []
        population, tariff = data.get("population"), data.get("tariff")
        if population is None or tariff is None or "tier" not in data:
            return
        amounts = tariff.data()
        try:
            given = tier_given(population, amounts)
        except ValueError as refusal:  # both refusals of a population or of a tariff
            self.add_error("population", str(refusal))
            return
        asked = given if data["tier"] is None else data["tier"]
        if asked not in {tier.number for tier in amounts.tiers}:
            self.add_error("tier", f"Le barème {french.quoted(tariff)} n'a pas de taille {asked}.")
        elif asked != given and not data["tier_reason"]:
            told = f"Le barème donne la taille {given} à {french.number(population)} habitants"
            self.add_error("tier_reason", f"{told} : dites pourquoi le contrat est de taille {asked}.")
        else:
            data["tier"], data["tier_reason"] = asked, data["tier_reason"] if asked != given else ""
            self.warnings = warnings_of(population, asked, amounts)

    def terms_from(self, year: int) -> Terms:
        """As the pure rules read them; once `settle_tier` has found nothing to refuse."""
        return Terms(year, self.cleaned_data["tier"], self.cleaned_data["tariff"].data())

    def hold_tariff(self) -> None:
        """Nobody reopens the chosen tariff any more; raises ValidationError when somebody has since it was chosen.

        To be called before anything is saved: what a form refuses later is not undone.
        """
        chosen = self.cleaned_data["tariff"]
        if Tariff.objects.approved().select_for_update(no_key=True).filter(pk=chosen.pk).first() is None:
            raise ValidationError(
                f"Le barème {french.quoted(chosen)} est redevenu une proposition : choisissez-en un autre."
            )

    def save_terms(self, terms: ContractTerms, user: User) -> None:
        for name in TERMS:
            setattr(terms, name, self.cleaned_data[name])
        terms.recorded_by = terms.recorded_by or user
        terms.save()

    def terms_shown(self, terms: ContractTerms | None) -> Shown:
        """As the guard compares them."""
        if terms is None:
            return {}
        told = {name: getattr(terms, name) for name in TERMS} | {"population_kind": terms.get_population_kind_display()}
        return {self.fields[name].label: in_words(value) for name, value in told.items()}


def filled_with(terms: ContractTerms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in TERMS}


class ContractForm(TermsFields, RowForm):
    """A contract with its first terms. `signed_on` is the last of the three signatures."""

    lines = [
        ("cpts_signed_on", "insurance_signed_on", "ars_signed_on"),
        ("starts_on", "years", "reference"),
        *TERMS_LINES,
        ("comment",),
    ]

    class Meta:
        model = Contract
        fields = [
            "cpts_signed_on",
            "insurance_signed_on",
            "ars_signed_on",
            "starts_on",
            "years",
            "reference",
            "comment",
        ]
        field_classes = {
            "cpts_signed_on": PastDayField,
            "insurance_signed_on": PastDayField,
            "ars_signed_on": PastDayField,
            "starts_on": CptsDayField,
        }
        labels = {
            "cpts_signed_on": "Signature CPTS",
            "insurance_signed_on": "Signature CPAM",
            "ars_signed_on": "Signature ARS",
        }
        widgets = {"comment": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "cpts_signed_on": "Vide si elle n'est pas connue.",
            "insurance_signed_on": "Vide si elle n'est pas connue.",
            "ars_signed_on": "Vide si elle n'est pas connue.",
            "starts_on": "Vide : le jour de la dernière signature.",
            "years": "Cinq ans en règle générale.",
            "reference": "Le numéro du contrat à la CPAM, s'il en a un.",
        }

    def __init__(self, *args, instance: Contract, **kwargs) -> None:
        self.first = instance.terms.order_by("from_year").first() if instance.pk else None
        initial = filled_with(self.first) if self.first else {}
        super().__init__(*args, instance=instance, initial=initial | kwargs.pop("initial", {}), **kwargs)
        self.fields["starts_on"].required = False
        self.fields["years"].widget.attrs |= {"min": 1, "max": 10}  # as the model validates them

    def shown_now(self) -> Shown:
        shown = super().shown_now()
        return {**shown, **self.terms_shown(self.first)} if self.instance.pk else shown

    def clean(self) -> dict:
        data = super().clean()
        signed = [day for name in self._meta.fields[:3] if (day := data.get(name))]
        if not signed and not self.errors:
            self.add_error("cpts_signed_on", "Indiquez au moins une des trois signatures.")
        self.settle_tier(data)
        if self.errors:
            return data
        data["signed_on"] = max(signed)
        data["starts_on"] = data["starts_on"] or data["signed_on"]
        if data["starts_on"] < data["signed_on"]:
            last = french.day(data["signed_on"])
            self.add_error("starts_on", f"Le contrat ne prend pas effet avant sa dernière signature, le {last}.")
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        self.instance.signed_on = self.cleaned_data["signed_on"]
        former = self._former()
        if self.instance.pk is None:
            self.instance.number = former.number + 1 if former else 1
        for problem in why_not_dates(self.instance, self.terms_from(1), former):
            self.add_error(None, problem)

    def _former(self) -> Contract | None:
        if self.instance.pk is None:
            return last_contract(self.instance.project)
        return last_contract(self.instance.project, before=self.instance.number)

    def save_by(self, user: User) -> Contract:
        self.hold_tariff()
        contract = super().save_by(user)
        self.save_terms(self.first or ContractTerms(contract=contract, from_year=1), user)
        told = (date_warning(contract), tariff_warning(contract, self.cleaned_data["tariff"]))
        self.warnings += [warning for warning in told if warning]
        return contract


class AmendmentForm(TermsFields, RowForm):
    """An amendment, that may change the terms from a contract year on."""

    purpose = LongTextField(rows=3, label="Objet")
    from_year = forms.TypedChoiceField(
        label="Ce qu'il change de la population, de la taille ou du barème",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="S'il n'y change rien, ce qui suit n'est pas enregistré.",
    )
    lines = [("signed_on",), ("purpose",), ("from_year",), *TERMS_LINES]

    class Meta:
        model = Amendment
        fields = ["signed_on", "purpose"]
        field_classes = {"signed_on": PastDayField}

    def __init__(self, *args, instance: Amendment, **kwargs) -> None:
        self.own = terms_of(instance)
        super().__init__(*args, instance=instance, initial=self._filled(instance.contract), **kwargs)
        for name in TERMS:
            self.fields[name].required = False
        self["population"].help_text = "Figée à son tour, dès cette année."
        self["tariff"].help_text = "Prérempli : celui du contrat."
        years = facts_of(instance.contract).all_years()[1:]
        self.fields["from_year"].choices = [
            ("", "Rien"),
            *((year.number, f"Dès l'année {year.number}, le {french.day(year.since)}") for year in years),
        ]

    def _filled(self, contract: Contract) -> dict[str, Any]:
        if self.own:
            return filled_with(self.own) | {"from_year": self.own.from_year}
        return filled_with(contract.terms.order_by("from_year").last()) | {"tier": None, "tier_reason": ""}

    def siblings(self) -> QuerySet:
        return self.instance.contract.amendments.all()

    def shown_now(self) -> Shown:
        shown = super().shown_now()
        if self.own is None:
            return shown
        return {**shown, self.fields["from_year"].label: str(self.own.from_year), **self.terms_shown(self.own)}

    def clean_signed_on(self) -> date:
        signed_on, contract = self.cleaned_data["signed_on"], self.instance.contract
        if signed_on < contract.signed_on:
            raise ValidationError(f"Le contrat n'a été signé que le {french.day(contract.signed_on)}.")
        if signed_on >= (until := end_of_contract(contract)):
            raise ValidationError(f"Le contrat a pris fin : il court jusqu'à la veille du {french.day(until)}.")
        others = self.siblings().exclude(pk=self.instance.pk)
        number = self.instance.number or self._next_number()
        for other in others:
            if (other.number < number and other.signed_on > signed_on) or (
                other.number > number and other.signed_on < signed_on
            ):
                raise ValidationError(
                    f"Les avenants se suivent : le n° {other.number} est du {other.signed_on:%d/%m/%Y}."
                )
        return signed_on

    def clean(self) -> dict:
        data = super().clean()
        if data.get("from_year") and not self.errors:
            for name in ("population", "population_kind", "population_vintage", "tariff"):
                if not data.get(name):
                    self.add_error(name, "Un avenant qui change les conditions le dit.")
            self.settle_tier(data)
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:
            return
        year = self.cleaned_data.get("from_year")
        for problem in why_not_terms(self.instance.contract, self.terms_from(year) if year else None, self.instance):
            self.add_error("from_year", problem)

    def _next_number(self) -> int:
        last = self.siblings().order_by("number").last()
        return last.number + 1 if last else 1

    def save_by(self, user: User) -> Amendment:
        if self.cleaned_data.get("from_year"):
            self.hold_tariff()
        self.instance.number = self.instance.number or self._next_number()
        amendment = super().save_by(user)
        year = self.cleaned_data.get("from_year")
        if year:
            terms = self.own or ContractTerms(contract=amendment.contract, amendment=amendment)
            terms.from_year = year
            self.save_terms(terms, user)
        elif self.own:
            self.own.delete()
        return amendment
