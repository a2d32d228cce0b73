"""What is due, when and why, from the contract alone: no database here."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aci.remuneration import Kind, Line, TariffData, Verified
from aci.schedule import (
    AFTER_DIALOGUE,
    RUNNING_COSTS,
    ContractData,
    Due,
    DueKind,
    Ending,
    Engagement,
    Proration,
    Rules,
    Settled,
    Terms,
    crisis_grants,
    grants,
    schedule,
)
from aci.schedule_check import engagement_problems, problems

MISSIONS = ["acces_soins", "parcours", "crise_plan"]
SIGNED = date(2020, 3, 1)


def line(mission: str, fixed: int | str, variable: int | str = 0, **facts) -> Line:
    said = {"label": mission, "kind": Kind.SOCLE, "verified": Verified.YES, "source": "inventé"}
    return Line(mission=mission, fixed=Decimal(fixed), variable=Decimal(variable), **said | facts)


def tariff(*tiers: tuple[Line, ...]) -> TariffData:
    return TariffData("essai", "Barème d'essai", date(2019, 1, 1), (), dict(enumerate(tiers, start=1)))


def tier(ratio: int = 1) -> tuple[Line, ...]:
    plan = {"follows": "crise_plan"}
    return (
        line("fonctionnement", 75_000 * ratio),
        line("acces_soins", 30_000 * ratio, 35_000 * ratio),
        line("parcours", 45_000 * ratio, 45_000 * ratio),
        line("crise_plan", 45_000 * ratio, last_year=1),
        line("crise_mise_a_jour", 22_500 * ratio, first_year=2, **plan),
        line("crise_reconnue", 0, 67_500 * ratio, kind=Kind.CONDITIONAL, **plan),
    )


TARIFF = tariff(tier(), tier(2))


def contract(*engagements: tuple[str, date], signed_on: date = SIGNED, **said) -> ContractData:
    told = {"signed_on": signed_on, "starts_on": signed_on, "terms": (Terms(1, 1, TARIFF),)}
    return ContractData(**told | said, engagements=tuple(Engagement(*each) for each in engagements))


def lines(data: ContractData, rules: Rules | None = None, **asked) -> list[tuple[str, str, str, int, str]]:
    """Date, kind, mission, contract year and amount of each line, as a table is written."""
    return [
        (f"{due.due_on}", due.kind.value, due.mission, due.year, f"{due.amount:.2f}")
        for due in schedule(data, rules or Rules(), **asked)
    ]


def of(data: ContractData, mission: str, *years: int, rules: Rules | None = None) -> list[tuple[str, str, str]]:
    """Date, kind and amount of a mission's lines."""
    found = lines(data, rules)
    return [(day, kind, amount) for day, kind, of, year, amount in found if of == mission and year in years]


def test_two_years_of_a_contract_of_tier_3():
    data = contract(("acces_soins", date(2020, 6, 1)))
    assert lines(data, until=date(2022, 3, 1)) == [
        ("2020-03-01", "signature", "fonctionnement", 1, "75000.00"),
        ("2020-06-01", "advance", "acces_soins", 1, "16828.77"),
        ("2021-03-01", "balance", "acces_soins", 1, "5609.59"),
        ("2021-03-01", "advance", "fonctionnement", 2, "56250.00"),
        ("2021-03-01", "advance", "acces_soins", 2, "22500.00"),
        ("2022-03-01", "balance", "fonctionnement", 2, "18750.00"),
        ("2022-03-01", "balance", "acces_soins", 2, "7500.00"),
        ("2022-03-01", "advance", "fonctionnement", 3, "56250.00"),
        ("2022-03-01", "advance", "acces_soins", 3, "22500.00"),
    ]
    formulas = [due.formula.replace("\u202f", " ").replace("\u00a0", " ") for due in schedule(data)[:4]]
    assert formulas == [
        "100 % × 75 000,00 €",
        "75 % × 30 000,00 € × 273/365",
        "30 000,00 € × 273/365 − 16 828,77 €",
        "75 % × 75 000,00 €",
    ]


