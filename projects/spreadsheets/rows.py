"""What becomes of the rows of a spreadsheet, to be shown and then written."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from projects.models import Project
from projects.spreadsheets.comparing import Change
from projects.spreadsheets.facts import Facts
from projects.workflow import Entry


class Action(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    PROPOSED = "proposed"
    IGNORED = "ignored"
    REFUSED = "refused"

    def told(self, count: int = 1, *, is_written: bool = False) -> str:
        """« à créer », « inchangée », « refusées »…; once written, « créées »."""
        label = DONE.get(self, LABELS[self]) if is_written else LABELS[self]
        return label if label.startswith("à ") or count == 1 else f"{label}s"


LABELS = {
    Action.CREATED: "à créer",
    Action.UPDATED: "à modifier",
    Action.UNCHANGED: "inchangée",
    Action.PROPOSED: "à vérifier",
    Action.IGNORED: "ignorée",
    Action.REFUSED: "refusée",
}
DONE = {Action.CREATED: "créée", Action.UPDATED: "modifiée", Action.PROPOSED: "non acceptée"}


@dataclass(slots=True)
class RowPlan:
    """What becomes of a row. `messages` tell why; `entries` is None when the project's stages stay as they are."""

    sheet: str
    row: int
    project: str
    insee_codes: list[str]
    action: Action
    messages: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    existing: Project | None = None
    entries: list[Entry] | None = None
    moves_territory: bool = False

    @property
    def key(self) -> str:
        """Names the row in a form."""
        return f"{self.sheet}:{self.row}"

    def refuse(self, reason: str) -> None:
        self.action = Action.REFUSED
        self.messages.insert(0, reason)


@dataclass(slots=True)
class Plan:
    rows: list[RowPlan]
    as_of: date
    messages: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.action for row in self.rows)
        return {action.value: found[action] for action in Action}

    @property
    def digest(self) -> str:
        """Changes when what would be done changes: what is confirmed must be what was shown."""
        shown = [(row.key, row.action, row.messages, [str(change) for change in row.changes]) for row in self.rows]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()

    def of(self, *actions: Action) -> list[RowPlan]:
        return [row for row in self.rows if row.action in actions]
