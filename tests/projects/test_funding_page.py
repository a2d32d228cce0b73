"""The money of a project: grants under the cap, payments, other funders, the doctrine before a second engineering."""

import re
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from projects.models import EngineeringGrant, GrantCap, OtherFunding, Project, Promoter, Purpose
from projects.states import State
from tests.acts import take
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
NBSP, THIN = "\u00a0", "\u202f"


@pytest.fixture(autouse=True)
def cap(db) -> GrantCap:
    return GrantCap.objects.create(since=date(2019, 1, 1), amount=30_000, source="APTA 93")


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord", stages=[(State.ENGINEERING, date(2020, 1, 1))])


def url(project: Project, page: str = "") -> str:
    return f"{project.get_absolute_url()}financement{page}"


def grant_to(project: Project, amount: int = 20_000, **said) -> EngineeringGrant:
    told = {"purpose": Purpose.PROVIDER, "signed_on": date(2020, 3, 1), "starts_on": date(2020, 3, 1)}
    return project.grants.create(amount=amount, **told | said)


def send(client: Client, address: str, **said):
    """Open the form, then send it back with what is typed over what it showed."""
    form = client.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in (shown | said).items() if value not in (None, False)}
    return client.post(address, typed)


NEW_GRANT = "/conventions/nouvelle"
CONVENTION = {"amount": "20 000,00", "purpose": "provider", "signed_on": "2020-03-01", "starts_on": "2020-03-01"}


@pytest.mark.parametrize("amount", ["20000", "20 000,00", "20 000.00", f"20{THIN}000,00{NBSP}€", "20000,0"])
def test_an_amount_is_typed_as_people_write_it(amount, project, client_of, ars):
    page = send(client_of(ars), url(project, NEW_GRANT), **CONVENTION | {"amount": amount})
    assert page.url == url(project)
    grant = project.grants.get()
    assert (grant.amount, grant.recorded_by) == (Decimal(20_000), ars)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"amount": "30 000,01"}, f"c'est plus que le plafond en vigueur, 30{THIN}000{NBSP}€ par projet"),
        ({"amount": "-5"}, "supérieur à zéro"),
        ({"amount": "0"}, "supérieur à zéro"),
        ({"amount": "vingt mille"}, "Ce montant ne se lit pas"),
        ({"amount": "30.000"}, "pas plus de 2 chiffres après la virgule"),
        ({"amount": ""}, "Ce champ est obligatoire"),
        ({"signed_on": "2999-01-01"}, "dans le futur"),
        ({"signed_on": "2018-12-31"}, "Aucun plafond n'est connu au 31 décembre 2018 : demandez à l'administrateur"),
        ({"ends_on": "2020-02-01"}, "ne peut pas finir avant de commencer"),
        ({"starts_on": "0020-03-01"}, "Les CPTS n'existent que depuis"),
        ({"purpose": "voyage"}, "Sélectionnez un choix valide"),
    ],
)
def test_what_is_wrong_is_told_and_kept_as_typed(said, reason, project, client_of, ars):
    page = send(client_of(ars), url(project, NEW_GRANT), **CONVENTION | {"reference": "2020-17"} | said)
    assert page.status_code == 422
    assert reason in page.text.replace("&#x27;", "'")
    assert 'value="2020-17"' in page.text
    assert not project.grants.exists()


def test_the_grants_of_a_project_are_counted_together(project, client_of, ars):
    grant_to(project, 20_000)
    page = send(client_of(ars), url(project, NEW_GRANT), **CONVENTION | {"amount": "10 000,01"})
    assert page.status_code == 422
    assert f"atteindraient 30{THIN}000,01{NBSP}€" in page.text
    assert send(client_of(ars), url(project, NEW_GRANT), **CONVENTION | {"amount": "10 000"}).status_code == 302


def test_a_grant_sent_twice_is_recorded_once(project, client_of, ars):
    client = client_of(ars)
    loaded = client.get(url(project, NEW_GRANT)).context["form"]["loaded"].value()
    sent = [client.post(url(project, NEW_GRANT), CONVENTION | {"loaded": loaded}) for _ in range(2)]
    assert [page.status_code for page in sent] == [302, 422]
    assert "Pendant que vous écriviez" in sent[1].text
    assert project.grants.count() == 1


def test_a_grant_is_changed_and_its_history_kept(project, client_of, ars):
    grant = grant_to(project)
    assert send(client_of(ars), url(project, f"/conventions/{grant.pk}"), amount="25 000").status_code == 302
    assert [row.amount for row in grant.history.all()] == [25_000, 20_000]
    assert grant.history.first().history_user == ars


