"""A decision of a meeting, one form for each kind; what the contract would refuse is refused when it is written."""

from django import forms
from django.db.models import QuerySet

from aci.decision_acts import (
    left_to_validate,
    lines_to_validate,
    missions_to_engage,
    missions_to_stop,
    share_validated,
)
from aci.decisions import reckoned_of, why_not_apply
from aci.ledger import LedgerLine
from aci.models import MeetingDecision
from ground.forms import CptsDayField, EurosField, LongTextField
from ground.templatetags.french import euros
from projects.forms.guard import Shown
from projects.forms.rows import RowForm

Kind = MeetingDecision.Kind
FIELDS = {
    Kind.ENGAGE: ("mission", "effective_on", "text"),
    Kind.STOP: ("mission", "effective_on", "text"),
    Kind.PAY: ("due", "amount", "text"),
    Kind.INDICATORS: ("indicator_set", "text"),
    Kind.AMEND: ("effective_on", "text"),
    Kind.ARBITRATE: ("text",),
}
DAY_LABELS = {Kind.ENGAGE: "Démarre le", Kind.STOP: "Premier jour sans la mission", Kind.AMEND: "Avenant signé le"}
TEXT_LABELS = {Kind.AMEND: "Objet de l'avenant", Kind.ARBITRATE: "Ce qui est décidé"}


class DecisionForm(RowForm):
    mission = forms.ChoiceField(label="Mission")
    due = forms.ChoiceField(label="Ligne de l'échéancier")
    text = LongTextField(label="Précisions", rows=4, required=False)

    class Meta:
        model = MeetingDecision
        fields = ["mission", "effective_on", "amount", "indicator_set", "text"]
        field_classes = {"effective_on": CptsDayField, "amount": EurosField}
        help_texts = {"amount": "Laissez vide pour valider tout ce qui reste dû."}

    def __init__(self, *args, asked_line: str = "", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.kind = Kind(self.instance.kind)
        self.reckoned = reckoned_of(self.instance)
        for name in {"mission", "due", "effective_on", "amount", "indicator_set", "text"} - set(FIELDS[self.kind]):
            del self.fields[name]
        self.waiting: dict[str, LedgerLine] = {}
        if "mission" in self.fields:
            self._choose_mission()
        if "due" in self.fields:
            self._choose_line(asked_line)
        if "indicator_set" in self.fields:
            field = self.fields["indicator_set"]
            field.queryset = self.reckoned.contract.indicator_sets.filter(retained_on=None)
            field.required, field.empty_label = True, "Choisissez"
        if "effective_on" in self.fields:
            self._require("effective_on", DAY_LABELS[self.kind])
        if self.kind in TEXT_LABELS:
            self._require("text", TEXT_LABELS[self.kind])

    def _require(self, name: str, label: str) -> None:
        self.fields[name].required = True
        self[name].label = label  # that of the page, made by the design system before this form knows its kind

    @property
    def fields_by_line(self) -> list:
        """A day stands beside its mission when there is one."""
        names = FIELDS[self.kind]
        lines = [names[:2], names[2:]] if len(names) == 3 else [(name,) for name in names]
        return [[self[name] for name in line] for line in lines]

    def shown_now(self) -> Shown:
        if not self.instance.pk:
            return super().shown_now()
        line = f"année {self.instance.year}, {self.instance.mission}" if self.instance.year else ""
        applied = "oui" if self.instance.applied_at else ""
        return super().shown_now() | {"Ligne de l'échéancier": line, "Appliquée": applied}

    def siblings(self) -> QuerySet:
        return self.instance.meeting.decisions.filter(kind=self.instance.kind)

    def nothing_to_decide(self) -> str:
        """Why the form would offer nothing; empty when it offers something."""
        if "mission" in self.fields and len(self.fields["mission"].choices) == 1:
            return "Aucune mission n'est à engager." if self.kind == Kind.ENGAGE else "Aucune mission n'est en cours."
        if "due" in self.fields and len(self.fields["due"].choices) == 1:
            return (
                "Aucune ligne n'attend de validation : un volet variable est dû après le dialogue annuel, une fois ses "
                "résultats validés par la CPAM et par l'ARS."
            )
        if "indicator_set" in self.fields and not self.fields["indicator_set"].queryset.exists():
            return "Aucune version des indicateurs n'attend d'être retenue."
        return ""

    def _choose_mission(self) -> None:
        found = missions_to_engage if self.kind == Kind.ENGAGE else missions_to_stop
        self.fields["mission"].choices = [("", "Choisissez"), *found(self.reckoned).items()]

    def _choose_line(self, asked: str) -> None:
        self.waiting = {key_of(line): line for line in lines_to_validate(self.reckoned)}
        self.fields["due"].choices = [("", "Choisissez"), *((key, told(line)) for key, line in self.waiting.items())]
        known = self.instance
        asked = f"{known.year}-{known.mission}-{known.line}" if known.pk else asked
        if not asked and len(self.waiting) == 1:
            asked = next(iter(self.waiting))
        if line := self.waiting.get(asked):
            self.initial["due"] = asked
            self.initial["amount"] = self.initial.get("amount") or left_to_validate(line)

    def _post_clean(self) -> None:
        super()._post_clean()
        decision, data = self.instance, self.cleaned_data
        if line := self.waiting.get(data.get("due", "")):
            decision.year, decision.mission, decision.line = line.due.year, line.due.mission, line.due.kind.value
            decision.amount = data.get("amount") or left_to_validate(line)
        if not self.errors:
            for reason in why_not_apply(decision, self.reckoned):
                self.add_error(None, reason)


def key_of(line: LedgerLine) -> str:
    return f"{line.due.year}-{line.due.mission}-{line.due.kind.value}"


def told(line: LedgerLine) -> str:
    already = f" ({said})" if (said := share_validated(line)) else ""
    left = euros(left_to_validate(line))
    return f"Année {line.due.year} – {line.due.label} – {line.due.kind.label} : {left}{already}"
