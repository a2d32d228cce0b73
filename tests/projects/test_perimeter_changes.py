"""The life of a perimeter: amended and never overwritten, undone exactly, whoever acts at the same moment."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import Institution, User
from projects.models import Project
from projects.perimeter_story import told_changes
from projects.perimeters import (
    Origin,
    change_perimeter,
    last_change,
    take_back_change,
    validated_on,
    why_not_change,
    why_not_take_back_change,
)
from projects.states import State
from territories.models import Zone
from tests.acts import take
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
JANUARY, MARCH, JUNE, SEPTEMBER = (date(2024, month, 1) for month in (1, 3, 6, 9))
YEARS_AHEAD = timedelta(days=800)


@pytest.fixture
def zones() -> list[Zone]:
    return ZoneFactory.create_batch(6)


@pytest.fixture
def project() -> Project:
    return ProjectFactory(stages=[(State.INITIATIVE, date(2023, 1, 2)), (State.ENGINEERING, date(2023, 6, 1))])


@pytest.fixture
def validated(project, ars, zones) -> Project:
    """Composed in January of two zones, filed in March, validated in June."""
    change_perimeter(project, zones[:2], JANUARY, reason="Lettre d'intention", by=ars)
    take(ars, project, "file_health_project", date(2024, 4, 15))
    take(ars, project, "validate_health_project", JUNE)
    return Project.objects.get(pk=project.pk)


def held(project: Project, day: date) -> set[tuple[str, bool]]:
    return set(project.perimeter.memberships.on(day).values_list("zone__code", "is_partial"))


def codes(zones: Iterable[Zone]) -> set[tuple[str, bool]]:
    return {(zone.code, False) for zone in zones}


def rows(project: Project) -> list[tuple]:
    found = project.perimeter.memberships.order_by("zone__code", "since")
    return list(found.values_list("zone__code", "is_partial", "since", "until"))


# One day after the other


def test_a_zone_is_not_held_before_it_has_its_present_limits(project, zones, ars):
    _, merged, cut, *_ = zones
    Zone.objects.filter(pk=merged.pk).update(since=MARCH)
    ZoneFactory(parent=cut, kind="part", name="Nord", since=JUNE)
    for chosen, told in (([merged], "1er mars"), ([merged, cut], "Nord")):
        with pytest.raises(ValidationError, match=f"{told}.*datez ce changement"):
            change_perimeter(project, chosen, JANUARY, reason="", by=ars)
    assert change_perimeter(project, [merged], MARCH, reason="", by=ars)


def test_an_imported_table_tells_the_zones_of_today_whatever_its_day(project, zones, ars):
    Zone.objects.filter(pk=zones[0].pk).update(since=MARCH)
    assert change_perimeter(project, zones[:1], JANUARY, reason="", by=ars, origin=Origin.IMPORT)


def test_a_day_on_which_the_ground_has_moved_says_so(project, zones, ars):
    project.perimeter.set_zones(zones[:2], MARCH, origin=Origin.GEOGRAPHY)
    with pytest.raises(ValidationError, match="la géographie a changé ce jour-là"):
        change_perimeter(project, zones[:1], JANUARY, reason="", by=ars)
    change_perimeter(project, zones[:1], JUNE, reason="", by=ars)
    with pytest.raises(ValidationError, match="a déjà changé le 1er juin 2024 :"):
        change_perimeter(project, zones[:1], JANUARY, reason="", by=ars)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_recorded_later_never_moves_the_past_and_undoing_brings_back_exactly(seed, project, zones, ars, cpam):
    """Changes at random days, some on the same day, some planned: each past picture stays, each undo restores all."""
    random = Random(seed)
    day, pictures = JANUARY, [(None, rows(project))]
    for _ in range(8):
        day += timedelta(days=random.choice([0, 0, 1, 90, 400]))
        before = [(past, held(project, past)) for past in (JANUARY, day - timedelta(days=1))]
        whole = [zone for zone in zones if random.random() < 0.5]
        partial = [zone for zone in zones if zone not in whole and random.random() < 0.3]
        by = random.choice([ars, cpam])
        change = change_perimeter(project, whole, day, partial=partial, reason="Motif", by=by)
        assert held(project, day) == codes(whole) | {(zone.code, True) for zone in partial}
        assert held(project, day + YEARS_AHEAD) == held(project, day)
        if change:
            pictures.append((change, rows(project)))
            assert [picture for picture in before if picture[0] < day] == [
                (past, held(project, past)) for past, _ in before if past < day
            ]
    administrator = UserFactory(role=User.Role.ADMINISTRATOR)
    while len(pictures) > 1:
        change, after = pictures.pop()
        assert rows(project) == after
        take_back_change(administrator, project.pk, change.pk, "Essai")
        assert rows(project) == pictures[-1][1]


def test_a_zone_that_leaves_and_comes_back_on_one_day_has_never_left(project, zones, ars):
    change_perimeter(project, zones[:2], JANUARY, reason="", by=ars)
    change_perimeter(project, zones[:1], MARCH, reason="", by=ars)
    change_perimeter(project, zones[:2], MARCH, reason="", by=ars)
    assert [row[2:4] for row in rows(project)] == [(JANUARY, None), (JANUARY, None)]


def test_nothing_changes_nothing_is_told(project, zones, ars):
    change_perimeter(project, zones, JANUARY, reason="", by=ars)
    assert change_perimeter(project, zones, MARCH, reason="Rien", by=ars) is None
    assert project.perimeter.changes.count() == 1


def test_no_change_comes_before_one_that_a_same_day_correction_has_cancelled(project, zones, ars):
    """The memberships then say nothing of that day, but undoing goes back through it."""
    change_perimeter(project, zones[:1], JANUARY, reason="", by=ars)
    change_perimeter(project, zones[:2], JUNE, reason="", by=ars)
    change_perimeter(project, zones[:1], JUNE, reason="", by=ars)
    with pytest.raises(ValidationError, match="a déjà changé le 1er juin 2024"):
        change_perimeter(project, zones[:2], MARCH, reason="", by=ars)


def test_a_planned_change_waits_for_its_day_and_is_undone_before_another(project, zones, ars):
    tomorrow = timezone.localdate() + timedelta(days=1)
    change_perimeter(project, zones[:2], JANUARY, reason="", by=ars)
    planned = change_perimeter(project, zones[:3], tomorrow, reason="Délibération prise", by=ars)
    assert held(project, timezone.localdate()) == codes(zones[:2])
    assert held(project, tomorrow) == codes(zones[:3])
    with pytest.raises(ValidationError, match=r"est déjà prévu le .* annulez-le d'abord"):
        change_perimeter(project, zones[:4], timezone.localdate(), reason="", by=ars)
    take_back_change(ars, project.pk, planned.pk, "Reportée")
    change_perimeter(project, zones[:4], timezone.localdate(), reason="", by=ars)
    assert held(project, tomorrow) == codes(zones[:4])


def test_a_part_becomes_the_whole_and_back(project, zones, ars):
    change_perimeter(project, [], JANUARY, partial=zones[:1], reason="", by=ars)
    made_whole = change_perimeter(project, zones[:1], MARCH, reason="", by=ars)
    [entered], [left] = made_whole.entered, made_whole.left
    assert (entered["code"], entered["is_partial"], left["is_partial"]) == (zones[0].code, False, True)
    take_back_change(ars, project.pk, made_whole.pk, "Pas encore")
    assert rows(project) == [(zones[0].code, True, JANUARY, None)]


def test_an_imported_commune_that_is_split_by_now_stands_for_its_parts_even_before(project, ars):
    city = ZoneFactory()
    parts = ZoneFactory.create_batch(2, parent=city, kind=Zone.Kind.PART, since=JUNE)
    change_perimeter(project, [city], JANUARY, reason="", by=ars, origin=Origin.IMPORT)
    assert held(project, timezone.localdate()) == codes(parts)


def test_a_commune_that_no_longer_exists_is_refused_by_name(project, zones, ars):
    absorbed = ZoneFactory(name="Pierrefitte", until=MARCH)
    with pytest.raises(ValidationError, match=r"N'existe plus, ou pas encore, le .* : Pierrefitte"):
        change_perimeter(project, [*zones, absorbed], JANUARY, reason="", by=ars)
    assert not project.perimeter.memberships.exists()


def test_what_the_geography_has_changed_since_is_not_undone_blindly(project, zones, ars):
    change_perimeter(project, zones[:2], JANUARY, reason="", by=ars)
    leaving = change_perimeter(project, zones[:1], MARCH, reason="", by=ars)
    Zone.objects.filter(pk=zones[1].pk).update(until=JUNE)
    with pytest.raises(ValidationError, match="composez le périmètre de nouveau"):
        take_back_change(ars, project.pk, leaving.pk, "Erreur")
    assert held(project, MARCH) == codes(zones[:1])


# Amendments


def test_before_validation_a_day_is_composed_again(project, zones, ars):
    for chosen in (zones[:2], zones[1:3], zones[2:]):
        change_perimeter(project, chosen, MARCH, reason="", by=ars)
    assert held(project, MARCH) == codes(zones[2:])
    assert {change.origin for change in project.perimeter.changes.all()} == {Origin.COMPOSED}


def test_once_validated_a_change_is_an_amendment_and_overwrites_nothing(validated, zones, ars):
    for day in (MARCH, JUNE):
        with pytest.raises(ValidationError, match=r"a été validé le 1er juin 2024 .* est un avenant"):
            change_perimeter(validated, zones[:3], day, reason="", by=ars)
    amendment = change_perimeter(validated, zones[:3], SEPTEMBER, reason="Extension", by=ars)
    assert amendment.origin == Origin.AMENDMENT
    assert held(validated, JUNE) == codes(zones[:2])
    with pytest.raises(ValidationError, match="un avenant ne s'écrase pas"):
        change_perimeter(validated, zones[:4], SEPTEMBER, reason="", by=ars)
    change_perimeter(validated, zones[:4], SEPTEMBER + timedelta(days=1), reason="", by=ars)
    natures = [told.nature for told in told_changes(validated, list(validated.perimeter.changes.all()), [])]
    assert natures == ["Avenant n° 2", "Avenant n° 1", "Composition"]


def test_the_numbers_of_amendments_leave_out_those_that_were_taken_back(validated, zones, ars):
    first = change_perimeter(validated, zones[:3], SEPTEMBER, reason="", by=ars)
    take_back_change(ars, validated.pk, first.pk, "Pas voté")
    change_perimeter(validated, zones[:4], SEPTEMBER, reason="", by=ars)
    natures = [told.nature for told in told_changes(validated, list(validated.perimeter.changes.all()), [])]
    assert natures == ["Avenant n° 1", "Avenant au périmètre", "Composition"]


def test_the_perimeter_of_a_validated_project_that_had_none_is_told_at_its_day(ars, zones):
    """An import may know a project is validated and not where it is: what is told first overwrites nothing."""
    project = ProjectFactory(stages=[(State.VALIDATED, MARCH)])
    change_perimeter(project, zones[:2], JANUARY, reason="Dossier papier", by=ars)
    wrong = last_change(project)
    assert wrong.origin == Origin.COMPOSED
    assert "a été validé" in why_not_change(project, JANUARY)
    take_back_change(ars, project.pk, wrong.pk, "Commune oubliée")
    assert not project.perimeter.memberships.exists()


def test_what_the_health_project_was_validated_on_is_not_undone(validated, ars):
    with pytest.raises(ValidationError, match="un avenant le change"):
        take_back_change(ars, validated.pk, last_change(validated).pk, "Erreur")


def test_the_geography_of_a_day_leaves_room_for_an_amendment_of_that_day(validated, zones, ars):
    validated.perimeter.set_zones([*zones[:2], zones[5]], SEPTEMBER, origin=Origin.GEOGRAPHY)
    assert change_perimeter(validated, [*zones[:3], zones[5]], SEPTEMBER, reason="", by=ars)


def test_a_project_that_was_validated_and_then_ended_keeps_what_it_was_validated_on(validated, zones, ars):
    take(ars, validated, "abandon", date(2025, 1, 6))
    ended = Project.objects.get(pk=validated.pk)
    assert validated_on(ended, timezone.localdate()) is None
    assert why_not_change(ended, timezone.localdate()) == (
        "Le projet est abandonné depuis le 6 janvier 2025 : son périmètre ne change plus."
    )
    assert "a été validé le 1er juin 2024" in why_not_change(ended, MARCH)
    assert why_not_take_back_change(ended, last_change(ended)).startswith("Le projet est abandonné")


# Taking back


def test_only_the_last_change_is_taken_back_once_with_a_reason(project, zones, ars):
    first = change_perimeter(project, zones[:2], JANUARY, reason="", by=ars)
    second = change_perimeter(project, zones[:3], MARCH, reason="", by=ars)
    for change, reason, why in (
        (first, "Erreur", "annulez d'abord le changement le plus récent"),
        (second, "  ", "Dites pourquoi"),
    ):
        with pytest.raises(ValidationError, match=why):
            take_back_change(ars, project.pk, change.pk, reason)
    take_back_change(ars, project.pk, second.pk, "Erreur")
    with pytest.raises(ValidationError, match="déjà annulé"):
        take_back_change(ars, project.pk, second.pk, "Erreur")
    second.refresh_from_db()
    assert (second.taken_back_by, second.taken_back_reason) == (ars, "Erreur")
    assert held(project, MARCH) == codes(zones[:2])


@pytest.mark.parametrize("origin", [Origin.SPLIT, Origin.GEOGRAPHY, Origin.CONCILIATION])
def test_what_several_projects_share_is_not_undone_alone(origin, project, zones, ars):
    project.perimeter.set_zones(zones[:2], JANUARY, origin=origin, by=ars)
    with pytest.raises(ValidationError, match="ne s'annule pas"):
        take_back_change(ars, project.pk, last_change(project).pk, "Erreur")


def test_who_takes_a_change_back(project, zones, ars, cpam, reader, far):
    change = change_perimeter(project, zones[:2], JANUARY, reason="", by=ars)
    for somebody in (cpam, reader):
        with pytest.raises(PermissionDenied):
            take_back_change(somebody, project.pk, change.pk, "Erreur")
    with pytest.raises(Project.DoesNotExist):
        take_back_change(UserFactory(departments=[far]), project.pk, change.pk, "Erreur")
    manager = UserFactory(
        role=User.Role.MANAGER, institution__kind=Institution.Kind.ARS_DELEGATION, departments=[project.lead_department]
    )
    assert take_back_change(manager, project.pk, change.pk, "Erreur").taken_back_by == manager


# What is told


def test_each_change_tells_what_came_of_it(project, ars):
    big, small, part = (ZoneFactory(name=name, population=n) for name, n in (("A", 5_000), ("B", 300), ("C", 70)))
    change_perimeter(project, [big], JANUARY, partial=[part], reason="", by=ars)
    change_perimeter(project, [small, part], MARCH, reason="", by=ars)
    wrong = change_perimeter(project, [small], JUNE, reason="", by=ars)
    take_back_change(ars, project.pk, wrong.pk, "Erreur")
    rows_held = list(project.perimeter.memberships.select_related("zone"))
    taken_back, second, first = told_changes(project, list(project.perimeter.changes.all()), rows_held)
    assert taken_back.population is None
    assert [str(zone) for zone in taken_back.left] == ["C"]
    assert ([str(z) for z in second.entered], [str(z) for z in second.left]) == (["B"], ["A"])
    assert [(zone.name, zone.is_partial) for zone in second.otherwise] == [("C", False)]
    assert (second.people_in, second.people_out, second.population) == (300, 5_000, 370)
    assert second.population_before == first.population == 5_070
    assert [str(zone) for zone in first.entered] == ["A", "C (en partie)"]
