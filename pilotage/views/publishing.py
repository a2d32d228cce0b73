"""Stable addresses of the perimeters, for mapping tools."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.published import published
from ground.tables import as_csv
from pilotage.asking import DepartmentForm
from pilotage.held import Territory, territories
from pilotage.publishing import MEMBERSHIP_COLUMNS, feature_collection, memberships
from projects.models import Project


@published
def perimeters_geojson(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.GET, request.user)
    if not form.is_valid():
        return _refused(form)
    answer = feature_collection(_asked(form, request), form.day)
    dense = {"ensure_ascii": False, "separators": (",", ":")}
    return JsonResponse(answer, content_type="application/geo+json", json_dumps_params=dense)


@published
def perimeters_csv(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.GET, request.user)
    if not form.is_valid():
        return _refused(form)
    text = as_csv(MEMBERSHIP_COLUMNS, memberships(_asked(form, request)), for_people=False, delimiter=",")
    return HttpResponse(text, content_type="text/csv; charset=utf-8")


def _asked(form: DepartmentForm, request: HttpRequest) -> list[Territory]:
    """What the reader reads: every project, or those led by the departments asked for or reaching into one."""
    projects = Project.objects.for_user(request.user)
    is_narrowed = form.cleaned_data["region"] or form.chosen_department
    return territories(form.day, projects.in_departments(form.departments) if is_narrowed else projects)


def _refused(form: DepartmentForm) -> HttpResponse:
    reasons = [f"{form[name].label} : {' '.join(why)}" for name, why in form.errors.items()]
    return HttpResponse("\n".join(reasons) + "\n", content_type="text/plain; charset=utf-8", status=400)
