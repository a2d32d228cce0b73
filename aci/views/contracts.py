"""A contract: its page, establishing it, renewing it, mending it."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models.institution import Side
from aci.contracts import Books, signed_terms, without_results
from aci.establishing import (
    date_warning,
    first_values,
    last_contract,
    last_day,
    overpaid_warning,
    signature_of,
    why_not_establish,
)
from aci.forms.contracts import ContractForm
from aci.models import Contract
from aci.standing import missions_of, standing_of, years_of
from aci.views.access import CPAM_ONLY, contract_context, readable_contract, writable_contract
from aci.watch import Watch, alerts_of, end_of, populations_of, successor_of
from aci.years import year_or_first
from ground.forms import asked_day
from projects.models import Project
from projects.views.access import atomic_when_sent, project_of_side, readable_project, saved
from projects.views.rows import row_page
from projects.views.tabs import tab_context
from projects.withdrawing import may_withdraw


def project_aci(request: HttpRequest, pk: int) -> HttpResponse:
    """The last contract of a project, or what is to be done to have one, and by whom."""
    project = readable_project(request, pk)
    if last := project.contracts.order_by("number").last():
        return redirect(last)
    context = tab_context(request, project, "project_aci")
    context |= {
        "signature": signature_of(project),
        "may_establish": context["may_write"] and request.user.acts_for(Side.INSURANCE),
    }
    return render(request, "aci/no_contract.html", context)


def contract_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What was signed, where its missions and years stand, and what is awaited, as they were on `?date=`."""
    contract, day = readable_contract(request, pk), asked_day(request)
    context = contract_context(request, contract, "contract")
    data = without_results(contract, Books(), day)
    population = populations_of([contract], day)[contract.project_id]
    alerts, until = alerts_of(contract, data, day, population), end_of(contract, data, day)
    its_last_day = until - timedelta(days=1)
    context |= {
        "day": day,
        "standing": standing_of(contract, data, day),
        "until": until,
        "is_over": day >= until,
        "last_day": its_last_day,
        "year_number": data.year_of(min(day, its_last_day)),
        "successor": successor_of(contract, day),
        "terms": signed_terms(contract, year_or_first(contract.starts_on, min(day, its_last_day)), day),
        "late": [alert for alert in alerts if alert.is_late],
        "ahead": [alert for alert in alerts if alert.day and not alert.is_late],
        "tier_alert": next((alert for alert in alerts if alert.kind == Watch.TIER), None),
        "missions": missions_of(contract, data, day),
        "years": years_of(contract, data, day),
        "date_warning": date_warning(contract),
        "amendments": withdrawable(
            request, contract, contract.amendments.filter(signed_on__lte=day).select_related("terms__tariff")
        ),
        "crises": withdrawable(request, contract, contract.crises.filter(recognised_on__lte=day)),
        "action": request.path,
        "plans": withdrawable(
            request, contract, contract.crisis_plans.filter(delivered_on__lte=day).select_related("document")
        ),
        "may_withdraw": may_withdraw(request.user, contract.project, contract),
        "writes_contract": context["may_write"] and request.user.acts_for(Side.INSURANCE),
        "recognises_crises": context["may_write"] and request.user.acts_for(Side.ARS),
    }
    return render(request, "aci/contract.html", context)


def withdrawable(request: HttpRequest, contract: Contract, rows: QuerySet) -> list[tuple[Model, bool]]:
    """Each row with whether this reader may withdraw it."""
    told = rows.select_related("recorded_by__institution")
    return [(row, may_withdraw(request.user, contract.project, row)) for row in told]


@atomic_when_sent
def contract_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Establish the first contract of a project, or renew the last one."""
    project = project_of_side(request, pk, Side.INSURANCE, CPAM_ONLY)
    obstacle = why_not_establish(project)
    former = None if obstacle else last_contract(project)
    initial = {} if obstacle else first_values(project)
    title = f"Renouveler le contrat : {former.number + 1}e contrat" if former else "Établir le contrat ACI"
    told = {"signature": signature_of(project), "former_last_day": former and last_day(former), "obstacle": obstacle}
    return contract_form(request, project, Contract(project=project), title, initial=initial, **told)


@atomic_when_sent
def contract_edit(request: HttpRequest, pk: int) -> HttpResponse:
    contract = writable_contract(request, pk, side=Side.INSURANCE)
    return contract_form(request, contract.project, contract, "Modifier le contrat")


def contract_form(
    request: HttpRequest,
    project: Project,
    contract: Contract,
    title: str,
    *,
    initial: Mapping[str, object] = MappingProxyType({}),
    obstacle: str = "",
    **told: object,
) -> HttpResponse:
    form = ContractForm(request.POST or None, instance=contract, initial=dict(initial))
    if obstacle and form.is_bound:
        form.add_error(None, obstacle)
    if done := saved(form, lambda: form.save_by(request.user)):
        messages.success(request, f"Contrat enregistré : {done}, taille {form.cleaned_data['tier']}.")
        for warning in filter(None, [*form.warnings, overpaid_warning(done)]):
            messages.warning(request, warning)
        return redirect(done)
    told |= {"obstacle": obstacle, "back": contract.get_absolute_url() if contract.pk else None}
    return row_page(request, project, form, tab="project_aci", title=title, template="aci/contract_form.html", **told)
