"""The missions of the contract: engaged, deployed, and by when they had to be."""

from datetime import date

from aci.dialogue_file.content import Cell, Column, Row, Section, Table, Text
from aci.dialogue_file.facts import YearFacts, mark_of
from aci.models import Engagement
from aci.standing import Mission, missions_of
from ground.templatetags.french import short_day

COLUMNS = (
    Column("Mission", 7),
    Column("Engagée par", 5),
    Column("Démarrage", 5),
    Column("Déploiement", 5),
    Column("Situation", 5),
)


def missions(facts: YearFacts) -> Section:
    found = missions_of(facts.contract, facts.ledger.data, facts.day)
    if not found:
        return Section("Missions", (Text("Le barème du contrat n'ouvre aucune mission."),))
    rows = tuple(_row(facts, mission) for mission in found)
    calendar = "Dates limites comptées depuis la signature du contrat, selon le calendrier de son barème."
    return Section("Missions", (Text(calendar, is_small=True), Table("", COLUMNS, rows)))


def _row(facts: YearFacts, mission: Mission) -> Row:
    line, engagement = mission.line, mission.engagement
    return Row(
        (
            Cell(
                facts.labels.get(mission.code, mission.label),
                (line.kind.label,) if line else (),
                mark_of(line.verified) if line else "",
            ),
            _engaged(engagement),
            _dated(engagement and engagement.starts_on, mission.start_by, is_late=mission.started_late),
            _dated(mission.deployed_on, mission.deploy_by),
            Cell(mission.state.capitalize(), ("en retard",) if mission.is_late else ()),
        )
    )


def _engaged(engagement: Engagement | None) -> Cell:
    if engagement is None:
        return Cell("–")
    meeting = engagement.decision.meeting
    return Cell(meeting.get_kind_display(), (f"du {short_day(meeting.held_on)}",))


def _dated(on: date | None, limit: date | None, *, is_late: bool = False) -> Cell:
    """When it was done, and the last day to do it."""
    told = f"limite : {short_day(limit)}" if limit else "sans date limite"
    return Cell(short_day(on) or "–", (told, *(("fait en retard",) if is_late else ())))
