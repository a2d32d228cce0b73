from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from projects.clock import RULES
from projects.examination.filings import conclusion, deadline_of, stage_after
from projects.models import Filing
from projects.views.access import readable_project


def filing_count(request: HttpRequest, pk: int, filing_pk: int) -> HttpResponse:
    """The count of a filing, to be printed and signed: line by line, each with its legal basis."""
    project = readable_project(request, pk)
    filings = Filing.objects.select_related("stage").prefetch_related("piece_requests")
    filing = get_object_or_404(filings, pk=filing_pk, stage__project=project)
    followed_by = stage_after(project, filing)
    deadline = deadline_of(filing, followed_by)
    context = {
        "project": project,
        "today": timezone.localdate(),
        "filing": filing,
        "deadline": deadline,
        "conclusion": conclusion(deadline, followed_by),
        "rule_text": RULES.get(filing.rule, ""),
    }
    return render(request, "projects/count.html", context)
