"""The steps of a composition: what each changes, how one goes back, what is kept when the recorded perimeter moves."""

import pytest

from projects import composing
from projects.composing import base_of, keep, locked_draft, rebase, seal, take, undo, unfinished
from projects.models import PerimeterDraft, Project
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db


def draft(**zones: bool) -> PerimeterDraft:
    return PerimeterDraft(zones=dict(zones), steps=[], started_from="x")


def test_a_step_changes_what_differs_and_nothing_else():
    composed = draft(a=False, b=True)
    assert take(composed, {"a": False, "b": False, "c": True, "d": None}, "essai") == {"b": False, "c": True}
    assert composed.zones == {"a": False, "b": False, "c": True}
    assert composed.steps == [{"label": "essai", "before": {"b": True, "c": None}}]


def test_what_changes_nothing_is_no_step():
    composed = draft(a=False)
    assert take(composed, {"a": False, "z": None}, "rien") == {}
    assert composed.steps == []


def test_steps_are_undone_one_by_one_to_the_beginning():
    composed = draft(a=False)
    take(composed, {"b": False}, "un")
    take(composed, {"a": None, "b": True}, "deux")
    assert undo(composed) == "deux"
    assert composed.zones == {"a": False, "b": False}
    assert undo(composed) == "un"
    assert composed.zones == {"a": False}
    assert undo(composed) == ""


def test_the_oldest_steps_become_one_and_the_beginning_is_not_lost(monkeypatch):
    monkeypatch.setattr(composing, "MOST_STEPS", 3)
    composed = draft(a=False)
    for number in range(6):
        take(composed, {f"z{number}": False, "a": bool(number % 2)}, f"étape {number}")
    assert [step["label"] for step in composed.steps] == ["Premières étapes", "étape 4", "étape 5"]
    assert base_of(composed) == {"a": False}
    while undo(composed):
        pass
    assert composed.zones == {"a": False}


def test_steps_that_remember_too_many_zones_become_one(monkeypatch):
    monkeypatch.setattr(composing, "MOST_REMEMBERED", 10)
    composed = draft(a=False)
    for flag in (True, False, None, False):
        take(composed, {f"z{n}": flag for n in range(6)}, "tout")
    assert len(composed.steps) == 2
    assert base_of(composed) == {"a": False}


def test_the_same_additions_and_removals_on_a_perimeter_that_has_moved():
    composed = draft(a=False, b=False, c=False)
    take(composed, {"d": False, "a": None}, "un")
    take(composed, {"c": True}, "deux")
    rebase(composed, {"a": False, "c": False, "e": False}, "y")
    assert composed.zones == {"c": True, "d": False, "e": False}
    assert composed.started_from == "y"
    assert undo(composed)
    assert composed.zones == {"a": False, "c": False, "e": False}


@pytest.mark.parametrize(
    ("mine", "after"),
    [
        ({"99123": None}, {"a": False}),
        ({"99123": True}, {"a": False, "991230001": True, "991230002": True}),
        ({"a": None}, {"991230001": False, "991230002": False}),
    ],
)
def test_what_was_decided_of_a_commune_is_decided_of_its_parts_once_it_is_split(mine, after):
    commune = ZoneFactory(code="99123")
    composed = draft(**{"a": False, "99123": False})
    take(composed, mine, "un")
    for number in (1, 2):
        ZoneFactory(code=f"99123000{number}", parent=commune, kind="part")
    rebase(composed, {"a": False, "991230001": False, "991230002": False}, "y")
    assert composed.zones == after


def test_a_commune_added_before_it_was_split_is_added_in_parts():
    commune = ZoneFactory(code="99123")
    composed = draft(a=False)
    take(composed, {"99123": False}, "un")
    ZoneFactory(code="991230001", parent=commune, kind="part")
    rebase(composed, {"a": False}, "y")
    assert composed.zones == {"a": False, "991230001": False}


def test_the_seal_tells_compositions_apart_whatever_the_order():
    assert seal({"a": False, "b": True}) == seal({"b": True, "a": False})
    assert seal({"a": False}) != seal({"a": True})


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(zones=[ZoneFactory(code="99901")])


def test_a_draft_is_kept_as_long_as_it_has_a_step(project, ars):
    composed = composing.begun(project, ars)
    assert composed.zones == {"99901": False}
    keep(composed)
    assert not PerimeterDraft.objects.exists()
    take(composed, {"99902": False}, "ajout")
    keep(composed)
    assert locked_draft(project, ars).zones == {"99901": False, "99902": False}
    undo(composed)
    keep(composed)
    assert not PerimeterDraft.objects.exists()


def test_one_is_reminded_of_a_draft_that_would_change_something(project, ars, cpam):
    composed = composing.begun(project, ars)
    take(composed, {"99902": False}, "ajout")
    keep(composed)
    assert unfinished(project, ars) == composed
    assert unfinished(project, cpam) is None
    take(composed, {"99902": None}, "retrait")
    keep(composed)
    assert unfinished(project, ars) is None
