"""The map of a region, of the country's biggest: what the server takes, what it sends, when a browser has drawn it.

The page is asked of a server of its own, since a browser cannot call a view; what the browser tells is wall-clock time
from the navigation to the drawing in its Leaflet map, the first visit being left out as everywhere in this bench.
Static files are those that collectstatic made.
"""

import gzip
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from accounts.models import User

REGIONS = {"11": "Île-de-France", "75": "Nouvelle-Aquitaine", "76": "Occitanie", "84": "Auvergne-Rhône-Alpes"}
HEAVIEST = 250_000  # bytes, gzipped
READY_MS = 1_500
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP testserver 127.0.0.1"]


def report() -> list[str]:
    """Print what each big region weighs and takes; returns the names of those over their target."""
    print(f"\nCarte d'une région (≤ {HEAVIEST // 1000} ko compressés, dessinée en {READY_MS} ms au plus)")
    ready = ready_ms() or {}
    failures = []
    for name, weight in weights().items():
        drawn = f"{ready[name]:.0f} ms" if name in ready else "sans navigateur"
        print(f"{name:<46} {weight / 1000:>6.0f} ko   {drawn}", flush=True)
        if weight > HEAVIEST or ready.get(name, 0) > READY_MS:
            failures.append(f"carte, {name}")
    return failures


def weights() -> dict[str, int]:
    """The bytes of each region's page, gzipped as a proxy sends them: drawing, legend and table."""
    client = Client()
    client.force_login(User.objects.get(username="bench"))
    return {
        name: len(gzip.compress(client.get("/territoires/", {"region": code}).content, 6))
        for code, name in REGIONS.items()
    }


def ready_ms(rounds: int = 3) -> dict[str, float] | None:
    """Best time until each region's map is drawn in headless Chromium, in milliseconds; None without a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return None
    client = Client()
    client.force_login(User.objects.get(username="bench"))
    session = client.cookies["sessionid"].value
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        return {
            name: min(_visit(page, f"{address}/territoires/?region={code}") for _ in range(rounds))
            for code, name in REGIONS.items()
        }


def _visit(page, address: str) -> float:
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(".leaflet-overlay-pane .cpts-drawn .territory").first.wait_for()
    return (time.perf_counter() - started) * 1000


class _Silent(WSGIRequestHandler):
    def log_message(self, *told: object) -> None:
        """The address holds nothing of use here."""


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def served() -> Iterator[str]:
    """The application on a free port of this machine."""
    server = make_server("127.0.0.1", 0, WSGIHandler(), server_class=_Threaded, handler_class=_Silent)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://testserver:{server.server_port}"
    finally:
        server.shutdown()