def test_who_comes_second_is_told_what_changed_and_loses_nothing(project, client_of, ars):
    grant = grant_to(project)
    client, address = client_of(ars), url(project, f"/conventions/{grant.pk}")
    loaded = client.get(address).context["form"]["loaded"].value()
    send(client, address, amount="25 000", signed_on="2020-02-01")
    page = client.post(address, CONVENTION | {"reference": "2020-17", "loaded": loaded})
    assert page.status_code == 422
    assert f"est devenu «{NBSP}25{THIN}000{NBSP}€{NBSP}»" in page.text
    assert f"est devenu «{NBSP}1er février 2020{NBSP}»" in page.text
    assert 'value="2020-17"' in page.text


def test_a_cap_that_was_lowered_since_does_not_forbid_to_mend_a_comment(cap, project, client_of, ars):
    grant = grant_to(project)
    GrantCap.objects.update(amount=10_000)
    address = url(project, f"/conventions/{grant.pk}")
    assert send(client_of(ars), address, comment="Avenant à venir").status_code == 302
    assert send(client_of(ars), address, amount="20 001").status_code == 422


def test_the_fir_is_the_money_of_the_ars(project, client_of, cpam, reader, far):
    grant = grant_to(project)
    pages = (NEW_GRANT, f"/conventions/{grant.pk}", f"/conventions/{grant.pk}/versement")
    for page in pages:
        for user, status in ((cpam, 403), (reader, 403), (UserFactory(role="officer", departments=[far]), 404)):
            assert client_of(user).get(url(project, page)).status_code == status
            assert client_of(user).post(url(project, page), CONVENTION).status_code == status
    assert project.grants.count() == 1
    assert "conventions/nouvelle" not in client_of(cpam).get(url(project)).text


def test_a_grant_is_only_found_under_its_own_project(project, client_of, ars):
    grant = grant_to(ProjectFactory())
    for page in (f"/conventions/{grant.pk}", f"/conventions/{grant.pk}/versement"):
        assert client_of(ars).get(url(project, page)).status_code == 404


def test_a_project_that_has_ended_is_given_no_more_grant_and_says_why(project, client_of, ars):
    grant, client = grant_to(project), client_of(ars)
    loaded = client.get(url(project, NEW_GRANT)).context["form"]["loaded"].value()
    take(ars, project, "abandon", date(2020, 6, 1))
    told = client.get(url(project, NEW_GRANT))
    assert (told.status_code, "<form method" in told.text.split("</header>")[-1]) == (200, False)
    sent = client.post(url(project, NEW_GRANT), CONVENTION | {"reference": "2020-17", "loaded": loaded})
    assert sent.status_code == 422
    for page in (told, sent):
        assert "Le projet a pris fin le 1er juin 2020 (Abandonné)" in page.text
    assert 'value="2020-17"' in sent.text
    assert project.grants.get() == grant
    assert send(client, url(project, f"/conventions/{grant.pk}"), reference="FIR-1").status_code == 302


# Payments


def test_payments_add_up_to_the_grant_and_not_beyond(project, client_of, ars):
    address = url(project, f"/conventions/{grant_to(project).pk}/versement")
    client = client_of(ars)
    assert send(client, address, paid_on="2020-04-01", amount="15 000").status_code == 302
    page = send(client, address, paid_on="2020-05-01", amount="5 000,01")
    assert page.status_code == 422
    assert f"Il ne reste que 5{THIN}000{NBSP}€ à verser sur les 20{THIN}000{NBSP}€" in page.text
    assert send(client, address, paid_on="2020-05-01", amount="5 000").status_code == 302
    shown = client.get(url(project)).context
    assert (shown["granted"], shown["paid"], shown["left"], shown["under_cap"]) == (20_000, 20_000, 0, 10_000)


@pytest.mark.parametrize(
    ("paid_on", "reason"),
    [("2020-02-29", "n'a été signée que le 1er mars 2020"), ("2999-01-01", "dans le futur"), ("", "obligatoire")],
)
def test_a_payment_has_a_possible_date(paid_on, reason, project, client_of, ars):
    address = url(project, f"/conventions/{grant_to(project).pk}/versement")
    page = send(client_of(ars), address, paid_on=paid_on, amount="1 000")
    assert page.status_code == 422
    assert reason in page.text.replace("&#x27;", "'")


def test_a_grant_is_not_brought_below_what_was_paid(project, client_of, ars):
    grant = grant_to(project)
    grant.payments.create(paid_on=date(2020, 4, 1), amount=15_000)
    address = url(project, f"/conventions/{grant.pk}")
    assert "ont déjà été versés" in send(client_of(ars), address, amount="14 999").text
    assert "Un versement a été fait dès le 1er avril 2020" in send(client_of(ars), address, signed_on="2020-04-02").text


# Other funders and double funding


