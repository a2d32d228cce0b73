"""What falls due among the contracts of one's departments: what their watch says will soon be late, or just is."""

from collections.abc import Iterable
from datetime import date

from accounts.models import User
from accounts.models.institution import Side
from aci.establishing import missing_their_contract
from aci.models import Contract
from aci.watch import Alert, Watch, Watched, watch
from projects.due import Due
from projects.models import Project

AROUND = 60  # days before and after: time enough to convene a COPIL; ours, no text says


def own_contracts(user: User, day: date) -> list[Watched]:
    """The contracts of the user's own departments with their alerts, in a constant number of queries."""
    own = Project.objects.in_departments(user.own_departments)
    return watch(Contract.objects.filter(project__in=own), day)


def aci_due_items(contracts: Iterable[Watched], day: date) -> list[Due]:
    """By date. What is further ahead stands on the page of the contract; what is long late in the list of contracts.

    Old delays would bury the two-month clocks.
    """
    found = [alert for each in contracts for alert in each.alerts]
    items = [_due(alert, alert.day, day) for alert in found if alert.day and _is_told(alert, alert.day, day)]
    return sorted(items, key=lambda due: due.order)


def late_contracts(contracts: Iterable[Watched]) -> int:
    """How many have something late, however long ago."""
    return sum(1 for each in contracts if any(alert.is_late for alert in each.alerts))


def contracts_to_record(user: User, day: date) -> list[Project]:
    """What waits for the Assurance Maladie: the projects it leads whose ACI is signed without a contract recorded."""
    if user.side != Side.INSURANCE or not user.is_writer:
        return []
    led = Project.objects.filter(lead_department__in=user.own_departments)
    return list(missing_their_contract(led, day).with_state_on(day).order_by("state_since", "search_name"))


def _is_told(alert: Alert, limit: date, day: date) -> bool:
    is_renewal_ahead = alert.kind == Watch.RENEWAL and not alert.is_late
    return is_renewal_ahead or abs((limit - day).days) <= AROUND


def _due(alert: Alert, limit: date, day: date) -> Due:
    return Due(alert.contract.project, alert.what, limit, (limit - day).days, alert.url)
