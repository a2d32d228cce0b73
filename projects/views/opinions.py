from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.examination.opinions import current_opinions
from projects.examination.speaking import why_not_speak
from projects.forms.opinions import EscalationForm, OpinionForm
from projects.models import Escalation
from projects.models.examination import SUBJECTS
from projects.states import State
from projects.views.access import atomic_when_sent, writable_project
from projects.views.examination import examined_stage


@atomic_when_sent
def opinion(request: HttpRequest, pk: int, stage: int, side: str) -> HttpResponse:
    """Give the opinion of one's own institution on what a stage examines."""
    if side not in Side:
        raise Http404("Cette institution ne rend pas d'avis au titre du binôme.")
    project = writable_project(request, pk)
    if obstacle := why_not_speak(request.user, project, Side(side)):
        raise PermissionDenied(obstacle)
    examined = examined_stage(project, stage)
    subject = SUBJECTS[State(examined.state)]
    form = OpinionForm(request.POST or None, project=project, stage=examined, side=Side(side), user=request.user)
    if form.is_valid():
        try:
            given = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, f"Avis de l'{given.get_side_display()} enregistré : {given.get_verdict_display()}."
            )
            if examined.escalations.filter(closed_on=None).exists():
                messages.warning(
                    request,
                    "Les deux institutions sont en désaccord : c'est au DG de l'ARS et au DCGDR de trancher, à moins "
                    "que l'une d'elles ne rende un nouvel avis.",
                )
            return redirect("project_examination", project.pk)
    context = {
        "project": project,
        "heading": f"Avis de l'{Side(side).label} sur {subject}",
        "form": form,
        "stage": examined,
        "subject": subject,
        "points": examined.vigilance_points.filter(side=side),
    }
    return render(request, "projects/opinion.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def escalation(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Record what the DG of the ARS and the DCGDR decide when both institutions disagree."""
    project = writable_project(request, pk)
    disagreement = get_object_or_404(Escalation.objects.select_related("stage"), pk=row, stage__project=project)
    if request.method == "GET" and disagreement.closed_on:
        messages.info(request, f"Ce désaccord a pris fin le {in_words(disagreement.closed_on)}.")
        return redirect("project_examination", project.pk)
    form = EscalationForm(request.POST or None, escalation=disagreement, user=request.user)
    if form.is_valid():
        try:
            decided = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, f"Désaccord tranché ({decided.get_level_display()}) : {decided.get_outcome_display()}."
            )
            return redirect("project_examination", project.pk)
    context = {
        "project": project,
        "heading": "Trancher le désaccord",
        "form": form,
        "escalation": disagreement,
        "opinions": current_opinions(disagreement.stage).values(),
        "subject": SUBJECTS[State(disagreement.stage.state)],
    }
    return render(request, "projects/escalation.html", context, status=422 if form.is_bound else 200)
