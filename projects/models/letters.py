"""Letters: models in Word that staff replace, and what was produced from them."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from ground.periods import Period
from projects.models.documents import Document
from projects.models.recorded import Recorded
from projects.models.stage import Stage
from territories.models import Department


class LetterKind(models.TextChoices):
    ACKNOWLEDGEMENT = "acknowledgement", "Accusé de réception du projet de santé"
    PIECES = "pieces", "Demande de pièces manquantes"
    JOINT_LETTER = "joint_letter", "Courrier conjoint validant la lettre d'intention"
    OPPOSITION = "opposition", "Opposition au projet de santé"
    VALIDATION = "validation", "Validation du projet de santé"
    ATTESTATION = "attestation", "Attestation de validation tacite"


def model_path(model: "LetterModel", filename: str) -> str:
    return f"letter-models/{model.sha256[:24]}"


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class LetterModel(Period):
    """A .docx with merge fields; one of a department takes the place of the one of the whole country."""

    content_type = DOCX

    kind = models.CharField("courrier", max_length=20, choices=LetterKind)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="département"
    )
    file = models.FileField("modèle", upload_to=model_path)
    filename = models.CharField("nom du fichier", max_length=200)
    sha256 = models.CharField("empreinte", max_length=64)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="déposé par"
    )

    class Meta(Period.Meta):
        abstract = False
        verbose_name = "modèle de courrier"
        verbose_name_plural = "modèles de courrier"
        ordering = ["kind", "-since", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.department or 'modèle commun'}"


class Letter(Recorded):
    """A letter that was produced: its model, the values merged into it, and the document that came out."""

    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, related_name="letters", verbose_name="étape")
    project = models.ForeignKey("projects.Project", models.CASCADE, related_name="letters", verbose_name="projet")
    kind = models.CharField("courrier", max_length=20, choices=LetterKind)
    model = models.ForeignKey(LetterModel, models.PROTECT, related_name="letters", verbose_name="modèle")
    document = models.OneToOneField(Document, models.CASCADE, related_name="letter", verbose_name="document")
    values = models.JSONField("champs fusionnés", default=dict)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "courrier"
        verbose_name_plural = "courriers"
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return self.get_kind_display()
