"""A version is proposed by one administrator of the country and approved by another, who reads what it changes."""

import re
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from aci.approval import approve, fingerprint, reopen, why_not_approve
from aci.models import Tariff, TariffAmount, TariffTier
from tests.aci.sheets import AMOUNTS, TIERS, rows_of, write_csv
from tests.factories import ContractFactory, TariffFactory, UserFactory
from tests.together import at_once

TOMORROW = date(2027, 1, 1)


@pytest.fixture
def proposer(db) -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR, last_name="Noël")


@pytest.fixture
def approver(db) -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR, last_name="Arnaud")


@pytest.fixture
def proposal(proposer) -> Tariff:
    """A whole version, which nobody has approved."""
    return TariffFactory(code="avenant-3", label="Avenant 3", since=TOMORROW, approved_at=None, proposed_by=proposer)


def page(client: Client, name: str, *args: object, status: int = 200) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == status
    return re.sub(r"\s+", " ", response.text)


def sent_approval(client: Client, tariff: Tariff, shown: str | None = None):
    told = fingerprint(Tariff.objects.get(pk=tariff.pk)) if shown is None else shown
    return client.post(reverse("tariff_approve", args=[tariff.pk]), {"shown": told}, follow=True)


# The files


@pytest.fixture
def files(tmp_path):
    """The two files of the version of 2022 under another code and another date, as some rows change them."""

    def files(change=lambda row: None, tiers=lambda row: None) -> list[Path]:
        found = []
        for source, alter in ((AMOUNTS, change), (TIERS, tiers)):
            rows = [row for row in rows_of(source) if row["version"] == "avenant-2"]
            for row in rows:
                row |= {"version": "avenant-3"}
                row |= {"label": "Avenant 3", "effective_from": "2027-01-01"} if source == AMOUNTS else {}
                alter(row)
            found.append(write_csv(tmp_path / source.name, [row for row in rows if row]))
        return found

    return files


def propose(client: Client, amounts: Path, tiers: Path):
    with amounts.open("rb") as first, tiers.open("rb") as second:
        return client.post(reverse("tariff_new"), {"amounts": first, "tiers": second}, follow=True)


def test_two_files_make_a_proposal_that_changes_nothing_yet(tariffs, client_of, proposer, files):
    response = propose(client_of(proposer), *files())
    assert "Barème «\xa0Avenant 3\xa0» proposé : un autre administrateur peut l&#x27;approuver." in response.text
    proposal = Tariff.objects.get(code="avenant-3")
    assert (proposal.proposed_by, proposal.is_approved) == (proposer, False)
    assert Tariff.objects.in_force(date(2027, 6, 1)).code == "avenant-2"


def raised(row: dict) -> None:
    if row["mission"] == "parcours" and row["tier"] == "3":
        row["fixed_eur"] = "50000"


def without_prevention_3(row: dict) -> None:
    if (row["mission"], row["tier"]) == ("prevention", "3"):
        row.clear()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_prevention_3, "mission « prevention » : aucun montant pour la taille 3."),
        (lambda row: row.update(fixed_eur="-1"), "tariffs.csv, ligne 2, fixed_eur"),
        (lambda row: row.update(fixed_eur="99000000"), "tariffs.csv, ligne 2, fixed_eur"),
        (lambda row: row.update(first_year="32767"), "tariffs.csv, ligne 2, first_year"),
        (lambda row: row.update(last_year="11"), "tariffs.csv, ligne 2, last_year"),
        (lambda row: row.update(effective_from="2018-12-31"), "ligne 2, effective_from : Vérifiez l&#x27;année"),
        (lambda row: row.update(effective_from="9999-12-31"), "ligne 2, effective_from : Vérifiez l&#x27;année"),
        (
            lambda row: row.update(version="2019"),
            "doivent porter une seule et même version ; on y lit : 2019, avenant-3",
        ),
    ],
)
def test_wrong_files_are_refused_whole(tariffs, client_of, proposer, files, change, why):
    response = propose(client_of(proposer), *files(change))
    assert response.status_code == 422
    assert why in response.text
    assert Tariff.objects.count() == 2


def test_everything_wrong_in_both_files_is_said_at_once(tariffs, client_of, proposer, files):
    html = propose(
        client_of(proposer),
        *files(lambda row: row.update(verified="peut-être"), lambda row: row.update(lower_bound="beaucoup")),
    ).text
    assert "tariffs.csv, ligne 2, verified" in html
    assert "tariff_tiers.csv, ligne 2, lower_bound" in html


