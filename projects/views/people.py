from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.models.institution import Side
from projects.forms.people import ContactFormSet, ContactsGuard, NoteForm, ReferentForm
from projects.views.access import atomic_when_sent, project_of_side, writable_project
from projects.views.project_page import project_page


@require_POST
@atomic_when_sent
def note_add(request: HttpRequest, pk: int) -> HttpResponse:
    project = writable_project(request, pk)
    form = NoteForm(request.POST, project=project, by=request.user)
    if not form.is_valid():
        return project_page(request, pk, note_form=form)
    form.save()
    messages.success(request, "La note est ajoutée.")
    return redirect(f"{project.get_absolute_url()}#notes")


@atomic_when_sent
def contacts(request: HttpRequest, pk: int) -> HttpResponse:
    project = writable_project(request, pk)
    formset = ContactFormSet(request.POST or None, instance=project)
    guard = ContactsGuard(request.POST or None, project=project)
    if guard.is_valid() and formset.is_valid():
        formset.save()
        messages.success(request, "Les contacts sont enregistrés.")
        return redirect(f"{project.get_absolute_url()}#contacts")
    context = {"project": project, "formset": formset, "guard": guard, "forms": [guard, *formset]}
    return render(request, "projects/contacts.html", context, status=422 if formset.is_bound else 200)


@atomic_when_sent
def referent(request: HttpRequest, pk: int, side: str) -> HttpResponse:
    """Name the referent of one side of the binôme; each side names its own."""
    if side not in Side:
        raise Http404("Cette institution ne désigne pas de référent.")
    designated = f"Le référent de cette institution ({Side(side).label}) est désigné par elle."
    project = project_of_side(request, pk, Side(side), designated)
    form = ReferentForm(request.POST or None, project=project, side=Side(side), by=request.user)
    if form.is_valid():
        assignment = form.save()
        messages.success(request, f"Référent {Side(side).label} : {assignment}.")
        return redirect(f"{project.get_absolute_url()}#referents")
    context = {"project": project, "form": form, "side": Side(side), "last": form.last()}
    return render(request, "projects/referent.html", context, status=422 if form.is_bound else 200)
