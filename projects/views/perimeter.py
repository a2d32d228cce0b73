from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from projects.forms.perimeter import PerimeterForm
from projects.views.access import atomic_when_sent, writable_project


@atomic_when_sent
def perimeter(request: HttpRequest, pk: int) -> HttpResponse:
    """Type the perimeter of a project as a list of communes, true from a day on."""
    project = writable_project(request, pk)
    form = PerimeterForm(request.POST or None, project=project)
    if form.is_valid():
        try:
            form.save(by=request.user)
        except ValidationError as refusal:
            form.add_error("since", refusal)
        else:
            messages.success(request, "Le périmètre est enregistré.")
            for guess in form.guesses:
                messages.warning(request, guess)
            return redirect(f"{project.get_absolute_url()}#territoire")
    held = {"count": len(form.held), "population": sum(membership.zone.population for membership in form.held)}
    context = {"project": project, "form": form, "held": held}
    return render(request, "projects/perimeter.html", context, status=422 if form.is_bound else 200)
