"""A contract on its pages: established, renewed, mended, amended, with what happens to it."""

from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from aci.approval import reopen
from aci.forms.contracts import ContractForm
from aci.models import Contract, Tariff
from aci.proposals import mission_labels
from projects.models import Project
from projects.states import State
from projects.taking_back import take_back
from territories.models import Department
from tests.aci.acts import engage
from tests.factories import ContractFactory, MeetingFactory, ProjectFactory, TariffFactory, UserFactory, ZoneFactory

SIGNED = date(2020, 3, 1)
TYPED = {
    "cpts_signed_on": "2020-02-20",
    "insurance_signed_on": "2020-03-01",
    "ars_signed_on": "2020-02-25",
    "starts_on": "2020-03-01",
    "years": "5",
    "population": "98 204",
    "population_kind": "municipal",
    "population_vintage": "2017",
    "tier": "",
}


@pytest.fixture
def tariff(db: None) -> Tariff:
    return TariffFactory()


@pytest.fixture
def project(department: Department) -> Project:
    """Signed on 1 March 2020 by its three parties; 98 204 inhabitants until then, more since."""
    stages = [(State.VALIDATED, date(2020, 1, 1)), (State.ACI_SIGNED, SIGNED)]
    project = ProjectFactory(lead_department=department, stages=stages)
    then, since = ZoneFactory(population=98_204, vintage=2017), ZoneFactory(population=5_000, vintage=2017)
    project.perimeter.set_zones([then], date(2019, 1, 1))
    project.perimeter.set_zones([then, since], date(2021, 1, 1))
    validated = project.stages.get(state=State.VALIDATED)
    for party, day in (("cpts", "2020-02-20"), ("insurance", "2020-03-01"), ("ars", "2020-02-25")):
        validated.signatures.create(party=party, signatory="Une personne", signed_on=day)
    return project


@pytest.fixture
def contract(project: Project, tariff: Tariff) -> Contract:
    return ContractFactory(project=project)


@pytest.fixture
def of_cpam(client_of: Callable[[User], Client], cpam: User) -> Client:
    return client_of(cpam)


def send(client: Client, page: str, pk: int, /, *args: int, **typed: object) -> HttpResponse:
    """The form as the page shows it, with what is typed over it."""
    url = reverse(page, args=[pk, *args])
    form = client.get(url).context["form"]
    shown = {field.html_name: field.value() for field in form if field.value() is not None}
    return client.post(url, shown | typed)


def text_of(page: HttpResponse) -> str:
    return " ".join(unescape(page.text).split()).replace("\u202f", " ").replace("\u00a0", " ")


# Establishing


def test_the_form_is_filled_from_the_signatures_the_perimeter_and_the_tariff(of_cpam, project, tariff) -> None:
    form = of_cpam.get(reverse("contract_new", args=[project.pk])).context["form"]
    shown = {name: form[name].value() for name in [*TYPED, "tariff"]}
    assert shown == {
        "cpts_signed_on": date(2020, 2, 20),
        "insurance_signed_on": SIGNED,
        "ars_signed_on": date(2020, 2, 25),
        "starts_on": SIGNED,
        "years": 5,
        "population": 98_204,
        "population_kind": "municipal",
        "population_vintage": 2017,
        "tier": 2,
        "tariff": tariff.pk,
    }


def test_what_the_form_shows_establishes_the_contract(of_cpam, cpam, project, tariff) -> None:
    answer = send(of_cpam, "contract_new", project.pk)
    contract = project.contracts.get()
    assert answer.url == contract.get_absolute_url()
    assert (contract.number, contract.signed_on, contract.starts_on, contract.years) == (1, SIGNED, SIGNED, 5)
    assert contract.recorded_by == cpam
    terms = contract.terms.get()
    assert (terms.from_year, terms.population, terms.population_vintage, terms.tier) == (1, 98_204, 2017, 2)
    assert terms.tariff == tariff
    assert project.contracts.get().history.count() == 1


def test_the_signature_of_all_is_the_last_one(of_cpam, project, tariff) -> None:
    answer = send(of_cpam, "contract_new", project.pk, ars_signed_on="2020-03-05", starts_on="")
    page = of_cpam.get(answer.url)
    contract = project.contracts.get()
    assert contract.signed_on == contract.starts_on == date(2020, 3, 5)
    told = text_of(page)
    assert "Le contrat est signé de tous le 5 mars 2020, mais le projet dit son ACI signé le 1er mars 2020" in told


