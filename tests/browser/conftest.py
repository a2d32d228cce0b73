"""Pages in headless Chromium. Every test fails on a request to another host, a console error or a CSP violation."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, WebError
from pytest_django.live_server_helper import LiveServer

from accounts.models import User

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session", autouse=True)
def database_beside_playwright() -> None:
    """Playwright's event loop runs in the tests' thread, where Django would refuse the database."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return {**browser_type_launch_args, "executable_path": path, "args": CHROMIUM_ARGS}
    pytest.fail("Chromium est introuvable : installez-le (sudo apt install chromium), puis relancez.")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    laptop = {"width": 1366, "height": 768}
    return {**browser_context_args, "locale": "fr-FR", "timezone_id": "Europe/Paris", "viewport": laptop}


@pytest.fixture(autouse=True)
def complaints(context: BrowserContext, live_server: LiveServer) -> Iterator[list[str]]:
    """What the browser had to complain of; a test that provokes an error on purpose clears the list."""
    found: list[str] = []
    own_host = urlsplit(live_server.url).netloc

    def on_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.netloc != own_host:
            found.append(f"request to another host: {request.url}")

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":  # a CSP violation is one
            found.append(f"console: {message.text} ({message.location.get('url')})")

    def on_web_error(error: WebError) -> None:
        found.append(f"script error: {error.error}")

    context.on("request", on_request)
    context.on("console", on_console)
    context.on("weberror", on_web_error)
    yield found
    assert not found, "\n".join(found)


@pytest.fixture
def open_as(
    page: Page, context: BrowserContext, live_server: LiveServer, settings: LazySettings
) -> Callable[[User, str], Page]:
    """`open_as(user, "/projets/")`: the page at this path, as this user sees it."""

    def open_as(user: User, path: str = "/") -> Page:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page.goto(live_server.url + path)
        return page

    return open_as


def axe_violations(page: Page) -> list[str]:
    """The accessibility rules this page breaks, with the elements at fault; empty is what every page owes."""
    return [
        f"{violation['id']} ({violation['help']}): {', '.join(str(node['target']) for node in violation['nodes'])}"
        for violation in Axe().run(page).response["violations"]
    ]


class Visitor:
    """A person at a screen: every page it opens owes no accessibility violation."""

    def __init__(self, page: Page, root: str) -> None:
        self.page, self.root = page, root

    def open(self, path: str) -> None:
        self.page.goto(self.root + path)
        self.look()

    def look(self) -> None:
        for details in self.page.locator("main details").all():
            details.evaluate("element => { element.open = true }")
        assert axe_violations(self.page) == [], self.page.url

    def send(self, **said: str | date | bool) -> None:
        """Fill the form that has these fields and send it; the page that follows is the effect, not a refusal."""
        form = self.page.locator("main form").filter(has=self.page.locator(f"[name='{next(iter(said))}']"))
        for name, value in said.items():
            self._fill(form, name, value)
        with self.page.expect_navigation() as navigation:
            form.locator("[type=submit]").first.click()
        assert navigation.value.status == 200, self.page.locator("main").inner_text()[:1000]
        self.look()

    def _fill(self, form: Locator, name: str, value: str | date | bool) -> None:
        field = form.locator(f"[name='{name}']")
        match field.first.get_attribute("type"), field.first.evaluate("element => element.tagName"):
            case "radio" | "checkbox", _:
                chosen = field if value is True else form.locator(f"[name='{name}'][value='{value}']")
                chosen.check(force=True)  # the design system draws the box over the input
            case _, "SELECT":
                field.select_option(str(value))
            case _:
                field.fill(value.isoformat() if isinstance(value, date) else str(value))


@pytest.fixture
def visit(open_as: Callable[[User, str], Page], live_server: LiveServer) -> Callable[[User], Visitor]:
    return lambda user: Visitor(open_as(user, "/"), live_server.url)
