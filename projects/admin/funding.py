"""The cap of the engineering grants in the admin: changed there, without a release."""

from django.contrib import admin

from ground.admin import CountryAdmin, HistoryAdmin
from projects.models import GrantCap


@admin.register(GrantCap)
class GrantCapAdmin(CountryAdmin, HistoryAdmin):
    list_display = ["amount", "since", "until", "is_verified", "source"]
    list_filter = ["is_verified"]
