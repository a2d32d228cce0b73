"""Adding a document to a project, and keeping the library: both judge what is sent by its content."""

from dataclasses import asdict
from datetime import date

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import DayField
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted, short_day, weight
from projects import uploads
from projects.models import Document, DocumentType, LibraryEntry, Project, Stage
from projects.phases import PHASE_OF, Phase
from projects.states import State

CHOOSE_AGAIN = "Choisissez de nouveau le fichier : un navigateur ne le garde pas quand la page revient."
ANY_PHASE = "À toute phase"


class DocumentForm(DsfrBaseForm):
    """`status` is the HTTP status of the answer when the form is refused."""

    type = forms.ModelChoiceField(
        DocumentType.objects.filter(is_in_use=True), label="Type de document", empty_label="Choisissez un type"
    )
    title = forms.CharField(label="Titre", required=False, max_length=200, help_text="Par défaut, le nom du fichier.")
    stage = forms.ModelChoiceField(
        Stage.objects.none(), label="Étape", required=False, empty_label="Aucune en particulier"
    )
    dated_on = DayField(label="Daté du", required=False, help_text="La date que porte le document.")
    file = forms.FileField(
        label="Fichier", widget=forms.FileInput(attrs={"accept": uploads.EXTENSIONS, "class": "fr-upload"})
    )

    def __init__(self, *args, project: Project, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project, self.user = project, user
        today = timezone.localdate()
        current = project.stage_on(today)
        self.initial.setdefault("stage", current)
        self.fields["type"].choices = types_by_phase(PHASE_OF.get(current.state) if current else None)
        self.fields["stage"].queryset = project.stages.filter(since__lte=today).order_by("-since", "-pk")
        self.fields["stage"].label_from_instance = lambda stage: (
            f"{State(stage.state).short_label}, depuis le {short_day(stage.since)}"
        )
        self["file"].help_text = f"{uploads.ACCEPTED}. {weight(settings.UPLOAD_MAX_BYTES)} au plus."

    def clean_dated_on(self) -> date | None:
        dated_on = self.cleaned_data["dated_on"]
        if dated_on and dated_on > timezone.localdate():
            raise ValidationError("Cette date est dans le futur.")
        return dated_on

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        self.judged = uploads.judge(file)
        if twin := self.project.documents.filter(sha256=self.judged.sha256, withdrawn_at=None).first():
            raise ValidationError(
                f"Ce fichier est déjà là : {quoted(twin)} ({twin.type}), ajouté le {in_words(twin.recorded_at)}."
            )
        return file

    def clean(self) -> dict:
        if self.errors and "file" in self.cleaned_data:
            self.add_error("file", CHOOSE_AGAIN)
        return self.cleaned_data

    @property
    def status(self) -> int:
        codes = (error.code for error in self.errors.as_data().get("file", []))
        return next((uploads.STATUSES[code] for code in codes if code in uploads.STATUSES), 422)

    def save(self) -> Document:
        return Document.objects.create(
            project=self.project, recorded_by=self.user, **self.cleaned_data, **asdict(self.judged)
        )


def types_by_phase(current: Phase | None) -> list[tuple[str, object]]:
    """What a select offers: the types in use by phase, those of the current phase first, those of any phase next."""
    types = list(DocumentType.objects.filter(is_in_use=True))
    first = [current] if current else []
    groups = [*first, "", *(phase for phase in Phase if phase != current)]
    offered = [
        (phase.label if phase else ANY_PHASE, [(type_.pk, type_.name) for type_ in types if type_.phase == phase])
        for phase in groups
    ]
    return [("", "Choisissez un type"), *((label, rows) for label, rows in offered if rows)]


class LibraryEntryForm(forms.ModelForm):
    """An entry of the library in the admin; a new file takes the place of the former one."""

    link = forms.URLField(label="Adresse", required=False, assume_scheme="https")

    class Meta:
        model = LibraryEntry
        fields = ["phase", "position", "title", "description", "source", "link", "file", "since", "until"]
        widgets = {"file": forms.FileInput(attrs={"accept": uploads.EXTENSIONS})}

    def clean_file(self) -> UploadedFile | None:
        file = self.cleaned_data.get("file")
        if isinstance(file, UploadedFile):
            for name, value in asdict(uploads.judge(file)).items():
                setattr(self.instance, name, value)
        return file
