"""A result of an indicator, with the pieces that prove it; and the validation of one institution."""

from datetime import date
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from accounts.models.institution import Side
from aci.contracts import agreed_of, is_proven
from aci.forms.negotiation import FigureField
from aci.indicators import Direction, plain, value_problem
from aci.models import NegotiatedIndicator, Result, ResultValidation
from aci.results import why_settled
from aci.years import ContractYear
from ground.forms import PastDayField
from ground.templatetags.french import day as in_words
from ground.templatetags.french import short_day
from projects.forms.documents import CHOOSE_AGAIN, DocumentForm
from projects.forms.guard import GuardedForm, Shown
from projects.forms.rows import RowForm
from projects.models import Document, DocumentType, Project
from projects.stages import remove

EVIDENCE = "Pièce justificative d'indicateur"  # of the types that come with the application
DONE = [("1", "Fait"), ("0", "Non fait")]
NO_DOCUMENT = "Aucun document : déposez la pièce ci-dessous."
NOT_RETAINED = "Cette version des indicateurs n'est pas retenue : ses résultats ne s'enregistrent pas."
NO_PIECE = (
    "Le résultat final d'un indicateur payant demande au moins une pièce : choisissez-la parmi les documents du "
    "projet, ou déposez-la plus bas."
)
CHANGED = "Le résultat a changé : chaque institution le valide de nouveau."
MEASURE = ("kind", "value", "measured_on")


class PiecesField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, piece: Document) -> str:
        return f"{piece} ({piece.type}, {short_day(piece.dated_on or timezone.localdate(piece.recorded_at))})"


