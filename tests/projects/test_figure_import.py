"""A file of figures: communes and amounts as people write them, columns described, all written or nothing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from projects.context.figure_file import read_amount
from projects.models import ImportBatch
from projects.spreadsheets.cells import CellError
from territories.models import Department, Figure, FigureValue, Zone
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.alike, pytest.mark.usefixtures("geography", "private_media")]

TABLE = "Code;Commune;ALD;Part des 75 ans (%)\n93010;Bondy;8 120;6,5\n93055;Pantin;s;7,1\n1004;Ambérieu;12;9\n"


@pytest.fixture
def private_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def client_of(*departments: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role="administrator", departments=list(departments)))
    return client


@pytest.fixture
def client() -> Client:
    return client_of("93")


def send(client, text: str = TABLE, **said):
    content = SimpleUploadedFile("indicateurs.csv", text.encode())
    return client.post(reverse("figure_import"), {"file": content, **said})


def describe(client, **said):
    """Confirm the last file sent, as its page shows it, with what is typed over it."""
    url = ImportBatch.objects.latest("pk").get_absolute_url()
    form = client.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    shown |= {"as_of": "2024-12-31", "source": "Assurance Maladie", "mode-2": "sum"} | said
    return client.post(url, {name: value for name, value in shown.items() if value not in (None, False)})


def told(name: str) -> dict[str, Decimal]:
    return dict(FigureValue.objects.filter(figure__name=name).values_list("zone__code", "value"))


def test_a_file_is_described_then_written_once(client):
    sent = send(client)
    page = client.get(sent.url)
    assert "2 communes lues" in page.text
    assert "1 commune hors de vos départements est laissée de côté" in page.text
    assert "37 communes de ces départements ne sont pas données" in page.text  # of the 39
    columns = {column.header: column for column in page.context["plan"].columns}
    assert (len(columns["ALD"].values), columns["ALD"].secret) == (2, 1)
    assert not page.context["form"]["keep-1"].value(), "the name of the commune is no figure"
    assert page.context["form"]["mode-3"].value() == Figure.Mode.BY_POPULATION
    assert not Figure.objects.exists()
    assert describe(client).url == sent.url
    assert told("ALD") == {"93010": 8120}
    assert told("Part des 75 ans (%)") == {"93010": Decimal("6.5"), "93055": Decimal("7.1")}
    figure = Figure.objects.get(name="ALD")
    assert (figure.as_of, figure.source, figure.mode) == (date(2024, 12, 31), "Assurance Maladie", Figure.Mode.SUM)
    assert client.post(sent.url, {}).status_code == 409


@pytest.mark.parametrize(("said", "reason"), [
    ({"source": ""}, "Donnez la source"),
    ({"as_of": ""}, "Donnez la date de la situation"),
    ({"as_of": (timezone.localdate() + timedelta(days=1)).isoformat()}, "dans le futur"),
    ({"mode-2": ""}, "Dites comment"),
    ({"mode-2": "median"}, "median"),
    ({"name-2": " "}, "Nommez l&#x27;indicateur"),
    ({"name-2": "Part des 75 ans (%)"}, "donné deux fois"),
    ({"keep-2": "", "keep-3": ""}, "Aucune colonne n&#x27;est à importer"),
])  # fmt: skip
def test_a_column_ill_described_is_refused_and_what_was_typed_stays(client, said, reason):
    send(client)
    answer = describe(client, **{"unit-2": "patients", **said})
    assert answer.status_code == 422
    assert reason in answer.text
    assert "patients" in answer.text
    assert not Figure.objects.exists()


def test_what_is_not_read_is_told_line_by_line_and_left_aside_only_when_asked(client):
    send(client, "Code;ALD\n93010;12\n93055;douze\nXX;3\n93008;#REF!\n93010;13\n;4\n93001;12,5\n93005;7\n93006;8\n")
    page = client.get(ImportBatch.objects.get().get_absolute_url())
    for reason in (
        "Ligne 3 : « douze » n&#x27;est pas un nombre",
        "Ligne 4 : « XX »",
        "Ligne 5 : la cellule contient une erreur de tableur",
        "Ligne 6 : « 93010 » est la commune de la ligne 2",
        "Ligne 7 : la commune manque",
    ):
        assert reason in page.text.replace("\u00a0", " ")
    said = {"mode-2": "", "mode-1": "sum"}
    assert describe(client, **said).status_code == 422
    assert not Figure.objects.exists()
    assert describe(client, **said, skip_unread="on").status_code == 302
    assert told("ALD") == {"93010": 12, "93001": Decimal("12.5"), "93005": 7, "93006": 8}


def test_the_same_figure_replaces_after_saying_so(client):
    send(client)
    describe(client)
    send(client, "Code;ALD\n93055;5\n")
    said = {"mode-1": "sum"}
    answer = describe(client, **said)
    assert answer.status_code == 422
    assert "Déjà chargé à cette date : « ALD »" in answer.text
    assert told("ALD") == {"93010": 8120}
    assert describe(client, **said, replace="on").status_code == 302
    assert told("ALD") == {"93055": 5}
    assert Figure.objects.filter(name="ALD").count() == 1


def test_another_department_joins_a_figure_and_cannot_change_what_it_counts(client):
    send(client)
    describe(client)
    neighbour = client_of("94")
    send(neighbour, "Code;ALD\n94028;700\n")
    said = {"mode-1": "sum", "replace": "on"}
    refused = describe(neighbour, **said, **{"unit-1": "%"})
    assert refused.status_code == 422
    assert "l&#x27;unité diffère" in refused.text
    assert describe(neighbour, **said).status_code == 302
    assert told("ALD") == {"93010": 8120, "94028": 700}
    figure = Figure.objects.get(name="ALD")
    page = neighbour.post(reverse("figure_remove", args=[figure.pk]), {"confirm": "1"})
    assert page.status_code == 302
    assert told("ALD") == {"93010": 8120}
    client.post(reverse("figure_remove", args=[figure.pk]), {"confirm": "1"})
    assert not Figure.objects.filter(name="ALD").exists()


def test_a_city_told_with_its_arrondissements_is_not_counted_twice():
    client = client_of("75")
    send(client, "Code;ALD\n75056;100\n75101;30\n75102;20\n")
    assert "la valeur de la commune entière est laissée de côté" in client.get(
        ImportBatch.objects.get().get_absolute_url()
    ).text.replace("\n      ", " ")
    describe(client, **{"mode-1": "sum"})
    assert told("ALD") == {"75101": 30, "75102": 20}


def test_names_are_read_in_their_department_and_old_codes_are_told(client):
    answer = send(client, "Commune;ALD\nSaint-Denis;3\nPierrefitte-sur-Seine;2\nÉpinay;1\n", department="93")
    page = client.get(answer.url)
    assert list(page.context["plan"].told) == ["93066"]
    assert "est la commune de la ligne 2" in page.text
    ambiguous = send(client, "Commune;ALD\nPantin;3\nSaint-Denis;3\n")
    assert "précisez" in client.get(ambiguous.url).text


@pytest.mark.parametrize(("text", "status", "reason"), [
    ("", 422, "vide"),
    ("Nom;Valeur\nJean;3\n", 422, "Aucune commune"),
    ("93010;Bondy;3\n", 422, "Aucune commune"),
    ("<html>", 415, "pas un tableau lisible"),
    ("a;b\n" * 40_001, 413, "40 000 lignes"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_not_kept(client, text, status, reason):
    answer = send(client, text)
    assert answer.status_code == status
    assert reason in answer.text
    assert not ImportBatch.objects.exists()


def test_others_than_administrators_read_only(client):
    send(client)
    describe(client)
    officer = Client()
    officer.force_login(UserFactory(role="manager", institution__kind="ars_headquarters", departments=["93"]))
    page = officer.get(reverse("figures"))
    assert "ALD" in page.text
    assert "Supprimer" not in page.text
    assert officer.get(reverse("figure_import")).status_code == 403
    assert officer.post(reverse("figure_remove", args=[Figure.objects.first().pk]), {"confirm": "1"}).status_code == 403
    elsewhere = Client()
    elsewhere.force_login(UserFactory(departments=["13"]))
    assert not elsewhere.get(reverse("figures")).context["page_obj"].object_list


def test_the_whole_country_is_read_and_written():
    """Every commune of the country; the speed is measured by the bench, not here."""
    client = client_of(*Department.objects.values_list("pk", flat=True))
    codes = Zone.objects.leaves().values_list("code", flat=True)
    sent = send(client, "Code;A;B\n" + "".join(f"{code};{place};1,5\n" for place, code in enumerate(codes)))
    assert not client.get(sent.url).context["plan"].missing
    describe(client, **{"mode-1": "sum"})
    assert FigureValue.objects.count() == 2 * len(codes)


@pytest.mark.parametrize(("cell", "value"), [
    ("8 120", "8120"),
    ("8\u202f120,5", "8120.5"),
    ("8\u00a0120", "8120"),
    ("-3,25", "-3.25"),
    ("12.5 %", "12.5"),
    (0, "0"),
    (2.123456, "2.1235"),
    ("0", "0"),
])  # fmt: skip
def test_amounts_as_they_are_written(cell, value):
    assert read_amount(cell) == Decimal(value)


@pytest.mark.parametrize("cell", ["", "-", "–", "s", "S", "nd", "n.d.", "NC", "secret statistique", "..."])
def test_secret_or_unknown_values(cell):
    assert read_amount(cell) is None


@pytest.mark.parametrize("cell", ["douze", "1 2 3", "12 34", "1,2,3", "#N/A", True, date(2024, 1, 2), 10**13, "1e99"])
def test_what_is_no_amount(cell):
    with pytest.raises(CellError):
        read_amount(cell)
