"""Results of a contract year: recorded with their pieces, validated by each institution, and the money they give."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from aci.contracts import Books, with_facts
from aci.ledger import ledger_of
from aci.models import Contract, Meeting, MeetingDecision, NegotiatedIndicator, Result, TariffAmount
from aci.results import YearResults, awaited_year, obstacles, results_of
from aci.schedule import DueKind
from projects.models import DocumentType
from projects.states import State
from tests.aci.acts import engage, hold_dialogue, indicator, measure, piece, retain
from tests.factories import ContractFactory, MeetingFactory, UserFactory
from tests.projects.files import HTML, pdf, sent

pytestmark = pytest.mark.django_db

STEPS = [(None, 50, 9_000), (51, 100, 6_000), (101, 219, 3_000), (220, None, 0)]
DAY = date(2021, 4, 15)


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def contract(department) -> Contract:
    """Signed on 1 March 2020, with access to care from the first day."""
    stages = [(State.VALIDATED, date(2020, 1, 1)), (State.ACI_SIGNED, date(2020, 3, 1))]
    contract = ContractFactory(project__lead_department=department, project__stages=stages)
    engage(contract, "acces_soins", date(2020, 3, 1))
    return contract


@pytest.fixture
def ald(contract) -> NegotiatedIndicator:
    """Patients in ALD without a médecin traitant, 219 at first; the example that the field gives."""
    return retain(contract, 1, (indicator(contract), STEPS)).negotiated.get()


def result(ald: NegotiatedIndicator, value: int = 100, *, validated_by: tuple[Side, ...] = ()) -> Result:
    return measure(ald, value, date(2021, 3, 10), validated_by=validated_by)


def results(contract: Contract, year: int = 1, day: date = DAY) -> YearResults:
    fetched = with_facts(Contract.objects.filter(pk=contract.pk)).get()
    return results_of(ledger_of(fetched, Books(), day), year)


def lacking(contract: Contract, day: date = DAY) -> list[str]:
    return [each.text for each in obstacles(results(contract, day=day))]


def copil_validates(contract: Contract, amount: int) -> MeetingDecision:
    """The COPIL validates the variable part of access to care in year 1."""
    line = {"year": 1, "mission": "acces_soins", "amount": Decimal(amount)}
    meeting = MeetingFactory(contract=contract, held_on=date(2021, 4, 10))
    decision = meeting.decisions.create(kind=MeetingDecision.Kind.PAY, line=DueKind.VARIABLE.value, **line)
    contract.validations.create(kind=DueKind.VARIABLE.value, decision=decision, **line)
    return decision


def words(response: HttpResponse) -> str:
    """What a page says, its apostrophes as they are read."""
    return unescape(response.text)


def new_url(ald: NegotiatedIndicator) -> str:
    return reverse("result_new", args=[ald.indicator_set.contract_id, ald.pk])


def url_of(name: str, result: Result) -> str:
    return reverse(name, args=[result.negotiated.indicator_set.contract_id, result.pk])


def typed(client: Client, url: str, **said) -> dict[str, object]:
    """What a browser sends of a result: what the page was opened with, and what was typed."""
    facts = {"kind": "final", "value": "100", "measured_on": "10/03/2021", "loaded": loaded(client, url)}
    return facts | said


def loaded(client: Client, url: str) -> str:
    return client.get(url).context["form"]["loaded"].value()


def send(client: Client, url: str, **said):
    return client.post(url, typed(client, url, **said))


def validate(client: Client, result: Result, on: str = "12/03/2021"):
    url = url_of("result_validate", result)
    return client.post(url, {"validated_on": on, "loaded": loaded(client, url)})


def withdraw(client: Client, project, kind: str, pk: int, reason: str = "Saisi par erreur"):
    return client.post(reverse("withdraw", args=[project.pk, kind, pk]), {"reason": reason})


# What results give


def test_a_result_of_100_pays_6000_once_proven_and_validated_by_both(contract, ald):
    measured = result(ald, 100)
    assert results(contract).amount == 0
    measured.validations.create(side=Side.INSURANCE, validated_on=date(2021, 3, 12))
    assert results(contract).amount == 0
    assert results(contract).lines[0].awaits == ["à valider par l'ARS"]
    measured.validations.create(side=Side.ARS, validated_on=date(2021, 3, 20))
    told = results(contract)
    (line,) = told.lines
    assert (line.earned.amount, line.earned.formula) == (6_000, "100 : palier 51 à 100 → 6\u202f000,00\u00a0€")
    assert [str(step) for step, is_reached in line.steps if is_reached] == ["51 à 100"]
    assert (told.envelope, told.amount, told.rate) == (35_000, 6_000, Decimal(6_000) / 35_000)
    assert results(contract, day=date(2021, 3, 19)).amount == 0


def test_nothing_is_due_before_a_dialogue_with_minutes_nor_payable_before_the_copil(contract, ald):
    result(ald, 100, validated_by=tuple(Side))
    no_dialogue = "pas de dialogue de gestion daté avec compte rendu"
    assert lacking(contract) == [no_dialogue]
    dialogue = hold_dialogue(contract, 1, date(2021, 4, 2))
    Meeting.objects.filter(pk=dialogue.pk).update(minutes_on=None)
    assert lacking(contract) == [no_dialogue]
    Meeting.objects.filter(pk=dialogue.pk).update(minutes_on=date(2021, 4, 5))
    assert lacking(contract) == ["montant à valider en COPIL"]
    assert (results(contract).due, results(contract).validated) == (6_000, 0)
    copil_validates(contract, 6_000)
    assert lacking(contract) == []
    assert (results(contract).validated, results(contract).left) == (6_000, 6_000)


def test_a_dialogue_held_before_the_year_ends_does_not_make_it_due_yet(contract, ald):
    measured = ald.results.create(kind=Result.Kind.FINAL, measured_on=date(2021, 1, 10), value=40)
    measured.documents.add(piece(contract.project))
    for side in Side:
        measured.validations.create(side=side, validated_on=date(2021, 1, 12))
    hold_dialogue(contract, 1, date(2021, 1, 20))
    assert "pas encore échu : dû le 1er mars 2021" in lacking(contract, date(2021, 2, 1))
    assert results(contract, day=date(2021, 2, 1)).due == 0


def test_what_is_earned_never_exceeds_the_envelope(contract):
    generous = [(None, 50, 30_000)]
    version = retain(contract, 1, (indicator(contract), generous), (indicator(contract, code="c2s"), generous))
    for negotiated in version.negotiated.all():
        result(negotiated, 10, validated_by=tuple(Side))
    (mission,) = results(contract).missions
    assert (mission.part.earned, mission.amount, mission.is_capped) == (60_000, 35_000, True)


def test_what_is_lacking_is_counted_and_leads_to_it(contract):
    version = retain(contract, 1, *((indicator(contract, code=code), STEPS) for code in ("a", "b", "c", "d")))
    first, second, third, _ = version.negotiated.all()
    result(first, validated_by=(Side.INSURANCE,))
    result(second, validated_by=(Side.INSURANCE,))
    unproven = result(third, validated_by=tuple(Side))
    unproven.documents.update(withdrawn_at=timezone.now(), withdrawal="Mauvais fichier")
    on = timezone.localdate()
    assert lacking(contract, on)[:3] == [
        "1 résultat final à saisir",
        "1 résultat sans pièce",
        "2 résultats à valider par l'ARS",
    ]
    assert obstacles(results(contract, day=on))[2].url.endswith(f"?annee=1#indicateur-{first.pk}")


def test_a_year_without_retained_indicators_says_so(client_of, reader, contract):
    said = "aucune version des indicateurs n'est retenue pour cette année"
    assert lacking(contract) == [said]
    page = client_of(reader).get(reverse("contract_results", args=[contract.pk]), {"annee": 3})
    assert said in words(page)


def test_a_year_without_mission_says_what_to_do(client_of, reader):
    page = client_of(reader).get(reverse("contract_results", args=[ContractFactory().pk]))
    assert "Aucune mission n'est engagée cette année-là" in words(page)


def test_a_withdrawn_piece_proves_nothing_any_more(client_of, cpam, contract, ald):
    measured = result(ald, 100, validated_by=tuple(Side))
    measured.documents.update(withdrawn_at=timezone.now(), withdrawal="Mauvais fichier")
    today = results(contract, day=timezone.localdate())
    assert (today.amount, today.lines[0].awaits) == (0, ["pièce retirée"])
    assert results(contract).amount == 6_000, "on that day it was still there"
    page = client_of(cpam).get(reverse("contract_results", args=[contract.pk]), {"annee": 1})
    assert "pièce retirée" in words(page)
    assert "1 résultat sans pièce" in words(page)


def test_a_follow_up_indicator_pays_nothing_and_needs_no_piece(client_of, cpam, contract):
    followed = retain(contract, 1, (indicator(contract, is_paying=False), [])).negotiated.get()
    answer = send(client_of(cpam), new_url(followed), value="12")
    assert answer.status_code == 302
    assert results(contract).lines[0].earned.formula == "indicateur de suivi : 0 €"


def test_conditional_amounts_stand_apart(contract):
    engage(contract, "crise_plan", date(2020, 3, 1))
    (crisis,) = results(contract).crises
    assert (crisis.line.total, crisis.recognised_on, crisis.due) == (67_500, None, None)
    contract.crises.create(recognised_on=date(2020, 11, 2), name="Épidémie")
    hold_dialogue(contract, 1, date(2021, 4, 2))
    (crisis,) = results(contract).crises
    assert (crisis.recognised_on, crisis.due.due_amount) == (date(2020, 11, 2), 67_500)
    assert results(contract).amount == 0, "in no total"


@pytest.mark.parametrize(
    ("day", "held", "expected"),
    [
        (date(2020, 6, 1), [], 1),
        (date(2021, 4, 1), [], 1),
        (date(2021, 4, 1), [1], 2),
        (date(2024, 6, 1), [1, 2], 4),
        (date(2025, 6, 1), [1, 2, 3, 4], 5),
        (date(2027, 6, 1), [1, 2, 3, 4, 5], 5),
    ],
)
def test_the_page_opens_on_the_year_whose_results_are_awaited(contract, day, held, expected):
    for year in held:
        hold_dialogue(contract, year, contract.year(year).until)
    fetched = with_facts(Contract.objects.filter(pk=contract.pk)).get()
    assert awaited_year(ledger_of(fetched, Books(), day).data, day) == expected


# The page


def test_the_page_shows_steps_pieces_validations_and_sums(client_of, reader, contract, ald):
    measured = result(ald, 100, validated_by=(Side.INSURANCE,))
    ald.results.create(kind=Result.Kind.INTERMEDIATE, measured_on=date(2020, 9, 1), value=180)
    page = client_of(reader).get(reverse("contract_results", args=[contract.pk]), {"annee": 1, "date": "2021-04-15"})
    assert page.status_code == 200
    assert "atteint, non compté" in words(page)
    assert "1 résultat à valider par l'ARS" in words(page)
    download = reverse("document_download", args=[contract.project_id, measured.documents.get().pk])
    assert download in words(page)
    assert "intermédiaire, le 1er sept. 2020" in words(page)
    assert "Saisir un résultat" not in words(page), "a reader only reads, and a past day is only read"


def test_amounts_that_were_not_verified_are_marked(client_of, reader, contract):
    engage(contract, "crise_plan", date(2020, 3, 1))
    amounts = TariffAmount.objects.filter(line__tariff=contract.terms.get().tariff)
    asked, client = {"annee": 1, "date": "2021-04-15"}, client_of(reader)
    address = reverse("contract_results", args=[contract.pk])
    for verified, said in (("yes", ""), ("total only", "répartition non vérifiée"), ("no", "non vérifié")):
        amounts.update(verified=verified)
        marks = re.findall(r"fr-badge--warning\">([^<]*)<", words(client.get(address, asked)))
        assert marks == ([said, said] if said else []), "the mission, and the crisis apart"


@pytest.mark.parametrize("asked", ["0", "6", "-1", "deux"])
def test_a_year_outside_the_contract_is_a_bad_request(client_of, reader, contract, asked):
    page = client_of(reader).get(reverse("contract_results", args=[contract.pk]), {"annee": asked})
    assert page.status_code == 400


def test_queries_do_not_grow_with_the_results(client_of, cpam, contract):
    client, url = client_of(cpam), reverse("contract_results", args=[contract.pk]) + "?annee=1"

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    version = retain(contract, 1, (indicator(contract), STEPS))
    result(version.negotiated.get(), validated_by=tuple(Side))
    one = queries()
    for code in ("b", "c"):
        negotiated = version.negotiated.create(indicator=indicator(contract, code=code))
        negotiated.steps.create(high=50, amount=100)
        negotiated.results.create(kind=Result.Kind.INTERMEDIATE, measured_on=date(2020, 9, 1), value=1)
        result(negotiated, 10, validated_by=tuple(Side))
    assert queries() == one


# Recording


def test_a_final_result_of_a_paying_indicator_needs_a_piece(client_of, cpam, contract, ald):
    client = client_of(cpam)
    refused = send(client, new_url(ald), comment="Requête de mars")
    assert refused.status_code == 422
    assert "au moins une pièce" in words(refused)
    assert "Requête de mars" in words(refused)
    assert not Result.objects.exists()
    proof = piece(contract.project, "Requête ALD")
    answer = send(client, new_url(ald), documents=[proof.pk], value="100,0")
    assert answer.url == f"{reverse('contract_results', args=[contract.pk])}?annee=1#indicateur-{ald.pk}"
    recorded = Result.objects.get()
    assert (recorded.value, recorded.measured_on, recorded.recorded_by) == (100, date(2021, 3, 10), cpam)
    assert list(recorded.documents.all()) == [proof]
    assert send(client, new_url(ald), kind="intermediate", value="120").status_code == 302, "it proves nothing"


def test_a_piece_is_deposited_in_the_same_page(client_of, ars, contract, ald):
    type_ = DocumentType.objects.create(name="Pièce justificative d'indicateur")
    said = {"piece-type": type_.pk, "piece-file": sent(pdf(), "ald.pdf"), "piece-title": "Requête ALD"}
    assert send(client_of(ars), new_url(ald), **said).status_code == 302
    document = contract.project.documents.get()
    assert (document.title, document.recorded_by) == ("Requête ALD", ars)
    assert document.stage == contract.project.stage_on(timezone.localdate())
    assert list(Result.objects.get().documents.all()) == [document]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"piece-file": lambda: sent(HTML, "page.pdf")}, "page web"),
        ({"piece-title": "Sans fichier"}, "Fichier"),
        ({"piece-file": lambda: sent(pdf(), "ald.pdf"), "value": "-3"}, "Choisissez de nouveau le fichier"),
    ],
)
def test_a_refused_piece_or_result_leaves_neither(client_of, ars, contract, ald, said, told):
    type_ = DocumentType.objects.create(name="Pièce justificative d'indicateur")
    sent_now = {name: value() if callable(value) else value for name, value in said.items()}
    refused = send(client_of(ars), new_url(ald), **{"piece-type": type_.pk} | sent_now)
    assert refused.status_code in (415, 422)
    assert told in words(refused)
    assert not Result.objects.exists()
    assert not contract.project.documents.exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"value": "-1"}, "ne peut pas être négatif"),
        ({"value": "12,5"}, "Cet indicateur se mesure"),
        ({"value": "999999999"}, "8"),
        ({"value": "NaN"}, "ne se lit pas"),
        ({"value": "beaucoup"}, "ne se lit pas"),
        ({"measured_on": "29/02/2020"}, "ne commence que le 1er mars 2020"),
        ({"measured_on": "10/03/2099"}, "dans le futur"),
        ({"kind": "provisoire"}, "provisoire"),
    ],
)
def test_absurd_results_are_refused(client_of, cpam, contract, ald, said, told):
    proof = piece(contract.project)
    refused = send(client_of(cpam), new_url(ald), documents=[proof.pk], **said)
    assert refused.status_code == 422
    assert told in words(refused)
    assert not Result.objects.exists()


def test_a_unit_is_shown_as_typed_and_never_runs(client_of, cpam, ald):
    ald.indicator.unit = "<img src=x onerror=alert(1)>"
    ald.indicator.save()
    page = client_of(cpam).get(new_url(ald)).content.decode()
    assert "En &lt;img src=x onerror=alert(1)&gt;." in page
    assert "<img src=x" not in page


def test_a_piece_of_an_impossible_number_is_refused(client_of, cpam, ald):
    page = send(client_of(cpam), new_url(ald), documents=["9" * 26])
    assert page.status_code == 422
    assert "documents" in page.context["form"].errors


def test_what_is_done_or_not_is_chosen(client_of, cpam, contract):
    done = indicator(contract, code="plan", direction="done")
    negotiated = retain(contract, 1, (done, [(1, 1, 35_000)])).negotiated.get()
    proof = piece(contract.project)
    client = client_of(cpam)
    assert send(client, new_url(negotiated), documents=[proof.pk], value="2").status_code == 422
    assert send(client, new_url(negotiated), documents=[proof.pk], value="1").status_code == 302
    edit = client.get(url_of("result_edit", Result.objects.get()))
    assert edit.context["form"]["value"].value() == "1"


def test_the_pieces_are_documents_of_this_project_that_are_still_there(client_of, cpam, contract, ald):
    gone = piece(contract.project)
    gone.withdrawn_at, gone.withdrawal = timezone.now(), "Mauvais fichier"
    gone.save()
    elsewhere = piece(ContractFactory().project)
    for document in (gone, elsewhere):
        assert send(client_of(cpam), new_url(ald), documents=[document.pk]).status_code == 422


def test_without_any_document_the_form_says_where_to_deposit_one(client_of, cpam, contract, ald):
    said, client = "Aucun document : déposez la pièce ci-dessous.", client_of(cpam)
    assert said in words(client.get(new_url(ald)))
    piece(contract.project)
    assert said not in words(client.get(new_url(ald)))


def test_a_second_final_result_is_refused(client_of, cpam, contract, ald):
    measured = result(ald)
    refused = send(client_of(cpam), new_url(ald), documents=[measured.documents.get().pk])
    assert refused.status_code == 422
    assert "déjà enregistré" in words(refused)


def test_results_belong_to_a_retained_version(client_of, cpam, contract):
    proposed = retain(contract, 1, (indicator(contract), STEPS), retained_on=None).negotiated.get()
    client = client_of(cpam)
    assert "n'est pas retenue" in words(client.get(new_url(proposed)))
    proof = piece(contract.project)
    assert client.post(new_url(proposed), {"kind": "final", "documents": [proof.pk]}).status_code == 422
    assert not Result.objects.exists()


# Changing


def test_changing_a_value_clears_both_validations_and_says_so(client_of, cpam, contract, ald):
    measured = result(ald, 100, validated_by=tuple(Side))
    client, url = client_of(cpam), url_of("result_edit", measured)
    kept = {"documents": [measured.documents.get().pk]}
    assert send(client, url, comment="Relu", **kept).status_code == 302
    assert measured.validations.count() == 2, "a comment changes nothing of what was validated"
    answer = client.post(url, typed(client, url, value="40", **kept), follow=True)
    assert "validations sont retirées" in words(answer)
    measured.refresh_from_db()
    assert (measured.value, measured.validations.count()) == (40, 0)


def test_the_second_of_two_people_is_told_and_loses_nothing(client_of, cpam, ars, contract, ald):
    measured = result(ald, 100)
    first, second, url = client_of(cpam), client_of(ars), url_of("result_edit", measured)
    kept = {"documents": [measured.documents.get().pk]}
    late = typed(second, url, value="60", **kept)
    assert send(first, url, value="40", **kept).status_code == 302
    refused = second.post(url, late)
    assert refused.status_code == 422
    assert "est devenu" in words(refused)
    assert refused.context["form"]["value"].value() == "60"
    measured.refresh_from_db()
    assert measured.value == 40


def test_once_the_money_is_validated_only_comment_and_pieces_change(client_of, cpam, contract, ald):
    measured = result(ald, 100, validated_by=tuple(Side))
    hold_dialogue(contract, 1, date(2021, 4, 2))
    copil_validates(contract, 6_000)
    client, url = client_of(cpam), url_of("result_edit", measured)
    assert "a été validé, pour 6\u202f000\u00a0€, par le COPIL stratégique du 10 avril 2021" in words(client.get(url))
    pieces = [measured.documents.get().pk, piece(contract.project, "Autre").pk]
    assert send(client, url, value="10", documents=pieces).status_code == 302
    measured.refresh_from_db()
    assert (measured.value, measured.documents.count(), measured.validations.count()) == (100, 2, 2)
    refused = withdraw(client_of(manager(contract)), contract.project, "resultat", measured.pk)
    assert refused.status_code == 422
    assert "annulez d'abord cette décision" in words(refused)


def test_a_page_opened_before_the_money_was_validated_is_told(client_of, cpam, contract, ald):
    measured = result(ald, 100, validated_by=tuple(Side))
    client, url = client_of(cpam), url_of("result_edit", measured)
    late = typed(client, url, value="10", documents=[measured.documents.get().pk])
    copil_validates(contract, 6_000)
    assert client.post(url, late).status_code == 422


def test_the_last_piece_of_money_validated_is_withdrawn_only_once_another_is_attached(client_of, contract, ald):
    measured = result(ald, 40, validated_by=tuple(Side))
    only = measured.documents.get()
    hold_dialogue(contract, 1, date(2021, 4, 2))
    copil_validates(contract, 9_000)
    client, url = client_of(manager(contract)), reverse("document_withdraw", args=[contract.project_id, only.pk])
    refused = client.post(url, {"reason": "Mauvais fichier"})
    assert refused.status_code == 422
    assert "joignez d'abord une autre pièce à ce résultat" in words(refused)
    assert "annulez d'abord cette décision" in words(refused)
    assert refused.context["form"]["reason"].value() == "Mauvais fichier"
    assert results(contract, day=timezone.localdate()).amount == 9_000
    measured.documents.add(piece(contract.project, "Requête corrigée"))
    assert client.post(url, {"reason": "Mauvais fichier"}).status_code == 302
    assert results(contract, day=timezone.localdate()).amount == 9_000


def test_a_piece_on_which_no_money_rests_is_withdrawn(client_of, contract, ald):
    only = result(ald, 40, validated_by=tuple(Side)).documents.get()
    url = reverse("document_withdraw", args=[contract.project_id, only.pk])
    assert client_of(manager(contract)).post(url, {"reason": "Mauvais fichier"}).status_code == 302


def test_a_withdrawn_piece_stays_told_and_another_one_replaces_it(client_of, cpam, contract, ald):
    measured = result(ald, 100, validated_by=tuple(Side))
    measured.documents.update(withdrawn_at=timezone.now(), withdrawal="Mauvais fichier")
    client, url = client_of(cpam), url_of("result_edit", measured)
    assert send(client, url).status_code == 422
    better = piece(contract.project, "Requête corrigée")
    assert send(client, url, documents=[better.pk]).status_code == 302
    assert measured.documents.count() == 2
    assert results(contract, day=timezone.localdate()).amount == 6_000


# Validating


def test_each_institution_validates_for_itself(client_of, cpam, ars, contract, ald):
    measured = result(ald, 100)
    assert validate(client_of(cpam), measured).status_code == 302
    again = client_of(cpam).get(url_of("result_validate", measured))
    assert "a déjà validé ce résultat" in words(again)
    assert validate(client_of(cpam), measured).status_code == 422
    assert validate(client_of(ars), measured, "20/03/2021").status_code == 302
    given = {each.side: (each.validated_on, each.recorded_by) for each in measured.validations.all()}
    assert given == {"insurance": (date(2021, 3, 12), cpam), "ars": (date(2021, 3, 20), ars)}
    assert results(contract).amount == 6_000


def test_nobody_stands_for_a_side_and_out_of_scope_is_not_found(client_of, reader, far, department, contract, ald):
    measured = result(ald, 100)
    url = url_of("result_validate", measured)
    technical = UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=Institution.Kind.OTHER)
    elsewhere = UserFactory(role=User.Role.OFFICER, departments=[far])
    for user, expected in ((technical, 403), (reader, 403), (elsewhere, 404)):
        client = client_of(user)
        assert client.get(url).status_code == expected
        assert client.post(url, {"validated_on": "12/03/2021"}).status_code == expected
    assert client_of(elsewhere).get(new_url(ald)).status_code == 404
    assert client_of(elsewhere).get(reverse("contract_results", args=[contract.pk])).status_code == 404
    assert not measured.validations.exists()


def test_a_result_of_another_contract_is_not_found(client_of, cpam, contract, ald):
    other = ContractFactory(project__lead_department=contract.project.lead_department)
    measured = result(ald, 100)
    assert client_of(cpam).get(reverse("result_edit", args=[other.pk, measured.pk])).status_code == 404
    assert client_of(cpam).get(reverse("result_new", args=[other.pk, ald.pk])).status_code == 404


@pytest.mark.parametrize(("on", "told"), [("09/03/2021", "n'a été mesuré que"), ("09/03/2099", "dans le futur")])
def test_a_validation_follows_the_measure(client_of, cpam, ald, on, told):
    refused = validate(client_of(cpam), result(ald, 100), on)
    assert refused.status_code == 422
    assert told in words(refused)


def test_only_a_proven_final_result_is_validated(client_of, cpam, ald):
    early = ald.results.create(kind=Result.Kind.INTERMEDIATE, measured_on=date(2020, 9, 1), value=180)
    assert "Un résultat intermédiaire ne se valide pas" in words(validate(client_of(cpam), early))
    unproven = result(ald, 100)
    unproven.documents.clear()
    assert "n'a plus de pièce" in words(validate(client_of(cpam), unproven))


def test_what_is_validated_is_what_the_page_showed(client_of, cpam, ars, ald):
    measured = result(ald, 100)
    client, url = client_of(ars), url_of("result_validate", measured)
    before = loaded(client, url)
    Result.objects.filter(pk=measured.pk).update(value=40)
    refused = client.post(url, {"validated_on": "12/03/2021", "loaded": before})
    assert refused.status_code == 422
    assert "est devenu" in words(refused)
    assert not measured.validations.exists()


def manager(contract: Contract, kind: Institution.Kind = Institution.Kind.CPAM) -> User:
    departments = [contract.project.lead_department]
    return UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=kind, departments=departments)


def test_an_institution_takes_back_its_own_validation_with_a_reason(client_of, cpam, ars, contract, ald):
    measured = result(ald, 100)
    validate(client_of(cpam), measured)
    given = measured.validations.get()
    taken = ("validation-de-resultat", given.pk)
    assert withdraw(client_of(ars), contract.project, *taken).status_code == 403
    assert withdraw(client_of(cpam), contract.project, *taken, reason=" ").status_code == 422
    answer = withdraw(client_of(cpam), contract.project, *taken)
    assert answer.url.endswith(f"/resultats?annee=1#indicateur-{ald.pk}")
    assert not measured.validations.exists()
    assert given.history.filter(history_change_reason="Saisi par erreur").exists()


def test_a_result_entered_by_mistake_is_withdrawn_with_its_validations(client_of, cpam, contract, ald):
    client = client_of(cpam)
    send(client, new_url(ald), documents=[piece(contract.project).pk])
    measured = Result.objects.get()
    validate(client, measured)
    assert withdraw(client, contract.project, "resultat", measured.pk).status_code == 302
    assert not Result.objects.exists()


def test_a_payment_keeps_the_results_it_rests_on(client_of, cpam, ars, contract, ald):
    measured = result(ald, 100, validated_by=(Side.INSURANCE,))
    line = {"year": 1, "mission": "acces_soins", "kind": DueKind.VARIABLE.value}
    contract.payments.create(amount=6_000, paid_on=date(2021, 5, 2), reference="V1", **line)
    refused = validate(client_of(ars), measured)
    assert refused.status_code == 422
    assert "retirez d'abord ce versement" in words(refused)