def test_files_that_are_wrong_all_along_are_read_no_further_and_lock_nothing(tariffs, client_of, proposer, tmp_path):
    wrong = [dict.fromkeys(rows_of(AMOUNTS)[0], "")] * 10_000
    paths = [write_csv(tmp_path / "montants.csv", wrong), write_csv(tmp_path / "seuils.csv", rows_of(TIERS))]
    client = client_of(proposer)
    with CaptureQueriesContext(connection) as seen:
        response = propose(client, *paths)
    assert response.status_code == 422
    (*told, last) = response.context["form"].non_field_errors()
    assert (len(told), last) == (50, "… et d'autres encore : corrigez d'abord ceux-ci.")
    assert not [query for query in seen if "aci_tariff" in query["sql"]]


def test_missions_that_are_wrong_all_along_are_not_all_told(tariffs, client_of, proposer, files):
    numbers = count()
    response = propose(client_of(proposer), *files(lambda row: row.update(mission=f"m{next(numbers)}", tier=9)))
    assert len(response.context["form"].non_field_errors()) == 51


def test_a_heavy_file_is_refused_unread(tariffs, client_of, proposer, files, tmp_path):
    amounts, tiers = files()
    with amounts.open("a") as file:
        file.write("\n" * 1_000_000)
    response = propose(client_of(proposer), amounts, tiers)
    assert response.status_code == 422
    assert "Ce fichier dépasse 1 Mo" in response.text
    assert not Tariff.objects.filter(code="avenant-3").exists()


def test_a_code_that_is_known_is_refused(tariffs, client_of, proposer, files):
    client = client_of(proposer)
    propose(client, *files())
    html = propose(client, *files()).text
    assert "Le code « avenant-3 » est déjà celui du barème «\xa0Avenant 3\xa0»" in html


def test_the_files_of_a_version_come_back_as_a_proposal_that_changes_nothing(tariffs, client_of, proposer, tmp_path):
    client, latest = client_of(proposer), Tariff.objects.get(code="avenant-2")
    paths = []
    for sheet in ("montants", "seuils"):
        text = client.get(reverse("tariff_csv", args=[latest.pk, sheet])).content.decode()
        paths.append(tmp_path / f"{sheet}.csv")
        paths[-1].write_text(text.replace("avenant-2,", "avenant-3,").replace("2022-09-03", "2027-01-01"), "utf-8")
    html = propose(client, *paths).text
    assert "Aucune différence" in html
    proposal = Tariff.objects.get(code="avenant-3")
    assert [line.calendar_source for line in proposal.lines.all()] == [
        line.calendar_source for line in latest.lines.all()
    ]
    assert client.get(reverse("tariff_csv", args=[latest.pk, "autre"])).status_code == 404


# Approving


def test_another_administrator_approves_and_the_version_is_in_force_from_its_date(
    tariffs, client_of, proposal, approver
):
    response = sent_approval(client_of(approver), proposal)
    assert "Barème «\xa0Avenant 3\xa0» approuvé : il vaut à partir du 1er janvier 2027." in response.text
    proposal.refresh_from_db()
    assert proposal.approved_by == approver
    assert Tariff.objects.in_force(date(2026, 12, 31)).code == "avenant-2"
    assert Tariff.objects.in_force(TOMORROW) == proposal


def test_the_proposer_does_not_approve(client_of, proposal, proposer):
    client = client_of(proposer)
    html = page(client, "tariff", proposal.pk)
    assert "une autre doit l&#x27;approuver" in html
    assert "Approuver ce barème" not in html
    response = sent_approval(client, proposal)
    assert response.status_code == 422
    assert "une autre doit l&#x27;approuver" in response.text
    assert not Tariff.objects.get(pk=proposal.pk).is_approved


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda t: TariffAmount.objects.get(line__tariff=t, line__mission="parcours", tier=2).delete(),
            "Mission « parcours » : aucun montant pour la taille 2.",
        ),
        (
            lambda t: t.lines.create(mission="pont", label="Pont", kind="socle"),
            "Mission « pont » : aucun montant pour la taille 1, 2.",
        ),
        (lambda t: t.tiers.all().delete(), "Les tailles doivent se suivre à partir de 1"),
        (lambda t: t.tiers.filter(number=1).delete(), "Les tailles doivent se suivre à partir de 1"),
        (lambda t: t.lines.all().delete(), "Aucune mission n'a de montant."),
        (
            lambda t: t.lines.filter(mission="parcours").update(follows="pont"),
            "Mission « parcours » : elle suit « pont », qui n'est pas une autre mission du barème.",
        ),
    ],
)
def test_a_version_that_is_not_whole_is_not_approved(client_of, proposal, approver, spoil, why):
    spoil(proposal)
    (found,) = why_not_approve(Tariff.objects.get(pk=proposal.pk), approver)[:1]
    assert found.startswith(why)
    assert sent_approval(client_of(approver), proposal).status_code == 422
    assert not Tariff.objects.get(pk=proposal.pk).is_approved


