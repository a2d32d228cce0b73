"""Documents of a project, private and checked, and the library of kits that goes with each phase."""

from pathlib import PurePath

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from ground.periods import Period
from projects.models.recorded import Recorded
from projects.models.stage import Stage
from projects.phases import Phase


class DocumentType(models.Model):
    """A kind of document, of one phase or of any; administrators keep the list. Retired ones stay for old documents."""

    name = models.CharField("nom", max_length=120, unique=True)
    phase = models.CharField("phase", max_length=20, choices=Phase, blank=True, help_text="Vide : à toute phase.")
    is_required = models.BooleanField("attendu dans le dossier", default=False)
    is_in_use = models.BooleanField("proposé", default=True)
    position = models.PositiveSmallIntegerField("rang", default=0)
    help = models.CharField("précision", max_length=300, blank=True)

    class Meta:
        verbose_name = "type de document"
        verbose_name_plural = "types de document"
        ordering = ["phase", "position", "name"]

    def __str__(self) -> str:
        return self.name


def extension(filename: str) -> str:
    """The format of a file as people name it: PDF, DOCX."""
    return PurePath(filename).suffix[1:].upper()


def document_path(document: "Document", filename: str) -> str:
    """Where a file is kept: under a name of ours, never the one it was sent with."""
    return f"documents/{document.project_id}/{document.sha256[:24]}"


class Document(Recorded):
    """A file of a project. Withdrawn ones are kept with the reason; the file itself is never changed."""

    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="documents", verbose_name="projet")
    stage = models.ForeignKey(
        Stage, models.SET_NULL, null=True, blank=True, related_name="documents", verbose_name="étape"
    )
    type = models.ForeignKey(DocumentType, models.PROTECT, related_name="documents", verbose_name="type")
    title = models.CharField("titre", max_length=200, blank=True)
    dated_on = models.DateField("daté du", null=True, blank=True)
    file = models.FileField("fichier", upload_to=document_path)
    filename = models.CharField("nom du fichier", max_length=200)
    content_type = models.CharField("nature du contenu", max_length=100)
    size = models.PositiveIntegerField("taille en octets")
    sha256 = models.CharField("empreinte", max_length=64)
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)
    withdrawal = models.CharField("raison du retrait", max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "document"
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(withdrawal=""),
                name="document_is_withdrawn_for_a_reason",
                violation_error_message="Dites pourquoi le document est retiré.",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.filename

    @property
    def extension(self) -> str:
        return extension(self.filename)


def library_path(entry: "LibraryEntry", filename: str) -> str:
    return f"library/{entry.sha256[:24]}"


class LibraryEntry(Period):
    """A kit, a model or a guide for a phase, as a file or an address, in use between two dates."""

    phase = models.CharField("phase", max_length=20, choices=Phase)
    title = models.CharField("titre", max_length=200)
    description = models.TextField("à quoi cela sert", blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    link = models.URLField("adresse", blank=True)
    file = models.FileField("fichier", upload_to=library_path, blank=True)
    filename = models.CharField("nom du fichier", max_length=200, blank=True, editable=False)
    content_type = models.CharField("nature du contenu", max_length=100, blank=True, editable=False)
    size = models.PositiveIntegerField("taille en octets", null=True, editable=False)
    sha256 = models.CharField("empreinte", max_length=64, blank=True, editable=False)
    position = models.PositiveSmallIntegerField("rang", default=0)

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "outil de la bibliothèque"
        verbose_name_plural = "bibliothèque"
        ordering = ["phase", "position", "title"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_provided(self) -> bool:
        """Whether it can be opened: without a file or an address, the region has still to provide it."""
        return bool(self.file or self.link)

    @property
    def extension(self) -> str:
        return extension(self.filename)
