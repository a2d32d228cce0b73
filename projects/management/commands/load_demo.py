"""The demonstration: institutions, accounts, and eight workbooks through the real importer."""

import csv
import hashlib
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Institution, User
from projects.demo.conciliations import load_conciliations
from projects.demo.context import load_context
from projects.demo.life import load_life
from projects.models import ImportBatch, LetterModel
from projects.spreadsheets.plan import read
from projects.spreadsheets.writing import NotWritten, write_import
from territories.models import Region

FOLDER = settings.BASE_DIR / "fixtures" / "demo"
REGION = "11"
NATIONAL = "FR"  # who administers what the whole country shares: grids, library, caps
MAIL_DOMAIN = "suivi-cpts.example"
WORDS = (
    "marne",
    "oise",
    "yerres",
    "orge",
    "bievre",
    "ourcq",
    "loing",
    "mauldre",
    "essonne",
    "juine",
    "orvanne",
    "viosne",
)


class Command(BaseCommand):
    help = "Charge la démonstration (Île-de-France) ; relancée, elle ne perd rien et n'ajoute rien deux fois."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError("Les données et les comptes de démonstration ne se chargent qu'avec DEMO=1.")
        if not Region.objects.filter(pk=REGION).exists():
            raise CommandError("Chargez d'abord la géographie : manage.py load_geography.")
        if not LetterModel.objects.exists():
            raise CommandError("Chargez d'abord les grilles et les modèles de courriers : manage.py load_kit.")
        users = self.load_accounts()
        for path in tqdm(sorted(FOLDER.glob("*.xlsx")), unit="classeur", leave=False, delay=2):
            self.load_workbook(path, next(user for user in users if user.is_administrator))
        self.stdout.write(f"  Instruction, financements, courriers : {load_life(users)} projets")
        self.stdout.write(f"  Conciliations : {load_conciliations(users)}")
        administrator = next(user for user in users if user.is_administrator)
        self.stdout.write(f"  Structures et indicateurs : {load_context(REGION, administrator)} structures")
        self.stdout.write("Comptes de démonstration (mot de passe commun) :")
        for user in users:
            self.stdout.write(f"  {user.username:<18} {user.get_role_display():<16} {user.institution}")
        self.stdout.write(self.style.SUCCESS(f"Mot de passe : {demo_password()}"))

    @transaction.atomic
    def load_accounts(self) -> list[User]:
        """Accounts by user name; one that exists keeps what was changed in it, except its password."""
        with (FOLDER / "accounts.csv").open(encoding="utf-8", newline="") as lines:
            accounts = list(csv.DictReader(lines))
        strangers = User.objects.exclude(email__endswith=f"@{MAIL_DOMAIN}").exclude(is_superuser=True)
        if strangers.exists():
            raise CommandError("Cette base a de vrais comptes : la démonstration se charge dans une base à elle.")
        services = institutions()
        users = []
        for account in accounts:
            name = account["institution"]
            institution, _ = Institution.objects.get_or_create(
                name=name, defaults={"kind": account["kind"], **services[name]}
            )
            Institution.objects.filter(pk=institution.pk, service="").update(**services[name])
            is_national = account["departments"] == NATIONAL
            departments = [] if is_national else account["departments"].split()
            user, is_new = User.objects.get_or_create(
                username=account["username"],
                defaults={
                    "first_name": account["first_name"],
                    "last_name": account["last_name"],
                    "email": f"{account['username']}@{MAIL_DOMAIN}",
                    "institution": institution,
                    "role": account["role"],
                    "extent": _extent(departments, is_national=is_national),
                    "region_id": None if departments or is_national else REGION,
                },
            )
            if is_new:
                user.departments.set(departments)
            users.append(user)
        # one salt for all, so that one slow hash serves them and tells on the next run that nothing changed
        encoded = make_password(demo_password(), salt=hashlib.sha256(demo_password().encode()).hexdigest()[:22])
        User.objects.filter(pk__in=[user.pk for user in users]).exclude(password=encoded).update(password=encoded)
        return users

    @transaction.atomic
    def load_workbook(self, path: Path, user: User) -> None:
        """Import one workbook unless this very file was written before."""
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        if ImportBatch.objects.filter(sha256=sha256).exclude(written_at=None).exists():
            return
        try:
            plan = write_import(
                read(content, path.name), user=user, department=None, as_of=None, today=timezone.localdate()
            )
        except NotWritten as error:
            raise CommandError(f"{path.name} : {error.message_fr}") from error
        ImportBatch.objects.create(
            filename=path.name, sha256=sha256, uploaded_by=user, written_at=timezone.now(), counts=plan.counts
        )
        created, updated = plan.counts["created"], plan.counts["updated"]
        self.stdout.write(f"  {path.name} : {created} projets créés, {updated} modifiés")


def _extent(departments: list[str], *, is_national: bool) -> User.Extent:
    if is_national:
        return User.Extent.COUNTRY
    return User.Extent.DEPARTMENTS if departments else User.Extent.REGION


def institutions() -> dict[str, dict[str, str]]:
    """What the letters say of each institution, by its name; addresses and telephone numbers are invented."""
    with (FOLDER / "institutions.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row.pop("name"): row for row in csv.DictReader(lines)}
    return {name: row | {"address": row["address"].replace("|", "\n")} for name, row in rows.items()}


def demo_password() -> str:
    """Drawn once for this machine, so that no password is the same everywhere."""
    path = settings.VAR_DIR / "demo-password"
    if not path.exists():
        path.write_text("-".join(secrets.choice(WORDS) for _ in range(3)) + f"-{secrets.randbelow(900) + 100}")
        path.chmod(0o600)
    return path.read_text()
