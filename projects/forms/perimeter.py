"""The perimeter typed as a list of communes, names or INSEE codes."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from projects.forms.guard import GuardedForm, Shown
from projects.models import Project
from projects.perimeters import change_perimeter
from projects.spreadsheets.splitting import split_strongly
from projects.spreadsheets.zones import ZoneFinder
from territories.models import PerimeterZone, Zone

CODE_TOLD = re.compile(r"\((\d[\dAB]\d{3})\)")  # « Bondy (93010) »: the code is surer than the name
PARTLY = re.compile(r"\(?\ben partie\)?$", re.IGNORECASE)
MOST_CHARACTERS = 100_000


class PerimeterForm(DsfrBaseForm, GuardedForm):
    """Once valid: `zones`, `partial` and `guesses` (what was understood of a misspelt name)."""

    zones_text = forms.CharField(
        label="Communes",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text="Une par ligne ou séparées par des virgules : noms ou codes Insee, anciens compris. Écrivez "
        "« en partie » après une commune que le projet ne couvre pas toute.",
    )
    since = PastDayField(label="Périmètre en vigueur depuis le")
    reason = forms.CharField(
        label="Motif", required=False, help_text="S'il est donné, il est ajouté aux notes du projet.", max_length=500
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        self.project = project
        self.held = list(project.perimeter.memberships.filter(until=None).select_related("zone").order_by("zone__code"))
        initial = {"zones_text": "\n".join(map(line_of, self.held)), "since": timezone.localdate()}
        super().__init__(*args, initial=initial, **kwargs)

    def shown_now(self) -> Shown:
        return {"Communes": ", ".join(map(line_of, self.held))}

    def clean_zones_text(self) -> str:
        text = self.cleaned_data["zones_text"]
        finder = ZoneFinder()
        others = [department.pk for department in self.project.other_departments.all()]
        whole, partial, refused, self.guesses = set(), set(), [], []
        for line in split_strongly(text):
            is_partial = bool(PARTLY.search(line))
            code = CODE_TOLD.search(line)
            said = code[1] if code else PARTLY.sub("", line).strip()
            for match in finder.find(said, self.project.lead_department_id, others):
                if not match.codes:
                    refused.append(match.message_fr)
                elif match.message_fr:
                    self.guesses.append(match.message_fr)
                (partial if is_partial else whole).update(match.codes)
        if refused:
            raise ValidationError(refused)
        self.zones = list(Zone.objects.filter(code__in=whole))
        self.partial = list(Zone.objects.filter(code__in=partial))
        return text

    def save(self, by: User) -> None:
        """Raises ValidationError when the perimeter has changed after the day asked for."""
        since, reason = self.cleaned_data["since"], self.cleaned_data["reason"]
        change_perimeter(self.project, self.zones, since, partial=self.partial, reason=reason, by=by)


def line_of(membership: PerimeterZone) -> str:
    return f"{membership.zone}{' en partie' if membership.is_partial else ''}"
