"""The forms that create a project and change what does not depend on a date."""

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import CodeField, PastDayField
from projects.forms.guard import GuardedModelForm, LoadedField
from projects.models import Project, Promoter
from projects.states import State
from territories.models import Department, Region

OPENING_STATES = [State.INITIATIVE, State.FORMALISING]


class ProjectForm(DsfrBaseForm, GuardedModelForm):
    loaded = LoadedField()

    class Meta:
        model = Project
        fields = ["name", "lead_department", "other_departments", "finess"]
        field_classes = {"finess": CodeField}
        widgets = {"other_departments": forms.CheckboxSelectMultiple}

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        led = {*user.own_departments, self.instance.lead_department_id} - {None}
        self.own_regions = set(Region.objects.filter(departments__in=led).values_list("pk", flat=True))
        self.fields["lead_department"].queryset = Department.objects.filter(pk__in=led)
        self.fields["lead_department"].empty_label = None if len(led) == 1 else "Choisissez un département"

    def clean(self) -> dict:
        data = super().clean()
        lead, others = data.get("lead_department"), data.get("other_departments")
        if lead and others and lead in others:
            self.add_error("other_departments", "Le département chef de file n'est pas à cocher ici.")
        return data

    def namesakes(self) -> list[Project]:
        """Other living projects of the same department under the same name: worth a warning, never a refusal."""
        saved = self.instance
        same = Project.objects.filter(lead_department=saved.lead_department, search_name=saved.search_name)
        return list(same.exclude(pk=saved.pk).living_on(timezone.localdate()))


class PromoterForm(DsfrBaseForm, GuardedModelForm):
    """All empty: the project has no known promoter."""

    loaded = LoadedField()

    class Meta:
        model = Promoter
        fields = ["name", "legal_form", "siret", "rna"]
        field_classes = {"siret": CodeField, "rna": CodeField}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, prefix="promoter", **kwargs)
        self.fields["name"].required = False

    def clean(self) -> dict:
        data = super().clean()
        said = [name for name in ("legal_form", "siret", "rna") if data.get(name)]
        if said and not data.get("name"):
            self.add_error("name", "Donnez le nom du porteur.")
        return data

    def save(self, commit: bool = True) -> Promoter | None:
        """The promoter as typed. One that carries other projects too stays as it is for them."""
        if not self.cleaned_data["name"]:
            return None
        if self.has_changed() and self.instance.pk and self.instance.projects.count() > 1:
            self.instance.pk = None
            self.instance._state.adding = True
        return super().save(commit) if self.has_changed() or self.instance.pk is None else self.instance


class OpeningForm(DsfrBaseForm):
    """Where a new project stands, and since when."""

    state = forms.ChoiceField(label="État de départ", choices=[(state.value, state.label) for state in OPENING_STATES])
    since = PastDayField(label="Connu depuis le", help_text="Le premier contact, même ancien.")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, initial={"since": timezone.localdate()}, **kwargs)
