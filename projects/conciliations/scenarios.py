"""Scenarios: ways to share the disputed zones that are kept under a name and compared."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.conciliations.disputes import Dispute, Variant, changes_since, dispute_of
from projects.conciliations.rights import CLOSED, hold
from projects.conciliations.sharing import Choice
from projects.models import Scenario

TO_THE_ENDED = "un projet à qui vont des zones a pris fin. Composez un autre scénario entre les projets vivants."


def choice_of(scenario: Scenario) -> Choice:
    return {share.zone.code: share.project_id for share in scenario.shares.all()}


def saved_variants(dispute: Dispute) -> list[Variant]:
    """The scenarios that were kept, in the order they were, with what each makes of today's perimeters."""
    basis = dispute.basis()
    scenarios = dispute.conciliation.scenarios.select_related("recorded_by")
    return [
        dispute.variant(scenario.name, choice_of(scenario), scenario, is_stale=is_stale(scenario, dispute, basis))
        for scenario in scenarios.prefetch_related("shares__zone", "shares__project")
    ]


def is_stale(scenario: Scenario, dispute: Dispute, basis: str) -> bool:
    """Whether a perimeter, the cut of a disputed commune or the living parties have changed since it was composed."""
    choice = choice_of(scenario)
    return scenario.basis != basis or choice.keys() != dispute.disputed.keys() or gives_to_the_ended(dispute, choice)


def gives_to_the_ended(dispute: Dispute, choice: Choice) -> bool:
    """Whether a zone would go to a project that has ended, or that is not of this conciliation."""
    return not {party for party in choice.values() if party} <= dispute.territories.keys()


def why_stale(scenario: Scenario, dispute: Dispute) -> str:
    """What has changed since, for who would apply it; empty when nothing has."""
    if gives_to_the_ended(dispute, choice_of(scenario)):
        return f"Scénario {quoted(scenario.name)} : {TO_THE_ENDED}"
    if not is_stale(scenario, dispute, dispute.basis()):
        return ""
    moved = [
        f"{quoted(change.perimeter.project)} ({change.get_origin_display().lower()}, "
        f"{'annulé' if change.taken_back_at else 'en vigueur'} le {in_words(change.taken_back_at or change.since)})"
        for change in changes_since(dispute, scenario)
    ]
    told = f"un périmètre a changé : {', '.join(moved)}" if moved else "un projet a pris fin ou un périmètre a changé"
    return (
        f"Depuis que le scénario {quoted(scenario.name)} a été composé, {told}. Reprenez-le sur "
        "les périmètres d'aujourd'hui, puis enregistrez l'issue."
    )


def save_scenario(user: User, pk: int, name: str, comment: str, choice: Mapping[str, int | None]) -> Scenario:
    """Keep a way to share every disputed zone. Raises Conciliation.DoesNotExist, PermissionDenied, ValidationError."""
    with transaction.atomic():
        conciliation = hold(user, pk)
        if conciliation.until:
            raise ValidationError(CLOSED)
        dispute = dispute_of(conciliation, user)
        if choice.keys() != dispute.disputed.keys():
            raise ValidationError("Dites pour chaque zone à qui elle va : les zones disputées ont peut-être changé.")
        if gives_to_the_ended(dispute, choice):
            raise ValidationError("Un des projets choisis a pris fin, ou n'est pas de cette conciliation.")
        scenario = Scenario(
            conciliation=conciliation, name=name.strip(), comment=comment, basis=dispute.basis(), recorded_by=user
        )
        scenario.full_clean()
        scenario.save()
        for zone in dispute.zones:
            scenario.shares.create(zone=zone, project_id=choice[zone.code])
    return scenario


def renew_scenario(user: User, pk: int, scenario_pk: int) -> Scenario:
    """Confirm a stale scenario as it is, on the perimeters of today.

    Raises Conciliation.DoesNotExist, Scenario.DoesNotExist, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        conciliation = hold(user, pk)
        if conciliation.until:
            raise ValidationError(CLOSED)
        dispute = dispute_of(conciliation, user)
        scenario = conciliation.scenarios.get(pk=scenario_pk)
        if choice_of(scenario).keys() != dispute.disputed.keys():
            raise ValidationError("Les zones disputées ne sont plus les mêmes : composez ce scénario de nouveau.")
        if gives_to_the_ended(dispute, choice_of(scenario)):
            raise ValidationError(f"Scénario {quoted(scenario.name)} : {TO_THE_ENDED}")
        scenario.basis, scenario.recorded_at, scenario.recorded_by = dispute.basis(), timezone.now(), user
        scenario.save()
    return scenario
