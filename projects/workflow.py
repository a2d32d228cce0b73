"""The one way to change the state of a project: locked, checked, dated, signed, all or nothing."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache, partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.dispatch import Signal
from django.utils import timezone
from django_fsm import Transition

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects import clock
from projects.models import SIGNED_BY, Filing, Merger, Project, Stage
from projects.models.steps import StepsMixin
from projects.stages import has_acts, last_recorded, resting_on, tell_again, tell_of, told_of
from projects.states import ENDED, LIVING, State

ACTS_RECORDED = (
    "Des étapes ont été enregistrées dans l'application : corrigez-les sur la fiche du projet "
    "(« Annuler la dernière étape »)."
)
READS_ONLY = "Vous lisez ce projet, mais seuls les chargés de suivi de ses départements y écrivent."
NOT_YOURS = "Cette étape ne relève pas de votre institution, de votre rôle ou de vos départements."
state_changed = Signal()  # sent once committed, with `project` (its pk) and `state`


@dataclass(frozen=True, slots=True)
class Step:
    """A step somebody wants to record: which one, since when it is true, and why.

    `details`, where the step needs them, are not saved yet and know nothing of their stage.
    """

    name: str
    effective_on: date
    comment: str = ""
    reference: str = ""
    details: models.Model | None = None


@dataclass(frozen=True, slots=True)
class StepKind:
    """What the transition table says of a step."""

    name: str
    label: str
    meaning: str
    sources: tuple[State, ...]
    targets: tuple[State, ...]
    decided_by: frozenset[Side]
    needs_comment: bool
    details: type[models.Model] | None
    is_signed: bool


@cache
def step_kinds() -> dict[str, StepKind]:
    """Every step by name, in the order of a project's life, as the state field declares them."""
    declared: dict[str, list[Transition]] = {}
    for transition_ in Project._meta.get_field("state").get_all_transitions(Project):
        declared.setdefault(transition_.name, []).append(transition_)
    kinds = [_kind(name, transitions) for name, transitions in declared.items()]
    written_order = list(vars(StepsMixin))
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: written_order.index(kind.name))}


def _kind(name: str, transitions: list[Transition]) -> StepKind:
    first = transitions[0]
    targets = getattr(first.target, "allowed_states", [first.target])
    sources = sorted((State(t.source) for t in transitions), key=list(State).index)
    return StepKind(name=name, sources=tuple(sources), targets=tuple(targets), **first.custom)


def may_decide(project: Project, name: str, user: User) -> bool:
    """Whether this step belongs to the user's role, departments and institution, whatever the state."""
    declared = getattr(project, name)._django_fsm.transitions
    return next(iter(declared.values())).has_perm(project, user)


def take_step(user: User, pk: int, step: Step, *, seen_stage: int | None = None) -> Project:
    """Record `step` on the project that `user` reads as `pk`, and return it.

    Raises Project.DoesNotExist out of scope, PermissionDenied for who may not decide it, ValidationError with every
    reason (in French) when it cannot be recorded. `seen_stage` is the stage shown on the page the user answers from.
    """
    with transaction.atomic():
        if isinstance(step.details, Merger):
            lock_all([pk, step.details.successor_id])
        project = lock(Project.objects.for_user(user), pk)
        if not may_decide(project, step.name, user):
            raise PermissionDenied(NOT_YOURS)
        refuse_stale_page(project, seen_stage)
        take_locked_step(project, step, by=user)
    return project


def take_locked_step(project: Project, step: Step, *, by: User) -> Stage:
    """The step itself, on a project that is held and that `by` may decide for; returns the stage it opens."""
    if reasons := refusals(project, step):
        raise ValidationError(reasons)
    stand_at(project, project.state_on_day(step.effective_on))
    getattr(project, step.name)()
    entry = Entry(State(project.state), step.effective_on, comment=step.comment, reference=step.reference)
    stage = _record(project, entry, by=by, details=step.details)
    settle(project)
    return stage


def lock(projects, pk: int) -> Project:
    """The project, held until the end of the transaction so that nobody else changes it meanwhile."""
    return projects.select_for_update(of=("self",)).get(pk=pk)


