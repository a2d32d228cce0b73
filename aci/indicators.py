"""How an indicator of an ACI pays: by steps, or by a weighted rate (docs/rules/indicators.md).

Steps are those read in signed contracts: amounts by step reached, whose maxima make exactly the variable part of the
mission. The weighted rate is met in practice and in no text found: it is a choice of each negotiation.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from aci.money import cents, in_euros, percent
from aci.remuneration import Labelled, total

WHOLE = Decimal(100)
DONE_WORDS = {True: "fait", False: "non fait"}
NOT_ENGAGED = "sa mission n'est pas engagée cette année-là."


class Direction(Labelled):
    """What an indicator asks of its value."""

    DECREASE = "decrease", "Diminuer"
    INCREASE = "increase", "Augmenter"
    MAINTAIN = "maintain", "Maintenir"
    DONE = "done", "Fait ou non fait"
    AT_LEAST = "at_least", "Au moins n"


class Calculation(Labelled):
    STEPS = "steps", "Par paliers"
    WEIGHTED = "weighted", "Taux pondéré"


@dataclass(frozen=True, slots=True)
class Step:
    """Both bounds are of the step; None: as low, or as high, as can be."""

    low: Decimal | None
    high: Decimal | None
    amount: Decimal

    def holds(self, value: Decimal) -> bool:
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        match self.low, self.high:
            case None, None:
                return "toute valeur"
            case None, high:
                return f"≤ {written(high)}"
            case low, None:
                return f"≥ {written(low)}"
            case low, high if low == high:
                return written(low)
        return f"{written(self.low)} à {written(self.high)}"


@dataclass(frozen=True, slots=True)
class Agreed:
    """An indicator as negotiated for a contract year. `decimals`: how precise its values are; amounts in euros."""

    key: int
    label: str
    mission: str
    is_paying: bool
    direction: Direction
    decimals: int = 0
    steps: tuple[Step, ...] = ()
    baseline: Decimal | None = None
    target: Decimal | None = None
    weight: Decimal | None = None  # hundredths of the mission's envelope

    @property
    def most(self) -> Decimal:
        """The most that its steps pay."""
        return max((step.amount for step in self.steps), default=Decimal(0))


@dataclass(frozen=True, slots=True)
class Earned:
    """What one indicator has earned. `value` is None as long as there is no valid result."""

    agreed: Agreed
    value: Decimal | None
    amount: Decimal
    formula: str


@dataclass(frozen=True, slots=True)
class VariablePart:
    """What a mission has earned; never more than its envelope."""

    mission: str
    envelope: Decimal
    lines: tuple[Earned, ...]

    @property
    def earned(self) -> Decimal:
        return total(line.amount for line in self.lines)

    @property
    def amount(self) -> Decimal:
        return min(self.earned, self.envelope)

    @property
    def rate(self) -> Decimal | None:
        """Share of the envelope that was earned; None when there is nothing to earn."""
        return self.amount / self.envelope if self.envelope else None


def variable_part(
    mission: str,
    agreed: Iterable[Agreed],
    values: Mapping[int, Decimal],
    envelope: Decimal,
    calculation: Calculation = Calculation.STEPS,
) -> VariablePart:
    """The variable part of a mission, line by line; `values` are the valid final results by the indicator's key."""
    of_mission = [each for each in agreed if each.mission == mission]
    lines = [earned(each, values.get(each.key), envelope, calculation) for each in of_mission]
    if calculation == Calculation.WEIGHTED and _is_fully_met(lines):
        lines = _made_whole(lines, envelope)
    return VariablePart(mission, envelope, tuple(lines))


def _is_fully_met(lines: Iterable[Earned]) -> bool:
    """Whether every paying target is reached, by weights that make the whole."""
    paying = [line for line in lines if line.agreed.is_paying]
    met = [line for line in paying if line.value is not None and is_reached(line.agreed, line.value)]
    return len(met) == len(paying) and total(line.agreed.weight or Decimal(0) for line in paying) == WHOLE


def _made_whole(lines: list[Earned], envelope: Decimal) -> list[Earned]:
    """The last paying line takes the cents that rounding each of them has lost, or gained."""
    rest = envelope - total(line.amount for line in lines)
    last = max(rank for rank, line in enumerate(lines) if line.agreed.is_paying)
    if rest:
        formula = f"{lines[last].formula}, {'+' * (rest > 0)}{in_euros(rest)} d'arrondi"
        lines[last] = replace(lines[last], amount=lines[last].amount + rest, formula=formula)
    return lines


