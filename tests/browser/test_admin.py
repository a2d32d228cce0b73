"""The admin in a browser. Its look is Django's own; what is asked of it is to be silent (see `complaints`)."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_administrator_walks_through_the_admin(open_as: Callable[[User, str], Page]) -> None:
    administrator = UserFactory(role=User.Role.ADMINISTRATOR)
    project = ProjectFactory(name="CPTS Nord", zones=[ZoneFactory()])
    project.contacts.create(name="Dr Vasseur")

    page = open_as(administrator, reverse("admin:index"))
    expect(page.get_by_role("heading", name="Référentiels et comptes")).to_be_visible()
    page.get_by_role("link", name="Projets de CPTS", exact=True).first.click()
    page.get_by_role("link", name="CPTS Nord").click()
    page.locator("#id_contacts-0-function").fill("Présidente")
    page.locator("[name=_save]").click()
    expect(page.get_by_text("a été modifié avec succès")).to_be_visible()
    assert project.contacts.get().function == "Présidente"

    page = open_as(administrator, reverse("admin:accounts_user_add"))
    expect(page.get_by_role("textbox", name="Prénom")).to_be_visible()
    page = open_as(administrator, reverse("admin:accounts_user_change", args=[administrator.pk]))
    expect(page.locator(".selector").first).to_be_visible()
    page = open_as(administrator, reverse("admin:territories_zone_import"))
    expect(page.get_by_label("Fichier à importer")).to_be_attached()
    page.get_by_role("button", name="Déconnexion").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith(reverse("login"))