def loaded(client: Client, project: Project) -> str:
    return client.get(reverse("contract_new", args=[project.pk])).context["form"]["loaded"].value()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"cpts_signed_on": "", "insurance_signed_on": "", "ars_signed_on": ""}, "au moins une des trois signatures"),
        ({"starts_on": "2020-02-28"}, "ne prend pas effet avant sa dernière signature, le 1er mars 2020"),
        ({"ars_signed_on": "2099-01-01"}, "Cette date est dans le futur"),
        ({"tier": "1"}, "Le barème donne la taille 2 à 98 204 habitants : dites pourquoi le contrat est de taille 1"),
        ({"tier": "7", "tier_reason": "Accord"}, "n'a pas de taille 7"),
        ({"population": "-3"}, "une population de -3 n'est pas possible"),
        ({"population": "99 999 999"}, "la France entière en compte"),
        ({"population": ""}, "obligatoire"),
        ({"population_vintage": "17"}, "2006"),
        ({"years": "0"}, "1"),
        ({"years": "11"}, "10"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(of_cpam, project, tariff, typed, told) -> None:
    page = send(of_cpam, "contract_new", project.pk, tariff=tariff.pk, **typed)
    assert page.status_code == 422
    assert told.casefold() in text_of(page).casefold()
    assert not project.contracts.exists()


def test_another_tier_needs_a_reason_and_keeps_it(of_cpam, project, tariff) -> None:
    send(of_cpam, "contract_new", project.pk, tariff=tariff.pk, tier="1", tier_reason="Accord du 3 mars")
    terms = project.contracts.get().terms.get()
    assert (terms.tier, terms.tier_reason) == (1, "Accord du 3 mars")


def test_an_exact_bound_warns(of_cpam, project, tariff) -> None:
    page = send(of_cpam, "contract_new", project.pk, tariff=tariff.pk, population="80 000", tier="")
    assert page.status_code == 302
    assert "exactement égale au seuil de 80 000 habitants" in text_of(of_cpam.get(page.url))


def test_no_contract_before_the_signature(of_cpam, department, tariff) -> None:
    project = ProjectFactory(lead_department=department, stages=[(State.VALIDATED, date(2020, 1, 1))])
    url = reverse("contract_new", args=[project.pk])
    assert "L'ACI de ce projet n'est pas signé" in text_of(of_cpam.get(url))
    answer = of_cpam.post(url, TYPED | {"tariff": tariff.pk})
    assert answer.status_code == 422
    assert not Contract.objects.exists()


def test_two_people_do_not_establish_two_contracts(of_cpam, project, tariff) -> None:
    typed = TYPED | {"tariff": tariff.pk, "loaded": loaded(of_cpam, project)}
    assert of_cpam.post(reverse("contract_new", args=[project.pk]), typed).status_code == 302
    page = of_cpam.post(reverse("contract_new", args=[project.pk]), typed)
    assert page.status_code == 422
    assert "Pendant que vous écriviez" in text_of(page)
    assert project.contracts.count() == 1


def test_without_contract_the_page_says_what_to_do_and_by_whom(client_of, cpam, ars, department, project) -> None:
    url = reverse("project_aci", args=[project.pk])
    new = reverse("contract_new", args=[project.pk])
    assert new in client_of(cpam).get(url).text
    of_ars = client_of(ars).get(url)
    assert new not in of_ars.text
    assert "La CPAM l'établit" in text_of(of_ars)
    before = ProjectFactory(lead_department=department, stages=[(State.VALIDATED, date(2020, 1, 1))])
    page = client_of(cpam).get(reverse("project_aci", args=[before.pk]))
    assert "une fois l'ACI signé" in text_of(page)


def test_only_the_cpam_establishes(client_of, ars, reader, project) -> None:
    for user in (ars, reader):
        assert client_of(user).post(reverse("contract_new", args=[project.pk]), TYPED).status_code == 403


def terminated(department: Department, day: date) -> Project:
    """Signed on 1 March 2020, terminated on `day`."""
    stages = [(State.ACI_SIGNED, SIGNED), (State.TERMINATED, day)]
    return ProjectFactory(lead_department=department, stages=stages, zones=[ZoneFactory(population=98_204)])


def test_a_terminated_project_does_not_renew_its_contract(of_cpam, department, tariff) -> None:
    former = ContractFactory(project=terminated(department, date(2022, 6, 1)))
    url = reverse("contract_new", args=[former.project_id])
    told = "Le projet est résilié ou fusionné depuis le 1er juin 2022 : son contrat ne se renouvelle plus"
    assert told in text_of(of_cpam.get(url))
    typed = {"cpts_signed_on": "2022-06-01", "insurance_signed_on": "", "ars_signed_on": "", "starts_on": "2022-06-01"}
    page = of_cpam.post(url, TYPED | typed | {"tariff": tariff.pk, "loaded": loaded(of_cpam, former.project)})
    assert page.status_code == 422
    assert told in text_of(page)
    assert former.project.contracts.count() == 1


def test_the_old_file_of_a_terminated_project_is_established_late(of_cpam, department, tariff) -> None:
    project = terminated(department, date(2022, 6, 1))
    after = {"cpts_signed_on": "2022-06-01", "starts_on": ""}
    page = send(of_cpam, "contract_new", project.pk, tariff=tariff.pk, **after)
    assert page.status_code == 422
    assert "Le projet est résilié ou fusionné depuis le 1er juin 2022 : un contrat se signe avant" in text_of(page)
    before = {"cpts_signed_on": "2022-05-31", "starts_on": ""}
    assert send(of_cpam, "contract_new", project.pk, tariff=tariff.pk, **before).status_code == 302
    assert project.contracts.get().signed_on == date(2022, 5, 31)


def test_a_renewal_before_the_termination_is_recorded_late(of_cpam, department, tariff) -> None:
    former = ContractFactory(project=terminated(department, date(2026, 3, 1)))
    assert send(of_cpam, "contract_new", former.project_id, cpts_signed_on="2025-02-01").status_code == 302
    assert former.project.contracts.get(number=2).starts_on == date(2025, 3, 1)


def test_a_contract_starts_within_a_year_of_its_signature(of_cpam, project, tariff) -> None:
    page = send(of_cpam, "contract_new", project.pk, starts_on="2021-03-02")
    assert page.status_code == 422
    assert "prend effet dans les 12 mois qui suivent sa dernière signature, donc le 1er mars 2021" in text_of(page)
    assert send(of_cpam, "contract_new", project.pk, starts_on="2021-03-01").status_code == 302


def test_a_renewal_signed_long_before_starts_after_the_former_contract(of_cpam, contract) -> None:
    early = {"cpts_signed_on": "2023-06-01"}
    page = send(of_cpam, "contract_new", contract.project_id, **early, starts_on="2025-03-02")
    assert "ou dès la fin du contrat précédent" in text_of(page)
    assert send(of_cpam, "contract_new", contract.project_id, **early).status_code == 302


def test_another_tariff_than_that_of_the_signature_warns(of_cpam, project, tariff) -> None:
    later = TariffFactory(since=date(2022, 1, 1), label="Avenant 2")
    answer = send(of_cpam, "contract_new", project.pk, tariff=later.pk)
    told = text_of(of_cpam.get(answer.url))
    assert "Le barème « Avenant 2 » n'était pas en vigueur le 1er mars 2020, jour de la signature" in told
    answer = send(of_cpam, "contract_edit", project.contracts.get().pk, tariff=tariff.pk)
    assert "n'était pas en vigueur" not in text_of(of_cpam.get(answer.url))


def test_no_contract_comes_to_rest_on_a_tariff_just_reopened(cpam, project, tariff) -> None:
    shown = ContractForm(instance=Contract(project=project)).initial["loaded"]
    form = ContractForm(TYPED | {"tariff": tariff.pk, "loaded": shown}, instance=Contract(project=project))
    assert form.is_valid()
    administrator = UserFactory(role=User.Role.ADMINISTRATOR)
    reopen(administrator, tariff.pk, "Un montant est faux")  # between the choice and its save
    with transaction.atomic(), pytest.raises(ValidationError, match="est redevenu une proposition"):
        form.save_by(cpam)
    assert not Contract.objects.exists()


# Mending, renewing


def test_mending_keeps_the_rest(of_cpam, contract) -> None:
    assert (
        send(of_cpam, "contract_edit", contract.pk, cpts_signed_on="2020-02-29", reference="ACI-93-7").status_code
        == 302
    )
    contract.refresh_from_db()
    assert (contract.cpts_signed_on, contract.signed_on, contract.reference) == (
        date(2020, 2, 29),
        date(2020, 2, 29),
        "ACI-93-7",
    )
    assert contract.terms.get().population == 98_204


def test_a_signature_does_not_move_after_what_rests_on_it(of_cpam, contract) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1))
    said = {"year": 1, "mission": "fonctionnement", "kind": "signature", "reference": "V1", "amount": 75_000}
    contract.payments.create(paid_on=date(2020, 3, 10), **said)
    page = send(of_cpam, "contract_edit", contract.pk, cpts_signed_on="2020-07-01", starts_on="2020-07-01")
    assert page.status_code == 422
    told = text_of(page)
    assert "Mission « Accès aux soins » : elle ne peut pas commencer avant la signature du contrat" in told
    assert "Un versement a été fait dès le 10 mars 2020" in told
    contract.refresh_from_db()
    assert contract.signed_on == SIGNED


