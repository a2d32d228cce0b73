"""Barèmes in the admin: an administrator of the country proposes a version without a release; approved, it is locked.

Of an approved version, only what a later check says may change: the source of a figure and its verified mark.
"""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms import BaseFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from import_export import fields, widgets

from accounts.models import User
from aci.approval import hold_tariffs
from aci.models import Contract, PaymentRules, Tariff, TariffAmount, TariffLine, TariffTier
from aci.remuneration import tier_problems
from ground.admin import CountryAdmin, CountryInline, HistoryAdmin
from ground.reference import ReferenceAdmin, ReferenceResource
from ground.templatetags.french import day, quoted


def tariff_of(row: models.Model | None) -> Tariff | None:
    """The version that a row of the admin belongs to; None for a row to be added."""
    match row:
        case TariffLine() | TariffTier():
            return row.tariff
        case TariffAmount():
            return row.line.tariff
    return row


class LockedOnceApproved:
    """Rows of a version: once it is approved, only `checked_later` changes, and nothing comes or goes."""

    checked_later: tuple[str, ...] = ()
    belongs_to: tuple[str, ...] = ()  # a row never moves to another version: that one would be left as nobody wrote it

    def is_locked(self, obj: models.Model | None) -> bool:
        tariff = tariff_of(obj)
        return tariff is not None and tariff.is_approved

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        readonly = [*super().get_readonly_fields(request, obj)]
        if obj is not None:
            readonly += self.belongs_to
        if self.is_locked(obj):
            readonly += [f.name for f in self.model._meta.fields if f.editable and f.name not in self.checked_later]
        return list(dict.fromkeys(name for name in readonly if name != "id"))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not self.is_locked(obj)


class LockedInline(LockedOnceApproved, CountryInline):
    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_add_permission(request, obj) and not self.is_locked(obj)


