"""The contracts of the demonstration: signatures, terms, missions engaged by COPIL, amendments, renewals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from aci.demo.meetings import hold
from aci.models import Contract, Engagement, Meeting, MeetingDecision, Tariff
from aci.remuneration import FRANCE, tier_of
from projects.models import Project
from projects.states import State

Kind = MeetingDecision.Kind
FIRST_MISSIONS = ("acces_soins", "soins_non_programmes", "crise_plan")
NEXT_MISSIONS = ("parcours", "prevention")
OPTIONS = ("qualite", "accompagnement")
NOT_RENEWED = {"CPTS Paris 18", "CPTS Marne et Gondoire"}
NOT_RECORDED = {"CPTS Bastille – Oberkampf"}  # signed, its contract is still to be entered
SHRINKING = 0.004  # a year, so that an older vintage has another figure than today's


@dataclass(frozen=True, slots=True)
class Told:
    """A contract of the demonstration, its rank among them, and the CPAM officer who enters it."""

    contract: Contract
    rank: int
    officer: User | None

    @property
    def is_rich(self) -> bool:
        """One in three has its indicators, results and payments told year by year."""
        return self.rank % 3 == 0


def write_contracts(users: list[User]) -> Iterator[Told]:
    """A contract for each project whose ACI is signed and that has none, renewed when it has ended."""
    officers = {
        code: user
        for user in users
        if user.side == Side.INSURANCE
        for code in (user.own_departments if user.is_writer else ())
    }
    today = timezone.localdate()
    signed = Project.objects.in_states(frozenset({State.ACI_SIGNED}), today).filter(contracts=None)
    dates = {
        stage.project_id: stage.since for project in signed for stage in project.stages.filter(state=State.ACI_SIGNED)
    }
    for rank, project in enumerate(sorted(signed, key=lambda project: (dates[project.pk], project.pk))):
        if project.name in NOT_RECORDED:
            continue
        officer = officers.get(project.lead_department_id)
        contract = write_contract(project, dates[project.pk], 1, officer)
        yield Told(contract, rank, officer)
        if contract.term <= today and project.name not in NOT_RENEWED:
            yield Told(write_contract(project, contract.term, 2, officer), rank, officer)


def write_contract(project: Project, signed_on: date, number: int, officer: User | None) -> Contract:
    contract = Contract.objects.create(
        project=project,
        number=number,
        cpts_signed_on=signed_on - timedelta(days=9),
        insurance_signed_on=signed_on - timedelta(days=4),
        ars_signed_on=signed_on,
        signed_on=signed_on,
        starts_on=signed_on,
        reference=f"ACI-{project.lead_department_id}-{signed_on.year}-{project.pk:03d}",
        recorded_by=officer,
    )
    write_terms(contract, 1, Tariff.objects.in_force(signed_on), officer)
    return contract


def write_terms(contract: Contract, from_year: int, tariff: Tariff, officer: User | None, **said) -> None:
    vintage = contract.signed_on.year - 3
    population = population_of(contract.project, vintage)
    tier = tier_of(population, tariff.data()).number
    told = {"population": population, "population_vintage": vintage, "tariff": tariff, "tier": tier}
    contract.terms.create(from_year=from_year, recorded_by=officer, **told, **said)


def population_of(project: Project, vintage: int) -> int:
    """The population of today's perimeter, as if it had grown evenly since that vintage."""
    held = project.perimeter.memberships.on(timezone.localdate())
    told = held.aggregate(population=Sum("zone__population"))["population"] or 10_000
    return min(FRANCE, max(1, round(told * (1 - SHRINKING * (2023 - vintage)))))


def engage_missions(told: Told) -> None:
    """The first COPIL engages access to care and the crisis plan, the second one the care paths and prevention."""
    contract, rank = told.contract, told.rank
    first, second = (
        contract.starts_on + relativedelta(months=2, days=rank),
        contract.starts_on + relativedelta(months=8),
    )
    engage(told, FIRST_MISSIONS[: 1 if rank % 6 == 5 else None], first, first + timedelta(days=14))
    if rank % 8 != 7:  # elsewhere the others are late
        engage(told, NEXT_MISSIONS + OPTIONS[: rank % 3], second, second + timedelta(days=30))


def engage(told: Told, missions: tuple[str, ...], decided_on: date, starts_on: date) -> None:
    """Those that the tariff of that contract year has, at a COPIL that was held."""
    contract = told.contract
    if decided_on > timezone.localdate():
        return
    known = tariff_of(contract, contract.year_of(starts_on)).lines.filter(follows="").values_list("mission", flat=True)
    meeting = hold(told.contract, Meeting.Kind.COPIL, decided_on, told.officer)
    for mission in missions:
        if mission in known:
            said = {"mission": mission, "effective_on": starts_on}
            decision = decide(meeting, Kind.ENGAGE, told.officer, **said)
            deployed_on = starts_on + relativedelta(months=10)
            Engagement.objects.create(
                contract=contract,
                mission=mission,
                starts_on=starts_on,
                deployed_on=deployed_on if deployed_on <= timezone.localdate() and told.rank % 6 else None,
                decision=decision,
                recorded_by=told.officer,
            )


def deliver_crisis_plans(told: Told) -> None:
    """Four months into each contract year, from the engagement on; one contract in five forgets the last one."""
    engaged = told.contract.engagements.filter(mission="crise_plan").first()
    if engaged is None:
        return
    for year in told.contract.all_years():
        delivered_on = max(year.since, engaged.starts_on) + relativedelta(months=4)
        is_forgotten = told.rank % 5 == 0 and year.until > timezone.localdate() - relativedelta(years=1)
        if engaged.starts_on < year.until and delivered_on <= timezone.localdate() and not is_forgotten:
            told.contract.crisis_plans.create(year=year.number, delivered_on=delivered_on, recorded_by=told.officer)


def tariff_of(contract: Contract, year: int) -> Tariff:
    return contract.terms.filter(from_year__lte=year).last().tariff


def decide(meeting: Meeting, kind: str, officer: User | None, **said) -> MeetingDecision:
    """A decision that was applied at once."""
    return meeting.decisions.create(
        kind=kind, applied_at=timezone.now(), applied_by=officer, recorded_by=officer, **said
    )


def amend_for_crises(told: Told) -> None:
    """An amendment takes the tariff of avenant 2 from the contract year after it, and engages the crisis plan."""
    contract = told.contract
    later = Tariff.objects.approved().filter(since__gt=contract.signed_on).order_by("since").first()
    if later is None or later.since >= contract.term:
        return
    year = contract.year_of(later.since) + 1
    if year > contract.years or contract.year(year).since > timezone.localdate():
        return
    start = contract.year(year).since
    meeting = hold(contract, Meeting.Kind.COPIL, start - timedelta(days=20), told.officer)
    said = {"effective_on": start, "text": f"Passage au barème « {later.label} » à compter de l'année {year}."}
    decision = decide(meeting, Kind.AMEND, told.officer, **said)
    amendment = contract.amendments.create(
        number=1, signed_on=meeting.held_on, purpose=said["text"], decision=decision, recorded_by=told.officer
    )
    write_terms(contract, year, later, told.officer, amendment=amendment)
    if "crise_plan" in later.lines.values_list("mission", flat=True):
        engage(told, ("crise_plan",), start - timedelta(days=20), start)
