"""The commissions: whose meeting it is, and their opinions on the difficulties of a CPTS."""

from django import forms
from django.db.models import QuerySet

from accounts.models import User
from aci.forms.meetings import MeetingForm
from aci.meeting_rules import projects_seen_by
from aci.models import CommissionOpinion, Meeting
from ground.forms import LongTextField
from projects.forms.rows import RowForm
from territories.models import Department, Region


class CommissionForm(MeetingForm):
    """A new CPL or CPR: its department or its region is one that `user` writes in."""

    body = forms.ModelChoiceField(Department.objects.none(), empty_label="Choisissez")
    lines = [("body",), *MeetingForm.lines]

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        is_local = self.instance.kind == Meeting.Kind.CPL
        own = Department.objects.filter(pk__in=user.own_departments)
        bodies = own if is_local else Region.objects.filter(departments__in=own).distinct()
        self.fields["body"].queryset = bodies
        self["body"].label = "Département" if is_local else "Région"
        if len(bodies) == 1:
            self.initial["body"] = bodies[0].pk

    def _post_clean(self) -> None:
        if body := self.cleaned_data.get("body"):
            setattr(self.instance, "department" if self.instance.kind == Meeting.Kind.CPL else "region", body)
        super()._post_clean()


class CommissionOpinionForm(RowForm):
    """The instance knows its commission."""

    difficulty = LongTextField(label="Difficulté", rows=4)
    opinion = LongTextField(label="Avis de la commission", rows=4, required=False)
    lines = [("project",), ("difficulty",), ("opinion",)]

    class Meta:
        model = CommissionOpinion
        fields = ["project", "difficulty", "opinion"]
        labels = {"project": "CPTS"}

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        meeting = self.instance.meeting
        self.fields["project"].queryset = projects_seen_by(meeting, user).living_on(meeting.held_on).order_by("name")
        self.fields["project"].empty_label = "Choisissez"
        if self.instance.pk:
            del self.fields["project"]

    def siblings(self) -> QuerySet:
        return self.instance.meeting.opinions.all()
