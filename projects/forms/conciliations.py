"""Opening a conciliation, keeping its log, trying and keeping scenarios."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import CptsDayField, LongTextField, PastDayField
from ground.templatetags.french import number
from projects.conciliations.disputes import Dispute
from projects.conciliations.log import add_entry
from projects.conciliations.opening import open_conciliation, shared_zones
from projects.conciliations.scenarios import save_scenario
from projects.conciliations.sharing import Choice
from projects.forms.guard import GuardedModelForm
from projects.models import Conciliation, ConciliationEntry, Project, Scenario
from territories.models import Zone

NOBODY = "0"
NONE_SHARED = "Rien n'est partagé ce jour-là : changez la date, les zones suivront."
TO_CHECK = "Voici ce qui est partagé ce jour-là : vérifiez les zones, puis ouvrez la conciliation."
DUE_HELP = "Le jour où une issue est attendue ; elle paraît dans « Ce qui échoit »."


class OpeningForm(DsfrBaseForm):
    """The zones offered are those that the projects share on the day typed, all of them ticked at first."""

    since = PastDayField(label="Ouverte le", help_text="Aujourd'hui au plus tard.")
    zones = forms.ModelMultipleChoiceField(
        Zone.objects.none(),
        label="Zones disputées",
        widget=forms.CheckboxSelectMultiple,
        help_text="Celles que plusieurs de ces projets tiennent ce jour-là.",
        error_messages={
            "required": "Cochez au moins une zone disputée.",
            "invalid_choice": "Une zone cochée n'était pas partagée ce jour-là : vérifiez la date et les zones.",
        },
    )
    subject = LongTextField(label="Objet", rows=3, required=False, help_text="Ce que chacun demande, en quelques mots.")
    due_on = CptsDayField(label="Échéance", required=False, help_text=DUE_HELP)

    def __init__(self, data: Any = None, *, projects: list[Project], user: User) -> None:
        self.projects, self.user = projects, user
        super().__init__(data, initial={"since": timezone.localdate()})
        shared = shared_zones(projects, self._day())
        self.offers_none = self.is_bound and not shared
        self._is_to_check = self.is_bound and "none_offered" in data and bool(shared)
        if self._is_to_check:  # nothing could be ticked before
            self.data = data.copy()
            self.data.setlist("zones", [zone.pk for zone in shared])
        if self.offers_none:
            self.fields["zones"].error_messages |= dict.fromkeys(("required", "invalid_choice"), NONE_SHARED)
        self.fields["zones"].queryset = Zone.objects.filter(pk__in=[zone.pk for zone in shared]).order_by("search_name")
        self.fields["zones"].label_from_instance = lambda zone: f"{zone}, {number(zone.population)} hab."
        self.initial["zones"] = shared

    def _day(self):
        """The day typed, today when it cannot be read."""
        try:
            return self.fields["since"].clean(self.data.get("since")) if self.is_bound else timezone.localdate()
        except ValidationError:
            return timezone.localdate()

    def clean(self) -> dict:
        said = super().clean()
        if said.get("due_on") and said.get("since") and said["due_on"] < said["since"]:
            self.add_error("due_on", "L'échéance ne peut pas précéder l'ouverture.")
        if self._is_to_check:
            self.add_error("zones", TO_CHECK)
        return said

    def save(self) -> Conciliation:
        said = self.cleaned_data
        keys = [project.pk for project in self.projects]
        told = {"subject": said["subject"], "due_on": said["due_on"]}
        return open_conciliation(self.user, keys, said["zones"], said["since"], **told)


class ConciliationForm(DsfrBaseForm, GuardedModelForm):
    subject = LongTextField(label="Objet", rows=3, required=False)
    due_on = CptsDayField(label="Échéance", required=False, help_text=DUE_HELP)

    class Meta:
        model = Conciliation
        fields = ["subject", "due_on"]

    def clean_due_on(self):
        day = self.cleaned_data["due_on"]
        if day and day < self.instance.since:
            raise ValidationError("L'échéance ne peut pas précéder l'ouverture.")
        return day


class EntryForm(DsfrBaseForm):
    """`save()` raises what `add_entry` raises."""

    kind = forms.ChoiceField(label="Nature", choices=ConciliationEntry.Kind.choices)
    happened_on = PastDayField(label="Date")
    text = LongTextField(label="Ce qui a été dit ou proposé", rows=2)

    def __init__(self, data: Any = None, *, conciliation: Conciliation, user: User) -> None:
        self.conciliation, self.user = conciliation, user
        super().__init__(data, initial={"happened_on": timezone.localdate()}, auto_id="entry_%s")

    def save(self) -> ConciliationEntry:
        return add_entry(self.user, self.conciliation.pk, ConciliationEntry(**self.cleaned_data))


class ChoiceForm(forms.Form):
    """To whom each disputed zone goes; once valid, `choice`. A zone left out stays as it is, unless `is_whole`."""

    def __init__(self, data: Any = None, *, dispute: Dispute, is_whole: bool = False) -> None:
        self.dispute = dispute
        parties = [(str(party.project.pk), party.project.name) for party in dispute.living]
        super().__init__(data, auto_id="choice_%s")
        for zone in dispute.zones:
            self.fields[name_of(zone)] = forms.ChoiceField(
                label=zone.name,
                choices=[*parties, (NOBODY, "personne")],
                widget=forms.RadioSelect,
                required=is_whole,
                error_messages={
                    "required": "Dites à qui va cette zone, ou qu'elle ne va à personne.",
                    "invalid_choice": "Ce projet n'est pas, ou n'est plus, de cette conciliation.",
                },
            )

    @property
    def choice(self) -> dict[str, int | None]:
        said = {zone.code: self.cleaned_data.get(name_of(zone), "") for zone in self.dispute.zones}
        return {code: int(party) or None for code, party in said.items() if party}

    def rows(self) -> list[tuple[Zone, list, forms.BoundField]]:
        """Each zone with who holds it and its buttons, one a party then « personne »."""
        return [(zone, self.dispute.claims(zone), self[name_of(zone)]) for zone in self.dispute.zones]

    def hidden(self) -> dict[str, str]:
        """What was chosen, for the form that keeps it."""
        return as_data(self.dispute, self.choice)


def name_of(zone: Zone) -> str:
    return f"zone_{zone.pk}"


def as_data(dispute: Dispute, choice: Choice) -> dict[str, str]:
    """A choice as the form sends it; what goes to a project that has ended is left to choose."""
    possible = {None, *dispute.territories}
    return {
        name_of(zone): str(choice[zone.code] or NOBODY)
        for zone in dispute.zones
        if zone.code in choice and choice[zone.code] in possible
    }


class ScenarioForm(DsfrBaseForm):
    """The name under which a choice is kept; `save()` raises what `save_scenario` raises."""

    name = forms.CharField(label="Nom du scénario", max_length=100)
    comment = forms.CharField(label="Commentaire", max_length=300, required=False)

    def __init__(self, data: Any = None, **kwargs) -> None:
        super().__init__(data, auto_id="scenario_%s", **kwargs)

    def save(self, user: User, conciliation: Conciliation, choice: Choice) -> Scenario:
        return save_scenario(user, conciliation.pk, self.cleaned_data["name"], self.cleaned_data["comment"], choice)
