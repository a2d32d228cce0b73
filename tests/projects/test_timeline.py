"""What dates and a status tell of a project's life."""

from datetime import date

import pytest

from projects.models import Stage
from projects.spreadsheets.reading import MonthDate, YearDate
from projects.states import State
from projects.timeline import OBSERVED, Known, Timeline, deduce

AS_OF = date(2026, 11, 15)
TODAY = date(2026, 11, 22)
LABELS = {state: f"Date {state.value}" for state in State}


def told(dates: dict[State, date] | None = None, status: State | None = None, **more) -> Timeline:
    return deduce(dates or {}, status, **{"as_of": AS_OF, "today": TODAY, "labels": LABELS} | more)


def stages(timeline: Timeline) -> list[tuple[str, str]]:
    return [(entry.state.value, entry.since.isoformat()) for entry in timeline.entries]


def test_dates_alone_make_the_stages():
    timeline = told({State.ENGINEERING: date(2024, 5, 2), State.INITIATIVE: date(2023, 1, 9)})
    assert stages(timeline) == [("initiative", "2023-01-09"), ("engineering", "2024-05-02")]
    assert {entry.origin for entry in timeline.entries} == {Stage.Origin.IMPORT}
    assert not timeline.errors
    assert not timeline.warnings


def test_a_further_status_is_true_since_the_day_of_the_picture():
    timeline = told({State.LETTER_FILED: date(2024, 5, 2)}, State.ENGINEERING)
    assert stages(timeline) == [("letter_filed", "2024-05-02"), ("engineering", "2026-11-15")]
    assert timeline.entries[-1].comment.startswith(OBSERVED)
    assert "date inconnue" in timeline.warnings[0]


def test_an_observed_state_never_precedes_a_dated_one():
    timeline = told({State.VALIDATED: date(2026, 11, 20)}, State.ACI_SIGNED)
    assert stages(timeline) == [("validated", "2026-11-20"), ("aci_signed", "2026-11-20")]


def test_nothing_told_is_an_initiative_with_a_warning():
    timeline = told()
    assert stages(timeline) == [("initiative", "2026-11-15")]
    assert timeline.warnings


@pytest.mark.parametrize(("status", "last"), [
    (State.ENGINEERING, State.FILED), (State.LETTER_FILED, State.LETTER_VALIDATED),
    (State.FORMALISING, State.LETTER_FILED),
])  # fmt: skip
def test_a_rougher_status_of_the_same_column_agrees(status, last):
    timeline = told({last: date(2026, 10, 20)}, status)
    assert not timeline.errors
    assert stages(timeline) == [(last.value, "2026-10-20")]


@pytest.mark.parametrize(("status", "last"), [
    (State.INITIATIVE, State.ENGINEERING), (State.VALIDATED, State.ACI_SIGNED), (State.ENGINEERING, State.VALIDATED),
    (State.ACI_SIGNED, State.ABANDONED),
])  # fmt: skip
def test_a_status_behind_the_dates_is_contradictory(status, last):
    timeline = told({last: date(2026, 10, 20)}, status)
    assert "Le statut dit" in timeline.errors[0]
    assert "20 octobre 2026" in timeline.errors[0]


def test_dates_out_of_order_are_refused_with_both_cells_named():
    timeline = told({State.ACI_SIGNED: date(2023, 1, 1), State.VALIDATED: date(2023, 6, 1)})
    assert "Date aci_signed" in timeline.errors[0]
    assert "Date validated" in timeline.errors[0]


def test_a_vague_date_moves_up_inside_its_month_or_year_only():
    days = {State.LETTER_FILED: date(2024, 3, 12), State.LETTER_VALIDATED: MonthDate(2024, 3, 1)}
    assert stages(told(days)) == [("letter_filed", "2024-03-12"), ("letter_validated", "2024-03-12")]
    days = {State.LETTER_FILED: date(2024, 3, 12), State.ENGINEERING: YearDate(2024, 1, 1)}
    assert stages(told(days))[-1] == ("engineering", "2024-03-12")
    assert told({State.LETTER_FILED: date(2024, 4, 2), State.LETTER_VALIDATED: MonthDate(2024, 3, 1)}).errors


def test_a_date_to_come_is_ignored():
    timeline = told({State.FILED: date(2026, 10, 1), State.VALIDATED: date(2028, 1, 1)})
    assert stages(timeline) == [("filed", "2026-10-01")]
    assert "postérieure à aujourd'hui" in timeline.warnings[0]


def test_a_validation_later_than_the_silence_is_dropped():
    timeline = told({State.FILED: date(2023, 5, 15), State.VALIDATED: date(2023, 9, 1)}, State.VALIDATED)
    assert stages(timeline) == [("filed", "2023-05-15")]
    assert "réputé validé depuis le 16 juillet 2023" in timeline.warnings[0]


