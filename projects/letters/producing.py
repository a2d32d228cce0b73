"""Producing a letter: the model in force, filled with what is recorded, kept as a document with its frozen values."""

import hashlib
import re
import unicodedata

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from jinja2 import TemplateError

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.letters.checking import UNREADABLE_ERRORS, foreign_parts, unsaid
from projects.letters.fields import FIELDS, L114_5, Values, fields_of, must_be_told
from projects.letters.rendering import Usage, fill, text_of, told, usage_of
from projects.letters.subject import NOT_YOURS, Subject, may_produce, subject_of
from projects.letters.values import Said, values_of
from projects.models import Document, DocumentType, Letter, LetterKind, LetterModel, Project
from projects.models.letters import DOCX
from projects.workflow import lock

DOCUMENT_TYPE = "Courrier produit"
NO_MODEL = (
    "Aucun modèle n'est en vigueur pour ce courrier : un responsable en dépose un sur la page des modèles de courriers."
)
UNUSABLE = "Le modèle en vigueur ne se remplit pas. Déposez-en un autre sur la page des modèles de courriers."
FILENAMES = {
    LetterKind.ACKNOWLEDGEMENT: "AR-projet-de-sante",
    LetterKind.PIECES: "Demande-de-pieces",
    LetterKind.JOINT_LETTER: "Courrier-conjoint",
    LetterKind.OPPOSITION: "Opposition",
    LetterKind.VALIDATION: "Validation-projet-de-sante",
    LetterKind.ATTESTATION: "Attestation-validation-tacite",
}


def model_in_force(project: Project, kind: LetterKind) -> LetterModel:
    """The model of the lead department if it has one, else the common one. Raises ValidationError without any."""
    own_or_common = Q(department=project.lead_department_id) | Q(department=None)
    models = LetterModel.objects.on(timezone.localdate()).filter(own_or_common, kind=kind)
    chosen = max(models, key=lambda model: (model.department_id is not None, model.since, model.pk), default=None)
    if chosen is None:
        raise ValidationError(NO_MODEL)
    return chosen


def content_of(model: LetterModel) -> bytes:
    """Raises ValidationError when the file is lost."""
    try:
        with model.file.open() as file:
            return file.read()
    except OSError as error:
        raise ValidationError(UNUSABLE) from error


def usage_by(content: bytes, kind: LetterKind) -> Usage:
    """Raises ValidationError for a file that is damaged since it was checked."""
    try:
        return usage_of(content, fields_of(kind))
    except UNREADABLE_ERRORS as error:
        raise ValidationError(UNUSABLE) from error


def missing(kind: LetterKind, values: Values, usage: Usage) -> dict[str, str]:
    """The fields without which this letter is not produced, each with why; a model may do without on condition."""
    reasons = {name: f"{mention.told} ({mention.basis})" for name, mention in must_be_told(kind, values).items()}
    needed = {name for name in usage.always if not FIELDS[name].may_be_empty}
    lacking = {
        name: reasons.get(name, field.meaning)
        for name, field in fields_of(kind).items()
        if (name in reasons or name in needed) and not told(values[name]).strip()
    }
    if any(not piece["avant_le"] for piece in values.get("pieces", ())):
        lacking["pieces"] = f"le délai donné pour fournir les pièces ({L114_5})"
    return lacking


def produce(user: User, project_pk: int, kind: LetterKind, said: Said) -> Letter:
    """Write the letter on what is recorded today, and keep it with its values.

    Raises Project.DoesNotExist out of scope, PermissionDenied for who does not write this letter, ValidationError with
    every reason when it has no reason to be, when something that it must say is missing or when its model is unusable.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), project_pk)
        if not may_produce(user, project, kind):
            raise PermissionDenied(NOT_YOURS)
        subject = subject_of(project, kind)
        refuse_what_is_past(subject, said)
        model = model_in_force(project, kind)
        values = values_of(subject, said)
        content = merge(kind, content_of(model), values)
        document = _keep(subject, said, content, by=user)
        return Letter.objects.create(
            stage=subject.stage,
            project=project,
            kind=kind,
            model=model,
            document=document,
            values=values,
            recorded_by=user,
        )


def refuse_what_is_past(subject: Subject, said: Said) -> None:
    if said.request and said.request not in subject.awaited:
        raise ValidationError("Ces pièces ne sont plus attendues : relisez l'onglet «\u00a0Instruction\u00a0».")
    if subject.kind == LetterKind.ATTESTATION and said.dated_on < subject.stage.since:
        raise ValidationError(
            f"Le projet n'est validé par le silence que depuis le {in_words(subject.stage.since)} : l'attestation ne "
            "peut pas être datée d'avant."
        )
    if said.dated_on < subject.examined.since:
        raise ValidationError(
            f"Daté du {in_words(said.dated_on)}, ce courrier précéderait le dépôt dont il parle "
            f"({in_words(subject.examined.since)}) : vérifiez sa date."
        )


def merge(kind: LetterKind, model: bytes, values: Values) -> bytes:
    """The letter as a Word document, read again before it is given. Raises ValidationError as `produce` does."""
    if lacking := missing(kind, values, usage_by(model, kind)):
        raise ValidationError([f"Il manque : {why} – {FIELDS[name].where}." for name, why in lacking.items()])
    try:
        content = fill(model, values)
        text, added = text_of(content), foreign_parts(content)
    except (TemplateError, *UNREADABLE_ERRORS) as error:
        raise ValidationError(UNUSABLE) from error
    if added:
        raise ValidationError(UNUSABLE)
    if left_out := unsaid(kind, values, text):
        raise ValidationError(
            [f"Le modèle en vigueur ne dit pas {mention.told} ({mention.basis}) : corrigez-le." for mention in left_out]
        )
    return content


def _keep(subject: Subject, said: Said, content: bytes, *, by: User) -> Document:
    kind_of_document, _ = DocumentType.objects.get_or_create(name=DOCUMENT_TYPE, defaults={"is_in_use": False})
    name = f"{FILENAMES[subject.kind]}-{_plain(subject.project.name)}-{said.dated_on:%Y-%m-%d}.docx"
    document = Document(
        project=subject.project,
        stage=subject.stage,
        type=kind_of_document,
        title=subject.kind.label,
        dated_on=said.dated_on,
        filename=name,
        content_type=DOCX,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        recorded_by=by,
    )
    document.file.save(name, ContentFile(content), save=True)
    return document


def _plain(name: str) -> str:
    """A project's name as any file system takes it: « CPTS de l'Étang » → CPTS-de-l-Etang."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")[:80] or "projet"
