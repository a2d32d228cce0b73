"""The doctrine on two projects that collide: the field's own cases, then what holds for any two."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.conciliation_rules import (
    ALREADY_VALIDATED,
    BEFORE_FILING,
    BOTH_VALIDATED,
    CAUTIONS,
    DIFFERENT_MATURITY,
    MATRIX,
    MATURITY,
    SIMULTANEOUS,
    SITUATIONS,
    OutcomeCode,
    Progress,
    assess,
)
from projects.models.conciliation import Outcome as Stored
from projects.same_project import SAME_NAME, is_same_name, proper_name
from projects.states import LIVING
from territories.overlap import Kind

EARLY, LATER = date(2020, 3, 2), date(2021, 6, 1)


def project(state: str, **days: date) -> Progress:
    return Progress(state, **days)


@pytest.mark.parametrize(
    ("a", "b", "situation", "prior", "since"),
    [
        (project("validated", validated=LATER), project("filed", filed=EARLY), ALREADY_VALIDATED, 0, LATER),
        (project("initiative", known=EARLY), project("aci_signed", validated=LATER), ALREADY_VALIDATED, 1, LATER),
        (project("aci_signed"), project("engineering", engineering=EARLY), ALREADY_VALIDATED, 0, None),
        (project("filed", filed=LATER), project("filed", filed=EARLY), SIMULTANEOUS, 1, EARLY),
        (project("filed", filed=EARLY), project("filed", filed=EARLY), SIMULTANEOUS, None, None),
        (project("engineering", engineering=LATER), project("letter_filed", known=EARLY), DIFFERENT_MATURITY, 0, LATER),
        (project("engineering", engineering=EARLY), project("filed", filed=LATER), DIFFERENT_MATURITY, 1, LATER),
        (project("opposed", engineering=EARLY), project("engineering", engineering=LATER), BEFORE_FILING, 0, EARLY),
        (project("opposed", engineering=EARLY), project("filed", filed=LATER), DIFFERENT_MATURITY, 1, LATER),
        (project("initiative", known=LATER), project("letter_validated", known=EARLY), BEFORE_FILING, 1, EARLY),
        (project("validated", validated=EARLY), project("aci_signed", validated=LATER), BOTH_VALIDATED, 0, EARLY),
    ],
)
def test_situation_and_prior(a, b, situation, prior, since) -> None:
    told = assess(a, b)
    assert (told.situation, told.prior, told.since, told.is_unknown) == (situation, prior, since, False)


@pytest.mark.parametrize("state", ["initiative", "engineering", "opposed", "filed", "validated"])
def test_a_missing_date_makes_nobody_prior(state: str) -> None:
    dated = project(state, known=EARLY, engineering=EARLY, filed=EARLY, validated=EARLY)
    told = assess(dated, project(state))
    assert (told.prior, told.since, told.is_unknown) == (None, None, True)


def codes(situation, kind: Kind) -> list[OutcomeCode]:
    return [outcome.code for outcome in situation.offers(kind)]


def test_the_matrix_tells_total_from_partial_when_both_ask_at_once() -> None:
    agreement, choice, unvalidated = OutcomeCode.AGREEMENT, OutcomeCode.DG_CHOICE, OutcomeCode.UNVALIDATED
    assert codes(SIMULTANEOUS, Kind.TOTAL) == [agreement, choice]
    assert codes(SIMULTANEOUS, Kind.PARTIAL) == [choice, choice, unvalidated, unvalidated]


def test_what_each_situation_offers() -> None:
    for kind in (Kind.TOTAL, Kind.PARTIAL):
        assert set(codes(ALREADY_VALIDATED, kind)) == {None, OutcomeCode.PARTNERSHIP}
        assert set(codes(DIFFERENT_MATURITY, kind)) == {
            OutcomeCode.DG_CHOICE,
            OutcomeCode.PARTNERSHIP,
            OutcomeCode.AGREEMENT,
        }
        assert set(codes(BEFORE_FILING, kind)) == {OutcomeCode.MERGER, OutcomeCode.AGREEMENT}
        assert codes(BOTH_VALIDATED, kind) == []
    assert "ne prévoit pas" in BOTH_VALIDATED.remark


def test_what_is_offered_is_told_in_the_words_of_its_source() -> None:
    opposition, _ = ALREADY_VALIDATED.outcomes
    assert (opposition.label, opposition.party) == ("Opposition", 2)
    assert "ingénierie de projet de la CPTS 1 en cours de finalisation" in DIFFERENT_MATURITY.title
    assert all(
        o.text.startswith("En fonction du choix du DG pour la CPTS 1") for o in DIFFERENT_MATURITY.for_the_second
    )
    assert "maturité" not in BEFORE_FILING.title + BEFORE_FILING.short
    comparing = {s.key for s in SITUATIONS for o in s.outcomes if "examen comparatif" in o.text + o.label}
    assert comparing == {"simultaneous"}
    assert not any("examen comparatif" in o.text + o.label for o in SIMULTANEOUS.offers(Kind.PARTIAL))


def test_nothing_is_offered_before_one_is_sure_of_an_overlap() -> None:
    for kind in (Kind.TO_CHECK, Kind.SAME):
        assert all(situation.offers(kind) == () for situation in SITUATIONS)
        assert CAUTIONS[kind].text


def test_every_outcome_has_its_source_and_can_be_recorded() -> None:
    outcomes = [outcome for situation in SITUATIONS for outcome in situation.outcomes]
    assert {outcome.code for outcome in outcomes if outcome.code} == set(OutcomeCode)
    assert {(code.value, code.label) for code in OutcomeCode} <= set(Stored.Kind.choices)
    assert all(outcome.source == MATRIX for s in SITUATIONS if s.number for outcome in s.outcomes)
    assert str(MATRIX) == (
        "ARS Île-de-France, comité de suivi régional des CPTS, 24 février 2020, "
        "« L'examen des projets de santé de CPTS »"
    )


def test_every_living_state_has_its_maturity() -> None:
    assert MATURITY.keys() == {state.value for state in LIVING}


days = st.none() | st.dates(date(2018, 1, 1), date(2026, 1, 1))
progresses = st.builds(
    Progress, st.sampled_from(sorted(MATURITY)), known=days, engineering=days, filed=days, validated=days
)


@given(progresses, progresses)
def test_both_sides_are_told_the_same(a: Progress, b: Progress) -> None:
    one, other = assess(a, b), assess(b, a)
    assert (one.situation, one.since, one.is_unknown) == (other.situation, other.since, other.is_unknown)
    assert other.prior == (None if one.prior is None else 1 - one.prior)


@given(progresses, progresses)
def test_nobody_comes_before_a_more_mature_project_or_an_earlier_one(a: Progress, b: Progress) -> None:
    told = assess(a, b)
    if told.prior is None:
        assert a.maturity == b.maturity
        assert told.is_unknown == (a.reached is None or b.reached is None)
        return
    prior, other = (a, b) if told.prior == 0 else (b, a)
    assert prior.maturity >= other.maturity
    assert told.since == prior.reached
    if prior.maturity == other.maturity:
        assert prior.reached < other.reached


@pytest.mark.parametrize(
    ("a", "b", "is_same"),
    [
        ("CPTS Grand Lormont", "CPTS Grand Lormont ", True),
        ("CPTS de la Haute Saintonge", "CPTS du de la Haute Saintonge", True),
        ("C.P.T.S. Grand Bourg-en-Bresse", "CPTS Bourg en Bresse (Grand)", True),
        ("Communauté professionnelle territoriale de santé de Berck", "CPTS Berk", True),
        ("CPTS Toulouse Nord", "CPTS Toulouse Sud", False),
        ("CPTS Grand Toulouse", "CPTS Pays de Toulouse", False),
        ("CPTS", "Communauté de santé", False),
    ],
)
def test_names_that_are_alike(a: str, b: str, is_same: bool) -> None:
    assert is_same_name(a, b) == is_same_name(b, a) == is_same
    assert 75 < SAME_NAME < 100


def test_the_words_that_all_have_are_left_out() -> None:
    assert proper_name("C.P.T.S. du Grand Bourg-en-Bresse") == "grand bourg en bresse"
