"""Reference data as spreadsheets: corrected by hand by administrators of the country, refused whole for a wrong row."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.resources import ModelResource
from import_export.results import Result
from tablib import Dataset

from ground.admin import CountryAdmin


class ReferenceResource(ModelResource):
    """A sheet with every heading, and every thing once."""

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True

    def before_import(self, dataset: Dataset, **kwargs) -> None:
        self.seen: set[tuple] = set()
        headings = [field.column_name for field in self.get_import_fields()]
        if missing := [heading for heading in headings if heading not in (dataset.headers or [])]:
            raise ValidationError(f"Colonnes absentes : {', '.join(missing)}.")

    def import_instance(self, instance: models.Model, row: dict, **kwargs) -> None:
        super().import_instance(instance, row, **kwargs)
        key = tuple(self.fields[name].get_value(instance) for name in self.get_import_id_fields())
        if key in self.seen:
            raise ValidationError(f"Ligne en double : {', '.join(map(str, key))}.")
        self.seen.add(key)


class ReferenceAdmin(ImportExportMixin, CountryAdmin):
    import_formats = export_formats = [XLSX, CSV]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def get_import_data_kwargs(self, **kwargs) -> dict:
        """All or nothing, also when a row has become wrong between the preview and its confirmation."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """The library would announce as done what was just taken back."""
        if not (result.has_errors() or result.has_validation_errors()):
            return super().process_result(result, request)
        reason = "depuis l'aperçu, une ligne n'est plus valable. Renvoyez le fichier pour voir laquelle."
        messages.error(request, f"Rien n'a été écrit : {reason}")
        return redirect("admin:{}_{}_import".format(*self.get_model_info()))
