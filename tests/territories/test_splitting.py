"""A commune told in parts: what a file says, what the two steps refuse, what perimeters and overlaps become."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from accounts.models import Institution, User
from ground.days import FIRST_DAY
from pilotage.uncovered import coverage
from projects.models import Conciliation, DirectoryEntry, Project
from projects.overlaps import overlaps_of
from projects.perimeters import change_perimeter, take_back_change
from projects.spreadsheets.opening import open_workbook
from projects.workflow import lock
from projects.zone_parts import read_parts
from projects.zone_splits import SplitPlan, split_commune
from territories.models import Department, PerimeterChange, PerimeterZone, Zone, ZoneSplit
from territories.overlap import Kind
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory, ZoneFactory
from tests.together import at_once

DAY = date(2026, 3, 1)
LONG_AGO = date(2020, 1, 1)
COMMUNE = "99123"
QUARTERS = "Nord;600\nSud;400\n"
URL = "/territoires/decoupages/nouveau"


def read(text: str, commune: str = COMMUNE):
    return read_parts(open_workbook(text.encode(), "parties.csv")[0].rows, commune)


def told(text: str) -> list[tuple]:
    return [(part.code, part.name, part.population) for part in read(text).parts]


class TestReading:
    def test_iris_of_insee(self):
        text = (
            "IRIS;LIBIRIS;DEPCOM;P21_POP\n991230101;Centre;99123;600\n991230102;Gare;99123;400\n991240000;X;99124;5\n"
        )
        found = read(text)
        assert [(part.code, part.name, part.population) for part in found.parts] == [
            ("991230101", "Centre", 600),
            ("991230102", "Gare", 400),
        ]
        assert (found.vintage, found.total, found.problems) == (2021, 1_000, [])
        assert found.notes == ["1 ligne d'autres communes laissée de côté."]

    def test_iris_of_ign(self):
        text = (
            "INSEE_COM,NOM_COM,IRIS,CODE_IRIS,NOM_IRIS,POP\n"
            "99123,Ville,0101,991230101,Centre,600\n99123,Ville,0102,991230102,Gare,400\n"
        )
        assert told(text) == [("991230101", "Centre", 600), ("991230102", "Gare", 400)]

    def test_a_spreadsheet_has_lost_leading_zeros(self):
        found = read("CODE_IRIS;NOM_IRIS;INSEE_COM;POP\n10040101;Centre;1004;6\n10040102;Gare;1004;4\n", "01004")
        assert [part.code for part in found.parts] == ["010040101", "010040102"]
        assert found.problems == []

    @pytest.mark.parametrize(
        "text",
        [
            QUARTERS,
            "Quartier;Habitants\n" + QUARTERS,
            "nom\tpopulation\nNord\t600\nSud\t400\n",
            "Nord;600 hab.\nSud;400",
        ],
    )
    def test_quartiers_get_codes(self, text):
        assert told(text) == [("991230001", "Nord", 600), ("991230002", "Sud", 400)]

    def test_a_given_code_is_not_given_twice(self):
        assert [code for code, *_ in told("Nord;600;1\nSud;400\n")] == ["991230001", "991230002"]

    def test_decimals_are_rounded_without_changing_the_sum(self):
        found = read("Nord;2345.67\nSud;1234,33\nEst;1 000.5\nOuest;99.5\n")
        assert [part.population for part in found.parts] == [2_346, 1_234, 1_001, 99]
        assert found.total == 4_680
        assert found.notes == [
            "Les populations décimales de l'Insee sont arrondies à l'unité, sans changer leur somme."
        ]

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("Nord;600;0001\nSud;400;0001", "Ligne 2 : le code « 991230001 » est déjà celui d'une autre ligne."),
            ("Nord;600;991240001\nSud;400", "Ligne 1 : le code « 991240001 » n'est pas de cette commune (99123)."),
            ("Nord;600\nSud;beaucoup", "Ligne 2 : la population « beaucoup » ne se lit pas."),
            ("Nord;600\nSud;", "Ligne 2 : la population manque."),
            ("Nord;600\nSud;-4", "Ligne 2 : la population est négative."),
            ("Nord;600\nSud;1e400", "Ligne 2 : cette population est invraisemblable."),
            ("Nord;600\nSud;NaN", "Ligne 2 : la population « NaN » ne se lit pas."),
            ("Nord;600\n;400", "Ligne 2 : le nom est vide."),
            ("Nord;600", "Un découpage compte au moins deux parties."),
        ],
    )
    def test_problems_are_told_line_by_line(self, text, problem):
        assert problem in read(text).problems

    def test_what_was_read_is_read_again_alike(self):
        found = read('CODE_IRIS;NOM_IRIS;P21_POP\n991230101;Centre, ouest;600.4\n991230102;"Gare; sud";399.6\n')
        again = read(found.as_text())
        assert [(p.code, p.name, p.population) for p in again.parts] == [
            (p.code, p.name, p.population) for p in found.parts
        ]
        assert (again.vintage, again.as_text()) == (2021, found.as_text())


@pytest.fixture
def commune(department: Department) -> Zone:
    return ZoneFactory(code=COMMUNE, name="Grandville")


@pytest.fixture
def department(db: None) -> Department:
    return DepartmentFactory()


@pytest.fixture
def administrator(department: Department) -> User:
    kind = Institution.Kind.ARS_DELEGATION
    return UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=kind, departments=[department])


@pytest.fixture
def desk(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def plan_of(commune: Zone, text: str = QUARTERS, since: date = DAY) -> SplitPlan:
    return SplitPlan(commune, since, read(text, commune.code))


def split(user: User, commune: Zone, text: str = QUARTERS, since: date = DAY, reason: str = "") -> ZoneSplit:
    plan = plan_of(commune, text, since)
    return split_commune(user, plan, source="Quartiers", reason=reason, shown=plan.fingerprint)


def held(project: Project, day: date) -> dict[str, bool]:
    return dict(project.perimeter.memberships.on(day).order_by("zone").values_list("zone__name", "is_partial"))


class TestWriting:
    def test_who_held_the_commune_holds_its_parts(self, administrator, commune):
        whole, partly = ProjectFactory(zones=[commune]), ProjectFactory()
        partly.perimeter.set_zones([], LONG_AGO, partial=[commune])
        split(administrator, commune)
        assert held(whole, DAY - timedelta(days=1)) == {"Grandville": False}
        assert held(whole, DAY) == {"Nord": False, "Sud": False}
        assert held(partly, DAY - timedelta(days=1)) == {"Grandville": True}
        assert held(partly, DAY) == {"Nord": True, "Sud": True}
        change = whole.perimeter.changes.first()
        assert (change.origin, change.since, change.recorded_by) == (PerimeterChange.Origin.SPLIT, DAY, administrator)
        assert change.reason == "Grandville (99123) est découpée en 2 parties depuis le 1er mars 2026 (Quartiers)."
        assert [zone["name"] for zone in change.entered] == ["Nord", "Sud"]
        assert [zone["name"] for zone in change.left] == ["Grandville"]

    def test_parts_are_leaves_from_that_day_on(self, administrator, commune):
        split(administrator, commune)
        before, since = (Zone.objects.leaves(day).filter(code__startswith=COMMUNE) for day in (LONG_AGO, DAY))
        assert [zone.name for zone in before] == ["Grandville"]
        assert {(zone.name, zone.population, zone.vintage, zone.kind) for zone in since} == {
            ("Nord", 600, 2023, "part"),
            ("Sud", 400, 2023, "part"),
        }

    def test_contacts_and_open_conciliations_name_the_parts(self, administrator, commune):
        contact = DirectoryEntry.objects.create(
            department=commune.department, function=DirectoryEntry.Function.DAM, name="Léa Roux", since=LONG_AGO
        )
        opened = Conciliation.objects.create(since=LONG_AGO)
        closed = Conciliation.objects.create(since=LONG_AGO, until=date(2021, 1, 1))
        for row in (contact, opened, closed):
            row.zones.add(commune)
        split(administrator, commune)
        assert (
            {zone.name for zone in contact.zones.all()} == {zone.name for zone in opened.zones.all()} == {"Nord", "Sud"}
        )
        assert [zone.name for zone in closed.zones.all()] == ["Grandville"]

    def test_a_difference_needs_its_reason(self, administrator, commune):
        with pytest.raises(ValidationError, match="dites pourquoi"):
            split(administrator, commune, "Nord;600\nSud;500\n")
        done = split(administrator, commune, "Nord;600\nSud;500\n", reason="Populations de 2021.")
        assert (done.difference, done.reason) == (100, "Populations de 2021.")

    @pytest.mark.parametrize("again", [lambda: None, lambda: Zone.objects.filter(code=COMMUNE).update(population=7)])
    def test_a_second_confirmation_is_refused(self, administrator, commune, again):
        split(administrator, commune)
        again()
        with pytest.raises(ValidationError, match="est déjà découpée"):
            split(administrator, commune)
        assert commune.parts.count() == 2

    def test_a_changed_perimeter_is_shown_before_it_is_split(self, administrator, commune):
        plan = plan_of(commune)
        shown = plan.fingerprint
        ProjectFactory(zones=[commune])
        with pytest.raises(ValidationError, match="n'est plus ce qui était affiché"):
            split_commune(administrator, plan_of(commune), source="Quartiers", reason="", shown=shown)
        assert not ZoneSplit.objects.exists()

    def test_overlaps_follow(self, administrator, commune):
        other = ZoneFactory()
        north, south = ProjectFactory(zones=[other]), ProjectFactory()
        for project, zones in ((north, [other]), (south, [])):
            change_perimeter(project, zones, date(2021, 1, 1), partial=[commune], reason="", by=administrator)
        [pair] = overlaps_of(north, DAY - timedelta(days=1))
        assert pair.kind == Kind.TO_CHECK
        split(administrator, commune)
        [pair] = overlaps_of(north, DAY)
        assert (pair.kind, len(pair.overlap.zones)) == (Kind.TO_CHECK, 2)
        part = {zone.name: zone for zone in commune.parts.all()}
        chosen = DAY + timedelta(days=1)
        change_perimeter(north, [other, part["Nord"]], chosen, reason="", by=administrator)
        change_perimeter(south, [part["Sud"]], chosen, reason="", by=administrator)
        assert overlaps_of(north, chosen) == []
        change_perimeter(south, list(part.values()), chosen + timedelta(days=1), reason="", by=administrator)
        [pair] = overlaps_of(north, chosen + timedelta(days=1))
        assert (pair.kind, pair.population, pair.zones) == (Kind.PARTIAL, 600, ["Nord"])


class TestFromTheOrigin:
    """A split tells the territory more finely and moves nothing of it: it may be true since always."""

    JOINED, WIDENED = date(2021, 1, 1), date(2022, 1, 1)

    def origin(self, user: User, commune: Zone) -> ZoneSplit:
        return split(user, commune, since=commune.origin)

    def composed(self, user: User, commune: Zone, *days: date) -> Project:
        """It holds the commune since the first of these days, and one more commune on each of the others."""
        project = ProjectFactory()
        for rank, day in enumerate(days):
            change_perimeter(project, [commune, *ZoneFactory.create_batch(rank)], day, reason=f"{day}", by=user)
        return project

    def test_the_origin_is_that_of_the_cpts_or_of_the_commune(self, commune):
        assert commune.origin == FIRST_DAY
        assert ZoneFactory(since=DAY).origin == DAY
        assert ZoneFactory(since=date(2015, 1, 1)).origin == FIRST_DAY

    def test_perimeters_hold_the_parts_since_they_held_the_commune(self, administrator, commune):
        officer = UserFactory()
        project = self.composed(officer, commune, self.JOINED)
        done = self.origin(administrator, commune)
        assert (done.since, done.told_since) == (FIRST_DAY, "depuis l'origine")
        assert held(project, self.JOINED - timedelta(days=1)) == {}
        assert held(project, self.JOINED) == {"Nord": False, "Sud": False}
        rows = project.perimeter.memberships.all()
        assert {row.recorded_by for row in rows} == {officer}
        [change] = project.perimeter.changes.all()
        assert (change.reason, [zone["name"] for zone in change.entered]) == ("2021-01-01", ["Nord", "Sud"])

    def test_the_changes_of_a_perimeter_can_still_be_undone_one_by_one(self, administrator, commune):
        project = self.composed(administrator, commune, self.JOINED, self.JOINED, self.WIDENED)
        self.origin(administrator, commune)
        first, second, last = project.perimeter.changes.order_by("pk")
        for change, left in ((last, 3), (second, 2), (first, 0)):
            take_back_change(administrator, project.pk, change.pk, "erreur")
            assert len(held(project, DAY)) == left
        assert held(project, DAY) == {}

    def test_a_commune_held_twice_and_otherwise_is_told_so_in_parts(self, administrator, commune):
        project = self.composed(administrator, commune, self.JOINED)
        change_perimeter(project, [], self.WIDENED, partial=[commune], reason="", by=administrator)
        change_perimeter(project, [], date(2023, 1, 1), reason="", by=administrator)
        change_perimeter(project, [commune], date(2024, 1, 1), reason="", by=administrator)
        self.origin(administrator, commune)
        days = [self.JOINED, self.WIDENED, date(2023, 1, 1), date(2024, 1, 1)]
        assert [set(held(project, day).values()) for day in days] == [{False}, {True}, set(), {False}]
        for change in list(project.perimeter.changes.all()):
            take_back_change(administrator, project.pk, change.pk, "erreur")
        assert not project.perimeter.memberships.exists()

    def test_a_split_on_the_very_day_that_brought_the_commune_is_undone_with_it(self, administrator, commune):
        project = self.composed(administrator, commune, DAY)
        split(administrator, commune)
        [change] = project.perimeter.changes.all()
        take_back_change(administrator, project.pk, change.pk, "erreur")
        assert held(project, DAY) == {}

    def test_what_no_change_tells_is_told_by_the_split(self, administrator, commune):
        project = ProjectFactory()
        PerimeterZone.objects.create(perimeter=project.perimeter, zone=commune, since=self.JOINED)
        self.origin(administrator, commune)
        [change] = project.perimeter.changes.all()
        assert (change.origin, change.since) == (PerimeterChange.Origin.SPLIT, self.JOINED)

    def test_the_past_is_told_in_parts_by_a_composition_of_a_past_day(self, administrator, commune):
        north, south = (self.composed(administrator, commune, self.JOINED) for _ in "12")
        [pair] = overlaps_of(north, self.WIDENED)
        assert pair.population == 1_000
        self.origin(administrator, commune)
        part = {zone.name: zone for zone in commune.parts.all()}
        change_perimeter(north, [part["Nord"]], self.WIDENED, reason="", by=administrator)
        change_perimeter(south, [part["Nord"]], self.WIDENED, reason="", by=administrator)
        [before], [after] = overlaps_of(north, self.JOINED), overlaps_of(north, self.WIDENED)
        assert (before.population, after.population) == (1_000, 600)
        departments = Department.objects.filter(pk=commune.department_id)
        areas = coverage(departments, self.WIDENED).areas
        assert not coverage(departments, self.JOINED).areas
        assert [(area.name, area.population) for area in areas] == [("Sud", 400)]


class TestScreens:
    def test_without_a_day_it_is_since_the_origin(self, desk, commune):
        ProjectFactory(zones=[commune])
        review = desk.post(URL, self.sent(since="", parts_text="Nord;600\nSud;500"))
        assert review.status_code == 200
        text = " ".join(review.content.decode().split())
        assert "Depuis l&#x27;origine" in text
        assert "les populations passées des projets qui tiennent la commune changent aussi de cet écart" in text
        desk.post(URL, self.confirmed(review, reason="Recensement de 2021."))
        done = ZoneSplit.objects.get()
        assert done.since == FIRST_DAY
        for url in (reverse("zone_split", args=[done.pk]), "/territoires/decoupages/"):
            page = desk.get(url).content.decode()
            assert "epuis l&#x27;origine" in page
            assert "2016" not in page

    def test_a_day_or_no_difference_says_nothing_of_the_past(self, desk, commune):
        for said in ({"since": ""}, {"parts_text": "Nord;600\nSud;500"}):
            assert "populations passées" not in desk.post(URL, self.sent(**said)).content.decode()

    def test_each_project_is_listed_once_and_as_it_is_by_now(self, desk, administrator, commune):
        project = ProjectFactory()
        project.perimeter.set_zones([], LONG_AGO, partial=[commune])
        done = split(administrator, commune)
        url = reverse("zone_split", args=[done.pk])
        assert [holder.is_partial for holder in desk.get(url).context["holders"]] == [True]
        parts = list(commune.parts.all())
        change_perimeter(project, parts[:1], DAY + timedelta(days=1), partial=parts[1:], reason="", by=administrator)
        assert [holder.is_partial for holder in desk.get(url).context["holders"]] == [True]
        change_perimeter(project, parts[:1], DAY + timedelta(days=2), reason="", by=administrator)
        assert [holder.is_partial for holder in desk.get(url).context["holders"]] == [False]

    def sent(self, **said) -> dict:
        return {"commune": COMMUNE, "since": "2026-03-01", "source": "Quartiers", "parts_text": QUARTERS} | said

    def confirmed(self, answer, **said) -> dict:
        form = answer.context["form"]
        kept = {name: form[name].value() for name in ("commune", "since", "source", "parts_text", "shown", "reason")}
        return {name: value or "" for name, value in kept.items()} | {"confirm": "1"} | said

    def test_two_steps(self, desk, commune):
        project = ProjectFactory(zones=[commune])
        review = desk.post(URL, self.sent())
        assert review.status_code == 200
        assert "2 parties, 1 000 habitants" in " ".join(review.content.decode().split())
        assert project.name in review.content.decode()
        assert not ZoneSplit.objects.exists()
        answer = desk.post(URL, self.confirmed(review), follow=True)
        done = ZoneSplit.objects.get()
        assert answer.redirect_chain == [(reverse("zone_split", args=[done.pk]), 302)]
        assert reverse("project_perimeter", args=[project.pk]) in answer.content.decode()
        assert "Grandville (99123)" in desk.get("/territoires/decoupages/").content.decode()

    def test_a_workbook(self, desk, commune):
        workbook = Workbook()
        for row in (["CODE_IRIS", "NOM_IRIS", "P21_POP"], [991230101, "Centre", 600.25], [991230102, "Gare", 399.75]):
            workbook.active.append(row)
        output = BytesIO()
        workbook.save(output)
        review = desk.post(URL, self.sent(parts_text="", file=SimpleUploadedFile("iris.xlsx", output.getvalue())))
        desk.post(URL, self.confirmed(review))
        assert list(commune.parts.order_by("code").values_list("code", "population", "vintage")) == [
            ("991230101", 600, 2021),
            ("991230102", 400, 2021),
        ]

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            ({"commune": "Nulle-Part"}, "Nulle-Part"),
            ({"commune": "99999"}, "99999"),
            ({"parts_text": ""}, "Choisissez un fichier, ou collez les parties."),
            ({"source": ""}, "obligatoire"),
            ({"since": "2100-01-01"}, "futur"),
            ({"file": SimpleUploadedFile("a.csv", b"%PDF-1.4 abc")}, "pas un tableau lisible"),
            ({"parts_text": "Nord;600\nSud;?"}, "« ? » ne se lit pas"),
        ],
    )
    def test_what_is_refused_keeps_what_was_typed(self, desk, commune, said, message):
        answer = desk.post(URL, self.sent(**said))
        assert answer.status_code == 422
        text = answer.content.decode().replace("&#x27;", "'")
        assert message in text
        assert said.get("parts_text") == "" or "Nord" in text
        assert not ZoneSplit.objects.exists()

    def test_a_difference_is_told_and_accepted(self, desk, commune):
        review = desk.post(URL, self.sent(parts_text="Nord;600\nSud;500"))
        assert "écart de +100" in " ".join(review.content.decode().split())
        refused = desk.post(URL, self.confirmed(review))
        assert refused.status_code == 422
        assert "Les parties comptent 100 habitants de plus" in refused.content.decode()
        desk.post(URL, self.confirmed(refused, reason="Recensement de 2021."))
        assert ZoneSplit.objects.get().difference == 100

    def test_parts_changed_since_the_review_are_reviewed_again(self, desk, commune):
        review = desk.post(URL, self.sent())
        again = desk.post(URL, self.confirmed(review, parts_text="Est;700\nOuest;300"))
        assert again.status_code == 422
        assert "ce qui était affiché" in again.content.decode()
        desk.post(URL, self.confirmed(again))
        assert {part.name for part in commune.parts.all()} == {"Est", "Ouest"}

    def test_a_second_confirmation_loses_nothing(self, desk, commune):
        review = desk.post(URL, self.sent())
        desk.post(URL, self.confirmed(review))
        again = desk.post(URL, self.confirmed(review))
        assert again.status_code == 422
        assert "est déjà découpée par" in again.content.decode()
        assert "991230001;Nord;600" in again.content.decode()

    def test_a_commune_of_others_is_not_split(self, desk, commune):
        ZoneFactory(code="98123", name="Ailleurs", department=DepartmentFactory(code="98", region__code="98"))
        answer = desk.post(URL, self.sent(commune="98123"))
        assert "n&#x27;est pas de vos départements" in answer.content.decode()

    def test_a_commune_of_arrondissements_is_not_split(self, desk, commune):
        ZoneFactory(parent=commune)
        answer = desk.post(URL, self.sent())
        assert "est déjà découpée en 1 arrondissements" in answer.content.decode()

    def test_an_officer_is_refused(self, department):
        client = Client()
        client.force_login(UserFactory(role=User.Role.MANAGER, departments=[department]))
        assert client.get(URL).status_code == client.post(URL, {}).status_code == 403

    def test_queries_do_not_grow_with_projects(self, desk, commune):
        ProjectFactory.create_batch(2, zones=[commune])
        few = self.count(desk)
        ProjectFactory.create_batch(5, zones=[commune])
        assert self.count(desk) == few

    def count(self, desk: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.post(URL, self.sent())
        return len(captured)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_split_once():
    commune = ZoneFactory(code=COMMUNE, name="Grandville")
    project = ProjectFactory(zones=[commune])
    one, other = UserFactory(role=User.Role.ADMINISTRATOR), UserFactory(role=User.Role.ADMINISTRATOR)
    answers = at_once(lambda: split(one, commune), lambda: split(other, commune))
    assert sorted(isinstance(answer, ZoneSplit) for answer in answers) == [False, True]
    assert "est déjà découpée par" in next(answer for answer in answers if isinstance(answer, str))
    assert held(project, DAY) == {"Nord": False, "Sud": False}


@pytest.mark.django_db(transaction=True)
def test_a_perimeter_composed_meanwhile_holds_the_parts_or_is_reviewed_again():
    commune = ZoneFactory(code=COMMUNE, name="Grandville")
    project = ProjectFactory(zones=[ZoneFactory()])
    administrator = UserFactory(role=User.Role.ADMINISTRATOR)

    def compose() -> object:
        with transaction.atomic():
            locked = lock(Project.objects.all(), project.pk)
            return change_perimeter(locked, [commune], DAY, reason="", by=administrator)

    composed, answer = at_once(compose, lambda: split(administrator, commune))
    assert isinstance(composed, PerimeterChange)
    if isinstance(answer, ZoneSplit):
        assert held(project, DAY) == {"Nord": False, "Sud": False}
    else:
        assert "n'est plus ce qui était affiché" in answer
        assert held(project, DAY) == {"Grandville": False}
    assert not (isinstance(answer, ZoneSplit) and PerimeterZone.objects.filter(zone=commune, until=None).exists())