class TariffRowsAdmin(LockedOnceApproved, CountryAdmin):
    """Held while it is written; a proposal is then that of whoever has changed it last."""

    actions = None  # rows leave one by one, each from its page, which knows whether its version is approved

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        with transaction.atomic():
            hold_tariffs()
            return super().changeform_view(request, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[BaseFormSet], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        proposed_anew(tariff_of(form.instance), request.user)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        hold_tariffs()
        tariff = Tariff.objects.get(pk=tariff_of(obj).pk)
        if tariff.is_approved:
            raise PermissionDenied("Ce barème vient d'être approuvé.")
        super().delete_model(request, obj)
        proposed_anew(tariff, request.user)

    def formfield_for_foreignkey(self, field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> forms.Field:
        """Nothing is added to an approved version."""
        if field.related_model is Tariff:
            kwargs["queryset"] = Tariff.objects.filter(approved_at=None)
        elif field.related_model is TariffLine:
            kwargs["queryset"] = TariffLine.objects.filter(tariff__approved_at=None).select_related("tariff")
        return super().formfield_for_foreignkey(field, request, **kwargs)


def proposed_anew(tariff: Tariff, by: User) -> None:
    if not tariff.is_approved and tariff.proposed_by != by:
        tariff.proposed_by = by
        tariff.save()


class TierFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form.instance for form in self.forms if form not in self.deleted_forms and form.is_valid()]
        if not any(self.errors) and (problems := tier_problems(tier.as_tier() for tier in kept if tier.number)):
            raise ValidationError(problems)


class TierInline(LockedInline):
    model = TariffTier
    formset = TierFormSet
    checked_later = ("source",)


class LineInline(LockedInline):
    model = TariffLine
    show_change_link = True
    checked_later = ("calendar_source",)


class AmountInline(LockedInline):
    model = TariffAmount
    checked_later = ("verified", "source")


@admin.register(Tariff)
class TariffAdmin(TariffRowsAdmin):
    """A version added here is a proposal; it is approved, withdrawn or taken up again on its page, with a reason."""

    list_display = ["label", "code", "since", "until", "proposed_by", "approved_by"]
    list_select_related = ["proposed_by", "approved_by"]
    readonly_fields = ["until", "proposed_by", "approved_by", "approved_at"]
    inlines = [TierInline, LineInline]
    checked_later = ("source",)

    def view_on_site(self, obj: Tariff) -> str:
        return obj.get_absolute_url()

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(TariffLine)
class TariffLineAdmin(TariffRowsAdmin):
    list_display = ["label", "tariff", "mission", "kind", "order"]
    list_filter = ["tariff", "kind"]
    list_select_related = ["tariff"]
    inlines = [AmountInline]
    checked_later = ("calendar_source",)
    belongs_to = ("tariff",)


class LineWidget(widgets.ForeignKeyWidget):
    """A mission is known by its code within the version written on the same row."""

    def get_queryset(self, value: str, row: dict, *args, **kwargs) -> models.QuerySet:
        return TariffLine.objects.filter(tariff__code=row.get("version")).select_related("tariff")

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

    def before_import(self, dataset: Any, **kwargs) -> None:
        super().before_import(dataset, **kwargs)
        hold_tariffs()

    def import_instance(self, instance: TariffAmount, row: dict, **kwargs) -> None:
        """Raises ValidationError for what would change the money of an approved version."""
        before = None if instance._state.adding else (instance.fixed_eur, instance.variable_eur)
        super().import_instance(instance, row, **kwargs)
        tariff = instance.line.tariff
        if tariff.is_approved and before != (instance.fixed_eur, instance.variable_eur):
            why = "seules sa vérification et ses sources changent encore"
            raise ValidationError(f"Le barème {quoted(tariff)} est approuvé : {why}. Proposez une nouvelle version.")

    def after_save_instance(self, instance: TariffAmount, row: dict, **kwargs) -> None:
        super().after_save_instance(instance, row, **kwargs)
        if by := kwargs.get("user"):
            proposed_anew(instance.line.tariff, by)


@admin.register(TariffAmount)
class TariffAmountAdmin(ReferenceAdmin, TariffRowsAdmin, HistoryAdmin):
    resource_classes = [AmountResource]
    list_display = ["line", "tier", "fixed_eur", "variable_eur", "verified", "source"]
    list_filter = ["line__tariff", "tier", "verified"]
    list_select_related = ["line__tariff"]
    search_fields = ["line__label", "source"]
    checked_later = ("verified", "source")
    belongs_to = ("line",)


def contracts_of(rules: PaymentRules) -> models.QuerySet[Contract]:
    """Those signed under these rules."""
    signed = Contract.objects.filter(signed_on__gte=rules.since)
    return signed.filter(signed_on__lt=rules.until) if rules.until else signed


class PaymentRulesForm(ModelForm):
    def clean_since(self) -> date:
        """A contract signed under some rules keeps them; those signed before any rules may still get their own."""
        since = self.cleaned_data["since"]
        before = PaymentRules.objects.exclude(pk=self.instance.pk).filter(since__lte=since).order_by("since").last()
        if before and contracts_of(before).filter(signed_on__gte=since).exists():
            told = f"{before} : des contrats signés depuis le {day(since)} en relèvent déjà et les gardent"
            raise ValidationError(f"{told}. De nouvelles règles commencent après eux.")
        return since


@admin.register(PaymentRules)
class PaymentRulesAdmin(CountryAdmin):
    """Once a contract is signed under them, rules change by their source and their verified mark alone."""

    form = PaymentRulesForm
    list_display = ["since", "until", "advance", "proration", "ending", "prorates_variable", "is_verified"]
    readonly_fields = ["until"]

    def get_readonly_fields(self, request: HttpRequest, obj: PaymentRules | None = None) -> list[str]:
        if obj is None or not contracts_of(obj).exists():
            return self.readonly_fields
        return ["since", *self.readonly_fields, "advance", "proration", "ending", "prorates_variable"]

    def has_delete_permission(self, request: HttpRequest, obj: PaymentRules | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and contracts_of(obj).exists())

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for rules in queryset:  # one by one: those before take over
            rules.delete()
