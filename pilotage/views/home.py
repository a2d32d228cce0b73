"""« Mon travail »: what falls due, what waits for me, which territories collide."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from aci.due import aci_due_items, contracts_to_record, late_contracts, own_contracts
from pilotage.my_turn import waiting_for
from pilotage.photograph import photograph
from projects.conciliations.marks import conciliation_of_each
from projects.due import due_items
from projects.models import Project, Stage
from projects.overlaps import overlaps
from projects.states import Column
from projects.turns import actors_of
from territories.models import Department

SHOWN = 6  # of each list side by side: one's portfolio stays in sight
CHANGES_SHOWN = 10


def home(request: HttpRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    own = user.own_departments
    waiting, to_record = waiting_for(user, today), contracts_to_record(user, today)
    portfolio = photograph(Department.objects.filter(pk__in=own), today).total
    current = Stage.objects.on(today).filter(project__lead_department__in=own)
    contracts = own_contracts(user, today)
    due = sorted([*due_items(user, today), *aci_due_items(contracts, today)], key=lambda item: item.order)
    colliding = overlaps(today, touching=Project.objects.filter(lead_department__in=own), reader=user)
    context = {
        "due": due,
        "due_later": due[SHOWN:],
        "late_contracts": late_contracts(contracts),
        "waiting": waiting,
        "contracts_to_record": to_record,
        "waiting_count": len(waiting) + len(to_record),
        "awaited_of": urlencode({"tour": actors_of(user)}, doseq=True),
        "overlaps": conciliation_of_each(colliding, today),
        "portfolio": [(column, portfolio.counts[column]) for column in Column],
        "portfolio_total": portfolio.total,
        "changes": current.select_related("project", "recorded_by").order_by("-recorded_at", "-pk")[:CHANGES_SHOWN],
        "mine": mine(user),
        "shown": SHOWN,
    }
    return render(request, "pilotage/home.html", context)


def mine(user: User) -> str:
    """The parameters that keep a list to the departments this user answers for."""
    match user.extent:
        case User.Extent.COUNTRY:
            return ""
        case User.Extent.REGION:
            return urlencode({"region": user.region_id})
    return urlencode({"departement": sorted(user.own_departments)}, doseq=True)
