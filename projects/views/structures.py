"""The structures of coordinated practice: their list, one of them, and what is typed by hand."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.models import User
from ground.lists import ScopedListView
from projects.context.around import projects_around
from projects.context.structure_list import STRUCTURE_COLUMNS, StructureFilter
from projects.forms.structures import StructureForm
from projects.models import Project
from projects.views.access import atomic_when_sent
from projects.views.structure_imports import NOT_YOURS, check_writer, writes_structures
from territories.models import Structure

SIGNED = "Des projets ont signé ce contrat local de santé : retirez d'abord leur signature."


class StructureList(ScopedListView):
    """What coordinated practice exists in the departments of the user's region."""

    model = Structure
    filterset_class = StructureFilter
    columns = STRUCTURE_COLUMNS
    export_title = "Structures"
    template_name = "territories/structures.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        return {
            **super().get_context_data(**kwargs),
            "is_filtered": any(asked.get(name) for name in self.filterset.filters),
            "may_write": writes_structures(self.request.user),
        }


def structure(request: HttpRequest, pk: int) -> HttpResponse:
    """One structure: its communes, the projects whose territory it meets, who has signed it if it is a CLS."""
    readable = Structure.objects.for_user(request.user).select_related("department")
    found = get_object_or_404(readable, pk=pk)
    today = timezone.localdate()
    projects = Project.objects.for_user(request.user)
    context = {
        "structure": found,
        "zones": found.zones.select_related("department").order_by("department", "search_name"),
        "neighbours": projects_around(found, today, request.user),
        "signatures": found.signatures.filter(project__in=projects).select_related("project"),
        "may_write": request.user.can_write_in({found.department_id}),
    }
    return render(request, "territories/structure.html", context)


@atomic_when_sent
def structure_add(request: HttpRequest) -> HttpResponse:
    """Add a structure of one of one's departments."""
    check_writer(request)
    if request.method == "POST":  # two clicks wait for each other: the second one then sees what the first has added
        User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    return answer(request, StructureForm(request.POST or None, by=request.user), "ajoutée")


@atomic_when_sent
def structure_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = writable_structure(request, pk)
    return answer(request, StructureForm(request.POST or None, instance=found, by=request.user), "modifiée")


def answer(request: HttpRequest, form: StructureForm, act: str) -> HttpResponse:
    if form.is_valid():
        saved = form.save()
        messages.success(request, f"Structure {act} : {saved}.")
        for doubt in form.doubts:
            messages.warning(request, doubt)
        return redirect("structure", saved.pk)
    status = 422 if form.is_bound else 200
    return render(request, "territories/structure_form.html", {"form": form}, status=status)


@atomic_when_sent
def structure_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a structure entered by mistake; one that has ended keeps its dates instead."""
    found = writable_structure(request, pk)
    refusal = ""
    if request.method == "POST" and "confirm" in request.POST:
        try:
            found.delete()
        except ProtectedError:
            refusal = SIGNED
        else:
            messages.success(request, f"Structure supprimée : {found}.")
            return redirect("structures")
    status = 422 if request.method == "POST" else 200
    return render(request, "territories/structure_remove.html", {"structure": found, "refusal": refusal}, status=status)


def writable_structure(request: HttpRequest, pk: int) -> Structure:
    """Out of scope 404, of a department that is not one's own 403; held until the end once a form is sent."""
    readable = Structure.objects.for_user(request.user)
    if request.method == "POST":
        readable = readable.select_for_update(of=("self",))
    found = get_object_or_404(readable, pk=pk)
    if not request.user.can_write_in({found.department_id}):
        raise PermissionDenied(NOT_YOURS)
    return found
