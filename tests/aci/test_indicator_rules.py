"""What an indicator pays, by steps or by a weighted rate, and which sets of indicators can be retained."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.indicators import (
    Agreed,
    Calculation,
    Direction,
    Step,
    earned,
    is_reached,
    rate_of,
    reached,
    set_problems,
    step_problems,
    step_words,
    value_problem,
    value_words,
    variable_part,
)

STEPS, WEIGHTED = Calculation
ENVELOPE = Decimal(35_000)


def steps(*told: tuple) -> tuple[Step, ...]:
    def bound(value: object) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    return tuple(Step(bound(low), bound(high), Decimal(amount)) for low, high, amount in told)


def agreed(direction: Direction = Direction.DECREASE, *told: tuple, **said) -> Agreed:
    facts = {"key": 1, "label": "Indicateur", "mission": "acces_soins", "is_paying": True} | said
    for name in ("baseline", "target", "weight"):
        if facts.get(name) is not None:
            facts[name] = Decimal(str(facts[name]))
    return Agreed(direction=direction, steps=steps(*told), **facts)


ALD = agreed(Direction.DECREASE, (None, 50, 9_000), (51, 100, 6_000), (101, 219, 3_000), baseline=219, label="ALD")
BREAST = agreed(
    Direction.INCREASE,
    ("69.70", "72.39", 1_000),
    ("72.40", "74.99", 2_500),
    (75, None, 3_500),
    baseline="66.26",
    decimals=2,
)


@pytest.mark.parametrize(
    ("value", "amount"), [(0, 9_000), (50, 9_000), (51, 6_000), (100, 6_000), (101, 3_000), (219, 3_000), (220, 0)]
)
def test_patients_in_ald_without_a_doctor(value, amount):
    assert earned(ALD, Decimal(value), ENVELOPE, STEPS).amount == amount


@pytest.mark.parametrize(
    ("value", "amount"),
    [("66.26", 0), ("69.69", 0), ("69.70", 1_000), ("72.39", 1_000), ("72.4", 2_500), ("75", 3_500), ("81.02", 3_500)],
)
def test_a_screening_rate_with_decimals(value, amount):
    assert step_problems(BREAST) == []
    assert earned(BREAST, Decimal(value), ENVELOPE, STEPS).amount == amount


def test_each_line_says_how_it_was_reckoned():
    assert earned(ALD, Decimal(100), ENVELOPE, STEPS).formula == "100 : palier 51 à 100 → 6\u202f000,00\u00a0€"
    assert earned(ALD, Decimal(220), ENVELOPE, STEPS).formula == "220 : aucun palier atteint"
    assert earned(ALD, None, ENVELOPE, STEPS).formula == "pas de résultat final validé par la CPAM et l'ARS"
    half = agreed(baseline=200, target=100, weight=40)
    formula = "35\u202f000,00\u00a0€ × 40\u00a0% × 50\u00a0% atteint"
    assert earned(half, Decimal(150), ENVELOPE, WEIGHTED).formula == formula


@pytest.mark.parametrize("weights", [("33.33", "33.33", "33.34"), ("16.67", "16.67", "66.66"), ("12.5", "87.5")])
@pytest.mark.parametrize("envelope", ["35000", "26178.08", "0.05"])
def test_a_full_success_pays_exactly_the_envelope(weights, envelope):
    told = [agreed(key=key, baseline=200, target=100, weight=weight) for key, weight in enumerate(weights)]
    followed = agreed(key=9, is_paying=False)
    values = {each.key: Decimal(100) for each in told}
    part = variable_part("acces_soins", [*told, followed], values, Decimal(envelope), WEIGHTED)
    assert part.earned == part.amount == Decimal(envelope)
    assert part.lines[-1].amount == 0
    short = variable_part("acces_soins", told, values | {0: Decimal(101)}, Decimal(envelope), WEIGHTED)
    assert "arrondi" not in "".join(line.formula for line in short.lines)


def test_a_followed_indicator_pays_nothing():
    followed = agreed(Direction.DECREASE, (None, 50, 9_000), is_paying=False)
    assert earned(followed, Decimal(0), ENVELOPE, STEPS).amount == 0
    assert set_problems([followed, ALD], STEPS, {"acces_soins": ("Accès", Decimal(9_000))}) == []


VALID = [
    (Direction.DECREASE, [(0, 50, 9_000), (51, 100, 0)]),
    (Direction.INCREASE, [(10, 19, 1_000), (20, None, 1_000)]),
    (Direction.AT_LEAST, [(4, None, 2_000)]),
    (Direction.MAINTAIN, [(40, 60, 2_000), (61, None, 500)]),
    (Direction.DONE, [(1, 1, 2_000)]),
    (Direction.DONE, [(0, 0, 0), (1, None, 2_000)]),
]
WRONG = [
    (Direction.DECREASE, [], "Donnez au moins un palier."),
    (Direction.DECREASE, [(None, 50, 9_000), (50, 100, 6_000)], "≤ 50 et 50 à 100 se chevauchent"),
    (Direction.DECREASE, [(None, 50, 9_000), (None, 100, 6_000)], "se chevauchent"),
    (Direction.INCREASE, [(10, None, 1_000), (20, None, 2_000)], "≥ 10 et ≥ 20 se chevauchent"),
    (Direction.DECREASE, [(None, 50, 9_000), (60, 100, 6_000)], "Rien n'est dit entre 50 et 60"),
    (Direction.DECREASE, [(10, 50, 9_000)], "Rien n'est dit sous 10"),
    (Direction.INCREASE, [(10, 50, 9_000)], "Rien n'est dit au-dessus de 50"),
    (Direction.AT_LEAST, [(4, 6, 9_000)], "Rien n'est dit au-dessus de 6"),
    (Direction.DECREASE, [(None, 50, 3_000), (51, 100, 6_000)], "un palier plus bas ne peut pas payer moins"),
    (Direction.INCREASE, [(10, 19, 6_000), (20, None, 3_000)], "un palier plus haut ne peut pas payer moins"),
    (Direction.DONE, [(0, 1, 2_000)], "un seul palier payant"),
    (Direction.DONE, [(1, 1, 0), (2, None, 2_000)], "un seul palier payant"),
    (Direction.DECREASE, [(None, 50, -9_000)], "un montant ne peut pas être négatif"),
    (Direction.DECREASE, [(-10, 50, 9_000)], "une borne ne peut pas être négative"),
    (Direction.DECREASE, [(100, 50, 9_000)], "la première borne dépasse la seconde"),
    (Direction.DECREASE, [(None, "50.4", 9_000), ("51.4", 100, 6_000)], "se mesure sans décimale"),
    (Direction.DECREASE, [(None, 50, 0)], "Aucun palier ne paie"),
]


@pytest.mark.parametrize(("direction", "told"), VALID)
def test_steps_that_hold(direction, told):
    assert step_problems(agreed(direction, *told)) == []


@pytest.mark.parametrize(("direction", "told", "problem"), WRONG)
def test_steps_that_do_not_hold(direction, told, problem):
    assert problem in " ".join(step_problems(agreed(direction, *told)))


def test_steps_are_read_in_the_order_of_values_however_they_were_typed():
    shuffled = agreed(Direction.DECREASE, (101, 219, 3_000), (None, 50, 9_000), (51, 100, 6_000))
    assert step_problems(shuffled) == []


@pytest.mark.parametrize(
    ("direction", "said", "value", "rate"),
    [
        (Direction.DECREASE, {"baseline": 200, "target": 100}, 150, "0.5"),
        (Direction.DECREASE, {"baseline": 200, "target": 100}, 40, "1"),
        (Direction.DECREASE, {"baseline": 200, "target": 100}, 260, "0"),
        (Direction.INCREASE, {"baseline": 60, "target": 80}, 65, "0.25"),
        (Direction.INCREASE, {"baseline": 60, "target": 80}, 95, "1"),
        (Direction.INCREASE, {"baseline": 60, "target": 80}, 50, "0"),
        (Direction.AT_LEAST, {"target": 4}, 3, "0"),
        (Direction.AT_LEAST, {"target": 4}, 4, "1"),
        (Direction.MAINTAIN, {"baseline": 80, "target": 75}, 75, "1"),
        (Direction.MAINTAIN, {"baseline": 80, "target": 75}, 74, "0"),
        (Direction.DONE, {"baseline": 0, "target": 1}, 1, "1"),
        (Direction.DECREASE, {"baseline": 40, "target": 50}, 60, "0"),  # to stay under 50: no way to go, and not met
        (Direction.DECREASE, {"baseline": 40, "target": 50}, 30, "1"),
        (Direction.DECREASE, {"baseline": 50, "target": 50}, 51, "0"),
        (Direction.DECREASE, {"baseline": 200}, 0, "0"),
    ],
)
def test_the_weighted_rate_is_the_way_gone(direction, said, value, rate):
    assert rate_of(agreed(direction, **said), Decimal(value)) == Decimal(rate)


def test_without_a_target_the_best_step_stands_for_it():
    assert is_reached(ALD, Decimal(50))
    assert not is_reached(ALD, Decimal(51))


@pytest.mark.parametrize(
    ("direction", "decimals", "value", "problem"),
    [
        (Direction.DONE, 0, "2", "fait (1) ou non fait (0)"),
        (Direction.DECREASE, 0, "-1", "négatif"),
        (Direction.DECREASE, 0, "66.2", "sans décimale"),
        (Direction.INCREASE, 2, "66.263", "avec 2 décimales au plus"),
        (Direction.INCREASE, 2, "66.26", ""),
    ],
)
def test_what_can_be_a_value(direction, decimals, value, problem):
    found = value_problem(agreed(direction, decimals=decimals), Decimal(value))
    assert problem in found if problem else found == ""


def test_the_variable_part_is_capped_by_the_envelope():
    part = variable_part("acces_soins", [ALD, BREAST], {1: Decimal(10)}, Decimal(10_000))
    assert (part.earned, part.amount, part.rate) == (Decimal(9_000), Decimal(9_000), Decimal("0.9"))
    both = variable_part(
        "acces_soins",
        [ALD, agreed(Direction.DONE, (1, 1, 4_000), key=2)],
        {1: Decimal(0), 2: Decimal(1)},
        Decimal(10_000),
    )
    assert (both.earned, both.amount, both.rate) == (Decimal(13_000), Decimal(10_000), Decimal(1))


@pytest.mark.parametrize(
    ("envelope", "gap"),
    [(9_000, None), (10_000, "1\u202f000,00\u00a0€ manquent"), (8_000, "1\u202f000,00\u00a0€ de trop")],
)
def test_the_maxima_of_a_mission_make_its_envelope(envelope, gap):
    found = set_problems([ALD], STEPS, {"acces_soins": ("Accès", Decimal(envelope))})
    assert found == [] if gap is None else gap in found[0]


def test_a_set_says_which_mission_is_not_engaged_and_which_has_nothing():
    found = set_problems([ALD], STEPS, {"parcours": ("Parcours", Decimal(45_000))})
    assert found == [
        "« ALD » : sa mission n'est pas engagée cette année-là.",
        "Mission « Parcours » : aucun indicateur payant pour un volet variable de 45\u202f000,00\u00a0€.",
    ]
    without = set_problems([ALD], STEPS, {"acces_soins": ("Plan de crise", Decimal(0))})
    assert without == ["Mission « Plan de crise » : elle n'a pas de volet variable, aucun indicateur n'y paie."]


def test_weights_make_a_hundred():
    envelopes = {"acces_soins": ("Accès", ENVELOPE)}
    pair = [agreed(target=100, weight=60), agreed(target=100, weight="39.5")]
    assert set_problems(pair, WEIGHTED, envelopes) == ["Mission « Accès » : les poids font 99,5 %, et non 100 %."]
    assert set_problems([agreed(target=100, weight=100)], WEIGHTED, envelopes) == []
    without_target = set_problems([agreed(weight=100)], WEIGHTED, envelopes)
    assert without_target == ["« Indicateur » : un taux pondéré demande un poids et une cible."]


@st.composite
def paying_steps(draw: st.DrawFn) -> Agreed:
    """Steps side by side, of a decrease or an increase, valid by their making."""
    bounds = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=6, unique=True).map(sorted))
    amounts = draw(st.lists(st.integers(1, 50_000), min_size=len(bounds), max_size=len(bounds)).map(sorted))
    decimals = draw(st.integers(0, 2))
    unit = Decimal(1).scaleb(-decimals)
    scaled = [bound * unit for bound in bounds]
    if draw(st.booleans()):
        lows = [None, *(bound + unit for bound in scaled[:-1])]
        rows = zip(lows, scaled, reversed(amounts), strict=True)
        direction = Direction.DECREASE
    else:
        highs = [*(bound - unit for bound in scaled[1:]), None]
        rows = zip(scaled, highs, amounts, strict=True)
        direction = Direction.INCREASE
    return Agreed(1, "x", "m", True, direction, decimals, tuple(Step(*row[:2], Decimal(row[2])) for row in rows))


@given(paying_steps(), st.integers(0, 20_000))
def test_every_value_of_the_right_side_is_paid_by_one_step(indicator, value):
    assert step_problems(indicator) == []
    value = Decimal(value).scaleb(-indicator.decimals)
    holding = [step for step in indicator.steps if step.holds(value)]
    if indicator.direction == Direction.DECREASE:
        is_on_the_right_side = value <= max(step.high for step in indicator.steps)
    else:
        is_on_the_right_side = value >= min(step.low for step in indicator.steps)
    assert len(holding) == is_on_the_right_side
    assert reached(indicator.steps, value) == (holding[0] if holding else None)


@given(
    paying_steps(), st.integers(0, 20_000), st.integers(0, 60_000), st.integers(0, 100), st.sampled_from(Calculation)
)
def test_the_variable_part_is_never_above_the_envelope(indicator, value, envelope, weight, calculation):
    told = Agreed(
        1, "x", "m", True, indicator.direction, indicator.decimals, indicator.steps, Decimal(50), Decimal(9), weight
    )
    part = variable_part("m", [told, told], {1: Decimal(value)}, Decimal(envelope), calculation)
    assert 0 <= part.amount <= part.envelope


def test_values_and_steps_are_written_as_people_read_them():
    (step,) = steps((3_001, 4_000, 8_000))
    assert str(step) == "3\u202f001 à 4\u202f000"
    assert value_words(Decimal("5000.00"), Direction.INCREASE, "patients") == "5\u202f000\u00a0patients"
    assert value_words(Decimal("66.2600"), Direction.DECREASE) == "66,26"
    assert value_words(None, Direction.DECREASE, "%") == ""
    done = agreed(Direction.DONE, (0, 0, 0), (1, 1, 5_000))
    assert [step_words(step, done.direction) for step in done.steps] == ["non fait", "fait"]
    assert earned(done, Decimal(1), ENVELOPE, STEPS).formula == "fait : palier fait → 5\u202f000,00\u00a0€"
