"""The dialogue of the demonstration: COPIL, COTECH, yearly dialogues, a CPL, the actions they leave."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import User
from aci.models import Contract, Meeting

if TYPE_CHECKING:
    from aci.demo.contracts import Told

AGENDA = (
    "Engagement des missions\nBilan des indicateurs\nValidation des volets variables\n"
    "Arbitrages et propositions vus en COTECH\nAvenants"
)
PARTICIPANTS = "Présidence et coordination de la CPTS\nARS, délégation départementale\nCPAM\nELSM\nMSA"
MINUTES = "Les points de l'ordre du jour ont été examinés ; les décisions prises figurent ci-dessous."
ACTIONS = (
    ("Transmettre les feuilles d'émargement des réunions pluriprofessionnelles", "CPTS, coordination"),
    ("Extraire la liste des patients en ALD sans médecin traitant", "CPAM, ROC administratif"),
    ("Mettre à jour le plan de réponse aux crises sanitaires", "CPTS, référent crise"),
    ("Organiser la rencontre avec le service d'accès aux soins", "ARS, délégation départementale"),
)


def hold(contract: Contract, kind: str, day: date, officer: User | None, **said) -> Meeting:
    """A meeting of that day with its minutes, the same one when it is asked for twice."""
    told = {"agenda": AGENDA, "participants": PARTICIPANTS, "minutes": MINUTES, "minutes_on": day + timedelta(days=5)}
    told["minutes_on"] = min(told["minutes_on"], timezone.localdate())
    meeting, _ = contract.meetings.get_or_create(
        kind=kind, held_on=day, **said, defaults={**told, "recorded_by": officer}
    )
    return meeting


def hold_the_others(told: "Told") -> None:
    """Two COPIL a year and a yearly dialogue once it has ended, but for what some of them are late in."""
    today = timezone.localdate()
    for year in told.contract.all_years():
        if year.since > today:
            return
        days = [year.since + timedelta(days=100), year.since + timedelta(days=290)][: 1 if told.rank % 7 == 6 else 2]
        for day in days:
            held = told.contract.meetings.filter(kind=Meeting.Kind.COPIL, held_on__range=(year.since, year.last_day))
            if day <= today and held.count() < len(days):
                hold(told.contract, Meeting.Kind.COPIL, day, told.officer)
        dialogue = year.until + timedelta(days=30)
        is_last = dialogue + timedelta(days=366) > today
        if dialogue <= today and not (is_last and told.rank % 5 == 4):
            hold(told.contract, Meeting.Kind.DIALOGUE, dialogue, told.officer, year=year.number)
    _act(told, today)


def _act(told: "Told", today: date) -> None:
    """Actions of the last COPIL, and the next one planned."""
    last = told.contract.meetings.filter(kind=Meeting.Kind.COPIL, held_on__lte=today).last()
    if last is None or told.contract.term <= today:
        return
    for number, (text, owner) in enumerate(ACTIONS[: 1 + told.rank % 4]):
        due_on = last.held_on + timedelta(days=60 + 30 * number)
        closed = {"closed_on": last.held_on + timedelta(days=40), "outcome": "Fait"} if number == 0 else {}
        if closed and closed["closed_on"] > today:
            closed = {}
        last.actions.create(
            contract=told.contract, text=text, owner=owner, due_on=due_on, recorded_by=told.officer, **closed
        )
    told.contract.meetings.create(
        kind=Meeting.Kind.COPIL, held_on=today + timedelta(days=12 + told.rank), agenda=AGENDA, recorded_by=told.officer
    )
