"""Who to call about a project, who follows it, and what they note."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm
from dsfr.widgets import InlineRadioSelect

from accounts.models import Institution, User
from accounts.models.institution import SIDES, Side
from ground.forms import LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from projects.forms.guard import GuardedForm, Shown
from projects.models import Assignment, Contact, Note, Project

SHARED = "shared"


class NoteForm(DsfrBaseForm, forms.ModelForm):
    """A remark; who stands on no side of the binôme only writes shared ones. Needs the project's lock when sent."""

    text = LongTextField(
        label="Nouvelle note",
        rows=3,
    )
    side = forms.ChoiceField(
        label="Qui la lit",
        widget=InlineRadioSelect,
        help_text="Une note partagée est lue par tous ceux qui lisent ce projet.",
    )

    class Meta:
        model = Note
        fields = ["text", "side"]

    def __init__(self, *args, project: Project, by: User, **kwargs) -> None:
        note = Note(project=project, recorded_by=by)
        super().__init__(*args, instance=note, initial={"side": SHARED}, **kwargs)
        if by.side is None:
            del self.fields["side"]
            return
        self.fields["side"].choices = [
            (SHARED, "Partagée avec l'autre institution"),
            (by.side.value, f"Réservée à mon institution ({by.side.label})"),
        ]

    def clean_side(self) -> str:
        return "" if self.cleaned_data["side"] == SHARED else self.cleaned_data["side"]

    def clean(self) -> dict:
        """The same words from the same author twice on one day are one click too many."""
        said = super().clean()
        mine = self.instance.project.notes.filter(recorded_by=self.instance.recorded_by)
        same = mine.filter(text=said.get("text"), side=said.get("side", ""))
        if same.filter(recorded_at__date=timezone.localdate()).exists():
            raise ValidationError("Cette note est déjà là.")
        return said


class ContactForm(DsfrBaseForm, forms.ModelForm):
    class Meta:
        model = Contact
        fields = ["name", "function", "email", "phone"]
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        }


class BaseContactFormSet(forms.BaseInlineFormSet):
    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["id"].label = "Contact"
        form.fields["id"].error_messages["invalid_choice"] = "il a été retiré entre-temps ; rouvrez cette page."


ContactFormSet = forms.inlineformset_factory(
    Project, Contact, form=ContactForm, formset=BaseContactFormSet, extra=2, can_delete=True, can_delete_extra=False
)


class ContactsGuard(GuardedForm):
    """Goes with the contacts of a page: tells that somebody else has changed one of them."""

    def __init__(self, *args, project: Project, **kwargs) -> None:
        self.project = project
        super().__init__(*args, **kwargs)

    def shown_now(self) -> Shown:
        return {"Contacts": " ; ".join(map(_line_of, self.project.contacts.all()))}


def _line_of(contact: Contact) -> str:
    return ", ".join(filter(None, [contact.name, contact.function, contact.email, contact.phone]))


class ReferentForm(DsfrBaseForm, GuardedForm):
    """The referent of one side, from a day on: the former one's period ends that day."""

    user = forms.ModelChoiceField(
        User.objects.none(), label="Compte", required=False, empty_label="Aucun : je donne un nom"
    )
    name = forms.CharField(label="Nom, sans compte", required=False, max_length=150)
    since = PastDayField(label="Référent depuis le")

    def __init__(self, *args, project: Project, side: Side, by: User, **kwargs) -> None:
        self.project, self.side = project, side
        super().__init__(*args, initial={"since": timezone.localdate()}, **kwargs)
        kinds = [kind for kind in Institution.Kind if SIDES.get(kind) == side]
        accounts = User.objects.for_user(by).filter(is_active=True, institution__kind__in=kinds)
        self.fields["user"].queryset = accounts.select_related("institution")
        self.fields["user"].label_from_instance = lambda user: f"{user} – {user.institution}"

    def shown_now(self) -> Shown:
        return {f"Référent {self.side.label}": str(self.last() or "")}

    def clean_since(self) -> datetime.date:
        since, last = self.cleaned_data["since"], self.last()
        if last and since < last.since:
            raise ValidationError(
                f"{last} est référent depuis le {in_words(last.since)} : donnez une date plus récente."
            )
        return since

    def clean(self) -> dict:
        data = super().clean()
        if bool(data.get("user")) == bool(data.get("name")):
            raise ValidationError("Désignez un compte, ou à défaut un nom : l'un des deux, pas les deux.")
        return data

    def last(self) -> Assignment | None:
        return self.project.assignments.filter(side=self.side, until=None).first()

    def save(self) -> Assignment:
        said = self.cleaned_data
        if last := self.last():
            last.until = said["since"]
            last.save(update_fields=["until"])
        return self.project.assignments.create(
            side=self.side, user=said["user"], name=said["name"], since=said["since"]
        )