def test_what_has_changed_since_it_was_read_is_not_approved(client_of, proposal, approver):
    client = client_of(approver)
    (shown,) = re.findall(r'name="shown" value="(\w+)"', page(client, "tariff", proposal.pk))
    TariffAmount.objects.filter(line__tariff=proposal, tier=1).update(fixed_eur=1)
    response = sent_approval(client, proposal, shown)
    assert response.status_code == 422
    assert "Ce barème a changé depuis que vous l&#x27;avez ouvert" in response.text


def test_it_is_approved_once(client_of, proposal, approver):
    client = client_of(approver)
    sent_approval(client, proposal)
    response = sent_approval(client, proposal)
    assert response.status_code == 422
    assert "Ce barème est déjà approuvé." in response.text


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_approve_two_versions_of_one_day_put_one_in_force():
    people = [UserFactory(role=User.Role.ADMINISTRATOR) for _ in range(2)]
    first = TariffFactory(code="a", label="A", since=TOMORROW, approved_at=None)
    second = Tariff.objects.create(code="b", label="B", since=TOMORROW, source="essai")
    for tier in first.tiers.all():
        second.tiers.create(number=tier.number, lower_bound=tier.lower_bound, source="essai")
    line = second.lines.create(mission="parcours", label="Parcours", kind="socle")
    for tier in (1, 2):
        line.amounts.create(tier=tier, source="essai")
    rivals = [Tariff.objects.get(code=code) for code in "ab"]
    shown = [fingerprint(rival) for rival in rivals]
    answers = at_once(
        *(lambda i=i: approve(people[i], rivals[i].pk, shown[i]) for i in range(2)),
    )
    assert sorted(type(answer) for answer in answers if isinstance(answer, str)) == [str]
    assert any("approuvé, commence déjà le 1er janvier 2027" in str(answer) for answer in answers)
    assert Tariff.objects.approved().count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_version_is_approved_by_one_of_two_administrators():
    people = [UserFactory(role=User.Role.ADMINISTRATOR) for _ in range(2)]
    proposal = TariffFactory(since=TOMORROW, approved_at=None)
    shown = fingerprint(Tariff.objects.get(pk=proposal.pk))
    answers = at_once(*(lambda user=user: approve(user, proposal.pk, shown) for user in people))
    assert answers.count("Ce barème est déjà approuvé.") == 1


@pytest.mark.parametrize("who", ["reader", "cpam", "of a department"])
def test_others_read_and_decide_nothing(client_of, proposal, department, request, who):
    user = (
        UserFactory(role=User.Role.ADMINISTRATOR, departments=[department])
        if who == "of a department"
        else request.getfixturevalue(who)
    )
    client = client_of(user)
    assert "Approuver" not in page(client, "tariff", proposal.pk)
    assert "Proposer un barème" not in page(client, "tariffs")
    assert page(client, "tariff_new", status=403)
    for act in ("tariff_approve", "tariff_withdraw", "tariff_reopen"):
        assert client.post(reverse(act, args=[proposal.pk]), {"reason": "essai"}).status_code == 403
    with pytest.raises(PermissionDenied):
        approve(user, proposal.pk, fingerprint(proposal))


# Withdrawing, taking up again


def test_a_proposal_is_withdrawn_with_a_reason_that_stays(client_of, proposal, approver):
    client, url = client_of(approver), reverse("tariff_withdraw", args=[proposal.pk])
    assert client.post(url, {"reason": " "}).status_code == 422
    assert Tariff.objects.filter(pk=proposal.pk).exists()
    html = client.post(url, {"reason": "Texte non signé"}, follow=True).text
    assert not Tariff.objects.filter(pk=proposal.pk).exists()
    assert "Texte non signé" in html


def test_an_approved_version_is_not_withdrawn(client_of, proposer):
    tariff = TariffFactory()
    client, url = client_of(proposer), reverse("tariff_withdraw", args=[tariff.pk])
    assert "Ce n'est pas possible" in client.get(url).text
    assert client.post(url, {"reason": "essai"}).status_code == 422
    assert Tariff.objects.filter(pk=tariff.pk).exists()


def test_a_version_that_no_contract_cites_becomes_a_proposal_of_who_takes_it_up(tariffs, client_of, approver):
    tariff = Tariff.objects.get(code="avenant-2")
    url = reverse("tariff_reopen", args=[tariff.pk])
    html = client_of(approver).post(url, {"reason": "Montant mal recopié"}, follow=True).text
    tariff.refresh_from_db()
    assert (tariff.is_approved, tariff.proposed_by) == (False, approver)
    assert tariff.history.first().history_change_reason == "Montant mal recopié"
    assert Tariff.objects.in_force(date(2024, 1, 1)).code == "2019"
    assert "une autre doit l&#x27;approuver" in html


