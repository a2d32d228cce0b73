"""The reference geography as spreadsheets: French headings, INSEE codes as keys.

For corrections by hand; the whole country comes from `load_geography`.
"""

from django.db import models
from import_export.fields import Field
from import_export.widgets import CharWidget, ForeignKeyWidget, Widget

from ground.reference import ReferenceResource
from territories.models import Department, Epci, FormerZone, Region, Zone

CODE_WIDTH = {Region: 2, Department: 2, Epci: 9, Zone: 5, FormerZone: 5}


class CodeWidget(CharWidget):
    """An INSEE code; a spreadsheet that took it for a number has lost its leading zeros."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__()
        self.width = CODE_WIDTH[model]

    def clean(self, value: object, row: dict | None = None, **kwargs) -> str:
        text = super().clean(value, row, **kwargs).strip()
        return text and text.zfill(self.width)


class ReferenceWidget(ForeignKeyWidget):
    """A reference by INSEE code."""

    def clean(self, value: object, row: dict | None = None, **kwargs) -> models.Model | None:
        code = CodeWidget(self.model).clean(value)
        found = self.model.objects.filter(code=code).first()
        if code and not found:
            raise ValueError(f"Le code « {code} » ne correspond à aucune entrée ({self.model._meta.verbose_name}).")
        return found


class LabelWidget(CharWidget):
    """A choice, written as its French label."""

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__()
        self.labels = dict(choices)

    def clean(self, value: object, row: dict | None = None, **kwargs) -> str:
        text = super().clean(value, row, **kwargs)
        return {label: choice for choice, label in self.labels.items()}.get(text, text)

    def render(self, value: str | None, obj: models.Model | None = None, **kwargs) -> str:
        return self.labels.get(value, "")


class CodedResource(ReferenceResource):
    class Meta:
        import_id_fields = ["code"]

    @classmethod
    def field_from_django_field(cls, field_name: str, django_field: models.Field, readonly: bool) -> Field:
        field = super().field_from_django_field(field_name, django_field, readonly)
        field.attribute = field_name  # the library takes `department_id`, whose value is no code for a zone
        field.column_name = str(django_field.verbose_name)
        field.widget = cls.widget_of(django_field) or field.widget
        return field

    @staticmethod
    def widget_of(field: models.Field) -> Widget | None:
        if field.name == "code":
            return CodeWidget(field.model)
        if isinstance(field, models.ForeignKey):
            return ReferenceWidget(field.related_model, "code")
        return LabelWidget(field.choices) if field.choices else None


class RegionResource(CodedResource):
    class Meta:
        model = Region
        fields = ["code", "name"]


class DepartmentResource(CodedResource):
    class Meta:
        model = Department
        fields = ["code", "name", "region"]


class EpciResource(CodedResource):
    class Meta:
        model = Epci
        fields = ["code", "name"]


class ZoneResource(CodedResource):
    class Meta:
        model = Zone
        fields = ["code", "name", "kind", "department", "epci", "parent", "population", "vintage"]


class FormerZoneResource(CodedResource):
    class Meta:
        model = FormerZone
        fields = ["code", "name", "successor", "is_split"]
        import_id_fields = ["code", "name", "successor"]
