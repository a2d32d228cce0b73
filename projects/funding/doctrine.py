"""The doctrine of the ARS Île-de-France on overlapping projects, as data, and when it bears on an engineering grant."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from accounts.models import User
from projects.models import EngineeringGrant, Project
from projects.overlaps import Pair, Side, overlaps_of
from projects.states import State

SOURCE = "ARS Île-de-France, comité de suivi régional des CPTS, 24 février 2020"


@dataclass(frozen=True, slots=True)
class Situation:
    """What the doctrine offers to the second project (« CPTS 2 »), according to where the first one stands."""

    number: int
    title: str
    outcomes: tuple[str, ...]


ALREADY_VALIDATED = Situation(
    1,
    "un projet de santé est déjà validé sur le territoire",
    (
        "CPTS 2, postérieure sur le même territoire : opposition, adhésion ou partenariat à la CPTS 1 proposés. "
        "La CPTS 1, investie d'une mission territoriale, a la responsabilité de cette intégration.",
    ),
)
DIFFERENT_MATURITY = Situation(
    3,
    "deux projets à différents niveaux de maturité sur le même territoire",
    (
        "CPTS 2 intégrée à la CPTS 1 sur le territoire concerné, sans financer d'ingénierie de projet. "
        "La CPTS 1, investie d'une mission territoriale, a la responsabilité de cette intégration.",
        "CPTS 2 : financement d'une ingénierie de projet pour le territoire non concerné par la CPTS 1.",
        "CPTS 2 : financement d'une deuxième ingénierie de projet, en invitant à la collaboration pour le territoire "
        "concerné.",
    ),
)

VALIDATED = frozenset({State.VALIDATED, State.ACI_SIGNED})
ENGINEERED = VALIDATED | {State.ENGINEERING, State.FILED, State.OPPOSED}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A project that overlaps this one and whose engineering is financed, under way or done."""

    side: Side
    pair: Pair
    granted: Decimal | None  # None: nothing, or nothing that this reader may know

    @property
    def situation(self) -> Situation:
        return ALREADY_VALIDATED if self.side.state in VALIDATED else DIFFERENT_MATURITY


def ahead_of(project: Project, day: date, reader: User) -> list[Ahead]:
    """The living projects on whose territory an engineering grant of `project` would be a second one."""
    pairs = overlaps_of(project, day, reader)
    sides = [(pair.b if pair.a.pk == project.pk else pair.a, pair) for pair in pairs]
    grants = EngineeringGrant.objects.filter(project__in=[side.pk for side, _ in sides]).order_by()
    granted = dict(grants.values_list("project").annotate(Sum("amount")))
    return [
        Ahead(side, pair, granted.get(side.pk) if side.is_readable else None)
        for side, pair in sides
        if side.state in ENGINEERED or side.pk in granted
    ]


def situations(ahead: list[Ahead]) -> list[Situation]:
    """Those of the doctrine that these projects are in, each once."""
    met = {each.situation.number: each.situation for each in ahead}
    return [met[number] for number in sorted(met)]
