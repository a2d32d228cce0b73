"""The models of letters as shipped (fixtures/kit/letters), in force until a department or the country replaces them."""

import hashlib

from django.conf import settings
from django.core.files.base import ContentFile

from ground.days import FIRST_DAY
from projects.models import LetterKind, LetterModel

FOLDER = settings.BASE_DIR / "fixtures" / "kit" / "letters"
FILES = {
    LetterKind.ACKNOWLEDGEMENT: "accuse-de-reception.docx",
    LetterKind.PIECES: "demande-de-pieces.docx",
    LetterKind.JOINT_LETTER: "courrier-conjoint.docx",
    LetterKind.OPPOSITION: "opposition.docx",
    LetterKind.VALIDATION: "validation.docx",
    LetterKind.ATTESTATION: "attestation.docx",
}


def load() -> str:
    """Add the common model of each letter that has none; one that was replaced stays replaced."""
    known = set(LetterModel.objects.filter(department=None).values_list("kind", flat=True))
    added = [kind for kind in FILES if kind not in known]
    for kind in added:
        content = (FOLDER / FILES[kind]).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        model = LetterModel(kind=kind, since=FIRST_DAY, filename=FILES[kind], sha256=sha256)
        model.file.save(FILES[kind], ContentFile(content), save=True)
    return f"Modèles de courriers : {len(added)} ajoutés, {len(known)} gardés"
