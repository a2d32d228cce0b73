"""Barèmes read from CSV files: amounts by mission and tier, thresholds by tier (see fixtures/)."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from aci.approval import hold_tariffs
from aci.models import Tariff, TariffAmount, TariffLine, TariffTier
from aci.models.tariff import choices
from aci.remuneration import Kind, Tier, Verified
from aci.tariff_check import MOST_EUROS, tariff_problems
from ground.forms import LAST_YEAR
from ground.templatetags.french import quoted

ModelT = TypeVar("ModelT", bound=models.Model)
Written = TypeVar("Written")
Rows = dict[str, list[dict]]  # by the code of their version

FIRST_TARIFF_YEAR = 2019  # accord conventionnel interprofessionnel of 20 June 2019
MOST_YEARS = 10  # ours, as the next one: twice the years of a contract, it only stops a slip of the hand
MOST_PROBLEMS = 50  # told at once; beyond, the file is read no further


class RefusedFiles(Exception):
    """Nothing was written; `problems` says why, in French, all at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class AmountRow(forms.Form):
    version = forms.SlugField(max_length=30)
    label = forms.CharField(max_length=120)
    effective_from = forms.DateField(input_formats=["%Y-%m-%d"])
    version_source = forms.CharField(max_length=300)
    mission = forms.SlugField(max_length=40)
    mission_label = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=choices(Kind))
    first_year = forms.IntegerField(min_value=1, max_value=MOST_YEARS)
    last_year = forms.IntegerField(min_value=1, max_value=MOST_YEARS, required=False)
    follows = forms.SlugField(max_length=40, required=False)
    starts_within = forms.IntegerField(min_value=0, max_value=120, required=False)
    deployed_within = forms.IntegerField(min_value=0, max_value=120, required=False)
    calendar_source = forms.CharField(max_length=300, required=False)
    tier = forms.IntegerField(min_value=1, max_value=99)
    fixed_eur = forms.DecimalField(min_value=0, max_value=MOST_EUROS, decimal_places=2)
    variable_eur = forms.DecimalField(min_value=0, max_value=MOST_EUROS, decimal_places=2)
    verified = forms.ChoiceField(choices=choices(Verified))
    source = forms.CharField(max_length=300)

    VERSION = ["version", "label", "effective_from", "version_source"]
    CALENDAR = ["follows", "starts_within", "deployed_within", "calendar_source"]
    FACTS = ["mission", "kind", "first_year", "last_year", *CALENDAR]
    MISSION = ["mission_label", *FACTS]
    MONEY = ["tier", "fixed_eur", "variable_eur", "verified", "source"]
    MAY_BE_ABSENT = frozenset(CALENDAR)  # files made before the calendar was told

    def clean_effective_from(self) -> date:
        since = self.cleaned_data["effective_from"]
        if not FIRST_TARIFF_YEAR <= since.year <= LAST_YEAR:
            raise ValidationError(f"Vérifiez l'année : de {FIRST_TARIFF_YEAR}, l'année du premier ACI, à {LAST_YEAR}.")
        return since


class TierRow(forms.Form):
    version = forms.SlugField(max_length=30)
    tier = forms.IntegerField(min_value=1, max_value=99)
    lower_bound = forms.IntegerField(min_value=0, max_value=100_000_000)
    includes_bound = forms.TypedChoiceField(choices=[("yes", "oui"), ("no", "non")], coerce=lambda word: word == "yes")
    bound_note = forms.CharField(max_length=300, required=False)
    source = forms.CharField(max_length=300)

    MAY_BE_ABSENT = frozenset[str]()


def load(amount_files: Iterable[Path], tier_files: Iterable[Path]) -> list[tuple[Tariff, bool]]:
    """Adds, approved, the versions that are not there yet, and never touches the others: (version, whether it is new).

    All or nothing. Raises RefusedFiles with every problem of every file.
    """
    problems: list[str] = []
    amounts = by_version(read_paths(amount_files, AmountRow, problems))
    tiers = by_version(read_paths(tier_files, TierRow, problems))
    refuse(problems or [each for code in amounts for each in version_problems(code, amounts[code], tiers[code])])
    known = {tariff.code: tariff for tariff in Tariff.objects.filter(code__in=amounts)}
    approved = {"approved_at": timezone.now()}
    return written(
        lambda: [
            (known[code], False) if code in known else (add_version(amounts[code], tiers[code], approved), True)
            for code in amounts
        ]
    )


def propose(amounts: tuple[str, BinaryIO], tiers: tuple[str, BinaryIO], by: User) -> Tariff:
    """The version of one file of amounts and one of tiers (name, content), which another administrator approves.

    Within a transaction. Raises RefusedFiles with every problem of both files.
    """
    problems: list[str] = []
    amounts_by_version = by_version(read_content(*amounts, AmountRow, problems))
    tiers_by_version = by_version(read_content(*tiers, TierRow, problems))
    refuse(problems)
    told = amounts_by_version.keys() | tiers_by_version.keys()
    if len(told) != 1:
        listed = ", ".join(sorted(told)) or "aucune"
        refuse([f"Les deux fichiers doivent porter une seule et même version ; on y lit : {listed}."])
    (code,) = told
    refuse(version_problems(code, amounts_by_version[code], tiers_by_version[code]))
    hold_tariffs()  # once all is read: everybody waits for who holds them
    if known := Tariff.objects.filter(code=code).first():
        refuse([f"Le code « {code} » est déjà celui du barème {quoted(known)} : donnez-en un autre à cette version."])
    return written(lambda: add_version(amounts_by_version[code], tiers_by_version[code], {"proposed_by": by}))


