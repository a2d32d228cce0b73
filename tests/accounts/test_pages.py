"""Log in, log out, change one's password; what the frame of a page shows to whom."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from territories.models import Region
from tests.factories import DepartmentFactory, UserFactory

PASSWORD = "une phrase longue et sûre"


@pytest.fixture
def user(db: None) -> User:
    user = UserFactory(username="dupont", departments=[DepartmentFactory(code="99")])
    user.set_password(PASSWORD)
    user.save()
    return user


def test_login_leads_to_the_page_asked_for(client: Client, user: User) -> None:
    wanted = reverse("photograph")
    asked = client.get(wanted)
    assert asked.url == f"{reverse('login')}?next={wanted}"
    form = client.get(asked.url).content.decode()
    assert "Identifiant" in form
    assert "Se connecter" in form
    answer = client.post(reverse("login"), {"username": "dupont", "password": PASSWORD, "next": wanted})
    assert answer.url == wanted


def test_login_refused_says_why_and_keeps_the_name(client: Client, user: User) -> None:
    text = client.post(reverse("login"), {"username": "dupont", "password": "non"}).content.decode()
    assert "Identifiant ou mot de passe inconnu" in text
    assert 'value="dupont"' in text


def test_login_never_leads_to_another_site(client: Client, user: User) -> None:
    said = {"username": "dupont", "password": PASSWORD, "next": "https://example.org/"}
    assert client.post(reverse("login"), said).url == reverse("home")


def test_login_page_shows_no_demonstration_password(client: Client, settings, db: None) -> None:
    settings.DEMO = True
    text = client.get(reverse("login")).content.decode()
    assert "Démonstration : projets inventés" in text
    assert 'type="password"' in text
    assert "demo" not in text.split("<main")[1].split("</main>")[0].lower()


def test_logout_is_a_post(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == reverse("login")
    assert client.get(reverse("home")).status_code == 302


def test_password_change(client: Client, user: User) -> None:
    client.force_login(user)
    new = "une autre phrase encore"
    weak = {"old_password": PASSWORD, "new_password1": "court", "new_password2": "court"}
    text = client.post(reverse("password_change"), weak).content.decode()
    assert "Le mot de passe n'a pas été changé" in text
    assert 'href="#id_new_password2"' in text
    said = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    page = client.post(reverse("password_change"), said, follow=True)
    assert "Votre mot de passe est changé" in page.content.decode()
    user.refresh_from_db()
    assert user.check_password(new)


def test_header_says_institution_and_territory(client: Client, user: User) -> None:
    client.force_login(user)
    text = client.get(reverse("home")).content.decode()
    assert f"{user.institution} · 99" in text
    user.extent, user.region = User.Extent.REGION, Region.objects.get(code="99")
    user.save()
    assert f"{user.institution} · Région 99" in client.get(reverse("home")).content.decode()


def test_only_administrators_are_shown_administration(client: Client, user: User) -> None:
    client.force_login(user)
    assert reverse("admin:index") not in client.get(reverse("home")).content.decode()
    user.role = User.Role.ADMINISTRATOR
    user.save()
    text = client.get(reverse("home")).content.decode()
    assert reverse("admin:index") in text
    assert reverse("imports") in text


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("home", "Mon travail"),
        ("projects", "Projets"),
        ("territory_map", "Territoires"),
        ("uncovered", "Territoires"),
        ("overlaps", "Territoires"),
        ("conciliations", "Territoires"),
        ("photograph", "Pilotage"),
    ],
)
def test_navigation_says_where_one_is(client: Client, user: User, name: str, label: str) -> None:
    client.force_login(user)
    navigation = client.get(reverse(name)).content.decode().split("<nav")[2]
    current = navigation.split('aria-current="page"')[1]
    assert current.split("<")[0].strip(" \n>") == label
