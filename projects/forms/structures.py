"""The structures of a territory: typed by hand, or sent as a file."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import DayField, LongTextField
from ground.templatetags.french import day as in_words
from ground.text import search_form
from projects.context.communes import read_communes
from projects.context.structure_plan import read
from projects.forms.guard import GuardedModelForm, Shown
from projects.forms.imports import SheetForm, sheet_field
from projects.models import ImportBatch
from projects.spreadsheets.zones import ZoneFinder
from territories.models import Department, Structure, Zone

MOST_CHARACTERS = 100_000
TWIN = "Une structure de même nature et de même nom est déjà dans ce département : modifiez-la."


class StructureForm(DsfrBaseForm, GuardedModelForm):
    """Once valid: `zones`, and `doubts` (what was understood of a misspelt name)."""

    zones_text = LongTextField(
        label="Communes couvertes",
        rows=5,
        limit=MOST_CHARACTERS,
        help_text="Une par ligne ou séparées par des virgules : noms ou codes Insee, anciens compris. Une au moins est "
        "dans le département.",
    )
    since = DayField(label="Depuis le", required=False)
    last_day = DayField(label="Jusqu'au", required=False, help_text="Dernier jour compris ; vide si elle existe.")

    class Meta:
        model = Structure
        fields = ["department", "kind", "name", "contact", "since", "source"]
        help_texts = {
            "contact": "Qui appeler : nom, téléphone ou courriel.",
            "source": "D'où on le sait : un fichier et sa date, une personne.",
        }

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["zones_text"] = self._zones_now("\n")
        self.initial["last_day"] = self.instance.last_day
        self.fields["department"].queryset = Department.objects.filter(pk__in=by.own_departments)
        if len(by.own_departments) == 1:
            self.fields["department"].initial = next(iter(by.own_departments))
        self.fields["kind"].choices = [("", "Choisissez"), *Structure.Kind.choices]

    def shown_now(self) -> Shown:
        if self.instance.pk is None:
            return {}
        last_day = in_words(self.instance.last_day)
        return {**super().shown_now(), "Jusqu'au": last_day, "Communes couvertes": self._zones_now(", ")}

    def _zones_now(self, separator: str) -> str:
        return separator.join(map(str, self.instance.zones.order_by("code") if self.instance.pk else []))

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        self._read_zones(said.get("zones_text", ""), said.get("department"))
        since, last_day = said.get("since"), said.get("last_day")
        if since and last_day and last_day < since:
            self.add_error("last_day", f"La fin précède le début, le {in_words(since)}.")
        self._refuse_twin(said)
        return said

    def _read_zones(self, text: str, department: Department | None) -> None:
        self.zones, self.doubts = [], []
        if not text or department is None:
            return
        found = read_communes(ZoneFinder(), text, department.pk)
        self.zones, self.doubts = list(Zone.objects.filter(code__in=found.codes)), found.doubts
        if found.refused:
            self.add_error("zones_text", found.refused)
        elif all(zone.department_id != department.pk for zone in self.zones):
            self.add_error("zones_text", f"Aucune de ces communes n'est dans le département {department}.")

    def _post_clean(self) -> None:
        super()._post_clean()
        last_day = self.cleaned_data.get("last_day")
        self.instance.until = last_day + timedelta(days=1) if last_day else None

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if not search_form(name):
            raise ValidationError("Ce nom n'a ni lettre ni chiffre.")
        return name

    def _refuse_twin(self, said: dict[str, Any]) -> None:
        """The model's own check would read the name as it was searched before this change."""
        key = {name: said.get(name) for name in ("kind", "department", "name")}
        if not all(key.values()):
            return
        key["search_name"] = search_form(key.pop("name"))
        if Structure.objects.filter(**key).exclude(pk=self.instance.pk).exists():
            self.add_error("name", TWIN)

    def save(self) -> Structure:
        structure = super().save()
        structure.zones.set(self.zones)
        return structure


class StructureSheetForm(SheetForm):
    subject = ImportBatch.Subject.STRUCTURES
    file = sheet_field("Fichier des structures")

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, user=user, **kwargs)
        if len(user.own_departments) == 1:
            self.fields["department"].initial = next(iter(user.own_departments))

    def understand(self, content: bytes, filename: str) -> Any:
        return read(content, filename)
