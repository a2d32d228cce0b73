"""What is added to a contract: amendments, crises recognised, crisis plans, missions fully deployed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.models.institution import Side
from aci.establishing import facts_of, overpaid_warning
from aci.forms.contract_facts import CrisisForm, CrisisPlanForm, DeploymentForm
from aci.forms.contracts import AmendmentForm
from aci.models import Amendment, Contract, Crisis, CrisisPlan
from aci.views.access import writable_contract
from ground.templatetags import french
from projects.forms.rows import RowForm
from projects.views.access import atomic_when_sent, saved
from projects.views.rows import row_page

ARS_ONLY = "Une crise est reconnue par l'ARS : elle seule l'enregistre."


@atomic_when_sent
def amendment_new(request: HttpRequest, pk: int) -> HttpResponse:
    contract = writable_contract(request, pk, side=Side.INSURANCE)
    return amendment_form(request, contract, Amendment(contract=contract), "Nouvel avenant")


@atomic_when_sent
def amendment_edit(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    contract = writable_contract(request, pk, side=Side.INSURANCE)
    amendment = get_object_or_404(contract.amendments, pk=row)
    return amendment_form(request, contract, amendment, f"Modifier l'avenant n° {amendment.number}")


def amendment_form(request: HttpRequest, contract: Contract, amendment: Amendment, title: str) -> HttpResponse:
    form = AmendmentForm(request.POST or None, instance=amendment)
    if saved(form, lambda: form.save_by(request.user)):
        messages.success(request, f"Enregistré : {amendment}.")
        for warning in filter(None, [*getattr(form, "warnings", ()), overpaid_warning(contract)]):
            messages.warning(request, warning)
        return redirect(contract)
    return form_page(request, contract, form, title)


@atomic_when_sent
def crisis_new(request: HttpRequest, pk: int) -> HttpResponse:
    contract = writable_contract(request, pk, side=Side.ARS, why=ARS_ONLY)
    form = CrisisForm(request.POST or None, instance=Crisis(contract=contract))
    if crisis := saved(form, lambda: form.save_by(request.user)):
        messages.success(request, f"Crise enregistrée : {crisis}.")
        return redirect(contract)
    lead = "Sans elle, les montants conditionnels du barème ne sont jamais dus."
    return form_page(request, contract, form, "Reconnaître une crise sanitaire", lead)


@atomic_when_sent
def crisis_plan_new(request: HttpRequest, pk: int) -> HttpResponse:
    contract = writable_contract(request, pk)
    form = CrisisPlanForm(request.POST or None, instance=CrisisPlan(contract=contract))
    if plan := saved(form, lambda: form.save_by(request.user)):
        messages.success(request, f"Plan enregistré : année {plan.year}, remis le {french.day(plan.delivered_on)}.")
        return redirect(contract)
    lead = "Le plan se rédige la première année du contrat, puis se met à jour chaque année."
    return form_page(request, contract, form, "Plan de crise remis", lead)


@atomic_when_sent
def mission_deployed(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    contract = writable_contract(request, pk)
    engagement = get_object_or_404(contract.engagements, pk=row)
    label = french.quoted(facts_of(contract).labels.get(engagement.mission, engagement.mission))
    form = DeploymentForm(request.POST or None, instance=engagement)
    if saved(form, lambda: form.save_by(request.user)):
        deployed_on = engagement.deployed_on
        told = f"pleinement déployée le {french.day(deployed_on)}" if deployed_on else "encore à déployer"
        messages.success(request, f"Mission {label} : {told}.")
        return redirect(contract)
    lead = f"Mission {label}, démarrée le {french.day(engagement.starts_on)}."
    return form_page(request, contract, form, "Déploiement d'une mission", lead)


def form_page(request: HttpRequest, contract: Contract, form: RowForm, title: str, lead: str = "") -> HttpResponse:
    told = {"lead": lead or f"{contract}.", "back": contract.get_absolute_url()}
    return row_page(request, contract.project, form, tab="project_aci", title=title, **told)
