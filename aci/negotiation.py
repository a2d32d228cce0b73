"""The versions of the indicators of a contract year: what the next one starts from, which one is retained.

Who calls what writes here holds the lock of the project (`writable_contract`, or the act of a meeting).
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse

from aci.contracts import Books, agreed_of, data_of, envelopes_of, valid_value, with_facts
from aci.indicators import Calculation, is_reached, set_problems
from aci.models import Contract, IndicatorSet, MeetingDecision, NegotiatedIndicator, PayingStep, Result
from ground.templatetags.french import day as in_words
from territories.models import Region

COPIED = ("indicator", "is_paying", "baseline", "target", "expected", "weight", "comment", "position")


def page_of(version: IndicatorSet) -> str:
    return f"{reverse('contract_indicators', args=[version.contract_id])}?annee={version.year}&version={version.number}"


def negotiated_of(version: IndicatorSet) -> QuerySet[NegotiatedIndicator]:
    """What a version is made of, as `agreed_of` reads it."""
    return version.negotiated.select_related("indicator", "carried_from__indicator_set").prefetch_related("steps")


def why_not_retain(version: IndicatorSet, on: date | None = None) -> list[str]:
    """Why this version cannot be retained for its year (`on` that day), in French; empty when it can."""
    if version.retained_on:
        return ["Cette version est déjà retenue."]
    if on and on < version.sent_on:
        sent_on = in_words(version.sent_on)
        return [f"Cette version n'a été envoyée que le {sent_on} : rien ne l'a retenue le {in_words(on)}."]
    contract = with_facts(Contract.objects.filter(pk=version.contract_id)).get()
    if version.year > contract.years:
        return [f"L'année {version.year} n'est pas du contrat, qui en a {contract.years}."]
    agreed = [agreed_of(each) for each in negotiated_of(version)]
    if not agreed:
        return ["Cette version n'a aucun indicateur."]
    books = Books()
    envelopes = envelopes_of(data_of(contract, books), books.rules_of(contract), version.year)
    return [*set_problems(agreed, Calculation(version.calculation), envelopes), *_why_not_replace(version)]


def _why_not_replace(version: IndicatorSet) -> list[str]:
    return [why for each in _retained(version) if (why := why_not_release(each))]


def _retained(version: IndicatorSet) -> QuerySet[IndicatorSet]:
    """The version retained for the same year."""
    return IndicatorSet.objects.filter(contract=version.contract_id, year=version.year).exclude(retained_on=None)


def retain(version: IndicatorSet, on: date) -> None:
    """The version that pays, from now on, in its year; the one retained before is no longer. Raises ValidationError."""
    _hold_catalogue(version)
    if refusals := why_not_retain(version, on):
        raise ValidationError(refusals)
    for former in _retained(version):
        _set_retained(former, None)
    _set_retained(version, on)


def _hold_catalogue(version: IndicatorSet) -> None:
    """Who changes an indicator of the region waits until the versions that are being retained are so."""
    region = version.contract.project.lead_department.region_id
    Region.objects.select_for_update(no_key=True).get(pk=region)


def why_not_release(version: IndicatorSet) -> str:
    """Why a retained version cannot cease to be so; empty when it can."""
    if Result.objects.filter(negotiated__indicator_set=version, kind=Result.Kind.FINAL).exists():
        return f"Des résultats finals reposent sur la v{version.number}, qui est retenue : retirez-les d'abord."
    return ""


def release(version: IndicatorSet, undone: MeetingDecision) -> None:
    """Takes back that a decision retained this version: the one retained before it is so again, since its meeting.

    Raises ValidationError when final results rest on this version.
    """
    if refusal := why_not_release(version):
        raise ValidationError(refusal)
    if version.retained_on is None:  # another one has replaced it since
        return
    _set_retained(version, None)
    if former := _last_decision(version, but=undone):
        _set_retained(former.indicator_set, former.meeting.held_on)


def _last_decision(version: IndicatorSet, *, but: MeetingDecision) -> MeetingDecision | None:
    """The last one applied that retained a version of the same year."""
    of_year = {"indicator_set__contract": version.contract_id, "indicator_set__year": version.year}
    applied = MeetingDecision.objects.filter(kind=MeetingDecision.Kind.INDICATORS, applied_at__isnull=False, **of_year)
    return applied.exclude(pk=but.pk).select_related("indicator_set", "meeting").order_by("applied_at", "pk").last()


def _set_retained(version: IndicatorSet, on: date | None) -> None:
    version.retained_on = on
    version.save(update_fields=["retained_on"])


def last_version(contract: Contract, year: int) -> IndicatorSet | None:
    return contract.indicator_sets.filter(year=year).order_by("number").last()


def why_not_change(version: IndicatorSet) -> str:
    """Why a version is no longer to be written in; empty when it is."""
    if version.retained_on:
        return f"La v{version.number} est retenue depuis le {version.retained_on:%d/%m/%Y} : proposez-en une nouvelle."
    last = last_version(version.contract, version.year)
    if last and last.number > version.number:
        return f"La v{last.number} a suivi la v{version.number} : c'est la dernière qui se modifie."
    return ""


def why_not_withdraw(version: IndicatorSet) -> str:
    """Why a version cannot be withdrawn as entered by mistake; empty when it can."""
    if refusal := why_not_change(version):
        return refusal
    if MeetingDecision.objects.filter(indicator_set=version).exists():
        return "La décision d'une réunion porte sur cette version : retirez-la d'abord."
    if Result.objects.filter(negotiated__indicator_set=version).exists():
        return "Des résultats reposent sur cette version : retirez-les d'abord."
    return ""


@dataclass(frozen=True, slots=True)
class YearEnd:
    """How the indicators retained for a year have ended, as the next negotiation wants to know."""

    version: IndicatorSet
    missed: tuple[NegotiatedIndicator, ...]
    unknown: tuple[NegotiatedIndicator, ...]  # without a final result validated by both institutions


def end_of(contract: Contract, year: int, day: date) -> YearEnd | None:
    """None when no version was retained for that year. Needs `with_facts`."""
    version = next((each for each in contract.retained_sets if each.year == year), None)
    if version is None:
        return None
    values = [(each, valid_value(each, day)) for each in version.negotiated.all()]
    return YearEnd(
        version,
        tuple(each for each, value in values if value is not None and not is_reached(agreed_of(each), value)),
        tuple(each for each, value in values if value is None),
    )


def copy_indicators(source: IndicatorSet, copy: IndicatorSet, *, missed: Container[int] | None = None) -> None:
    """Starts a version from another. `missed`: the keys carried over from the year before; None: within one year."""
    for each in negotiated_of(source):
        said = {name: getattr(each, name) for name in COPIED}
        origin = each.carried_from if missed is None else each if each.pk in missed else None
        _add_steps(copy.negotiated.create(**said, carried_from=origin), each.steps.all())


def _add_steps(negotiated: NegotiatedIndicator, steps: Iterable[PayingStep]) -> None:
    said = [PayingStep(negotiated=negotiated, low=step.low, high=step.high, amount=step.amount) for step in steps]
    PayingStep.objects.bulk_create(said)
