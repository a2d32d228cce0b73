"""Writing a letter, and replacing its model."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import Institution, User
from accounts.models.institution import SIDES, Side
from ground.forms import DayField, PastDayField
from projects.forms.guard import GuardedForm, Shown
from projects.forms.steps import OppositionForm
from projects.letters.checking import check_model
from projects.letters.fields import FIELDS, Group, Values
from projects.letters.producing import produce
from projects.letters.rendering import told
from projects.letters.replacing import kinds_kept_by, may_replace, replace_model
from projects.letters.subject import Subject
from projects.letters.values import Said, values_of
from projects.models import Letter, LetterKind, LetterModel, PieceRequest, Project
from territories.models import Department

JOINT_ONLY = ("insurance_signatory", "insurance_signatory_title")
OPPOSING = ("grounds", "motivation")
RECORDED = (Group.PROJECT, Group.EXAMINATION, Group.CLOCK, Group.DECISION)
NO_ARS = "Aucune institution de l'ARS n'a de compte dans ce département : un administrateur en crée un."


def institutions_of(project: Project, side: Side) -> list[Institution]:
    """Who may answer for this side in the project's lead department: its own institution, then the regional ones."""
    kinds = [kind for kind, stands_on in SIDES.items() if stands_on == side]
    department = project.lead_department
    own = Institution.objects.filter(kind__in=kinds, users__is_active=True, users__departments=department)
    regional = Institution.objects.filter(kind__in=kinds, users__is_active=True, users__region=department.region_id)
    return list(dict.fromkeys([*own.distinct(), *regional.distinct()]))


class InstitutionField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Institution.objects.none(), empty_label=None, **kwargs)


class LetterForm(DsfrBaseForm, GuardedForm):
    """What only its author knows of a letter; `save()` produces it and raises what `produce` does."""

    ars = InstitutionField(label="Au nom de (ARS)")
    insurance = InstitutionField(label="Au nom de (Assurance Maladie)", required=False)
    dated_on = PastDayField(label="Date du courrier")
    reference = forms.CharField(label="Référence", required=False, max_length=80)
    addressee = forms.CharField(
        label="Destinataire",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Nom et adresse, comme dans la fenêtre de l'enveloppe.",
    )
    request = forms.ModelChoiceField(
        PieceRequest.objects.none(), label="Demande de pièces", empty_label="Choisissez une demande"
    )
    grounds = forms.MultipleChoiceField(
        label="Motifs légaux",
        choices=OppositionForm.GROUNDS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez au moins l'un des deux motifs de la loi : il n'y en a pas d'autre."},
    )
    motivation = forms.CharField(
        label="Motivation",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="En droit et en fait : en quoi chaque motif est fondé.",
    )
    signatory = forms.CharField(label="Signataire (prénom et nom)", max_length=150)
    signatory_title = forms.CharField(label="Qualité du signataire", max_length=200)
    insurance_signatory = forms.CharField(label="Signataire de la CPAM (prénom et nom)", max_length=150)
    insurance_signatory_title = forms.CharField(label="Qualité du signataire de la CPAM", max_length=200)

    def __init__(self, *args: Any, subject: Subject, user: User, **kwargs: Any) -> None:
        self.subject, self.user = subject, user
        self.project, self.kind = subject.project, subject.kind
        self.of_ars = institutions_of(self.project, Side.ARS)
        self.of_insurance = institutions_of(self.project, Side.INSURANCE)
        super().__init__(*args, initial=self._proposed(), **kwargs)
        self._narrow()

    def _proposed(self) -> dict[str, Any]:
        project, awaited = self.project, self.subject.awaited
        own = [each for each in (*self.of_ars, *self.of_insurance) if each.pk == self.user.institution_id]
        mine = {each.side: each for each in own}
        return {
            "ars": mine.get(Side.ARS) or next(iter(self.of_ars), None),
            "insurance": mine.get(Side.INSURANCE) or next(iter(self.of_insurance), None),
            "dated_on": timezone.localdate(),
            "addressee": project.promoter.name if project.promoter else "",
            "request": awaited[0] if len(awaited) == 1 else None,
            **self._last_signatories(),
        }

    def _last_signatories(self) -> dict[str, str]:
        """Who has signed what this letter is about, or else the last letter of this kind in the department."""
        signed = {signature.party: signature for signature in self.subject.examined.signatures.all()}
        same = Letter.objects.filter(kind=self.kind, project__lead_department=self.project.lead_department_id)
        last = same.values_list("values", flat=True).first() or {}
        proposed = {}
        for side, prefix, field in ((Side.ARS, "", "ars"), (Side.INSURANCE, "insurance_", "cpam")):
            signature = signed.get(side.value)
            name = signature.signatory if signature else last.get(f"signataire_{field}", "")
            title = signature.signatory_title if signature else last.get(f"qualite_{field}", "")
            proposed |= {f"{prefix}signatory": name, f"{prefix}signatory_title": title}
        return proposed

    def _narrow(self) -> None:
        """Keep the fields of this letter; what the decision already says is not asked again."""
        decision, is_joint = self.subject.decision, self.kind == LetterKind.JOINT_LETTER
        dropped = set() if is_joint else set(JOINT_ONLY)
        if self.kind != LetterKind.OPPOSITION or decision:
            dropped |= set(OPPOSING)
        if self.kind != LetterKind.PIECES:
            dropped.add("request")
        if decision:
            dropped.add("signatory")
            if decision.signatory_title:
                dropped.add("signatory_title")
        for name in dropped:
            del self.fields[name]
        for name, institutions in (("ars", self.of_ars), ("insurance", self.of_insurance)):
            self.fields[name].queryset = Institution.objects.filter(pk__in=[each.pk for each in institutions])
        self.fields["ars"].error_messages["required"] = NO_ARS
        self.fields["insurance"].required = is_joint
        if is_joint:
            self["signatory"].label = "Signataire de l'ARS (prénom et nom)"
            self["signatory_title"].label = "Qualité du signataire de l'ARS"
        else:
            self["insurance"].label = "CPAM en copie"
            self.fields["insurance"].empty_label = "Aucune"
        if "request" in self.fields:
            awaited = [request.pk for request in self.subject.awaited]
            self.fields["request"].queryset = PieceRequest.objects.filter(pk__in=awaited)

    def shown_now(self) -> Shown:
        """What the letter takes from the project, and the last letter of this kind: a second click writes no second."""
        recorded = values_of(self.subject, Said(dated_on=timezone.localdate()))
        last = self.project.letters.filter(kind=self.kind).select_related("document").first()
        return {
            **{FIELDS[name].meaning: told(value) for name, value in recorded.items() if FIELDS[name].group in RECORDED},
            "Dernier courrier de cette sorte": f"n° {last.pk} ({last.document.filename})" if last else "",
        }

    def said(self) -> Said:
        """As typed so far: on a page just opened, what is proposed."""
        typed = getattr(self, "cleaned_data", {})
        grounds = dict.fromkeys(typed.get("grounds", ()), True)
        known = {name: value for name, value in (self.initial | typed | grounds).items() if value is not None}
        return Said(**{name: value for name, value in known.items() if name in Said.__slots__})

    def values(self) -> Values:
        return values_of(self.subject, self.said())

    def save(self) -> Letter:
        return produce(self.user, self.project.pk, self.kind, self.said())


