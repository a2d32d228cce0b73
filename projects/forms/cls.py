from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from ground.forms import PastDayField
from ground.templatetags.french import day as in_words
from projects.context.around import cls_to_sign
from projects.forms.rows import RowForm
from projects.models import ClsSignature


class ClsSignatureForm(RowForm):
    """A CPTS that signs one of the contrats locaux de santé of its territory."""

    lines = [("structure", "signed_on")]

    class Meta:
        model = ClsSignature
        fields = ["structure", "signed_on"]
        field_classes = {"signed_on": PastDayField}
        help_texts = {"structure": "Ceux du territoire que la CPTS n'a pas encore signés."}
        labels = {"signed_on": "Signé par la CPTS le"}

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["structure"]
        field.queryset = cls_to_sign(self.instance.project, timezone.localdate(), by)
        field.empty_label = "Choisissez"

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        cls, signed_on = said.get("structure"), said.get("signed_on")
        if cls and signed_on and cls.since and signed_on < cls.since:
            self.add_error("signed_on", ValidationError(f"Ce contrat n'a commencé que le {in_words(cls.since)}."))
        if cls and signed_on and cls.until and signed_on >= cls.until:
            self.add_error("signed_on", ValidationError(f"Ce contrat a pris fin le {in_words(cls.last_day)}."))
        return said
