"""A meeting, planned or held: its agenda, its participants, its minutes."""

from datetime import date

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from aci.meeting_rules import contract_before, same_meeting, why_not_move, why_not_so_early
from aci.models import Contract, Meeting
from ground.forms import CptsDayField, LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from ground.templatetags.french import short_day
from projects.forms.rows import RowForm

YEARS_AHEAD = 2  # of a planned meeting: beyond, it is a slip of the keyboard


class MeetingForm(RowForm):
    """The instance knows its kind and its body. A meeting that is stored can also be called off."""

    year = forms.TypedChoiceField(label="Année de contrat examinée", coerce=int, empty_value=None)
    agenda = LongTextField(label="Ordre du jour", rows=7, required=False)
    participants = LongTextField(label="Participants", rows=5, required=False, help_text="Une personne par ligne.")
    minutes = LongTextField(label="Compte rendu", rows=9, limit=50_000, required=False)
    lines = [
        ("held_on", "place"),
        ("year",),
        ("agenda",),
        ("participants",),
        ("minutes",),
        ("minutes_on", "minutes_document"),
        ("called_off",),
    ]

    class Meta:
        model = Meeting
        fields = [
            "held_on",
            "place",
            "year",
            "agenda",
            "participants",
            "minutes",
            "minutes_on",
            "minutes_document",
            "called_off",
        ]
        field_classes = {"held_on": CptsDayField, "minutes_on": PastDayField}
        help_texts = {
            "held_on": "À venir, la réunion est planifiée ; passée, elle a eu lieu.",
            "minutes_on": "Le compte rendu, daté, rend la réunion opposable.",
            "minutes_document": "Parmi les documents du projet.",
            "called_off": "Laissez vide si la réunion a lieu, ou a eu lieu.",
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        meeting = self.instance
        self.stored = Meeting.objects.get(pk=meeting.pk) if meeting.pk else None
        if meeting.kind == Meeting.Kind.DIALOGUE:
            self.fields["year"].choices = self._years()
        else:
            del self.fields["year"]
        if meeting.contract_id:
            documents = meeting.contract.project.documents.filter(withdrawn_at=None)
            self.fields["minutes_document"].queryset = documents
            self.fields["minutes_document"].empty_label = "Aucun"
        else:
            del self.fields["minutes_document"]
        if self.stored is None:
            del self.fields["called_off"]

    def _years(self) -> list[tuple[str | int, str]]:
        years = self.instance.contract.all_years()
        named = [
            (each.number, f"Année {each.number} : {short_day(each.since)} – {short_day(each.last_day)}")
            for each in years
        ]
        return [("", "Choisissez"), *named]

    def siblings(self) -> QuerySet:
        meeting = self.instance
        body = {"contract": meeting.contract, "department": meeting.department, "region": meeting.region}
        return Meeting.objects.filter(kind=meeting.kind, **body)

    def clean_held_on(self) -> date:
        held_on = self.cleaned_data["held_on"]
        last = timezone.localdate() + relativedelta(years=YEARS_AHEAD)
        if held_on > last:
            raise ValidationError(f"Cette date est trop loin : au plus tard le {in_words(last)}. Vérifiez l'année.")
        return held_on

    def clean(self) -> dict:
        data = super().clean()
        held_on = data.get("held_on")
        if held_on is None:
            return data
        if data.get("year") and held_on < (since := self.instance.contract.year(data["year"]).since):
            self.add_error("held_on", f"Cette année de contrat ne commence que le {in_words(since)}.")
        is_placed = bool({"held_on", "year", "called_off"} & set(self.changed_data))
        if self.instance.contract_id and is_placed and not data.get("called_off"):
            self._check_contract(held_on, data.get("year"))
        self._check_minutes(data, held_on)
        if self.stored:
            self._check_what_rests_on_it(data, held_on)
        return data

    def _check_contract(self, held_on: date, year: int | None) -> None:
        meeting = self.instance
        if first := same_meeting(meeting, held_on, year):
            self.add_error("held_on", _linked("Cette réunion est déjà enregistrée", first))
        former = contract_before(meeting.contract, held_on)
        if former and meeting.kind == Meeting.Kind.COPIL:
            self.add_error("held_on", _linked("Ce contrat n'était pas signé : ce COPIL est du précédent", former))

    def _check_minutes(self, data: dict, held_on: date) -> None:
        has_content = bool(data.get("minutes") or data.get("minutes_document"))
        minutes_on = data.get("minutes_on")
        if (has_content or minutes_on) and held_on > timezone.localdate():
            self.add_error("held_on", "Une réunion à venir n'a pas encore de compte rendu.")
        elif has_content and not minutes_on and "minutes_on" not in self.errors:
            self.add_error("minutes_on", "Datez le compte rendu.")
        elif minutes_on and not has_content:
            self.add_error("minutes", "Écrivez le compte rendu, ou joignez un document du projet.")
        elif minutes_on and minutes_on < held_on:
            self.add_error("minutes_on", f"Le compte rendu ne peut pas précéder la réunion, le {in_words(held_on)}.")
        if data.get("called_off") and (has_content or minutes_on):
            self.add_error("called_off", "Cette réunion a un compte rendu : elle a eu lieu.")

    def _check_what_rests_on_it(self, data: dict, held_on: date) -> None:
        is_called_off = bool(data.get("called_off"))
        relied_on = self.stored.decisions.exists() or self.stored.opinions.exists()
        if relied_on and is_called_off:
            self.add_error("called_off", "Des décisions ou des avis y sont notés : elle a eu lieu.")
        for reason in why_not_so_early(self.stored, held_on) if held_on < self.stored.held_on else ():
            self.add_error("held_on", reason)
        if relied_on and held_on > timezone.localdate():
            self.add_error("held_on", "Des décisions ou des avis y sont notés : elle ne peut pas être à venir.")
        is_still_held = bool(data.get("minutes_on")) and not is_called_off
        said = {"minutes_on": data.get("minutes_on"), "is_still_held": is_still_held}
        for reason in why_not_move(self.stored, held_on, data.get("year"), **said):
            self.add_error(None, reason)


def _linked(sentence: str, row: Meeting | Contract) -> SafeString:
    return format_html('{} (<a href="{}">{}</a>).', sentence, row.get_absolute_url(), row)
