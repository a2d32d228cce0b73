from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.forms import asked_day
from projects.composing import unfinished
from projects.conciliations.marks import open_conciliations
from projects.examination.grids import grid_summary
from projects.examination.vigilance import open_points
from projects.forms.journal import JournalForm
from projects.forms.people import NoteForm
from projects.maps import territory_map
from projects.milestones import milestones
from projects.models import DirectoryEntry, Project
from projects.overlaps import overlaps_of
from projects.people.absences import absent_on
from projects.states import ENDED, State
from projects.taking_back import why_not_take_back
from projects.views.access import may_write, readable_project
from projects.views.tabs import tab_context
from projects.withdrawing import may_withdraw
from projects.workflow import StepKind, latest_day_for, may_decide, obstacle_to, step_kinds


def project_page(
    request: HttpRequest, pk: int, *, note_form: NoteForm | None = None, journal_form: JournalForm | None = None
) -> HttpResponse:
    """Everything about a project on a day, and what its reader can do with it today; the forms are those refused."""
    project = readable_project(request, pk)
    day = asked_day(request)
    stage = project.stage_on(day)
    memberships = list(project.perimeter.memberships.on(day).select_related("zone").order_by("zone__search_name"))
    assignments = list(project.assignments.select_related("user__institution"))
    absences = absent_on(day, {assignment.user_id for assignment in assignments})
    offers = offers_to(request.user, project)
    writes = may_write(request, project)
    context = {
        **tab_context(request, project, "project"),
        "day": day,
        "stage": stage,
        "has_ended": stage is not None and stage.state in ENDED,
        "open_conciliations": open_conciliations(project, day),
        "stages": project.stages.all(),
        "deadline": stage.filing.deadline if stage and stage.state == State.FILED else None,
        "milestones": milestones(project.stages.all(), day),
        "possible": [offer for offer in offers if offer.is_for_today],
        "earlier": [offer for offer in offers if offer.is_for_earlier],
        "impossible": [offer for offer in offers if offer.why_not],
        "draft": unfinished(project, request.user) if writes else None,
        "memberships": memberships,
        "population": sum(membership.zone.population for membership in memberships),
        "map": territory_map(memberships, title=f"Carte du périmètre au {day:%d/%m/%Y}", width=360, height=250),
        "vintages": sorted({membership.zone.vintage for membership in memberships}),
        "overlaps": [(pair.other_than(project), pair) for pair in overlaps_of(project, day, request.user)],
        "referents": [
            (
                side,
                [
                    (each, absences.get(each.user_id))
                    for each in assignments
                    if each.side == side and each.is_true_on(day)
                ],
                writes and request.user.acts_for(side),
            )
            for side in Side
        ],
        "former_referents": [assignment for assignment in assignments if assignment.until and assignment.until <= day],
        "open_points": [(point, may_withdraw(request.user, project, point)) for point in open_points(project, day)],
        "absorbed": project.mergers.filter(stage__project__in=Project.objects.for_user(request.user))
        .select_related("stage__project")
        .order_by("stage__since"),
        "sheets": grid_summary(project),
        "contacts": project.contacts.all(),
        "directory": DirectoryEntry.objects.for_user(request.user)
        .about(project.department_codes(), (membership.zone for membership in memberships), day)
        .by_function(),
        "journal": [
            (entry, may_withdraw(request.user, project, entry))
            for entry in project.journal.select_related("stage", "recorded_by__institution")
        ],
        "journal_form": journal_form or JournalForm(project=project),
        "notes": project.notes.for_user(request.user).select_related("recorded_by"),
        "note_form": note_form or NoteForm(project=project, by=request.user),
        "may_take_back": writes and not why_not_take_back(project, request.user),
    }
    return render(request, "projects/project.html", context, status=422 if note_form or journal_form else 200)


@dataclass(frozen=True, slots=True)
class Offer:
    """A step, and whether this user can record it: today, at an earlier date only, or not and why."""

    kind: StepKind
    day: date | None
    why_not: str

    @property
    def is_for_today(self) -> bool:
        return not self.why_not and self.day == timezone.localdate()

    @property
    def is_for_earlier(self) -> bool:
        return not self.why_not and not self.is_for_today


def offers_to(user: User, project: Project) -> list[Offer]:
    """Every step; those that carry the project on come before those that need an explanation."""
    kinds = sorted(step_kinds().values(), key=lambda kind: kind.needs_comment)
    return [offer_of(kind, user, project) for kind in kinds]


def offer_of(kind: StepKind, user: User, project: Project) -> Offer:
    day = latest_day_for(project, kind)
    if day is None:
        return Offer(kind, None, obstacle_to(project, kind, timezone.localdate()))
    return Offer(kind, day, "" if may_decide(project, kind.name, user) else whose(kind, user, project))


def whose(kind: StepKind, user: User, project: Project) -> str:
    """Why a step that is possible does not belong to this user."""
    if not user.is_writer:
        return "Vous lisez ce projet ; ses chargés de suivi enregistrent ses étapes."
    if not user.can_write_in(project.department_codes()):
        return "Ce projet n'est pas de vos départements."
    return f"Cette étape relève de : {', '.join(side.label for side in Side if side in kind.decided_by)}."
