"""When each letter can be written, and about what: the stage it belongs to and what is recorded on it."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.clock import Deadline
from projects.examination.filings import deadline_of, stage_after
from projects.models import Decision, Filing, LetterKind, PieceRequest, Project, Stage
from projects.states import State

NOT_YOURS = "Ce courrier est celui de l'ARS : ses chargés de suivi du département le produisent."
NO_FILING = "Le dépôt de ce projet de santé n'est pas enregistré : le délai, donc ce courrier, n'a pas de date."
NOTHING_AWAITED = (
    "Aucune pièce n'est attendue : enregistrez d'abord la demande de pièces dans l'onglet « Instruction »."
)
OF_THE_BINOME = frozenset({LetterKind.JOINT_LETTER})

POSSIBLE_IN: dict[LetterKind, tuple[State, ...]] = {
    LetterKind.ACKNOWLEDGEMENT: (State.FILED,),
    LetterKind.PIECES: (State.FILED,),
    LetterKind.JOINT_LETTER: (State.LETTER_FILED, State.LETTER_VALIDATED),
    LetterKind.OPPOSITION: (State.FILED, State.OPPOSED),
    LetterKind.VALIDATION: (State.FILED, State.VALIDATED),
    LetterKind.ATTESTATION: (State.VALIDATED, State.ACI_SIGNED),
}
"""A letter is prepared before it is signed, and can be produced again as long as its stage lasts."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a letter is about. `decision` is None while the ARS has only prepared it."""

    project: Project
    kind: LetterKind
    stage: Stage  # which the letter tells: of a filing that has ended, what ended it
    examined: Stage  # on which the opinions are given: the letter of intent, or the filing
    filing: Filing | None = None
    deadline: Deadline | None = None
    decision: Decision | None = None

    @property
    def territory_day(self) -> date:
        """The day whose perimeter the letter speaks of: the file's as it was deposited."""
        return self.filing.received_on if self.filing else timezone.localdate()

    @property
    def awaited(self) -> list[PieceRequest]:
        requests = self.filing.piece_requests.all() if self.filing else []
        return [request for request in requests if request.received_on is None]


def may_produce(user: User, project: Project, kind: LetterKind) -> bool:
    """The joint letter belongs to both institutions, every other one to the ARS."""
    if not user.can_write_in(project.department_codes()):
        return False
    return kind in OF_THE_BINOME or user.acts_for(Side.ARS)


def subject_of(project: Project, kind: LetterKind) -> Subject:
    """What this letter would be about today. Raises ValidationError, in French, when it has no reason to be."""
    stage = project.stage_on(timezone.localdate())
    if stage is None or stage.state not in POSSIBLE_IN[kind]:
        expected = " ou ".join(quoted(state.short_label) for state in POSSIBLE_IN[kind])
        now = f"il est à l'état {quoted(State(stage.state).short_label)}" if stage else "il n'est pas encore suivi"
        raise ValidationError(f"Ce courrier s'écrit quand le projet est à l'état {expected} ; {now}.")
    if kind == LetterKind.JOINT_LETTER:
        return Subject(project, kind, stage, _letter_filed(project))
    filing = project.last_filing()
    if filing is None:
        raise ValidationError(NO_FILING)
    followed_by = stage_after(project, filing)
    if stage.state != State.FILED:
        stage = followed_by  # what a resumed project goes back to was decided before
    if obstacle := _why_not_of(kind, stage):
        raise ValidationError(obstacle)
    subject = Subject(project, kind, stage, filing.stage, filing, deadline_of(filing, followed_by), _decision(stage))
    if kind == LetterKind.PIECES and not subject.awaited:
        raise ValidationError(NOTHING_AWAITED)
    return subject


def _why_not_of(kind: LetterKind, stage: Stage) -> str:
    """Why the stage that has ended a filing does not let this letter be written; empty when it does."""
    if kind == LetterKind.VALIDATION and stage.is_tacit:
        return (
            f"Le silence de l'ARS a déjà validé ce projet de santé le {in_words(stage.since)} : produisez "
            "l'attestation de validation tacite."
        )
    if kind != LetterKind.ATTESTATION or stage.is_tacit:
        return ""
    if _decision(stage):
        return (
            f"Ce projet de santé a été validé par une décision expresse le {in_words(stage.since)}, pas par le "
            "silence : cette décision fait foi, et il n'y a rien à attester (CRPA, art. L. 232-3)."
        )
    return (
        f"Ce projet de santé n'a pas été validé par le silence : l'état {quoted(State(stage.state).short_label)} est "
        f"enregistré au {in_words(stage.since)}, avant la fin du délai. Il n'y a rien à attester (CRPA, art. L. 232-3)."
    )


def _decision(stage: Stage) -> Decision | None:
    try:
        return stage.decision
    except ObjectDoesNotExist:
        return None


def _letter_filed(project: Project) -> Stage:
    """The letter of intent that is examined, or that was validated last."""
    today = timezone.localdate()
    filed = [stage for stage in project.stages.all() if stage.state == State.LETTER_FILED and stage.since <= today]
    if not filed:
        raise ValidationError(
            "La réception de la lettre d'intention n'est pas enregistrée : ce courrier n'a pas d'objet."
        )
    return filed[-1]