def test_the_last_balances_fall_the_day_after_the_last_day_of_the_contract():
    last = lines(contract(("acces_soins", SIGNED)))[-2:]
    assert [each[:4] for each in last] == [
        ("2025-03-01", "balance", "fonctionnement", 5),
        ("2025-03-01", "balance", "acces_soins", 5),
    ]


def test_running_costs_of_the_first_year_are_due_at_the_signature_even_when_the_contract_starts_later():
    data = contract(starts_on=date(2020, 9, 15))
    assert lines(data, until=date(2021, 9, 15)) == [
        ("2020-03-01", "signature", "fonctionnement", 1, "75000.00"),
        ("2021-09-15", "advance", "fonctionnement", 2, "56250.00"),
    ]


@pytest.mark.parametrize(
    ("starts_on", "advance", "balance", "balanced_on"),
    [
        (date(2020, 3, 1), "22500.00", "7500.00", "2021-03-01"),  # the whole year
        (date(2020, 3, 2), "22438.36", "7479.45", "2021-03-01"),  # 364/365
        (date(2021, 2, 28), "61.64", "20.55", "2021-03-01"),  # its last day: 1/365
        (date(2021, 3, 1), "22500.00", "7500.00", "2022-03-01"),  # on the anniversary: the whole of the next year
        (date(2023, 3, 2), "22438.52", "7479.51", "2024-03-01"),  # a contract year of 366 days
    ],
)
def test_a_mission_started_on_and_around_the_anniversary(starts_on, advance, balance, balanced_on):
    year = starts_on.year - 2020 + (1 if starts_on >= date(starts_on.year, 3, 1) else 0)
    assert of(contract(("acces_soins", starts_on)), "acces_soins", year) == [
        (starts_on.isoformat(), "advance", advance),
        (balanced_on, "balance", balance),
    ]


def test_a_contract_of_the_29_february_keeps_its_day_in_leap_years():
    data = contract(signed_on=date(2020, 2, 29))
    advances = [due.due_on for due in schedule(data) if due.kind == DueKind.ADVANCE]
    assert advances == [date(2021, 2, 28), date(2022, 2, 28), date(2023, 2, 28), date(2024, 2, 29)]
    assert [year.days for year in data.all_years()] == [365, 365, 365, 366, 365]
    assert data.year_of(date(2021, 2, 27)) == 1
    assert data.year_of(date(2021, 2, 28)) == 2
    assert data.year_of(date(2024, 2, 28)) == 4
    assert data.year_of(date(2024, 2, 29)) == 5


@pytest.mark.parametrize(
    ("starts_on", "advance", "ratio"),
    [
        (date(2020, 6, 1), "16875.00", "9/12"),
        (date(2020, 6, 2), "16875.00", "9/12"),  # eight months and some days: the begun month counts
        (date(2021, 2, 28), "1875.00", "1/12"),
        (date(2020, 3, 2), "22500.00", ""),  # eleven months and some days: the whole year
    ],
)
def test_proration_by_months(starts_on, advance, ratio):
    rules = Rules(proration=Proration.MONTHS)
    first = next(due for due in schedule(contract(("acces_soins", starts_on)), rules) if due.mission == "acces_soins")
    assert f"{first.amount}" == advance
    assert first.formula.endswith(f" × {ratio}" if ratio else "€")


def test_the_crisis_plan_is_written_in_the_first_year_of_its_mission_then_updated():
    data = contract(("crise_plan", date(2021, 6, 1)))
    granted = [(grant.year.number, grant.line.mission) for grant in grants(data) if grant.line.mission != RUNNING_COSTS]
    assert granted == [
        (2, "crise_plan"),
        (3, "crise_mise_a_jour"),
        (4, "crise_mise_a_jour"),
        (5, "crise_mise_a_jour"),
    ]
    assert of(data, "crise_mise_a_jour", 3) == [
        ("2022-03-01", "advance", "16875.00"),
        ("2023-03-01", "balance", "5625.00"),
    ]


