"""What the tests of letters share: institutions that can be written to, models in Word, letters read again."""

import io
import zipfile
from collections.abc import Iterable
from datetime import date, timedelta

import docx
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Institution, User
from projects.kit.letters import FILES, FOLDER
from projects.letters.checking import check_model
from projects.letters.fields import MENTIONS
from projects.letters.rendering import text_of
from projects.letters.values import Said
from projects.models import Letter, LetterKind, LetterModel, Project, Promoter
from projects.states import State
from tests.factories import ProjectFactory

TOLD = {
    "service": "Pôle offre de soins",
    "address": "1 avenue de la République\n93000 Bobigny",
    "city": "Bobigny",
    "email": "cpts@exemple.fr",
    "phone": "01 02 03 04 05",
}


def ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def filed(days: int = 20, **said: object) -> Project:
    """A project whose health project the ARS received some days ago; more than two months ago, silence validated it."""
    return project_with([(State.ENGINEERING, ago(days + 100)), (State.FILED, ago(days))], **said)


def tell_institution(user: User, **said: str) -> Institution:
    """The institution of `user` with all that a letter says of it, but for what `said` changes."""
    for name, value in (TOLD | said).items():
        setattr(user.institution, name, value)
    user.institution.save()
    return user.institution


def project_with(stages: Iterable[tuple[str, date]], **said: object) -> Project:
    promoter = Promoter.objects.create(name="Association Nord Santé")
    return ProjectFactory(**{"name": "CPTS Nord", "promoter": promoter, "stages": list(stages)} | said)


def said_by(ars: User, cpam: User | None = None, **more: object) -> Said:
    told = {
        "dated_on": timezone.localdate(),
        "addressee": "Association Nord Santé\n1 rue de la Paix",
        "ars": ars.institution,
        "insurance": cpam.institution if cpam else None,
        "signatory": "Anne Vidal",
        "signatory_title": "Directrice de la délégation",
    }
    return Said(**told | more)


def text_in(letter: Letter) -> str:
    """The text of the Word document that was kept."""
    with letter.document.file.open() as file:
        return text_of(file.read()).replace("\u00a0", " ")


def shipped(kind: LetterKind) -> ContentFile:
    return ContentFile((FOLDER / FILES[kind]).read_bytes(), name=FILES[kind])


def word(*paragraphs: str, header: str = "", name: str = "modele.docx") -> ContentFile:
    """A Word document with these paragraphs."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if header:
        document.sections[0].header.paragraphs[0].add_run(header)
    output = io.BytesIO()
    document.save(output)
    return ContentFile(output.getvalue(), name=name)


def complete(kind: LetterKind) -> list[str]:
    """The least that a model of this kind says: every mention that it must carry, one a paragraph."""
    lines = []
    for mention in MENTIONS[kind]:
        lines += [f"{{{{ {name} }}}}" for name in mention.fields] + list(mention.phrases)
    return lines


def why_refused(file: ContentFile, kind: LetterKind) -> list[str]:
    """Why a file cannot be the model of this letter; empty when it can."""
    try:
        check_model(file, kind)
    except ValidationError as refusal:
        return refusal.messages
    return []


def add_model(kind: LetterKind, *paragraphs: str, **said: object) -> LetterModel:
    """A model put in force without the page's checks."""
    model = LetterModel(kind=kind, filename="modele.docx", sha256="0" * 64, **{"since": date(2020, 1, 1)} | said)
    model.file.save("modele.docx", word(*paragraphs))
    return model


def repacked(file: ContentFile, add: dict[str, bytes] | None = None, change=lambda name, part: part) -> ContentFile:
    """The same Word document with other parts."""
    output = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        for name, part in (add or {}).items():
            target.writestr(name, part)
    return ContentFile(output.getvalue(), name="modele.docx")
