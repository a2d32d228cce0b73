from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.examination.opinions import missing_opinions
from projects.forms.steps import TakeBackForm, form_of
from projects.models import Decision, Project
from projects.stages import attached_to, last_recorded, stage_before
from projects.states import State
from projects.taking_back import why_not_take_back
from projects.views.access import atomic_when_sent, readable_project, writable_project
from projects.views.project_page import offer_of
from projects.workflow import NOT_YOURS, StepKind, may_decide, step_kinds


def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Record a step of a project. A refused one comes back as it was typed, with its reasons (422)."""
    project = readable_project(request, pk)
    kind = step_kinds().get(name)
    if kind is None:
        raise Http404("Cette étape n'existe pas.")
    if not may_decide(project, name, request.user):
        raise PermissionDenied(NOT_YOURS)
    if kind.is_signed:
        return redirect("signatures", project.pk)
    form = form_of(kind)(request.POST or None, project=project, kind=kind, user=request.user)
    if form.is_valid():
        try:
            form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            tell(request, project, kind, form.cleaned_data["effective_on"])
            return redirect(project)
    stage = project.stage_on(timezone.localdate())
    filed = stage if stage and stage.state == State.FILED else None
    context = {
        "project": project,
        "kind": kind,
        "form": form,
        "offer": offer_of(kind, request.user, project),
        "stage": stage,
        "deadline": filed.filing.deadline if filed else None,
        "missing_opinions": missing_opinions(filed) if filed and kind.details is Decision else (),
    }
    return render(request, "projects/step.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def step_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the last step of a project, entered by mistake, and say why."""
    project = writable_project(request, pk)
    if obstacle := why_not_take_back(project, request.user):
        raise PermissionDenied(obstacle)
    form = TakeBackForm(request.POST or None, project=project, user=request.user)
    if form.is_valid():
        try:
            stage = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, f"Étape annulée : {quoted(State(stage.state).short_label)} du {in_words(stage.since)}."
            )
            return redirect(project)
    stage = last_recorded(project)
    context = {
        "project": project,
        "form": form,
        "stage": stage,
        "before": stage_before(project, stage),
        "lost": attached_to(stage),
    }
    return render(request, "projects/take_back.html", context, status=422 if form.is_bound else 200)


def tell(request: HttpRequest, project: Project, kind: StepKind, effective_on: date) -> None:
    """What has been recorded, and for a filing what silence will do, or has already done."""
    project = Project.objects.get(pk=project.pk)  # its stages were read before the step
    state = project.state_on_day(effective_on) or State(project.state)
    messages.success(request, f"Étape enregistrée : {quoted(state.short_label)}, au {in_words(effective_on)}.")
    if kind.targets != (State.FILED,):
        return
    deadline = project.last_filing().deadline
    if deadline.acquired_on <= timezone.localdate():
        messages.warning(
            request,
            f"Le délai de deux mois est déjà passé : le silence de l'ARS a validé ce projet de santé le "
            f"{in_words(deadline.acquired_on)}. Si l'ARS s'est opposée le {in_words(deadline.last_day)} au plus tard, "
            "enregistrez cette opposition à sa date.",
        )
    else:
        messages.info(
            request,
            f"Dernier jour sûr pour notifier une opposition : {in_words(deadline.last_safe_day)} ; dernier jour : "
            f"{in_words(deadline.last_day)}. Sans décision, la validation est acquise le "
            f"{in_words(deadline.acquired_on)}.",
        )
