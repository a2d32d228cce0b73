from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ground.templatetags.french import day as in_words
from projects.forms.rollout import FinessForm, RolloutEventForm, VersionForm
from projects.models import ExchangedVersion, Project, RolloutEvent
from projects.rollout import STEP_OF, Kind, Line, RolloutStep, checklist, numbered
from projects.states import State
from projects.views.access import atomic_when_sent, may_write, readable_project, writable_project
from projects.views.rows import row_page
from projects.views.tabs import tab_context
from projects.withdrawing import may_withdraw


def project_rollout(request: HttpRequest, pk: int) -> HttpResponse:
    """What happens between the validation of the health project and the three signatures."""
    project = readable_project(request, pk)
    context = tab_context(request, project, "project_rollout")
    versions = numbered(project.versions.select_related("recorded_by__institution", "document"))
    lines = checklist(project, versions, context["today"])
    context |= {
        "rows": [ShownLine(line, *rights(request, project, line)) for line in lines],
        "versions": [(each, may_withdraw(request.user, project, each.version)) for each in versions],
        "has_begun": not lines[-1].why_not,
        "is_filed": not lines[0].why_not,
        "may_sign": context["may_write"] and context["stage"] and context["stage"].state == State.VALIDATED,
    }
    return render(request, "projects/rollout.html", context)


@dataclass(frozen=True, slots=True)
class ShownLine:
    line: Line
    may_record: bool
    withdrawable: frozenset[int]  # the events that this reader may withdraw


def rights(request: HttpRequest, project: Project, line: Line) -> tuple[bool, frozenset[int]]:
    events = [*line.events, *line.former]
    may_record = line.step.key in Kind and not line.why_not and may_write(request, project)
    is_told = line.step.key == Kind.FINESS and bool(line.events)
    return (
        may_record and not is_told and is_recorded_by(request, line.step),
        frozenset(event.pk for event in events if may_withdraw(request.user, project, event)),
    )


def is_recorded_by(request: HttpRequest, step: RolloutStep) -> bool:
    return request.user.acts_for(*step.recorded_by)


@atomic_when_sent
def rollout_event(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Record that a step of the roll-out has taken place; for the FINESS number, the number too."""
    if kind not in Kind:
        raise Http404("Cette étape du déploiement n'existe pas.")
    project = writable_project(request, pk)
    step = STEP_OF[kind]
    if not is_recorded_by(request, step):
        sides = " et ".join(side.label for side in step.recorded_by)
        raise PermissionDenied(f"Cette étape est enregistrée par : {sides}.")
    form_class = FinessForm if kind == Kind.FINESS else RolloutEventForm
    form = form_class(request.POST or None, instance=RolloutEvent(project=project, kind=kind))
    if form.is_valid():
        try:
            event = form.save_by(request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{Kind(kind).label} : enregistré au {in_words(event.happened_on)}.")
            return redirect("project_rollout", project.pk)
    title = Kind(kind).label
    return row_page(request, project, form, tab="project_rollout", title=title, obstacle=form.obstacle())


@atomic_when_sent
def version_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a version of the indicators or of the draft contract that one party has sent to the others."""
    project = writable_project(request, pk)
    form = VersionForm(request.POST or None, instance=ExchangedVersion(project=project))
    if form.is_valid():
        version = form.save_by(request.user)
        messages.success(request, f"Version enregistrée : {version}.")
        return redirect("project_rollout", project.pk)
    title = "Nouvelle version échangée"
    return row_page(request, project, form, tab="project_rollout", title=title, obstacle=form.obstacle())
