"""Import spreadsheets of projects from the command line."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.spreadsheets.opening import MAX_BYTES, TOO_LARGE
from projects.spreadsheets.plan import department_names, make_plan, read
from projects.spreadsheets.reading import CellError, UnreadableFile, read_department_code
from projects.spreadsheets.rows import Action, Plan, RowPlan
from projects.spreadsheets.writing import NotWritten, write_import


class Command(BaseCommand):
    help = (
        "Lit des tableaux de suivi (xlsx, xls, ods, csv) et montre, ligne par ligne, ce qui serait créé, modifié, "
        "laissé ou refusé. N'écrit qu'avec --confirm : tout le fichier ou rien."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FICHIER", help="tableau à lire")
        parser.add_argument("--department", metavar="NN", help="département des lignes qui ne le disent pas")
        parser.add_argument(
            "--as-of",
            metavar="AAAA-MM-JJ",
            help="date du tableau (par défaut celle de son titre, sinon aujourd'hui)",
        )
        parser.add_argument("--confirm", action="store_true", help="écrit ce qui est montré")
        parser.add_argument("--skip-refused", action="store_true", help="laisse de côté les lignes refusées")
        parser.add_argument("--accept-proposed", action="store_true", help="accepte les lignes à vérifier")
        parser.add_argument("--format", choices=["table", "json"], default="table", help="forme du bilan")

    def handle(self, *args, files: list[Path], department: str | None, **options) -> None:
        try:
            department = read_department_code(department or "", department_names())
        except CellError as error:
            raise CommandError(f"Département inconnu : {error.message_fr}") from error
        try:
            options["as_of"] = date.fromisoformat(options["as_of"]) if options["as_of"] else None
        except ValueError as error:
            raise CommandError(f"« {options['as_of']} » n'est pas une date : écrivez AAAA-MM-JJ.") from error
        failures = [path.name for path in files if not self.judge(path, department, options)]
        if failures:
            raise CommandError(f"Rien n'a été écrit pour : {', '.join(failures)}.")

    def judge(self, path: Path, department: str | None, options: dict[str, Any]) -> bool:
        """Print what becomes of one file; False when it cannot be read or, with --confirm, was not written."""
        plan, reason = Plan([], timezone.localdate()), ""
        choice = {"user": None, "department": department, "as_of": options["as_of"], "today": timezone.localdate()}
        try:
            reading = read(content_of(path), path.name)
            if options["confirm"]:
                accept_all = options["accept_proposed"]
                plan = write_import(
                    reading, **choice, skip_refused=options["skip_refused"], accept=lambda row: accept_all
                )
            else:
                plan = make_plan(reading, **choice)
        except UnreadableFile as error:
            reason = error.message_fr
        except NotWritten as error:
            plan, reason = error.plan, error.message_fr
        if options["format"] == "json":
            self.stdout.write(json.dumps(in_json(path.name, plan, reason), ensure_ascii=False))
        elif plan.rows:
            self.print_table(path.name, plan)
        if reason:
            self.stderr.write(f"{path.name} : {reason}")
        return not reason

    def print_table(self, filename: str, plan: Plan) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(filename))
        for message in plan.messages:
            self.stdout.write(f"  {message}")
        for row in plan.rows:
            self.stdout.write(f"{row.row:>6}  {row.action.told():<11} {row.project}")
            for message in row.messages:
                self.stdout.write(f"{'':>20}{message}")
            for change in row.changes if row.existing else ():
                self.stdout.write(f"{'':>20}{change.field} : {change.old or '—'} → {change.new or '—'}")
        told = (f"{count} {Action(action).told(count)}" for action, count in plan.counts.items() if count)
        self.stdout.write(f"  {len(plan.rows)} ligne{'s' if len(plan.rows) > 1 else ''} : {', '.join(told)}")


def content_of(path: Path) -> bytes:
    """Raises UnreadableFile, before anything is read where the file is too large."""
    if path.is_dir():
        raise UnreadableFile("C'est un dossier : indiquez un fichier.")
    if not path.exists():
        raise UnreadableFile("Le fichier ne peut pas être ouvert : il n'existe pas, vérifiez son chemin.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(TOO_LARGE)
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile("Le fichier ne peut pas être ouvert : vérifiez vos droits de lecture.") from error


def in_json(filename: str, plan: Plan, reason: str) -> dict[str, Any]:
    rows = [row_in_json(row) for row in plan.rows]
    answer: dict[str, Any] = {"file": filename, "rows": rows, "counts": plan.counts, "messages": plan.messages}
    return answer | {"error": reason} if reason else answer


def row_in_json(row: RowPlan) -> dict[str, Any]:
    return {
        "sheet": row.sheet,
        "row": row.row,
        "project": row.project,
        "insee_codes": row.insee_codes,
        "action": row.action,
        "messages": row.messages,
    }