def test_a_contract_is_not_cut_under_what_was_recorded(of_cpam, contract) -> None:
    contract.crisis_plans.create(year=3, delivered_on=date(2022, 6, 1))
    page = send(of_cpam, "contract_edit", contract.pk, cpts_signed_on="2020-03-01", years="2")
    assert page.status_code == 422
    assert "Au-delà de l'année 2 sont déjà enregistrés : des plans de crise" in text_of(page)


def test_the_second_writer_is_told_what_the_first_has_changed(of_cpam, contract) -> None:
    url = reverse("contract_edit", args=[contract.pk])
    form = of_cpam.get(url).context["form"]
    typed = {field.html_name: field.value() for field in form if field.value() is not None}
    contract.terms.update(population=97_000)
    page = of_cpam.post(url, typed | {"cpts_signed_on": "2020-03-01", "comment": "Ma note"})
    assert page.status_code == 422
    assert "« Population du contrat » est devenu « 97000 »" in text_of(page)
    assert "Ma note" in page.text


def test_a_renewal_follows_the_term(of_cpam, contract, tariff) -> None:
    form = of_cpam.get(reverse("contract_new", args=[contract.project_id])).context["form"]
    assert form["starts_on"].value() == date(2025, 3, 1)
    assert form["population"].value() == 103_204  # of the perimeter of that day
    typed = {"cpts_signed_on": "2025-02-01", "tariff": tariff.pk}
    early = send(of_cpam, "contract_new", contract.project_id, **typed, starts_on="2025-02-28")
    assert "Le contrat précédent court jusqu'à la veille du 1er mars 2025" in text_of(early)
    answer = send(of_cpam, "contract_new", contract.project_id, **typed)
    second = contract.project.contracts.get(number=2)
    assert answer.url == second.get_absolute_url()
    assert second.terms.get().population == 103_204
    assert of_cpam.get(reverse("project_aci", args=[contract.project_id])).url == second.get_absolute_url()
    former = of_cpam.get(contract.get_absolute_url())
    assert "a pris sa suite le 1er mars 2025" in text_of(former)
    assert second.get_absolute_url() in former.text
    assert "Le contrat suivant commence le 1er mars 2025" in text_of(
        send(of_cpam, "contract_edit", contract.pk, cpts_signed_on="2020-03-01", years="6")
    )


