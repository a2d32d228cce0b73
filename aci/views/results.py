"""The results of a contract year: read with the money they give, recorded, changed, validated by each institution."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.models.institution import Side
from aci.contracts import Books, agreed_of
from aci.forms.results import PieceForm, ResultValidationForm, result_form_of
from aci.indicators import reached
from aci.ledger import ledger_of
from aci.models import Contract, NegotiatedIndicator, Result
from aci.results import THE, YearResults, awaited_year, obstacles, page_of_results, result_line, results_of
from aci.templatetags.measures import measured_by
from aci.views.access import asked_year, contract_context, readable_contract, writable_contract
from ground.forms import asked_day
from ground.templatetags.french import quoted
from projects.views.access import atomic_when_sent
from projects.withdrawing import may_remove

NO_SIDE = "Votre compte n'est ni de l'ARS ni de l'Assurance Maladie : il ne valide aucun résultat à leur place."


def contract_results(request: HttpRequest, pk: int) -> HttpResponse:
    """What the results of a contract year (`?annee=`) have earned, as it was known on a day (`?date=`)."""
    contract = readable_contract(request, pk)
    day = asked_day(request)
    ledger = ledger_of(contract, Books(), day)
    results = results_of(ledger, asked_year(request, contract) or awaited_year(ledger.data, day))
    shared = contract_context(request, contract, "contract_results")
    records = shared["may_write"] and day == timezone.localdate()
    context = {
        **shared,
        "day": day,
        "stage": contract.project.stage_on(day),
        "years": contract.all_years(),
        "results": results,
        "obstacles": obstacles(results),
        "records": records,
        "speaks_for": request.user.side if records else None,
        **(_withdrawable(request, results) if records else {}),
    }
    return render(request, "aci/contract_results.html", context)


def _withdrawable(request: HttpRequest, results: YearResults) -> dict[str, set[int]]:
    """The results and the validations that this user, who writes in this project, may take back."""
    changing = [line for mission in results.missions if not mission.is_settled for line in mission.lines]
    shown = [each for line in changing for each in (line.final, *line.intermediate) if each]
    given = [validation for each in shown for _, validation in each.validations if validation]
    return {
        "withdrawable": {each.result.pk for each in shown if may_remove(request.user, each.result.recorded_by)},
        "takeable": {validation.pk for validation in given if may_remove(request.user, validation.recorded_by)},
    }


@atomic_when_sent
def result_new(request: HttpRequest, pk: int, negotiated: int) -> HttpResponse:
    contract = writable_contract(request, pk)
    indicators = NegotiatedIndicator.objects.select_related("indicator", "indicator_set")
    agreed = get_object_or_404(indicators, pk=negotiated, indicator_set__contract=contract)
    agreed.indicator_set.contract = contract
    return _result_page(request, contract, Result(negotiated=agreed), "Nouveau résultat")


@atomic_when_sent
def result_edit(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    contract = writable_contract(request, pk)
    return _result_page(request, contract, _result(contract, row), "Modifier le résultat")


def _result(contract: Contract, pk: int) -> Result:
    results = Result.objects.select_related("negotiated__indicator", "negotiated__indicator_set")
    result = get_object_or_404(results, pk=pk, negotiated__indicator_set__contract=contract)
    result.negotiated.indicator_set.contract = contract
    return result


def _result_page(request: HttpRequest, contract: Contract, result: Result, title: str) -> HttpResponse:
    """The form of a result, and with it the file of a piece: both are kept, or neither."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    piece = PieceForm(*sent, project=contract.project, user=request.user)
    with_piece = bool(sent and piece.has_changed())
    form = result_form_of(result.negotiated)(*sent[:1], instance=result, is_sent_with_a_piece=with_piece)
    if form.is_valid() and piece.is_valid():
        is_cleared = form.save_with(request.user, piece.save_if_sent())
        _tell(request, form.instance, is_cleared)
        return redirect(page_of_results(result.negotiated))
    if sent and piece.is_valid():
        piece.lose_the_file()
    context = _shown(contract, result, title) | {
        "form": form,
        "piece": piece,
        "forms": [each for each in (form, piece) if each.errors],
        "obstacle": form.obstacle(),
    }
    return render(request, "aci/result_form.html", context, status=piece.status if sent else 200)


def _tell(request: HttpRequest, result: Result, is_cleared: bool) -> None:
    said = f"{quoted(result.negotiated)}, {measured_by(result.value, result.negotiated.indicator)}"
    messages.success(request, f"Résultat {result.get_kind_display().lower()} enregistré : {said}.")
    if is_cleared:
        messages.warning(request, "Le résultat a changé : ses validations sont retirées, chacun valide de nouveau.")


@atomic_when_sent
def result_validate(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Agree with a final result, in the name of one's own institution and of no other."""
    contract = writable_contract(request, pk)
    if request.user.side is None:
        raise PermissionDenied(NO_SIDE)
    result = _result(contract, row)
    form = ResultValidationForm(request.POST or None, result=result, side=Side(request.user.side))
    if form.is_valid():
        form.save_by(request.user)
        messages.success(request, f"Résultat validé par {THE[form.side]} : {quoted(result.negotiated)}.")
        return redirect(page_of_results(result.negotiated))
    context = _shown(contract, result, f"Valider le résultat pour {THE[form.side]}") | {
        "form": form,
        "obstacle": form.obstacle(),
        "shown": result_line(result, timezone.localdate()),
    }
    return render(request, "aci/result_validate.html", context, status=422 if form.is_bound else 200)


def _shown(contract: Contract, result: Result, title: str) -> dict[str, Any]:
    """What both forms tell of the indicator."""
    negotiated = result.negotiated
    agreed = agreed_of(negotiated)
    at = reached(agreed.steps, result.value) if result.value is not None else None
    return {
        "title": title,
        "project": contract.project,
        "contract": contract,
        "negotiated": negotiated,
        "year": contract.year(negotiated.indicator_set.year),
        "steps": [(step, step is at) for step in agreed.steps],
        "result": result,
        "back": page_of_results(negotiated),
    }
