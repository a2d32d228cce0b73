"""Bases of the admin pages: administrators only, each within its own territory."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin


def is_administrator(request: HttpRequest) -> bool:
    """Whether the admin is open to this visitor; who is not logged in has no role at all."""
    return getattr(request.user, "is_administrator", False)


class AdministratorRights:
    """Open to administrators, limited to `for_user` where the model has it."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        rows = super().get_queryset(request)
        return rows.for_user(request.user) if hasattr(rows, "for_user") else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class CountryRights(AdministratorRights):
    """For what the whole country shares: every administrator reads it, only those of the country change it."""

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_administrator(request) and request.user.answers_for_the_country

    has_add_permission = has_delete_permission = has_change_permission


class ReadOnlyRights(AdministratorRights):
    """What the pages record with its date and its author is not rewritten in the admin."""

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    has_add_permission = has_delete_permission = has_change_permission


class AdministratorAdmin(AdministratorRights, admin.ModelAdmin):
    """Base of every admin page."""


class CountryAdmin(CountryRights, admin.ModelAdmin):
    """An admin page of what the whole country shares."""


class AdministratorInline(AdministratorRights, admin.TabularInline):
    """Rows on the page of what they belong to: Django asks them for their own rights, given their parent."""

    extra = 0


class CountryInline(CountryRights, AdministratorInline):
    """Rows of what the whole country shares."""


class ReadOnlyInline(ReadOnlyRights, AdministratorInline):
    """Rows that are only shown."""


class HistoryAdmin(SimpleHistoryAdmin, AdministratorAdmin):
    """Past versions are read, within one's scope, and never restored.

    The library finds them by their number alone, and when its button is hidden still takes what the form sends.
    """

    def history_view(self, request: HttpRequest, object_id: str, *args, **kwargs) -> HttpResponse:
        return super().history_view(request, self.in_scope(request, object_id), *args, **kwargs)

    def history_form_view(self, request: HttpRequest, object_id: str, *args, **kwargs) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied("Une ancienne version se lit ; elle ne se rétablit pas.")
        return super().history_form_view(request, self.in_scope(request, object_id), *args, **kwargs)

    def in_scope(self, request: HttpRequest, object_id: str) -> str:
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404
        return object_id