# The page


def test_the_page_says_where_the_contract_stands_on_a_day(of_cpam, contract) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1), decided_on=date(2020, 5, 15))
    page = of_cpam.get(contract.get_absolute_url(), {"date": "2021-03-02"})
    told = text_of(page)
    assert "<strong>2</strong> sur 5" in told
    assert "98 204 hab." in told
    assert "population municipale 2017, figée".casefold() in told.casefold()
    assert "COPIL stratégique, 15/05/2020" in told
    late = [alert.what for alert in page.context["late"]]
    assert "COPIL de l'année 1 : 1 tenu sur 2" in late
    states = {mission.code: mission.state for mission in page.context["missions"]}
    assert states == {
        "acces_soins": "en cours de déploiement",
        "parcours": "non engagée à temps",
        "qualite": "non engagée, sans date limite",
        "crise_plan": "non engagée à temps",
    }
    assert "Avec 103 204 habitants" not in told  # of the same tier


def test_a_past_day_shows_nothing_that_came_after(of_cpam, contract) -> None:
    contract.amendments.create(number=1, signed_on=date(2022, 1, 1), purpose="Extension")
    contract.crisis_plans.create(year=1, delivered_on=date(2022, 1, 1))
    contract.crises.create(name="Canicule", recognised_on=date(2022, 1, 1))
    for day, count in (("2021-12-31", 0), ("2022-01-01", 1)):
        page = of_cpam.get(contract.get_absolute_url(), {"date": day})
        assert [len(page.context[name]) for name in ("amendments", "plans", "crises")] == [count] * 3
    before = of_cpam.get(contract.get_absolute_url(), {"date": "2020-02-29"})
    assert "À cette date, ce contrat n'était pas encore signé" in text_of(before)


