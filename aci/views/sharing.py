"""What CPTS share: the list, the page of an action, and the forms that write it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from aci.forms.sharing import SharedActionEntryForm, SharedActionForm
from aci.models import SharedAction
from aci.shared_action_list import SHARED_ACTION_COLUMNS, SharedActionFilter
from aci.shared_actions import NOT_YOUR_ROW, NOT_YOURS, hold, may_withdraw, may_write, withdraw
from ground.lists import ScopedListView
from ground.templatetags.french import day as in_words
from projects.models import Project
from projects.views.access import atomic_when_sent, saved
from projects.views.conciliations import asked_projects
from projects.views.withdrawing import why_withdrawn


class SharedActionList(ScopedListView):
    """What is shared by the CPTS of the user's region on a day."""

    model = SharedAction
    filterset_class = SharedActionFilter
    columns = SHARED_ACTION_COLUMNS
    export_title = "Actions communes"
    template_name = "aci/shared_actions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "day": self.filterset.day,
            "budget": self.object_list.order_by().aggregate(sum=Sum("amount"))["sum"],
        }


def readable_action(request: HttpRequest, pk: int) -> SharedAction:
    projects = Project.objects.select_related("lead_department").prefetch_related("other_departments")
    together = SharedAction.objects.for_user(request.user).select_related("recorded_by__institution")
    return get_object_or_404(together.prefetch_related(Prefetch("projects", projects)), pk=pk)


def writable_action(request: HttpRequest, pk: int) -> SharedAction:
    action = readable_action(request, pk)
    if not may_write(request.user, action):
        raise PermissionDenied(NOT_YOURS)
    return action


def shared_action(request: HttpRequest, pk: int) -> HttpResponse:
    return action_page(request, readable_action(request, pk))


def action_page(
    request: HttpRequest, action: SharedAction, *, entry_form: SharedActionEntryForm | None = None
) -> HttpResponse:
    """Everything about an action; `entry_form` is one that was refused."""
    user, projects = request.user, action.projects.all()
    mine = Project.objects.for_user(user).filter(pk__in=[project.pk for project in projects])
    readable = set(mine.values_list("pk", flat=True))
    entries = action.entries.select_related("recorded_by__institution")
    context = {
        "action": action,
        "parties": [(project, project.pk in readable) for project in projects],
        "entries": [(entry, may_withdraw(user, action, entry)) for entry in entries],
        "entry_form": entry_form or SharedActionEntryForm(action=action, user=user),
        "may_write": may_write(user, action),
        "may_withdraw": may_withdraw(user, action, action),
    }
    return render(request, "aci/shared_action.html", context, status=422 if entry_form else 200)


@atomic_when_sent
def shared_action_new(request: HttpRequest) -> HttpResponse:
    """Record an action; `?projets=` ticks the CPTS from whose page one comes."""
    if not request.user.is_writer:
        raise PermissionDenied("Seuls les chargés de suivi enregistrent une action commune.")
    form = SharedActionForm(request.POST or None, user=request.user, initial={"projects": asked_projects(request)})
    if action := saved(form, form.save):
        messages.success(request, "Action commune enregistrée.")
        return redirect(action)
    context = {"form": form, "heading": "Enregistrer une action commune", "back": reverse("shared_actions")}
    return render(request, "aci/shared_action_form.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def shared_action_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an action, or close it by its last day."""
    action = writable_action(request, pk)
    if request.method == "POST":
        action = hold(request.user, pk)
    form = SharedActionForm(request.POST or None, instance=action, user=request.user)
    if saved(form, form.save):
        last_day = action.last_day
        closed = (
            f" Elle est close depuis le {in_words(last_day)}." if "last_day" in form.changed_data and last_day else ""
        )
        messages.success(request, f"Action commune modifiée.{closed}")
        return redirect(action)
    context = {
        "form": form,
        "action": action,
        "heading": "Modifier ou clore l'action",
        "back": action.get_absolute_url(),
    }
    return render(request, "aci/shared_action_form.html", context, status=422 if form.is_bound else 200)


@require_POST
def shared_action_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a step of the follow-up; a refused one comes back on the page, as it was typed."""
    action = writable_action(request, pk)
    form = SharedActionEntryForm(request.POST, action=action, user=request.user)
    if entry := saved(form, form.save):
        messages.success(request, f"Suivi du {in_words(entry.happened_on)} noté.")
        return redirect(f"{action.get_absolute_url()}#suivi")
    return action_page(request, action, entry_form=form)


def shared_action_withdraw(request: HttpRequest, pk: int, entry: int | None = None) -> HttpResponse:
    """Remove an action entered by mistake, or one step of its follow-up, and say why."""
    action = readable_action(request, pk)
    row = action.entries.filter(pk=entry).first() if entry is not None else action
    if row is None:
        raise Http404("Ce suivi n'existe pas ou a déjà été retiré.")
    if not may_withdraw(request.user, action, row):
        raise PermissionDenied(NOT_YOUR_ROW)
    return why_withdrawn(
        request,
        row,
        lambda reason: withdraw(request.user, pk, reason, entry),
        f"{action.get_absolute_url()}#suivi" if entry is not None else reverse("shared_actions"),
        "aci/shared_action_withdraw.html",
        {"action": action, "heading": f"Retirer : {row._meta.verbose_name}", "back": action.get_absolute_url()},
    )
