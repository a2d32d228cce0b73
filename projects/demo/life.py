"""Something of everything in the demonstration: opinions, pieces, signatures, grants, letters, journal, directory.

Opinions, pieces, signatures, letters and filings go through the same functions as the pages; the rest is written as
rows. Dates follow from the projects' own, never in the future.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from projects.examination.opinions import give_opinion
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.letters.producing import produce
from projects.letters.values import Said
from projects.models import (
    Absence,
    Assignment,
    Consultation,
    DirectoryEntry,
    EngineeringGrant,
    ExchangedVersion,
    Grid,
    GridAnswer,
    GridItem,
    JournalEntry,
    LetterKind,
    Opinion,
    OtherFunding,
    Party,
    PieceRequest,
    Project,
    Purpose,
    RolloutEvent,
    Signature,
    Stage,
    Verdict,
    VigilancePoint,
)
from projects.signing import sign
from projects.states import State
from projects.workflow import Step, take_step
from territories.models import Department

Binome = dict[Side, User]
PEOPLE = ("Nadège Morel", "Paul Henriot", "Samira Kaci", "Luc Ferrand", "Agnès Toussaint", "Hugo Lambert")
FILED_AGO = (12, 50)  # days: one clock has just begun, the other is about to end
F = DirectoryEntry.Function
RolloutKind = RolloutEvent.Kind
CALLED = {
    F.ROC_ADMINISTRATIVE: "CPAM",
    F.ROC_MEDICAL: "Service médical",
    F.DAM: "CPAM",
    F.MSA: "MSA Île-de-France",
    F.CLS: "Conseil départemental",
    F.DAC: "",
}


@transaction.atomic
def load_life(users: list[User]) -> int:
    """Give the living projects of the demonstration what officers record; returns how many got something.

    A project whose journal already has a line is left as people have made it.
    """
    today = timezone.localdate()
    officers = [user for user in users if user.role == User.Role.OFFICER]
    met: Counter[State] = Counter()
    binomes = {
        department: {user.side: user for user in officers if department.pk in user.own_departments}
        for department in Department.objects.filter(users__in=officers).distinct()
    }
    met[State.FILED] = _keep_a_clock_running(binomes)
    for department, binome in binomes.items():
        _directory(department)
        for project in Project.objects.filter(lead_department=department, journal=None).living_on(today):
            stage = project.stage_on(today)
            if write := LIVES.get(State(stage.state)):
                _begin(project, stage, binome)
                write(project, stage, binome, met[State(stage.state)])
                met[State(stage.state)] += 1
    _absence(officers)
    return met.total()


def _keep_a_clock_running(binomes: dict[Department, Binome]) -> int:
    """Have two departments file a project when no filing is under examination any more; returns how many did.

    The workbooks' own filings have all been decided two months after the last one.
    """
    today = timezone.localdate()
    if Stage.objects.on(today).filter(state=State.FILED).exists():
        return 0
    stages = Stage.objects.on(today).filter(state=State.ENGINEERING, since__lt=today - timedelta(days=max(FILED_AGO)))
    ready = Project.objects.filter(stages__in=stages, grid_answers=None)
    found = [
        (project, binome) for each, binome in binomes.items() if (project := ready.filter(lead_department=each).first())
    ]
    filed = list(zip(FILED_AGO, found, strict=False))
    for rank, (days, (project, binome)) in enumerate(filed, start=1):  # no piece holds the clock at these ranks
        take_step(binome[Side.ARS], project.pk, Step("file_health_project", today - timedelta(days=days)))
        stage = project.stage_on(today)
        _begin(project, stage, binome)
        _filed(project, stage, binome, rank)
    return len(filed)


def _begin(project: Project, stage: Stage, binome: Binome) -> None:
    for side, user in binome.items():
        Assignment.objects.filter(project=project, side=side, until=None, name=str(user)).update(user=user, name="")
    JournalEntry.objects.create(
        project=project,
        stage=stage,
        kind=JournalEntry.Kind.CALL,
        happened_on=_day(stage, 2),
        text="Point téléphonique avec le porteur sur le calendrier.",
        recorded_by=binome[Side.ARS],
    )


def _day(stage: Stage, days: int) -> date:
    """So many days after the stage began, today at the latest."""
    return min(stage.since + timedelta(days=days), timezone.localdate())


def _opinion(project: Project, stage: Stage, user: User, verdict: Verdict, days: int, reasons: str = "") -> None:
    opinion = Opinion(side=user.side, verdict=verdict, reasons=reasons, given_on=_day(stage, days))
    give_opinion(user, project.pk, stage.pk, opinion)


def _point(project: Project, stage: Stage, user: User, section: str, text: str) -> VigilancePoint:
    said = {"section": section, "text": text, "raised_on": _day(stage, 6), "recorded_by": user}
    return VigilancePoint.objects.create(project=project, stage=stage, side=user.side, **said)


def _letter(project: Project, stage: Stage, binome: Binome, rank: int) -> None:
    """By turns: nobody has spoken yet, the CPAM alone, both agree, they disagree, one has signed."""
    if rank % 5 == 0:
        return
    _opinion(project, stage, binome[Side.INSURANCE], Verdict.FAVOURABLE, 9)
    if rank % 5 == 1:
        _consult(stage, binome)
        return
    if rank % 5 == 3:
        why = "Le territoire recouvre celui d'un projet plus avancé ; à reprendre avec ses porteurs."
        _opinion(project, stage, binome[Side.ARS], Verdict.UNFAVOURABLE, 14, why)
        return
    _point(project, stage, binome[Side.ARS], "Territoire de départ", "Préciser les communes limitrophes.")
    _opinion(project, stage, binome[Side.ARS], Verdict.WITH_POINTS, 14, "Préciser le territoire.")
    if rank % 5 == 4:
        signed = Signature(party=Party.INSURANCE, signatory="La directrice de la CPAM", signed_on=_day(stage, 20))
        sign(binome[Side.INSURANCE], project.pk, signed)


def _consult(stage: Stage, binome: Binome) -> None:
    Consultation.objects.create(
        stage=stage,
        partner=Consultation.Partner.ELSM,
        question="Cohérence du diagnostic avec les données du service médical ?",
        asked_on=_day(stage, 3),
        due_on=_day(stage, 3) + timedelta(days=21),
        recorded_by=binome[Side.ARS],
    )


def _filed(project: Project, stage: Stage, binome: Binome, rank: int) -> None:
    """By turns: a piece received, a piece awaited, nothing asked; the CPAM has often given its opinion."""
    if rank % 2 == 0:
        _opinion(project, stage, binome[Side.INSURANCE], Verdict.FAVOURABLE, 18, "Missions socles bien couvertes.")
    _point(project, stage, binome[Side.ARS], "Gouvernance", "Ouvrir le bureau aux établissements du territoire.")
    _tick_grid(project, binome)
    _acknowledge(project, stage, binome)
    if rank % 3 == 2:
        return
    request = PieceRequest(
        pieces="Statuts signés de l'association" if rank % 3 else "Liste des communes du territoire d'action",
        is_indispensable=rank % 3 == 0,
        basis="CSP, L. 1434-12 : le projet de santé précise le territoire d'action" if rank % 3 == 0 else "",
        asked_on=_day(stage, 5),
        due_on=_day(stage, 5) + timedelta(days=15),
    )
    ask_pieces(binome[Side.ARS], project.pk, request)
    if rank % 2:
        receive_pieces(binome[Side.ARS], project.pk, request.pk, _day(stage, 12))


def _acknowledge(project: Project, stage: Stage, binome: Binome) -> None:
    ars = binome[Side.ARS]
    said = Said(
        dated_on=_day(stage, 1),
        addressee=f"{project.promoter or 'Le collectif porteur'}",
        ars=ars.institution,
        signatory=str(ars),
        signatory_title="Chargé de suivi",
        reference=f"{project.lead_department_id}-{project.pk:04d}",
    )
    produce(ars, project.pk, LetterKind.ACKNOWLEDGEMENT, said)


def _tick_grid(project: Project, binome: Binome) -> None:
    """Most points seen by both, the last ones by the ARS alone, and one on which they differ."""
    grid = Grid.objects.on(timezone.localdate()).filter(kind=Grid.Kind.HEALTH_PROJECT).first()
    items = list(GridItem.objects.filter(grid=grid))
    yes, no = GridAnswer.Tick.YES, GridAnswer.Tick.NO
    for position, item in enumerate(items):
        _tick(project, item, binome[Side.ARS], no if position == 2 else yes)
        if position < len(items) - 4:
            _tick(project, item, binome[Side.INSURANCE], yes)


def _tick(project: Project, item: GridItem, user: User, tick: str) -> None:
    GridAnswer.objects.create(project=project, item=item, side=user.side, tick=tick, recorded_by=user)


def _engineering(project: Project, stage: Stage, binome: Binome, rank: int) -> None:
    grant = EngineeringGrant.objects.create(
        project=project,
        reference=f"FIR-{stage.since.year}-{project.pk:04d}",
        amount=Decimal(22_000 + 2_000 * (rank % 5)),
        purpose=Purpose.PROVIDER,
        provider="Cabinet Coordonner",
        signed_on=stage.since,
        starts_on=stage.since,
        recorded_by=binome[Side.ARS],
    )
    grant.payments.create(
        paid_on=_day(stage, 20), amount=grant.amount / 2, reference="Avance", recorded_by=binome[Side.ARS]
    )
    if rank % 3 == 0:
        OtherFunding.objects.create(
            project=project,
            funder="Communauté d'agglomération",
            purpose=Purpose.PROVIDER,
            amount=Decimal(8_000),
            starts_on=stage.since,
            recorded_by=binome[Side.INSURANCE],
        )


def _validated(project: Project, stage: Stage, binome: Binome, rank: int) -> None:
    """The roll-out of the ACI as far as time allows; one project in two is waiting for signatures."""
    for kind, days, side in (
        (RolloutKind.RESTITUTION, 8, Side.ARS),
        (RolloutKind.DECISION_SENT, 15, Side.ARS),
        (RolloutKind.INDICATOR_MEETING, 40, Side.INSURANCE),
        (RolloutKind.INDICATOR_MEETING, 75, Side.INSURANCE),
    ):
        if stage.since + timedelta(days=days) <= timezone.localdate():
            RolloutEvent.objects.create(
                project=project, kind=kind, happened_on=_day(stage, days), recorded_by=binome[side]
            )
    ExchangedVersion.objects.create(
        project=project,
        subject=ExchangedVersion.Subject.INDICATORS,
        sender=ExchangedVersion.Sender.INSURANCE,
        sent_on=_day(stage, 42),
        comments="Indicateurs amendés après la réunion tripartite.",
        recorded_by=binome[Side.INSURANCE],
    )
    signed_on = stage.since + timedelta(days=90)
    if rank % 2 and signed_on <= timezone.localdate():
        signed = Signature(party=Party.CPTS, signatory="La présidente de l'association", signed_on=signed_on)
        sign(binome[Side.INSURANCE], project.pk, signed)


LIVES: dict[State, Callable[[Project, Stage, Binome, int], None]] = {
    State.LETTER_FILED: _letter,
    State.ENGINEERING: _engineering,
    State.FILED: _filed,
    State.VALIDATED: _validated,
}


def _directory(department: Department) -> None:
    if DirectoryEntry.objects.filter(department=department).exists():
        return
    for rank, ((function, organisation), name) in enumerate(zip(CALLED.items(), PEOPLE, strict=True)):
        DirectoryEntry.objects.create(
            department=department,
            function=function,
            name=name,
            organisation=organisation,
            email=f"contact{rank}.{department.pk.lower()}@suivi-cpts.example",
            phone=f"01 99 00 {50 + rank} {rank * 11:02d}",
            since=date(2024, 1, 1),
        )


def _absence(officers: list[User]) -> None:
    """One colleague is away for a fortnight; nobody of its side can stand in but a manager."""
    if not officers or Absence.objects.exists():
        return
    today = timezone.localdate()
    manager = User.objects.filter(role=User.Role.MANAGER, institution__kind__in=("ars_headquarters",)).first()
    Absence.objects.create(
        user=officers[0], stand_in=manager, since=today - timedelta(days=3), until=today + timedelta(days=11)
    )
