from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.models import User
from ground.lists import ScopedListView
from projects.forms.directory import DirectoryForm
from projects.models import DirectoryEntry
from projects.people.directory import DIRECTORY_COLUMNS, DirectoryFilter
from projects.views.access import atomic_when_sent

NOT_YOURS = "Vous lisez cet annuaire ; les chargés de suivi d'un département y écrivent."


class DirectoryList(ScopedListView):
    """Who to call in the departments of the user's region."""

    model = DirectoryEntry
    filterset_class = DirectoryFilter
    columns = DIRECTORY_COLUMNS
    export_title = "Annuaire des CPTS"
    template_name = "projects/directory.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "own": self.request.user.own_departments if self.request.user.is_writer else frozenset(),
        }


@atomic_when_sent
def directory_add(request: HttpRequest) -> HttpResponse:
    """Add somebody to the directory of one of one's departments."""
    if not (request.user.is_writer and request.user.own_departments):
        raise PermissionDenied(NOT_YOURS)
    if request.method == "POST":  # two clicks wait for each other: the second one then sees what the first has added
        User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    return answer(request, DirectoryForm(request.POST or None, by=request.user), "ajouté")


@atomic_when_sent
def directory_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known of a contact, or end it: nobody is ever erased from the directory."""
    readable = DirectoryEntry.objects.for_user(request.user)
    entry = get_object_or_404(readable.select_for_update(of=("self",)) if request.method == "POST" else readable, pk=pk)
    if not request.user.can_write_in({entry.department_id}):
        raise PermissionDenied(NOT_YOURS)
    return answer(request, DirectoryForm(request.POST or None, instance=entry, by=request.user), "modifié")


def answer(request: HttpRequest, form: DirectoryForm, act: str) -> HttpResponse:
    if form.is_valid():
        entry = form.save()
        messages.success(request, f"Contact {act} : {entry}.")
        for guess in form.guesses:
            messages.warning(request, guess)
        return redirect(f"{reverse('directory')}?departement={entry.department_id}")
    status = 422 if form.is_bound else 200
    return render(request, "projects/directory_entry.html", {"form": form}, status=status)
