"""Barèmes read from CSV files: amounts by mission and tier, thresholds by tier (see fixtures/)."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction

from aci.models import Tariff, TariffAmount, TariffLine, TariffTier
from aci.models.tariff import choices
from aci.remuneration import Kind, Tier, Verified, tier_problems

ModelT = TypeVar("ModelT", bound=models.Model)


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
    first_year = forms.IntegerField(min_value=1)
    last_year = forms.IntegerField(min_value=1, required=False)
    tier = forms.IntegerField(min_value=1, max_value=99)
    fixed_eur = forms.DecimalField(min_value=0, max_digits=11, decimal_places=2)
    variable_eur = forms.DecimalField(min_value=0, max_digits=11, decimal_places=2)
    verified = forms.ChoiceField(choices=choices(Verified))
    source = forms.CharField(max_length=300)

    VERSION = ["version", "label", "effective_from", "version_source"]
    MISSION = ["mission", "mission_label", "kind", "first_year", "last_year"]


class TierRow(forms.Form):
    version = forms.SlugField(max_length=30)
    tier = forms.IntegerField(min_value=1, max_value=99)
    lower_bound = forms.IntegerField(min_value=0, max_value=100_000_000)
    includes_bound = forms.TypedChoiceField(choices=[("yes", "oui"), ("no", "non")], coerce=lambda word: word == "yes")
    bound_note = forms.CharField(max_length=300, required=False)
    source = forms.CharField(max_length=300)


def load(amount_files: Iterable[Path], tier_files: Iterable[Path]) -> list[tuple[Tariff, bool]]:
    """Adds the versions that are not there yet and never touches the others: (version, whether it was added).

    All or nothing. Raises RefusedFiles with every problem of every file.
    """
    problems: list[str] = []
    amounts, tiers = defaultdict(list), defaultdict(list)
    for rows, files, row_form in ((amounts, amount_files, AmountRow), (tiers, tier_files, TierRow)):
        for row in read_all(files, row_form, problems):
            rows[row["version"]].append(row)
    if not problems:
        problems = [problem for code in amounts for problem in version_problems(code, amounts[code], tiers[code])]
    if problems:
        raise RefusedFiles(problems)
    try:
        with transaction.atomic():
            return [add_version(code, amounts[code], tiers[code]) for code in amounts]
    except ValidationError as refusal:
        raise RefusedFiles(refusal.messages) from refusal


def read_all(files: Iterable[Path], row_form: type[forms.Form], problems: list[str]) -> Iterator[dict]:
    """The valid rows of these files; what is wrong with the others is added to `problems`."""
    for path in files:
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.DictReader(lines)
                if missing := row_form.base_fields.keys() - set(reader.fieldnames or ()):
                    problems.append(f"{path.name} : colonnes absentes : {', '.join(sorted(missing))}.")
                    continue
                for row in reader:
                    form = row_form(row)
                    if form.is_valid():
                        yield form.cleaned_data
                    for column, messages in form.errors.items():
                        problems.append(f"{path.name}, ligne {reader.line_num}, {column} : {' '.join(messages)}")
        except OSError:
            problems.append(f"{path} : fichier introuvable ou illisible.")
        except (UnicodeDecodeError, csv.Error):
            problems.append(f"{path.name} : ce n'est pas un fichier CSV en UTF-8.")


def version_problems(code: str, amounts: list[dict], tiers: list[dict]) -> list[str]:
    """What forbids to load a version: tiers that are no scale, a mission without one of them, rows that disagree."""
    found = tier_problems(Tier(row["tier"], row["lower_bound"], row["includes_bound"]) for row in tiers)
    if len({tuple(row[column] for column in AmountRow.VERSION) for row in amounts}) > 1:
        found.append("l'intitulé, la date d'effet ou la source changent d'une ligne à l'autre.")
    expected = [row["tier"] for row in tiers]
    by_mission = defaultdict(list)
    for row in amounts:
        by_mission[row["mission"]].append(row)
    for mission, rows in by_mission.items():
        given = [row["tier"] for row in rows]
        if missing := sorted(set(expected) - set(given)):
            found.append(f"mission « {mission} » : aucun montant pour la taille {', '.join(map(str, missing))}.")
        if unknown := sorted(set(given) - set(expected)):
            found.append(f"mission « {mission} » : taille sans seuil : {', '.join(map(str, unknown))}.")
        if len(given) > len(set(given)):
            found.append(f"mission « {mission} » : une taille est donnée deux fois.")
        if len({tuple(row[column] for column in AmountRow.MISSION) for row in rows}) > 1:
            found.append(f"mission « {mission} » : l'intitulé, la nature ou les années changent d'une ligne à l'autre.")
    return [f"Barème {code} : {problem}" for problem in found]


def add_version(code: str, amounts: list[dict], tiers: list[dict]) -> tuple[Tariff, bool]:
    if known := Tariff.objects.filter(code=code).first():
        return known, False
    head = amounts[0]
    tariff = Tariff(code=code, label=head["label"], since=head["effective_from"], source=head["version_source"])
    save_checked(tariff)
    for row in tiers:
        bound = {name: row[name] for name in ("lower_bound", "includes_bound", "bound_note", "source")}
        save_checked(TariffTier(tariff=tariff, number=row["tier"], **bound))
    lines: dict[str, TariffLine] = {}
    for row in amounts:
        if row["mission"] not in lines:
            facts = {name: row[name] for name in ("mission", "kind", "first_year", "last_year")}
            line = TariffLine(tariff=tariff, label=row["mission_label"], order=len(lines) + 1, **facts)
            lines[row["mission"]] = save_checked(line)
        money = {name: row[name] for name in ("tier", "fixed_eur", "variable_eur", "verified", "source")}
        TariffAmount.objects.create(line=lines[row["mission"]], **money)  # wholly checked by its row and its version
    return tariff, True


def save_checked(row: ModelT) -> ModelT:
    row.full_clean()
    row.save()
    return row
