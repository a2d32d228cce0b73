"""Somebody is away, from a day until the first day back, and somebody stands in."""

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import CptsDayField
from ground.templatetags.french import day as in_words
from projects.forms.guard import GuardedModelForm
from projects.models import Absence
from projects.people.absences import overlapping, why_not_stand_in
from projects.people.colleagues import arranged_by, members_of, sides_of, with_institution, writers_in


class AbsenceForm(DsfrBaseForm, GuardedModelForm):
    """Needs a transaction when it is sent: the person is held, so that two absences never overlap."""

    user = forms.ModelChoiceField(User.objects.none(), label="Personne absente", empty_label=None)
    since = CptsDayField(label="Premier jour d'absence")
    until = CptsDayField(
        label="Premier jour de retour", required=False, help_text="Laissez vide s'il n'est pas encore connu."
    )
    stand_in = forms.ModelChoiceField(
        User.objects.none(),
        label="Remplacement",
        required=False,
        empty_label="Personne",
        help_text="Un collègue de la même institution, qui écrit dans l'un des mêmes départements.",
    )

    class Meta:
        model = Absence
        fields = ["user", "since", "until", "stand_in"]

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        people = arranged_by(by)
        if self.instance.pk is None and not people.exclude(pk=by.pk).exists():
            self.instance.user = by
        departments = by.own_departments
        if self.instance.user_id:
            del self.fields["user"]
            departments = self.instance.user.own_departments
        else:
            self.fields["user"].queryset = people
            self.fields["user"].label_from_instance = with_institution
            self.initial["user"] = by.pk
        colleagues = members_of(sides_of(by)).filter(pk__in=User.objects.for_user(by).values("pk"))
        self.fields["stand_in"].queryset = writers_in(colleagues, departments).exclude(pk=self.instance.user_id)
        self.fields["stand_in"].label_from_instance = with_institution

    def clean(self) -> dict:
        said = super().clean()
        person = said.get("user") or (self.instance.user if self.instance.user_id else None)
        since, until, stand_in = (said.get(name) for name in ("since", "until", "stand_in"))
        if person is None or since is None:
            return said
        if until and until <= since:
            self.add_error("until", "Le retour suit le premier jour d'absence.")
        if stand_in and (obstacle := why_not_stand_in(stand_in, person)):
            self.add_error("stand_in", obstacle)
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if other := overlapping(Absence(pk=self.instance.pk, user=person, since=since, until=until)).first():
            end = f"jusqu'au {in_words(other.last_day)}" if other.last_day else "sans retour connu"
            raise ValidationError(
                f"{person} est déjà en absence du {in_words(other.since)} {end} : modifiez plutôt cette absence."
            )
        return said
