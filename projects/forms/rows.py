"""What the forms of the funding and of the roll-out share: one row added to a project, or one changed."""

from django.db.models import Model, QuerySet
from django.forms import BoundField, TypedChoiceField
from django.utils.text import capfirst
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from projects.forms.guard import GuardedModelForm, Shown


class RowForm(DsfrBaseForm, GuardedModelForm):
    """The instance knows what it belongs to. Who adds a row while somebody else adds one is told, as for two clicks."""

    lines: list[tuple[str, ...]]  # the fields that stand side by side

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, TypedChoiceField):
                field.choices = [(value, label if value else "Choisissez") for value, label in field.choices]

    def siblings(self) -> QuerySet:
        """The rows of the same kind that the page shows."""
        return self._meta.model.objects.filter(project=self.instance.project)

    def shown_now(self) -> Shown:
        if self.instance.pk:
            return super().shown_now()
        return {str(capfirst(self._meta.model._meta.verbose_name_plural)): " ; ".join(map(str, self.siblings()))}

    @property
    def fields_by_line(self) -> list[list[BoundField]]:
        return [[self[name] for name in line if name in self.fields] for line in self.lines]

    def save_by(self, user: User) -> Model:
        """Save; a new row keeps who recorded it."""
        if self.instance.pk is None:
            self.instance.recorded_by = user
        return self.save()
