"""Pictures of the main pages for the documentation, taken on the demonstration served for the occasion."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import django
from playwright.sync_api import sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpts_tracker.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts.models import User  # noqa: E402
from aci.models import Contract  # noqa: E402
from projects.models import Conciliation, Filing, Project  # noqa: E402

FOLDER = Path("docs/screenshots")
READER = "administrateur"  # the demonstration's account that sees every page


def pages() -> list[tuple[str, str]]:
    """File name and path of every page to picture."""
    project = Project.objects.order_by("pk").first()
    examined = Filing.objects.filter(piece_requests__isnull=False).select_related("stage__project").first()
    filed = [examined.stage.project_id]
    with_results = Contract.objects.filter(indicator_sets__negotiated__results__isnull=False)
    contract = with_results.annotate(paid=Count("payments", distinct=True)).order_by("-paid", "pk").first()
    return [
        ("accueil", reverse("home")),
        ("projets", reverse("projects")),
        ("projet", reverse("project", args=[project.pk])),
        ("instruction", reverse("project_examination", args=filed)),
        ("decompte", reverse("filing_count", args=[*filed, examined.pk])),
        ("documents", reverse("project_documents", args=filed)),
        ("grille", reverse("project_grid", args=[*filed, "health_project"])),
        ("photographie", reverse("photograph") + "?date=2020-02-20"),
        ("superpositions", reverse("overlaps")),
        ("territoire", reverse("project_territory", args=[project.pk])),
        ("perimetre", reverse("project_perimeter", args=[project.pk])),
        ("carte", reverse("territory_map") + "?region=11&date=2020-02-20"),
        ("conciliation", reverse("conciliation", args=[Conciliation.objects.filter(until=None).first().pk])),
        ("zones-sans-projet", reverse("uncovered") + "?region=11"),
        ("remuneration", reverse("remuneration") + "?population=120000"),
        ("contrat", contract.get_absolute_url()),
        ("echeancier", reverse("contract_ledger", args=[contract.pk])),
        ("resultats", reverse("contract_results", args=[contract.pk])),
        ("dialogue", reverse("contract_dialogue", args=[contract.pk])),
        ("aci-region", reverse("aci_region") + "?region=11"),
        ("import", reverse("imports")),
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers; thirty seconds at most."""
    for _ in range(150):
        if server.poll() is not None:
            sys.exit("Le serveur s'est arrêté.")
        try:
            urllib.request.urlopen(url, timeout=5)  # noqa: S310 – our own server
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("Le serveur ne répond pas.")


def session_of(username: str) -> str:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def take(site: str, session: str, chromium: str, shots: list[tuple[str, str]]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--lang=fr-FR"],
            env={**os.environ, "LANGUAGE": "fr"},  # date fields in French, with the package chromium-l10n
        )
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="fr-FR")
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        page = context.new_page()
        for name, path in shots:
            answer = page.goto(site + path, wait_until="networkidle")
            if not answer or not answer.ok:
                sys.exit(f"{path} ne répond pas comme il faut.")
            page.screenshot(path=FOLDER / f"{name}.png")
            print(f"  {FOLDER / name}.png")
        browser.close()


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("Chromium est introuvable : installez-le (sudo apt install chromium), puis relancez.")
    session, shots, port = session_of(READER), pages(), free_port()
    site = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [".venv/bin/gunicorn", "cpts_tracker.wsgi"], env={**os.environ, "PORT": str(port), "LOG_LEVEL": "WARNING"}
    )
    try:
        wait_for(f"{site}/healthz", server)
        take(site, session, chromium, shots)
    finally:
        server.terminate()
        server.wait()


main()
