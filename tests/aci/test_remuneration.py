"""The rule of docs/rules/remuneration.md, on the tariffs that the product ships."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aci.models import Tariff
from aci.remuneration import (
    FRANCE,
    SUPPLEMENT,
    AbsurdPopulation,
    IncompleteTariff,
    Kind,
    Line,
    TariffData,
    Tier,
    UnknownMission,
    Verified,
    remuneration,
    tier_problems,
)

ONE_OF_EACH_TIER = [20_000, 60_000, 100_000, 200_000]


@pytest.fixture
def aci_2019(tariffs) -> TariffData:
    return Tariff.objects.get(code="2019").data()


@pytest.fixture
def amendment_2(tariffs) -> TariffData:
    return Tariff.objects.get(code="avenant-2").data()


@pytest.mark.parametrize(
    ("population", "tier", "without", "with_supplement"),
    [
        (20_000, 1, 185_000, 220_000),
        (60_000, 2, 242_000, 287_000),
        (100_000, 3, 315_000, 370_000),
        (200_000, 4, 380_000, 450_000),
    ],
)
def test_totals_of_2019(aci_2019, population, tier, without, with_supplement):
    granted = remuneration(population, aci_2019)
    assert granted.tier == tier
    assert granted.without_supplement == without
    assert granted.with_supplement == granted.total == with_supplement
    assert granted.conditional == ()


@pytest.mark.parametrize(
    ("population", "everything"),
    [(20_000, 287_500), (60_000, 379_500), (100_000, 487_500), (200_000, 580_000)],
)
def test_first_year_of_amendment_2_adds_up_to_the_published_maximum(amendment_2, population, everything):
    granted = remuneration(population, amendment_2)
    assert granted.total + granted.conditional_total == everything
    assert [line.mission for line in granted.conditional] == ["crise_reconnue"]


def test_tier_3_of_amendment_2_is_what_signed_contracts_say(amendment_2):
    later = {line.mission: line for line in remuneration(100_000, amendment_2, contract_year=2).lines}
    care = [later["acces_soins"], later[SUPPLEMENT]]
    assert (sum(line.fixed for line in care), sum(line.variable for line in care)) == (90_000, 35_000)
    assert later["parcours"].total == 90_000
    assert later["crise_mise_a_jour"].fixed == 22_500
    assert "crise_plan" not in later


@pytest.mark.parametrize(("year", "mission"), [(1, "crise_plan"), (2, "crise_mise_a_jour"), (5, "crise_mise_a_jour")])
def test_crisis_plan_is_paid_once_then_updated(amendment_2, year, mission):
    lines = remuneration(100_000, amendment_2, contract_year=year).lines
    assert [line.mission for line in lines if line.mission.startswith("crise")] == [mission]


@pytest.mark.parametrize(
    ("population", "tier", "to_previous", "to_next"),
    [
        (1, 1, None, 39_999),
        (39_999, 1, None, 1),
        (40_000, 2, 1, 40_000),
        (79_999, 2, 40_000, 1),
        (80_000, 3, 1, 95_001),
        (98_204, 3, 18_205, 76_797),
        (175_000, 3, 95_001, 1),
        (175_001, 4, 1, None),
    ],
)
def test_tier_and_distance_to_its_neighbours(aci_2019, population, tier, to_previous, to_next):
    granted = remuneration(population, aci_2019)
    assert (granted.tier, granted.to_previous, granted.to_next) == (tier, to_previous, to_next)
    assert bool(granted.warnings) == (population in {40_000, 80_000, 175_000})


def test_warning_on_a_threshold_says_the_convention_and_the_sources(aci_2019):
    (warning,) = remuneration(175_000, aci_2019).warnings
    assert "175\u202f000 habitants : taille 3 retenue par convention" in warning
    assert "« > 175 000 »" in warning


def test_only_the_chosen_missions_count(aci_2019):
    granted = remuneration(100_000, aci_2019, missions={"fonctionnement", "parcours"})
    assert granted.total == 165_000
    assert (granted.without_supplement, granted.with_supplement) == (165_000, 220_000)


def test_unknown_mission_is_refused(aci_2019):
    with pytest.raises(UnknownMission, match="crise_plan"):
        remuneration(100_000, aci_2019, missions={"crise_plan"})


@pytest.mark.parametrize(
    ("population", "why"),
    [
        (0, "au moins 1 habitant"),
        (-5, "Une population de -5"),
        (FRANCE + 1, "la France entière en compte 68\u202f350\u202f798"),
        (98_204.0, "nombre entier"),
        (True, "nombre entier"),
    ],
)
def test_absurd_populations_are_refused(aci_2019, population, why):
    with pytest.raises(AbsurdPopulation, match=why):
        remuneration(population, aci_2019)


def test_most_inhabitants_is_a_parameter(aci_2019):
    assert remuneration(FRANCE, aci_2019).tier == 4
    with pytest.raises(AbsurdPopulation):
        remuneration(500_001, aci_2019, most_inhabitants=500_000)


def test_amount_that_is_missing_is_told(aci_2019):
    lines = {
        tier: [line for line in of_tier if (tier, line.mission) != (4, "parcours")]
        for tier, of_tier in aci_2019.lines.items()
    }
    granted = remuneration(200_000, replace(aci_2019, lines={tier: tuple(of_tier) for tier, of_tier in lines.items()}))
    assert granted.total == 350_000
    assert "aucun montant pour « Parcours pluriprofessionnels autour du patient » en taille 4" in granted.warnings[0]


def test_tariff_without_tiers_is_refused(aci_2019):
    with pytest.raises(IncompleteTariff, match="aucune taille pour 5\u202f000 habitants"):
        remuneration(5_000, replace(aci_2019, tiers=()))


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ([], "se suivre à partir de 1"),
        ([Tier(1, 0, True), Tier(3, 10, True)], "se suivre à partir de 1"),
        ([Tier(1, 5, True), Tier(2, 10, True)], "commencer à 0"),
        ([Tier(1, 0, True), Tier(2, 20, True), Tier(3, 10, True)], "croître"),
    ],
)
def test_tiers_must_make_one_scale(tiers, problem):
    assert problem in " ".join(tier_problems(tiers))


euros = st.decimals(0, 10**6, places=2)


@st.composite
def any_tariff(draw) -> TariffData:
    # Even, so that every tier holds at least one number of inhabitants, its bounds included or not.
    bounds = sorted(2 * half for half in draw(st.sets(st.integers(1, 150_000), max_size=5)))
    tiers = [Tier(1, 0, True), *(Tier(n, bound, draw(st.booleans())) for n, bound in enumerate(bounds, start=2))]
    missions = draw(st.sets(st.sampled_from(["fonctionnement", "acces_soins", SUPPLEMENT, "crise"]), min_size=1))
    kinds = {mission: draw(st.sampled_from(Kind)) for mission in missions}
    lines = {
        tier.number: tuple(
            Line(m, m, kinds[m], draw(euros), draw(euros), Verified.NO, "tirage") for m in sorted(missions)
        )
        for tier in tiers
    }
    return TariffData("x", "x", date(2020, 1, 1), tuple(tiers), lines)


@given(any_tariff(), st.integers(1, 400_000), st.integers(1, 400_000))
def test_tier_never_falls_when_population_grows(tariff, one, other):
    small, large = sorted([one, other])
    assert remuneration(small, tariff).tier <= remuneration(large, tariff).tier


@given(any_tariff(), st.integers(1, 400_000))
def test_totals_are_the_sums_of_the_lines(tariff, population):
    granted = remuneration(population, tariff)
    assert granted.fixed + granted.variable == granted.total == sum((line.total for line in granted.lines), Decimal(0))
    assert granted.total == granted.without_supplement + sum(
        line.total for line in granted.lines if line.mission == SUPPLEMENT
    )
    assert {line.kind for line in granted.conditional} <= {Kind.CONDITIONAL}
    assert {*granted.lines, *granted.conditional} == {*tariff.lines[granted.tier]}


@given(any_tariff(), st.integers(1, 400_000))
def test_distances_are_the_smallest_that_change_the_tier(tariff, population):
    granted = remuneration(population, tariff)
    if granted.to_next is not None:
        assert remuneration(population + granted.to_next, tariff).tier == granted.tier + 1
        assert remuneration(population + granted.to_next - 1, tariff).tier == granted.tier
    if granted.to_previous is not None:
        assert remuneration(population - granted.to_previous, tariff).tier == granted.tier - 1
        assert remuneration(population - granted.to_previous + 1, tariff).tier == granted.tier
