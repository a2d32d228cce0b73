from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from ground.templatetags.french import day as in_words
from projects.examination.consultations import NOT_YOURS, contacts_of, may_answer, reminder_link
from projects.forms.consultations import AnswerForm, ConsultationForm, ReminderForm
from projects.models import Consultation, Project
from projects.models.examination import SUBJECTS
from projects.states import State
from projects.views.access import atomic_when_sent, readable_project, writable_project
from projects.views.examination import examined_stage


@atomic_when_sent
def consultation_new(request: HttpRequest, pk: int, stage: int) -> HttpResponse:
    """Ask a partner for its opinion."""
    project = writable_project(request, pk)
    examined = examined_stage(project, stage)
    form = ConsultationForm(request.POST or None, stage=examined, user=request.user)
    if form.is_valid():
        asked = form.save()
        messages.success(request, f"Avis demandé : {asked.get_partner_display()}, attendu le {in_words(asked.due_on)}.")
        return redirect("project_examination", project.pk)
    subject = SUBJECTS[State(examined.state)]
    heading = f"Demander un avis sur {subject}"
    context = {"project": project, "heading": heading, "form": form, "subject": subject}
    return render(request, "projects/consultation.html", context, status=422 if form.is_bound else 200)


@atomic_when_sent
def consultation_remind(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Remind a partner: whom to write to, a message ready to send, and the day it was sent."""
    project = writable_project(request, pk)
    consultation = _consultation(project, row)
    if request.method == "GET" and consultation.answered_on:
        return _already_answered(request, consultation, project)
    form = ReminderForm(request.POST or None, instance=consultation)
    if form.is_valid():
        reminded = form.save()
        messages.success(
            request, f"Relance notée : {reminded.get_partner_display()}, {in_words(reminded.reminded_on)}."
        )
        return redirect("project_examination", project.pk)
    asked = _consultation(project, row)  # the form has put what was typed in its own
    contacts = contacts_of(asked, project, request.user)
    context = _context(project, asked, form, "Relancer") | {
        "contacts": contacts,
        "reminder_link": reminder_link(asked, project, contacts),
    }
    return render(request, "projects/consultation_remind.html", context, status=422 if form.is_bound else 200)


def consultation_answer(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """The partner's own answer, or the one that the binôme types for it."""
    project = readable_project(request, pk)
    consultation = _consultation(project, row)
    if not may_answer(request.user, project, consultation):
        raise PermissionDenied(NOT_YOURS)
    if request.method == "GET" and consultation.answered_on:
        return _already_answered(request, consultation, project)
    form = AnswerForm(request.POST or None, consultation=consultation, user=request.user)
    if form.is_valid():
        try:
            answered = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, f"Avis enregistré : {answered.get_partner_display()}, {answered.get_verdict_display()}."
            )
            return redirect("project_examination", project.pk)
    context = _context(project, consultation, form, "Avis du partenaire")
    return render(request, "projects/consultation_answer.html", context, status=422 if form.is_bound else 200)


def _consultation(project: Project, pk: int) -> Consultation:
    return get_object_or_404(Consultation.objects.select_related("stage"), pk=pk, stage__project=project)


def _already_answered(request: HttpRequest, consultation: Consultation, project: Project) -> HttpResponse:
    messages.info(request, f"Cet avis a déjà été rendu le {in_words(consultation.answered_on)}.")
    return redirect("project_examination", project.pk)


def _context(project: Project, consultation: Consultation, form: Form, act: str) -> dict[str, object]:
    subject = SUBJECTS[State(consultation.stage.state)]
    heading = f"{act} : {consultation.get_partner_display()}"
    return {"project": project, "heading": heading, "consultation": consultation, "form": form, "subject": subject}