def earned(agreed: Agreed, value: Decimal | None, envelope: Decimal, calculation: Calculation) -> Earned:
    nothing = Decimal(0)
    if not agreed.is_paying:
        return Earned(agreed, value, nothing, "indicateur de suivi : 0 €")
    if value is None:
        return Earned(agreed, None, nothing, "pas de résultat final validé par la CPAM et l'ARS")
    if calculation == Calculation.STEPS:
        step = reached(agreed.steps, value)
        if step is None:
            return Earned(agreed, value, nothing, f"{value_words(value, agreed.direction)} : aucun palier atteint")
        told = f"{value_words(value, agreed.direction)} : palier {step_words(step, agreed.direction)}"
        return Earned(agreed, value, step.amount, f"{told} → {in_euros(step.amount)}")
    rate, weight = rate_of(agreed, value), agreed.weight or nothing
    amount = cents(envelope * weight / WHOLE * rate)
    formula = f"{in_euros(envelope)} × {percent(weight / WHOLE)} × {percent(rate)} atteint"
    return Earned(agreed, value, amount, formula)


def reached(steps: Iterable[Step], value: Decimal) -> Step | None:
    return next((step for step in steps if step.holds(value)), None)


def rate_of(agreed: Agreed, value: Decimal) -> Decimal:
    """How far the value has come from the baseline to the target, between 0 and 1.

    All or nothing when there is no way to go: no baseline, or one that meets the target already.
    """
    if is_reached(agreed, value):
        return Decimal(1)
    if agreed.direction in (Direction.DONE, Direction.MAINTAIN) or agreed.target is None or agreed.baseline is None:
        return Decimal(0)
    if is_reached(agreed, agreed.baseline):
        return Decimal(0)
    return max(Decimal(0), (value - agreed.baseline) / (agreed.target - agreed.baseline))


def is_reached(agreed: Agreed, value: Decimal) -> bool:
    """Whether the target is met; the best step stands for it when no target was told."""
    if agreed.target is None:
        step = reached(agreed.steps, value)
        return step is not None and step.amount == agreed.most
    if agreed.direction == Direction.DECREASE:
        return value <= agreed.target
    return value >= agreed.target


def most_of(agreed: Agreed, envelope: Decimal, calculation: Calculation) -> Decimal:
    """The most that an indicator may earn, in euros."""
    if not agreed.is_paying:
        return Decimal(0)
    if calculation == Calculation.STEPS:
        return agreed.most
    return cents(envelope * (agreed.weight or Decimal(0)) / WHOLE)


def value_problem(agreed: Agreed, value: Decimal) -> str:
    """Why this cannot be a result of the indicator; empty when it can."""
    if agreed.direction == Direction.DONE and value not in (0, 1):
        return "Cet indicateur est fait (1) ou non fait (0)."
    if value < 0:
        return "Un résultat ne peut pas être négatif."
    if value % _unit(agreed):
        return f"Cet indicateur se mesure {_precision(agreed)}."
    return ""


def step_problems(agreed: Agreed) -> list[str]:
    """Why these steps do not pay every value once, the better the more; empty when they do. In the order of values."""
    steps = sorted(agreed.steps, key=lambda step: (step.low is not None, step.low or Decimal(0)))
    if not steps:
        return ["Donnez au moins un palier."]
    if found := [f"Palier {step} : {problem}" for step in steps for problem in _problems_alone(step, agreed)]:
        return found
    if agreed.most == 0:
        found.append("Aucun palier ne paie : c'est un indicateur de suivi.")
    unit = _unit(agreed)
    for one, other in pairwise(steps):
        found += _joint_problems(one, other, unit)
    return [*found, *_direction_problems(agreed, steps)]


def _unit(agreed: Agreed) -> Decimal:
    """The smallest difference between two values."""
    return Decimal(1).scaleb(-agreed.decimals)


def _problems_alone(step: Step, agreed: Agreed) -> list[str]:
    """What is wrong with a step whatever its neighbours."""
    bounds = [bound for bound in (step.low, step.high) if bound is not None]
    found = []
    if step.amount < 0:
        found.append("un montant ne peut pas être négatif.")
    if any(bound < 0 for bound in bounds):
        found.append("une borne ne peut pas être négative.")
    if any(bound % _unit(agreed) for bound in bounds):
        found.append(f"cet indicateur se mesure {_precision(agreed)}, ses bornes aussi.")
    if step.low is not None and step.high is not None and step.low > step.high:
        found.append("la première borne dépasse la seconde.")
    return found


def _precision(agreed: Agreed) -> str:
    if agreed.decimals == 0:
        return "sans décimale"
    return f"avec {agreed.decimals} décimale{'s' if agreed.decimals > 1 else ''} au plus"


def _joint_problems(one: Step, other: Step, unit: Decimal) -> list[str]:
    if one.high is None or other.low is None or other.low <= one.high:
        return [f"Les paliers {one} et {other} se chevauchent : une même valeur y paierait deux fois."]
    if other.low - one.high > unit:
        return [f"Rien n'est dit entre {written(one.high)} et {written(other.low)} : comblez ce trou."]
    return []


