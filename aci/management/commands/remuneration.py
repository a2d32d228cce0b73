import json
from decimal import Decimal

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict
from django.utils.http import urlencode

from aci.forms.remuneration import CONTRACT_YEARS, RemunerationForm
from aci.remuneration import Line
from ground.templatetags.french import day, euros, number


class Command(BaseCommand):
    help = (
        "Dit ce que l'ACI accorde par an à une population : taille, lignes (volets fixe et variable), totaux, "
        "selon le barème en vigueur à une date."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--population", default="", help="nombre d'habitants (obligatoire)")
        parser.add_argument("--on", default="", help="date, AAAA-MM-JJ ou JJ/MM/AAAA (aujourd'hui par défaut)")
        parser.add_argument(
            "--year", default="1", help=f"année du contrat, de 1 à {len(CONTRACT_YEARS)} (1 par défaut)"
        )
        parser.add_argument(
            "--mission", action="append", default=[], help="code d'une mission comptée (toutes par défaut)"
        )
        parser.add_argument(
            "--format", choices=["table", "json"], default="table", help="présentation (tableau par défaut)"
        )

    def handle(self, *, population: str | int, on: str, year: str, mission: list[str], format: str, **_) -> None:
        asked = {"population": population, "date": on, "year": year, "missions": mission}
        form = RemunerationForm(QueryDict(urlencode(asked, doseq=True)))
        if not form.is_valid():
            raise CommandError(" ".join(f"{form[name].label} : {' '.join(why)}" for name, why in form.errors.items()))
        if format == "json":
            self.stdout.write(json.dumps(as_json(form), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_table(form)))
            for warning in form.result.warnings:
                self.stdout.write(self.style.WARNING(f"Attention : {warning}"))


def money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def line_as_json(line: Line) -> dict[str, str]:
    return {
        "mission": line.mission,
        "label": line.label,
        "kind": line.kind.value,
        "fixed_eur": money(line.fixed),
        "variable_eur": money(line.variable),
        "total_eur": money(line.total),
        "verified": line.verified.value,
        "source": line.source,
    }


def as_json(form: RemunerationForm) -> dict:
    tariff, result = form.tariff, form.result
    return {
        "population": result.population,
        "on": form.cleaned_data["date"].isoformat(),
        "contract_year": form.cleaned_data["year"],
        "tariff": {"code": tariff.code, "label": tariff.label, "since": tariff.since.isoformat()},
        "tier": result.tier,
        "inhabitants_to_previous_tier": result.to_previous,
        "inhabitants_to_next_tier": result.to_next,
        "lines": [line_as_json(line) for line in result.lines],
        "conditional_lines": [line_as_json(line) for line in result.conditional],
        "totals": {
            "fixed_eur": money(result.fixed),
            "variable_eur": money(result.variable),
            "total_eur": money(result.total),
            "without_soins_non_programmes_eur": money(result.without_supplement),
            "with_soins_non_programmes_eur": money(result.with_supplement),
            "conditional_eur": money(result.conditional_total),
        },
        "warnings": list(result.warnings),
    }


def as_table(form: RemunerationForm) -> list[str]:
    tariff, result = form.tariff, form.result
    labels = ["Total sans les soins non programmés", *(line.label for line in (*result.lines, *result.conditional))]
    width = max(map(len, labels)) + 2

    def row(label: str, *cells: str, note: str = "") -> str:
        return (label.ljust(width) + "".join(cell.rjust(13) for cell in cells) + "  " + note).rstrip()

    def amounts(line: Line) -> str:
        return row(line.label, euros(line.fixed), euros(line.variable), euros(line.total), note=line.verified.label)

    thresholds = [f"{number(result.population)} habitants : taille {result.tier}"]
    if result.to_previous is not None:
        thresholds.append(f"{number(result.to_previous)} de moins : taille {result.tier - 1}")
    if result.to_next is not None:
        thresholds.append(f"{number(result.to_next)} de plus : taille {result.tier + 1}")
    table = [
        f"{tariff.label}, en vigueur depuis le {day(tariff.since)}, lu au {day(form.cleaned_data['date'])}",
        " · ".join(thresholds),
        "",
        row("Montants par an", "Fixe", "Variable", "Total", note="Vérification"),
        *map(amounts, result.lines),
        row("Total", euros(result.fixed), euros(result.variable), euros(result.total)),
        row("Total sans les soins non programmés", "", "", euros(result.without_supplement)),
        row("Total avec les soins non programmés", "", "", euros(result.with_supplement)),
    ]
    if result.conditional:
        table += ["", "Sous condition, hors total :", *map(amounts, result.conditional)]
    return table