def test_before_its_copil_the_page_does_not_know_the_mission(of_cpam, contract) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1), decided_on=date(2020, 5, 15))
    page = of_cpam.get(contract.get_absolute_url(), {"date": "2020-05-14"})
    assert page.context["missions"][0].state == "à engager"


def test_the_tier_that_would_change_is_told_and_not_applied(of_cpam, contract) -> None:
    contract.project.perimeter.set_zones([ZoneFactory(population=60_000)], date(2022, 1, 1))
    page = of_cpam.get(contract.get_absolute_url(), {"date": "2022-06-01"})
    assert "Avec 60 000 habitants aujourd'hui, le territoire serait de taille 1 (contrat : taille 2)" in text_of(page)
    assert contract.terms.get().tier == 2


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2025-03-01", "Ce contrat a pris fin le 28 février 2025, à son terme, et aucun autre n'est enregistré"),
        ("2024-12-01", "Fin du contrat : renouvellement à préparer"),
    ],
)
def test_the_page_says_the_end_that_nears_and_the_one_that_has_come(of_cpam, contract, day, told) -> None:
    page = of_cpam.get(contract.get_absolute_url(), {"date": day})
    assert told in text_of(page)
    assert reverse("contract_new", args=[contract.project_id]) in page.text


def test_a_bad_date_in_the_address_is_refused(of_cpam, contract) -> None:
    assert of_cpam.get(contract.get_absolute_url(), {"date": "hier"}).status_code == 400


def test_a_reader_sees_no_button(client_of, reader, contract) -> None:
    page = client_of(reader).get(contract.get_absolute_url())
    assert page.status_code == 200
    for name in ("contract_edit", "amendment_new", "crisis_new", "crisis_plan_new"):
        assert reverse(name, args=[contract.pk]) not in page.text


def test_as_many_queries_whatever_the_contract_has_lived(of_cpam, contract, django_assert_max_num_queries) -> None:
    def count() -> int:
        with django_assert_max_num_queries(60) as captured:
            of_cpam.get(contract.get_absolute_url())
        return len(captured)

    def live(number: int, mission: str) -> None:
        engage(contract, mission, date(2020, 5 + number, 1))
        contract.amendments.create(number=number, signed_on=date(2021, number, 1), purpose="Avenant")
        contract.crises.create(name="Canicule", recognised_on=date(2021, number, 1))
        contract.crisis_plans.create(year=number, delivered_on=date(2021, number, 1))

    live(1, "acces_soins")
    once = count()
    live(2, "parcours")
    live(3, "qualite")
    assert count() == once


def test_a_contract_cut_by_a_termination_says_where_it_stopped(of_cpam, department, tariff) -> None:
    contract = ContractFactory(project=terminated(department, date(2021, 9, 1)))
    engage(contract, "acces_soins", date(2020, 6, 1))
    page = of_cpam.get(contract.get_absolute_url(), {"date": "2023-06-01"})
    told = text_of(page)
    assert "fini en année 2 sur 5" in told
    assert "au 31 août 2021" in told
    assert "en cours" not in told
    for name in ("amendment_new", "crisis_plan_new"):
        assert reverse(name, args=[contract.pk]) not in page.text
    missions = {mission.code: (mission.state, mission.is_late) for mission in page.context["missions"]}
    assert missions["acces_soins"] == ("arrêtée avec le contrat", False)
    assert missions["parcours"] == ("non engagée", False)
    years = page.context["years"]
    assert [(each.last_day, each.is_whole) for each in years] == [
        (date(2021, 2, 28), True),
        (date(2021, 8, 31), False),
    ]
    ledger = of_cpam.get(reverse("contract_ledger", args=[contract.pk]), {"date": "2021-09-01"})
    assert ledger.context["current_year"] is None
    before = of_cpam.get(contract.get_absolute_url(), {"date": "2021-08-31"})
    assert "<strong>2</strong> sur 5" in text_of(before)
    assert reverse("amendment_new", args=[contract.pk]) in before.text


