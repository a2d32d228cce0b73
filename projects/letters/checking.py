"""Whether a Word file can serve as the model of a letter: what it is, the fields it names, what it must say."""

import difflib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping

import docx
from django.core.exceptions import ValidationError
from django.core.files import File
from docx.opc.exceptions import OpcError
from jinja2 import TemplateError
from lxml.etree import LxmlError

from ground.templatetags.french import weight
from ground.text import search_form
from projects.letters.fields import ESSENTIAL_KEYS, FIELDS, MENTIONS, Mention, Values, fields_of
from projects.letters.rendering import TooIntricate, Usage, fill, text_of, told, usage_of
from projects.models.letters import DOCX, LetterKind
from projects.ooxml import parsed, relations, runs_something
from projects.uploads import Judged, judge

MAX_BYTES = 3 * 1024 * 1024
MAX_INFLATED_BYTES = 20_000_000
UNREADABLE = "Ce document ne s'ouvre pas. Ouvrez-le dans Word, enregistrez-le au format .docx, puis renvoyez-le."
NOT_ALONE = re.compile(r"^word/(embeddings|activeX)/", re.IGNORECASE)
TOO_INTRICATE = "Ce modèle est trop long ou contient trop de champs : 500 au plus. Raccourcissez-le."
EMBEDDED = "Ce modèle contient un objet incorporé (feuille de calcul, contrôle…) : remplacez-le par une image."
FETCHING = "Ce modèle va chercher une image ou un modèle hors du document : incorporez-la, ou retirez ce lien."
RUNNING = "Ce modèle contient un champ Word qui insère un autre fichier ou appelle un programme : retirez-le."
CARRIED = {
    "officeDocument", "core-properties", "extended-properties", "custom-properties", "thumbnail",
    "classificationlabels", "styles", "stylesWithEffects", "settings", "webSettings", "fontTable", "font", "theme",
    "numbering", "customXml", "customXmlProps", "header", "footer", "footnotes", "endnotes",
    "comments", "commentsExtended", "commentsIds", "commentsExtensible", "people",
    "glossaryDocument", "image", "hdphoto", "hyperlink",
}  # fmt: skip
UNREADABLE_ERRORS = (
    OpcError, LxmlError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RecursionError, MemoryError,
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError, SyntaxError,
)  # fmt: skip


def check_model(file: File, kind: LetterKind) -> Judged:
    """What is kept of a file that can be the model of this letter; it is filled once to make sure.

    Raises ValidationError with every reason why it cannot.
    """
    if file.size > MAX_BYTES:
        raise ValidationError(f"Ce modèle pèse {weight(file.size)} : {weight(MAX_BYTES)} au plus. Réduisez ses images.")
    judged = judge(file)
    if judged.content_type != DOCX:
        raise ValidationError("Un modèle de courrier est un document Word (.docx).")
    file.seek(0)
    content = file.read()
    file.seek(0)
    try:
        refusals = foreign_parts(content) or _misused(content, kind) or _unsaid_by(content, kind)
    except TooIntricate as error:
        raise ValidationError(TOO_INTRICATE) from error
    except UNREADABLE_ERRORS as error:
        raise ValidationError(UNREADABLE) from error
    if refusals:
        raise ValidationError(refusals)
    return judged


def foreign_parts(content: bytes) -> list[str]:
    """What a letter may not carry: it is text and images, nothing that runs or that Word would fetch elsewhere."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_INFLATED_BYTES:
            return ["Ce modèle est démesuré une fois décompressé. Réduisez ses images."]
        parts = {name.lower(): archive.read(name) for name in archive.namelist()}
    related = [relation for name, part in parts.items() if name.endswith(".rels") for relation in relations(part)]
    if any(relation.is_external and relation.type != "hyperlink" for relation in related):
        return [FETCHING]
    if any(map(NOT_ALONE.match, parts)) or any(relation.type not in CARRIED for relation in related):
        return [EMBEDDED]
    return [RUNNING] if any(_runs_something(name, part) for name, part in parts.items()) else []


def _runs_something(name: str, part: bytes) -> bool:
    try:
        return runs_something(parsed(part))
    except LxmlError:
        if name.endswith((".xml", ".rels")):
            raise
        return False


def _misused(content: bytes, kind: LetterKind) -> list[str]:
    """Badly written or unknown fields, and the mentions that the model has no field for."""
    fields = fields_of(kind)
    usage = usage_of(content, fields)
    properties = docx.Document(io.BytesIO(content)).core_properties
    if any("{{" in text or "{%" in text for text in (properties.title, properties.subject, properties.comments)):
        usage.refusals.append(
            "Les propriétés du document (titre, objet…) contiennent un champ : mettez-le dans le texte."
        )
    refusals = [*usage.refusals, *(_unknown(name, kind) for name in sorted(usage.unknown))]
    return refusals or _without_field(usage, kind)


def _unknown(name: str, kind: LetterKind) -> str:
    fields = fields_of(kind)
    if name in FIELDS:
        return f"Le champ « {name} » n'existe pas dans ce courrier ({kind.label}) : retirez-le."
    known = [*fields, *(f"{loop}.{key}" for loop in ("point", "piece", "ligne") for key in _keys(kind))]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Vouliez-vous écrire « {near[0]} » ?" if near else ""
    return f"Le champ « {name} » n'existe pas.{hint} La liste des champs est sur la page des modèles."


def _keys(kind: LetterKind) -> set[str]:
    return {key for field in fields_of(kind).values() for key in field.keys}


def _without_field(usage: Usage, kind: LetterKind) -> list[str]:
    return [
        f"Ce modèle ne dit pas {mention.told} ({mention.basis}) : il y manque le champ « {name} »."
        for mention in MENTIONS[kind]
        for name in mention.fields
        if name not in usage.named
    ]


def _unsaid_by(content: bytes, kind: LetterKind) -> list[str]:
    """Fills the model with invented values and reads it again: what it must say has to be there."""
    values = {name: field.sample for name, field in fields_of(kind).items()}
    try:
        filled = fill(content, values)
    except TemplateError:
        return [UNREADABLE]
    if added := foreign_parts(filled):
        return added
    text = text_of(filled)
    if "{{" in text or "{%" in text:
        return ["Un champ n'est pas rempli : il est écrit là où les champs ne sont pas lus. Placez-le dans le texte."]
    return [
        f"Ce modèle ne dit pas toujours {mention.told} ({mention.basis})." for mention in unsaid(kind, values, text)
    ]


def unsaid(kind: LetterKind, values: Values, text: str) -> list[Mention]:
    """The mentions that `text`, a letter filled with `values`, does not carry although there is something to say."""
    said = search_form(text)
    return [
        mention
        for mention in MENTIONS[kind]
        if any(search_form(each) not in said for each in [*mention.phrases, *_told_by(mention, values)])
    ]


def _told_by(mention: Mention, values: Values) -> Iterator[str]:
    for name in mention.fields:
        value = values[name]
        for item in value if isinstance(value, list) else [value]:
            yield from (item[key] for key in ESSENTIAL_KEYS[name]) if isinstance(item, Mapping) else [told(item)]