def in_crisis(*recognised_on: date, **said) -> ContractData:
    told = {"dialogues": {1: date(2021, 4, 2)}} | said
    return contract(("crise_plan", date(2020, 6, 1)), crises=recognised_on, **told)


@pytest.mark.parametrize(
    ("data", "paid"),
    [
        (in_crisis(), []),
        (in_crisis(date(2020, 10, 1)), [("2021-04-02", "crisis", "67500.00")]),
        (in_crisis(date(2020, 10, 1), date(2020, 12, 1)), [("2021-04-02", "crisis", "67500.00")]),  # once a year
        (in_crisis(date(2020, 10, 1), dialogues={}), []),
        (in_crisis(date(2020, 10, 1), dialogues={1: date(2021, 1, 15)}), [("2021-03-01", "crisis", "67500.00")]),
        (in_crisis(date(2020, 5, 31)), []),  # the mission was not engaged
        (in_crisis(date(2020, 4, 1), date(2020, 10, 1)), [("2021-04-02", "crisis", "67500.00")]),  # the second counts
        (in_crisis(date(2020, 12, 1), ended_on=date(2020, 11, 1)), []),  # after the contract
        (in_crisis(date(2020, 10, 1), ended_on=date(2020, 11, 1)), [("2021-04-02", "crisis", "67500.00")]),
    ],
)
def test_conditional_amounts(data, paid):
    assert of(data, "crise_reconnue", *range(1, 6)) == paid


def test_a_crisis_is_granted_once_recognised_and_apart():
    data = in_crisis(date(2020, 10, 1), date(2020, 12, 1), dialogues={})
    assert "crise_reconnue" not in {grant.line.mission for grant in grants(data)}
    (grant,) = crisis_grants(data)
    assert (grant.year.number, grant.since, grant.most) == (1, date(2020, 10, 1), Decimal(67_500))
    assert crisis_grants(in_crisis()) == []


@pytest.mark.parametrize(
    ("earned", "dialogues", "paid"),
    [
        ("6000", {}, []),
        ("6000", {2: date(2022, 4, 2)}, []),  # the dialogue of another year
        ("6000", {1: date(2021, 4, 2)}, [("2021-04-02", "6000.00")]),
        ("6000", {1: date(2021, 2, 1)}, [("2021-03-01", "6000.00")]),  # held early: with the balances
        ("35000.01", {1: date(2021, 4, 2)}, [("2021-04-02", "35000.00")]),
        ("0", {1: date(2021, 4, 2)}, []),
    ],
)
def test_the_variable_part_waits_for_its_dialogue_and_stays_in_the_envelope(earned, dialogues, paid):
    settled = (Settled(1, "acces_soins", Decimal(earned)),)
    data = contract(("acces_soins", date(2020, 6, 1)), settled=settled, dialogues=dialogues)
    found = [due for due in schedule(data) if due.kind == DueKind.VARIABLE]
    assert [(due.due_on.isoformat(), f"{due.amount:.2f}") for due in found] == paid
    assert all(("plafonné" in due.formula) == (Decimal(earned) > 35_000) for due in found)


@pytest.mark.parametrize(
    ("since", "due_on"),
    [
        ([None], date(2021, 4, 2)),
        ([date(2021, 3, 10)], date(2021, 4, 2)),  # the minutes came last
        ([date(2021, 3, 10), date(2021, 6, 5)], date(2021, 6, 5)),  # a result was validated after them
    ],
)
def test_the_variable_part_waits_for_the_last_of_its_results(since, due_on):
    settled = tuple(Settled(1, "acces_soins", Decimal(3_000), day) for day in since)
    others = (Settled(1, "parcours", Decimal(1_000), date(2021, 9, 1)),)
    missions = [("acces_soins", date(2020, 6, 1)), ("parcours", date(2020, 6, 1))]
    data = contract(*missions, settled=settled + others, dialogues={1: date(2021, 4, 2)})
    found = {due.mission: due.due_on for due in schedule(data) if due.kind == DueKind.VARIABLE}
    assert found == {"acces_soins": due_on, "parcours": date(2021, 9, 1)}


