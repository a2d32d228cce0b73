from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.examination.speaking import why_not_speak
from projects.forms.vigilance import LiftingForm, VigilancePointForm
from projects.models.examination import SUBJECTS
from projects.states import State
from projects.views.access import atomic_when_sent, writable_project
from projects.views.examination import examined_stage


@atomic_when_sent
def vigilance_new(request: HttpRequest, pk: int, stage: int) -> HttpResponse:
    """Raise a vigilance point on what a stage examines, in the name of one's own institution."""
    project = writable_project(request, pk)
    if obstacle := why_not_speak(request.user, project, request.user.side):
        raise PermissionDenied(obstacle)
    examined = examined_stage(project, stage)
    form = VigilancePointForm(request.POST or None, stage=examined, user=request.user)
    if form.is_valid():
        point = form.save()
        messages.success(
            request, f"Point de vigilance soulevé : {quoted(point.section)}. Il reste ouvert jusqu'à sa levée."
        )
        return redirect("project_examination", project.pk)
    subject = SUBJECTS[State(examined.state)]
    context = {"project": project, "heading": "Soulever un point de vigilance", "form": form, "subject": subject}
    return render(request, "projects/vigilance_new.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def vigilance_lift(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Lift a vigilance point, of either institution: when, and what lifted it."""
    project = writable_project(request, pk)
    point = get_object_or_404(project.vigilance_points.select_related("lifted_by"), pk=row)
    if request.method == "GET" and point.lifted_on:
        messages.info(request, f"Ce point a déjà été levé le {in_words(point.lifted_on)} par {point.lifted_by}.")
        return redirect("project_examination", project.pk)
    form = LiftingForm(request.POST or None, instance=point, user=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, f"Point de vigilance levé : {quoted(point.section)}.")
        return redirect("project_examination", project.pk)
    context = {"project": project, "heading": "Lever un point de vigilance", "form": form, "point": point}
    return render(request, "projects/vigilance_lift.html", context, status=422 if form.is_bound else 200)
