"""The forms that create a project and change what does not depend on a date."""

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import CodeField, PastDayField
from ground.templatetags.french import quoted
from ground.text import search_form
from projects.forms.guard import GuardedModelForm
from projects.models import Project, Promoter
from projects.models.project import ProjectQuerySet
from projects.states import State
from territories.models import Department, Region

OPENING_STATES = [State.INITIATIVE, State.FORMALISING]


class ProjectForm(DsfrBaseForm, GuardedModelForm):
    is_another = forms.BooleanField(label="C'est bien un autre projet", required=False)

    class Meta:
        model = Project
        fields = ["name", "lead_department", "other_departments"]
        widgets = {"other_departments": forms.CheckboxSelectMultiple}

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        led = {*user.own_departments, self.instance.lead_department_id} - {None}
        self.own_regions = set(Region.objects.filter(departments__in=led).values_list("pk", flat=True))
        self.fields["lead_department"].queryset = Department.objects.filter(pk__in=led)
        self.fields["lead_department"].empty_label = None if len(led) == 1 else "Choisissez un département"
        if self.instance.pk:
            del self.fields["is_another"]
            if not user.can_write_in({self.instance.lead_department_id}):
                self.fields["lead_department"].disabled = True
                self.fields["lead_department"].help_text = "Seuls ses propres chargés de suivi le changent."

    def clean(self) -> dict:
        data = super().clean()
        lead, others = data.get("lead_department"), data.get("other_departments")
        if lead and others and lead in others:
            self.add_error("other_departments", "Le département chef de file n'est pas à cocher ici.")
        if "is_another" in self.fields and lead and data.get("name") and not data["is_another"]:
            for namesake in namesakes(data["name"], lead):
                told = f"{quoted(namesake)} (n° {namesake.pk}) est déjà suivi dans ce département."
                self.add_error("is_another", f"{told} Cochez si le vôtre en est un autre.")
        return data


def namesakes(name: str, lead_department: Department) -> ProjectQuerySet:
    """The living projects that this department already leads under this name."""
    same = Project.objects.filter(lead_department=lead_department, search_name=search_form(name))
    return same.living_on(timezone.localdate())


class PromoterForm(DsfrBaseForm, GuardedModelForm):
    """All empty: the project has no known promoter."""

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
