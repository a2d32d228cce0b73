"""What django-fsm leaves open on a protected state field, closed once for every model that has one."""

import django_fsm as fsm
from django.db import models


class WorkflowModel(models.Model):
    class Meta:
        abstract = True

    @classmethod
    def _protected_fields(cls) -> list[models.Field]:
        return [f for f in cls._meta.concrete_fields if isinstance(f, fsm.FSMFieldMixin) and f.protected]

    def refresh_from_db(self, using=None, fields=None, from_queryset=None) -> None:
        """A protected field refuses to be set twice, even by a refresh: its value is taken out first."""
        before = {
            f.attname: self.__dict__.pop(f.attname) for f in self._protected_fields() if f.attname in self.__dict__
        }
        try:
            super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        except BaseException:
            self.__dict__.update(before)
            raise
        if fields is not None:
            self.__dict__.update({name: value for name, value in before.items() if name not in fields})

    def clean_fields(self, exclude=None) -> None:
        """`full_clean` writes every field back, which a protected one refuses: the workflow alone judges the state."""
        super().clean_fields(exclude={*(exclude or ()), *(f.name for f in self._protected_fields())})