class ResultForm(RowForm):
    """The instance knows its indicator. `is_sent_with_a_piece`: a file comes along in the same page.

    Once the money of its mission is validated or paid, a final result keeps its measure; pieces can still be added.
    """

    lines = [("kind",), ("value", "measured_on"), ("comment",), ("documents",)]

    class Meta:
        model = Result
        fields = ["kind", "value", "measured_on", "comment", "documents"]
        field_classes = {"measured_on": PastDayField, "value": FigureField, "documents": PiecesField}
        widgets = {
            "kind": forms.RadioSelect,
            "comment": forms.Textarea(attrs={"rows": 3}),
            "documents": forms.CheckboxSelectMultiple,
        }
        labels = {"kind": "Nature du résultat", "documents": "Pièces, parmi les documents du projet"}
        error_messages = {"kind": {"required": "Dites si ce résultat est intermédiaire ou final."}}

    def __init__(self, *args, is_sent_with_a_piece: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.is_sent_with_a_piece = is_sent_with_a_piece
        self.fields["kind"].choices = Result.Kind.choices
        if unit := self.negotiated.indicator.unit:
            self["value"].help_text = format_html("En {}.", unit)  # the design system escapes no help
        pieces = self.fields["documents"]
        pieces.queryset = self.project.documents.filter(withdrawn_at=None).select_related("type")
        if not pieces.queryset.exists():
            self["documents"].help_text = NO_DOCUMENT
        self["measured_on"].help_text = f"Pas avant le {in_words(self.year.since)}, début de l'année de contrat."
        self.is_settled = bool(self.instance.pk and self.instance.kind == Result.Kind.FINAL and self.settled)
        if self.is_settled:
            for name in MEASURE:
                self.fields[name].disabled = True

    @property
    def negotiated(self) -> NegotiatedIndicator:
        return self.instance.negotiated

    @property
    def project(self) -> Project:
        return self.negotiated.indicator_set.contract.project

    @property
    def year(self) -> ContractYear:
        version = self.negotiated.indicator_set
        return version.contract.year(version.year)

    @cached_property
    def settled(self) -> str:
        return why_settled(self.negotiated)

    def siblings(self) -> QuerySet:
        return Result.objects.filter(negotiated=self.negotiated).select_related("negotiated__indicator")

    def shown_now(self) -> Shown:
        shown = dict(super().shown_now())
        if self.instance.pk:
            shown["Valeur"] = plain(self.instance.value)
            shown["Paiement"] = self.settled if self.instance.kind == Result.Kind.FINAL else ""
        return shown

    def obstacle(self) -> str:
        """Why nothing can be recorded, whatever is typed; empty when it can."""
        return "" if self.negotiated.indicator_set.retained_on else NOT_RETAINED

    def clean_value(self) -> Decimal:
        value = self.cleaned_data["value"]
        if problem := value_problem(agreed_of(self.negotiated), value):
            raise ValidationError(problem)
        return value

    def clean_measured_on(self) -> date:
        measured_on = self.cleaned_data["measured_on"]
        year = self.year
        if measured_on < year.since:
            raise ValidationError(f"L'année {year.number} du contrat ne commence que le {in_words(year.since)}.")
        return measured_on

    def clean_documents(self) -> list[Document]:
        """Those chosen, and the withdrawn ones that were there: they stay told."""
        kept = self.instance.documents.exclude(withdrawn_at=None) if self.instance.pk else ()
        return [*self.cleaned_data["documents"], *kept]

    def clean(self) -> dict:
        data = super().clean()
        if obstacle := self.obstacle():
            raise ValidationError(obstacle)
        if data.get("kind") == Result.Kind.FINAL:
            self._check_final(data)
        return data

    def _check_final(self, data: dict) -> None:
        if self.siblings().filter(kind=Result.Kind.FINAL).exclude(pk=self.instance.pk).exists():
            self.add_error("kind", "Le résultat final est déjà enregistré : modifiez-le, ou retirez-le d'abord.")
        if not self.is_settled and (settled := self.settled):
            self.add_error("kind", settled)
        there = [piece for piece in data.get("documents", ()) if piece.withdrawn_at is None]
        if self.negotiated.is_paying and not there and not self.is_sent_with_a_piece and "documents" in data:
            self.add_error("documents", NO_PIECE)

    def save_with(self, user: User, piece: Document | None) -> bool:
        """Save, with the piece sent along. Whether validations of a former measure were cleared."""
        if piece:
            self.cleaned_data["documents"].append(piece)
        has_moved = self.instance.pk is not None and not set(MEASURE).isdisjoint(self.changed_data)
        result = self.save_by(user)
        cleared = list(result.validations.all()) if has_moved else []
        for validation in cleared:
            remove(validation, CHANGED)
        return bool(cleared)


class DoneForm(ResultForm):
    """The result of an indicator that is done or not."""

    value = forms.TypedChoiceField(label="Valeur", choices=DONE, coerce=Decimal, widget=forms.RadioSelect)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["value"] = plain(self.instance.value)


def result_form_of(negotiated: NegotiatedIndicator) -> type[ResultForm]:
    return DoneForm if negotiated.indicator.direction == Direction.DONE else ResultForm


class PieceForm(DocumentForm):
    """A piece sent along with a result, as a document of the project; nothing when no file is chosen."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, prefix="piece", empty_permitted=True, use_required_attribute=False, **kwargs)
        del self.fields["stage"]
        self.initial["type"] = DocumentType.objects.filter(name=EVIDENCE, is_in_use=True).first()

    def has_changed(self) -> bool:
        """The type that the page proposes is no piece yet."""
        return bool(set(self.changed_data) - {"type"})

    def lose_the_file(self) -> None:
        """The rest of the page is refused."""
        if self.cleaned_data and not self.errors:
            self.add_error("file", CHOOSE_AGAIN)

    def save_if_sent(self) -> Document | None:
        if not self.has_changed():
            return None
        self.cleaned_data["stage"] = self.project.stage_on(timezone.localdate())
        return self.save()


class ResultValidationForm(DsfrBaseForm, GuardedForm):
    """One institution agrees with the result that the page shows."""

    validated_on = PastDayField(label="Validé le")

    def __init__(self, *args, result: Result, side: Side, **kwargs) -> None:
        self.result, self.side = result, side
        super().__init__(*args, initial={"validated_on": timezone.localdate()}, **kwargs)

    def shown_now(self) -> Shown:
        result = self.result
        return {
            "Valeur": plain(result.value),
            "Nature du résultat": result.get_kind_display(),
            "Mesuré le": in_words(result.measured_on),
            "Pièces": ", ".join(
                f"{piece}{' (retirée)' * bool(piece.withdrawn_at)}" for piece in result.documents.all()
            ),
            f"Validation ({self.side.label})": ", ".join(in_words(each.validated_on) for each in self.own),
        }

    @property
    def own(self) -> list[ResultValidation]:
        return [each for each in self.result.validations.all() if each.side == self.side]

    def obstacle(self) -> str:
        """Why this institution has nothing to validate; empty when it has."""
        negotiated = self.result.negotiated
        if self.result.kind != Result.Kind.FINAL:
            return "Un résultat intermédiaire ne se valide pas : seul le résultat final paie."
        for validation in self.own:
            return f"Votre institution a déjà validé ce résultat, le {in_words(validation.validated_on)}."
        if negotiated.is_paying and not is_proven(self.result, timezone.localdate()):
            return "Ce résultat n'a plus de pièce : joignez-en une avant de le valider."
        return why_settled(negotiated)

    def clean_validated_on(self) -> date:
        validated_on = self.cleaned_data["validated_on"]
        if validated_on < self.result.measured_on:
            raise ValidationError(f"Ce résultat n'a été mesuré que le {in_words(self.result.measured_on)}.")
        return validated_on

    def clean(self) -> dict:
        data = super().clean()
        if obstacle := self.obstacle():
            raise ValidationError(obstacle)
        return data

    def save_by(self, user: User) -> ResultValidation:
        said = {"side": self.side, "validated_on": self.cleaned_data["validated_on"]}
        return self.result.validations.create(**said, recorded_by=user)
