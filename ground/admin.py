"""Bases of the admin pages: administrators only, each within its own territory."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest


class AdministratorAdmin(admin.ModelAdmin):
    """Base of every admin page: open to administrators, limited to `for_user` where the model has it."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        rows = super().get_queryset(request)
        return rows.for_user(request.user) if hasattr(rows, "for_user") else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_administrator

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.is_administrator

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class CountryAdmin(AdministratorAdmin):
    """For what the whole country shares: every administrator reads it, only those of the country change it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_administrator and request.user.answers_for_the_country

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.has_add_permission(request)

    has_delete_permission = has_change_permission
