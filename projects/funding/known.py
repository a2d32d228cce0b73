"""What is known of the money of a project: the cap in force, who pays what, and its promoter's other grants."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.funding.rules import Funding
from projects.models import EngineeringGrant, GrantCap, OtherFunding, Project
from projects.states import ENDED, State

FIR = "FIR"


def cap_on(day: date) -> GrantCap | None:
    """The cap in force on `day`, the latest one when two were left open."""
    return GrantCap.objects.on(day).order_by("-since").first()


def amount_of_cap_on(day: date) -> Decimal | None:
    cap = cap_on(day)
    return cap.amount if cap else None


def funding_of(row: EngineeringGrant | OtherFunding) -> Funding:
    funder = row.funder if isinstance(row, OtherFunding) else FIR
    return Funding(funder, row.get_purpose_display(), row.amount, row.starts_on, row.ends_on)


def why_not_grant(project: Project) -> str:
    """Why no new grant can be recorded on this project; empty when one can."""
    stage = project.stage_on(timezone.localdate())
    if stage is None or stage.state not in ENDED:
        return ""
    label = State(stage.state).short_label
    return (
        f"Le projet a pris fin le {in_words(stage.since)} ({label}) : aucune convention d'ingénierie ne s'y ajoute. "
        "Celles qui sont déjà enregistrées se corrigent toujours."
    )


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A grant of the same promoter for another project; out of its reader's scope the amount is left out."""

    project: Project
    granted: Decimal | None


def granted_elsewhere(project: Project, reader: User) -> list[Elsewhere]:
    """The other projects for which the promoter has a grant: the same row, or the same SIRET or RNA typed again."""
    promoter = project.promoter
    if promoter is None:
        return []
    is_same = Q(promoter=promoter)
    for name in ("siret", "rna"):
        if number := getattr(promoter, name):
            is_same |= Q(**{f"promoter__{name}": number})
    others = Project.objects.filter(is_same, grants__isnull=False).exclude(pk=project.pk)
    others = others.annotate(granted=Sum("grants__amount")).select_related("lead_department")
    readable = set(Project.objects.for_user(reader).filter(is_same).values_list("pk", flat=True))
    return [Elsewhere(other, other.granted if other.pk in readable else None) for other in others]
