"""Barèmes in the admin: an administrator of the country adds a version without a release."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from import_export import fields, widgets

from aci.models import Tariff, TariffAmount, TariffLine, TariffTier
from aci.remuneration import tier_problems
from ground.admin import CountryAdmin, CountryInline, HistoryAdmin
from ground.reference import ReferenceAdmin, ReferenceResource


class TierFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form.instance for form in self.forms if form not in self.deleted_forms and form.is_valid()]
        if not any(self.errors) and (problems := tier_problems(tier.as_tier() for tier in kept if tier.number)):
            raise ValidationError(problems)


class TierInline(CountryInline):
    model = TariffTier
    formset = TierFormSet


class LineInline(CountryInline):
    model = TariffLine
    show_change_link = True


class AmountInline(CountryInline):
    model = TariffAmount


@admin.register(Tariff)
class TariffAdmin(CountryAdmin):
    list_display = ["label", "code", "since", "until"]
    readonly_fields = ["until"]
    inlines = [TierInline, LineInline]

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for tariff in queryset:  # one by one: the version before takes over
            tariff.delete()


@admin.register(TariffLine)
class TariffLineAdmin(CountryAdmin):
    list_display = ["label", "tariff", "mission", "kind", "order"]
    list_filter = ["tariff", "kind"]
    inlines = [AmountInline]


class LineWidget(widgets.ForeignKeyWidget):
    """A mission is known by its code within the version written on the same row."""

    def get_queryset(self, value: str, row: dict, *args, **kwargs) -> models.QuerySet:
        return TariffLine.objects.filter(tariff__code=row.get("version"))

    def clean(self, value: str, row: dict | None = None, **kwargs) -> TariffLine | None:
        try:
            return super().clean(value, row, **kwargs)
        except TariffLine.DoesNotExist:
            raise ValueError(f"Le barème « {row.get('version')} » n'a pas de mission « {value} ».") from None


class AmountResource(ReferenceResource):
    version = fields.Field("line__tariff__code", "version", readonly=True)
    line = fields.Field("line", "mission", LineWidget(TariffLine, "mission"))

    class Meta:
        model = TariffAmount
        fields = ["version", "line", "tier", "fixed_eur", "variable_eur", "verified", "source"]
        import_id_fields = ["line", "tier"]


@admin.register(TariffAmount)
class TariffAmountAdmin(ReferenceAdmin, HistoryAdmin):
    resource_classes = [AmountResource]
    list_display = ["line", "tier", "fixed_eur", "variable_eur", "verified", "source"]
    list_filter = ["line__tariff", "tier", "verified"]
    list_select_related = ["line__tariff"]
    search_fields = ["line__label", "source"]
