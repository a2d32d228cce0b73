"""Addresses that a mapping tool opens: read by who is logged in, or with the personal token of its owner.

A token is given as `?jeton=` (QGIS keeps an address, no header) or as `Authorization: Bearer`. It opens what its owner
may read, on the addresses that take tokens and no other.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import conditional_page, require_safe

from accounts.models import AccessToken, User

View = Callable[[HttpRequest], HttpResponse]
PARAMETER = "jeton"
NOBODY = "Connectez-vous, ou ajoutez un jeton d'accès à l'adresse : ?jeton=… (Mon compte, Jetons d'accès)."
NOT_LIVING = "Ce jeton d'accès n'ouvre rien : il est inconnu ou révoqué, ou le compte de son titulaire est fermé."


def published(view: View) -> View:
    """The view as `request.user`, who is the token's owner when there is one; 401 and a French reason for nobody."""

    @login_not_required
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest) -> HttpResponse:
        secret = _secret(request)
        reader = _owner(secret) if secret else request.user
        if reader is None or not reader.is_authenticated:
            return _refused(NOT_LIVING if secret else NOBODY)
        request.user = reader
        response = conditional_page(view)(request)
        patch_cache_control(response, private=True, max_age=0)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    return opened


def _secret(request: HttpRequest) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else request.GET.get(PARAMETER, "")


def _owner(secret: str) -> User | None:
    token = AccessToken.objects.find(secret)
    if token is None:
        return None
    token.note_use()
    return token.user


def _refused(reason: str) -> HttpResponse:
    headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
    return HttpResponse(f"{reason}\n", content_type="text/plain; charset=utf-8", status=401, headers=headers)