def test_a_terminated_contract_is_amended_for_what_was_signed_before(of_cpam, department, tariff) -> None:
    contract = ContractFactory(project=terminated(department, date(2021, 9, 1)))
    page = send(of_cpam, "amendment_new", contract.pk, signed_on="2021-09-01", purpose="Trop tard")
    assert page.status_code == 422
    assert "Le contrat a pris fin : il court jusqu'à la veille du 1er septembre 2021" in text_of(page)
    years = page.context["form"].fields["from_year"].choices
    assert [value for value, _ in years] == ["", 2]
    assert send(of_cpam, "amendment_new", contract.pk, signed_on="2021-08-31", purpose="À temps").status_code == 302
    form = of_cpam.get(reverse("crisis_plan_new", args=[contract.pk])).context["form"]
    assert [value for value, _ in form.fields["year"].choices if value] == [1, 2]


def test_the_years_say_which_crisis_plan_is_late(of_cpam, contract) -> None:
    contract.crisis_plans.create(year=2, delivered_on=date(2022, 2, 1))

    def cells(day: str) -> list[str]:
        page = of_cpam.get(contract.get_absolute_url(), {"date": day}).text
        rows = page.split('id="annees"')[1].split("</tbody>")[0].split("<td>")
        return [" ".join(cell.split("</td>")[0].split()) for cell in rows[4::4]]

    late = '<span class="cpts-late">non remis</span>'
    assert cells("2021-02-28") == ["à remettre", "–", "–", "–", "–"]
    assert cells("2022-03-01") == [late, "remis le 1er févr. 2022", "à remettre", "–", "–"]


def test_an_unapproved_tariff_renames_nothing(of_cpam, contract) -> None:
    proposed = TariffFactory(since=date(2027, 1, 1), approved_at=None)
    proposed.lines.filter(mission="acces_soins").update(label="Nouveau nom")
    proposed.lines.create(mission="nouvelle", label="Nouvelle mission", kind="socle", order=9)
    expected = {"acces_soins": "Accès aux soins", "parcours": "Parcours"}
    to_pay = dict(of_cpam.get(reverse("to_pay")).context["form"].fields["mission"].choices)
    for labels in (mission_labels(), to_pay):
        assert labels.items() >= expected.items()
        assert "nouvelle" not in labels


def test_a_retroactive_amendment_tells_what_was_overpaid(of_cpam, contract, tariff) -> None:
    said = {"year": 2, "mission": "fonctionnement", "kind": "advance", "reference": "V2", "amount": 56_250}
    contract.payments.create(paid_on=date(2021, 3, 10), **said)
    smaller = TariffFactory(since=date(2020, 1, 1))
    smaller.lines.get(mission="fonctionnement").amounts.update(fixed_eur=70_000)
    terms = {"population": "98 204", "tier": "", "tariff": smaller.pk, "from_year": "2"}
    answer = send(of_cpam, "amendment_new", contract.pk, signed_on="2021-06-01", purpose="Barème", **terms)
    told = text_of(of_cpam.get(answer.url))
    assert "Trop versé, à régulariser : Fonctionnement, avance de l'année 2 (−3 750 €)." in told


def test_a_contract_lasts_a_year_at_least(of_cpam, project, tariff) -> None:
    page = of_cpam.get(reverse("contract_new", args=[project.pk]))
    assert page.context["form"].fields["years"].widget.attrs["min"] == 1


# What is added


def test_amendments_are_numbered_and_follow_one_another(of_cpam, contract) -> None:
    for day, purpose in (("2021-03-01", "Ajout d'une mission"), ("2022-03-01", "Référent")):
        assert send(of_cpam, "amendment_new", contract.pk, signed_on=day, purpose=purpose).status_code == 302
    assert list(contract.amendments.values_list("number", "purpose")) == [(1, "Ajout d'une mission"), (2, "Référent")]
    assert contract.terms.count() == 1
    page = send(of_cpam, "amendment_new", contract.pk, signed_on="2021-12-31", purpose="Trop tôt")
    assert "Les avenants se suivent : le n° 2 est du 01/03/2022" in text_of(page)
    page = send(of_cpam, "amendment_new", contract.pk, signed_on="2020-02-28", purpose="Avant")
    assert "Le contrat n'a été signé que le 1er mars 2020" in text_of(page)