def test_either_institution_tells_the_other_funders(project, client_of, ars, cpam, reader):
    said = {"funder": "Métropole", "purpose": "provider", "starts_on": "2020-01-01"}
    address = url(project, "/autres/nouveau")
    assert send(client_of(cpam), address, **said).status_code == 302
    assert client_of(reader).get(address).status_code == 403
    other = project.other_fundings.get()
    assert (other.amount, other.recorded_by) == (None, cpam)
    edit = url(project, f"/autres/{other.pk}")
    page = send(client_of(ars), edit, ends_on="2019-12-31")
    assert page.status_code == 422
    assert "Le financement ne peut pas finir avant de commencer" in page.text
    assert send(client_of(ars), edit, amount="12 500,50").status_code == 302
    other.refresh_from_db()
    assert (other.amount, other.recorded_by) == (Decimal("12500.50"), cpam)


def test_what_might_be_paid_twice_is_told_with_both_funders(project, client_of, ars):
    assert "doubles financements" not in client_of(ars).get(url(project)).text
    grant_to(project, ends_on=date(2021, 2, 28))
    OtherFunding.objects.create(
        project=project, funder="Métropole", purpose=Purpose.PROVIDER, amount=10_000, starts_on=date(2020, 9, 1)
    )
    text = re.sub(r"[ \n]+", " ", client_of(ars).get(url(project)).text)
    assert (
        f"«{NBSP}Prestataire{NBSP}» est payé par le FIR (20{THIN}000{NBSP}€) et par Métropole "
        f"(10{THIN}000{NBSP}€) du 1er septembre 2020 au 28 février 2021." in text
    )


def test_several_grants_of_one_project_are_told_with_their_sum(project, client_of, ars):
    grant_to(project)
    grant_to(project, 5_000, signed_on=date(2021, 3, 1))
    text = client_of(ars).get(url(project)).text
    assert f"2 conventions du FIR financent ce projet, pour 25{THIN}000{NBSP}€ en tout" in text


def test_a_promoter_financed_elsewhere_is_told_by_name_only_out_of_scope(project, client_of, ars, neighbour, far):
    Project.objects.filter(pk=project.pk).update(promoter=Promoter.objects.create(name="Asso", siret="13002526500013"))
    typed_again = Promoter.objects.create(name="Association", siret="13002526500013")
    near = ProjectFactory(name="CPTS voisine", lead_department=neighbour, promoter=typed_again)
    distant = ProjectFactory(name="CPTS lointaine", lead_department=far, promoter=typed_again)
    stranger = ProjectFactory(name="CPTS sans lien", promoter=Promoter.objects.create(name="Autre"))
    for other, amount in ((near, 11_000), (distant, 12_000), (stranger, 13_000)):
        grant_to(other, amount)
    text = re.sub(r"[ \n]+", " ", client_of(ars).get(url(project)).text)
    assert f"CPTS voisine</a> : 11{THIN}000{NBSP}€ accordés" in text
    assert "CPTS lointaine (97X – Département 97X)." in text
    assert f"12{THIN}000" not in text
    assert "CPTS sans lien" not in text


# The doctrine


@pytest.fixture
def shared_zone(department):
    return ZoneFactory(name="Aubeville", population=8_000)


def overlapping(zone, state: State, **said) -> Project:
    return ProjectFactory(name="CPTS Première", stages=[(state, timezone.localdate())], zones=[zone], **said)


@pytest.mark.parametrize(
    ("state", "situation"),
    [
        (State.INITIATIVE, None),
        (State.LETTER_VALIDATED, None),
        (State.ENGINEERING, "Situation 3"),
        (State.FILED, "Situation 3"),
        (State.OPPOSED, "Situation 3"),
        (State.ACI_SIGNED, "Situation 1"),
        (State.ABANDONED, None),
    ],
)
def test_the_doctrine_is_read_before_a_second_engineering(state, situation, shared_zone, project, client_of, ars):
    project.perimeter.set_zones([shared_zone], date(2020, 1, 1))
    overlapping(shared_zone, state)
    client = client_of(ars)
    text = client.get(url(project, NEW_GRANT)).text
    assert ("doctrine_seen" in text) == (situation is not None)
    if situation:
        for told in (situation, "CPTS Première", "Aubeville", f"8{THIN}000 hab.", "24 février 2020"):
            assert told in text
        page = send(client, url(project, NEW_GRANT), **CONVENTION)
        assert page.status_code == 422
        assert "Lisez la doctrine des superpositions" in page.text
    assert send(client, url(project, NEW_GRANT), **CONVENTION, doctrine_seen="on").status_code == 302
    assert project.grants.get().doctrine_seen == (situation is not None)


