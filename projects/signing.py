"""Acts that several parties sign: each signature is recorded once, and the last one takes the step."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import SIGNED_BY, Party, Project, Signature, Stage
from projects.states import State
from projects.workflow import Step, StepKind, lock, refuse_stale_page, step_kinds, take_locked_step

NOT_YOURS = "Chaque institution enregistre sa propre signature ; celle de la CPTS, l'une ou l'autre."
OPEN_DISAGREEMENT = (
    "Les deux institutions sont en désaccord sur cette lettre : enregistrez d'abord, dans l'onglet « Instruction », ce "
    "que la direction a tranché. Le courrier conjoint se signe ensuite."
)
NOTHING_TO_SIGN = "Rien n'est à signer : ni lettre d'intention à valider, ni ACI en préparation."


def signed_step(state: State) -> StepKind:
    """The step that ends `state` once every party has signed."""
    return next(kind for kind in step_kinds().values() if kind.is_signed and state in kind.sources)


def may_sign(user: User, project: Project, party: Party) -> bool:
    """Whether `user` may record this signature: its own institution's, or the CPTS's on a paper it holds."""
    if not user.can_write_in(project.department_codes()):
        return False
    return party == Party.CPTS or user.acts_for(party)


def sign(user: User, pk: int, signature: Signature, *, seen_stage: int | None = None) -> Stage | None:
    """Record one signature on what the project's stage of today awaits; the last one takes the step.

    `signature` knows its party, signatory and date. Returns the stage the step opens, None while others have to sign.
    Raises as `take_step` does.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        if not may_sign(user, project, Party(signature.party)):
            raise PermissionDenied(NOT_YOURS)
        refuse_stale_page(project, seen_stage)
        stage = project.stage_on(timezone.localdate())
        if reasons := why_not_sign(stage, signature):
            raise ValidationError(reasons)
        signature.stage, signature.recorded_by = stage, user
        signature.full_clean()
        signature.save()
        signatures = list(stage.signatures.all())
        if len(signatures) < len(SIGNED_BY[State(stage.state)]):
            return None
        last = max(signature.signed_on for signature in signatures)
        return take_locked_step(project, Step(signed_step(State(stage.state)).name, last), by=user)


def why_not_sign(stage: Stage | None, signature: Signature) -> list[str]:
    """Why this signature cannot be recorded on `stage`; empty when it can."""
    if stage is None or stage.state not in SIGNED_BY:
        return [NOTHING_TO_SIGN]
    reasons = []
    if stage.state == State.LETTER_FILED and stage.escalations.filter(closed_on=None).exists():
        reasons.append(OPEN_DISAGREEMENT)
    if signature.party not in SIGNED_BY[State(stage.state)]:
        reasons.append(f"{Party(signature.party).label} n'est pas signataire de cet acte.")
    if former := stage.signatures.filter(party=signature.party).first():
        reasons.append(
            f"{Party(signature.party).label} a déjà signé le {in_words(former.signed_on)} ({former.signatory}). "
            "Si c'est une erreur, retirez d'abord cette signature."
        )
    if signature.signed_on > timezone.localdate():
        reasons.append("La date est dans le futur : une signature s'enregistre quand elle a eu lieu.")
    if signature.signed_on < stage.since:
        reasons.append(
            f"Signé le {in_words(signature.signed_on)}, avant l'étape « {State(stage.state).short_label} » "
            f"({in_words(stage.since)}) : vérifiez la date."
        )
    return reasons
