"""What a meeting may be, decide and carry over: the strategic COPIL, the yearly dialogue, the commissions.

Sources: offer of service of the Assurance Maladie, ARS and MSA; commissions: ARS Bourgogne-Franche-Comté, phase 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from aci.models import Action, Contract, Meeting, MeetingDecision
from aci.schedule import AFTER_DIALOGUE
from aci.watch import COPIL_A_YEAR
from aci.years import ContractYear, year_or_first
from ground.templatetags.french import day as in_words
from projects.models import Project
from projects.models.project import ProjectQuerySet
from territories.models import Department

Kind, Decides = Meeting.Kind, MeetingDecision.Kind
COMMISSIONS = (Kind.CPL, Kind.CPR)
OF_A_CONTRACT = tuple(kind for kind in Kind if kind not in COMMISSIONS)
AGENDA_OF_A_COPIL = """\
1. Engagement de nouvelles missions (vaut engagement financier de la CPAM)
2. Bilan relatif aux indicateurs
3. Validation du paiement des volets variables au regard de l'atteinte des indicateurs
4. Arbitrages et propositions vus en COTECH
5. Validation et signature d'avenants"""  # offer of service, « Dialogue de gestion »

DECIDED_BY = {
    Decides.ENGAGE: (Kind.COPIL,),
    Decides.STOP: (Kind.COPIL,),
    Decides.PAY: (Kind.COPIL, Kind.DIALOGUE),
    Decides.INDICATORS: (Kind.COPIL, Kind.DIALOGUE, Kind.INDICATORS),
    Decides.AMEND: (Kind.COPIL,),
    Decides.ARBITRATE: OF_A_CONTRACT,
}
"""Which meetings take a decision; an arbitration is only kept."""


def decisions_open_to(kind: str) -> list[Decides]:
    return [decision for decision, kinds in DECIDED_BY.items() if kind in kinds]


def why_not_decide(meeting: Meeting, kind: str, today: date) -> list[str]:
    """Why this meeting cannot have taken a decision of that kind; empty when it can."""
    if kind not in decisions_open_to(meeting.kind):
        bodies = " ou ".join(f"« {body.label} »" for body in DECIDED_BY[Decides(kind)])
        return [f"« {Decides(kind).label} » ne se décide pas dans cette réunion : il y faut {bodies}."]
    if meeting.called_off:
        return ["Cette réunion a été annulée : elle n'a rien décidé."]
    if meeting.held_on > today:
        return [f"Cette réunion n'a lieu que le {in_words(meeting.held_on)} : ses décisions se notent ensuite."]
    return why_not_before_signature(meeting.contract, meeting.held_on) if kind != Decides.ARBITRATE else []


def why_not_before_signature(contract: Contract, held_on: date) -> list[str]:
    """A meeting that prepares a contract changes nothing of what is not signed yet; empty when it is."""
    if held_on >= contract.signed_on:
        return []
    return [f"Le contrat n'a été signé que le {in_words(contract.signed_on)} : une réunion d'avant n'y décide rien."]


def why_not_so_early(meeting: Meeting, held_on: date) -> list[str]:
    """Why a meeting that has changed the contract cannot be given this date; empty when it can."""
    decisions = meeting.decisions.exclude(kind=Decides.ARBITRATE).select_related("indicator_set")
    versions = [decision.indicator_set for decision in decisions if decision.indicator_set]
    return [
        *(why_not_before_signature(meeting.contract, held_on) if decisions else []),
        *(
            f"Elle retient une version envoyée le {in_words(each.sent_on)}."
            for each in versions
            if held_on < each.sent_on
        ),
    ]


def contract_before(contract: Contract, day: date) -> Contract | None:
    """The contract that this one renews, when `day` precedes its signature: a COPIL of that day was held about it."""
    if day >= contract.signed_on:
        return None
    former = contract.project.contracts.filter(number__lt=contract.number)
    return former.filter(signed_on__lte=day).order_by("number").last() or former.order_by("number").first()


def same_meeting(meeting: Meeting, held_on: date, year: int | None) -> Meeting | None:
    """The one of its contract already recorded, of that kind and that day; a dialogue: about that year too."""
    of_contract = Meeting.objects.filter(contract=meeting.contract_id, kind=meeting.kind, called_off="")
    return of_contract.filter(held_on=held_on, year=year).exclude(pk=meeting.pk).first()


def is_planned(meeting: Meeting, day: date) -> bool:
    return meeting.held_on > day and not meeting.called_off


def why_not_move(
    meeting: Meeting, held_on: date, year: int | None, *, minutes_on: date | None, is_still_held: bool
) -> list[str]:
    """Why a meeting that money rests on cannot be given this date, this year, or be undone; empty when it can.

    `meeting` as it is stored; `is_still_held`: it stays with its minutes, and is not called off.
    """
    if meeting.kind == Kind.DIALOGUE:
        is_same = (held_on, year, minutes_on) == (meeting.held_on, meeting.year, meeting.minutes_on)
        return [] if is_same and is_still_held else _why_not_move_dialogue(meeting, minutes_on, year, is_still_held)
    validations = [each.validation for each in meeting.decisions.all() if hasattr(each, "validation")]
    dialogues = meeting.contract.meetings.filter(kind=Kind.DIALOGUE, called_off="") if validations else ()
    return [
        f"Un paiement de l'année {each.year} y est validé : la réunion ne peut pas précéder le dialogue annuel."
        for each in validations
        if not any(dialogue.held_on <= held_on for dialogue in dialogues if dialogue.year == each.year)
    ]


