"""Where a contract stands on a day, with its missions and its years: what its page and the list of contracts say."""

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta
from django.db.models import TextChoices

from aci.models import Contract, ContractTerms, CrisisPlan, Engagement, Meeting
from aci.remuneration import Kind, Line
from aci.schedule import RUNNING_COSTS, ContractData, Terms
from aci.watch import RENEWAL_MONTHS, engaged_on, latest_deployment, latest_start, lines_on, successor_of
from aci.years import ContractYear


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


def terms_on(contract: Contract, data: ContractData, day: date) -> ContractTerms | None:
    """What was signed by `day` of the contract year of that day; of the first one before it starts."""
    year = max(1, data.year_of(day))
    said = [
        terms
        for terms in contract.terms.all()
        if terms.from_year <= year and (terms.amendment is None or terms.amendment.signed_on <= day)
    ]
    return said[-1] if said else None


@dataclass(frozen=True, slots=True)
class Mission:
    """A mission of the contract's tariff, engaged or not, as it stands on `day`."""

    line: Line | None  # None: engaged under a tariff that the contract has left
    code: str
    engagement: Engagement | None
    start_by: date | None
    deploy_by: date | None
    day: date

    @property
    def label(self) -> str:
        return self.line.label if self.line else self.code

    @property
    def deployed_on(self) -> date | None:
        deployed_on = self.engagement and self.engagement.deployed_on
        return deployed_on if deployed_on and deployed_on <= self.day else None

    @property
    def state(self) -> str:
        engagement = self.engagement
        if engagement is None:
            if self.start_by is None:
                return "non engagée, sans date limite"
            return "non engagée à temps" if self.day > self.start_by else "à engager"
        if engagement.ends_on and engagement.ends_on <= self.day:
            return "arrêtée"
        if engagement.starts_on > self.day:
            return "engagée, à venir"
        if self.deployed_on:
            return "pleinement déployée"
        return "non déployée à temps" if self.is_late else "en cours de déploiement"

    @property
    def is_late(self) -> bool:
        if self.engagement is None:
            return self.start_by is not None and self.day > self.start_by
        has_ended = self.engagement.ends_on is not None and self.engagement.ends_on <= self.day
        return not has_ended and not self.deployed_on and self.deploy_by is not None and self.day > self.deploy_by

    @property
    def started_late(self) -> bool:
        return bool(self.engagement and self.start_by and self.engagement.starts_on > self.start_by)


def missions_of(contract: Contract, data: ContractData, day: date) -> list[Mission]:
    """Those of the tariff of that day, in its order, then those engaged under another one; needs `with_life`."""
    engaged = engaged_on(contract, day)
    found = []
    for line in lines_on(data, day):
        if line.mission != RUNNING_COSTS and not line.follows and line.kind != Kind.CONDITIONAL:
            engagement = engaged.pop(line.mission, None)
            limits = latest_start(data, line), latest_deployment(data, line)
            found.append(Mission(line, line.mission, engagement, *limits, day))
    return found + [Mission(None, code, engagement, None, None, day) for code, engagement in engaged.items()]


@dataclass(frozen=True, slots=True)
class YearOfContract:
    """A contract year, with its terms and what was held and delivered in it."""

    year: ContractYear
    terms: Terms | None
    copils: list[Meeting]
    dialogue: Meeting | None
    plan: CrisisPlan | None
    is_current: bool
    is_past: bool


def years_of(contract: Contract, data: ContractData, day: date) -> list[YearOfContract]:
    """Needs `with_life`. A COPIL held before the contract begins counts in its first year."""
    held = [meeting for meeting in contract.held_meetings if meeting.held_on <= day]
    copils = [meeting for meeting in held if meeting.kind == Meeting.Kind.COPIL]
    dialogues = {meeting.year: meeting for meeting in held if meeting.kind == Meeting.Kind.DIALOGUE}
    plans = {plan.year: plan for plan in contract.crisis_plans.all() if plan.delivered_on <= day}
    return [
        YearOfContract(
            year=year,
            terms=data.terms_of(year.number),
            copils=[each for each in copils if max(1, data.year_of(each.held_on)) == year.number],
            dialogue=dialogues.get(year.number),
            plan=plans.get(year.number),
            is_current=day in year,
            is_past=day >= year.until,
        )
        for year in data.all_years()
    ]
