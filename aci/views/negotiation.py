"""The indicators of a contract as they are negotiated: by year and version, two versions compared, over the years."""

from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aci.contracts import Books, data_of
from aci.models import Contract, IndicatorSet
from aci.negotiation import why_not_change, why_not_retain, why_not_withdraw
from aci.proposals import grants_of_year, mission_labels, proposal_of
from aci.remuneration import least_verified
from aci.schedule import grants
from aci.trajectories import Trajectory, trajectories_of
from aci.version_difference import compare
from aci.views.access import asked_year, contract_context, current_year, readable_contract
from projects.withdrawing import may_withdraw


def contract_indicators(request: HttpRequest, pk: int) -> HttpResponse:
    """The versions of a contract year (`?annee=`), and one of them (`?version=`): what it pays, what it lacks."""
    contract = readable_contract(request, pk)
    year = asked_year(request, contract) or current_year(contract)
    versions = list(versions_of(contract).filter(year=year))
    version = asked_version(request, versions)
    context = contract_context(request, contract, "contract_indicators")
    context |= {"year": year, "years": contract.all_years(), "versions": versions, "version": version}
    if version:
        version.contract = contract
        context |= told_of(request, contract, version, may_write=context["may_write"])
        context["previous"] = next((each for each in versions if each.number == version.number - 1), None)
    return render(request, "aci/contract_indicators.html", context)


def told_of(request: HttpRequest, contract: Contract, version: IndicatorSet, *, may_write: bool) -> dict[str, Any]:
    books = Books()
    granted = grants_of_year(data_of(contract, books), books.rules_of(contract), version.year)
    return {
        "missions": proposal_of(version, granted),
        "problems": [] if version.retained_on else why_not_retain(version),
        "may_change": may_write and not why_not_change(version),
        "may_withdraw": may_withdraw(request.user, contract.project, version) and not why_not_withdraw(version),
    }


def versions_of(contract: Contract) -> QuerySet[IndicatorSet]:
    told = contract.indicator_sets.select_related("recorded_by__institution")
    return told.annotate(size=Count("negotiated")).order_by("year", "number")


def asked_version(request: HttpRequest, versions: list[IndicatorSet]) -> IndicatorSet | None:
    """The version that `?version=` tells, the last one by default; BadRequest (400) for one that does not exist."""
    asked = request.GET.get("version", "")
    if not asked:
        return versions[-1] if versions else None
    version = next((each for each in versions if str(each.number) == asked), None)
    if version is None:
        raise BadRequest("Cette année n'a pas de version de ce numéro.")
    return version


def indicator_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions of a contract (`?avant=` and `?apres=`, by their keys); without them, the last two."""
    contract = readable_contract(request, pk)
    versions = list(versions_of(contract))
    last_two = [None, None, *versions][-2:]
    before = asked_side(request, "avant", versions) or last_two[0]
    after = asked_side(request, "apres", versions) or last_two[1]
    context = contract_context(request, contract, "contract_indicators")
    context |= {"versions": versions, "before": before, "after": after}
    if before and after:
        compared = compare(before, after)
        context |= {
            "changed": [each for each in compared if each.status != "Inchangé"],
            "unchanged": [each for each in compared if each.status == "Inchangé"],
        }
    return render(request, "aci/indicator_compare.html", context)


def asked_side(request: HttpRequest, name: str, versions: list[IndicatorSet]) -> IndicatorSet | None:
    asked = request.GET.get(name, "")
    if not asked:
        return None
    version = next((each for each in versions if str(each.pk) == asked), None)
    if version is None:
        raise BadRequest("Une version demandée dans l'adresse n'est pas de ce contrat.")
    return version


def indicator_trajectories(request: HttpRequest, pk: int) -> HttpResponse:
    """The progressivity of each indicator: its target, what it may pay and its result, year by year."""
    contract = readable_contract(request, pk)
    context = contract_context(request, contract, "contract_indicators")
    labels, books = mission_labels(), Books()
    granted = grants(data_of(contract, books), books.rules_of(contract))
    by_mission: dict[str, list[Trajectory]] = {}
    for trajectory in trajectories_of(contract, timezone.localdate()):
        by_mission.setdefault(trajectory.indicator.mission, []).append(trajectory)
    missions = [
        (
            labels.get(code, code),
            least_verified(grant.line.verified for grant in granted if grant.line.mission == code and grant.variable),
            trajectories,
        )
        for code, trajectories in by_mission.items()
    ]
    context |= {"years": contract.all_years(), "missions": missions}
    return render(request, "aci/indicator_trajectories.html", context)
