from projects.models.imports import ImportBatch
from projects.models.people import Assignment, Contact, Note, Promoter
from projects.models.project import Project
from projects.models.stage import Stage

__all__ = ["Assignment", "Contact", "ImportBatch", "Note", "Project", "Promoter", "Stage"]
