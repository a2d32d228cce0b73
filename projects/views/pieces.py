from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.examination.filings import readings_in_words
from projects.examination.pieces import NO_FILING, NOT_YOURS, open_filing
from projects.forms.pieces import AskPiecesForm, ReceivePiecesForm
from projects.models import Filing, PieceRequest, Project, Stage
from projects.views.access import atomic_when_sent, project_of_side


@atomic_when_sent
def piece_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the promoters for what the filing under examination lacks."""
    project = project_of_side(request, pk, Side.ARS, NOT_YOURS)
    filing, shown = open_filing(project), project.stage_on(timezone.localdate())
    form = AskPiecesForm(request.POST or None, project=project, filing=filing, user=request.user)
    if form.is_valid():
        try:
            asked = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            tell(request, f"Demande du {in_words(asked.asked_on)} enregistrée.", asked.filing)
            tell_what_fell(request, project, shown)
            return redirect(filings_url(project))
    context = {"project": project, "filing": filing, "form": form, "why_not": "" if filing else NO_FILING}
    return render(request, "projects/piece_ask.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def piece_receive(request: HttpRequest, pk: int, request_pk: int) -> HttpResponse:
    """Record that the pieces of a request have all arrived."""
    project = project_of_side(request, pk, Side.ARS, NOT_YOURS)
    asked = get_object_or_404(
        PieceRequest.objects.select_related("filing__stage"), pk=request_pk, filing__stage__project=project
    )
    form = ReceivePiecesForm(request.POST or None, project=project, request=asked, user=request.user)
    if form.is_valid():
        try:
            received = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            tell(request, f"Pièces reçues le {in_words(received.received_on)}.", received.filing)
            return redirect(filings_url(project))
    context = {"project": project, "asked": asked, "form": form, "why_not": why_not_received(project, asked)}
    return render(request, "projects/piece_receive.html", context, status=422 if form.is_bound else 200)


def tell_what_fell(request: HttpRequest, project: Project, shown: Stage | None) -> None:
    """A request made in time but typed late may take away a validation that every screen showed."""
    now = project.stages.on(timezone.localdate()).get()
    if shown and shown.is_tacit and not now.is_tacit:
        messages.warning(
            request,
            f"La validation tacite affichée depuis le {in_words(shown.since)} ne tient plus : une pièce indispensable "
            "était demandée dans le délai. Si une attestation a été remise, prévenez le porteur.",
        )


def why_not_received(project: Project, asked: PieceRequest) -> str:
    if asked.received_on:
        return f"Ces pièces ont déjà été reçues le {in_words(asked.received_on)}."
    return "" if open_filing(project) == asked.filing else NO_FILING


def filings_url(project: Project) -> str:
    return f"{reverse('project_examination', args=[project.pk])}#depots"


def tell(request: HttpRequest, done: str, filing: Filing) -> None:
    """What has been recorded, and the dates it leads to in both readings."""
    messages.success(request, f"{done} {readings_in_words(Filing.objects.get(pk=filing.pk).deadline)}")