def _direction_problems(agreed: Agreed, steps: list[Step]) -> list[str]:
    """The best values must pay something, and a better one never less."""
    amounts = [step.amount for step in steps]
    match agreed.direction:
        case Direction.DECREASE:
            if steps[0].low is not None and steps[0].low > 0:
                return [f"Rien n'est dit sous {written(steps[0].low)} : le premier palier doit être ouvert (≤)."]
            if amounts != sorted(amounts, reverse=True):
                return ["L'indicateur doit diminuer : un palier plus bas ne peut pas payer moins."]
        case Direction.INCREASE | Direction.AT_LEAST:
            if steps[-1].high is not None:
                return [
                    f"Rien n'est dit au-dessus de {written(steps[-1].high)} : le dernier palier doit être ouvert (≥)."
                ]
            if amounts != sorted(amounts):
                return ["L'indicateur doit augmenter : un palier plus haut ne peut pas payer moins."]
        case Direction.DONE:
            undone, done = reached(steps, Decimal(0)), reached(steps, Decimal(1))
            if (undone and undone.amount) or done is None or done.amount < agreed.most:
                return ["Un indicateur « fait ou non fait » a un seul palier payant : 1."]
    return []


def set_problems(
    agreed: Iterable[Agreed], calculation: Calculation, envelopes: Mapping[str, tuple[str, Decimal]]
) -> list[str]:
    """Why these indicators cannot be retained for a contract year; empty when they can.

    `envelopes`: the label and the variable part, in euros, of each mission engaged that year.
    """
    paying: dict[str, list[Agreed]] = defaultdict(list)
    for each in agreed:
        if each.is_paying:
            paying[each.mission].append(each)
    found = [
        f"« {each.label} » : {NOT_ENGAGED}"
        for mission, indicators in paying.items()
        if mission not in envelopes
        for each in indicators
    ]
    for mission, (label, envelope) in envelopes.items():
        indicators = paying.get(mission, [])
        if envelope:
            found += [
                f"« {each.label} » : {problem}" for each in indicators for problem in problems_of(each, calculation)
            ]
        found += [f"Mission « {label} » : {problem}" for problem in mission_problems(indicators, envelope, calculation)]
    return found


def problems_of(agreed: Agreed, calculation: Calculation) -> list[str]:
    """Why this indicator cannot be retained as it is, whatever the others."""
    if not agreed.is_paying:
        return []
    if calculation == Calculation.STEPS:
        return step_problems(agreed)
    if agreed.weight is None or agreed.target is None:
        return ["un taux pondéré demande un poids et une cible."]
    return [] if agreed.weight > 0 else ["le poids doit être positif."]


def mission_problems(paying: Iterable[Agreed], envelope: Decimal, calculation: Calculation) -> list[str]:
    """Why these paying indicators do not share out the variable part of their mission exactly."""
    paying = list(paying)
    if envelope == 0:
        return ["elle n'a pas de volet variable, aucun indicateur n'y paie."] if paying else []
    if not paying:
        return [f"aucun indicateur payant pour un volet variable de {in_euros(envelope)}."]
    if calculation == Calculation.WEIGHTED:
        weights = total(each.weight or Decimal(0) for each in paying)
        return [] if weights == WHOLE else [f"les poids font {plain(weights)} %, et non 100 %."]
    most = total(each.most for each in paying)
    if most == envelope:
        return []
    gap = f"{in_euros(abs(envelope - most))} {'manquent' if most < envelope else 'de trop'}"
    return [
        f"les maximums des indicateurs font {in_euros(most)}, et le volet variable est de {in_euros(envelope)} : {gap}."
    ]


def plain(value: Decimal | None) -> str:
    """A value as people type it, and as files hold it: 66,26 ; 5219."""
    return "" if value is None else f"{value.normalize():f}".replace(".", ",")


def written(value: Decimal | None) -> str:
    """A value as people read it, with narrow no-break spaces: 66,26 ; 5 219."""
    return "" if value is None else f"{value.normalize():,f}".replace(",", "\u202f").replace(".", ",")


def value_words(value: Decimal | None, direction: Direction | str, unit: str = "") -> str:
    """A value with its unit: « 66,26 % » ; « fait » or « non fait » for what is only done or not."""
    if value is None:
        return ""
    if direction == Direction.DONE:
        return DONE_WORDS[bool(value)]
    return f"{written(value)}\u00a0{unit}".rstrip("\u00a0")


def step_words(step: Step, direction: Direction | str) -> str:
    """« 51 à 100 », « ≥ 40 » ; « fait » or « non fait » for what is only done or not."""
    is_one_value = step.low is not None and step.low == step.high
    return DONE_WORDS[bool(step.low)] if direction == Direction.DONE and is_one_value else str(step)
