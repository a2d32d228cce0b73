"""Where a contract stands on a day, with its missions and its years: what its page and the list of contracts say."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import TextChoices

from aci.models import Contract, CrisisPlan, Engagement, Meeting
from aci.remuneration import Kind, Line
from aci.schedule import RUNNING_COSTS, ContractData, Terms
from aci.watch import (
    CRISIS_MISSION,
    RENEWAL_MONTHS,
    end_of,
    engaged_on,
    first_year_of,
    latest_deployment,
    latest_start,
    lines_on,
    successor_of,
)
from aci.years import ContractYear, year_or_first


class Standing(TextChoices):
    TO_COME = "to_come", "Signé, pas encore en vigueur"
    IN_FORCE = "in_force", "En vigueur"
    TO_RENEW = "to_renew", "À renouveler"
    EXPIRED = "expired", "À son terme, non renouvelé"
    RENEWED = "renewed", "Renouvelé"
    ENDED = "ended", "Résilié ou fusionné"


OVER = frozenset({Standing.RENEWED, Standing.ENDED})
"""Nothing is awaited of them any more."""


def standing_of(contract: Contract, data: ContractData, day: date) -> Standing:
    successor = successor_of(contract, day)
    if data.ended_on and day >= data.ended_on:
        return Standing.ENDED
    if successor and day >= successor.starts_on:
        return Standing.RENEWED
    if day >= data.term:
        return Standing.EXPIRED
    if day < data.starts_on:
        return Standing.TO_COME
    if successor is None and day >= data.term - relativedelta(months=RENEWAL_MONTHS):
        return Standing.TO_RENEW
    return Standing.IN_FORCE


@dataclass(frozen=True, slots=True)
class Mission:
    """A mission of the contract's tariff (or of one that it has left), engaged or not, as it stands on `day`."""

    line: Line | None  # None: engaged under a tariff that the contract has left
    code: str
    label: str
    engagement: Engagement | None
    start_by: date | None
    deploy_by: date | None
    day: date
    is_over: bool  # with its contract, of which nothing is awaited any more

    @property
    def deployed_on(self) -> date | None:
        deployed_on = self.engagement and self.engagement.deployed_on
        return deployed_on if deployed_on and deployed_on <= self.day else None

    @property
    def has_stopped(self) -> bool:
        return bool(self.engagement and self.engagement.ends_on and self.engagement.ends_on <= self.day)

    @property
    def state(self) -> str:
        engagement = self.engagement
        if engagement is None:
            return self._state_before()
        if self.has_stopped:
            return "arrêtée"
        if self.deployed_on:
            return "pleinement déployée"
        if self.is_over:
            return "arrêtée avec le contrat"
        if engagement.starts_on > self.day:
            return "engagée, à venir"
        return "non déployée à temps" if self.is_late else "en cours de déploiement"

    def _state_before(self) -> str:
        if self.is_over:
            return "non engagée"
        if self.start_by is None:
            return "non engagée, sans date limite"
        return "non engagée à temps" if self.is_late else "à engager"

    @property
    def is_late(self) -> bool:
        """As the watch tells it (aci/watch.py)."""
        if self.is_over or self.has_stopped or self.deployed_on:
            return False
        limit = self.deploy_by if self.engagement else self.start_by
        return limit is not None and self.day > limit

    @property
    def started_late(self) -> bool:
        return bool(self.engagement and self.start_by and self.engagement.starts_on > self.start_by)


def missions_of(contract: Contract, data: ContractData, day: date) -> list[Mission]:
    """Those of the tariff of that day, in its order, then those engaged under another one; needs `with_life`."""
    engaged, labels = engaged_on(contract, day), data.labels
    is_over = day >= end_of(contract, data, day)
    found = []
    for line in lines_on(data, day):
        if line.mission != RUNNING_COSTS and not line.follows and line.kind != Kind.CONDITIONAL:
            engagement = engaged.pop(line.mission, None)
            limits = latest_start(data, line), latest_deployment(data, line)
            found.append(Mission(line, line.mission, line.label, engagement, *limits, day, is_over))
    return found + [
        Mission(None, code, labels.get(code, code), engagement, None, None, day, is_over)
        for code, engagement in engaged.items()
    ]


@dataclass(frozen=True, slots=True)
class YearOfContract:
    """A contract year, with its terms and what was held and delivered in it."""

    year: ContractYear
    until: date  # its end, or that of the contract when it comes before
    day: date
    terms: Terms | None
    copils: list[Meeting]
    dialogue: Meeting | None
    plan: CrisisPlan | None
    asks_for_plan: bool

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def is_current(self) -> bool:
        return self.year.since <= self.day < self.until

    @property
    def is_past(self) -> bool:
        return self.day >= self.until

    @property
    def is_whole(self) -> bool:
        """Past, and not cut by the end of the contract: what was not done in it is late."""
        return self.is_past and self.until == self.year.until


def years_of(contract: Contract, data: ContractData, day: date) -> list[YearOfContract]:
    """Those that the contract lives through; needs `with_life`. A COPIL held before it begins counts in the first."""
    held = [meeting for meeting in contract.held_meetings if meeting.held_on <= day]
    copils = [meeting for meeting in held if meeting.kind == Meeting.Kind.COPIL]
    dialogues = {meeting.year: meeting for meeting in held if meeting.kind == Meeting.Kind.DIALOGUE}
    plans = {plan.year: plan for plan in contract.crisis_plans.all() if plan.delivered_on <= day}
    end = end_of(contract, data, day)
    return [
        YearOfContract(
            year=year,
            until=min(year.until, end),
            day=day,
            terms=data.terms_of(year.number),
            copils=[each for each in copils if year_or_first(data.starts_on, each.held_on) == year.number],
            dialogue=dialogues.get(year.number),
            plan=plans.get(year.number),
            asks_for_plan=asks_for_plan(contract, data, year, day),
        )
        for year in data.all_years()
        if year.since < end
    ]


def asks_for_plan(contract: Contract, data: ContractData, year: ContractYear, day: date) -> bool:
    """Whether a crisis plan is awaited in this year: from the first one with that mission, as long as it goes on."""
    first, engagement = first_year_of(data, CRISIS_MISSION), engaged_on(contract, day).get(CRISIS_MISSION)
    stopped_on = engagement and engagement.ends_on
    return first is not None and year.number >= first and (stopped_on is None or stopped_on >= year.until)
