"""Opinions asked of partners (ELSM, MSA, URPS…): they inform the binôme and block nothing."""

from datetime import date
from urllib.parse import quote, urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import Consultation, DirectoryEntry, Project, Verdict
from projects.models.examination import SUBJECTS
from projects.states import State
from projects.workflow import lock

NOT_YOURS = (
    "Cet avis est rendu par le partenaire à qui il est demandé, ou saisi pour lui par le binôme de ses départements."
)


def may_answer(user: User, project: Project, consultation: Consultation) -> bool:
    """The partner itself, in its departments, or somebody of the binôme on its behalf."""
    departments = project.department_codes()
    is_asked = user.institution.kind == consultation.partner and not user.own_departments.isdisjoint(departments)
    return is_asked or user.can_write_in(departments)


def answer(user: User, pk: int, row_pk: int, *, verdict: str, text: str, answered_on: date) -> Consultation:
    """Record what a partner answers.

    Raises Project.DoesNotExist, Consultation.DoesNotExist, PermissionDenied, ValidationError (twice, wrong dates).
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        consultation = Consultation.objects.select_related("stage").get(pk=row_pk, stage__project=project)
        if not may_answer(user, project, consultation):
            raise PermissionDenied(NOT_YOURS)
        if consultation.answered_on:
            raise ValidationError(f"Cet avis a déjà été rendu le {in_words(consultation.answered_on)} : relisez-le.")
        if answered_on > timezone.localdate():
            raise ValidationError({"answered_on": "Cette date est dans le futur."})
        if answered_on < consultation.asked_on:
            raise ValidationError(
                {"answered_on": f"L'avis a été demandé le {in_words(consultation.asked_on)} : il ne peut pas précéder."}
            )
        if verdict != Verdict.FAVOURABLE and not text.strip():
            raise ValidationError({"text": "Dites vos motifs, ou vos points de vigilance."})
        consultation.verdict, consultation.answer = verdict, text
        consultation.answered_on, consultation.answered_by = answered_on, user
        consultation.full_clean()
        consultation.save()
    return consultation


def contacts_of(consultation: Consultation, project: Project, user: User) -> list[DirectoryEntry]:
    """Whom to call: the partner's people among those of the directory that the project's page shows."""
    today = timezone.localdate()
    zones = [membership.zone for membership in project.perimeter.memberships.on(today).select_related("zone")]
    entries = DirectoryEntry.objects.for_user(user).about(project.department_codes(), zones, today)
    return list(entries.filter(function=consultation.partner).by_function())


def reminder_link(consultation: Consultation, project: Project, contacts: list[DirectoryEntry]) -> str:
    """A `mailto:` address that opens a written reminder; empty when the directory knows no e-mail address."""
    addresses = [quote(contact.email, safe="@") for contact in contacts if contact.email]
    if not addresses:
        return ""
    subject = SUBJECTS[State(consultation.stage.state)]
    lines = [
        "Bonjour,",
        f"Le {in_words(consultation.asked_on)}, nous vous avons demandé votre avis sur {subject} de {project.name}, "
        f"attendu le {in_words(consultation.due_on)}.",
        *([f"Notre question : {consultation.question}"] if consultation.question else []),
        "Nous n'avons pas encore reçu votre réponse : pouvez-vous nous la faire parvenir ?",
        "Bien cordialement,",
    ]
    said = {"subject": f"{project.name} : votre avis sur {subject}", "body": "\r\n\r\n".join(lines)}
    return f"mailto:{','.join(addresses)}?{urlencode(said, quote_via=quote)}"
