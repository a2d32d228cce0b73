"""Pairs of projects that share zones: the same as sets say, within what the reader may know."""

import csv
import json
from datetime import date
from io import StringIO
from itertools import combinations
from random import Random
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from projects.conciliation_rules import SIMULTANEOUS
from projects.models import Project
from projects.overlaps import overlaps, overlaps_of
from projects.states import State
from projects.timeline import OBSERVED
from territories.models import Department, Zone
from territories.overlap import Kind
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

DAY = date(2026, 1, 1)
KEYS = (
    "project_a,project_b,department_a,department_b,state_a,state_b,shared_zones,shared_zone_count,shared_population,"
    "population_a,population_b,share_a,share_b,kind,situation,prior,prior_since"
)


@pytest.fixture
def communes(plaine: Department) -> list[Zone]:
    return [ZoneFactory(department=plaine, code=f"A2{n:03d}", name=f"Bourg {n}") for n in range(6)]


@pytest.fixture
def pair(plaine: Department, elsewhere: Department, communes: list[Zone]) -> tuple[Project, Project]:
    """One of the region, another of elsewhere that reaches its territory: Bourg 1 and Bourg 2 are in both."""
    here = ProjectFactory(name="CPTS d'ici", lead_department=plaine, zones=communes[:3])
    stages = [(State.VALIDATED, date(2020, 1, 1))]
    there = ProjectFactory(name="CPTS de là-bas", lead_department=elsewhere, zones=communes[1:], stages=stages)
    return here, there


def printed(**options: str) -> str:
    output = StringIO()
    call_command("overlaps", stdout=output, **options)
    return output.getvalue()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.django_db
def test_database_finds_what_sets_find(seed: int) -> None:
    draw = Random(seed)
    zones = [ZoneFactory(population=draw.randrange(5_000)) for _ in range(12)]
    held: dict[int, dict[Zone, bool]] = {}
    for _ in range(9):
        chosen = draw.sample(zones, draw.randrange(1, 5))
        partial = [zone for zone in chosen if draw.random() < 0.2]
        state = draw.choice([State.INITIATIVE, State.ACI_SIGNED, State.ABANDONED])
        whole = [zone for zone in chosen if zone not in partial]
        project = ProjectFactory(zones=whole, zones__partial=partial, stages=[(state, date(2019, 1, 1))])
        if not whole:
            project.perimeter.set_zones([], date(2019, 1, 1), partial=partial)
        if state != State.ABANDONED:
            held[project.pk] = {zone: zone in partial for zone in chosen}

    expected = {}
    for (a, zones_a), (b, zones_b) in combinations(held.items(), 2):
        if shared := zones_a.keys() & zones_b.keys():
            unsure = all(zones_a[zone] or zones_b[zone] for zone in shared)
            a_in_b = zones_a.keys() <= zones_b.keys() and not any(zones_b[zone] for zone in shared)
            b_in_a = zones_b.keys() <= zones_a.keys() and not any(zones_a[zone] for zone in shared)
            kind = Kind.TO_CHECK if unsure else Kind.TOTAL if a_in_b or b_in_a else Kind.PARTIAL
            populations = [sum(zone.population for zone in some) for some in (shared, zones_a, zones_b)]
            expected[a, b] = ({zone.code for zone in shared}, *populations, kind)
    found = {
        (pair.a.pk, pair.b.pk): (
            {zone.code for zone in pair.overlap.zones},
            pair.population,
            pair.a.population,
            pair.b.population,
            pair.kind,
        )
        for pair in overlaps(DAY)
        if pair.a.pk in held or pair.b.pk in held
    }
    assert found == expected


def test_a_pair_lasts_as_long_as_both_hold_the_zone(plaine: Department, communes: list[Zone]) -> None:
    first = ProjectFactory(lead_department=plaine, zones=communes[:2], zones__since=date(2020, 1, 1))
    ProjectFactory(lead_department=plaine, zones=communes[1:3], zones__since=date(2021, 1, 1))
    first.perimeter.set_zones(communes[:1], date(2022, 1, 1))
    of_region = Project.objects.filter(lead_department__region="A")
    days = [date(2020, 12, 31), date(2021, 1, 1), date(2021, 12, 31), date(2022, 1, 1)]
    assert [len(overlaps(day, touching=of_region)) for day in days] == [0, 1, 1, 0]


def test_a_project_that_has_ended_collides_with_nobody(plaine: Department, communes: list[Zone]) -> None:
    ProjectFactory(lead_department=plaine, zones=communes)
    ended = [(State.INITIATIVE, date(2019, 1, 1)), (State.ABANDONED, date(2025, 6, 1))]
    project = ProjectFactory(lead_department=plaine, zones=communes, stages=ended)
    assert len(overlaps_of(project, date(2025, 5, 31))) == 1
    assert overlaps_of(project, date(2025, 6, 1)) == []