def test_an_engineering_that_is_financed_counts_whatever_the_state(shared_zone, project, client_of, ars):
    project.perimeter.set_zones([shared_zone], date(2020, 1, 1))
    grant_to(overlapping(shared_zone, State.FORMALISING), 11_000)
    text = client_of(ars).get(url(project, NEW_GRANT)).text
    assert "sans financer d&#x27;ingénierie de projet" in text
    assert f"11{THIN}000{NBSP}€ accordés" in text


def test_a_project_of_another_region_is_only_named(shared_zone, project, client_of, ars, far):
    project.perimeter.set_zones([shared_zone], date(2020, 1, 1))
    other = overlapping(shared_zone, State.ENGINEERING, lead_department=far)
    grant_to(other, 11_000)
    text = client_of(ars).get(url(project, NEW_GRANT)).text
    assert "CPTS Première (Département 97X)" in text
    assert other.get_absolute_url() not in text
    assert f"11{THIN}000" not in text


# Withdrawing


def test_a_wrong_row_is_withdrawn_with_a_reason_payments_first(project, client_of, ars, cpam):
    grant = grant_to(project, recorded_by=ars)
    payment = grant.payments.create(paid_on=date(2020, 4, 1), amount=15_000, recorded_by=ars)
    other = project.other_fundings.create(
        funder="Ville", purpose=Purpose.TIME, starts_on=date(2020, 1, 1), recorded_by=cpam
    )
    client = client_of(ars)

    def withdraw(kind: str, row: int, by: Client = client):
        return by.post(f"{project.get_absolute_url()}retirer/{kind}/{row}", {"reason": "mauvais projet"})

    assert withdraw("convention", grant.pk, client_of(cpam)).status_code == 403
    assert withdraw("financement", other.pk).status_code == 403
    refused = withdraw("convention", grant.pk)
    assert refused.status_code == 422
    assert "retirez-les d&#x27;abord" in refused.text
    for kind, row in (("versement", payment), ("convention", grant)):
        assert withdraw(kind, row.pk).url == url(project)
    assert not EngineeringGrant.objects.exists()
    assert grant.history.first().history_change_reason == "mauvais projet"
    assert withdraw("financement", other.pk, client_of(cpam)).url == url(project)


# The page and the cap


def test_the_cap_is_shown_as_not_verified_as_long_as_it_is_not(cap, project, client_of, reader):
    assert "non vérifié" in client_of(reader).get(url(project)).text
    GrantCap.objects.update(is_verified=True)
    assert "non vérifié" not in client_of(reader).get(url(project)).text
    GrantCap.objects.update(until=timezone.localdate())
    text = client_of(reader).get(url(project)).text
    assert "aucun n'est en vigueur" in text
    assert "Reste sous le plafond" not in text


def test_its_cost_does_not_grow_with_what_it_shows(project, client_of, ars):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(project)).status_code == 200
        return len(captured)

    def fill() -> None:
        grant = grant_to(project, 1_000, recorded_by=UserFactory())
        grant.payments.create(paid_on=date(2020, 4, 1), amount=100, recorded_by=UserFactory())
        project.other_fundings.create(
            funder="Ville", purpose=Purpose.PROVIDER, starts_on=date(2020, 1, 1), recorded_by=UserFactory()
        )
        grant_to(ProjectFactory(promoter=project.promoter), 1_000)

    project.promoter = Promoter.objects.create(name="Asso")
    project.save()
    client = client_of(ars)
    fill()
    once = queries()
    for _ in range(5):
        fill()
    assert queries() == once


def test_the_cap_is_loaded_once_and_overwrites_nothing(cap):
    GrantCap.objects.all().delete()
    GrantCap.history.all().delete()
    call_command("load_kit", stdout=StringIO())
    loaded = GrantCap.objects.get()
    assert (loaded.amount, loaded.is_verified) == (30_000, False)
    assert "30 000 euros maximum" in loaded.source
    loaded.since, loaded.amount, loaded.is_verified = date(2018, 6, 1), 25_000, True
    loaded.save()
    call_command("load_kit", stdout=StringIO())
    assert [(each.since, each.amount) for each in GrantCap.objects.all()] == [(date(2018, 6, 1), 25_000)]


def test_only_administrators_of_the_country_change_the_cap(cap, client_of):
    address = f"/administration/projects/grantcap/{cap.pk}/change/"
    sent = {"since": "2019-01-01", "until": "", "amount": "35000", "source": "Circulaire", "is_verified": "on"}
    for extent, amount in ((User.Extent.DEPARTMENTS, 30_000), (User.Extent.COUNTRY, 35_000)):
        client_of(UserFactory(role="administrator", extent=extent)).post(address, sent)
        cap.refresh_from_db()
        assert cap.amount == amount
