"""The reference geography in the admin: read by every administrator, changed by those of the whole country."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ground.reference import ReferenceAdmin
from ground.text import search_form
from territories.models import Department, Epci, FormerZone, Region, Zone
from territories.resources import (
    DepartmentResource,
    EpciResource,
    FormerZoneResource,
    RegionResource,
    ZoneResource,
)


class CodedAdmin(ReferenceAdmin):
    list_display_links = ["code", "name"]
    search_fields = ["code", "name"]


@admin.register(Region)
class RegionAdmin(CodedAdmin):
    resource_classes = [RegionResource]
    list_display = ["code", "name"]


@admin.register(Department)
class DepartmentAdmin(CodedAdmin):
    resource_classes = [DepartmentResource]
    list_display = ["code", "name", "region"]
    list_select_related = list_filter = ["region"]


@admin.register(Epci)
class EpciAdmin(CodedAdmin):
    resource_classes = [EpciResource]
    list_display = ["code", "name"]


class NamedAdmin(CodedAdmin):
    """Found by code or by name, whatever the accents, capitals and hyphens typed."""

    search_fields = ["code", "search_name"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, search_form(search_term))


@admin.register(Zone)
class ZoneAdmin(NamedAdmin):
    resource_classes = [ZoneResource]
    list_display = ["code", "name", "kind", "department", "epci", "population", "vintage"]
    list_select_related = ["department", "epci"]
    list_filter = ["kind", "vintage", "department__region", "department"]
    autocomplete_fields = ["department", "epci", "parent"]


@admin.register(FormerZone)
class FormerZoneAdmin(NamedAdmin):
    resource_classes = [FormerZoneResource]
    list_display = ["code", "name", "successor", "is_split"]
    list_select_related = ["successor"]
    list_filter = ["is_split"]
    autocomplete_fields = ["successor"]
