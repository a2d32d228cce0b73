"""Which contract a page may show or change: as its project, and for the institution that the act belongs to."""

from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from accounts.models.institution import Side
from aci.contracts import with_facts
from aci.models import Contract
from aci.years import year_within
from projects.views.access import readable_project, writable_project
from projects.views.tabs import tab_context

CPAM_ONLY = "Le contrat et ses versements relèvent de la CPAM."

PAGES = [
    ("Contrat", "contract"),
    ("Échéancier et versements", "contract_ledger"),
    ("Indicateurs", "contract_indicators"),
    ("Résultats et volet variable", "contract_results"),
    ("Dialogue de gestion", "contract_dialogue"),
]


def readable_contract(request: HttpRequest, pk: int) -> Contract:
    """The contract with its facts and its project; out of scope is a 404."""
    contract = get_object_or_404(with_facts(Contract.objects.for_user(request.user)), pk=pk)
    contract.project = readable_project(request, contract.project_id)
    prefetch_related_objects([contract.project], "contracts")
    return contract


def writable_contract(request: HttpRequest, pk: int, *, side: Side | None = None, why: str = CPAM_ONLY) -> Contract:
    """The contract that a form changes; once the form is sent, its project is held until the end of the transaction.

    `side`: the institution that the act belongs to; the other one is told `why` (403).
    """
    found = get_object_or_404(Contract.objects.for_user(request.user), pk=pk)
    project = writable_project(request, found.project_id)
    if side and not request.user.acts_for(side):
        raise PermissionDenied(why)
    contract = with_facts(Contract.objects.filter(pk=pk)).get()  # read again, now that nobody else can change it
    contract.project = project
    return contract


def contract_context(request: HttpRequest, contract: Contract, page: str) -> dict[str, Any]:
    """What the head of every page of a contract shows; `page` is the name of its address."""
    return {
        **tab_context(request, contract.project, "project_aci"),
        "contract": contract,
        "contract_pages": [(label, reverse(name, args=[contract.pk]), name == page) for label, name in PAGES],
        "contracts": contract.project.contracts.all(),
    }


def asked_year(request: HttpRequest, contract: Contract) -> int | None:
    """The contract year that `?annee=` tells; None without it, BadRequest (400) when it is not of the contract."""
    asked = request.GET.get("annee", "")
    if not asked:
        return None
    if asked not in {str(year.number) for year in contract.all_years()}:
        raise BadRequest(f"Le contrat va de l'année 1 à l'année {contract.years} : celle de l'adresse n'en est pas.")
    return int(asked)


def current_year(contract: Contract) -> int:
    """The contract year of today, or the nearest one."""
    return year_within(contract.starts_on, timezone.localdate(), contract.years)