def test_a_split_commune_counts_through_its_parts(plaine: Department) -> None:
    city = ZoneFactory(department=plaine, name="Ville", population=3_000)
    first, second = (ZoneFactory(parent=city, name=f"Ville {n}e", population=1_500) for n in (1, 2))
    whole = ProjectFactory(lead_department=plaine, zones=[city])
    ProjectFactory(lead_department=plaine, zones=[second])
    (pair,) = overlaps_of(whole, DAY)
    assert pair.zones == ["Ville 2e"]
    assert (pair.population, pair.kind) == (1_500, Kind.TOTAL)
    assert first.code not in {zone.code for zone in pair.overlap.zones}


@pytest.mark.usefixtures("pair")
def test_csv_has_agreed_keys_and_figures() -> None:
    text = printed(region="A", date="2026-01-01", format="csv")
    assert text.splitlines()[0] == KEYS
    (row,) = csv.DictReader(StringIO(text))
    assert row["project_a"] == "CPTS d'ici"
    assert row["state_b"] == "validated"
    assert row["shared_zones"] == "A2001;A2002"
    assert (row["shared_zone_count"], row["shared_population"]) == ("2", "2000")
    assert (row["share_a"], row["share_b"], row["kind"]) == ("0.6667", "0.4", "partial")
    assert (row["situation"], row["prior"], row["prior_since"]) == (
        "already_validated",
        "CPTS de là-bas",
        "2020-01-01",
    )


@pytest.mark.usefixtures("pair")
def test_json_lists_the_zones_and_table_the_names() -> None:
    (row,) = json.loads(printed(region="A", date="2026-01-01", format="json"))
    assert ",".join(row) == KEYS
    assert row["shared_zones"] == ["A2001", "A2002"]
    assert row["prior_since"] == "2020-01-01"
    assert "CPTS de là-bas" in printed(region="A", date="2026-01-01")


@pytest.mark.usefixtures("pair")
def test_a_pair_belongs_to_the_regions_of_both_sides(paris: Department) -> None:
    assert len(json.loads(printed(region="A", date="2026-01-01", format="json"))) == 1
    assert len(json.loads(printed(region="B", date="2026-01-01", format="json"))) == 1
    assert len(json.loads(printed(date="2026-01-01", format="json"))) >= 1


@pytest.mark.usefixtures("pair")
def test_one_project_against_all_by_its_number_or_its_name(communes: list[Zone], plaine: Department) -> None:
    third = ProjectFactory(name="CPTS Tierce", lead_department=plaine, zones=communes[:1])
    for asked in (str(third.pk), "tierce"):
        (row,) = json.loads(printed(project=asked, date="2026-01-01", format="json"))
        assert (row["project_a"], row["project_b"], row["kind"]) == ("CPTS d'ici", "CPTS Tierce", "total")
    for asked, told in (("nulle part", "Aucun projet"), ("cpts", "Plusieurs projets"), ("99999999", "Aucun projet")):
        with pytest.raises(CommandError, match=told):
            printed(project=asked)
    with pytest.raises(CommandError, match="pas les deux"):
        printed(project="tierce", region="A")


def test_one_project_typed_twice_takes_both_its_name_and_its_zones(plaine: Department, communes: list[Zone]) -> None:
    def kind(names: tuple[str, str], first: list[Zone], second: list[Zone], partial: list[Zone] = ()) -> Kind:
        Project.objects.filter(lead_department=plaine).delete()
        one = ProjectFactory(name=names[0], lead_department=plaine, zones=first, zones__partial=partial)
        ProjectFactory(name=names[1], lead_department=plaine, zones=second)
        (found,) = overlaps_of(one, DAY)
        return found.kind

    alike, unlike = ("CPTS du Bourg", "C.P.T.S. Bourg"), ("CPTS du Bourg", "CPTS de la Vallée")
    assert kind(alike, communes, communes[:5]) == Kind.SAME
    assert kind(alike, communes[:5], communes[:4]) == Kind.TOTAL  # 80 % of the zones: not more
    assert kind(unlike, communes, communes) == Kind.TOTAL
    assert kind(alike, communes[:1], communes, communes[1:]) == Kind.TOTAL  # parts not known are not the same zones


def test_a_date_that_an_import_only_observed_makes_nobody_prior(plaine: Department, communes: list[Zone]) -> None:
    early, late = [(State.FILED, date(2025, 12, 1))], [(State.FILED, date(2025, 12, 2))]
    one = ProjectFactory(lead_department=plaine, zones=communes, stages=early)
    other = ProjectFactory(lead_department=plaine, zones=communes, stages=late)
    (pair,) = overlaps_of(one, DAY)
    assert (pair.situation, pair.prior.pk, pair.assessment.since) == (SIMULTANEOUS, one.pk, date(2025, 12, 1))
    other.stages.filter(state=State.FILED).update(comment=f"{OBSERVED} au 2 décembre 2025.")
    (pair,) = overlaps_of(one, DAY)
    assert (pair.prior, pair.assessment.is_unknown) == (None, True)


