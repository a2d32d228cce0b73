"""Letters of a project: what can be written now, and the form that produces one."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import User
from projects.forms.letters import LetterForm
from projects.letters.fields import Field, Value, Where, fields_of
from projects.letters.producing import content_of, missing, model_in_force, usage_by
from projects.letters.rendering import told
from projects.letters.subject import NOT_YOURS, Subject, may_produce, subject_of
from projects.models import LetterKind, LetterModel, Project
from projects.views.access import atomic_when_sent, writable_project


@dataclass(frozen=True, slots=True)
class Offer:
    """A letter, and why it cannot be written now (empty: it can)."""

    kind: LetterKind
    why_not: str


def letters_section(user: User, project: Project) -> dict[str, Any]:
    """What `projects/letters.html` shows: the letters produced, and those that can be."""
    offers = [Offer(kind, _why_not(user, project, kind)) for kind in LetterKind]
    produced = project.letters.select_related("document", "recorded_by", "stage")
    return {
        "letters": produced,
        "possible_letters": [offer.kind for offer in offers if not offer.why_not],
        "impossible_letters": [offer for offer in offers if offer.why_not],
    }


def _why_not(user: User, project: Project, kind: LetterKind) -> str:
    if not may_produce(user, project, kind):
        return NOT_YOURS if user.can_write_in(project.department_codes()) else "Vous lisez ce projet."
    return _obstacle(project, kind)


def _obstacle(project: Project, kind: LetterKind) -> str:
    try:
        subject_of(project, kind)
    except ValidationError as refusal:
        return " ".join(refusal.messages)
    return ""


@atomic_when_sent
def letter_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """See what a letter will say and what it lacks, then produce it."""
    project = writable_project(request, pk)
    if kind not in LetterKind:
        raise Http404("Ce courrier n'existe pas.")
    letter_kind = LetterKind(kind)
    if not may_produce(request.user, project, letter_kind):
        raise PermissionDenied(NOT_YOURS)
    try:
        subject, model = subject_of(project, letter_kind), model_in_force(project, letter_kind)
    except ValidationError as refusal:
        context = {"project": project, "kind": letter_kind, "obstacles": refusal.messages}
        return render(request, "projects/letter.html", context, status=422 if request.method == "POST" else 200)
    form = LetterForm(request.POST or None, subject=subject, user=request.user)
    if form.is_valid():
        try:
            letter = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, f"Le courrier est produit : {letter.document.filename}. Relisez-le avant signature."
            )
            return redirect(f"{reverse('project_documents', args=[project.pk])}#courriers")
    context = {"project": project, "kind": letter_kind, "form": form, "model": model, **_preview(form, subject, model)}
    return render(request, "projects/letter.html", context, status=422 if form.is_bound else 200)


IN_THE_FORM = {
    "date_courrier": "dated_on",
    "reference": "reference",
    "destinataire": "addressee",
    "ars": "ars",
    "cpam": "insurance",
    "signataire_ars": "signatory",
    "qualite_ars": "signatory_title",
    "signataire_cpam": "insurance_signatory",
    "qualite_cpam": "insurance_signatory_title",
    "motifs": "grounds",
    "motivation": "motivation",
}
"""Fields that the page already shows because they are typed or chosen in its form."""


@dataclass(frozen=True, slots=True)
class Line:
    """A field of the letter as it will be printed; what is missing says where to fill it, and leads there."""

    field: Field
    text: str
    is_missing: bool
    link: str


def _preview(form: LetterForm, subject: Subject, model: LetterModel) -> dict[str, Any]:
    """What the letter takes from the file: the fields that its model names, what is missing first."""
    try:
        usage = usage_by(content_of(model), subject.kind)
    except ValidationError as refusal:
        return {"unusable": " ".join(refusal.messages)}
    values, links = form.values(), _links(form)
    lacking = missing(subject.kind, values, usage)
    lines = [
        Line(field, _shown(values[name]), name in lacking, links.get(field.where, ""))
        for name, field in fields_of(subject.kind).items()
        if (name in usage.named or name in lacking) and IN_THE_FORM.get(name) not in form.fields
    ]
    return {"lines": sorted(lines, key=lambda line: not line.is_missing)}


def _links(form: LetterForm) -> dict[Where, str]:
    """Where what is missing can be filled, by whom reads the page."""
    addresses = {
        Where.PROJECT: "project_edit",
        Where.TERRITORY: "project_perimeter",
        Where.EXAMINATION: "project_examination",
    }
    links = {where: reverse(name, args=[form.project.pk]) for where, name in addresses.items()}
    institution = form.said().ars
    if institution and form.user.is_administrator and form.user.answers_for_the_country:
        links[Where.INSTITUTION] = reverse("admin:accounts_institution_change", args=[institution.pk])
    return links


def _shown(value: Value) -> str:
    return ("oui" if value else "non") if isinstance(value, bool) else told(value)
