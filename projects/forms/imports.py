"""The upload of a spreadsheet: what cannot be read is refused at once, before anything is stored."""

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from projects.models import ImportBatch
from projects.spreadsheets import opening
from projects.spreadsheets.plan import read
from projects.spreadsheets.reading import UnreadableFile
from territories.models import Department

STATUSES = {
    opening.TOO_LARGE: 413,
    opening.too_large(opening.MOST_COMMUNES): 413,
    opening.NOT_A_SPREADSHEET: 415,
}
ACCEPTED = ".xlsx,.xls,.ods,.csv"


def sheet_field(label: str) -> forms.FileField:
    return forms.FileField(
        label=label,
        help_text="xlsx, xls, ods ou csv, 5 Mo au plus. Rien n'est écrit avant que vous ayez relu et confirmé.",
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "class": "fr-upload"}),
        allow_empty_file=True,
    )


class SheetForm(DsfrBaseForm):
    """A spreadsheet of one subject. `status` is the HTTP status of an answer that refuses it."""

    subject: ImportBatch.Subject
    file = sheet_field("Fichier")
    department = forms.ModelChoiceField(
        Department.objects.none(),
        label="Département",
        required=False,
        empty_label="Celui que dit le fichier",
        help_text="Pour les lignes qui ne disent pas le leur.",
    )
    status = 400

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["department"].queryset = Department.objects.filter(pk__in=user.own_departments)

    def understand(self, content: bytes, filename: str) -> Any:
        """What the file says. Raises UnreadableFile."""
        raise NotImplementedError

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        try:
            if file.size > opening.MAX_BYTES:
                raise UnreadableFile(opening.TOO_LARGE)
            self.content = file.read()
            self.understand(self.content, file.name)
        except UnreadableFile as error:
            self.status = STATUSES.get(error.message_fr, 422)
            raise ValidationError(error.message_fr) from error
        return file

    def save(self) -> ImportBatch:
        """The batch to review; the same file sent again before it was written is the same batch."""
        file, sha256 = self.cleaned_data["file"], hashlib.sha256(self.content).hexdigest()
        sent = ImportBatch.objects.for_user(self.user).about(self.subject)
        batch = sent.filter(sha256=sha256, written_at=None).first()
        if batch is None:
            batch = ImportBatch(subject=self.subject, sha256=sha256, uploaded_by=self.user)
        if not batch.file or not batch.file.storage.exists(batch.file.name):
            batch.file = file
        batch.filename = file.name[:200]
        batch.department = self.cleaned_data["department"]
        batch.as_of = self.cleaned_data.get("as_of")
        batch.save()
        return batch


class UploadForm(SheetForm):
    subject = ImportBatch.Subject.PROJECTS
    file = sheet_field("Tableau de suivi")
    as_of = PastDayField(
        label="Situation au", required=False, help_text="Par défaut la date du titre du tableau, sinon aujourd'hui."
    )

    def understand(self, content: bytes, filename: str) -> Any:
        return read(content, filename)