def test_an_amendment_changes_the_terms_from_a_year_on(of_cpam, contract, tariff) -> None:
    typed = {"signed_on": "2022-02-01", "purpose": "Taille", "from_year": "3", "population": "79 000", "tier": ""}
    assert send(of_cpam, "amendment_new", contract.pk, **typed, tariff=tariff.pk).status_code == 302
    terms = contract.terms.get(from_year=3)
    assert (terms.tier, terms.population, terms.amendment.number) == (1, 79_000, 1)
    years = of_cpam.get(contract.get_absolute_url(), {"date": "2022-03-01"}).context["years"]
    assert [each.terms.tier for each in years] == [2, 2, 1, 1, 1]
    amendment = terms.amendment
    again = send(of_cpam, "amendment_edit", contract.pk, amendment.pk, population="98 000", tariff=tariff.pk, tier="")
    assert again.status_code == 302
    assert contract.terms.get(from_year=3).tier == 2
    send(of_cpam, "amendment_edit", contract.pk, amendment.pk, from_year="", tariff=tariff.pk)
    assert list(contract.terms.values_list("from_year", flat=True)) == [1]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"from_year": "6"}, "6 n’en fait pas partie"),
        ({"from_year": "1"}, "1 n’en fait pas partie"),
        ({"from_year": "2", "population": ""}, "Un avenant qui change les conditions le dit"),
        ({"from_year": "2", "tier": "1"}, "dites pourquoi le contrat est de taille 1"),
    ],
)
def test_terms_that_cannot_be_are_refused(of_cpam, contract, tariff, typed, told) -> None:
    page = send(
        of_cpam, "amendment_new", contract.pk, signed_on="2022-02-01", purpose="…", **{"tariff": tariff.pk} | typed
    )
    assert page.status_code == 422
    assert told in text_of(page)
    assert not contract.amendments.exists()
    assert contract.terms.count() == 1


def test_an_amendment_that_brought_a_mission_stays_under_it(client_of, cpam, contract) -> None:
    bare = Tariff.objects.get()
    wider = TariffFactory(since=date(2022, 1, 1))
    bare.lines.filter(mission__startswith="crise").delete()
    amendment = contract.amendments.create(number=1, signed_on=date(2022, 2, 1), purpose="Crise", recorded_by=cpam)
    terms = {"population": 98_204, "population_vintage": 2019, "tier": 2, "tariff": wider}
    contract.terms.create(from_year=3, amendment=amendment, **terms)
    engage(contract, "crise_plan", date(2022, 6, 1))
    url = reverse("withdraw", args=[contract.project_id, "avenant", amendment.pk])
    page = client_of(cpam).post(url, {"reason": "Erreur"})
    assert page.status_code == 422
    assert "elle n'est pas dans le barème" in text_of(page)
    contract.engagements.all().delete()
    assert client_of(cpam).post(url, {"reason": "Erreur"}).url == contract.get_absolute_url()
    assert contract.terms.count() == 1


def test_the_ars_recognises_a_crisis(client_of, ars, cpam, contract) -> None:
    typed = {"name": "Canicule", "recognised_on": "2020-08-10", "reference": ""}
    assert client_of(cpam).post(reverse("crisis_new", args=[contract.pk]), typed).status_code == 403
    assert send(client_of(ars), "crisis_new", contract.pk, **typed).status_code == 302
    assert contract.crises.get().recognised_on == date(2020, 8, 10)
    page = send(client_of(ars), "crisis_new", contract.pk, **typed | {"recognised_on": "2025-03-01"})
    assert "une crise se reconnaît pendant ce temps" in text_of(page)
    again = send(client_of(ars), "crisis_new", contract.pk, **typed | {"name": "canicule"})
    assert "déjà enregistrée : Canicule, reconnue le 10/08/2020" in text_of(again)