def _why_not_move_dialogue(
    meeting: Meeting, minutes_on: date | None, year: int | None, is_still_held: bool
) -> list[str]:
    if not meeting.has_minutes:
        return []
    about = {"year": meeting.year, "kind__in": [kind.value for kind in AFTER_DIALOGUE]}
    if meeting.contract.payments.filter(**about).exists():
        return [
            f"Des volets variables de l'année {meeting.year} ont été versés après ce dialogue : sa date, son année et "
            "la date de son compte rendu ne changent plus. Le texte du compte rendu, lui, se corrige."
        ]
    validations = meeting.contract.validations.filter(**about).select_related("decision__meeting")
    for validation in validations:
        by = validation.decision.meeting
        if not is_still_held or year != meeting.year or (minutes_on and by != meeting and by.held_on < minutes_on):
            return [
                f"Un paiement de l'année {meeting.year} a été validé après ce dialogue ({by}) : annulez d'abord "
                "cette décision."
            ]
    return []


def carried_into(meeting: Meeting, actions: Iterable[Action]) -> list[Action]:
    """The actions raised before a meeting and still open when it began; `raised_in` is read."""
    return [
        action
        for action in actions
        if action.raised_in_id != meeting.pk
        and raised_on(action) <= meeting.held_on
        and (action.closed_on is None or action.closed_on >= meeting.held_on)
    ]


def raised_on(action: Action) -> date:
    return action.raised_in.held_on if action.raised_in else timezone.localdate(action.recorded_at)


@dataclass(frozen=True, slots=True)
class YearOfMeetings:
    """The meetings of a contract year, as of a day; the dialogue is the one that examines it, whenever it is held."""

    year: ContractYear
    copils: list[Meeting]
    planned_copils: list[Meeting]
    dialogue: Meeting | None
    planned_dialogue: Meeting | None
    day: date

    @property
    def is_begun(self) -> bool:
        return self.year.since <= self.day

    @property
    def is_over(self) -> bool:
        return self.year.until <= self.day

    @property
    def missing_copils(self) -> int:
        """Neither held nor planned."""
        return max(0, COPIL_A_YEAR - len(self.copils) - len(self.planned_copils))


def years_of_meetings(contract: Contract, meetings: Iterable[Meeting], day: date) -> list[YearOfMeetings]:
    """Every contract year, with the meetings that were not called off."""
    kept = [meeting for meeting in meetings if not meeting.called_off]
    copils = [meeting for meeting in kept if meeting.kind == Kind.COPIL]
    dialogues = [meeting for meeting in kept if meeting.kind == Kind.DIALOGUE]
    found = []
    for year in contract.all_years():
        of_year = [meeting for meeting in copils if year_or_first(contract.starts_on, meeting.held_on) == year.number]
        about = [meeting for meeting in dialogues if meeting.year == year.number]
        held = [meeting for meeting in about if meeting.held_on <= day]
        found.append(
            YearOfMeetings(
                year=year,
                copils=[meeting for meeting in of_year if meeting.held_on <= day],
                planned_copils=[meeting for meeting in of_year if meeting.held_on > day],
                dialogue=next((meeting for meeting in held if meeting.has_minutes), held[0] if held else None),
                planned_dialogue=next((meeting for meeting in about if meeting.held_on > day), None),
                day=day,
            )
        )
    return found


def departments_of(meeting: Meeting) -> frozenset[str]:
    """The departments that a commission answers for."""
    if meeting.region_id:
        return frozenset(Department.objects.filter(region=meeting.region_id).values_list("pk", flat=True))
    return frozenset({meeting.department_id})


def may_write_commission(user: User, meeting: Meeting) -> bool:
    return user.can_write_in(set(departments_of(meeting)))


def projects_seen_by(meeting: Meeting, user: User) -> ProjectQuerySet:
    """The projects of the departments of a commission that `user` reads."""
    return Project.objects.for_user(user).in_departments(departments_of(meeting))


def page_of_meetings(row: Meeting | Action) -> str:
    return reverse("contract_dialogue", args=[row.contract_id])


def why_not_withdraw_meeting(meeting: Meeting) -> str:
    """Why a meeting entered by mistake cannot be removed before something else is; empty when it can."""
    if meeting.decisions.exists():
        return "Des décisions y sont notées : retirez-les d'abord."
    if meeting.actions.exists():
        return "Des actions y ont été décidées : retirez-les, ou rattachez-les à une autre réunion."
    return "".join(why_not_move(meeting, meeting.held_on, meeting.year, minutes_on=None, is_still_held=False))


def why_not_withdraw_decision(decision: MeetingDecision) -> str:
    """Why a decision is neither withdrawn nor changed; empty when it can be."""
    return "Cette décision est appliquée : annulez d'abord son application." if decision.applied_at else ""
