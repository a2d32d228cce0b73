"""The outcome of a conciliation: what each kind needs to know, and taking it back."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import LongTextField, PastDayField
from projects.conciliations.disputes import Dispute
from projects.conciliations.outcomes import NAMING, SHARING, decide, lapse
from projects.conciliations.reopening import reopen
from projects.models import Conciliation, Outcome, Project, Scenario

Kind = Outcome.Kind
TO_HOST, UNCHANGED = "accueil", "inchanges"


class OutcomeForm(DsfrBaseForm):
    """`save()` records, applies and closes; it raises what `decide` raises."""

    scenario = forms.ModelChoiceField(
        Scenario.objects.none(),
        label="Scénario appliqué",
        empty_label="Choisissez un scénario",
        help_text="Ceux qui ont été enregistrés sur la page de la conciliation.",
    )
    successor = forms.ModelChoiceField(Project.objects.none(), empty_label="Choisissez un projet")
    zones = forms.ChoiceField(
        label="Zones disputées",
        choices=[
            (TO_HOST, "Elles reviennent au projet qui accueille"),
            (UNCHANGED, "Les périmètres ne changent pas : chacun garde les siennes"),
        ],
        widget=forms.RadioSelect,
    )
    decided_on = PastDayField(label="Décidée le")
    effective_on = PastDayField(
        label="En vigueur depuis le", help_text="Le jour où les périmètres changent : celui de la décision, ou après."
    )
    signatory = forms.CharField(
        label="Décidée par",
        max_length=150,
        help_text="Par exemple : la directrice générale de l'ARS, les deux porteurs.",
    )
    motivation = LongTextField(
        label="Motivation", rows=5, help_text="Pourquoi cette issue : elle reste dans l'histoire."
    )
    basis = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, dispute: Dispute, kind: Kind, user: User) -> None:
        self.dispute, self.kind, self.user = dispute, kind, user
        super().__init__(data, initial={"basis": dispute.basis()})
        if kind in SHARING:
            self.fields["scenario"].queryset = dispute.conciliation.scenarios.all()
        else:
            del self.fields["scenario"]
        if kind in NAMING:
            living = [party.project.pk for party in dispute.living]
            self.fields["successor"].queryset = Project.objects.filter(pk__in=living)
            self["successor"].label = "Projet qui absorbe" if kind == Kind.MERGER else "Projet qui accueille"
        else:
            del self.fields["successor"]
        if kind != Kind.PARTNERSHIP:
            del self.fields["zones"]

    def save(self) -> Outcome:
        try:
            return self._decide()
        except ValidationError:
            self._see_again()
            raise

    def _see_again(self) -> None:
        """The page that comes back refused shows the perimeters of now."""
        self.data = self.data.copy()
        self.data["basis"] = self.dispute.basis()

    def _decide(self) -> Outcome:
        said = self.cleaned_data
        outcome = Outcome(
            kind=self.kind,
            decided_on=said["decided_on"],
            effective_on=said["effective_on"],
            signatory=said["signatory"],
            motivation=said["motivation"],
            scenario=said.get("scenario"),
            successor=said.get("successor"),
        )
        to_host = said.get("zones") == TO_HOST
        conciliation = self.dispute.conciliation
        return decide(self.user, conciliation.pk, outcome, seen_basis=said["basis"], zones_to_host=to_host)


class LapseForm(DsfrBaseForm):
    """Closing what has no object any more; `save()` raises what `lapse` raises."""

    closed_on = PastDayField(label="Close le")
    motivation = LongTextField(
        label="Pourquoi", rows=3, help_text="Par exemple : « un des deux projets a été abandonné »."
    )

    def __init__(self, data: Any = None, *, conciliation: Conciliation, user: User) -> None:
        self.conciliation, self.user = conciliation, user
        super().__init__(data, initial={"closed_on": timezone.localdate()})

    def save(self) -> Outcome:
        return lapse(self.user, self.conciliation.pk, self.cleaned_data["closed_on"], self.cleaned_data["motivation"])


class ReopeningForm(DsfrBaseForm):
    """`save()` takes the outcome back; it raises what `reopen` raises."""

    reason = forms.CharField(
        label="Raison",
        max_length=100,  # what the field history keeps of it
        help_text="Par exemple : « mauvais scénario choisi ». Elle reste dans l'historique, avec l'issue annulée.",
    )

    def __init__(self, data: Any = None, *, conciliation: Conciliation, user: User) -> None:
        self.conciliation, self.user = conciliation, user
        super().__init__(data)

    def save(self) -> Conciliation:
        return reopen(self.user, self.conciliation.pk, self.cleaned_data["reason"])