@pytest.mark.parametrize("kind", ["validated", "paid"])
def test_a_crisis_stays_under_its_money(client_of, ars, contract, kind) -> None:
    crisis = contract.crises.create(name="Canicule", recognised_on=date(2020, 8, 10), recorded_by=ars)
    said = {"year": 1, "mission": "crise_reconnue", "kind": "crisis", "amount": 67_500}
    if kind == "paid":
        money = contract.payments.create(paid_on=date(2021, 6, 1), reference="C1", **said)
    else:
        decision = MeetingFactory(contract=contract).decisions.create(kind="pay")
        money = contract.validations.create(decision=decision, **said)
    url = reverse("withdraw", args=[contract.project_id, "crise", crisis.pk])
    page = client_of(ars).post(url, {"reason": "Erreur"})
    assert page.status_code == 422
    assert "Des montants de crise de l'année 1 sont" in text_of(page)
    money.delete()
    assert client_of(ars).post(url, {"reason": "Erreur"}).status_code == 302
    assert not contract.crises.exists()


def test_a_crisis_plan_is_delivered_once_a_year(client_of, ars, contract) -> None:
    client = client_of(ars)
    assert send(client, "crisis_plan_new", contract.pk, year="1", delivered_on="2021-01-15").status_code == 302
    page = send(client, "crisis_plan_new", contract.pk, year="1", delivered_on="2021-01-16")
    assert page.status_code == 422
    assert "remis le 15 janvier 2021" in text_of(client.get(contract.get_absolute_url()))
    early = send(client, "crisis_plan_new", contract.pk, year="3", delivered_on="2021-01-16")
    assert "L'année 3 du contrat ne commence que le 1er mars 2022" in text_of(early)


def test_a_document_of_another_project_is_no_crisis_plan(client_of, ars, contract) -> None:
    form = client_of(ars).get(reverse("crisis_plan_new", args=[contract.pk])).context["form"]
    assert not form.fields["document"].queryset.exists()
    page = send(client_of(ars), "crisis_plan_new", contract.pk, year="1", delivered_on="2021-01-15", document="9999")
    assert page.status_code == 422


def test_a_mission_is_deployed_once_started(of_cpam, contract) -> None:
    engagement = engage(contract, "acces_soins", date(2020, 6, 1))
    early = send(of_cpam, "mission_deployed", contract.pk, engagement.pk, deployed_on="2020-05-31")
    assert "La mission n'a démarré que le 1er juin 2020" in text_of(early)
    send(of_cpam, "mission_deployed", contract.pk, engagement.pk, deployed_on="2021-06-01")
    page = of_cpam.get(contract.get_absolute_url(), {"date": "2021-06-01"})
    assert page.context["missions"][0].state == "pleinement déployée"
    send(of_cpam, "mission_deployed", contract.pk, engagement.pk, deployed_on="")
    engagement.refresh_from_db()
    assert engagement.deployed_on is None


# Taking back


def test_a_contract_goes_only_while_nothing_rests_on_it(of_cpam, cpam, contract) -> None:
    Contract.objects.filter(pk=contract.pk).update(recorded_by=cpam)
    meeting = MeetingFactory(contract=contract)
    url = reverse("withdraw", args=[contract.project_id, "contrat", contract.pk])
    page = of_cpam.post(url, {"reason": "Saisi deux fois"})
    assert page.status_code == 422
    assert "Ce contrat porte des réunions : retirez-les d'abord" in text_of(page)
    meeting.delete()
    said = {"project": contract.project, "number": 2, "signed_on": date(2025, 2, 1), "starts_on": date(2025, 3, 1)}
    renewal = ContractFactory(**said)
    assert "Un autre contrat renouvelle celui-ci" in text_of(of_cpam.post(url, {"reason": "Saisi deux fois"}))
    renewal.delete()
    assert of_cpam.post(url, {"reason": "Saisi deux fois"}).status_code == 302
    assert not Contract.objects.exists()
    assert Contract.history.first().history_change_reason == "Saisi deux fois"


def test_the_signature_is_not_taken_back_under_its_contract(contract, cpam) -> None:
    User.objects.filter(pk=cpam.pk).update(role=User.Role.ADMINISTRATOR)
    administrator = User.objects.get(pk=cpam.pk)
    project = contract.project
    signed = project.stages.get(state=State.ACI_SIGNED)
    with pytest.raises(ValidationError, match="Retirez d'abord le contrat"):
        take_back(administrator, project.pk, "Erreur", seen_stage=signed.pk)
    assert project.stages.filter(state=State.ACI_SIGNED).exists()
    contract.delete()
    take_back(administrator, project.pk, "Erreur", seen_stage=signed.pk)
    assert not project.stages.filter(state=State.ACI_SIGNED).exists()
