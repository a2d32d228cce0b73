"""What a contract asks for by a date, and whether the date has passed; told, never applied.

Latest start and full deployment of the missions: calendar of the tariff. Two COPIL and one dialogue a contract year:
offer of service of the Assurance Maladie, ARS and MSA. A crisis plan in the first year, then updated each year:
avenant 2. Of the year that has just ended and of the one under way, what is missing is told; never after the contract.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import QuerySet, TextChoices
from django.urls import reverse

from aci.contracts import Books, with_life, without_results
from aci.models import Contract, Engagement, Meeting
from aci.remuneration import IncompleteTariff, Line, tier_of
from aci.schedule import ContractData
from aci.years import ContractYear, year_or_first
from ground.templatetags import french
from projects.models import Project

COPIL_A_YEAR = 2
RENEWAL_MONTHS = 6  # how long before its term the renewal is told: ours, no text says
CRISIS_MISSION = "crise_plan"


class Watch(TextChoices):
    MISSION_START = "mission_start", "Mission à engager"
    DEPLOYMENT = "deployment", "Mission à déployer"
    CRISIS_PLAN = "crisis_plan", "Plan de crise"
    COPIL = "copil", "COPIL à tenir"
    DIALOGUE = "dialogue", "Dialogue de gestion"
    RENEWAL = "renewal", "Fin et renouvellement"
    TIER = "tier", "Taille qui changerait"


SEEN_TO_IN_MEETINGS = frozenset({Watch.COPIL, Watch.DIALOGUE, Watch.MISSION_START})  # a COPIL engages a mission
ANCHORS = {Watch.DEPLOYMENT: "#missions", Watch.CRISIS_PLAN: "#crises"}


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be done and its last day (None: no date commands it); `url` is where it is done."""

    kind: Watch
    contract: Contract
    what: str
    day: date | None
    is_late: bool
    url: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A contract with what its watch says on a day."""

    contract: Contract
    data: ContractData
    alerts: list[Alert]
    population: int | None  # of its project's territory that day


def watch(contracts: QuerySet[Contract], day: date) -> list[Watched]:
    """Each contract with its alerts, in as many queries whatever their number."""
    found = list(with_life(contracts))
    if not found:
        return []
    books, populations = Books(), populations_of(found, day)
    return [
        _watched(contract, without_results(contract, books, day), day, populations[contract.project_id])
        for contract in found
    ]


def _watched(contract: Contract, data: ContractData, day: date, population: int | None) -> Watched:
    return Watched(contract, data, alerts_of(contract, data, day, population), population)


def populations_of(contracts: list[Contract], day: date) -> dict[int, int | None]:
    """The population of each contract's project on `day`, by project; one query."""
    projects = Project.objects.filter(pk__in={contract.project_id for contract in contracts})
    return dict(projects.with_territory_on(day).order_by().values_list("pk", "population"))


def alerts_of(contract: Contract, data: ContractData, day: date, population: int | None = None) -> list[Alert]:
    """By date, what has none at the end; needs `with_life`. Without the `population` of that day, no tier is told."""
    if day < contract.signed_on:
        return []
    if day >= end_of(contract, data, day):
        return list(_never_renewed(contract, data, day))
    found = [
        *_missions(contract, data, day),
        *_crisis_plans(contract, data, day),
        *_copils(contract, data, day),
        *_dialogues(contract, data, day),
        *_renewal(contract, data, day),
        *_tier(contract, data, day, population),
    ]
    return sorted(found, key=lambda alert: (alert.day or date.max, list(Watch).index(alert.kind)))


def successor_of(contract: Contract, day: date) -> Contract | None:
    """The contract that renews this one, once signed."""
    return next(
        (each for each in contract.project.contracts.all() if each.number > contract.number and each.signed_on <= day),
        None,
    )


def end_of(contract: Contract, data: ContractData, day: date) -> date:
    """First day on which this contract is not true any more: terminated, renewed, or at its term."""
    successor = successor_of(contract, day)
    ends = (data.term, data.ended_on, successor and successor.starts_on)
    return min(end for end in ends if end)


def years_told(data: ContractData, day: date) -> list[ContractYear]:
    """The contract year that has just ended and the one under way; the first one as soon as the contract is signed."""
    under_way = year_or_first(data.starts_on, day)
    return [data.year(number) for number in (under_way - 1, under_way) if number >= 1]


def lines_on(data: ContractData, day: date) -> tuple[Line, ...]:
    """The lines of its tariff and tier, in the contract year of that day."""
    terms = data.terms_of(year_or_first(data.starts_on, day))
    return terms.tariff.lines.get(terms.tier, ()) if terms else ()


def latest_start(data: ContractData, line: Line) -> date | None:
    """Last day to start a mission in time; None when the tariff leaves it free."""
    return _months_after(data, line, line.starts_within)


def latest_deployment(data: ContractData, line: Line) -> date | None:
    """Last day to have it fully deployed."""
    return _months_after(data, line, line.deployed_within)


def _months_after(data: ContractData, line: Line, months: int | None) -> date | None:
    """Counted from the signature; what an amendment brings, from the contract year that it brings it in."""
    if months is None:
        return None
    year = first_year_of(data, line.mission)
    since = data.signed_on if year in (None, 1) else data.year(year).since
    return since + relativedelta(months=months)


def first_year_of(data: ContractData, mission: str) -> int | None:
    """The first contract year whose terms have this mission."""
    years = [
        terms.from_year
        for terms in data.terms
        if any(line.mission == mission for line in terms.tariff.lines.get(terms.tier, ()))
    ]
    return min(years, default=None)


