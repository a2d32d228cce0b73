"""Personal tokens: made by their owner, shown once, revoked by the owner or an administrator of its territory."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessToken, User
from tests.factories import DepartmentFactory, UserFactory


@pytest.fixture
def owner(db: None) -> User:
    return UserFactory(departments=[DepartmentFactory()])


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of


def test_a_new_token_is_shown_once_and_only_its_digest_is_kept(client_of, owner: User) -> None:
    client = client_of(owner)
    answer = client.post(reverse("tokens"), {"name": "QGIS du bureau"})
    secret = answer.context["secret"]
    assert f"http://testserver/territoires/perimetres.geojson?jeton={secret}" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    token = AccessToken.objects.get()
    assert (token.user, token.digest) == (owner, sha256(secret.encode()).hexdigest())
    again = client.get(reverse("tokens")).content.decode()
    assert "QGIS du bureau" in again
    assert secret not in again
    assert client.get(reverse("perimeters_geojson"), {"jeton": secret}).status_code == 200


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_token_is_named(client_of, owner: User, name: str) -> None:
    answer = client_of(owner).post(reverse("tokens"), {"name": name})
    assert answer.status_code == 422
    assert "Le jeton n'a pas été créé" in answer.content.decode()
    assert not AccessToken.objects.exists()


def test_revoking_asks_once_and_closes_the_door(client_of, owner: User) -> None:
    token, secret = AccessToken.issue(owner, "Portable")
    client, address = client_of(owner), reverse("token_revoke", args=[token.pk])
    assert "Révoquer le jeton" in client.get(address).content.decode()
    assert AccessToken.objects.find(secret) == token
    text = client.post(address, follow=True).content.decode()
    assert "Le jeton « Portable » est révoqué" in text
    assert "révoqué le" in text
    assert AccessToken.objects.find(secret) is None
    assert client.post(address).status_code == 404, "it is already done"


def test_nobody_sees_or_revokes_the_tokens_of_another(client_of, owner: User) -> None:
    token, secret = AccessToken.issue(owner, "Portable")
    other = client_of(UserFactory(role=User.Role.ADMINISTRATOR))
    assert "Portable" not in other.get(reverse("tokens")).content.decode()
    assert other.post(reverse("token_revoke", args=[token.pk])).status_code == 404
    assert AccessToken.objects.find(secret) == token


def revoked_by(client: Client, token: AccessToken) -> int:
    asked = {"action": "revoke", "_selected_action": [token.pk]}
    return client.post(reverse("admin:accounts_accesstoken_changelist"), asked).status_code


def test_administrators_revoke_in_their_own_territory(client_of, owner: User) -> None:
    near = DepartmentFactory(code="98", region=DepartmentFactory().region)
    near_token, _ = AccessToken.issue(UserFactory(departments=[near]), "Du voisin")
    far_token, _ = AccessToken.issue(
        UserFactory(departments=[DepartmentFactory(code="97X", region__code="97")]), "Au loin"
    )
    token, _ = AccessToken.issue(owner, "Portable")
    client = client_of(UserFactory(role=User.Role.ADMINISTRATOR, departments=[DepartmentFactory()]))
    listed = client.get(reverse("admin:accounts_accesstoken_changelist")).content.decode()
    assert "Portable" in listed
    assert "Du voisin" in listed
    assert "Au loin" not in listed
    assert revoked_by(client, token) == 302
    assert revoked_by(client, near_token) == 403
    revoked_by(client, far_token)
    assert list(AccessToken.objects.filter(revoked_at=None)) == [far_token, near_token]


def test_the_admin_makes_and_changes_no_token(client_of, owner: User) -> None:
    token, _ = AccessToken.issue(owner, "Portable")
    client = client_of(UserFactory(role=User.Role.ADMINISTRATOR))
    assert client.get(reverse("admin:accounts_accesstoken_add")).status_code == 403
    page = client.get(reverse("admin:accounts_accesstoken_change", args=[token.pk]))
    assert page.status_code == 200
    assert token.digest not in page.content.decode()
    assert (
        client.post(reverse("admin:accounts_accesstoken_delete", args=[token.pk]), {"post": "yes"}).status_code == 403
    )
