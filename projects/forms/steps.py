"""The form of a step: when it happened, why, under which reference, and what some steps need besides."""

from django import forms
from django.db import models, transaction
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from ground.templatetags.french import quoted
from projects.models import Decision, Filing, Merger, Project, Stage
from projects.perimeters import Origin, change_perimeter
from projects.stages import last_recorded
from projects.taking_back import take_back
from projects.workflow import Step, StepKind, latest_day_for, take_step

EVEN_LATER = "Le jour où c'est arrivé, même si vous le saisissez après."


class StepForm(DsfrBaseForm):
    """`save()` records the step; it raises what `take_step` raises."""

    effective_on = PastDayField(label="Date d'effet", help_text=EVEN_LATER)
    comment = forms.CharField(label="Commentaire", required=False, widget=forms.Textarea(attrs={"rows": 4}))
    reference = forms.CharField(
        label="Référence", required=False, max_length=120, help_text="Numéro du courrier, de la convention, du dossier…"
    )
    seen_stage = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, kind: StepKind, user: User, **kwargs) -> None:
        today = timezone.localdate()
        # A step that was only possible before has a date of its own, which nobody but its author knows.
        proposed = today if latest_day_for(project, kind) == today else None
        stage = project.stage_on(today)
        initial = {"effective_on": proposed, "seen_stage": stage and stage.pk}
        super().__init__(*args, initial=initial, **kwargs)
        self.project, self.kind, self.user = project, kind, user
        self.fields["comment"].required = kind.needs_comment
        if kind.needs_comment:
            self["comment"].help_text = "Dites pourquoi : ce texte reste dans l'histoire du projet."

    def details(self) -> models.Model | None:
        """What the new stage needs besides, not saved."""
        return None

    def save(self) -> Project:
        said = self.cleaned_data
        step = Step(
            self.kind.name,
            said["effective_on"],
            comment=said["comment"],
            reference=said["reference"],
            details=self.details(),
        )
        return take_step(self.user, self.project.pk, step, seen_stage=said["seen_stage"])


class FilingForm(StepForm):
    effective_on = PastDayField(label="Reçu par l'ARS le", help_text=EVEN_LATER)
    insurance_received_on = PastDayField(
        label="Reçu par la CPAM le",
        required=False,
        help_text="Gardé pour mémoire : seule la réception par l'ARS fait courir le délai.",
    )
    field_order = ["effective_on", "insurance_received_on", "reference", "comment"]

    def details(self) -> Filing:
        return Filing(insurance_received_on=self.cleaned_data["insurance_received_on"])


class DecisionForm(StepForm):
    effective_on = PastDayField(label="Notifiée le", help_text=EVEN_LATER)
    signatory = forms.CharField(label="Signataire", max_length=150)
    signatory_title = forms.CharField(
        label="Qualité du signataire",
        required=False,
        max_length=200,
        help_text="Par exemple : directeur général de l'ARS, ou sa délégation de signature.",
    )
    field_order = ["effective_on", "signatory", "signatory_title", "reference", "comment"]

    def details(self) -> Decision:
        said = self.cleaned_data
        return Decision(signatory=said["signatory"], signatory_title=said["signatory_title"])


class OppositionForm(DecisionForm):
    """The two grounds are those of the law and no other (CSP, L.1434-12)."""

    GROUNDS = [
        ("breaks_health_plan", "Le projet ne respecte pas les objectifs du projet régional de santé"),
        ("territory_not_pertinent", "Le territoire d'action n'est pas pertinent"),
    ]
    grounds = forms.MultipleChoiceField(
        label="Motifs légaux",
        choices=GROUNDS,
        widget=forms.CheckboxSelectMultiple,
        help_text="La loi n'en connaît pas d'autre (CSP, L.1434-12) ; un dossier incomplet n'en est pas un.",
        error_messages={"required": "Cochez au moins l'un des deux motifs de la loi : il n'y en a pas d'autre."},
    )
    motivation = forms.CharField(
        label="Motivation",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="En quoi le motif est fondé : ce texte est repris dans le courrier d'opposition.",
    )
    field_order = ["effective_on", "grounds", "motivation", "signatory", "signatory_title", "reference", "comment"]

    def details(self) -> Decision:
        decision = super().details()
        decision.motivation = self.cleaned_data["motivation"]
        for ground in self.cleaned_data["grounds"]:
            setattr(decision, ground, True)
        return decision


class MergeForm(StepForm):
    """The absorbed project may bring its communes along, from the day of the merger on."""

    successor = forms.ModelChoiceField(
        Project.objects.none(),
        label="Projet qui l'absorbe",
        empty_label="Choisissez un projet",
        error_messages={
            "invalid_choice": "Ce projet ne peut pas l'absorber : il n'est pas de votre région, ou il vient de prendre "
            "fin ou d'être absorbé lui-même. Choisissez-en un autre."
        },
    )
    brings_zones = forms.BooleanField(
        label="Ajouter ses communes au périmètre du projet qui l'absorbe",
        required=False,
        help_text="À la date de la fusion. Sans cela, ce périmètre ne change pas.",
    )
    field_order = ["effective_on", "successor", "brings_zones", "comment", "reference"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        readable = Project.objects.for_user(self.user).living_on(timezone.localdate()).exclude(pk=self.project.pk)
        self.fields["successor"].queryset = readable.select_related("lead_department")
        self.fields["successor"].label_from_instance = lambda project: f"{project} ({project.lead_department_id})"

    def details(self) -> Merger:
        return Merger(successor=self.cleaned_data["successor"])

    def save(self) -> Project:
        """Both or neither: the merger is not recorded when the other perimeter cannot change on that day."""
        with transaction.atomic():
            project = super().save()
            if self.cleaned_data["brings_zones"]:
                self._bring_zones()
        return project

    def _bring_zones(self) -> None:
        day, successor = self.cleaned_data["effective_on"], self.cleaned_data["successor"]
        if not self.user.can_write_in(successor.department_codes()):
            raise forms.ValidationError("Vous n'écrivez pas dans les départements du projet qui l'absorbe.")
        held = [
            *successor.perimeter.memberships.on(day).select_related("zone"),
            *self.project.perimeter.memberships.on(day).select_related("zone"),
        ]
        whole = {membership.zone for membership in held if not membership.is_partial}
        partial = {membership.zone for membership in held} - whole
        reason = f"Fusion de {quoted(self.project)}."
        change_perimeter(successor, whole, day, partial=partial, reason=reason, by=self.user, origin=Origin.MERGER)


FORMS: dict[str, type[StepForm]] = {
    "file_health_project": FilingForm,
    "validate_health_project": DecisionForm,
    "oppose": OppositionForm,
    "merge": MergeForm,
}


def form_of(kind: StepKind) -> type[StepForm]:
    return FORMS.get(kind.name, StepForm)


class TakeBackForm(DsfrBaseForm):
    """`save()` takes back the last step; it raises what `take_back` raises."""

    reason = forms.CharField(
        label="Raison",
        max_length=100,  # what the field history keeps of it
        help_text="Par exemple : « date mal recopiée ». Elle reste dans l'historique, avec l'étape annulée.",
    )
    seen_stage = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, user: User, **kwargs) -> None:
        super().__init__(*args, initial={"seen_stage": last_recorded(project).pk}, **kwargs)
        self.project, self.user = project, user

    def save(self) -> Stage:
        said = self.cleaned_data
        return take_back(self.user, self.project.pk, said["reason"], seen_stage=said["seen_stage"])