def engaged_on(contract: Contract, day: date) -> dict[str, Engagement]:
    """By mission, what a meeting had engaged by `day`."""
    return {each.mission: each for each in contract.engagements.all() if each.decision.meeting.held_on <= day}


def _missions(contract: Contract, data: ContractData, day: date) -> Iterator[Alert]:
    engaged, end = engaged_on(contract, day), end_of(contract, data, day)
    for line in lines_on(data, day):
        if line.follows:
            continue
        start, deployment = latest_start(data, line), latest_deployment(data, line)
        engagement, label = engaged.get(line.mission), french.quoted(line.label)
        if engagement is None:
            if start and start < end:
                what = f"Mission {label} non engagée à temps" if day > start else f"Mission {label} à engager"
                yield _alert(Watch.MISSION_START, contract, what, start, day)
        elif deployment and deployment < end and _is_to_deploy(engagement, day):
            late = day > deployment
            what = f"Mission {label} non déployée à temps" if late else f"Mission {label} à déployer pleinement"
            yield _alert(Watch.DEPLOYMENT, contract, what, deployment, day)


def _is_to_deploy(engagement: Engagement, day: date) -> bool:
    is_deployed = engagement.deployed_on is not None and engagement.deployed_on <= day
    has_ended = engagement.ends_on is not None and engagement.ends_on <= day
    return not is_deployed and not has_ended


def _crisis_plans(contract: Contract, data: ContractData, day: date) -> Iterator[Alert]:
    first = first_year_of(data, CRISIS_MISSION)
    engagement = engaged_on(contract, day).get(CRISIS_MISSION)
    if first is None or (engagement and engagement.ends_on and engagement.ends_on <= day):
        return
    under_way = year_or_first(data.starts_on, day)  # the plan of a year to come is not the one awaited so far
    plans = contract.crisis_plans.all()
    delivered = {plan.year for plan in plans if plan.delivered_on <= day and plan.year <= under_way}
    if not delivered:
        limit = data.year(first).last_day
        if data.year(first).since <= day or first == 1:
            what = "Plan de crise non remis" if day > limit else "Plan de crise à remettre"
            yield _alert(Watch.CRISIS_PLAN, contract, what, limit, day)
        return
    for year in years_told(data, day):
        if year.number > min(delivered) and year.number not in delivered:
            late = day > year.last_day
            what = f"Plan de crise {'non mis' if late else 'à mettre'} à jour (année {year.number})"
            yield _alert(Watch.CRISIS_PLAN, contract, what, year.last_day, day)


def _copils(contract: Contract, data: ContractData, day: date) -> Iterator[Alert]:
    held = [
        year_or_first(data.starts_on, meeting.held_on)
        for meeting in contract.held_meetings
        if meeting.kind == Meeting.Kind.COPIL and meeting.held_on <= day
    ]
    for year in years_told(data, day):
        count = held.count(year.number)
        if count < COPIL_A_YEAR:
            told = f"{count} tenu{'s' if count > 1 else ''} sur {COPIL_A_YEAR}"
            what = f"COPIL de l'année {year.number} : {told}"
            yield _alert(Watch.COPIL, contract, what, year.last_day, day)


def _dialogues(contract: Contract, data: ContractData, day: date) -> Iterator[Alert]:
    """Of every year so far: without it, its variable part is never due."""
    held = {
        meeting.year
        for meeting in contract.held_meetings
        if meeting.kind == Meeting.Kind.DIALOGUE and meeting.held_on <= day
    }
    for number in range(1, year_or_first(data.starts_on, day) + 1):
        year = data.year(number)
        if number in data.dialogues:
            continue
        about = f"Dialogue de gestion de l'année {number}"
        if number in held:
            what = f"{about} : compte rendu à dater"
        else:
            what = f"{about} {'non tenu' if day > year.last_day else 'à tenir'}"
        yield _alert(Watch.DIALOGUE, contract, what, year.last_day, day)


def _renewal(contract: Contract, data: ContractData, day: date) -> Iterator[Alert]:
    told_from = data.term - relativedelta(months=RENEWAL_MONTHS)
    if day >= told_from and successor_of(contract, day) is None:
        last_day = data.term - timedelta(days=1)
        yield _alert(Watch.RENEWAL, contract, "Fin du contrat : renouvellement à préparer", last_day, day)


def _never_renewed(contract: Contract, data: ContractData, day: date) -> Iterator[Alert]:
    if data.ended_on is None and successor_of(contract, day) is None:
        last_day = data.term - timedelta(days=1)
        yield _alert(Watch.RENEWAL, contract, "Contrat à son terme, sans renouvellement", last_day, day)


def _tier(contract: Contract, data: ContractData, day: date, population: int | None) -> Iterator[Alert]:
    terms = data.terms_of(year_or_first(data.starts_on, day))
    if not population or terms is None:
        return
    try:
        tier = tier_of(population, terms.tariff).number
    except IncompleteTariff:
        return
    if tier != terms.tier:
        what = (
            f"Avec {french.number(population)} habitants aujourd'hui, le territoire serait de taille {tier} "
            f"(contrat : taille {terms.tier})"
        )
        yield _alert(Watch.TIER, contract, what, None, day)


def _alert(kind: Watch, contract: Contract, what: str, limit: date | None, day: date) -> Alert:
    page = "contract_dialogue" if kind in SEEN_TO_IN_MEETINGS else "contract"
    is_late = limit is not None and day > limit
    return Alert(kind, contract, what, limit, is_late, reverse(page, args=[contract.pk]) + ANCHORS.get(kind, ""))
