from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from ground.templatetags.french import quoted
from projects.forms.project import OpeningForm, ProjectForm, PromoterForm, namesakes
from projects.models import Project
from projects.states import State
from projects.views.access import atomic_when_sent, writable_project
from projects.workflow import Entry, open_project


@atomic_when_sent
def project_new(request: HttpRequest) -> HttpResponse:
    """Create a project: what it is, who carries it, where it stands and since when."""
    if not (request.user.is_writer and request.user.own_departments):
        raise PermissionDenied("Seuls les chargés de suivi d'un département créent des projets.")
    if request.method == "POST":  # two clicks wait for each other: the second one then sees what the first has created
        User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    form = ProjectForm(request.POST or None, user=request.user)
    promoter = PromoterForm(request.POST or None)
    opening = OpeningForm(request.POST or None)
    forms = [form, promoter, opening]
    if form.is_bound and all([each.is_valid() for each in forms]):  # noqa: C419 – every form says its errors
        entry = Entry(State(opening.cleaned_data["state"]), opening.cleaned_data["since"])
        try:
            with transaction.atomic():
                project = form.save(commit=False)
                project.promoter = promoter.save()
                open_project(project, entry, by=request.user)
                form.save_m2m()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "Le projet est créé. Donnez-lui maintenant son périmètre et ses référents.")
            return redirect(project)
    context = {"project": None, "form": form, "promoter_form": promoter, "opening_form": opening, "forms": forms}
    return render(request, "projects/edit.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def project_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a project; what somebody else has changed meanwhile is told before anything is written."""
    project = writable_project(request, pk)
    form = ProjectForm(request.POST or None, instance=project, user=request.user)
    promoter = PromoterForm(request.POST or None, instance=project.promoter)
    forms = [form, promoter]
    if form.is_bound and all([each.is_valid() for each in forms]):  # noqa: C419 – every form says its errors
        form.instance.promoter = promoter.save()
        project = form.save()
        messages.success(request, "Le projet est modifié.")
        warn_of_namesakes(request, project)
        return redirect(project)
    is_shared = project.promoter is not None and project.promoter.projects.count() > 1
    context = {"project": project, "form": form, "promoter_form": promoter, "forms": forms, "is_shared": is_shared}
    return render(request, "projects/edit.html", context, status=422 if form.is_bound else 200)


def warn_of_namesakes(request: HttpRequest, project: Project) -> None:
    for namesake in namesakes(project.name, project.lead_department).exclude(pk=project.pk):
        messages.warning(
            request,
            f"Un autre projet du même département porte ce nom : {quoted(namesake)} (n° {namesake.pk}). "
            "S'il s'agit du même, enregistrez sa fusion.",
        )