class LetterModelForm(DsfrBaseForm, GuardedForm):
    """A model in Word in place of another; it is checked before it is kept."""

    kind = forms.ChoiceField(label="Courrier", choices=LetterKind)
    department = forms.ModelChoiceField(Department.objects.none(), label="Pour", required=False)
    since = DayField(label="À partir du", help_text="Aujourd'hui au plus tôt ; le modèle précédent reste consultable.")
    file = forms.FileField(
        label="Modèle",
        help_text="Document Word (.docx), 3 Mo au plus. Il est essayé avant d'être enregistré.",
        widget=forms.FileInput(attrs={"accept": ".docx", "class": "fr-upload"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.initial.setdefault("since", timezone.localdate())
        own = Department.objects.filter(pk__in=user.own_departments)
        self.fields["department"].queryset = own
        kinds = kinds_kept_by(user)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        may_change_common = may_replace(user, kinds[0], None)
        self.fields["department"].required = not may_change_common
        self.fields["department"].empty_label = "Tous les départements (modèle commun)" if may_change_common else None

    def shown_now(self) -> Shown:
        """The models in force that this user can replace."""
        held = LetterModel.objects.filter(department__in=self.user.own_departments, until=None)
        may_change_common = may_replace(self.user, kinds_kept_by(self.user)[0], None)
        common = LetterModel.objects.filter(department=None, until=None) if may_change_common else []
        return {
            str(model): f"{model.filename} (n° {model.pk})" for model in [*held.select_related("department"), *common]
        }

    def clean_since(self) -> Any:
        since = self.cleaned_data["since"]
        if since < timezone.localdate():
            raise ValidationError("Un modèle ne vaut pas pour le passé : choisissez aujourd'hui ou un jour à venir.")
        return since

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if (file := data.get("file")) and data.get("kind"):
            try:
                self.judged = check_model(file, LetterKind(data["kind"]))
            except ValidationError as refusal:
                self.add_error("file", refusal)
        return data

    def save(self) -> LetterModel:
        data = self.cleaned_data
        kind = LetterKind(data["kind"])
        return replace_model(self.user, kind, data["department"], data["since"], data["file"], self.judged)
