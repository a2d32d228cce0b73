"""Steps taken in tests with all they need: the decision of the ARS, the signatures, the project that absorbs."""

from datetime import date

from django.db import models

from accounts.models import User
from projects.models import SIGNED_BY, Decision, Merger, Project, Signature
from projects.states import State
from projects.workflow import Step, step_kinds, take_step
from tests.factories import ProjectFactory


def opposition(**said) -> Decision:
    told = {"signatory": "Anne Vidal", "territory_not_pertinent": True, "motivation": "Territoire déjà couvert."}
    return Decision(**told | said)


def validation(**said) -> Decision:
    return Decision(**{"signatory": "Anne Vidal"} | said)


def details_of(name: str) -> models.Model | None:
    """What the step needs besides its date, not saved; None for most."""
    match name:
        case "oppose":
            return opposition()
        case "validate_health_project":
            return validation()
        case "merge":
            return Merger(successor=ProjectFactory(name="CPTS qui absorbe"))
    return None


def sign_for_all(project: Project, day: date) -> None:
    """Every signature awaited on `day`, without taking the step."""
    stage = project.stage_on(day)
    for party in SIGNED_BY[State(stage.state)]:
        Signature.objects.create(stage=stage, party=party, signatory=f"Pour {party.label}", signed_on=day)


def take(user: User, project: Project, name: str, day: date, comment: str = "Courrier du porteur") -> Project:
    """Record a step as its page would, signatures included."""
    kind = step_kinds()[name]
    if kind.is_signed and project.state_on_day(day) in kind.sources:
        sign_for_all(project, day)
    return take_step(user, project.pk, Step(name, day, comment=comment, details=details_of(name)))
