"""How a conciliation ends: decided, applied to every perimeter at once, and closed; or nothing of it is written."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.conciliations.disputes import Dispute, Party, dispute_of
from projects.conciliations.rights import OF_THE_ARS, hold, may_decide, whose_perimeters, whose_states
from projects.conciliations.scenarios import choice_of, why_stale
from projects.conciliations.sharing import Choice, Territory
from projects.models import Merger, Outcome, Project
from projects.perimeters import Origin, change_perimeter, why_not_change
from projects.states import LIVING
from projects.workflow import Step, take_locked_step
from territories.models import PerimeterChange, Zone

Kind = Outcome.Kind
SHARING = frozenset({Kind.AGREEMENT, Kind.DG_CHOICE})
"""The outcomes that apply a scenario."""
NAMING = frozenset({Kind.MERGER, Kind.PARTNERSHIP})
"""The outcomes that name the project which absorbs or hosts."""
STALE_PAGE = (
    "Depuis l'ouverture de cette page, le périmètre d'un des projets a changé. Vérifiez ce que l'issue change, puis "
    "enregistrez de nouveau."
)


def decide(
    user: User, pk: int, outcome: Outcome, *, seen_basis: str | None = None, zones_to_host: bool = False
) -> Outcome:
    """Record the outcome of a conciliation, apply it to the perimeters and close it: all or nothing.

    `outcome` knows its kind, dates, signatory, motivation, and the scenario or the successor that it needs.
    `zones_to_host`: under a partnership the disputed zones go to the project that hosts, else perimeters stay.
    Raises Conciliation.DoesNotExist out of scope, PermissionDenied, ValidationError with every reason (in French).
    """
    with transaction.atomic():
        conciliation = hold(user, pk)
        if not may_decide(user, conciliation):
            raise PermissionDenied(OF_THE_ARS)
        dispute = dispute_of(conciliation, user)
        outcome.conciliation, outcome.recorded_by = conciliation, user
        reasons = why_not_decide(dispute, outcome)
        if not reasons and outcome.kind not in SHARING and seen_basis not in (None, dispute.basis()):
            reasons = [STALE_PAGE]
        if reasons:
            raise ValidationError(reasons)
        absorbed = absorbed_by(dispute, outcome)
        changed = territories_after(dispute, outcome, zones_to_host=zones_to_host)
        if reasons := why_not_apply(user, changed, absorbed, outcome.effective_on):
            raise ValidationError(reasons)
        changes = _apply(user, dispute, outcome, changed, absorbed)
        _close(outcome, changes)
    return outcome


def lapse(user: User, pk: int, closed_on: date, motivation: str) -> Outcome:
    """Close a conciliation that has lost its object, without any decision. Raises as `decide` does."""
    with transaction.atomic():
        conciliation = hold(user, pk)
        dispute = dispute_of(conciliation, user)
        outcome = Outcome(
            conciliation=conciliation,
            kind=Kind.LAPSED,
            decided_on=closed_on,
            effective_on=closed_on,
            signatory=str(user),
            motivation=motivation,
            recorded_by=user,
        )
        reasons = why_not_decide(dispute, outcome)
        if not reasons and (obstacle := why_not_lapse(dispute)):
            reasons = [obstacle]
        if reasons:
            raise ValidationError(reasons)
        _close(outcome)
    return outcome


def _close(outcome: Outcome, changes: Iterable[PerimeterChange] = ()) -> None:
    outcome.full_clean()
    outcome.save()
    outcome.changes.set(changes)
    outcome.conciliation.until = outcome.decided_on
    outcome.conciliation.save(update_fields=["until"])


def why_not_lapse(dispute: Dispute) -> str:
    """Why this conciliation still has an object; empty when no disputed zone is held twice any more."""
    if not dispute.remaining:
        return ""
    names = {zone.code: zone.name for zone in dispute.zones}
    return (
        f"Des projets vivants partagent encore : {', '.join(names[code] for code in dispute.remaining)}. Enregistrez "
        "une issue, ou l'abandon du projet qui renonce."
    )


def why_not_decide(dispute: Dispute, outcome: Outcome) -> list[str]:
    """Why this outcome cannot end the conciliation, whatever it changes; empty when it can."""
    conciliation = dispute.conciliation
    if conciliation.until:
        by = f" par {conciliation.outcome.recorded_by}" if hasattr(conciliation, "outcome") else ""
        return [f"Cette conciliation est close depuis le {in_words(conciliation.until)}{by} : relisez-la."]
    reasons = []
    if max(outcome.decided_on, outcome.effective_on) > timezone.localdate():
        reasons.append("La date est dans le futur : une issue s'enregistre quand elle est décidée et en vigueur.")
    if outcome.decided_on < conciliation.since:
        reasons.append(f"La conciliation est ouverte depuis le {in_words(conciliation.since)} : vérifiez la décision.")
    if outcome.effective_on < outcome.decided_on:
        reasons.append("Une décision ne vaut pas avant le jour où elle est prise.")
    if outcome.kind in SHARING:
        if outcome.scenario is None or outcome.scenario.conciliation_id != conciliation.pk:
            reasons.append("Choisissez le scénario que cette issue applique.")
        elif stale := why_stale(outcome.scenario, dispute):
            reasons.append(stale)
    if outcome.kind in NAMING and (
        outcome.successor is None or outcome.successor.pk not in {party.project.pk for party in dispute.living}
    ):
        reasons.append("Choisissez le projet qui absorbe ou accueille, parmi les projets vivants de la conciliation.")
    return reasons


def absorbed_by(dispute: Dispute, outcome: Outcome) -> list[Party]:
    """The projects that a merger ends."""
    if outcome.kind != Kind.MERGER:
        return []
    return [party for party in dispute.living if party.project != outcome.successor]


def territories_after(dispute: Dispute, outcome: Outcome, *, zones_to_host: bool) -> list[tuple[Party, Territory]]:
    """The parties whose territory the outcome changes, with what it becomes."""
    if outcome.kind == Kind.MERGER:
        after = {outcome.successor.pk: _union(dispute, outcome.successor)}
    else:
        after = dispute.after(choice_by(dispute, outcome, zones_to_host=zones_to_host))
    return [
        (party, after[party.project.pk])
        for party in dispute.living
        if party.project.pk in after and after[party.project.pk] != party.territory
    ]


def choice_by(dispute: Dispute, outcome: Outcome, *, zones_to_host: bool) -> Choice:
    match outcome.kind:
        case Kind.UNVALIDATED:
            return dict.fromkeys(dispute.disputed)
        case Kind.PARTNERSHIP:
            return dict.fromkeys(dispute.disputed, outcome.successor.pk) if zones_to_host else {}
    return choice_of(outcome.scenario)


def _union(dispute: Dispute, successor: Project) -> Territory:
    """All that the parties hold: in part only what none of them holds wholly."""
    union = dict(dispute.territories[successor.pk])
    for party in dispute.living:
        for code, held in party.territory.items():
            if code not in union or (union[code].is_partial and not held.is_partial):
                union[code] = held
    return union


def why_not_apply(user: User, changed: list[tuple[Party, Territory]], absorbed: list[Party], day: date) -> list[str]:
    """Why these perimeters cannot change on `day`, project by project; empty when they can.

    Of a project on which `user` does not write it says whom to call, and nothing else.
    """
    reasons = whose_perimeters(user, [party.project for party, _ in changed])
    reasons += whose_states(user, [party.project for party in absorbed])
    for party, _ in changed:
        if not user.can_write_in(party.project.department_codes()):
            continue
        if obstacle := why_not_change(party.project, day):
            reasons.append(f"{quoted(party.project)} : {obstacle}")
        elif party.project.state_on_day(day) not in LIVING:
            reasons.append(f"{quoted(party.project)} n'était pas encore suivi le {in_words(day)}.")
    return reasons


def _apply(
    user: User, dispute: Dispute, outcome: Outcome, changed: list[tuple[Party, Territory]], absorbed: list[Party]
) -> list[PerimeterChange]:
    """Write it, on projects that are held; a refusal says of which project it is."""
    for party in absorbed:
        details = Merger(successor=outcome.successor)
        step = Step("merge", outcome.effective_on, comment=outcome.motivation, details=details)
        with _refusals_of(party.project):
            take_locked_step(Project.objects.get(pk=party.project.pk), step, by=user)
    zones = {zone.code: zone for zone in Zone.objects.filter(code__in={code for _, after in changed for code in after})}
    changes = []
    for party, after in changed:
        others = " et ".join(quoted(other.project) for other in dispute.parties if other != party)
        with _refusals_of(party.project):
            change = change_perimeter(
                party.project,
                [zones[code] for code, held in after.items() if not held.is_partial],
                outcome.effective_on,
                partial=[zones[code] for code, held in after.items() if held.is_partial],
                reason=f"Conciliation avec {others}. {outcome.get_kind_display()}, {in_words(outcome.decided_on)}.",
                by=user,
                origin=Origin.CONCILIATION,
            )
        changes.append(change)
    return [change for change in changes if change]


@contextmanager
def _refusals_of(project: Project) -> Iterator[None]:
    try:
        yield
    except ValidationError as refusal:
        raise ValidationError([f"{quoted(project)} : {message}" for message in refusal.messages]) from None
