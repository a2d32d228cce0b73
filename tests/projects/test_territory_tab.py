"""The page of a project's territory: any day, two days compared, its changes, and what a filing froze."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from projects.changes import changes_of
from projects.maps import Part, territory_map
from projects.models import Merger, Project
from projects.perimeters import change_perimeter, last_change, take_back_change
from projects.states import State
from projects.workflow import Step, take_step
from territories.models import Epci
from tests.acts import take
from tests.factories import PerimeterFactory, ProjectFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
JANUARY, MARCH, JUNE, SEPTEMBER = (date(2024, month, 1) for month in (1, 3, 6, 9))


@pytest.fixture
def communes(department):
    epci = Epci.objects.create(code="200000001", name="CC des Marais")
    told = {"Aubeville": 30_000, "Bresles": 4_000, "Cormery": 500}
    return [ZoneFactory(name=name, population=population, epci=epci) for name, population in told.items()]


@pytest.fixture
def project(communes, ars):
    """Aubeville and Bresles from January; filed in April and validated in June on them; Cormery for Bresles since."""
    project = ProjectFactory(
        name="CPTS Nord", stages=[(State.INITIATIVE, date(2023, 1, 2)), (State.ENGINEERING, date(2023, 6, 1))]
    )
    aubeville, bresles, cormery = communes
    change_perimeter(project, [aubeville], JANUARY, partial=[bresles], reason="Lettre d'intention", by=ars)
    take(ars, project, "file_health_project", date(2024, 4, 15))
    take(ars, project, "validate_health_project", JUNE)
    project = Project.objects.get(pk=project.pk)
    change_perimeter(project, [aubeville, cormery], SEPTEMBER, reason="Bresles rejoint le sud", by=ars)
    return project


def url(project: Project) -> str:
    return reverse("project_territory", args=[project.pk])


def names(rows) -> list[str]:
    return [row.zone.name for row in rows]


def test_the_perimeter_of_a_day_with_all_that_is_said_of_its_zones(project, client_of, reader):
    page = client_of(reader).get(url(project))
    assert names(page.context["memberships"]) == ["Aubeville", "Cormery"]
    assert page.context["population"] == 30_500
    assert "CC des Marais" in page.text
    assert "Vous regardez la situation" not in page.text
    validated = client_of(reader).get(url(project), {"date": "2024-06-01"})
    assert names(validated.context["memberships"]) == ["Aubeville", "Bresles"]
    assert "(en partie, à préciser)" in validated.text
    assert "Vous regardez la situation au" in validated.text
    assert "c'est ce périmètre" in validated.text


def test_two_days_are_compared_in_any_order(project, client_of, reader):
    page = client_of(reader).get(url(project), {"compare": "2024-06-01"})
    found = page.context["comparison"]
    assert (names(found.gained), names(found.lost), names(found.kept)) == (["Cormery"], ["Bresles"], ["Aubeville"])
    assert (found.population_before, found.population_after) == (34_000, 30_500)
    assert "34\u202f000 → 30\u202f500 hab." in page.text
    assert "−3\u202f500" in page.text
    turned = client_of(reader).get(url(project), {"date": "2024-06-01", "compare": str(timezone.localdate())})
    assert (turned.context["comparison"].before, names(turned.context["comparison"].gained)) == (JUNE, ["Cormery"])


def test_a_zone_that_becomes_whole_is_neither_gained_nor_lost(project, communes, client_of, reader, ars):
    change_perimeter(project, [], date(2024, 11, 4), partial=communes, reason="À préciser", by=ars)
    found = client_of(reader).get(url(project), {"compare": "2024-10-01"}).context["comparison"]
    assert names(found.otherwise) == ["Aubeville", "Cormery"]
    assert [row.is_partial for row in found.otherwise] == [True, True]
    assert (names(found.gained), found.lost) == (["Bresles"], ())


def test_the_days_that_matter_are_one_click_away(project, client_of, reader):
    page = client_of(reader).get(url(project))
    assert page.context["landmarks"] == [
        ("depuis la validation du 01/06/2024", JUNE),
        ("depuis le dépôt du 15/04/2024", date(2024, 4, 15)),
        ("depuis la veille du changement du 01/09/2024", SEPTEMBER - timedelta(days=1)),
    ]
    eve = client_of(reader).get(url(project), {"compare": "2024-08-31"})
    assert names(eve.context["comparison"].gained) == ["Cormery"]
    nothing = client_of(reader).get(url(project), {"compare": "2024-10-01"})
    assert "n'a pas changé entre ces deux jours" in nothing.text


@pytest.mark.parametrize("query", [{"date": "hier"}, {"compare": "2024-13-01"}, {"format": "pdf"}])
def test_what_the_address_asks_must_be_readable(query, project, client_of, reader):
    assert client_of(reader).get(url(project), query).status_code == 400


def test_the_list_leaves_as_csv_and_as_a_workbook(project, client_of, reader):
    csv = client_of(reader).get(url(project), {"format": "csv", "date": "2024-06-01"})
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Commune;Code Insee;Département;EPCI;En partie")
    assert [line.split(";")[0] for line in lines[1:]] == ["Aubeville", "Bresles"]
    assert ";en partie;2024-01-01;4000;2023" in lines[2]
    workbook = load_workbook(BytesIO(client_of(reader).get(url(project), {"format": "xlsx"}).content))
    assert [row[0] for row in workbook.active.values] == ["Commune", "Aubeville", "Cormery"]


def test_its_changes_are_told_and_numbered_once_validated(project, client_of, reader):
    page = client_of(reader).get(url(project))
    told = page.context["changes"]
    assert [(one.nature, one.population) for one in told] == [("Avenant n° 1", 30_500), ("Composition", 34_000)]
    assert "Bresles rejoint le sud" in page.text
    assert "Annuler ce changement" not in page.text, "a reader changes nothing"


def test_a_project_without_perimeter_says_how_to_give_it_one(client_of, ars, reader):
    empty = ProjectFactory()
    assert "Composer le périmètre" in client_of(ars).get(url(empty)).text
    assert "Composer le périmètre" not in client_of(reader).get(url(empty)).text


def test_the_cost_of_the_page_does_not_grow(project, client_of, ars):
    client = client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(project), {"compare": "2024-06-01"}).status_code == 200
        return len(captured)

    before = queries()
    for n in range(3):
        held = list(project.perimeter.zones_on(timezone.localdate()))
        change_perimeter(project, [*held, *ZoneFactory.create_batch(3)], date(2025, 1, 6 + n), reason="", by=ars)
    assert queries() == before
    assert before <= 19


# Frozen figures


def test_what_a_filing_froze_stands_beside_what_its_perimeter_counts_now(project, communes, client_of, reader):
    as_filed = client_of(reader).get(url(project))
    assert not as_filed.context["frozen"][0].differs
    communes[0].vintage, communes[0].population = 2026, 31_000
    communes[0].save()
    page = client_of(reader).get(url(project))
    [figure] = page.context["frozen"]
    assert (figure.filing.population, figure.population, figure.vintage) == (34_000, 35_000, 2026)
    assert "les populations légales ont été mises à jour depuis" in page.text


def test_a_perimeter_typed_after_its_filing_is_said_to_be(communes, client_of, reader, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 6, 1))])
    take(ars, project, "file_health_project", date(2024, 4, 15))
    change_perimeter(Project.objects.get(pk=project.pk), communes, MARCH, reason="Oublié", by=ars)
    page = client_of(reader).get(url(project))
    assert "périmètre non renseigné ce jour-là" in page.text
    assert "Le périmètre de ce jour, saisi depuis, compte 34\u202f500 hab." in page.text


# Ends


def test_a_merged_project_says_who_holds_its_communes(project, communes, client_of, ars, far):
    successor = ProjectFactory(name="CPTS Grand Nord", zones=communes[:1])
    ProjectFactory(name="CPTS Lointaine", lead_department=far, zones=communes[2:])
    merged = date(2025, 2, 3)
    take_step(ars, project.pk, Step("merge", merged, comment="Union", details=Merger(successor=successor)))
    page = client_of(ars).get(url(project))
    assert "Le projet est fusionné depuis le 3 février 2025 : son périmètre ne change plus." in page.text
    assert "Modifier le périmètre" not in page.text
    assert [(str(heir.project), heir.zone_count, heir.is_readable) for heir in page.context["heirs"]] == [
        ("CPTS Grand Nord", 1, True),
        ("CPTS Lointaine", 1, False),
    ]
    assert "CPTS Lointaine (97X" in page.text
    before = client_of(ars).get(url(project), {"date": "2025-02-02"})
    assert before.context["has_ended"] == ""


def test_nobody_holds_the_communes_of_an_abandoned_project(project, client_of, ars):
    before = client_of(ars).get(url(project)).content.decode()
    assert "Taille" in before
    assert "Dernier périmètre" not in before
    take(ars, project, "abandon", date(2025, 2, 3))
    after = client_of(ars).get(url(project)).content.decode()
    assert "Dernier périmètre" in after
    assert "Taille" not in after
    assert "Taille" not in client_of(ars).get(project.get_absolute_url()).content.decode()
    assert "Aucun projet vivant ne couvre ses communes" in client_of(ars).get(url(project)).text


# Taking back


def take_back_url(project: Project, pk: int) -> str:
    return reverse("perimeter_change_take_back", args=[project.pk, pk])


def test_the_last_change_is_taken_back_and_stays_struck_through(project, client_of, ars, reader):
    client, change = client_of(ars), last_change(project)
    assert take_back_url(project, change.pk) in client.get(url(project)).text
    asked = client.get(take_back_url(project, change.pk))
    assert "34\u202f000 hab." in asked.text
    page = client.post(take_back_url(project, change.pk), {"reason": "Erreur de date"}, follow=True)
    assert "Le changement est annulé" in page.text
    assert names(page.context["memberships"]) == ["Aubeville", "Bresles"]
    assert "<s>Avenant au périmètre</s>" in page.text
    assert f"par {ars} : Erreur de date" in page.text
    again = client.post(take_back_url(project, change.pk), {"reason": "Deux clics"})
    assert again.status_code == 422
    assert "Ce changement est déjà annulé." in again.text
    assert client_of(reader).post(take_back_url(project, change.pk), {"reason": "?"}).status_code == 403


def test_taking_back_needs_a_reason_and_a_change_of_this_project(project, client_of, ars):
    client, change = client_of(ars), last_change(project)
    assert client.post(take_back_url(project, change.pk), {"reason": " "}).status_code == 422
    assert client.get(take_back_url(ProjectFactory(), change.pk)).status_code == 404
    assert not last_change(project).taken_back_at


def test_what_cannot_be_taken_back_says_why_instead_of_a_button(project, client_of, ars):
    first = project.perimeter.changes.last()
    page = client_of(ars).get(take_back_url(project, first.pk))
    assert "annulez d&#x27;abord le changement le plus récent" in page.text
    assert "<form" not in page.text.split("<main")[1].split("</main>")[0]
    refused = client_of(ars).post(take_back_url(project, first.pk), {"reason": "Essai"})
    assert refused.status_code == 422
    take_back_change(ars, project.pk, last_change(project).pk, "Erreur")
    assert "un avenant le change" in client_of(ars).get(url(project)).text


def test_an_administrator_of_another_department_takes_nothing_back(project, client_of, far):
    stranger = UserFactory(role=User.Role.ADMINISTRATOR, departments=[far])
    assert client_of(stranger).get(take_back_url(project, last_change(project).pk)).status_code == 404


# History


def test_the_history_tells_each_change_and_its_taking_back(project, ars):
    take_back_change(ars, project.pk, last_change(project).pk, "Erreur de date")
    told = [
        (change.subject, change.act, [(field.old, field.new) for field in change.fields], change.reason)
        for change in changes_of(project)
        if change.subject.startswith("Périmètre")
    ]
    assert told == [
        ("Périmètre depuis le 1er sept. 2024", "changement annulé", [], "Erreur de date"),
        (
            "Périmètre depuis le 1er sept. 2024",
            "modifié",
            [("Bresles (en partie)", "Cormery")],
            "Avenant au périmètre. Bresles rejoint le sud",
        ),
        (
            "Périmètre depuis le 1er janv. 2024",
            "modifié",
            [("", "Aubeville, Bresles (en partie)")],
            "Composition. Lettre d'intention",
        ),
    ]


# The map


@pytest.fixture
def near_paris(department):
    """Neighbours that the contours know: Bobigny, Bondy, Noisy-le-Sec, Romainville."""
    return [ZoneFactory(code=code, name=f"Commune {code}") for code in ("93008", "93010", "93053", "93063")]


def test_the_map_draws_what_is_held_and_what_surrounds_it(near_paris):
    perimeter = PerimeterFactory(zones=near_paris[:2], zones__partial=near_paris[2:3])
    drawn = territory_map(perimeter.memberships.select_related("zone"), title="Carte")
    kept = [shape for shape in drawn.shapes if shape.part == Part.KEPT]
    assert {shape.name: shape.is_partial for shape in kept} == {
        "Commune 93008": False,
        "Commune 93010": False,
        "Commune 93053": True,
    }
    assert all(shape.path.startswith("M") for shape in drawn.shapes)
    assert len([shape for shape in drawn.shapes if shape.part == Part.AROUND]) > 3
    assert "3 communes" in drawn.description


def test_parts_of_a_commune_are_drawn_as_their_commune_in_part_until_all_are_held(near_paris):
    parts = [ZoneFactory(code=f"93008010{n}", parent=near_paris[0], kind="part", name=f"Quartier {n}") for n in (1, 2)]
    for held, is_partial in ((parts[:1], True), (parts, False)):
        perimeter = PerimeterFactory(zones=held)
        drawn = territory_map(perimeter.memberships.select_related("zone"), title="Carte")
        [shape] = [shape for shape in drawn.shapes if shape.part == Part.KEPT]
        assert (shape.name, shape.is_partial) == (", ".join(part.name for part in held), is_partial)


def test_a_commune_told_in_parts_between_two_days_was_kept(near_paris):
    before, after = PerimeterFactory(zones=near_paris[:1]), PerimeterFactory(zones=near_paris[1:2])
    part = ZoneFactory(code="930080101", parent=near_paris[0], kind="part")
    after.set_zones([near_paris[1], part], MARCH)
    gained, lost = (perimeter.memberships.select_related("zone") for perimeter in (after, before))
    drawn = territory_map([], gained, lost, title="Carte")
    assert [shape.part for shape in drawn.shapes if shape.name] == [Part.GAINED, Part.KEPT]


def test_what_no_contour_shows_is_named_and_no_map_is_drawn_of_nothing(near_paris):
    perimeter = PerimeterFactory(zones=[near_paris[0], ZoneFactory(name="Inconnue")])
    assert territory_map(perimeter.memberships.select_related("zone"), title="Carte").undrawn == ("Inconnue",)
    unknown = PerimeterFactory(zones=[ZoneFactory()])
    assert territory_map(unknown.memberships.select_related("zone"), title="Carte") is None


def test_the_page_draws_gained_and_lost_with_a_legend_and_words_for_who_does_not_see(near_paris, client_of, ars):
    project = ProjectFactory(zones=near_paris[:2])
    change_perimeter(project, near_paris[1:3], MARCH, reason="", by=ars)
    page = client_of(ars).get(url(project), {"compare": "2024-01-01"})
    parts = {shape.name: shape.part for shape in page.context["map"].shapes if shape.name}
    assert parts == {"Commune 93008": Part.LOST, "Commune 93010": Part.KEPT, "Commune 93053": Part.GAINED}
    for said in ("1 commune, 1 ajoutée, 1 retirée", 'fill="url(#map-lost)"', "IGN – ADMIN EXPRESS", 'role="img"'):
        assert said in page.text
    assert "style=" not in page.text.split('<figure class="cpts-map">')[1].split("</figure>")[0]
    assert client_of(ars).get(project.get_absolute_url()).context["map"].parts >= {Part.KEPT, Part.AROUND}
