"""The documents of a project as folders, one for each phase: what is there, what is expected and still missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from projects.models import Document, DocumentType
from projects.phases import PHASE_OF, Phase


@dataclass(frozen=True, slots=True)
class Folder:
    """`expected`: each type awaited in this phase, and whether one is there. Without a phase: what belongs to none."""

    phase: Phase | None
    documents: list[Document]
    expected: list[tuple[DocumentType, bool]]
    is_current: bool = False
    is_ahead: bool = False

    @property
    def missing(self) -> list[DocumentType]:
        """What is not there though its phase has come; it never prevents a legal act."""
        return [] if self.is_ahead else [type_ for type_, is_there in self.expected if not is_there]

    @property
    def is_worth_showing(self) -> bool:
        return bool(self.documents or self.is_current or self.missing)


def folders(documents: Sequence[Document], required: Iterable[DocumentType], current: Phase | None) -> list[Folder]:
    """Every folder in the order of a project's life. Of a project that has ended (no `current`) nothing is expected."""
    present = {document.type_id for document in documents}
    awaited = list(required) if current else []
    phases = list(Phase)
    made = [
        Folder(
            phase,
            [document for document in documents if phase_of(document) == phase],
            [(type_, type_.pk in present) for type_ in awaited if type_.phase == phase],
            is_current=phase == current,
            is_ahead=current is not None and phases.index(phase) > phases.index(current),
        )
        for phase in phases
    ]
    return [*made, Folder(None, [document for document in documents if phase_of(document) is None], [])]


def phase_of(document: Document) -> Phase | None:
    """The phase of its type; where the type is of any phase, that of the step it belongs to."""
    if document.type.phase:
        return Phase(document.type.phase)
    return PHASE_OF.get(document.stage.state) if document.stage else None