def lock_all(pks: Iterable[int]) -> None:
    """Hold several projects, always in the same order so that two acts on both never wait for each other."""
    list(Project.objects.filter(pk__in=pks).order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def refuse_stale_page(project: Project, seen_stage: int | None) -> None:
    """The same state may be another stage by now: a second filing, a validation by silence instead of a decision."""
    stage = project.stage_on(timezone.localdate())
    if seen_stage is not None and (stage is None or stage.pk != seen_stage):
        raise ValidationError(f"Le projet a changé d'état depuis l'ouverture de cette page : {_where(stage)}")


def _where(stage: Stage | None) -> str:
    """Where a project stands by now, and who has recorded it, for whoever answers from an older page."""
    if stage is None:
        return "il n'est plus suivi."
    by = f" (saisi par {stage.recorded_by})" if stage.recorded_by and not stage.is_tacit else ""
    state = State(stage.state).short_label
    return f"il est à l'état « {state} » depuis le {in_words(stage.since)}{by}. Vérifiez, puis enregistrez de nouveau."


def refusals(project: Project, step: Step) -> list[str]:
    """Why `step` cannot be recorded at its date; empty when it can. A lack of data is never a reason."""
    kind = step_kinds()[step.name]
    reasons = []
    if step.effective_on > timezone.localdate():
        reasons.append("La date est dans le futur : une étape s'enregistre quand elle a eu lieu.")
    if kind.needs_comment and not step.comment.strip():
        reasons.append("Un commentaire est nécessaire : dites pourquoi.")
    if kind.details and not isinstance(step.details, kind.details):
        reasons.append(f"Il manque : {kind.details._meta.verbose_name}.")
    if obstacle := obstacle_to(project, kind, step.effective_on):
        return [*reasons, obstacle]
    if kind.is_signed and (missing := why_not_signed(project, step.effective_on)):
        reasons.append(missing)
    if isinstance(step.details, Merger):
        reasons += why_not_merged(project, step.details.successor, step.effective_on)
    if ENDED.issuperset(kind.targets) and (obstacle := why_not_end(project, step.effective_on)):
        reasons.append(obstacle)
    if obstacle := what_rests_on_silence(project, step.effective_on):
        reasons.append(obstacle)
    return reasons


def why_not_signed(project: Project, day: date) -> str:
    """Why the act that ends the stage of `day` is not signed on that very day; empty when it is."""
    stage = project.stage_on(day)
    signatures = list(stage.signatures.all())
    signed = {signature.party for signature in signatures}
    if missing := [party.label for party in SIGNED_BY[State(stage.state)] if party not in signed]:
        return f"Il manque la signature de : {', '.join(missing)}."
    last = max(signature.signed_on for signature in signatures)
    return "" if last == day else f"La dernière signature est du {in_words(last)} : c'est la date d'effet."


def why_not_merged(project: Project, successor: Project, day: date) -> list[str]:
    if successor.pk == project.pk:
        return ["Un projet ne fusionne pas dans lui-même : choisissez le projet qui l'absorbe."]
    return [
        f"{quoted(successor)} ne peut pas l'absorber : au {in_words(when)}, ce projet n'est pas suivi ou a pris fin."
        for when in sorted({day, timezone.localdate()})
        if successor.state_on_day(when) not in LIVING
    ][:1]


def why_not_end(project: Project, day: date) -> str:
    """A project does not end before it has absorbed another one."""
    last = project.mergers.filter(stage__since__gt=day).select_related("stage__project").order_by("stage__since").last()
    if last is None:
        return ""
    absorbed, since = last.stage.project, last.stage.since
    return f"Ce projet a absorbé {quoted(absorbed)} le {in_words(since)} : il ne peut pas avoir pris fin avant."


def what_rests_on_silence(project: Project, day: date) -> str:
    """What was recorded since on a tacit validation that an act of `day` would undo; empty when nothing was."""
    tacit = next((stage for stage in project.stages.all() if stage.since > day and stage.is_tacit), None)
    if tacit is None or not (counts := resting_on(tacit)):
        return ""
    return (
        f"Depuis la validation tacite du {in_words(tacit.since)}, ont été enregistrés : {', '.join(counts)}. "
        "Cet acte la ferait disparaître : retirez-les d'abord, en disant pourquoi."
    )


def obstacle_to(project: Project, kind: StepKind, day: date) -> str:
    """Why the project's stages do not let it take this step on `day`; empty when they do."""
    state = project.state_on_day(day)
    if state is None:
        first = project.stages.first()
        return f"Le projet n'est suivi que depuis le {in_words(first.since)} : choisissez une date plus récente."
    if later := _later_act(project, day):
        return (
            f"L'étape « {State(later.state).short_label} » est déjà enregistrée au {in_words(later.since)} : "
            "choisissez cette date ou une date plus récente."
        )
    if state not in kind.sources:
        return _wrong_state(project, kind, state, day)
    return ""


def latest_day_for(project: Project, kind: StepKind) -> date | None:
    """The latest day, today at most, on which the project can take this step: an act may be typed after its date."""
    today = timezone.localdate()
    ends = [stage.until for stage in project.stages.all() if stage.until and stage.until <= today]
    days = [today, *(end - timedelta(days=1) for end in reversed(ends))]
    return next((day for day in days if not obstacle_to(project, kind, day)), None)


def _later_act(project: Project, day: date) -> Stage | None:
    """The first recorded stage after `day`. Silence is no act: an act dated before it prevents it."""
    return next((stage for stage in project.stages.all() if stage.since > day and not stage.is_tacit), None)


def _wrong_state(project: Project, kind: StepKind, state: State, day: date) -> str:
    stage = project.stage_on(day)
    if stage.is_tacit and State.FILED in kind.sources:
        return (
            "Le délai de deux mois est passé : faute d'opposition, le projet de santé est réputé validé depuis le "
            f"{in_words(stage.since)} (CSP, L.1434-12). Seul le retrait d'une décision créatrice de droits "
            "reste possible : il se fait hors de cet outil."
        )
    if state == State.FILED and State.FILED in kind.targets:
        return (
            f"Un dépôt reçu le {in_words(stage.since)} est déjà à l'examen : il n'y en a qu'un à la fois. Enregistrez "
            "d'abord sa décision ou son retrait."
        )
    expected = " ou ".join(f"« {source.short_label} »" for source in kind.sources)
    return f"Au {in_words(day)}, le projet est à l'état « {state.short_label} » ; cette étape part de {expected}."


def stand_at(project: Project, state: State) -> None:
    """Set the machine's working copy to the state that was true on the day of the act, past or present."""
    project._meta.get_field("state").set_state(project, state)


def settle(project: Project) -> bool:
    """Write today's stage into the working copy; True if it differed. Needs the lock."""
    today = project.state_on_day(timezone.localdate())
    stored = Project.objects.filter(pk=project.pk).exclude(state=today)
    stand_at(project, today)
    changed = bool(stored)
    if changed:
        project.save(update_fields=["state"])
        transaction.on_commit(partial(state_changed.send, Project, project=project.pk, state=today))
    return changed


@dataclass(frozen=True, slots=True)
class Entry:
    """A stage to come in a project's timeline: it lasts until the next entry."""

    state: State
    since: date
    origin: Stage.Origin = Stage.Origin.ACT
    comment: str = ""
    reference: str = ""


def _record(project: Project, entry: Entry, *, by: User | None, details: models.Model | None = None) -> Stage:
    """End at `entry.since` what was true or planned, and open the new stage; a filing plans its tacit validation."""
    last = project.stages.filter(since__lte=entry.since).last()
    for planned in project.stages.filter(since__gt=entry.since):
        tell_of(last, of=planned)
        planned.delete()
    if last:
        last.until = entry.since
        last.save(update_fields=["until"])
    stage = project.stages.create(**asdict(entry), recorded_by=by)
    if entry.state == State.FILED:
        details = _filing(project, details or Filing(), entry.since)
    if details:
        details.stage = stage
        details.full_clean()
        details.save()
    if entry.state == State.FILED:
        plan_silence(project, by=by)
    return stage


def _filing(project: Project, filing: Filing, received_on: date) -> Filing:
    """What a filing freezes: the population of its perimeter that day, and the opposed filing that it follows."""
    held = project.perimeter.memberships.on(received_on)
    told = held.aggregate(population=models.Sum("zone__population"), vintage=models.Max("zone__vintage"))
    filing.population, filing.population_vintage = told["population"], told["vintage"]
    opposed = project.stages.filter(state=State.OPPOSED, since__lte=received_on).values("since")
    filing.follows = Filing.objects.filter(stage__project=project, stage__until__in=opposed).last()
    return filing


def plan_silence(project: Project, *, by: User | None) -> None:
    """Write what silence makes of the last filing, given the pieces asked since. Needs the lock and a transaction.

    Nothing changes when it is already so. Raises ValidationError when acts rest on a tacit validation that moves.
    """
    stage = last_recorded(project)
    if stage.state != State.FILED:
        return
    acquired = project.last_filing().deadline.acquired_on
    tacit = project.stages.filter(origin=Stage.Origin.SILENCE, since__gt=stage.since).first()
    if tacit and tacit.since == acquired:
        return
    if obstacle := what_rests_on_silence(project, stage.since):
        raise ValidationError(obstacle)
    if tacit and not acquired:
        tell_of(stage, of=tacit)
        tacit.delete()
    stage.until = acquired
    stage.save(update_fields=["until"])
    if tacit and acquired:
        tacit.since = acquired
        tacit.save(update_fields=["since"])
    elif acquired:
        _record(project, Entry(State.VALIDATED, acquired, Stage.Origin.SILENCE, reference=clock.RULE), by=by)


def write_timeline(project: Project, entries: Iterable[Entry], *, by: User | None) -> None:
    """Give a project its dated stages, in place of those an import gave it before. Needs the lock and a transaction.

    Raises ValidationError when somebody has recorded a step since: the application then knows more than the file.
    """
    stages = list(project.stages.all())
    if has_acts(stages):
        raise ValidationError(ACTS_RECORDED)
    told = told_of(stages)
    for stage in stages:
        stage.delete()
    for entry in entries:
        _record(project, entry, by=by)
    tell_again(project, told)
    settle(project)


def open_project(project: Project, entry: Entry, *, by: User) -> Project:
    """Save a new project that is known since `entry`. Raises PermissionDenied outside the user's departments."""
    with transaction.atomic():
        if not by.can_write_in({project.lead_department_id}):
            raise PermissionDenied("Vous ne pouvez créer un projet que dans vos départements.")
        project.full_clean(exclude=["perimeter"])
        project.save()
        write_timeline(project, [entry], by=by)
    return project
