"""Forms of the catalogue of indicators."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from aci.catalogue import is_in_a_retained_version
from aci.models import Indicator
from aci.proposals import mission_labels
from ground.forms import CptsDayField, LongTextField
from projects.forms.guard import Shown
from projects.forms.rows import RowForm
from territories.models import Region

OF_CONTRACTS = ("mission", "direction", "decimals")
"""What decides the money: it no longer changes under a contract that has retained the indicator."""


class IndicatorForm(RowForm):
    """The instance knows its project when it is local; `regions`: those whose base a new one may enter."""

    region = forms.ModelChoiceField(queryset=None, label="Région", empty_label="Choisissez")
    mission = forms.TypedChoiceField(label="Mission")
    definition = LongTextField(rows=3, label="Définition")
    method = LongTextField(rows=3, label="Mode de calcul", help_text="Précis : c'est lui qui évite les contentieux.")
    pieces = LongTextField(rows=2, required=False, label="Pièces justificatives", help_text="Une par ligne.")
    since = CptsDayField(label="Au catalogue depuis le")
    until = CptsDayField(
        required=False,
        label="Retiré du catalogue le",
        help_text="À partir de ce jour il ne se négocie plus ; les contrats qui l'ont le gardent.",
    )

    lines = [
        ("region",),
        ("label",),
        ("mission", "direction"),
        ("nature", "origin"),
        ("priority", "unit", "decimals"),
        ("is_paying",),
        ("definition",),
        ("method",),
        ("source",),
        ("pieces",),
        ("since", "until"),
    ]

    class Meta:
        model = Indicator
        fields = [
            "region",
            "label",
            "mission",
            "direction",
            "nature",
            "origin",
            "priority",
            "unit",
            "decimals",
            "is_paying",
            "definition",
            "method",
            "source",
            "pieces",
            "since",
            "until",
        ]

    def __init__(self, *args, regions: QuerySet[Region], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions
        labels = mission_labels()
        if self.instance.mission:
            labels.setdefault(self.instance.mission, self.instance.mission)
        self.fields["mission"].choices = [("", "Choisissez"), *labels.items()]
        if self.instance.pk or self.instance.project_id:
            del self.fields["region"]
        elif len(regions) == 1:
            self.initial["region"] = regions[0]
        if self.instance.pk is None:
            self.initial["since"] = timezone.localdate()
        elif is_in_a_retained_version(self.instance):
            for name in OF_CONTRACTS:
                field = self.fields[name]
                field.disabled, field.help_text = True, "Fixé : un contrat a retenu cet indicateur."

    def shown_now(self) -> Shown:
        if self.instance.pk is None:
            return {}
        return {str(self.fields[name].label): self._in_words(name) for name in self._meta.fields if name in self.fields}

    def clean(self) -> dict:
        said = super().clean()
        region = said.get("region") or (self.instance.region if self.instance.region_id else None)
        label = said.get("label")
        if region and label and self._same(region, label).exists():
            raise ValidationError("Cet indicateur est déjà au catalogue, sous le même intitulé.")
        return said

    def _same(self, region: Region, label: str) -> QuerySet[Indicator]:
        """A label comes once in the common base, and once among the indicators of a project."""
        named = Indicator.objects.filter(region=region, project=self.instance.project, label__iexact=label)
        return named.exclude(pk=self.instance.pk)

    def save(self, commit: bool = True) -> Indicator:
        if not self.instance.code:
            self.instance.code = free_code(self.instance.region, self.instance.label)
        return super().save(commit)


def free_code(region: Region, label: str) -> str:
    """A code that no indicator of the region has, made of the label."""
    stem = slugify(label)[:34].strip("-") or "indicateur"
    taken = set(Indicator.objects.filter(region=region, code__startswith=stem).values_list("code", flat=True))
    return next(code for n in range(1, len(taken) + 2) if (code := stem if n == 1 else f"{stem}-{n}") not in taken)