def test_a_stop_decided_ahead_takes_nothing_of_what_is_granted_before_it_comes():
    data = replace(contract(), engagements=(Engagement("acces_soins", SIGNED, date(2020, 6, 1)),))
    (grant,) = (grant for grant in grants(data) if grant.line.mission == "acces_soins")
    assert (grant.on(date(2020, 5, 31)).fixed, grant.on(date(2020, 6, 1)).fixed) == (30_000, Decimal("7561.64"))
    assert not grant.on(date(2020, 5, 31)).is_cut


def test_the_envelope_follows_the_year_only_when_the_rules_say_so():
    data = contract(("acces_soins", date(2020, 6, 1)))
    envelopes = [
        next(grant.variable for grant in grants(data, rules) if grant.line.mission == "acces_soins")
        for rules in (Rules(), Rules(prorates_variable=True))
    ]
    assert envelopes == [Decimal(35_000), Decimal("26178.08")]


@pytest.mark.parametrize(
    ("ending", "running_costs", "access"),
    [
        (
            Ending.PRORATED,
            [("2021-03-01", "advance", "56250.00"), ("2021-06-01", "recovery", "-37345.89")],
            [("2021-03-01", "advance", "22500.00"), ("2021-06-01", "recovery", "-14938.36")],
        ),
        (
            Ending.KEPT,
            [("2021-03-01", "advance", "56250.00"), ("2021-06-01", "balance", "18750.00")],
            [("2021-03-01", "advance", "22500.00"), ("2021-06-01", "balance", "7500.00")],
        ),
    ],
)
def test_a_contract_terminated_during_its_second_year(ending, running_costs, access):
    data = contract(("acces_soins", date(2020, 6, 1)), ended_on=date(2021, 6, 1))
    rules = Rules(ending=ending)
    assert of(data, "fonctionnement", 2, 3, 4, 5, rules=rules) == running_costs
    assert of(data, "acces_soins", 2, 3, 4, 5, rules=rules) == access


def test_what_was_paid_at_the_signature_is_given_back_in_proportion_when_the_first_year_is_cut():
    data = contract(ended_on=date(2020, 3, 11))
    assert of(data, "fonctionnement", 1) == [
        ("2020-03-01", "signature", "75000.00"),
        ("2020-03-11", "recovery", "-72945.21"),
    ]


def test_a_contract_ended_on_an_anniversary_owes_the_balance_of_the_whole_year_and_nothing_after():
    data = contract(ended_on=date(2021, 3, 1))
    assert [each[:2] for each in lines(data)] == [("2020-03-01", "signature")]


@pytest.mark.parametrize(
    ("ending", "last"),
    [
        (Ending.PRORATED, [("2021-03-01", "advance", "22500.00"), ("2021-12-01", "balance", "102.74")]),
        (Ending.KEPT, [("2021-03-01", "advance", "22500.00"), ("2021-12-01", "balance", "7500.00")]),
    ],
)
def test_a_mission_stopped_while_the_contract_lives(ending, last):
    stopped = Engagement("acces_soins", date(2020, 6, 1), date(2021, 12, 1))
    data = replace(contract(), engagements=(stopped,))
    rules = Rules(ending=ending)
    assert of(data, "acces_soins", 2, 3, 4, 5, rules=rules) == last
    assert of(data, "fonctionnement", 3, rules=rules)[0] == ("2022-03-01", "advance", "56250.00")


