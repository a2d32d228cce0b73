"""What changes between two versions of the indicators, indicator by indicator."""

from dataclasses import dataclass

from aci.contracts import agreed_of
from aci.indicators import plain, step_words, value_words
from aci.models import Indicator, IndicatorSet, NegotiatedIndicator
from aci.money import in_euros
from aci.negotiation import negotiated_of

FACTS = (
    "Effet",
    "Valeur initiale",
    "Cible",
    "Niveau d'atteinte possible",
    "Paliers",
    "Maximum",
    "Poids",
    "Commentaire",
)


@dataclass(frozen=True, slots=True)
class Change:
    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Compared:
    """An indicator in two versions; None where it is not."""

    indicator: Indicator
    before: NegotiatedIndicator | None
    after: NegotiatedIndicator | None
    changes: list[Change]

    @property
    def status(self) -> str:
        if self.before is None:
            return "Ajouté"
        if self.after is None:
            return "Retiré"
        return "Modifié" if self.changes else "Inchangé"


def compare(before: IndicatorSet, after: IndicatorSet) -> list[Compared]:
    """In the order of the version that comes after, what it has left out last."""
    old = {each.indicator_id: each for each in negotiated_of(before)}
    new = {each.indicator_id: each for each in negotiated_of(after)}
    return [_compared(old.get(key), new.get(key)) for key in new | old]


def _compared(before: NegotiatedIndicator | None, after: NegotiatedIndicator | None) -> Compared:
    old, new = _facts(before), _facts(after)
    changes = [Change(what, old[what], new[what]) for what in FACTS if old[what] != new[what]]
    return Compared((after or before).indicator, before, after, changes)


def _facts(negotiated: NegotiatedIndicator | None) -> dict[str, str]:
    """What the page tells of an indicator, in words."""
    if negotiated is None:
        return dict.fromkeys(FACTS, "")
    agreed = agreed_of(negotiated)
    said = (
        "Payant" if agreed.is_paying else "Suivi, à 0 €",
        value_words(agreed.baseline, agreed.direction),
        value_words(agreed.target, agreed.direction),
        value_words(negotiated.expected, agreed.direction),
        "\n".join(f"{step_words(step, agreed.direction)} : {in_euros(step.amount)}" for step in agreed.steps),
        in_euros(agreed.most) if agreed.steps else "",
        f"{plain(agreed.weight)}\u00a0%" if agreed.weight is not None else "",
        negotiated.comment,
    )
    return dict(zip(FACTS, said, strict=True))
