from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from projects.examination.consultations import may_answer
from projects.examination.filings import filings_of
from projects.examination.opinions import missing_opinions
from projects.examination.speaking import examined_stages, why_not_speak
from projects.examination.vigilance import lifted_points, open_points
from projects.models import SIGNED_BY, Consultation, Escalation, Opinion, Project, Stage
from projects.models.examination import SUBJECTS
from projects.states import State
from projects.views.tabs import tab_of
from projects.withdrawing import may_withdraw


def project_examination(request: HttpRequest, pk: int) -> HttpResponse:
    """What both institutions say of the letter, the health project and the draft contract."""
    context = tab_of(request, pk, "project_examination")
    project, today = context["project"], context["today"]
    told = examinations(project, request.user)
    context |= {
        "current": next((each for each in told if each.stage.is_true_on(today)), None),
        "former": [each for each in told if not each.stage.is_true_on(today)],
        "filings": filings_of(project, request.user),
        "open_points": [(point, may_withdraw(request.user, project, point)) for point in open_points(project, today)],
        "lifted_points": [(point, may_withdraw(request.user, project, point)) for point in lifted_points(project)],
    }
    return render(request, "projects/examination.html", context)


def examined_stage(project: Project, pk: int) -> Stage:
    """The stage a form is about; 404 for one that is not examined, was taken back or is of another project."""
    stage = next((stage for stage in examined_stages(project) if stage.pk == pk), None)
    if stage is None:
        raise Http404("Cette étape n'est pas à instruire : elle a peut-être été annulée.")
    return stage


@dataclass(frozen=True, slots=True)
class Voice:
    """What one institution says: its current opinion, and those it replaced."""

    side: Side
    opinion: Opinion | None
    former: list[Opinion]
    may_give: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """An opinion asked of a partner, and what this user can do about it."""

    consultation: Consultation
    is_late: bool
    may_answer: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A disagreement, and whether this user may withdraw what was decided above."""

    escalation: Escalation
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """All that is said of what one stage examines."""

    stage: Stage
    subject: str
    voices: list[Voice]
    missing: list[Side]
    escalations: list[Decided]
    asked: list[Asked]
    is_signed: bool


def examinations(project: Project, user: User) -> list[Examination]:
    """Every examination of the project, the latest first, in as many queries whatever their number."""
    stages = examined_stages(project)
    prefetch_related_objects(
        stages,
        Prefetch("opinions", Opinion.objects.select_related("recorded_by__institution")),
        Prefetch(
            "escalations", Escalation.objects.select_related("recorded_by__institution", "closed_by__institution")
        ),
        Prefetch(
            "consultations", Consultation.objects.select_related("recorded_by__institution", "answered_by__institution")
        ),
    )
    return [_examination(project, stage, user) for stage in stages]


def _examination(project: Project, stage: Stage, user: User) -> Examination:
    today = timezone.localdate()
    return Examination(
        stage=stage,
        subject=SUBJECTS[State(stage.state)],
        voices=[_voice(project, stage, side, user) for side in Side],
        missing=missing_opinions(stage),
        escalations=[
            Decided(row, bool(row.level) and may_withdraw(user, project, row)) for row in stage.escalations.all()
        ],
        asked=[
            Asked(
                row,
                is_late=not row.answered_on and row.due_on < today,
                may_answer=not row.answered_on and may_answer(user, project, row),
                may_withdraw=may_withdraw(user, project, row),
            )
            for row in stage.consultations.all()
        ],
        is_signed=stage.state in SIGNED_BY,
    )


def _voice(project: Project, stage: Stage, side: Side, user: User) -> Voice:
    given = [opinion for opinion in stage.opinions.all() if opinion.side == side]
    opinion = given[-1] if given else None
    return Voice(
        side=side,
        opinion=opinion,
        former=given[-2::-1],
        may_give=not why_not_speak(user, project, side),
        may_withdraw=opinion is not None and may_withdraw(user, project, opinion),
    )