def test_an_amendment_changes_the_tier_from_a_contract_year_on():
    data = contract(("acces_soins", date(2020, 6, 1)), terms=(Terms(1, 1, TARIFF), Terms(3, 2, TARIFF)))
    assert of(data, "acces_soins", 2, 3) == [
        ("2021-03-01", "advance", "22500.00"),
        ("2022-03-01", "balance", "7500.00"),  # the balance of the second year keeps its tier
        ("2022-03-01", "advance", "45000.00"),
        ("2023-03-01", "balance", "15000.00"),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (contract(), ""),
        (contract(starts_on=date(2020, 2, 1)), "Le contrat ne peut pas commencer avant sa signature."),
        (contract(terms=()), "ni taille ni barème"),
        (contract(terms=(Terms(1, 4, TARIFF),)), "n'a aucun montant pour la taille 4"),
        (contract(terms=(Terms(1, 1, TARIFF), Terms(6, 1, TARIFF))), "L'année 6 n'est pas du contrat, qui en a 5."),
        (contract(("acces_soins", date(2020, 2, 29))), "avant la signature du contrat, le 01/03/2020"),
        (contract(("acces_soins", date(2020, 4, 1)), starts_on=date(2020, 5, 1)), "avant le contrat, le 01/05/2020"),
        (contract(("acces_soins", date(2025, 3, 1))), "après le dernier jour du contrat, le 28/02/2025"),
        (contract(("acces_soins", date(2021, 6, 1)), ended_on=date(2021, 6, 1)), "a pris fin le 01/06/2021"),
        (contract(("telemedecine", SIGNED)), "elle n'est pas dans le barème"),
        (contract(("fonctionnement", SIGNED)), "dû par la signature"),
        (contract(("crise_mise_a_jour", SIGNED)), "elle suit la mission « crise_plan »"),
        (contract(("acces_soins", SIGNED), ("acces_soins", date(2020, 9, 1))), "ne s'engage qu'une fois"),
        (contract(dialogues={6: date(2026, 4, 1)}), "L'année 6 n'est pas du contrat"),
        (contract(dialogues={2: date(2020, 4, 1)}), "ne peut pas précéder cette année"),
        (contract(settled=(Settled(0, "acces_soins", Decimal(1)),)), "L'année 0 n'est pas du contrat"),
        (contract(settled=(Settled(1, "acces_soins", Decimal(1)),)), "n'a pas de volet variable en année 1"),
        (contract(("acces_soins", SIGNED), settled=(Settled(1, "acces_soins", Decimal(-1)),)), "être négatif"),
        (contract(crises=(date(2020, 2, 1),)), "en dehors du contrat"),
        (contract(ended_on=date(2019, 1, 1)), "entre sa signature et son terme"),
    ],
)
def test_bad_input_is_told_in_french(data, message):
    assert message in " ".join(problems(data))
    assert bool(problems(data)) == bool(message)


def test_a_mission_cannot_stop_before_it_starts():
    wrong = Engagement("acces_soins", date(2020, 6, 1), date(2020, 6, 1))
    assert engagement_problems(contract(), wrong) == ["elle doit finir après avoir commencé."]


# ---- What is true of every contract ----

days = st.integers(0, 5 * 365 - 30)
cents = st.integers(1, 9_999_999).map(lambda count: Decimal(count) / 100)


@st.composite
def contracts(draw) -> ContractData:
    signed_on = date(2019, 9, 1) + timedelta(draw(st.integers(0, 2_000)))
    starts_on = signed_on + timedelta(draw(st.integers(0, 120)))
    amounts = [
        (line(RUNNING_COSTS, draw(cents)), *(line(mission, draw(cents), draw(cents)) for mission in MISSIONS[:2]))
        for _ in range(2)
    ]
    plan = tier()[3:]
    terms = [Terms(1, 1, tariff(*((*each, *plan) for each in amounts)))]
    if draw(st.booleans()):
        terms.append(replace(terms[0], from_year=draw(st.integers(2, 5)), tier=2))
    engagements = []
    for mission in draw(st.lists(st.sampled_from(MISSIONS), unique=True)):
        since = starts_on + timedelta(draw(days))
        length = draw(st.none() | st.integers(1, 900))
        engagements.append(Engagement(mission, since, length and since + timedelta(length)))
    years = st.integers(1, 5)
    earned = draw(st.dictionaries(st.tuples(years, st.sampled_from(MISSIONS[:2])), cents))
    return ContractData(
        signed_on=signed_on,
        starts_on=starts_on,
        terms=tuple(terms),
        engagements=tuple(engagements),
        settled=tuple(Settled(year, mission, amount) for (year, mission), amount in earned.items()),
        dialogues=draw(st.dictionaries(years, days.map(lambda count: starts_on + timedelta(count)))),
        crises=tuple(starts_on + timedelta(draw(days)) for _ in range(draw(st.integers(0, 3)))),
        ended_on=draw(st.none() | days.map(lambda count: starts_on + timedelta(count + 1))),
    )


