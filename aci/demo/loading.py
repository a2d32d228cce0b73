"""All of it, in the order in which it happens."""

from datetime import timedelta

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aci.demo.contracts import Told, amend_for_crises, deliver_crisis_plans, engage_missions, write_contracts
from aci.demo.indicators import negotiate
from aci.demo.meetings import MINUTES, PARTICIPANTS, hold_the_others
from aci.demo.money import pay
from aci.models import Contract, Meeting, SharedAction
from projects.models import Project

MEDIATION = ("CPTS Paris 13", "CPTS Paris 14", "CPTS Reuilly – Bercy")


@transaction.atomic
def load_contracts(users: list[User], region: str) -> int:
    """How many contracts were added; none the second time."""
    call_command("load_indicators", region=region, verbosity=0)
    known = Contract.objects.exists()
    contracts = list(write_contracts(users))
    for told in contracts:
        engage_missions(told)
        amend_for_crises(told)
        deliver_crisis_plans(told)
        hold_the_others(told)
        if told.is_rich:
            negotiate(told)
        pay(told)
    if contracts and not known:
        _hold_a_commission(contracts)
        _share_an_action()
    return len(contracts)


def _hold_a_commission(contracts: list[Told]) -> None:
    """A CPL of Paris with its opinion on a CPTS whose contract has ended."""
    today = timezone.localdate()
    last = next((told for told in contracts if told.contract.project.name == "CPTS Paris 18"), contracts[0])
    commission = Meeting.objects.create(
        kind=Meeting.Kind.CPL,
        department=last.contract.project.lead_department,
        held_on=today - timedelta(days=40),
        agenda="Montée en charge des CPTS du département\nDifficultés signalées",
        participants=PARTICIPANTS,
        minutes=MINUTES,
        minutes_on=today - timedelta(days=33),
        recorded_by=last.officer,
    )
    commission.opinions.create(
        project=last.contract.project,
        difficulty="Le contrat est arrivé à son terme sans que le renouvellement soit signé.",
        opinion="Avis favorable à un renouvellement rapide, missions socles reconduites.",
        recorded_by=last.officer,
    )


def _share_an_action() -> None:
    projects = list(Project.objects.filter(name__in=MEDIATION))
    if len(projects) < len(MEDIATION):
        return
    action = SharedAction.objects.create(
        title="Annuaire commun et protocole d'orientation vers le DAC",
        kind=SharedAction.Kind.PROTOCOL,
        description="Un seul annuaire des professionnels et un protocole d'orientation partagé.",
        partners="DAC Paris\nCPAM de Paris\nARS – DD de Paris",
        amount=18_000,
        funder="Fonctionnement des trois CPTS, à parts égales",
        since=timezone.localdate() - timedelta(days=200),
    )
    action.projects.set(projects)
    action.entries.create(
        happened_on=timezone.localdate() - timedelta(days=60), text="Première version de l'annuaire mise en ligne."
    )
