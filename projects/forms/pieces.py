"""The forms that ask the promoters for missing pieces and record their arrival."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import DayField, LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.forms.guard import GuardedForm, Shown
from projects.models import Filing, PieceRequest, Project

YES, NO = "yes", "no"


class AskPiecesForm(DsfrBaseForm, GuardedForm):
    """`save()` records the request; it raises what `ask_pieces` raises."""

    pieces = LongTextField(
        label="Pièces demandées",
        rows=4,
        limit=5_000,
        help_text="Une par ligne, telles qu'elles seront écrites au porteur.",
    )
    is_indispensable = forms.ChoiceField(
        label="Ces pièces sont-elles indispensables à l'examen ?",
        choices=[
            (YES, "Oui : un texte les exige, et sans elles le projet ne peut pas être examiné"),
            (NO, "Non : elles sont utiles, le délai ne change pas"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez : c'est ce qui décide si le délai change."},
    )
    basis = forms.CharField(
        label="Texte qui exige ces pièces",
        required=False,
        validators=[MaxLengthValidator(200)],
        help_text="Obligatoire si elles sont indispensables ; il est cité dans le courrier.",
    )
    asked_on = PastDayField(label="Demandées le", help_text="Le jour où la demande a été envoyée au porteur.")
    due_on = DayField(
        label="À fournir avant le",
        required=False,
        help_text="Obligatoire si elles sont indispensables (CRPA, art. L. 114-5).",
    )

    def __init__(self, *args, project: Project, filing: Filing | None, user: User, **kwargs) -> None:
        self.project, self.filing, self.user = project, filing, user
        super().__init__(*args, initial={"asked_on": timezone.localdate()}, **kwargs)

    def shown_now(self) -> Shown:
        requests = self.filing.piece_requests.all() if self.filing else []
        return {
            "Dépôt à l'examen": str(self.filing or ""),
            "Demandes déjà faites": " ; ".join(f"{request}, {request.pieces}" for request in requests),
        }

    def clean(self) -> dict:
        data = super().clean()
        if data.get("is_indispensable") == YES:
            if not data.get("basis", "").strip():
                self.add_error("basis", "Citez le texte : sans lui, une pièce n'est pas indispensable.")
            if not data.get("due_on") and "due_on" not in self.errors:
                self.add_error("due_on", "Fixez un délai au porteur (CRPA, art. L. 114-5).")
        asked_on, due_on = data.get("asked_on"), data.get("due_on")
        if asked_on and due_on and due_on < asked_on:
            self.add_error("due_on", f"Ce délai finit avant la demande, du {in_words(asked_on)}.")
        return data

    def save(self) -> PieceRequest:
        said = self.cleaned_data
        request = PieceRequest(
            pieces=said["pieces"],
            is_indispensable=said["is_indispensable"] == YES,
            basis=said["basis"],
            asked_on=said["asked_on"],
            due_on=said["due_on"],
        )
        return ask_pieces(self.user, self.project.pk, request)


class ReceivePiecesForm(DsfrBaseForm, GuardedForm):
    """`save()` records that all the pieces of a request have arrived; it raises what `receive_pieces` raises."""

    received_on = PastDayField(
        label="Reçues le", help_text="Le jour où la dernière pièce demandée est arrivée à l'ARS."
    )

    def __init__(self, *args, project: Project, request: PieceRequest, user: User, **kwargs) -> None:
        self.project, self.request, self.user = project, request, user
        super().__init__(*args, initial={"received_on": timezone.localdate()}, **kwargs)

    def shown_now(self) -> Shown:
        return {"Reçues le": in_words(self.request.received_on)}

    def clean_received_on(self) -> date:
        received_on = self.cleaned_data["received_on"]
        if received_on < self.request.asked_on:
            raise ValidationError(
                f"Ces pièces ont été demandées le {in_words(self.request.asked_on)} : elles ne peuvent pas être "
                "arrivées avant."
            )
        return received_on

    def save(self) -> PieceRequest:
        return receive_pieces(self.user, self.project.pk, self.request.pk, self.cleaned_data["received_on"])
