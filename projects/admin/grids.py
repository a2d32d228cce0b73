"""Grids in the admin: the country's administrators write them; a version that has served makes way for a new one."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Textarea
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ground.admin import CountryInline, CountryRights, HistoryAdmin
from ground.templatetags.french import quoted
from projects.examination.grids import new_version
from projects.models import Grid, GridItem

SERVED = (
    "Un projet a déjà répondu à cette version : ses points ne se réécrivent plus. Pour les changer, faites une "
    "nouvelle version à partir de celle-ci ; pour la retirer, indiquez sa fin."
)


class GridItemInline(CountryInline):
    model = GridItem
    formfield_overrides = {
        models.CharField: {"widget": Textarea(attrs={"rows": 2, "cols": 26})},
        models.TextField: {"widget": Textarea(attrs={"rows": 2, "cols": 34})},
    }

    def has_change_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_ticked)

    has_add_permission = has_delete_permission = has_change_permission


@admin.register(Grid)
class GridAdmin(CountryRights, HistoryAdmin):
    list_display = ["kind", "version", "since", "until", "source"]
    list_display_links = ["kind", "version"]
    list_filter = ["kind"]
    fields = ["kind", "version", "source", "since", "until"]
    inlines = [GridItemInline]

    def get_fieldsets(self, request: HttpRequest, obj: Grid | None = None) -> list:
        told = SERVED if obj and obj.is_ticked and self.has_change_permission(request, obj) else ""
        return [(None, {"fields": self.fields, "description": told})]

    def get_readonly_fields(self, request: HttpRequest, obj: Grid | None = None) -> list[str]:
        return [name for name in self.fields if name != "until"] if obj and obj.is_ticked else []

    def has_delete_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_ticked)

    def get_urls(self) -> list[URLPattern]:
        copy = self.admin_site.admin_view(require_POST(self.new_version_view))
        return [path("<int:pk>/nouvelle-version/", copy, name="projects_grid_new_version"), *super().get_urls()]

    def new_version_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        grid = self.get_object(request, str(pk))
        if grid is None:
            raise Http404
        if not self.has_change_permission(request, grid):
            raise PermissionDenied("Les grilles sont communes au pays : seuls ses administrateurs les modifient.")
        copy = new_version(grid, timezone.localdate())
        messages.success(
            request, f"La version {quoted(copy.version)} est en vigueur aujourd'hui : modifiez ses points."
        )
        return redirect(reverse("admin:projects_grid_change", args=[copy.pk]))
