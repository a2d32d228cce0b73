from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from projects.forms.journal import JournalForm
from projects.views.access import atomic_when_sent, writable_project
from projects.views.project_page import project_page


@require_POST
@atomic_when_sent
def journal_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add one line to the journal; a wrong one is withdrawn with its reason."""
    project = writable_project(request, pk)
    form = JournalForm(request.POST, project=project)
    if not form.is_valid():
        return project_page(request, pk, journal_form=form)
    form.save(by=request.user)
    messages.success(request, "L'échange est ajouté au journal.")
    return redirect(f"{project.get_absolute_url()}#journal")
