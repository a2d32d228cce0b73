"""What a pasted list and a file bring to a composition, and what of them is asked about."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import PerimeterDraft, Project
from territories.geometry_files import read_drawing
from territories.models import Zone
from tests.factories import DepartmentFactory, ProjectFactory, ZoneFactory
from tests.projects.editor import act, composed, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(department) -> Project:
    named = {"99901": "Aubeville", "99902": "Saint-Cyr-sur-Aube", "99903": "Grand-Pré"}
    zones = [ZoneFactory(code=code, name=name) for code, name in named.items()]
    return ProjectFactory(zones=zones[:1])


@pytest.fixture
def client(client_of, ars) -> Client:
    return client_of(ars)


# Pasting a list


@pytest.mark.parametrize(
    "text",
    [
        "Grand-Pré\nSaint-Cyr-sur-Aube",
        "grand pre, ST CYR SUR AUBE",
        "99903; 99902",
        "Grand-Pré (99903)\nSaint-Cyr-sur-Aube (99902)",
        "Nom faux (99903), Saint-Cyr-sur-Aube (99902)",
    ],
)
def test_a_pasted_list_is_understood(text, project, client):
    page = act(client, project, paste="yes", text=text)
    assert page.status_code == 200
    assert composed(project) == {"99901": False, "99902": False, "99903": False}


def test_a_pasted_commune_may_be_in_part(project, client):
    act(client, project, paste="yes", text="Grand-Pré (99903) en partie\nAubeville (en partie)")
    assert composed(project) == {"99901": True, "99903": True}


def test_what_is_guessed_is_added_and_told(project, client):
    page = act(client, project, paste="yes", text="Aubevile")
    assert "compris comme Aubeville (99901) : à vérifier" in page.text


def test_what_is_not_understood_stays_in_the_box_with_its_reason(project, client):
    page = act(client, project, paste="yes", text="Grand-Pré\nPerlimpinpin-les-Bains\n99999")
    assert page.status_code == 422
    assert composed(project) == {"99901": False, "99903": False}, "the good ones are added"
    assert page.context["paste_form"].initial["text"] == "Perlimpinpin-les-Bains\n99999"
    assert "commune introuvable" in page.text
    assert "n&#x27;est pas un code Insee connu" in page.text


def test_an_ambiguous_line_is_settled_by_a_button(project, client, neighbour):
    for n in (1, 2):
        ZoneFactory(code=f"98{n}00", name="Villeneuve", department=neighbour)
    page = act(client, project, paste="yes", text="Villeneuve en partie\nPerlimpinpin")
    [refusal, _] = page.context["pasted"].refused
    assert [candidate.code for candidate in refusal.candidates] == ["98100", "98200"]
    page = act(client, project, meant=f"98200 {refusal.line}", text="Villeneuve en partie\nPerlimpinpin")
    assert composed(project) == {"99901": False, "98200": True}
    assert page.context["paste_form"].initial["text"] == "Perlimpinpin"


def test_an_empty_list_is_refused(project, client):
    page = act(client, project, paste="yes", text="  ")
    assert page.status_code == 422
    assert "Ce champ est obligatoire" in page.text


def test_too_many_names_are_refused_and_kept(project, client):
    text = "\n".join(f"Nom {n}" for n in range(5_001))
    page = act(client, project, paste="yes", text=text)
    assert page.status_code == 422
    assert "collez plutôt les codes Insee" in page.text
    assert "Nom 4999" in page.text


@pytest.mark.parametrize("way", ["pasted", "chosen"])
def test_the_whole_country_comes_at_once_and_leaves_again(way, project, client, geography):
    codes = list(Zone.objects.leaves().filter(kind=Zone.Kind.COMMUNE).order_by().values_list("code", flat=True))
    assert len(codes) > 34_000
    begun = {"99901": False}

    def queries(said: dict[str, str]) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.post(url(project, "/composer"), said, follow=True).status_code == 200
        return len(asked)

    def said(some: list[str]) -> dict[str, str]:
        return {"paste": "yes", "text": "\n".join(some)} if way == "pasted" else {"add": f"communes:{','.join(some)}"}

    few = queries(said(codes[:500]))
    assert act(client, project, undo="yes").status_code == 200
    assert composed(project) in ({}, begun)
    assert queries(said(codes)) <= few + 1, "one more names the enclaves, when there are some"
    assert composed(project) == dict.fromkeys(codes, False) | begun
    assert "Annulé : 34" in act(client, project, undo="yes").text
    assert composed(project) in ({}, begun)


# A file


def drawing(*ring: tuple[float, float]) -> SimpleUploadedFile:
    shape = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    content = json.dumps({"type": "FeatureCollection", "features": [shape]}).encode()
    return SimpleUploadedFile("trace.geojson", content)


@pytest.fixture
def real(department) -> Project:
    """In real communes, whose contours are known: Bondy, Bobigny and their neighbours."""
    seine = DepartmentFactory(code="93", region=department.region, name="Seine-Saint-Denis")
    names = {"93010": "Bondy", "93008": "Bobigny", "93029": "Drancy", "93007": "Le Blanc-Mesnil", "93005": "Aulnay"}
    for code, name in names.items():
        ZoneFactory(code=code, name=name, department=seine)
    return ProjectFactory(name="CPTS Centre", lead_department=department, zones=[Zone.objects.get(code="93010")])


SQUARE = [(2.42, 48.90), (2.52, 48.90), (2.52, 48.96), (2.42, 48.96), (2.42, 48.90)]


def test_a_drawing_adds_what_it_covers_and_asks_about_the_rest(real, client):
    page = client.post(url(real, "/composer"), {"read": "yes", "file": drawing(*SQUARE)})
    assert page.status_code == 200
    assert composed(real) == {"93010": False, "93007": False, "93029": False}
    assert {zone.code for zone, _ in page.context["doubtful"]} >= {"93008", "93005"}
    client.post(url(real, "/composer"), {"choices": "yes", "choice-93008": "partial", "choice-93005": "whole"})
    assert composed(real) == {"93010": False, "93007": False, "93029": False, "93008": True, "93005": False}


@pytest.mark.django_db(transaction=True)
def test_a_drawing_is_read_before_anything_is_held(real, client, monkeypatch):
    held = []

    def noted(file):
        held.append(connection.in_atomic_block)
        return read_drawing(file)

    monkeypatch.setattr("projects.forms.perimeter.read_drawing", noted)
    client.post(url(real, "/composer"), {"read": "yes", "file": drawing(*SQUARE)})
    assert held == [False]
    assert "93029" in composed(real)


def test_a_drawing_is_not_read_for_who_may_not_write(real, reader, client_of, monkeypatch):
    monkeypatch.setattr("projects.forms.perimeter.read_drawing", None)
    page = client_of(reader).post(url(real, "/composer"), {"read": "yes", "file": drawing(*SQUARE)})
    assert page.status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("trace.geojson", b"{", "trace"),
        ("trace.geojson", b"", "vide"),
        ("photo.png", b"\x89PNG", "ni un GeoJSON ni un KML"),
        ("liste.csv", b"93010\x0093011", "pas un texte"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(name, content, reason, project, client):
    page = client.post(url(project, "/composer"), {"read": "yes", "file": SimpleUploadedFile(name, content)})
    assert page.status_code == 422
    assert page.context["file_form"].errors["file"]
    assert not PerimeterDraft.objects.exists()


def test_a_file_may_hold_a_list(project, client):
    content = "Grand-Pré;99902\n".encode("cp1252")
    page = client.post(url(project, "/composer"), {"read": "yes", "file": SimpleUploadedFile("liste.csv", content)})
    assert page.status_code == 200
    assert composed(project) == {"99901": False, "99902": False, "99903": False}
