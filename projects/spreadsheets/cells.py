"""What does one cell say? Each reader returns a value, None for a cell that says nothing, or raises CellError."""

import math
import re
from collections.abc import Mapping
from datetime import date

from ground.text import search_form
from projects.spreadsheets.opening import CellValue
from projects.spreadsheets.sandbox import NO_VALUE
from projects.spreadsheets.zone_names import without_article

BLANKS = frozenset({"", "nc", "n c", "nr", "n r", "ns", "na", "n a", "so", "s o", "neant", "sans objet", "inconnu",
                    "inconnue", "non connu", "non connue", "non renseigne", "non renseignee", "non communique",
                    "a completer", "a renseigner", "a preciser"})  # fmt: skip
YES = frozenset({"oui", "o", "x", "1", "vrai", "true", "yes", "y", "ok", "signe", "signee", "fait"})
NO = frozenset({"non", "n", "0", "faux", "false", "no", "en cours", "pas encore", "a venir", "non signe", "non signee"})
CHECKED = frozenset("✔✓☑✅")
UNCHECKED = frozenset("✗✘☐❌")
SPREADSHEET_ERROR = re.compile(r"#[A-ZÉ0-9_/]+[!?]|#N/[AD]|#GETTING_DATA|Err ?: ?\d{3}|#+", re.IGNORECASE)


class CellError(ValueError):
    """The cell cannot be read; `message_fr` quotes it and says what is expected."""

    def __init__(self, message_fr: str) -> None:
        super().__init__(message_fr)
        self.message_fr = message_fr


def quoted(value: CellValue) -> str:
    text = read_text(value)
    return f"« {text if len(text) <= 60 else text[:59] + '…'} »"


def read_text(value: CellValue) -> str:
    """The text of a cell on one line, with plain spaces; a date is written jj/mm/aaaa."""
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def spreadsheet_error(value: CellValue) -> str:
    """What to do about « #REF! », « #N/A » or a formula that was never calculated; the empty text for other cells."""
    text = read_text(value)
    if text == NO_VALUE:
        return "formule sans valeur enregistrée : rouvrez le fichier dans votre tableur et enregistrez-le."
    if SPREADSHEET_ERROR.fullmatch(text):
        return f"la cellule contient une erreur de tableur ({text[:20]}) : corrigez-la."
    return ""


def says_nothing(value: CellValue) -> bool:
    """Blank, « - », « NC », « sans objet »… A tick is no blank although it has no letter.

    Raises CellError for a spreadsheet's error: it hides something, and « #N/A » is not « n/a ».
    """
    if error := spreadsheet_error(value):
        raise CellError(error)
    text = read_text(value)
    return search_form(text) in BLANKS and not set(text) & (CHECKED | UNCHECKED)


def read_boolean(value: CellValue) -> bool | None:
    """oui, O, x, 1, ✔ or non, N, 0, « en cours »."""
    if isinstance(value, bool):
        return value
    if says_nothing(value):
        return None
    text = read_text(value)
    if text in CHECKED or search_form(text) in YES:
        return True
    if text in UNCHECKED or search_form(text) in NO:
        return False
    raise CellError(f"{quoted(value)} n'est ni oui ni non.")


NUMBER = re.compile(
    r"(?P<figures>\d{1,12}(?:[.,]\d{1,12})?) ?(?P<thousand>k|m)?(?: ?(?:hab\.?|habitants?))?", re.IGNORECASE
)
GROUPED = re.compile(r"(?<=\d)[ .,'’](?=\d{3}(?!\d))")


def read_number(value: CellValue) -> int | None:
    """A count, to compare with ours: 70 975, « 52,3 k », « 55 252 hab. », rounded to the unit."""
    if says_nothing(value):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return round(value)
    text = read_text(value).removeprefix("~").removeprefix("env.").strip()
    found = NUMBER.fullmatch(GROUPED.sub("", text))
    if isinstance(value, bool | date) or not found:
        raise CellError(f"{quoted(value)} n'est pas un nombre.")
    factor = {"k": 1_000, "m": 1_000_000}.get((found["thousand"] or "").lower(), 1)
    return round(float(found["figures"].replace(",", ".")) * factor)


def read_finess(value: CellValue) -> str | None:
    """A FINESS number on 9 characters (2A and 2B in Corsica); a zero lost by the spreadsheet is put back."""
    return _identifier(value, "FINESS", r"\d{9}|2[AB]\d{7}", 9)


def read_siret(value: CellValue) -> str | None:
    """A SIRET number on 14 digits; a zero lost by the spreadsheet is put back."""
    return _identifier(value, "SIRET", r"\d{14}", 14)


def read_rna(value: CellValue) -> str | None:
    """An RNA number: W and nine digits, or a letter or digit of the older registers."""
    return _identifier(value, "RNA", r"W[0-9A-Z]\d{8}", 10)


def _identifier(value: CellValue, name: str, form: str, length: int) -> str | None:
    if says_nothing(value) or value == 0:
        return None
    text = re.sub(rf"{name}|(?<![A-Z])(EJ|ET|N)(?![A-Z])|[\s.:°º'_-]", "", read_text(value).upper())
    if text.isdecimal() and len(text) == length - 1 and form.startswith(r"\d"):
        text = "0" + text
    if not re.fullmatch(form, text, re.ASCII):
        raise CellError(f"{quoted(value)} n'est pas un numéro {name} ({length} caractères attendus).")
    return text


DEPARTMENT_AROUND = re.compile(
    r"^(?:(?:dd|dpt|dep|dept|departement|delegation departementale)\b ?(?:d[ue]s? |d |la |l )*|dd?(?=\d))"
)


def read_department_code(value: CellValue, known: Mapping[str, str]) -> str | None:
    """The INSEE code of a department written 75, « 1 », « 093 », « D93 », « Paris », « 93 - Seine-Saint-Denis ».

    `known` gives the name of each code.
    """
    if says_nothing(value):
        return None
    codes = {search_form(code): code for code in known}
    names = {without_article(search_form(name)): code for code, name in known.items()}
    text = DEPARTMENT_AROUND.sub("", search_form(read_text(value)))
    first, _, after_first = text.partition(" ")
    before_last, _, last = text.rpartition(" ")
    for code, name in ((text, ""), (first, after_first), (last, before_last)):
        padded = code.lstrip("0").zfill(2)
        if padded in codes and (not name or names.get(without_article(name)) == codes[padded]):
            return codes[padded]
    if without_article(text) in names:
        return names[without_article(text)]
    raise CellError(f"{quoted(value)} n'est pas un département connu : indiquez son numéro (75, 2A, 971…).")


def read_department_codes(value: CellValue, known: Mapping[str, str]) -> list[str]:
    """The departments of a cell that may name several: « 77, 93 », « 77 et Val-de-Marne »."""
    parts = re.split(r"[,;/+&|\n]| et | - ", str(value))
    codes = (read_department_code(part.strip(), known) for part in parts)
    return list(dict.fromkeys(code for code in codes if code))
