"""The outcome of a conciliation: recording one of each kind, closing what has no object, taking it back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ground.templatetags.french import day as in_words
from projects.conciliations.disputes import dispute_of
from projects.conciliations.outcomes import why_not_lapse
from projects.conciliations.reopening import changes_of, may_reopen, mergers_of, why_not_reopen
from projects.conciliations.rights import CLOSED, OF_THE_ARS, may_decide
from projects.conciliations.scenarios import saved_variants
from projects.forms.outcomes import LapseForm, OutcomeForm, ReopeningForm
from projects.models import Outcome
from projects.views.access import saved
from projects.views.conciliation_page import standing, writable_conciliation
from projects.withdrawing import NOT_YOURS


def conciliation_outcome(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Decide how a conciliation ends, and apply it to every perimeter at once."""
    conciliation = writable_conciliation(request, pk)
    if kind not in Outcome.Kind or kind == Outcome.Kind.LAPSED:
        raise Http404("Cette issue n'existe pas.")
    if not may_decide(request.user, conciliation):
        raise PermissionDenied(OF_THE_ARS)
    kind = Outcome.Kind(kind)
    dispute = dispute_of(conciliation, request.user)
    form = OutcomeForm(request.POST or None, dispute=dispute, kind=kind, user=request.user)
    if outcome := saved(form, form.save):
        applied = "les périmètres suivent" if outcome.changes.exists() else "les périmètres ne changent pas"
        told = f"Issue enregistrée : {kind.label}, le {in_words(outcome.decided_on)} ; {applied}."
        messages.success(request, told)
        return redirect(conciliation)
    shown = standing(request, dispute)
    gives_up = kind == Outcome.Kind.UNVALIDATED
    context = {
        **shown,
        "form": form,
        "kind": kind,
        "heading": kind.label,
        "offers": next(way.offers for way in shown["ways"] if way.kind == kind),
        "saved": [(variant, False) for variant in saved_variants(dispute)] if "scenario" in form.fields else [],
        "usual": [(dispute.variant("Sans ces zones", dict.fromkeys(dispute.disputed)), "")] if gives_up else [],
        "why_not": [CLOSED] if conciliation.until and not form.is_bound else [],
    }
    return render(request, "projects/conciliation_outcome.html", context, status=422 if form.is_bound else 200)


def conciliation_lapse(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a conciliation whose projects no longer share a disputed zone."""
    conciliation = writable_conciliation(request, pk)
    form = LapseForm(request.POST or None, conciliation=conciliation, user=request.user)
    if outcome := saved(form, form.save):
        messages.success(request, f"Conciliation close le {in_words(outcome.decided_on)} : elle n'a plus d'objet.")
        return redirect(conciliation)
    obstacle = CLOSED if conciliation.until else why_not_lapse(dispute_of(conciliation, request.user))
    context = {
        "conciliation": conciliation,
        "heading": "Clore sans décision",
        "form": form,
        "why_not": [obstacle] if obstacle and not form.is_bound else [],
    }
    return render(request, "projects/conciliation_lapse.html", context, status=422 if form.is_bound else 200)


def conciliation_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back an outcome entered by mistake, with all that it changed."""
    conciliation = writable_conciliation(request, pk)
    outcome = getattr(conciliation, "outcome", None)
    if outcome is None:
        raise Http404("Cette conciliation est ouverte : il n'y a pas d'issue à annuler.")
    if not may_reopen(request.user, conciliation):
        raise PermissionDenied(NOT_YOURS)
    form = ReopeningForm(request.POST or None, conciliation=conciliation, user=request.user)
    if saved(form, form.save):
        messages.success(request, "Issue annulée : la conciliation est de nouveau ouverte.")
        return redirect(conciliation)
    context = {
        "conciliation": conciliation,
        "heading": "Annuler l'issue",
        "outcome": outcome,
        "changes": changes_of(outcome),
        "mergers": mergers_of(outcome),
        "why_not": [] if form.is_bound else why_not_reopen(request.user, outcome),
        "form": form,
    }
    return render(request, "projects/conciliation_reopen.html", context, status=422 if form.is_bound else 200)
