import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from aci.models import PaymentRules, Tariff
from aci.money import cents
from aci.remuneration import Verified
from aci.schedule import USUAL, ContractData, Due, Engagement, Rules, Settled, Terms, schedule
from aci.schedule_check import problems
from ground.forms import CptsDayField
from ground.tables import Column, as_csv
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros, short_day

NOBODY_KNOWS = 2100  # what an ACI pays from that year on
TOO_MUCH = 10**9  # euros
COLUMNS = [
    Column("date", "Date", lambda due: due.due_on.isoformat()),
    Column("kind", "Échéance", lambda due: due.kind.value),
    Column("mission", "Mission", lambda due: due.mission),
    Column("contract_year", "Année de contrat", lambda due: due.year),
    Column("amount", "Montant", lambda due: f"{due.amount:.2f}"),
    Column("formula", "Calcul", lambda due: due.formula),
    Column("verified", "Vérification", lambda due: due.verified.value),
]


class Command(BaseCommand):
    help = "Dit ce qu'un contrat ACI rend exigible : chaque échéance, sa date, son montant et son calcul."

    def add_arguments(self, parser: CommandParser) -> None:
        several = {"action": "append", "default": []}
        parser.add_argument("--signed", default="", help="signature, AAAA-MM-JJ ou JJ/MM/AAAA (obligatoire)")
        parser.add_argument("--start", default="", help="prise d'effet (la signature par défaut)")
        parser.add_argument("--tier", default="", help="taille du contrat (obligatoire)")
        parser.add_argument("--tariff", default="", help="code du barème (celui en vigueur à la signature par défaut)")
        parser.add_argument("--mission", **several, metavar="MISSION:DATE", help="mission engagée et son démarrage")
        parser.add_argument("--dialogue", **several, metavar="ANNÉE:DATE", help="dialogue de gestion tenu")
        parser.add_argument("--variable", **several, metavar="ANNÉE:MISSION:EUROS", help="volet variable obtenu")
        parser.add_argument("--crisis", **several, metavar="DATE", help="crise reconnue par l'ARS")
        parser.add_argument("--ended", default="", help="premier jour sans contrat, s'il est rompu")
        parser.add_argument("--until", default="", help="dernière échéance montrée, incluse (toutes par défaut)")
        parser.add_argument("--format", choices=["table", "csv", "json"], default="table", help="présentation")

    def handle(self, *, until: str, format: str, **said) -> None:
        contract = contract_told(**said)
        if found := problems(contract):
            raise CommandError(" ".join(found))
        last = day_told("--until", until) if until else None
        dues = schedule(contract, rules_on(contract.signed_on), until=last)
        if format == "csv":
            self.stdout.write(as_csv(COLUMNS, dues, for_people=False, delimiter=","), ending="")
        elif format == "json":
            rows = [{column.key: column.value(due) for column in COLUMNS} for due in dues]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_table(contract, dues)))


def contract_told(
    *,
    signed: str,
    start: str,
    tier: str | int,
    tariff: str,
    mission: list[str],
    dialogue: list[str],
    variable: list[str],
    crisis: list[str],
    ended: str,
    **_: object,
) -> ContractData:
    """Raises CommandError, in French, for what does not read."""
    signed_on = day_told("--signed", signed)
    terms = Terms(1, whole_told("--tier", tier), tariff_told(tariff, signed_on).data())
    return ContractData(
        signed_on=signed_on,
        starts_on=day_told("--start", start) if start else signed_on,
        terms=(terms,),
        engagements=tuple(engagement_told(each) for each in mission),
        settled=tuple(settled_told(each) for each in variable),
        dialogues=dict(dialogue_told(each) for each in dialogue),
        crises=tuple(day_told("--crisis", each) for each in crisis),
        ended_on=day_told("--ended", ended) if ended else None,
    )


def day_told(option: str, text: str) -> date:
    try:
        day = CptsDayField(error_messages={"required": "Indiquez une date."}).clean(text)
    except ValidationError as error:
        raise CommandError(f"{option} : {' '.join(error.messages)}") from error
    if day.year >= NOBODY_KNOWS:
        raise CommandError(f"{option} : {in_words(day)}, c'est trop loin. Vérifiez l'année.")
    return day


def whole_told(option: str, text: str | int) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise CommandError(f"{option} : indiquez un nombre entier.") from error


def parts_told(option: str, text: str, form: str) -> list[str]:
    parts = text.split(":")
    if len(parts) != form.count(":") + 1 or not all(parts):
        raise CommandError(f"{option} : « {text} » ne se lit pas, écrivez {form}.")
    return parts


def engagement_told(text: str) -> Engagement:
    mission, starts_on = parts_told("--mission", text, "MISSION:DATE")
    return Engagement(mission, day_told("--mission", starts_on))


def dialogue_told(text: str) -> tuple[int, date]:
    year, held_on = parts_told("--dialogue", text, "ANNÉE:DATE")
    return whole_told("--dialogue", year), day_told("--dialogue", held_on)


def settled_told(text: str) -> Settled:
    year, mission, amount = parts_told("--variable", text, "ANNÉE:MISSION:EUROS")
    try:
        earned = Decimal(amount.replace(",", "."))
    except ArithmeticError as error:
        raise CommandError(f"--variable : « {amount} » n'est pas un montant.") from error
    if not earned.is_finite():
        raise CommandError(f"--variable : « {amount} » n'est pas un montant.")
    if abs(earned) >= TOO_MUCH or earned != cents(earned):
        raise CommandError(f"--variable : « {amount} » n'est pas un montant possible.")
    return Settled(whole_told("--variable", year), mission, earned)


def tariff_told(code: str, signed_on: date) -> Tariff:
    tariff = Tariff.objects.approved().filter(code=code).first() if code else Tariff.objects.in_force(signed_on)
    if tariff is None and code:
        known = ", ".join(Tariff.objects.approved().order_by("since").values_list("code", flat=True))
        raise CommandError(f"--tariff : le barème « {code} » n'existe pas ; ceux-ci existent : {known or 'aucun'}.")
    if tariff is None:
        raise CommandError(f"Aucun barème n'est en vigueur le {in_words(signed_on)} : indiquez-en un par --tariff.")
    return tariff


def rules_on(signed_on: date) -> Rules:
    """Those of the contracts signed that day."""
    found = PaymentRules.objects.on(signed_on).first()
    return found.as_rules() if found else USUAL


def formula_of(due: Due) -> str:
    return due.formula if due.verified == Verified.YES else f"{due.formula} ({due.verified.label})"


def as_table(contract: ContractData, dues: Iterable[Due]) -> list[str]:
    terms = contract.terms[0]
    rows = [
        (short_day(due.due_on), str(due.year), due.label, due.kind.label, euros(due.amount), formula_of(due))
        for due in dues
    ]
    heads = ("Date", "Année", "Mission", "Échéance", "Montant", "Calcul")
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]

    def line(row: tuple[str, ...]) -> str:
        *cells, formula = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        cells[-1] = cells[-1].strip().rjust(widths[4])
        return "  ".join([*cells, formula]).rstrip()

    return [
        f"{terms.tariff.label}, taille {terms.tier}, contrat signé le {in_words(contract.signed_on)}",
        "",
        *map(line, [heads, *rows]),
    ]
