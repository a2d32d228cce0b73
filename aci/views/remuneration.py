from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aci.forms.remuneration import SECOND, RemunerationForm
from aci.hypotheses import Comparison
from projects.models import Project


def remuneration(request: HttpRequest) -> HttpResponse:
    """What one or two hypotheses are worth; the questions stand in the URL, so that the answer can be shared."""
    projects = Project.objects.for_user(request.user).only("name", "lead_department").order_by("name", "pk")
    forms = [RemunerationForm(request.GET or None, projects=projects)]
    if any(name.startswith(f"{SECOND}-") for name in request.GET):
        forms.append(RemunerationForm(request.GET, projects=projects, prefix=SECOND))
    refused = [form for form in forms if form.is_bound and not form.is_valid()]
    is_answered = forms[0].is_bound and not refused
    context = {"hypotheses": forms, "first": forms[0], "refused": refused, "is_answered": is_answered}
    if is_answered:
        context |= links(forms)
        if len(forms) > 1:
            context["comparison"] = Comparison(*(form.result for form in forms))
    return render(request, "aci/remuneration.html", context, status=400 if refused else 200)


def links(forms: list[RemunerationForm]) -> dict[str, str]:
    """To these hypotheses; to the first with another one to change; to the first alone."""
    first = forms[0].link()
    same = "&".join(form.link(form.prefix) for form in forms)
    return {"link": same, "link_to_compare": f"{first}&{forms[0].link(SECOND)}", "link_to_first": first}
