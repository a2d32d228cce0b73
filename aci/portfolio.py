"""The portfolio that a commission sees: every CPTS of its territory on a day, its contract, its money, its alerts."""

from dataclasses import dataclass
from datetime import date

from aci.contracts import Books, with_facts
from aci.ledger import Ledger, Sums, ledger_of
from aci.models import Contract
from aci.remuneration import Verified
from aci.watch import Alert, alerts_of, populations_of
from aci.years import year_or_first
from projects.models import Project
from projects.models.project import ProjectQuerySet
from projects.states import State


@dataclass(frozen=True, slots=True)
class Seen:
    """A CPTS as a commission sees it; without a contract, it has no money."""

    project: Project
    state: State
    contract: Contract | None
    tier: int | None
    ledger: Ledger | None
    alerts: list[Alert]

    @property
    def sums(self) -> Sums:
        return self.ledger.sums if self.ledger else Sums()

    @property
    def verified(self) -> Verified:
        """Of its money."""
        return self.ledger.verified if self.ledger else Verified.YES

    @property
    def late(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.is_late]


def portfolio(projects: ProjectQuerySet, day: date) -> list[Seen]:
    """The living projects on `day`, by department and name, each with the last contract signed by then."""
    living = projects.living_on(day).with_state_on(day).select_related("lead_department")
    contracts = Contract.objects.filter(project__in=living.values("pk"), signed_on__lte=day)
    last = {contract.project_id: contract for contract in with_facts(contracts).order_by("project", "number")}
    books, populations = Books(), populations_of(list(last.values()), day)
    found = []
    for project in living.order_by("lead_department", "name"):
        contract, state = last.get(project.pk), State(project.state_on)
        if contract is None:
            found.append(Seen(project, state, None, None, None, []))
            continue
        ledger = ledger_of(contract, books, day)
        terms = ledger.data.terms_of(year_or_first(contract.starts_on, day))
        alerts = alerts_of(contract, ledger.data, day, populations[project.pk])
        found.append(Seen(project, state, contract, terms and terms.tier, ledger, alerts))
    return found


def sums_of(seen: list[Seen]) -> Sums:
    return sum((each.sums for each in seen), Sums())
