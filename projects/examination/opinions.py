"""The opinions of the binôme: each institution gives its own; a disagreement goes to those above (DG ARS, DCGDR)."""

from collections.abc import Collection, Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.examination.speaking import NOT_EXAMINED, why_not_during, why_not_speak
from projects.models import Escalation, Opinion, Project, Stage, Verdict
from projects.models.examination import SUBJECTS
from projects.stages import remove
from projects.workflow import lock

AGREED = "Les institutions se sont accordées."


def disagree(verdicts: Collection[str]) -> bool:
    """Whether one institution says yes, with or without vigilance points, and the other no."""
    return len({verdict == Verdict.UNFAVOURABLE for verdict in verdicts}) > 1


def joint_verdict(verdicts: Collection[str]) -> Verdict:
    """What institutions that agree say together: the most reserved of their opinions."""
    return max((Verdict(verdict) for verdict in verdicts), key=list(Verdict).index)


def current_opinions(stage: Stage) -> dict[Side, Opinion]:
    """The latest opinion of each institution that has given one."""
    return {Side(opinion.side): opinion for opinion in stage.opinions.all()}


def missing_opinions(stage: Stage) -> list[Side]:
    """Who has not given its opinion yet: a warning that blocks nothing. Empty for a stage that is not examined."""
    given = current_opinions(stage)
    return [side for side in Side if side not in given] if stage.state in SUBJECTS else []


def give_opinion(user: User, pk: int, stage_pk: int, opinion: Opinion) -> Opinion:
    """Record the opinion of the user's institution; a disagreement it makes is opened, one that it ends is closed.

    `opinion` knows its side, verdict, reasons and date. Raises Project.DoesNotExist out of scope, Stage.DoesNotExist,
    PermissionDenied for who does not speak for this side, ValidationError by field otherwise.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        if obstacle := why_not_speak(user, project, opinion.side):
            raise PermissionDenied(obstacle)
        opinion.stage = project.stages.get(pk=stage_pk)
        opinion.recorded_by = user
        if reasons := why_not_give(opinion):
            raise ValidationError(reasons)
        opinion.full_clean()
        opinion.save()
        settle_disagreement(opinion.stage, by=user)
    return opinion


def why_not_give(opinion: Opinion) -> dict[str, str]:
    """Why this opinion cannot be recorded on its stage, by field; empty when it can."""
    stage = opinion.stage
    if stage.state not in SUBJECTS:
        return {"verdict": NOT_EXAMINED}
    reasons = {}
    former = current_opinions(stage).get(opinion.side)
    if obstacle := why_not_during(stage, opinion.given_on):
        reasons["given_on"] = obstacle
    elif former and opinion.given_on < former.given_on:
        reasons["given_on"] = (
            f"Votre institution a déjà rendu un avis le {in_words(former.given_on)} : celui-ci le remplace, il ne peut "
            "pas le précéder. Si l'autre est une erreur, retirez-le."
        )
    if opinion.verdict == Verdict.UNFAVOURABLE and not opinion.reasons.strip():
        reasons["reasons"] = "Un avis défavorable dit pourquoi."
    raised = stage.vigilance_points.filter(side=opinion.side)
    if opinion.verdict == Verdict.WITH_POINTS and not (opinion.reasons.strip() or raised.exists()):
        reasons["reasons"] = "Dites lesquels ici, ou soulevez d'abord un point de vigilance sur cette étape."
    return reasons


def settle_disagreement(stage: Stage, *, by: User) -> None:
    """Open or close the disagreement of a stage as its current opinions are. Needs the project's lock.

    Once a stage has ended nobody waits for those above any more: an opinion typed late opens nothing.
    """
    opinions = current_opinions(stage).values()
    verdicts = [opinion.verdict for opinion in opinions]
    last_given = _last_given(opinions)
    opened = stage.escalations.filter(closed_on=None).first()
    if disagree(verdicts):
        is_over = not stage.is_true_on(timezone.localdate())
        if not (opened or is_over or _is_decided(stage, last_given)):
            stage.escalations.create(opened_on=last_given, recorded_by=by)
    elif opened:
        opened.outcome, opened.comment = joint_verdict(verdicts), AGREED
        opened.closed_on, opened.closed_by = max(opened.opened_on, last_given), by
        opened.save()


def _last_given(opinions: Iterable[Opinion]) -> date:
    return max((opinion.given_on for opinion in opinions), default=date.min)


def _is_decided(stage: Stage, day: date) -> bool:
    """Whether those above have decided since the opinions of `day`."""
    return stage.escalations.filter(closed_on__gte=day).exclude(level="").exists()


def review_disagreement(stage: Stage, reason: str, *, by: User) -> None:
    """Once an opinion or a decision is withdrawn: what rested on it, disagreement or agreement, goes too.

    Needs the project's lock.
    """
    opinions = current_opinions(stage).values()
    last = stage.escalations.last()
    if disagree([opinion.verdict for opinion in opinions]):
        if last and last.closed_on and not last.level and last.closed_on >= _last_given(opinions):
            _open_again(last, reason)
        else:
            settle_disagreement(stage, by=by)
    elif last and not last.closed_on:
        remove(last, reason)


def _open_again(escalation: Escalation, reason: str) -> None:
    """The agreement that closed it was made by an opinion that is withdrawn."""
    escalation.outcome = escalation.comment = ""
    escalation.closed_on = escalation.closed_by = None
    escalation._change_reason = reason
    escalation.save()


def close_escalation(
    user: User, pk: int, escalation_pk: int, *, level: str, outcome: str, comment: str, closed_on: date
) -> Escalation:
    """Record what the DG of the ARS, the DCGDR or both have decided.

    Raises Project.DoesNotExist, Escalation.DoesNotExist, PermissionDenied, ValidationError (twice, wrong dates).
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        if not user.can_write_in(project.department_codes()):
            raise PermissionDenied("La décision est saisie par l'ARS ou l'Assurance Maladie, dans leurs départements.")
        escalation = Escalation.objects.get(pk=escalation_pk, stage__project=project)
        if escalation.closed_on:
            raise ValidationError(f"Ce désaccord a déjà pris fin le {in_words(escalation.closed_on)} : relisez-le.")
        decision = {"level": level, "outcome": outcome, "comment": comment, "closed_on": closed_on}
        if reasons := why_not_decide(escalation, **decision):
            raise ValidationError(reasons)
        for name, value in decision.items():
            setattr(escalation, name, value)
        escalation.closed_by = user
        escalation.full_clean()
        escalation.save()
    return escalation


def why_not_decide(
    escalation: Escalation, *, level: str, outcome: str, comment: str, closed_on: date
) -> dict[str, str]:
    """Why this decision cannot end the disagreement, by field; empty when it can."""
    reasons = {}
    if not level:
        reasons["level"] = "Dites qui a tranché."
    if not outcome:
        reasons["outcome"] = "Dites ce qui a été décidé."
    if outcome == Verdict.UNFAVOURABLE and not comment.strip():
        reasons["comment"] = "Une décision défavorable dit pourquoi."
    if closed_on > timezone.localdate():
        reasons["closed_on"] = "Cette date est dans le futur."
    if closed_on < escalation.opened_on:
        opened_on = in_words(escalation.opened_on)
        reasons["closed_on"] = f"Le désaccord date du {opened_on} : donnez une date plus récente."
    return reasons
