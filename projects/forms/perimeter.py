"""The forms of the perimeter's editor: a pasted list, a file, and the record of what was composed."""

from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import LongTextField, PastDayField
from projects.composing import seal
from projects.models import PerimeterDraft, Project
from projects.pasted_zones import MOST_CHARACTERS, Pasted, understood
from projects.perimeters import change_perimeter
from projects.states import State
from territories.geometry_files import Covered, assign, read_drawing
from territories.models import PerimeterChange, Zone

MAY_BE_EMPTY = frozenset({None, State.INITIATIVE, State.FORMALISING})  # nothing is filed yet
MOVED = (
    "Votre composition a changé dans une autre fenêtre : la page la montre maintenant. Vérifiez-la, puis enregistrez."
)


class PasteForm(DsfrBaseForm):
    """Once valid: `pasted`."""

    pasted: Pasted
    text = forms.CharField(
        label="Communes",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="Une par ligne ou séparées par des virgules : noms ou codes Insee, anciens compris. Écrivez "
        "« en partie » après une commune que le projet ne couvre pas toute.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        self.project = project
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs.pop("maxlength", None)  # it would cut what is pasted

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        self.pasted = understood(text, self.project)
        return text


class FileForm(DsfrBaseForm):
    """A territory drawn elsewhere, or a list of communes. Once valid: `covered` and `warnings`, or `text`."""

    covered: Sequence[Covered] = ()
    warnings: Sequence[str] = ()
    text = ""
    file = forms.FileField(
        label="Fichier",
        widget=forms.FileInput(attrs={"accept": ".geojson,.json,.kml,.csv,.txt", "class": "fr-upload"}),
        help_text="Un tracé (GeoJSON ou KML, exporté de QGIS par exemple), ou une liste (CSV, texte).",
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.name.lower().endswith((".csv", ".txt")):
            self.text = _list_in(file)
        else:
            drawn = read_drawing(file)
            self.covered, self.warnings = assign(drawn.geometry), drawn.warnings
        return file


def _list_in(file: UploadedFile) -> str:
    if file.size > MOST_CHARACTERS:
        raise ValidationError("Cette liste est trop longue : un million de caractères au plus.")
    content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise ValidationError("Ce fichier n'est pas un texte : enregistrez la liste en CSV.")
    return text.replace('"', "")


class RecordForm(DsfrBaseForm):
    """Records a composition as the perimeter from a day on; `draft` is locked, as is the project."""

    since = PastDayField(label="En vigueur depuis le", help_text="Aujourd'hui au plus tard.")
    reason = LongTextField(
        rows=2,
        label="Motif",
        help_text="Ce qui a décidé ce périmètre : il reste dans l'historique du territoire.",
    )
    is_empty_meant = forms.BooleanField(label="Le projet n'a plus de territoire, et je le veux ainsi", required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, project: Project, draft: PerimeterDraft | None, **kwargs) -> None:
        self.project, self.draft = project, draft
        super().__init__(*args, initial={"since": timezone.localdate()}, **kwargs)

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        zones = self.draft.zones if self.draft else {}
        if self.draft and data.get("seen") != seal(zones):
            raise ValidationError(MOVED)
        if self.draft and not zones:
            self._refuse_empty(data)
        return data

    @property
    def why_not_empty(self) -> str:
        """Why the project cannot be left without territory; empty when it can, once confirmed."""
        if self.project.state_on_day(timezone.localdate()) in MAY_BE_EMPTY:
            return ""
        return "Le périmètre est vide : un projet dont la lettre d'intention est déposée a un territoire."

    def _refuse_empty(self, data: dict) -> None:
        if self.why_not_empty:
            raise ValidationError(self.why_not_empty)
        if not data.get("is_empty_meant"):
            raise ValidationError("Le périmètre est vide : cochez la case qui le confirme, ou ajoutez des communes.")

    def save(self, by: User) -> PerimeterChange | None:
        """None when nothing changes. Raises ValidationError with the reason why it cannot be recorded."""
        held = self.draft.zones
        zones = Zone.objects.in_bulk(list(held), field_name="code")
        if gone := held.keys() - zones.keys():
            raise ValidationError(f"Ces zones n'existent plus : {', '.join(sorted(gone))}. Retirez-les d'abord.")
        return change_perimeter(
            self.project,
            [zone for code, zone in zones.items() if not held[code]],
            self.cleaned_data["since"],
            partial=[zone for code, zone in zones.items() if held[code]],
            reason=self.cleaned_data["reason"],
            by=by,
        )