def test_an_opposed_project_is_prior_by_its_engineering_and_a_second_filing_by_its_own_date(
    plaine: Department, communes: list[Zone]
) -> None:
    opposed = [
        (State.ENGINEERING, date(2020, 1, 1)),
        (State.FILED, date(2021, 1, 1)),
        (State.OPPOSED, date(2021, 2, 1)),
    ]
    writing = [(State.ENGINEERING, date(2019, 6, 1)), (State.FILED, date(2025, 12, 1))]
    first = ProjectFactory(lead_department=plaine, zones=communes, stages=[*opposed, (State.FILED, date(2025, 12, 15))])
    second = ProjectFactory(lead_department=plaine, zones=communes, stages=writing)

    def prior_on(day: date) -> tuple[int, date]:
        (pair,) = overlaps_of(first, day)
        return pair.prior.pk, pair.assessment.since

    assert prior_on(date(2021, 1, 15)) == (first.pk, date(2021, 1, 1))  # filed, against engineering
    assert prior_on(date(2022, 1, 1)) == (second.pk, date(2019, 6, 1))  # opposed, back to engineering
    assert prior_on(date(2026, 1, 1)) == (second.pk, date(2025, 12, 1))  # both filed: the filing under examination


def test_out_of_scope_only_name_state_and_whom_to_call_are_shown(client_of, delegation: User, pair) -> None:
    here, there = pair
    page = client_of(delegation).get(reverse("overlaps"), {"date": "2026-01-01"})
    text = page.content.decode()
    assert here.get_absolute_url() in text
    assert "CPTS de là-bas" in text
    assert "Projet validé" in text
    assert "appelez l'ARS ou la CPAM de Ailleurs" in text.replace("&#x27;", "'")
    assert there.get_absolute_url() not in text
    assert "5\u202f000" not in text  # its population
    assert "40\u00a0%" not in text  # its share
    assert "1er janv. 2020" not in text  # the day it was validated
    assert "antérieure" in text  # which follows from its state


def test_out_of_scope_figures_are_not_in_the_file_either(client_of, delegation: User, pair) -> None:
    answer = client_of(delegation).get(reverse("overlaps"), {"date": "2026-01-01", "format": "csv"})
    (row,) = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert (row["Population A"], row["Population B"], row["Part de B"]) == ("3000", "", "")
    assert (row["Projet antérieur"], row["Antérieur depuis le"]) == ("CPTS de là-bas", "")


def test_pairs_of_elsewhere_are_not_shown(client_of, delegation: User, elsewhere: Department) -> None:
    far = ZoneFactory(department=elsewhere)
    for name in ("CPTS lointaine", "CPTS voisine de la lointaine"):
        ProjectFactory(name=name, lead_department=elsewhere, zones=[far])
    page = client_of(delegation).get(reverse("overlaps"))
    assert "lointaine" not in page.content.decode()
    assert "Aucune superposition" in page.content.decode()


def test_department_filter_keeps_pairs_led_there(client_of, delegation: User, pair, paris: Department) -> None:
    client = client_of(delegation)
    assert len(client.get(reverse("overlaps"), {"departement": "A2"}).context["pairs"]) == 1
    assert client.get(reverse("overlaps"), {"departement": "A1"}).context["pairs"] == []
    assert client.get(reverse("overlaps"), {"departement": "B1"}).status_code == 400


def test_kind_and_situation_keep_some_pairs_and_every_figure_opens_its_list(
    client_of, delegation: User, pair, communes: list[Zone], plaine: Department
) -> None:
    ProjectFactory(name="CPTS Tierce", lead_department=plaine, zones=communes[:1])
    client = client_of(delegation)
    page = client.get(reverse("overlaps"))
    told = {
        (row.situation.key, kind.value): count
        for row in page.context["counts"]
        for kind, count in row.of_kinds
        if count
    }
    assert told == {("already_validated", "partial"): 1, ("before_filing", "total"): 1}
    for situation, kind in told:
        asked = {"situation": situation, "nature": kind}
        kept = client.get(reverse("overlaps"), asked)
        assert [(p.situation.key, p.kind.value) for p in kept.context["pairs"]] == [(situation, kind)]
        assert f"?{urlencode(asked)}".replace("&", "&amp;") in page.text
    none = client.get(reverse("overlaps"), {"situation": "both_validated"})
    assert none.context["pairs"] == []
    assert "Aucune paire ne répond" in none.text
    for wrong in ({"nature": "grave"}, {"situation": "4"}, {"region": "B"}, {"date": "hier"}):
        assert client.get(reverse("overlaps"), wrong).status_code == 400


def test_queries_do_not_grow_with_projects(client_of, plaine: Department, communes, django_assert_num_queries) -> None:
    client = client_of(UserFactory(departments=[plaine]))
    for wanted in (3, 8):
        while Project.objects.filter(lead_department=plaine).count() < wanted:
            ProjectFactory(lead_department=plaine, zones=communes)
        with django_assert_num_queries(12):
            page = client.get(reverse("overlaps"))
        assert len(page.context["pairs"]) == wanted * (wanted - 1) // 2
    project = Project.objects.filter(lead_department=plaine).first()
    with django_assert_num_queries(4):
        assert len(overlaps_of(project, DAY)) == 7
