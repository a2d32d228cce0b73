"""When the doctrine on overlapping projects bears on an engineering grant: it would be a second one."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from accounts.models import User
from projects.conciliation_rules import ALREADY_VALIDATED, DIFFERENT_MATURITY, MATURITY, Maturity, Situation
from projects.conciliations.marks import conciliation_of_each
from projects.models import Conciliation, EngineeringGrant, Project
from projects.overlaps import Pair, Side, overlaps_of


@dataclass(frozen=True, slots=True)
class Ahead:
    """A project that overlaps this one and whose engineering is financed, under way or done."""

    side: Side
    pair: Pair
    granted: Decimal | None  # None: nothing, or nothing that this reader may know
    conciliation: Conciliation | None = None  # open between both projects

    @property
    def situation(self) -> Situation:
        """As the second project is in it, however far it has come itself: it asks for its engineering only now."""
        return ALREADY_VALIDATED if MATURITY[self.side.state] == Maturity.VALIDATED else DIFFERENT_MATURITY


def ahead_of(project: Project, day: date, reader: User) -> list[Ahead]:
    """The living projects on whose territory an engineering grant of `project` would be a second one."""
    pairs = overlaps_of(project, day, reader)
    sides = [(pair.other_than(project), pair, conciliation) for pair, conciliation in conciliation_of_each(pairs, day)]
    grants = EngineeringGrant.objects.filter(project__in=[side.pk for side, *_ in sides]).order_by()
    granted = dict(grants.values_list("project").annotate(Sum("amount")))
    return [
        Ahead(side, pair, granted.get(side.pk) if side.is_readable else None, conciliation)
        for side, pair, conciliation in sides
        if MATURITY[side.state] >= Maturity.ENGINEERING or side.pk in granted
    ]


def situations(ahead: list[Ahead]) -> list[Situation]:
    """Those of the doctrine that these projects are in, each once."""
    met = {each.situation for each in ahead}
    return [situation for situation in (ALREADY_VALIDATED, DIFFERENT_MATURITY) if situation in met]