def refuse(problems: list[str]) -> None:
    if len(problems) > MOST_PROBLEMS:
        raise RefusedFiles([*problems[:MOST_PROBLEMS], "… et d'autres encore : corrigez d'abord ceux-ci."])
    if problems:
        raise RefusedFiles(problems)


def written(write: Callable[[], Written]) -> Written:
    """What `write` gives, whole or not at all; the database's refusals are told as those of the files are."""
    try:
        with transaction.atomic():
            return write()
    except ValidationError as refusal:
        raise RefusedFiles(refusal.messages) from refusal


def by_version(rows: Iterable[dict]) -> Rows:
    found: Rows = defaultdict(list)
    for row in rows:
        found[row["version"]].append(row)
    return found


def read_paths(paths: Iterable[Path], row_form: type[forms.Form], problems: list[str]) -> Iterator[dict]:
    for path in paths:
        try:
            with path.open("rb") as content:
                yield from read_content(path.name, content, row_form, problems)
        except OSError:
            problems.append(f"{path} : fichier introuvable ou illisible.")


def read_content(name: str, content: BinaryIO, row_form: type[forms.Form], problems: list[str]) -> Iterator[dict]:
    """The valid rows of a CSV file; what is wrong with the others is added to `problems`."""
    try:
        reader = csv_reader(content)
        expected = row_form.base_fields.keys() - row_form.MAY_BE_ABSENT
        if missing := expected - set(reader.fieldnames or ()):
            problems.append(f"{name} : colonnes absentes : {', '.join(sorted(missing))}.")
            return
        for row in reader:
            form = row_form(row)
            if form.is_valid():
                yield form.cleaned_data
            for column, messages in form.errors.items():
                problems.append(f"{name}, ligne {reader.line_num}, {column} : {' '.join(messages)}")
            if len(problems) > MOST_PROBLEMS:
                return
    except (UnicodeDecodeError, csv.Error):
        problems.append(f"{name} : ce n'est pas un fichier CSV en UTF-8.")


def csv_reader(content: BinaryIO) -> csv.DictReader:
    """Columns parted by commas or, as French spreadsheets write them, by semicolons."""
    lines = StringIO(content.read().decode("utf-8-sig"), newline="")
    heading = lines.readline()
    return csv.DictReader(chain([heading], lines), delimiter=";" if heading.count(";") > heading.count(",") else ",")


def version_problems(code: str, amounts: list[dict], tiers: list[dict]) -> list[str]:
    """What forbids to write a version: tiers that are no scale, a mission without one of them, rows that disagree."""
    by_mission = defaultdict(list)
    for row in amounts:
        by_mission[row["mission"]].append(row)
    found = tariff_problems(
        [Tier(row["tier"], row["lower_bound"], row["includes_bound"]) for row in tiers],
        {mission: [row["tier"] for row in rows] for mission, rows in by_mission.items()},
        {row["mission"]: row["follows"] for row in amounts},
    )
    if len({tuple(row[column] for column in AmountRow.VERSION) for row in amounts}) > 1:
        found.append("l'intitulé, la date d'effet ou la source changent d'une ligne à l'autre.")
    for mission, rows in by_mission.items():
        if len({tuple(row[column] for column in AmountRow.MISSION) for row in rows}) > 1:
            told = "l'intitulé, la nature, les années ou le calendrier changent d'une ligne à l'autre."
            found.append(f"mission « {mission} » : {told}")
    return [f"Barème {code} : {problem}" for problem in found]


def add_version(amounts: list[dict], tiers: list[dict], decided: dict) -> Tariff:
    """Writes a version wholly checked; `decided` says who proposes it, or that it is approved."""
    head = amounts[0]
    tariff = Tariff(
        code=head["version"],
        label=head["label"],
        since=head["effective_from"],
        source=head["version_source"],
        **decided,
    )
    save_checked(tariff)
    for row in tiers:
        bound = {name: row[name] for name in ("lower_bound", "includes_bound", "bound_note", "source")}
        save_checked(TariffTier(tariff=tariff, number=row["tier"], **bound))
    lines: dict[str, TariffLine] = {}
    for row in amounts:
        if row["mission"] not in lines:
            facts = {name: row[name] for name in AmountRow.FACTS}
            line = TariffLine(tariff=tariff, label=row["mission_label"], order=len(lines) + 1, **facts)
            lines[row["mission"]] = save_checked(line)
        money = {name: row[name] for name in AmountRow.MONEY}
        TariffAmount.objects.create(line=lines[row["mission"]], **money)  # wholly checked by its row and its version
    return tariff


def amount_rows(tariff: Tariff) -> Iterator[dict]:
    """A version as its file of amounts tells it, by mission and tier."""
    head = {"version": tariff.code, "label": tariff.label, "effective_from": tariff.since}
    head |= {"version_source": tariff.source}
    for line in tariff.lines.prefetch_related("amounts"):
        facts = {"mission_label": line.label} | {name: getattr(line, name) for name in AmountRow.FACTS}
        for amount in line.amounts.all():
            money = {name: getattr(amount, name) for name in AmountRow.MONEY}
            yield head | facts | money


def tier_rows(tariff: Tariff) -> Iterator[dict]:
    for tier in tariff.tiers.all():
        told = {name: getattr(tier, name) for name in ("lower_bound", "bound_note", "source")}
        yield told | {
            "version": tariff.code,
            "tier": tier.number,
            "includes_bound": "yes" if tier.includes_bound else "no",
        }


def as_csv(rows: Iterable[dict], row_form: type[forms.Form]) -> str:
    """What `propose` reads back."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(row_form.base_fields))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


SHEETS = {"montants": (amount_rows, AmountRow), "seuils": (tier_rows, TierRow)}
"""The two files of a version, by the name under which they are downloaded."""


def save_checked(row: ModelT) -> ModelT:
    row.full_clean()
    row.save()
    return row
