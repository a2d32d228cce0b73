"""The page of a conciliation: parties, doctrine, disputed zones and what they would give, log, outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import urlencode

from projects.conciliation_rules import Offer
from projects.conciliations.disputes import BY_KEY, Dispute, Variant, dispute_of, pairs_of
from projects.conciliations.log import may_withdraw
from projects.conciliations.outcomes import why_not_lapse
from projects.conciliations.reopening import may_reopen
from projects.conciliations.rights import NOT_YOURS, may_decide, may_write
from projects.conciliations.scenarios import saved_variants
from projects.forms.conciliations import ChoiceForm, EntryForm, ScenarioForm, as_data
from projects.models import Conciliation, Outcome, Project
from projects.overlaps import Pair


def readable_conciliation(request: HttpRequest, pk: int) -> Conciliation:
    readable = Conciliation.objects.for_user(request.user).select_related("outcome__successor", "outcome__scenario")
    together = readable.select_related("recorded_by", "outcome__recorded_by")
    return get_object_or_404(together.prefetch_related("projects__other_departments", "zones"), pk=pk)


def writable_conciliation(request: HttpRequest, pk: int) -> Conciliation:
    conciliation = readable_conciliation(request, pk)
    if not may_write(request.user, conciliation):
        raise PermissionDenied(NOT_YOURS)
    return conciliation


def conciliation_page(
    request: HttpRequest,
    pk: int,
    *,
    entry_form: EntryForm | None = None,
    scenario_form: ScenarioForm | None = None,
    choice_form: ChoiceForm | None = None,
) -> HttpResponse:
    """Everything about a conciliation; the forms are those refused."""
    conciliation = readable_conciliation(request, pk)
    dispute = dispute_of(conciliation, request.user)
    saved = saved_variants(dispute)
    choice_form = choice_form or asked_choice(request, dispute, saved)
    entries = conciliation.entries.select_related("recorded_by__institution")
    context = {
        **standing(request, dispute),
        "choice_form": choice_form,
        "tried": dispute.variant("Essai", choice_form.choice),
        "usual": [(variant, urlencode(as_data(dispute, variant.choice))) for variant in dispute.usual_variants()],
        "saved": [(variant, may_withdraw(request.user, conciliation, variant.scenario)) for variant in saved],
        "scenario_form": scenario_form or ScenarioForm(),
        "entries": [(entry, may_withdraw(request.user, conciliation, entry)) for entry in entries],
        "entry_form": entry_form or EntryForm(conciliation=conciliation, user=request.user),
    }
    return render(request, "projects/conciliation.html", context, status=422 if entry_form or scenario_form else 200)


def standing(request: HttpRequest, dispute: Dispute) -> dict[str, Any]:
    """Where a conciliation stands today, and what its reader can do with it."""
    conciliation, user, today = dispute.conciliation, request.user, timezone.localdate()
    outcome = getattr(conciliation, "outcome", None)
    pairs = [] if conciliation.until else pairs_of(conciliation, today, user)
    return {
        "conciliation": conciliation,
        "dispute": dispute,
        "day": today,
        "is_late": bool(not conciliation.until and conciliation.due_on and conciliation.due_on < today),
        "situation": BY_KEY.get(conciliation.situation),
        "pairs": pairs,
        "ways": ways_out(pairs),
        "steps": [offer for offer in offers_to(pairs) if offer.code is None],
        "outcome": outcome,
        "redrawn": list(redrawn(outcome, dispute)) if outcome else [],
        "may_open_successor": bool(outcome) and outcome.successor_id in readable_parties(dispute),
        "may_write": may_write(user, conciliation),
        "may_decide": may_decide(user, conciliation),
        "may_lapse": may_write(user, conciliation) and not why_not_lapse(dispute),
        "may_reopen": bool(outcome) and may_reopen(user, conciliation),
    }


class Redrawn(NamedTuple):
    """What an outcome changed of a perimeter: zones as PerimeterChange tells them."""

    project: Project
    since: date
    entered: list[dict[str, Any]]
    left: list[dict[str, Any]]


def redrawn(outcome: Outcome, dispute: Dispute) -> Iterator[Redrawn]:
    """Of a project that the reader may not open, the disputed zones alone."""
    readable = readable_parties(dispute)
    disputed = dispute.disputed.keys() | {zone.code for zone in dispute.conciliation.zones.all()}
    for change in outcome.changes.select_related("perimeter__project"):
        project = change.perimeter.project
        entered, left = (
            [zone for zone in zones if project.pk in readable or zone["code"] in disputed]
            for zones in (change.entered, change.left)
        )
        yield Redrawn(project, change.since, entered, left)


def readable_parties(dispute: Dispute) -> set[int]:
    return {party.project.pk for party in dispute.parties if party.is_readable}


@dataclass(frozen=True, slots=True)
class WayOut:
    """A kind of outcome, with what the doctrine says of it for these projects; nothing when it does not offer it."""

    kind: Outcome.Kind
    offers: tuple[Offer, ...]


def offers_to(pairs: list[Pair]) -> list[Offer]:
    return list(dict.fromkeys(offer for pair in pairs for offer in pair.outcomes))


def ways_out(pairs: list[Pair]) -> list[WayOut]:
    """Every kind of outcome that somebody decides; those that the doctrine offers come first."""
    offers = [offer for offer in offers_to(pairs) if offer.code]
    kinds = [kind for kind in Outcome.Kind if kind != Outcome.Kind.LAPSED]
    ways = [WayOut(kind, tuple(offer for offer in offers if offer.code.value == kind)) for kind in kinds]
    return sorted(ways, key=lambda way: not way.offers)


def asked_choice(request: HttpRequest, dispute: Dispute, saved: list[Variant]) -> ChoiceForm:
    """What the address tries: a choice for each zone, or ?scenario= to start from one that was kept."""
    if scenario := request.GET.get("scenario"):
        chosen = next((each for each in saved if str(each.scenario.pk) == scenario), None)
        if chosen is None:
            raise BadRequest("Ce scénario n'existe pas, ou a été retiré.")
        form = ChoiceForm(as_data(dispute, chosen.choice), dispute=dispute)
    else:
        form = ChoiceForm(request.GET, dispute=dispute)
    if not form.is_valid():
        raise BadRequest("L'essai demandé dans l'adresse ne se lit pas : reprenez-le depuis la page.")
    return form
