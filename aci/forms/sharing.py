"""The forms of what CPTS share: an action, a step of its follow-up."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.boundfield import BoundWidget
from django.utils import timezone
from django.utils.functional import cached_property
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from aci.models import SharedAction, SharedActionEntry
from aci.shared_actions import add_entry, departments_of
from ground.forms import CptsDayField, EurosField, LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.forms.guard import GuardedModelForm, Shown
from projects.models import Project
from projects.states import ENDED, State
from projects.workflow import lock_all
from territories.models import Department

WHO_SHARES = (
    "Au moins deux CPTS. Une réunion d'échanges avec l'ARS, la CPAM ou le DAC peut n'en réunir qu'une, avec un "
    "partenaire."
)


class ProjectsField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, project: Project) -> str:
        """Its name, and how it ended when it did: what was shared before stays true."""
        has_ended = project.state_on and State(project.state_on) in ENDED
        return f"{project} ({State(project.state_on).short_label.lower()})" if has_ended else str(project)


class SharedActionForm(DsfrBaseForm, GuardedModelForm):
    """Each CPTS named is one that `user` reads; those out of its scope that are named already stay."""

    since = CptsDayField(label="Depuis le", help_text="Le jour d'une réunion, le premier jour d'une action.")
    last_day = CptsDayField(
        label="Dernier jour", required=False, help_text="Vide tant que l'action continue ; le remplir la clôt."
    )
    projects = ProjectsField(
        Project.objects.none(),
        label="CPTS",
        help_text=WHO_SHARES,
        error_messages={
            "required": "Cochez les CPTS de cette action.",
            "invalid_choice": "Une CPTS cochée n'existe pas ou n'est pas de votre région.",
            "invalid_pk_value": "Une CPTS cochée n'existe pas ou n'est pas de votre région.",
        },
    )
    amount = EurosField(label="Budget (€)", required=False, max_digits=11, decimal_places=2)
    description = LongTextField(label="Description", required=False, rows=4)
    partners = LongTextField(
        label="Partenaires", required=False, rows=3, help_text="Un par ligne : DAC, hôpital, collectivité…"
    )

    class Meta:
        model = SharedAction
        fields = ["kind", "title", "since", "projects", "partners", "amount", "funder", "description"]

    def __init__(self, *args, user: User, **kwargs) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.initial.setdefault("last_day", self.instance.last_day)
        self.fields["kind"].choices = [("", "Choisissez"), *SharedAction.Kind.choices]
        self.fields["projects"].queryset = readable(user)

    def shown_now(self) -> Shown:
        if self.instance.pk is None:
            return {}
        last_day = self.instance.last_day
        return {**super().shown_now(), "Dernier jour": in_words(last_day) if last_day else ""}

    @cached_property
    def out_of_scope(self) -> QuerySet[Project]:
        """The CPTS named already that this user cannot read, hence neither tick nor untick."""
        if self.instance.pk is None:
            return Project.objects.none()
        seen = self.fields["projects"].queryset.values("pk")
        return self.instance.projects.exclude(pk__in=seen).select_related("lead_department")

    @cached_property
    def by_department(self) -> list[tuple[Department, list[BoundWidget], int]]:
        """The boxes of each department, and how many of them are ticked."""
        boxes: dict[Department, list[BoundWidget]] = defaultdict(list)
        for box in self["projects"]:
            boxes[box.data["value"].instance.lead_department].append(box)
        return [(each, found, sum(box.data["selected"] for box in found)) for each, found in boxes.items()]

    def clean_projects(self) -> QuerySet[Project]:
        chosen = self.cleaned_data["projects"]
        everyone = Project.objects.filter(pk__in=[each.pk for each in (*chosen, *self.out_of_scope)])
        everyone = everyone.prefetch_related("other_departments")
        if not self.user.can_write_in(departments_of(everyone)):
            raise ValidationError("Cochez au moins une CPTS de vos départements : vous n'écrivez pas dans les autres.")
        return everyone

    def clean(self) -> dict:
        said = super().clean()
        since, last_day, chosen = said.get("since"), said.get("last_day"), said.get("projects")
        if since and last_day and last_day < since:
            self.add_error("last_day", "Le dernier jour ne peut pas précéder le premier.")
        if chosen is not None and len(chosen) < 2 and not self._is_met_by_one(said):
            self.add_error("projects", WHO_SHARES)
        return said

    def _is_met_by_one(self, said: dict[str, Any]) -> bool:
        return said.get("kind") == SharedAction.Kind.EXCHANGE and bool(said.get("partners"))

    def save(self, commit: bool = True) -> SharedAction:
        """Under the lock of every CPTS named. Raises ValidationError when the same action is there already."""
        said = self.cleaned_data
        lock_all(project.pk for project in said["projects"])
        if self.instance.pk is None:
            same = {"kind": said["kind"], "title": said["title"], "since": said["since"]}
            if SharedAction.objects.filter(**same, projects__in=said["projects"]).exists():
                raise ValidationError(f"{quoted(said['title'])} est déjà enregistré à cette date pour une de ces CPTS.")
            self.instance.recorded_by = self.user
        self.instance.until = said["last_day"] + timedelta(days=1) if said["last_day"] else None
        return super().save(commit)


def readable(user: User) -> QuerySet[Project]:
    """Every CPTS that `user` may name, by department."""
    known = Project.objects.for_user(user).with_state_on(timezone.localdate())
    return known.select_related("lead_department").order_by("lead_department", "search_name")


class SharedActionEntryForm(DsfrBaseForm):
    """`save()` raises what `add_entry` raises."""

    happened_on = PastDayField(label="Date")
    text = LongTextField(label="Ce qui a été fait ou convenu", rows=2)

    def __init__(self, data: Any = None, *, action: SharedAction, user: User) -> None:
        self.action, self.user = action, user
        super().__init__(data, initial={"happened_on": timezone.localdate()}, auto_id="entry_%s")

    def save(self) -> SharedActionEntry:
        return add_entry(self.user, self.action.pk, SharedActionEntry(**self.cleaned_data))
