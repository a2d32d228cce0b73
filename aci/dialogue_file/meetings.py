"""What the year's meetings have decided, the actions they leave, the vigilance points and the opinions."""

from aci.decisions import in_words as in_words_of
from aci.dialogue_file.content import Cell, Column, Row, Section, Table, Text, listed
from aci.dialogue_file.facts import YearFacts
from aci.models import Action, Meeting, MeetingDecision
from aci.watch import COPIL_A_YEAR
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted, short_day

MEETINGS = (Column("Réunion", 5), Column("Compte rendu", 4), Column("Décisions", 9))
OPEN = (Column("Action", 8), Column("Responsable", 4), Column("Échéance", 4), Column("Décidée en", 5))
CLOSED = (Column("Action", 7), Column("Responsable", 4), Column("Close le", 3), Column("Ce qui a été fait", 6))


def meetings(facts: YearFacts) -> Section:
    rows = tuple(_meeting(facts, meeting) for meeting in facts.meetings)
    table = (Table("", MEETINGS, rows),) if rows else ()
    return Section("Réunions de l'année", table or (Text("Aucune réunion enregistrée."),))


def meetings_held(facts: YearFacts) -> str:
    copils = sum(meeting.kind == Meeting.Kind.COPIL and meeting.held_on <= facts.day for meeting in facts.meetings)
    return f"COPIL stratégiques tenus : {copils}, pour {COPIL_A_YEAR} au moins ; {_dialogue(facts)}"


def _dialogue(facts: YearFacts) -> str:
    for meeting in facts.meetings:
        if meeting.kind == Meeting.Kind.DIALOGUE:
            return f"dialogue de gestion {_standing(facts, meeting)} le {in_words(meeting.held_on)}"
    return "dialogue de gestion ni tenu ni prévu"


def _standing(facts: YearFacts, meeting: Meeting) -> str:
    return "tenu" if meeting.held_on <= facts.day else "prévu"


def _meeting(facts: YearFacts, meeting: Meeting) -> Row:
    if meeting.held_on > facts.day:
        return Row((Cell(meeting.get_kind_display(), (short_day(meeting.held_on), "prévue")), Cell("–"), Cell("–")))
    has_minutes = meeting.has_minutes and meeting.minutes_on <= facts.day
    minutes = f"daté du {short_day(meeting.minutes_on)}" if has_minutes else "à dater"
    decided = tuple(_decided(facts, each) for each in meeting.decisions.all())
    return Row(
        (
            Cell(meeting.get_kind_display(), (short_day(meeting.held_on),)),
            Cell(minutes),
            Cell("" if decided else "Aucune", decided),
        )
    )


def _decided(facts: YearFacts, decision: MeetingDecision) -> str:
    """What was decided, and whether the contract has taken it yet."""
    words = [decision.get_kind_display(), in_words_of(decision, facts.labels), decision.text]
    waits = decision.applied_at is None and decision.kind != MeetingDecision.Kind.ARBITRATE
    return " – ".join(word for word in words if word) + (" (à appliquer)" if waits else "")


def actions(facts: YearFacts) -> Section:
    """Those still to do, then those closed in the year, up to its dialogue."""
    reviewed = [meeting.held_on for meeting in facts.meetings if meeting.kind == Meeting.Kind.DIALOGUE]
    until = min(facts.day, max([facts.year.last_day, *reviewed]))
    closed = [each for each in facts.actions if each.closed_on and facts.year.since <= each.closed_on <= until]
    return Section(
        "Actions",
        sections=(
            Section("Actions ouvertes", (_table(OPEN, [_open(facts, each) for each in open_actions(facts)]),)),
            Section("Actions closes dans l'année", (_table(CLOSED, [_closed(e) for e in closed]),)),
        ),
    )


def open_actions(facts: YearFacts) -> list[Action]:
    return [each for each in facts.actions if each.closed_on is None or each.closed_on > facts.day]


def _table(columns: tuple[Column, ...], rows: list[Row]) -> Table | Text:
    return Table("", columns, tuple(rows)) if rows else Text("Aucune.")


def _open(facts: YearFacts, action: Action) -> Row:
    late = ("en retard",) if action.due_on < facts.day else ()
    raised = str(action.raised_in) if action.raised_in else "–"
    return Row((Cell(action.text), Cell(action.owner), Cell(short_day(action.due_on), late), Cell(raised)))


def _closed(action: Action) -> Row:
    return Row((Cell(action.text), Cell(action.owner), Cell(short_day(action.closed_on)), Cell(action.outcome)))


def vigilance(facts: YearFacts) -> Section:
    points = [
        f"{point.section} : {point.text} ({point.get_side_display()}, soulevé le {in_words(point.raised_on)})"
        for point in facts.points
    ]
    opinions = [
        f"{each.meeting} – {quoted(each.difficulty)}" + (f" Avis : {each.opinion}" if each.opinion else "")
        for each in facts.opinions
    ]
    commissions = Section("Avis des commissions paritaires", (listed(opinions, "Aucun avis."),))
    return Section("Points de vigilance", (listed(points, "Aucun point de vigilance ouvert."),), (commissions,))