def test_an_express_validation_inside_the_two_months_stays():
    timeline = told({State.FILED: date(2023, 5, 15), State.VALIDATED: date(2023, 7, 15)}, State.VALIDATED)
    assert stages(timeline)[-1] == ("validated", "2023-07-15")
    assert not timeline.warnings


def test_an_old_filing_said_to_be_under_review_is_deemed_validated():
    timeline = told({State.FILED: date(2026, 6, 1)}, State.FILED)
    assert stages(timeline) == [("filed", "2026-06-01")]
    assert "réputé validé depuis le 2 août 2026" in timeline.warnings[0]


def test_filed_without_its_date_is_refused():
    assert "date de dépôt" in told({State.ENGINEERING: date(2024, 1, 2)}, State.FILED).errors[0]


def test_an_opposition_after_the_two_months_is_refused():
    timeline = told({State.FILED: date(2026, 5, 15), State.OPPOSED: date(2026, 7, 16)})
    assert "15 juillet 2026" in timeline.errors[0]
    assert not told({State.FILED: date(2026, 5, 15), State.OPPOSED: date(2026, 7, 15)}).errors


def test_an_opposition_before_the_filing_is_not_taken_for_a_second_filing():
    (error,) = told({State.FILED: date(2026, 10, 1), State.OPPOSED: date(2026, 6, 1)}, State.FILED).errors
    assert "« Date opposed » (1er juin 2026) précède « Date filed » (1er octobre 2026)" in error
    assert "un second dépôt" in error
    assert "sur la fiche du projet" in error


def test_a_filing_later_than_the_known_opposition_is_not_taken_for_a_second_filing():
    known = {
        State.FILED: Known(date(2023, 12, 1), is_observed=False),
        State.OPPOSED: Known(date(2024, 1, 10), is_observed=False),
    }
    for days in ({}, {State.OPPOSED: date(2024, 1, 10)}):
        (error,) = told({State.FILED: date(2024, 11, 1)} | days, known=known).errors
        assert "un second dépôt" in error
        assert ("« Opposition » (déjà connu, 10 janvier 2024)" in error) == (not days)


@pytest.mark.parametrize(("days", "status"), [
    ({State.FILED: MonthDate(2026, 9, 1)}, None),
    ({State.FILED: YearDate(2026, 1, 1)}, State.FILED),
    ({State.FILED: YearDate(2026, 1, 1)}, State.OPPOSED),
    ({State.FILED: MonthDate(2026, 9, 1)}, State.ACI_SIGNED),
    ({State.FILED: MonthDate(2026, 6, 1), State.VALIDATED: MonthDate(2026, 7, 1)}, None),
    ({State.FILED: MonthDate(2026, 6, 1), State.VALIDATED: date(2026, 8, 15)}, None),  # silence may have come before
    ({State.FILED: date(2026, 5, 15), State.OPPOSED: MonthDate(2026, 7, 1)}, State.OPPOSED),
])  # fmt: skip
def test_the_two_months_are_not_counted_from_an_invented_day(days, status):
    (error,) = told(days, status).errors
    assert "donnez le jour" in error


@pytest.mark.parametrize("decided", [State.VALIDATED, State.OPPOSED])
def test_a_filing_known_by_its_month_is_enough_when_it_was_decided_in_time(decided):
    timeline = told({State.FILED: MonthDate(2026, 6, 1), decided: date(2026, 8, 1)})
    assert stages(timeline) == [("filed", "2026-06-01"), (decided.value, "2026-08-01")]
    assert not timeline.errors


def test_an_opposed_project_is_not_validated_without_a_new_filing():
    days = {State.FILED: date(2026, 5, 15), State.OPPOSED: date(2026, 7, 1), State.VALIDATED: date(2026, 9, 1)}
    assert "nouveau dépôt" in told(days).errors[0]
    assert "nouveau dépôt" in told({**days, State.VALIDATED: date(2027, 1, 1)}, State.ACI_SIGNED).errors[0]


@pytest.mark.parametrize(("status", "not_yet"), [
    (State.ACI_SIGNED, State.ACI_SIGNED), (State.ACI_SIGNED, State.VALIDATED), (State.VALIDATED, State.FILED),
    (State.LETTER_VALIDATED, State.LETTER_FILED),
])  # fmt: skip
def test_in_progress_in_the_cell_of_what_the_status_says_done_is_refused(status, not_yet):
    (error,) = told({}, status, not_yet={not_yet: f"« Date {not_yet.value} » n'est pas encore une date"}).errors
    assert error.startswith(f"« Date {not_yet.value} » n'est pas encore une date, mais")


