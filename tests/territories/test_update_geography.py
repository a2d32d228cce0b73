"""A newer vintage: the real one of 2026 over the real one of 2024, in six departments; nothing lost, nothing twice."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from pilotage.management.commands.update_geography import updated
from projects.models import Filing, Project
from projects.perimeters import change_perimeter
from projects.workflow import lock
from territories.geography_files import read_geography
from territories.models import (
    Department,
    Epci,
    FormerPopulation,
    FormerZone,
    PerimeterZone,
    Region,
    Structure,
    Zone,
    ZoneSplit,
)
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory, ZoneFactory
from tests.together import at_once

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent.parent / "data"
OLD, NEW = DATA / "geography_2024", DATA / "geography_2026"
DAY, BEFORE = date(2025, 1, 1), date(2024, 6, 1)
OF_2024, OF_2026 = 1_053, 1_054  # zones without Paris 75056, told by its arrondissements


@pytest.fixture
def in_2024() -> None:
    """Nothing but six departments as they were in 2024; what the session had loaded comes back after the test."""
    empty()
    call_command("load_geography", OLD, stdout=StringIO())


def empty() -> None:
    for model in (FormerZone, Zone, Epci, Department, Region):
        model.objects.all()._raw_delete("default")


def update(folder: Path = NEW, since: str = "2025-01-01", **options) -> str:
    out = StringIO()
    call_command("update_geography", folder, since=since, stdout=out, **options)
    return out.getvalue().replace("\u202f", " ")


def project_of(*codes: str, partial: tuple[str, ...] = (), since: date = date(2020, 1, 1), **said) -> Project:
    """A project of Seine-Saint-Denis that holds these zones."""
    zones = list(Zone.objects.filter(code__in=codes))
    assert len(zones) == len(codes)
    said = {"lead_department": Department.objects.get(code="93")} | said
    project = ProjectFactory(**said)
    project.perimeter.set_zones(zones, since, partial=Zone.objects.filter(code__in=partial))
    return project


def held(project: Project, day: date) -> dict[str, bool]:
    """Codes held on a day, and whether in part."""
    return dict(project.perimeter.memberships.on(day).order_by("zone__code").values_list("zone__code", "is_partial"))


def population(project: Project, day: date) -> int | None:
    return project.perimeter.memberships.on(day).aggregate(total=Sum("zone__population"))["total"]


def state() -> list:
    models = (Region, Department, Epci, Zone, FormerZone, FormerPopulation, PerimeterZone)
    return [sorted(map(str, model.objects.values_list())) for model in models]


def leaves(day: date) -> tuple[int, int]:
    zones = Zone.objects.leaves(day)
    return zones.count(), zones.aggregate(total=Sum("population"))["total"]


def total(folder: Path) -> int:
    rows = read_geography(folder)["zones"]
    return sum(int(row["population"]) for row in rows if row["code"] != "75056")


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """The newer files where lines of one are replaced (by nothing: removed)."""
    shutil.copytree(NEW, tmp_path, dirs_exist_ok=True)

    def edit(name: str, lines: dict[str, str]) -> Path:
        path = tmp_path / name
        text = path.read_text("utf-8")
        for old, new in lines.items():
            assert f"\n{old}\n" in text
            text = text.replace(f"\n{old}\n", f"\n{new}\n" if new else "\n")
        path.write_text(text, "utf-8")
        return tmp_path

    return edit


def line_of(code: str, folder: Path = NEW) -> str:
    return next(line for line in (folder / "zones.csv").read_text("utf-8").splitlines() if line.startswith(f"{code},"))


class TestRealMergers:
    """Pierrefitte into Saint-Denis, three into Les Trois-Saints, Neussargues divided in five, Conques recoded."""

    def test_the_country_is_that_of_the_files(self, in_2024):
        update()
        assert leaves(DAY) == (OF_2026, total(NEW))
        assert leaves(BEFORE)[0] == OF_2024

    def test_a_project_that_held_both_holds_the_merged_commune_once(self, in_2024):
        both = project_of("93059", "93066")
        update()
        assert held(both, BEFORE) == {"93059": False, "93066-2024": False}
        assert population(both, BEFORE) == 33_670 + 115_237
        assert held(both, DAY) == {"93066": False}
        assert population(both, DAY) == 149_077

    @pytest.mark.parametrize("code", ["93059", "93066"])
    def test_a_project_that_held_one_holds_the_merged_commune_in_part(self, in_2024, code):
        one = project_of(code)
        before = population(one, BEFORE)
        update()
        assert population(one, BEFORE) == before, "its past does not take in the absorbed commune"
        assert held(one, DAY) == {"93066": True}
        [change] = one.perimeter.changes.filter(origin="geography")
        assert (change.since, change.recorded_by) == (DAY, None)
        assert change.reason == (
            "Nouvelle géographie au 1er janvier 2025 : Pierrefitte-sur-Seine (93059) et Saint-Denis (93066) forment "
            "Saint-Denis (93066)."
        )
        assert [(zone["code"], zone["is_partial"]) for zone in change.entered] == [("93066", True)]

    def test_three_into_one(self, in_2024):
        two = project_of("19223", "19248")
        three = project_of("19223", "19230", "19248")
        update()
        assert held(two, DAY) == {"19248": True}
        assert held(three, DAY) == {"19248": False}
        assert Zone.objects.get(code="19248").name == "Les Trois-Saints"

    def test_a_divided_commune_gives_all_its_heirs(self, in_2024):
        whole, part = project_of("15141"), project_of(partial=("15141",))
        update()
        heirs = ["15031", "15035", "15047", "15141", "15171"]
        assert held(whole, BEFORE) == {"15141-2024": False}
        assert held(whole, DAY) == dict.fromkeys(heirs, False)
        assert held(part, DAY) == dict.fromkeys(heirs, True)
        assert population(whole, DAY) == sum(int(line_of(code).split(",")[6]) for code in heirs)

    def test_a_recoded_or_renamed_commune_keeps_its_row(self, in_2024):
        project = project_of("12076", "95218")
        rows = set(project.perimeter.zones.values_list("pk", flat=True))
        update()
        assert held(project, BEFORE) == held(project, DAY) == {"12218": False, "95218": False}
        assert set(project.perimeter.zones.values_list("pk", flat=True)) == rows
        assert not project.perimeter.changes.filter(origin="geography").exists()
        assert {zone.name for zone in project.perimeter.zones.all()} == {"Conques-en-Rouergue", "Éragny-sur-Oise"}
        former = FormerZone.objects.filter(successor__in=rows).values_list("code", "name")
        assert {("12076", "Conques-en-Rouergue"), ("95218", "Éragny")} <= set(former)

    def test_former_codes_lead_to_what_is_there_now(self, in_2024):
        update()
        assert {zone.successor.code for zone in FormerZone.objects.filter(code__in=["93059", "75059"])} == {"93066"}
        assert not FormerZone.objects.filter(successor__until__isnull=False).exists()
        assert not FormerZone.objects.filter(code="15031").exists(), "it is a commune again"

    def test_former_populations_are_archived(self, in_2024):
        update()
        kept = Zone.objects.get(code="93001")
        assert [(row.vintage, row.population) for row in kept.former_populations.all()] == [
            (2022, int(line_of("93001", OLD).split(",")[6]))
        ]
        assert not FormerPopulation.objects.filter(zone__code="93066").exists(), "its territory was not the same"
        ended = Zone.objects.get(code="93066-2024")
        assert (ended.population, ended.vintage, ended.until) == (115_237, 2022, DAY)

    def test_what_names_an_absorbed_commune_names_its_successor(self, in_2024):
        centre = Structure.objects.create(kind="cds", name="CDS", department=Department.objects.get(code="93"))
        centre.zones.add(Zone.objects.get(code="93059"))
        update()
        assert [zone.code for zone in centre.zones.all()] == ["93066"]

    def test_arrondissements_go_on(self, in_2024):
        project = project_of("75056")
        update()
        assert len(held(project, DAY)) == 20
        assert population(project, DAY) == int(line_of("75056").split(",")[6])


class TestDates:
    def test_what_came_or_left_later_does_so_in_the_new_zones(self, in_2024):
        project = project_of("93059", "93066")
        project.perimeter.set_zones([Zone.objects.get(code="93066")], date(2025, 6, 1), reason="Avenant")
        update()
        assert held(project, DAY) == {"93066": False}
        assert held(project, date(2025, 6, 1)) == {"93066": True}
        later = project.perimeter.changes.get(since=date(2025, 6, 1))
        assert [(zone["code"], zone["is_partial"]) for zone in later.left] == [("93066", False)]
        assert [(zone["code"], zone["is_partial"]) for zone in later.entered] == [("93066", True)]

    def test_a_later_change_can_still_be_taken_back(self, in_2024):
        project = project_of("93059", "93066")
        change = project.perimeter.set_zones([Zone.objects.get(code="93066")], date(2025, 6, 1), reason="Avenant")
        update()
        change.refresh_from_db()
        project.perimeter.undo(change)
        assert held(project, date(2025, 7, 1)) == {"93066": False}

    def test_a_project_that_left_before_is_not_touched(self, in_2024):
        project = project_of("93059", "93001")
        project.perimeter.set_zones([Zone.objects.get(code="93001")], date(2024, 3, 1))
        update()
        assert held(project, BEFORE) == held(project, DAY) == {"93001": False}
        assert not project.perimeter.changes.filter(origin="geography").exists()

    def test_a_project_that_came_after_that_day(self, in_2024):
        project = project_of("93059", since=date(2025, 9, 1))
        update()
        assert held(project, DAY) == {}
        assert held(project, date(2025, 9, 1)) == {"93066": True}
        assert project.perimeter.changes.get(origin="geography").since == date(2025, 9, 1)

    def test_run_again_it_changes_nothing(self, in_2024):
        project_of("93059", "15141")
        update()
        before = state()
        assert update() == "Rien à changer : cette géographie est celle de la base.\n"
        assert state() == before
        call_command("load_geography", NEW, stdout=StringIO())
        assert leaves(DAY) == (OF_2026, total(NEW)), "nor does a reload of the same files"

    def test_a_dry_run_writes_nothing(self, in_2024):
        project_of("93059")
        before = state()
        assert "Essai : rien n'a été écrit." in update(dry_run=True)
        assert state() == before


class TestReport:
    def test_projects_and_tiers(self, in_2024):
        call_command("load_tariffs", stdout=StringIO())
        small = project_of("93059", name="CPTS de Pierrefitte")
        project_of("93001", name="CPTS d'Aubervilliers")
        told = json.loads(update(format="json"))
        assert [project["project"] for project in told["projects"]] == ["CPTS d'Aubervilliers", "CPTS de Pierrefitte"]
        row = told["projects"][1]
        assert (row["population_before"], row["population_after"]) == (33_670, 149_077)
        assert (row["left"], row["to_check"]) == ("Pierrefitte-sur-Seine (93059)", "Saint-Denis (93066)")
        assert row["tier_before"] < row["tier_after"]
        assert small.perimeter.changes.count() == 2

    def test_as_csv(self, in_2024):
        project_of("93059")
        [row] = csv.DictReader(StringIO(update(format="csv")))
        assert (row["entered"], row["population_after"]) == ("Saint-Denis (93066) en partie", "149077")

    def test_filings_keep_the_population_they_were_made_with(self, in_2024):
        stages = [("initiative", date(2020, 1, 1)), ("filed", date(2024, 3, 1))]
        project = project_of("93059", stages=stages)
        filing = Filing.objects.get(stage__project=project)
        Filing.objects.filter(pk=filing.pk).update(population=33_670, population_vintage=2022)
        update()
        filing.refresh_from_db()
        assert (filing.population, filing.population_vintage) == (33_670, 2022)


class TestSplitCommunes:
    def cut(self, code: str, *populations: int) -> Zone:
        commune = Zone.objects.get(code=code)
        for number, people in enumerate(populations, start=1):
            Zone.objects.create(
                code=f"{code}000{number}",
                name=f"Quartier {number}",
                kind=Zone.Kind.PART,
                parent=commune,
                department=commune.department,
                population=people,
                vintage=2022,
                since=date(2024, 2, 1),
            )
        ZoneSplit.objects.create(commune=commune, since=date(2024, 2, 1), source="Quartiers")
        return commune

    def test_parts_keep_their_population_and_the_difference_is_told(self, in_2024):
        commune = self.cut("93001", 40_000, 50_000)
        told = update()
        assert f"Aubervilliers (93001) a {line_of('93001').split(',')[6][:2]}" in told
        assert list(commune.parts.values_list("population", flat=True).order_by("code")) == [40_000, 50_000]

    def test_a_split_commune_that_absorbs_another_gets_one_more_part(self, in_2024):
        self.cut("93066", 100_000, 15_237)
        project = project_of("93059", "930660001")
        told = update()
        assert "Pierrefitte-sur-Seine (93059) devient une partie de Saint-Denis (93066)" in told
        assert held(project, BEFORE) == held(project, DAY) == {"93059": False, "930660001": False}
        assert update().startswith("Rien à changer")

    def test_a_split_commune_that_is_absorbed_gives_way_with_its_parts(self, in_2024):
        self.cut("93059", 30_000, 3_670)
        one, all_of_it = project_of("930590001"), project_of("93059", "93066")
        assert len(held(all_of_it, BEFORE)) == 3
        update()
        assert held(one, DAY) == {"93066": True}
        assert held(all_of_it, DAY) == {"93066": False}
        assert leaves(DAY) == (OF_2026, total(NEW))


class TestRefusals:
    def refused(self, *args, **options) -> str:
        before = state()
        with pytest.raises(CommandError, match="Rien n'a été écrit") as refusal:
            update(*args, **options)
        assert state() == before
        return str(refusal.value)

    def test_a_vanished_commune_needs_a_successor(self, in_2024, edited):
        folder = edited("former_zones.csv", {"93059,Pierrefitte-sur-Seine,93066,0": ""})
        assert "Pierrefitte-sur-Seine (93059) n'est plus listée" in self.refused(folder)

    def test_a_new_commune_needs_an_origin(self, in_2024, edited):
        line = line_of("93001")
        folder = edited("zones.csv", {line: f"{line}\n93999,Neuve,commune,93,200054781,,5,2023"})
        assert "Neuve (93999) apparaît, et former_zones.csv ne dit pas d'où elle vient." in self.refused(folder)

    def test_a_day_to_come(self, in_2024):
        assert "Le 1er janvier 2100 est dans le futur" in self.refused(since="2100-01-01")

    def test_a_day_that_cannot_be_read(self, in_2024):
        assert "ne se lit pas" in self.refused(since="demain")

    def test_an_older_vintage(self, in_2024):
        update()
        assert "plus anciennes que celles en vigueur (2023)" in self.refused(OLD)

    def test_files_that_do_not_hold_together(self, in_2024, edited):
        folder = edited("zones.csv", {line_of("93001"): line_of("93001").replace("93,2000", "9X,2000")})
        assert "département inconnu" in self.refused(folder)

    def test_load_geography_does_not_do_half_of_it(self, in_2024):
        project_of("93059")
        with pytest.raises(CommandError, match="update_geography"):
            call_command("load_geography", NEW, stdout=StringIO())
        assert Zone.objects.get(code="93059").until is None


def test_a_changed_department_or_epci_is_told(in_2024, edited):
    line = line_of("95218")
    moved = line.replace(",95,", ",93,").replace(line.split(",")[4], "200054781")
    told = update(edited("zones.csv", {line: moved}))
    assert "Éragny (95218) passe du département 95 au département 93." in told
    assert "Métropole du Grand Paris : Éragny (95218)." in told


def test_a_commune_cut_in_arrondissements_by_insee(in_2024, edited):
    project = project_of("93001")
    line = line_of("93001")
    people = int(line.split(",")[6])
    parts = [
        f"9329{n},Aubervilliers {n},arrondissement,93,200054781,93001,{p},2023" for n, p in ((1, 5), (2, people - 5))
    ]
    update(edited("zones.csv", {line: "\n".join([line, *parts])}))
    assert held(project, BEFORE) == {"93001": False}
    assert held(project, DAY) == {"93291": False, "93292": False}
    assert population(project, DAY) == people


@pytest.mark.django_db(transaction=True)
def test_an_officer_who_writes_meanwhile_waits_and_loses_nothing():
    """Who composes before the update has its zones replaced; who comes after is told that they are no more."""
    empty()
    department = DepartmentFactory()
    absorbed, commune = ZoneFactory(code="99001", vintage=2022), ZoneFactory(code="99002", vintage=2022)
    project = ProjectFactory(zones=[commune], lead_department=department)
    officer = UserFactory(role=User.Role.ADMINISTRATOR)

    def compose() -> object:
        with transaction.atomic():
            held = lock(Project.objects.all(), project.pk)
            return change_perimeter(held, [absorbed, commune], date(2025, 6, 1), reason="", by=officer)

    def merge() -> object:
        with transaction.atomic():
            return updated(merged_files(absorbed, commune), DAY, accepts_older=False)[0]

    composed, merged = at_once(compose, merge)
    assert not merged.is_empty
    assert held(project, date(2025, 7, 1)) in ({"99002": False}, {"99002": True})
    assert (held(project, date(2025, 7, 1)) == {"99002": True}) == isinstance(composed, str)
    assert not PerimeterZone.objects.filter(zone=absorbed, until=None).exists()


def merged_files(absorbed: Zone, commune: Zone) -> dict:
    """What files would say of a country where one of two communes has absorbed the other."""
    row = {"code": commune.code, "name": commune.name, "kind": "commune", "department": commune.department_id}
    row |= {"epci": "", "parent": "", "population": "2000", "vintage": "2023"}
    former = {"code": absorbed.code, "name": absorbed.name, "successor": commune.code, "is_split": "0"}
    departments = [
        {"code": each.code, "name": each.name, "region": each.region_id} for each in Department.objects.all()
    ]
    regions = [{"code": each.code, "name": each.name} for each in Region.objects.all()]
    return {"regions": regions, "departments": departments, "epci": [], "zones": [row], "former_zones": [former]}
