"""The guard of the browser tests, on a page made faulty on purpose."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import axe_violations

pytestmark = pytest.mark.browser


def test_inline_scripts_other_hosts_and_inaccessible_elements_are_seen(
    page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    page.goto(live_server.url + reverse("login"))
    assert complaints == []
    page.evaluate("document.body.setAttribute('onclick', '1')")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"http://example.org/\">')")
    page.wait_for_function("document.images[document.images.length - 1].complete")
    assert any("Content Security Policy" in complaint and "inline" in complaint for complaint in complaints)
    assert any("request to another host: http://example.org/" in complaint for complaint in complaints)
    assert any("image-alt" in violation for violation in axe_violations(page))
    complaints.clear()
