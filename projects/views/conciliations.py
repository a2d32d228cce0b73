"""Conciliations: their list, opening one, changing its due date, its log."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from ground.lists import ScopedListView
from ground.templatetags.french import day as in_words
from projects.conciliations.listing import CONCILIATION_COLUMNS, ConciliationFilter
from projects.conciliations.log import WITHDRAWABLE, may_withdraw, withdraw
from projects.conciliations.opening import already_open, chosen_projects, why_not_open
from projects.conciliations.rights import CLOSED, hold
from projects.forms.conciliations import ConciliationForm, EntryForm, OpeningForm
from projects.forms.handover import MAX_DIGITS
from projects.models import Conciliation, Project
from projects.views.access import atomic_when_sent, saved
from projects.views.conciliation_page import conciliation_page, readable_conciliation, writable_conciliation
from projects.views.withdrawing import why_withdrawn
from projects.withdrawing import NOT_YOURS as NOT_YOUR_ROW


class ConciliationList(ScopedListView):
    """The conciliations of the user's region on a day."""

    model = Conciliation
    filterset_class = ConciliationFilter
    columns = CONCILIATION_COLUMNS
    export_title = "Conciliations"
    template_name = "projects/conciliations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"day": self.filterset.day}


def conciliation_new(request: HttpRequest) -> HttpResponse:
    """Open a conciliation between the projects of the address: ?projets=1&projets=2."""
    if not request.user.is_writer:
        raise PermissionDenied("Seuls les chargés de suivi ouvrent une conciliation.")
    keys = asked_projects(request)
    try:
        projects = chosen_projects(request.user, keys) if keys else []
    except Project.DoesNotExist:
        raise Http404("Un de ces projets n'existe pas ou n'est pas de votre région.") from None
    form = OpeningForm(request.POST or None, projects=projects, user=request.user)
    if conciliation := saved(form, form.save):
        messages.success(request, f"Conciliation ouverte le {in_words(conciliation.since)}.")
        return redirect(conciliation)
    context = {
        "form": form,
        "projects": projects,
        "why_not": [] if form.is_bound or not projects else why_not_open(projects, timezone.localdate()),
        "open_one": already_open(projects) if projects else None,
    }
    return render(request, "projects/conciliation_new.html", context, status=422 if form.is_bound else 200)


def asked_projects(request: HttpRequest) -> list[int]:
    """The keys of the address; raises BadRequest for what is none."""
    asked = request.GET.getlist("projets")
    if not all(key.isdecimal() and len(key) <= MAX_DIGITS for key in asked):
        raise BadRequest("Un projet demandé dans l'adresse ne se lit pas.")
    return sorted({int(key) for key in asked})


@atomic_when_sent
def conciliation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the due date or the subject of an open conciliation."""
    conciliation = writable_conciliation(request, pk)
    if request.method == "POST":
        conciliation = hold(request.user, pk)
    if conciliation.until:
        raise PermissionDenied(CLOSED)
    form = ConciliationForm(request.POST or None, instance=conciliation)
    if form.is_valid():
        form.save()
        messages.success(request, "Conciliation modifiée.")
        return redirect(conciliation)
    context = {"conciliation": conciliation, "heading": "Modifier la conciliation", "form": form}
    return render(request, "projects/conciliation_form.html", context, status=422 if form.is_bound else 200)


@require_POST
def conciliation_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an exchange to the log; a refused one comes back on the page, as it was typed."""
    conciliation = writable_conciliation(request, pk)
    form = EntryForm(request.POST, conciliation=conciliation, user=request.user)
    if entry := saved(form, form.save):
        messages.success(request, f"Noté : {entry}.")
        return redirect(f"{conciliation.get_absolute_url()}#journal")
    return conciliation_page(request, pk, entry_form=form)


def conciliation_withdraw(request: HttpRequest, pk: int, kind: str, row: int) -> HttpResponse:
    """Remove an exchange or a scenario entered by mistake, and say why."""
    conciliation = readable_conciliation(request, pk)
    if kind not in WITHDRAWABLE:
        raise Http404("Rien de tel ne se retire.")
    entered = WITHDRAWABLE[kind].objects.filter(conciliation=conciliation, pk=row).first()
    if entered is None:
        raise Http404("Cette saisie n'existe pas ou a déjà été retirée.")
    if not may_withdraw(request.user, conciliation, entered):
        raise PermissionDenied(NOT_YOUR_ROW)
    return why_withdrawn(
        request,
        entered,
        lambda reason: withdraw(request.user, pk, kind, row, reason),
        conciliation.get_absolute_url(),
        "projects/conciliation_withdraw.html",
        {"conciliation": conciliation, "heading": f"Retirer : {entered._meta.verbose_name}"},
    )
