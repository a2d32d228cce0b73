"""The first page anyone meets."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import axe_violations

pytestmark = pytest.mark.browser


def test_login_page_shows_its_form_and_is_accessible(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + reverse("login"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_label("Mot de passe", exact=False).first).to_be_visible()
    assert axe_violations(page) == []