def test_a_version_that_a_contract_cites_stays_approved(client_of, approver):
    tariff = ContractFactory().terms.get().tariff
    client, url = client_of(approver), reverse("tariff_reopen", args=[tariff.pk])
    assert "un contrat le cite" in client.get(url).text
    assert client.post(url, {"reason": "essai"}).status_code == 422
    assert "Revenir à l&#x27;état de proposition" not in page(client, "tariff", tariff.pk)
    with pytest.raises(PermissionDenied):
        reopen(UserFactory(), tariff.pk, "essai")


# The pages


def test_the_list_says_what_each_version_is_on_a_day(tariffs, client_of, reader, proposal):
    html = re.sub(r"\s+", " ", client_of(reader).get(reverse("tariffs"), {"date": "2021-01-01"}).text)
    states = re.findall(
        r'fr-badge--no-icon ?(?:fr-badge--\w+)? ?">(proposé, à approuver|à venir|en vigueur|remplacé)<', html
    )
    assert states == ["proposé, à approuver", "à venir", "en vigueur"]
    assert "Livré avec l'application" in html
    assert "Noël" in html
    assert "remplacé" in page(client_of(reader), "tariffs")
    assert client_of(reader).get(reverse("tariffs"), {"date": "bientôt"}).status_code == 400


def test_the_rules_of_payment_say_what_was_found_and_what_was_not(tariffs, client_of, reader):
    html = page(client_of(reader), "tariffs")
    rules = html[html.index("Règles de versement") :]
    assert rules.count("non trouvé") == 3
    assert re.search(r"75 %.*vérifié.*article 6.1", rules)


def test_a_version_shows_every_amount_with_its_mark_and_its_source(tariffs, client_of, reader):
    tariff = Tariff.objects.get(code="2019")
    html = page(client_of(reader), "tariff", tariff.pk)
    amounts = TariffAmount.objects.filter(line__tariff=tariff)
    marks = [html.count(f'">{mark}</span>') for mark in ("vérifié", "total vérifié", "non vérifié")]
    assert marks == [amounts.filter(verified=word).count() for word in ("yes", "total only", "no")]
    for source in {amount.source for amount in amounts}:
        assert html.count(source.replace("'", "&#x27;") + "</li>") == 1
    assert "à démarrer sous 6 mois, à déployer sous 18 mois après la signature" in html
    for total in ("220 000 €", "287 000 €", "370 000 €", "450 000 €"):
        assert total in html


def test_a_proposal_says_cell_by_cell_what_it_changes(tariffs, client_of, proposer, files):
    def later(row: dict) -> None:
        raised(row)
        if row["mission"] == "prevention":
            row["starts_within"] = "9"
        if row["mission"] == "qualite":
            row.clear()

    client = client_of(proposer)
    propose(client, *files(later, lambda row: row["tier"] == "4" and row.update(lower_bound="200000")))
    html = page(client, "tariff", Tariff.objects.get(code="avenant-3").pk)
    table = html[html.index("Ce que cette proposition change") : html.index("Approbation")]
    rows = [re.sub(r"\s*<[^>]+>\s*", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
    cells = [[cell for cell in row.split("|") if cell.strip()] for row in rows]
    assert ["Taille 4", "seuil", "175 000 habitants, non compris", "200 000 habitants, non compris"] in cells
    assert [
        "Parcours pluriprofessionnels autour du patient, taille 3",
        "volet fixe",
        "45 000 €",
        "50 000 €",
        "+5 000 €",
    ] in cells
    assert any(cell[1:] == ["à démarrer", "sous 12 mois", "sous 9 mois"] for cell in cells)
    assert any(cell[1:] == ["volet fixe", "15 000 €", "–", "−15 000 €"] for cell in cells)
    assert not any("crise" in cell[0].lower() for cell in cells)


def test_a_missing_amount_is_shown_as_missing(client_of, proposal, reader):
    TariffAmount.objects.get(line__tariff=proposal, line__mission="parcours", tier=2).delete()
    assert page(client_of(reader), "tariff", proposal.pk).count("manque</span>") == 1


def test_the_cost_of_a_page_does_not_grow_with_the_versions(tariffs, client_of, proposer):
    client = client_of(proposer)

    def queries(name: str, *args: object) -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(reverse(name, args=args))
        return len(found)

    latest = Tariff.objects.get(code="avenant-2")
    queries("tariffs")
    before = queries("tariffs"), queries("tariff", latest.pk)
    for year in (2027, 2028, 2029):
        added = TariffFactory(since=date(year, 1, 1), proposed_by=UserFactory(), approved_by=proposer)
        TariffTier.objects.create(tariff=added, number=3, lower_bound=90_000, source="essai")
    assert (queries("tariffs"), queries("tariff", latest.pk)) == before
