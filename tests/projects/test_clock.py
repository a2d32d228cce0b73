"""The two months of a filing, case by case (docs/rules/clock.md)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.clock import RULE, RULES, Deadline, ImpossibleDates, Request, acquired_on, last_day, last_safe_day

USEFUL, INDISPENSABLE = False, True


def on(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def deadline(received: str, *requests: tuple[str, str, bool]) -> Deadline:
    """A filing and its requests: (asked on, received on or "", whether it is indispensable)."""
    return Deadline(on(received), tuple(Request(on(asked), on(came), kind) for asked, came, kind in requests))


@pytest.mark.parametrize(
    ("received", "last", "acquired", "safe"),
    [
        ("2023-05-15", "2023-07-15", "2023-07-16", "2023-07-14"),  # 15 July is a Saturday: no shift
        ("2025-07-10", "2025-09-10", "2025-09-11", "2025-09-09"),
        ("2024-02-01", "2024-04-01", "2024-04-02", "2024-03-31"),  # Easter Monday: no shift
        ("2022-02-28", "2022-04-28", "2022-04-29", "2022-04-27"),
        ("2022-06-30", "2022-08-30", "2022-08-31", "2022-08-29"),
        ("2022-07-30", "2022-09-30", "2022-10-01", "2022-09-29"),  # one of the conventions ends a day earlier
        ("2022-12-30", "2023-02-28", "2023-03-01", "2023-02-27"),  # clamped
        ("2023-12-31", "2024-02-29", "2024-03-01", "2024-02-28"),  # clamped, leap year
    ],
)
def test_the_dates_of_a_filing(received, last, acquired, safe):
    told = deadline(received)
    assert (told.last_day, told.acquired_on, told.last_safe_day) == (on(last), on(acquired), on(safe))
    assert told.prudent == told.complete
    assert (last_day(on(received)), acquired_on(on(received))) == (on(last), on(acquired))


@pytest.mark.parametrize(
    ("requests", "last", "acquired"),
    [
        pytest.param([("2023-05-20", "2023-05-25", INDISPENSABLE)], "2023-07-25", "2023-07-26", id="restart"),
        pytest.param([("2023-05-20", "2023-05-25", USEFUL)], "2023-07-15", "2023-07-16", id="not indispensable"),
        pytest.param(
            [("2023-05-20", "2023-05-25", INDISPENSABLE), ("2023-05-22", "2023-05-27", INDISPENSABLE)],
            "2023-07-27",
            "2023-07-28",
            id="the last piece counts, overlaps are not added",
        ),
        pytest.param(
            [("2023-05-20", "2023-05-25", INDISPENSABLE), ("2023-05-30", "", INDISPENSABLE)],
            "",
            "",
            id="no term while one is awaited",
        ),
        pytest.param([("2023-05-30", "", USEFUL)], "2023-07-15", "2023-07-16", id="a useful one is not awaited"),
        pytest.param(
            [("2023-07-15", "2023-08-10", INDISPENSABLE)], "2023-10-10", "2023-10-11", id="asked on the last day"
        ),
        pytest.param(
            [("2023-07-20", "2023-07-25", INDISPENSABLE)], "2023-07-15", "2023-07-16", id="asked after the term"
        ),
        pytest.param(
            [("2023-07-16", "", INDISPENSABLE)], "2023-07-15", "2023-07-16", id="asked the day it is acquired"
        ),
        pytest.param([("2023-05-20", "2023-05-20", INDISPENSABLE)], "2023-07-20", "2023-07-21", id="same day"),
        pytest.param(
            [("2023-05-15", "2023-05-15", INDISPENSABLE)], "2023-07-15", "2023-07-16", id="the day of receipt"
        ),
        pytest.param(
            [("2023-05-20", "2023-05-25", INDISPENSABLE), ("2023-07-25", "2023-08-01", INDISPENSABLE)],
            "2023-10-01",
            "2023-10-02",
            id="asked on the last day of the second period",
        ),
        pytest.param(
            [("2023-05-20", "2023-05-25", INDISPENSABLE), ("2023-07-26", "2023-08-01", INDISPENSABLE)],
            "2023-07-25",
            "2023-07-26",
            id="asked after the term of the second period",
        ),
        pytest.param(
            [("2023-05-20", "2023-11-02", INDISPENSABLE), ("2023-09-01", "2023-09-10", INDISPENSABLE)],
            "2024-01-02",
            "2024-01-03",
            id="asked while another is awaited, however late",
        ),
        pytest.param(
            [("2023-07-20", "", INDISPENSABLE), ("2023-07-20", "2023-07-21", INDISPENSABLE)],
            "2023-07-15",
            "2023-07-16",
            id="one too late does not bring another in time",
        ),
    ],
)
def test_what_pieces_do_to_a_filing_of_15_may_2023(requests, last, acquired):
    told = deadline("2023-05-15", *requests)
    assert (told.last_day, told.acquired_on) == (on(last), on(acquired))
    assert told.is_waiting == (not last)
    assert (told.prudent.last_day, told.prudent.acquired_on) == (date(2023, 7, 15), date(2023, 7, 16))
    assert told.last_safe_day == date(2023, 7, 14)


@pytest.mark.parametrize(
    ("requests", "why"),
    [
        (
            [("2023-05-14", "2023-05-20", INDISPENSABLE)],
            "Pièce demandée le 14 mai 2023, avant la réception du dossier (15 mai 2023) : vérifiez les deux dates.",
        ),
        (
            [("2023-05-20", "2023-05-25", USEFUL), ("2023-05-20", "2023-05-19", USEFUL)],
            "Pièce reçue le 19 mai 2023, avant d'être demandée (20 mai 2023) : vérifiez les deux dates.",
        ),
    ],
)
def test_dates_that_cannot_be_true_together_are_refused(requests, why):
    with pytest.raises(ImpossibleDates) as refusal:
        deadline("2023-05-15", *requests)
    assert refusal.value.message_fr == str(refusal.value) == why


def test_the_count_tells_what_happened_in_the_order_of_the_days():
    told = deadline("2023-05-15", ("2023-05-20", "2023-06-10", INDISPENSABLE), ("2023-05-22", "2023-05-27", USEFUL))
    assert [(str(line.day), line.fact) for line in told.lines] == [
        ("2023-05-15", "Dossier reçu par l'ARS"),
        ("2023-05-20", "Pièce indispensable demandée"),
        ("2023-05-22", "Pièce non indispensable demandée"),
        ("2023-05-27", "Pièce reçue"),
        ("2023-06-10", "Pièce indispensable reçue"),
        ("2023-07-14", "Dernier jour sûr"),
        ("2023-08-10", "Dernier jour"),
        ("2023-08-11", "Validation acquise"),
    ]
    assert "depuis le 10 juin 2023" in told.lines[-2].effect
    assert {line.basis for line in told.lines} == {
        "CRPA, art. L. 114-3",
        "CRPA, art. L. 114-5",
        "CRPA, art. L. 114-5-1",
        "règle prudente du service",
        "CSP, art. L. 1434-12",
    }


def test_the_count_of_a_piece_asked_too_late_says_that_silence_has_validated():
    told = deadline("2023-05-15", ("2023-07-20", "2023-07-25", INDISPENSABLE))
    assert [line.fact for line in told.lines[-3:]] == [
        "Validation acquise",
        "Pièce indispensable demandée",
        "Pièce reçue",
    ]
    assert "après le terme" in told.lines[-2].effect
    assert told.lines[-1].effect == "Sans effet sur le délai."


def test_the_count_of_an_awaited_piece_ends_without_a_date():
    told = deadline("2023-05-15", ("2023-05-20", "2023-05-25", INDISPENSABLE), ("2023-05-30", "", INDISPENSABLE))
    assert told.lines[-1].day is None
    effect = told.lines[-1].effect
    assert "le dernier jour serait le 15 juillet 2023 et la validation acquise le 16 juillet 2023" in effect


def test_the_count_says_what_was_known_the_day_a_piece_came():
    asked_before = deadline("2023-05-15", ("2023-05-20", "2023-05-25", True), ("2023-05-22", "2023-05-27", True))
    assert "manque encore" in asked_before.lines[3].effect
    assert "repart en entier" in asked_before.lines[4].effect
    asked_later = deadline("2023-05-15", ("2023-05-20", "2023-05-25", True), ("2023-05-30", "", True))
    assert "repart en entier" in asked_later.lines[2].effect


def test_the_rule_of_a_filing_has_its_text():
    assert "L. 1434-12" in RULES[RULE]


# Properties

filing_days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
delays = st.integers(0, 150).map(lambda days: timedelta(days=days))
requests_by_delays = st.tuples(delays, st.none() | delays, st.booleans())


@st.composite
def requests_after(draw, received_on: date) -> Request:
    asked_after, came_after, is_indispensable = draw(requests_by_delays)
    asked_on = received_on + asked_after
    return Request(asked_on, None if came_after is None else asked_on + came_after, is_indispensable)


@st.composite
def deadlines(draw) -> Deadline:
    received_on = draw(filing_days)
    return Deadline(received_on, tuple(draw(st.lists(requests_after(received_on), max_size=5))))


def dates(told: Deadline) -> tuple[date | None, ...]:
    return told.last_day, told.acquired_on, told.last_safe_day, told.prudent.last_day, told.prudent.acquired_on


@given(deadlines())
def test_the_safe_day_comes_before_the_last_which_comes_before_the_silence(told):
    prudent = told.prudent
    assert told.received_on < told.last_safe_day < prudent.last_day < prudent.acquired_on
    assert told.last_safe_day == last_safe_day(told.received_on)
    assert told.is_waiting or prudent.acquired_on <= told.acquired_on == told.last_day + timedelta(days=1)


@given(filing_days)
def test_a_filing_received_later_is_never_acquired_earlier(received_on):
    assert acquired_on(received_on + timedelta(days=1)) >= acquired_on(received_on)


@given(st.data(), deadlines())
def test_one_more_request_never_brings_the_silence_nearer(data, told):
    more = Deadline(told.received_on, (*told.requests, data.draw(requests_after(told.received_on))))
    assert (more.acquired_on or date.max) >= (told.acquired_on or date.max)
    assert more.prudent == told.prudent


@given(deadlines())
def test_a_request_that_is_not_indispensable_changes_nothing(told):
    without = Deadline(told.received_on, tuple(each for each in told.requests if each.is_indispensable))
    assert dates(told) == dates(without)


@given(st.data(), deadlines())
def test_the_order_in_which_requests_were_typed_does_not_matter(data, told):
    shuffled = data.draw(st.permutations(told.requests))
    assert dates(Deadline(told.received_on, tuple(shuffled))) == dates(told)


@given(deadlines())
def test_a_request_made_after_the_term_has_no_effect(told):
    if told.last_day:
        late = Request(told.last_day + timedelta(days=1), None)
        assert dates(Deadline(told.received_on, (*told.requests, late))) == dates(told)
        in_time = Request(told.last_day, None)
        assert Deadline(told.received_on, (*told.requests, in_time)).is_waiting


@given(deadlines())
def test_every_fact_has_its_line_and_lines_follow_the_days(told):
    days = [line.day for line in told.lines if line.day]
    assert days == sorted(days)
    facts = [told.received_on, *(each.asked_on for each in told.requests)]
    assert set(facts) | {each.received_on for each in told.requests if each.received_on} <= set(days)
    assert (told.lines[-1].day is None) == told.is_waiting
    assert all(line.fact and line.effect and line.basis for line in told.lines)
