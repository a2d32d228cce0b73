"""Telling a commune in parts: a file or a text is read, then what was read is confirmed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import LongTextField, PastDayField
from ground.templatetags.french import number
from projects.pasted_zones import CODE_TOLD
from projects.spreadsheets import opening
from projects.spreadsheets.opening import UnreadableFile, open_workbook
from projects.spreadsheets.zones import ZoneFinder
from projects.zone_parts import Parts, read_parts
from projects.zone_splits import SplitPlan, split_commune, why_not_split
from territories.models import Zone, ZoneSplit


class ZoneSplitForm(DsfrBaseForm):
    """`plan` is what would be written, as soon as the commune and its parts were understood."""

    commune = forms.CharField(
        label="Commune", max_length=200, help_text="Nom ou code Insee ; un arrondissement de Paris, Lyon ou Marseille."
    )
    since = PastDayField(
        label="Découpée depuis le",
        required=False,
        help_text="Vide : depuis l'origine. Un découpage précise le territoire sans le changer : il vaut d'ordinaire "
        "depuis l'origine.",
    )
    source = forms.CharField(
        label="Source du découpage", max_length=200, help_text="Par exemple : IRIS de l'Insee, recensement 2021."
    )
    file = forms.FileField(
        label="Fichier des parties",
        required=False,
        allow_empty_file=True,
        help_text="xlsx, xls, ods ou csv, 5 Mo au plus.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv", "class": "fr-upload"}),
    )
    parts_text = LongTextField(
        label="Ou le texte des parties",
        rows=10,
        limit=200_000,
        required=False,
        help_text="Une par ligne : nom ; population.",
    )
    reason = LongTextField(
        label="Pourquoi l'écart est accepté",
        rows=2,
        limit=1_000,
        required=False,
        help_text="Par exemple : populations d'un autre millésime.",
    )
    shown = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, *args, user: User, confirms: bool = False, commune: str = "", **kwargs) -> None:
        super().__init__(*args, initial={"commune": commune}, **kwargs)
        self.user, self.confirms = user, confirms
        self.plan: SplitPlan | None = None

    def clean_commune(self) -> str:
        """Its code, from then on."""
        text = self.cleaned_data["commune"]
        told = CODE_TOLD.search(text)
        match = ZoneFinder().find_anywhere(told[1] if told else text)
        if len(match.codes) != 1:
            raise ValidationError(match.message_fr or f"« {text} » désigne plusieurs communes : donnez un code.")
        self.zone = Zone.objects.select_related("parent").get(code=match.codes[0])
        if self.zone.department_id not in self.user.own_departments:
            raise ValidationError(f"{self.zone} n'est pas de vos départements.")
        return str(self.zone)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > opening.MAX_BYTES:
            raise ValidationError(opening.TOO_LARGE)
        return file

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if {"commune", "since", "file", "parts_text"} - said.keys():
            return said
        since = said["since"] or self.zone.origin
        if obstacle := why_not_split(self.zone, since):
            self.add_error("commune", obstacle)
        parts = self._read_parts(said)
        if parts is None:
            return said
        self.plan = SplitPlan(self.zone, since, parts)
        if self.confirms:
            self._check(self.plan)
        self.data = self.data.copy()
        self.data["commune"], self.data["parts_text"] = str(self.zone), parts.as_text()
        self.data["shown"] = self.plan.fingerprint
        return said

    def _read_parts(self, said: dict[str, Any]) -> Parts | None:
        field = "file" if said["file"] else "parts_text"
        content = said["file"].read() if said["file"] else said["parts_text"].encode()
        if not content.strip():
            self.add_error(field, "Choisissez un fichier, ou collez les parties.")
            return None
        try:
            sheet = open_workbook(content, said["file"].name if said["file"] else "parties.csv")[0]
        except UnreadableFile as error:
            self.add_error(field, error.message_fr)
            return None
        return read_parts(sheet.rows, self.zone.code)

    def _check(self, plan: SplitPlan) -> None:
        for problem in plan.problems:
            self.add_error("parts_text", problem)
        if plan.difference and not self.cleaned_data.get("reason", "").strip():
            people = number(abs(plan.difference))
            more = "de plus" if plan.difference > 0 else "de moins"
            told = f"Les parties comptent {people} habitants {more} que la commune : dites pourquoi c'est accepté."
            self.add_error("reason", told)

    def show_again(self) -> None:
        """After a refusal: the review is that of the commune and of the perimeters as they are now."""
        commune = Zone.objects.select_related("parent").get(pk=self.zone.pk)
        self.plan = SplitPlan(commune, self.plan.since, self.plan.parts)
        self.data["shown"] = self.plan.fingerprint

    def save(self) -> ZoneSplit:
        """Raises ValidationError when the review that is confirmed is no longer true."""
        said = self.cleaned_data
        shown = said["shown"]
        return split_commune(self.user, self.plan, source=said["source"], reason=said["reason"], shown=shown)
