from projects.models.conciliation import (
    Conciliation,
    ConciliationEntry,
    Outcome,
    Scenario,
    ScenarioZone,
    in_conciliation_on,
)
from projects.models.documents import Document, DocumentType, LibraryEntry
from projects.models.examination import Consultation, Escalation, Opinion, Verdict, VigilancePoint
from projects.models.filing import Decision, Filing, Merger, PieceRequest
from projects.models.funding import EngineeringGrant, GrantCap, GrantPayment, OtherFunding, Purpose
from projects.models.grids import Grid, GridAnswer, GridItem
from projects.models.imports import ImportBatch
from projects.models.journal import DirectoryEntry, JournalEntry
from projects.models.letters import Letter, LetterKind, LetterModel
from projects.models.people import Absence, Assignment, Contact, Note, Promoter
from projects.models.project import Project
from projects.models.rollout import ExchangedVersion, RolloutEvent
from projects.models.signature import SIGNED_BY, Party, Signature
from projects.models.stage import Stage
from projects.models.territory import ClsSignature, PerimeterDraft

__all__ = [
    "SIGNED_BY",
    "Absence",
    "Assignment",
    "ClsSignature",
    "Conciliation",
    "ConciliationEntry",
    "Consultation",
    "Contact",
    "Decision",
    "DirectoryEntry",
    "Document",
    "DocumentType",
    "EngineeringGrant",
    "Escalation",
    "ExchangedVersion",
    "Filing",
    "GrantCap",
    "GrantPayment",
    "Grid",
    "GridAnswer",
    "GridItem",
    "ImportBatch",
    "JournalEntry",
    "Letter",
    "LetterKind",
    "LetterModel",
    "LibraryEntry",
    "Merger",
    "Note",
    "Opinion",
    "OtherFunding",
    "Outcome",
    "Party",
    "PerimeterDraft",
    "PieceRequest",
    "Project",
    "Promoter",
    "Purpose",
    "RolloutEvent",
    "Scenario",
    "ScenarioZone",
    "Signature",
    "Stage",
    "Verdict",
    "VigilancePoint",
    "in_conciliation_on",
]
