"""The parts of a commune as a file tells them: IRIS of INSEE or IGN, or a plain list of quartiers."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from io import StringIO

from ground.text import one_line, search_form
from projects.spreadsheets.cells import quoted, read_text
from projects.spreadsheets.opening import CellValue

INSEE_CODE = re.compile(r"\d[\dAB]\d{3}")
POPULATION_OF = re.compile(r"p(\d\d) pop")  # P21_POP
HEADINGS = {
    "code": ["code iris", "iris", "code", "code partie", "code quartier"],
    "name": ["nom iris", "libiris", "lib iris", "libelle iris", "nom", "name", "libelle", "quartier", "partie",
             "nom du quartier", "nom quartier"],
    "commune": ["insee com", "depcom", "com", "code commune", "code insee", "commune"],
    "population": ["pop", "population", "population municipale", "habitants", "hab"],
}  # fmt: skip
WITHOUT_HEADINGS = {"name": 0, "population": 1, "code": 2}
LOCAL_CODE = 4  # digits after the commune's code
LONGEST_CODE, LONGEST_NAME, MOST_PEOPLE = 20, 100, 10_000_000


@dataclass(slots=True)
class Part:
    """A part as line `line` tells it; `population` is None when it cannot be read, and `said` is what stands there."""

    line: int
    code: str
    name: str
    said: str
    population: int | None = None
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Parts:
    """What a file tells; `vintage` is that of its populations when their heading tells it (P21_POP: 2021)."""

    parts: list[Part]
    vintage: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(part.population or 0 for part in self.parts)

    @property
    def problems(self) -> list[str]:
        told = [f"Ligne {part.line} : {problem}" for part in self.parts for problem in part.problems]
        return told if len(self.parts) > 1 else [*told, "Un découpage compte au moins deux parties."]

    def as_text(self) -> str:
        """What was read, to be shown again and corrected."""
        heading = f"P{self.vintage % 100:02}_POP" if self.vintage else "population"
        output = StringIO()
        writer = csv.writer(output, delimiter=";", lineterminator="\n")
        writer.writerow(["code", "nom", heading])
        for part in self.parts:
            writer.writerow([part.code, part.name, part.said if part.population is None else part.population])
        return output.getvalue()


def read_parts(rows: Sequence[Sequence[CellValue]], commune: str) -> Parts:
    """The parts of this commune. Lines that say they are of another one are left out when a column says so."""
    columns, heading, vintage = _columns(rows)
    found = Parts([], vintage)
    others, amounts = 0, []
    for line, row in enumerate(rows[heading + 1 :], start=heading + 2):
        told = {name: row[at] if at < len(row) else "" for name, at in columns.items()}
        if not any(read_text(value) for value in told.values()):
            continue
        if _is_of_another(told.get("commune", ""), commune):
            others += 1
            continue
        part, amount = _part(line, told, commune)
        found.parts.append(part)
        amounts.append(amount)
    if others:
        found.notes.append(
            f"{others} ligne{'s' if others > 1 else ''} d'autres communes laissée{'s' if others > 1 else ''} de côté."
        )
    _round(found, amounts)
    _give_codes(found.parts, commune)
    return found


def _columns(rows: Sequence[Sequence[CellValue]]) -> tuple[Mapping[str, int], int, int | None]:
    """Where each thing stands, the index of the heading (-1 without one), the vintage that it tells."""
    for index, row in enumerate(rows[:10]):
        forms = [search_form(read_text(cell)) for cell in row]
        found = {
            name: forms.index(said) for name, words in HEADINGS.items() for said in reversed(words) if said in forms
        }
        years = {at: 2000 + int(told[1]) for at, form in enumerate(forms) if (told := POPULATION_OF.fullmatch(form))}
        of_year = next(iter(years), None)
        if of_year is not None:
            found["population"] = of_year
        if "population" in found and found.keys() & {"code", "name"}:
            return found, index, None if of_year is None else years[of_year]
    return WITHOUT_HEADINGS, -1, None


def _part(line: int, told: Mapping[str, CellValue], commune: str) -> tuple[Part, Decimal | None]:
    code, name = _code(told.get("code", ""), commune), one_line(read_text(told.get("name", "")))
    part = Part(line, code, name if "name" in told else code, read_text(told.get("population", "")))
    if not part.name:
        part.problems.append("le nom est vide.")
    if len(part.name) > LONGEST_NAME:
        part.problems.append(f"le nom dépasse {LONGEST_NAME} caractères.")
    if code and not (code.startswith(commune) and len(commune) < len(code) <= LONGEST_CODE):
        part.problems.append(f"le code {quoted(code)} n'est pas de cette commune ({commune}).")
    amount = _amount(told.get("population", ""))
    if amount is None:
        part.problems.append(
            f"la population {quoted(part.said)} ne se lit pas." if part.said else "la population manque."
        )
    elif amount < 0:
        part.problems.append("la population est négative.")
    elif amount > MOST_PEOPLE:
        part.problems.append("cette population est invraisemblable.")
        return part, None
    return part, amount


def _code(value: CellValue, commune: str) -> str:
    """IRIS codes have 9 digits, or 4 after the commune's; a spreadsheet may have lost their leading zeros."""
    text = re.sub(r"[\s.]", "", read_text(value)).upper()
    if not text.isdecimal() or text.startswith(commune):
        return text
    if len(text) <= LOCAL_CODE:
        return commune + text.zfill(LOCAL_CODE)
    return text.zfill(len(commune) + LOCAL_CODE)


def _is_of_another(value: CellValue, commune: str) -> bool:
    """Whether a line says that it is of another commune; a name in that column says nothing sure."""
    said = read_text(value).upper()
    code = said.zfill(len(commune))
    return said != "" and INSEE_CODE.fullmatch(code) is not None and code != commune


def _amount(value: CellValue) -> Decimal | None:
    text = re.sub(r"\s", "", read_text(value)).replace(",", ".").removesuffix("hab.").removesuffix("hab")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _round(found: Parts, amounts: Sequence[Decimal | None]) -> None:
    """Whole inhabitants whose sum is that of the file: those with the largest remainders are rounded up."""
    known = [(part, amount) for part, amount in zip(found.parts, amounts, strict=True) if amount is not None]
    for part, amount in known:
        part.population = int(amount // 1) if amount >= 0 else None
    fractions = sorted(((amount % 1, part) for part, amount in known if amount >= 0), key=lambda pair: -pair[0])
    missing = int(sum((fraction for fraction, _ in fractions), Decimal(0)).to_integral_value())
    for _, part in fractions[:missing]:
        part.population = (part.population or 0) + 1
    if any(fraction for fraction, _ in fractions):
        found.notes.append("Les populations décimales de l'Insee sont arrondies à l'unité, sans changer leur somme.")


def _give_codes(parts: Iterable[Part], commune: str) -> None:
    """Parts without a code get the commune's and four digits; a code told twice is a problem of the second line."""
    parts = list(parts)
    times = Counter(part.code for part in parts if part.code)
    free = _free_codes(commune, set(times))
    seen: set[str] = set()
    for part in parts:
        if not part.code:
            part.code = next(free)
        elif part.code in seen:
            part.problems.append(f"le code {quoted(part.code)} est déjà celui d'une autre ligne.")
        seen.add(part.code)


def _free_codes(commune: str, taken: set[str]) -> Iterator[str]:
    numbers = (f"{commune}{number:0{LOCAL_CODE}}" for number in range(1, 10**LOCAL_CODE))
    return (code for code in numbers if code not in taken)
