"""What is known of a contract year on a day, fetched once for every section of its file."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q

from aci.contracts import Books
from aci.ledger import Ledger, ledger_of
from aci.meeting_rules import raised_on
from aci.models import (
    Action,
    Amendment,
    CommissionOpinion,
    Contract,
    Meeting,
    MeetingDecision,
    PaymentRules,
    SharedAction,
)
from aci.remuneration import Verified
from aci.results import YearResults, results_of
from aci.watch import Alert, alerts_of
from aci.years import ContractYear
from projects.examination.vigilance import open_points
from projects.models import Project, VigilancePoint


@dataclass(frozen=True, slots=True)
class YearFacts:
    contract: Contract
    year: ContractYear
    day: date
    ledger: Ledger
    results: YearResults
    labels: dict[str, str]  # of the missions, by code
    meetings: list[Meeting]
    actions: list[Action]  # raised by that day, open or closed
    points: list[VigilancePoint]
    opinions: list[CommissionOpinion]
    shared: list[SharedAction]
    amendments: list[Amendment]
    rules: PaymentRules | None
    alerts: list[Alert]

    @property
    def project(self) -> Project:
        return self.contract.project

    @property
    def is_doubtful(self) -> bool:
        """Whether an amount of the year was not read in an official text or a signed contract."""
        lines = [grant.line for grant in self.ledger.grants if grant.year.number == self.year.number]
        dues = [line.due for line in self.ledger.of_year(self.year.number)]
        return any(each.verified != Verified.YES for each in (*lines, *dues))

    @property
    def is_over(self) -> bool:
        return self.day >= self.year.until


def facts_of(contract: Contract, number: int, day: date) -> YearFacts:
    """Needs `with_facts`; in as many queries whatever the rows."""
    ledger, year = ledger_of(contract, Books(), day), contract.year(number)
    population = Project.objects.filter(pk=contract.project_id).with_territory_on(day).get().population
    return YearFacts(
        contract=contract,
        year=year,
        day=day,
        ledger=ledger,
        results=results_of(ledger, number),
        labels=ledger.data.labels,
        meetings=_meetings(contract, year),
        actions=[each for each in contract.actions.select_related("raised_in") if raised_on(each) <= day],
        points=list(open_points(contract.project, day)),
        opinions=_opinions(contract, year, day),
        shared=_shared(contract, year, day),
        amendments=list(contract.amendments.filter(signed_on__lte=day).order_by("number")),
        rules=PaymentRules.objects.on(contract.signed_on).first(),
        alerts=alerts_of(contract, ledger.data, day, population),
    )


def _meetings(contract: Contract, year: ContractYear) -> list[Meeting]:
    """Those of the year, what came before the contract counted in its first, and the dialogues that review it."""
    begun = Q() if year.number == 1 else Q(held_on__gte=year.since)
    of_year = begun & Q(held_on__lt=year.until) & ~Q(kind=Meeting.Kind.DIALOGUE)
    reviews = Q(kind=Meeting.Kind.DIALOGUE, year=year.number)
    decided = MeetingDecision.objects.select_related("indicator_set")
    meetings = contract.meetings.filter(of_year | reviews, called_off="")
    return list(meetings.order_by("held_on", "pk").prefetch_related(Prefetch("decisions", decided)))


def _opinions(contract: Contract, year: ContractYear, day: date) -> list[CommissionOpinion]:
    """Those given since the year began: they last as long as the difficulty."""
    opinions = contract.project.commission_opinions.filter(meeting__held_on__gte=year.since, meeting__held_on__lte=day)
    related = opinions.select_related("meeting__department", "meeting__region")
    return list(related.filter(meeting__called_off="").order_by("meeting__held_on", "pk"))


def _shared(contract: Contract, year: ContractYear, day: date) -> list[SharedAction]:
    """Those that ran during the year and were known by that day."""
    running = Q(until=None) | Q(until__gt=year.since)
    shared = contract.project.shared_actions.filter(running, since__lte=day, since__lt=year.until)
    return list(shared.order_by("since", "title").prefetch_related("projects"))


def mark_of(verified: Verified) -> str:
    """What a figure says of itself when nobody has read it in an official text or a signed contract."""
    return "" if verified == Verified.YES else verified.label
