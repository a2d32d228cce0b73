"""The two months of a filing, for a terminal or another program: nothing is read nor written."""

import json
from datetime import date

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ground.forms import PastDayField
from ground.templatetags.french import day as in_words
from projects.clock import RULE, RULES, Deadline, ImpossibleDates, Line, Reading, Request
from projects.examination.filings import reading_in_words

PAIR = "DEMANDÉE:REÇUE"


class Command(BaseCommand):
    help = (
        "Compte le délai de deux mois d'un dépôt : dernier jour pour s'opposer, validation acquise, dernier jour sûr, "
        "en lecture prudente et en lecture complète. Dates : AAAA-MM-JJ ou JJ/MM/AAAA."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("received", nargs="?", default="", metavar="REÇU", help="jour où l'ARS a reçu le dossier")
        parser.add_argument(
            "--piece",
            action="append",
            default=[],
            metavar=PAIR,
            help="pièce indispensable ; encore attendue : 2023-05-30:",
        )
        parser.add_argument(
            "--optional-piece", action="append", default=[], metavar=PAIR, help="pièce qui n'est pas indispensable"
        )
        parser.add_argument(
            "--format", choices=["text", "json"], default="text", help="présentation (texte par défaut)"
        )

    def handle(self, *, received: str, piece: list[str], optional_piece: list[str], format: str, **_) -> None:
        received_on = day_of(received, "Dossier reçu")
        requests = [request_of(pair, is_indispensable=True) for pair in piece]
        requests += [request_of(pair, is_indispensable=False) for pair in optional_piece]
        try:
            deadline = Deadline(received_on, tuple(requests))
        except ImpossibleDates as error:
            raise CommandError(error.message_fr) from error
        if format == "json":
            self.stdout.write(json.dumps(as_json(deadline), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_text(deadline)))


def day_of(text: str, label: str) -> date:
    try:
        return PastDayField().clean(text)
    except ValidationError as error:
        raise CommandError(f"{label} : {' '.join(error.messages)}") from error


def request_of(pair: str, *, is_indispensable: bool) -> Request:
    asked, colon, received = pair.partition(":")
    if not colon:
        raise CommandError(f"Pièce « {pair} » : écrivez {PAIR}, et rien après « : » si elle est encore attendue.")
    received_on = day_of(received, "Pièce reçue") if received.strip() else None
    return Request(day_of(asked, "Pièce demandée"), received_on, is_indispensable)


def iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def reading_as_json(reading: Reading) -> dict[str, str | None]:
    return {
        "start": iso(reading.start),
        "last_day": iso(reading.last_day),
        "acquired_on": iso(reading.acquired_on),
    }


def line_as_json(line: Line) -> dict[str, str | None]:
    return {"day": iso(line.day), "fact": line.fact, "effect": line.effect, "basis": line.basis}


def as_json(deadline: Deadline) -> dict:
    return {
        "rule": RULE,
        "received_on": iso(deadline.received_on),
        "last_day": iso(deadline.last_day),
        "acquired_on": iso(deadline.acquired_on),
        "last_safe_day": iso(deadline.last_safe_day),
        "prudent": reading_as_json(deadline.prudent),
        "complete": reading_as_json(deadline.complete),
        "lines": [line_as_json(line) for line in deadline.lines],
    }


def as_text(deadline: Deadline) -> list[str]:
    count = [
        f"{number}. {in_words(line.day) or 'à venir'} – {line.fact} ({line.basis})\n   {line.effect}"
        for number, line in enumerate(deadline.lines, start=1)
    ]
    return [
        f"Dossier reçu par l'ARS le {in_words(deadline.received_on)}",
        "",
        f"Dernier jour sûr pour s'opposer : {in_words(deadline.last_safe_day)}",
        f"Lecture prudente : {reading_in_words(deadline.prudent)}",
        f"Lecture complète : {reading_in_words(deadline.complete)}",
        "",
        "Décompte",
        *count,
        "",
        f"Règle {RULE} : {RULES[RULE]}.",
    ]
