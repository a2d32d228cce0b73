"""The page of a form that adds a row to a project or changes one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.forms.rows import RowForm
from projects.models import Project


def row_page(
    request: HttpRequest,
    project: Project,
    form: RowForm,
    *,
    tab: str,
    title: str,
    template: str = "projects/row_form.html",
    **told: object,
) -> HttpResponse:
    """`tab` is the page the row belongs to; `told` is what the template says above the form."""
    context = {"project": project, "form": form, "tab": tab, "title": title, **told}
    return render(request, template, context, status=422 if form.is_bound else 200)