all_rules = st.builds(
    Rules,
    advance=st.sampled_from([Decimal("0.75"), Decimal("0.6"), Decimal("0.333")]),
    proration=st.sampled_from(Proration),
    ending=st.sampled_from(Ending),
    prorates_variable=st.booleans(),
)
TERM = re.compile(r"([\d\s]+(?:,\d+)?)\s(%|€)|(\d+/\d+)")


def reckoned(formula: str) -> Decimal:
    """What a formula gives to somebody with paper and pencil: each product rounded half up, then the difference."""
    first, *others = (product_of(part) for part in formula.split("plafonné à l'enveloppe de")[-1].split(" − "))
    return first - sum(others, Decimal(0))


def product_of(text: str) -> Decimal:
    exact = Fraction(1)
    terms = TERM.findall(text)
    assert terms, text
    for amount, unit, ratio in terms:
        exact *= Fraction(ratio or re.sub(r"\s", "", amount).replace(",", ".")) / (100 if unit == "%" else 1)
    return Decimal(int(exact * 100 + Fraction(1, 2))) / 100


def by_year(dues: list[Due]) -> Iterator[tuple[int, Decimal]]:
    for year in range(1, 6):
        yield year, sum((due.amount for due in dues if due.year == year), Decimal(0))


def right_of(data: ContractData, year: int, rules: Rules) -> Decimal:
    """What a contract year gives in all: its fixed parts as earned, what its dialogue has settled, its crisis."""
    right = Decimal(0)
    for grant in grants(data, rules):
        if grant.year.number == year:
            told = [each.amount for each in data.settled if (each.year, each.mission) == (year, grant.line.mission)]
            right += grant.fixed + (min(sum(told), grant.variable) if year in data.dialogues else 0)
    return right + sum(
        grant.most for grant in crisis_grants(data) if (year == grant.year.number) and year in data.dialogues
    )


@settings(max_examples=150, deadline=None)
@given(contracts(), all_rules)
def test_the_dues_of_a_year_are_its_right_to_the_cent(data, rules):
    for year, due in by_year(schedule(data, rules)):
        assert due == right_of(data, year, rules)


@settings(max_examples=100, deadline=None)
@given(contracts(), all_rules, st.integers(0, 6 * 365))
def test_no_day_makes_due_more_than_is_granted(data, rules, count):
    day = data.starts_on + timedelta(count)
    granted = [grant.on(day) for grant in (*grants(data, rules), *crisis_grants(data))]
    for year, due in by_year(schedule(data, rules, until=day)):
        assert due <= sum(grant.most for grant in granted if grant.year.number == year)


@settings(max_examples=150, deadline=None)
@given(contracts(), all_rules)
def test_every_formula_gives_its_amount(data, rules):
    for due in schedule(data, rules):
        assert due.amount == due.amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
        if due.kind != DueKind.CRISIS:
            assert reckoned(due.formula) == due.amount, due.formula


@settings(max_examples=100, deadline=None)
@given(contracts(), all_rules)
def test_what_holds_in_every_schedule(data, rules):
    dues = schedule(data, rules)
    assert all(due.due_on >= data.signed_on for due in dues)
    assert all(due.amount for due in dues)
    assert len({due.key for due in dues}) == len(dues)
    for due in dues:
        if due.kind in AFTER_DIALOGUE:
            assert due.due_on >= data.dialogues[due.year]
        if due.amount < 0:
            assert due.kind == DueKind.RECOVERY
    most = {(grant.year.number, grant.line.mission): grant.most for grant in grants(data, rules)}
    for (year, mission), limit in most.items():
        assert sum(due.amount for due in dues if (due.year, due.mission) == (year, mission)) <= limit
