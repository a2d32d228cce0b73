import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import UserFactory


@pytest.fixture
def reader(client, db):
    client.force_login(UserFactory())
    return client


@pytest.fixture
def simulator(tariffs, reader):
    """What one reads on the simulator, spaces made plain."""

    def simulator(status: int = 200, **asked) -> str:
        response = reader.get(reverse("remuneration"), asked)
        assert response.status_code == status
        return re.sub(r"\s+", " ", response.text)

    return simulator


def test_anonymous_is_sent_to_login(client):
    assert client.get(reverse("remuneration"))["Location"] == f"{reverse('login')}?next={reverse('remuneration')}"


def test_first_visit_asks_and_says_nothing_yet(simulator):
    html = simulator()
    assert "Calculer" in html
    assert html.count("checked") == 9  # every mission that is not conditional, of both versions
    assert "<table" not in html


def test_answer(simulator):
    html = simulator(population="98 204", date="01/03/2020")
    assert "98 204 habitants : taille 3" in html
    assert "Taille 4 avec 76 797 habitants de plus" in html
    assert "Taille 2 avec 18 205 habitants de moins" in html
    assert "370 000 €" in html
    assert "315 000 €" in html
    assert 'fr-badge--warning">non vérifié</span>' in html
    assert "Différence entre les totaux du Quotidien du médecin" in html
    assert 'value="98 204"' in html
    assert 'value="2020-03-01"' in html


def test_a_threshold_warns(simulator):
    assert "Population exactement égale au seuil de 40 000 habitants" in simulator(population=40_000, date="2020-03-01")


def test_conditional_amounts_stand_apart(simulator):
    html = simulator(population=98_204, date="2023-01-01")
    assert html.index("420 000 €") < html.index("Sous condition, hors total") < html.index("67 500 €")


def test_chosen_missions_and_year_count(simulator):
    html = simulator(population=98_204, date="2023-01-01", year=2, missions=["parcours", "crise_mise_a_jour"])
    assert "112 500 €" in html
    assert html.count("checked") == 2


def test_the_shared_link_gives_the_same_answer(simulator, reader):
    html = simulator(population="98 204", missions=["parcours", "prevention"], year=3)
    (link,) = re.findall(r'href="\?([^"]+)">Lien vers ce calcul', html)
    shared = reader.get(reverse("remuneration") + "?" + link.replace("&amp;", "&"))
    assert re.findall(r"date=\d{4}-\d\d-\d\d", link)
    table = re.compile(r"<table.*?>.*</table>", re.DOTALL)
    assert table.search(re.sub(r"\s+", " ", shared.text))[0] == table.search(html)[0]


@pytest.mark.parametrize(
    ("asked", "why", "kept"),
    [
        ({"population": "-5"}, "Une population de -5", 'value="-5"'),
        ({"population": "un village"}, "Saisissez un nombre entier", 'value="un village"'),
        ({"population": "5000", "date": "2018-01-01"}, "le premier commence le 25 août 2019", 'value="2018-01-01"'),
        ({"population": "5000", "date": "bientôt"}, "Cette date ne se lit pas", 'value="bientôt"'),
        ({"population": "5000", "missions": "pont"}, "pont n’en fait pas partie", 'value="5000"'),
    ],
)
def test_an_error_is_said_and_what_was_typed_is_kept(simulator, asked, why, kept):
    html = simulator(status=400, **asked)
    assert why in html
    assert kept in html
    assert "<table" not in html


def test_every_error_is_said_at_once(simulator):
    html = simulator(status=400, population="0", date="2018-01-01", missions="pont")
    for why in ("Une population de 0", "le premier commence", "pont n’en fait pas partie"):
        assert html.count(why) == 2  # in the summary and beside the field


def test_nothing_loaded_yet(reader):
    response = reader.get(reverse("remuneration"), {"population": 5000})
    assert response.status_code == 400
    assert "Aucun barème n&#x27;est enregistré" in response.text


def test_queries_are_few(tariffs, reader):
    with CaptureQueriesContext(connection) as queries:
        reader.get(reverse("remuneration"), {"population": 98_204})
    tables = re.findall(r'FROM "aci_(\w+)"', " ".join(query["sql"] for query in queries))
    # the missions to choose among, those of every version; then the version in force, with its missions
    assert sorted(tables) == ["tariff", "tariffamount", "tariffline", "tariffline", "tarifftier"]
