"""A whole portfolio goes to a colleague: which projects, to whom, on which day."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from projects.models import Assignment, Project
from projects.people.colleagues import with_institution
from projects.people.handover import HandOver, Portfolio, hand_over, in_portfolio, takers

MAX_DIGITS = 18  # of a key that a database can hold


class ProjectsField(forms.TypedMultipleChoiceField):
    """Projects ticked on a list; whether they still belong to the portfolio is told project by project."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, widget=forms.CheckboxSelectMultiple, **kwargs)

    def valid_value(self, value: str) -> bool:
        return len(str(value)) <= MAX_DIGITS and str(value).isdecimal()


class HandOverForm(DsfrBaseForm):
    """`save()` hands over; it raises what `hand_over` raises."""

    taker = forms.ModelChoiceField(User.objects.none(), label="À qui", empty_label="Choisissez un collègue")
    day = PastDayField(label="À partir du", help_text="Aujourd'hui, ou le jour passé où la personne les a repris.")
    projects = ProjectsField(label="Projets", error_messages={"required": "Cochez au moins un projet."})
    note = forms.CharField(label="Note", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, portfolio: Portfolio, by: User, **kwargs) -> None:
        self.portfolio, self.by = portfolio, by
        self.assignments = list(in_portfolio(by, portfolio))
        held = [each.project_id for each in self.assignments]
        super().__init__(*args, initial={"day": timezone.localdate(), "projects": held}, **kwargs)
        self.fields["taker"].queryset = takers(portfolio, self._projects(), by)
        self.fields["taker"].label_from_instance = with_institution
        readers = "réservée à votre institution" if by.side == portfolio.side else "partagée avec l'autre institution"
        self["note"].help_text = f"Ajoutée aux notes de chaque projet, {readers}."

    def _projects(self) -> QuerySet[Project]:
        """Those shown, and those sent back that have left the portfolio since."""
        sent = self.data.getlist("projects") if self.is_bound else []
        known = {each.project_id for each in self.assignments} | {
            int(value) for value in sent if self.fields["projects"].valid_value(value)
        }
        return Project.objects.for_user(self.by).filter(pk__in=known).prefetch_related("other_departments")

    def rows(self) -> list[tuple[Assignment, bool]]:
        """Each project of the portfolio, and whether it is ticked."""
        ticked = {str(value) for value in self["projects"].value() or ()}
        return [(each, str(each.project_id) in ticked) for each in self.assignments]

    def save(self) -> list[Assignment]:
        said = self.cleaned_data
        act = HandOver(self.portfolio, said["projects"], said["taker"], said["day"], said["note"])
        return hand_over(self.by, act)