def test_in_progress_after_the_status_says_nothing():
    not_yet = {State.VALIDATED: "en cours", State.ACI_SIGNED: "en cours"}
    assert not told({}, State.ENGINEERING, not_yet=not_yet).errors


def test_a_cell_that_cannot_be_read_is_not_said_to_be_missing():
    assert not told({}, State.FILED, unread={State.FILED}).errors


def test_a_signed_contract_is_not_abandoned():
    assert told({State.ACI_SIGNED: date(2023, 1, 1), State.ABANDONED: date(2024, 1, 1)}).errors


def test_an_observed_state_keeps_the_first_day_it_was_seen():
    known = {State.ENGINEERING: Known(date(2025, 3, 1), is_observed=True)}
    assert stages(told({}, State.ENGINEERING, known=known)) == [("engineering", "2025-03-01")]


def test_a_date_replaces_what_was_only_observed_and_completes_what_is_known():
    known = {
        State.INITIATIVE: Known(date(2022, 1, 1), is_observed=False),
        State.ENGINEERING: Known(date(2025, 3, 1), is_observed=True),
    }
    timeline = told({State.ENGINEERING: date(2024, 2, 5)}, None, known=known)
    assert stages(timeline) == [("initiative", "2022-01-01"), ("engineering", "2024-02-05")]
    assert timeline.entries[-1].comment == ""


def test_what_was_only_observed_gives_way_to_a_later_status():
    known = {
        State.LETTER_FILED: Known(date(2024, 3, 12), is_observed=False),
        State.ACI_SIGNED: Known(date(2026, 6, 1), is_observed=True),
    }
    timeline = told({}, State.ENGINEERING, known=known)
    assert stages(timeline) == [("letter_filed", "2024-03-12"), ("engineering", "2026-11-15")]
    assert not timeline.errors
    older = told({}, State.ENGINEERING, known=known, as_of=date(2026, 5, 1))
    assert stages(older)[-1] == ("aci_signed", "2026-06-01")


def test_what_was_only_observed_gives_way_to_not_yet():
    known = {State.ACI_SIGNED: Known(AS_OF, is_observed=True)}
    timeline = told({State.VALIDATED: date(2026, 9, 1)}, not_yet={State.ACI_SIGNED: "« ACI » dit non"}, known=known)
    assert stages(timeline) == [("validated", "2026-09-01")]
    assert not timeline.errors


@pytest.mark.parametrize(("days", "status", "expected"), [
    ({}, State.FORMALISING, [("formalising", "2025-03-01")]),
    ({State.LETTER_FILED: date(2026, 9, 1)}, None, [("initiative", "2025-03-01"), ("letter_filed", "2026-09-01")]),
    ({State.INITIATIVE: date(2026, 9, 1)}, None, [("initiative", "2025-03-01")]),
])  # fmt: skip
def test_a_project_seen_on_a_day_exists_since_then(days, status, expected):
    known = {State.ENGINEERING: Known(date(2025, 3, 1), is_observed=True)}
    timeline = told(days, status, known=known)
    assert stages(timeline) == expected
    kept = {entry.state: Known(entry.since, entry.comment.startswith(OBSERVED)) for entry in timeline.entries}
    assert stages(told(days, status, known=kept)) == expected


def test_a_known_date_that_a_blank_cell_does_not_erase_can_be_taken_back():
    known = {State.ACI_SIGNED: Known(date(2023, 1, 10), is_observed=False)}
    (error,) = told({}, State.VALIDATED, known=known).errors
    assert "« Annuler la dernière étape »" in error
    timeline = told({}, None, known=known)
    assert not timeline.errors
    assert "« Date aci_signed » (10 janvier 2023) : case vide" in timeline.warnings[0]
    assert "« Annuler la dernière étape »" in timeline.warnings[0]
    assert not told({}, State.ACI_SIGNED, known=known).warnings


def test_a_known_date_is_not_quoted_as_a_cell():
    known = {State.ACI_SIGNED: Known(date(2023, 1, 10), is_observed=False)}
    (error,) = told({State.VALIDATED: date(2023, 6, 1)}, known=known).errors
    assert error.startswith("« ACI signé » (déjà connu, 10 janvier 2023) précède « Date validated » (1er juin 2023)")


def test_all_errors_come_at_once():
    days = {
        State.LETTER_FILED: date(2024, 1, 1),
        State.ENGINEERING: date(2023, 1, 1),
        State.ACI_SIGNED: date(2022, 1, 1),
    }
    assert len(told(days, State.INITIATIVE).errors) == 3
