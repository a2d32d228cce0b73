"""Decisions of a meeting, applied to the contract in one click and undone as long as nothing rests on them."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from accounts.models import User
from aci.decisions import apply, fingerprint, undo, why_not_apply
from aci.models import Contract, Engagement, Meeting, MeetingDecision, ResultValidation, Validation
from aci.schedule import DueKind
from tests.aci.acts import engage, hold_dialogue, indicator, ledger, measure, retain
from tests.factories import ContractFactory, MeetingFactory, UserFactory

pytestmark = pytest.mark.django_db
Kind = MeetingDecision.Kind


@pytest.fixture
def contract(department) -> Contract:
    return ContractFactory(project__lead_department=department)


@pytest.fixture
def copil(contract) -> Meeting:
    return MeetingFactory(contract=contract, held_on=date(2020, 5, 15))


def to_engage(copil: Meeting, mission: str = "acces_soins", on: date = date(2020, 6, 1)) -> MeetingDecision:
    return copil.decisions.create(kind=Kind.ENGAGE, mission=mission, effective_on=on)


def read(decision: MeetingDecision) -> dict[str, str]:
    """What the button sends, on a page that shows the decision as it stands."""
    return {"shown": fingerprint(MeetingDecision.objects.get(pk=decision.pk))}


def text_of(answer) -> str:
    return answer.content.decode().replace("&#x27;", "'").replace("\u00a0", " ")


def settled(contract: Contract) -> None:
    """A first year whose dialogue, held on 2 April 2021, makes 6 000 € due for access to care."""
    engage(contract, "acces_soins", date(2020, 6, 1))
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]))
    measure(version.negotiated.get(), 100, date(2021, 3, 10))
    hold_dialogue(contract, 1, date(2021, 4, 2))


def to_pay(contract: Contract, amount: int = 6_000, held_on: date = date(2021, 5, 20)) -> MeetingDecision:
    said = {"year": 1, "mission": "acces_soins", "line": DueKind.VARIABLE.value, "amount": Decimal(amount)}
    return MeetingFactory(contract=contract, held_on=held_on).decisions.create(kind=Kind.PAY, **said)


def test_a_mission_engaged_in_one_click_and_undone(client_of, cpam, contract, copil):
    decision, client = to_engage(copil), client_of(cpam)
    shown = text_of(client.get(copil.get_absolute_url()))
    assert "La mission « Accès aux soins » démarre le 1er juin 2020." in shown
    done = client.post(reverse("decision_apply", args=[decision.pk]), read(decision), follow=True)
    assert "Appliquée" in done.content.decode()
    engagement = contract.engagements.get()
    assert (engagement.mission, engagement.starts_on, engagement.decision) == (
        "acces_soins",
        date(2020, 6, 1),
        decision,
    )
    assert ledger(contract, date(2020, 6, 1)).line((1, "acces_soins", DueKind.ADVANCE)).due.amount == Decimal(
        "16828.77"
    )

    undone = client.post(reverse("decision_undo", args=[decision.pk]), {"reason": "Mauvaise mission"})
    assert undone.status_code == 302
    decision.refresh_from_db()
    assert decision.applied_at is None
    assert not contract.engagements.exists()
    assert Engagement.history.filter(history_change_reason="Mauvaise mission", history_type="-").exists()


def test_a_second_click_changes_nothing(client_of, cpam, contract, copil):
    decision, client = to_engage(copil), client_of(cpam)
    for _ in range(2):
        assert client.post(reverse("decision_apply", args=[decision.pk]), read(decision)).status_code == 302
    assert contract.engagements.count() == 1
    assert MeetingDecision.history.filter(id=decision.pk, history_type="~").count() == 1


@pytest.mark.parametrize(
    "changed", [{"effective_on": date(2020, 9, 1)}, {"mission": "parcours"}, {"text": "Sous réserve du local."}]
)
def test_what_has_changed_since_it_was_read_is_not_applied(client_of, cpam, contract, copil, changed):
    decision, client = to_engage(copil), client_of(cpam)
    (shown,) = re.findall(r'name="shown" value="(\w+)"', text_of(client.get(copil.get_absolute_url())))
    MeetingDecision.objects.filter(pk=decision.pk).update(**changed)
    for sent in ({"shown": shown}, {}):
        refused = client.post(reverse("decision_apply", args=[decision.pk]), sent)
        assert refused.status_code == 422
        assert "Cette décision a changé depuis que vous l'avez lue" in text_of(refused)
    assert not contract.engagements.exists()
    (shown,) = re.findall(r'name="shown" value="(\w+)"', text_of(client.get(copil.get_absolute_url())))
    assert client.post(reverse("decision_apply", args=[decision.pk]), {"shown": shown}).status_code == 302


def test_the_ars_notes_the_decision_and_the_cpam_alone_applies_it(client_of, ars, cpam, contract, copil):
    url = reverse("decision_new", args=[copil.pk, Kind.ENGAGE])
    page = client_of(ars).get(url)
    assert "Démarre le" in text_of(page)
    form = page.context["form"]
    sent = {"mission": "acces_soins", "effective_on": "2020-06-01", "loaded": form["loaded"].value()}
    assert client_of(ars).post(url, sent).status_code == 302
    decision = copil.decisions.get()
    assert decision.recorded_by == ars
    assert client_of(ars).post(reverse("decision_apply", args=[decision.pk])).status_code == 403
    with pytest.raises(PermissionDenied):
        apply(ars, decision.pk)
    assert not contract.engagements.exists()
    assert "par la CPAM" in client_of(ars).get(copil.get_absolute_url()).content.decode()


def test_elsewhere_nothing_is_found(copil, far):
    stranger = UserFactory(role=User.Role.OFFICER, departments=[far])
    with pytest.raises(MeetingDecision.DoesNotExist):
        apply(stranger, to_engage(copil).pk)


@pytest.mark.parametrize(
    ("mission", "starts_on", "why"),
    [
        ("acces_soins", date(2020, 2, 1), "avant la signature du contrat"),
        ("acces_soins", date(2025, 3, 1), "après le dernier jour du contrat"),
        ("telemedecine", date(2020, 6, 1), "n'est pas dans le barème"),
        ("crise_reconnue", date(2020, 6, 1), "elle suit la mission « Plan de crise »"),
        ("fonctionnement", date(2020, 6, 1), "le fonctionnement est dû par la signature"),
    ],
)
def test_a_mission_that_the_contract_refuses(cpam, contract, copil, mission, starts_on, why):
    decision = to_engage(copil, mission, starts_on)
    with pytest.raises(ValidationError, match=why):
        apply(cpam, decision.pk)
    decision.refresh_from_db()
    assert decision.applied_at is None
    assert not contract.engagements.exists()


def test_a_mission_is_not_engaged_twice(contract, copil):
    engage(contract, "acces_soins", date(2020, 6, 1))
    assert why_not_apply(to_engage(copil)) == ["La mission «\u00a0Accès aux soins\u00a0» est déjà engagée."]


@pytest.mark.parametrize("kind", ["cotech", "indicators"])
def test_only_a_copil_engages_a_mission(client_of, cpam, contract, kind):
    meeting = MeetingFactory(contract=contract, kind=kind)
    url = reverse("decision_new", args=[meeting.pk, Kind.ENGAGE])
    answer = client_of(cpam).post(url, {"mission": "acces_soins", "effective_on": "2020-06-01"})
    assert answer.status_code == 422
    assert "il y faut « COPIL stratégique »" in answer.content.decode()
    assert not meeting.decisions.exists()


def test_a_meeting_to_come_has_decided_nothing(contract):
    meeting = MeetingFactory(contract=contract, held_on=date(2999, 1, 1))
    assert "n'a lieu que le" in why_not_apply(to_engage(meeting, on=date(2020, 6, 1)))[0]


def test_a_mission_stopped_then_resumed(cpam, contract, copil):
    engage(contract, "acces_soins", date(2020, 6, 1))
    decision = copil.decisions.create(kind=Kind.STOP, mission="acces_soins", effective_on=date(2020, 12, 1))
    apply(cpam, decision.pk)
    assert contract.engagements.get().ends_on == date(2020, 12, 1)
    assert ledger(contract, date(2020, 12, 1)).line((1, "acces_soins", DueKind.RECOVERY)).due.amount < 0
    undo(cpam, decision.pk, "Erreur")
    assert contract.engagements.get().ends_on is None


def test_a_mission_is_not_resumed_once_money_of_what_follows_it_was_given_back(cpam, contract):
    engage(contract, "crise_plan", date(2020, 6, 1))
    copil = MeetingFactory(contract=contract, held_on=date(2021, 5, 15))
    decision = copil.decisions.create(kind=Kind.STOP, mission="crise_plan", effective_on=date(2021, 6, 1))
    apply(cpam, decision.pk)
    said = {"year": 2, "mission": "crise_mise_a_jour", "kind": "recovery", "paid_on": date(2021, 7, 1)}
    given_back = contract.payments.create(amount=-1_000, reference="R1", **said)
    with pytest.raises(ValidationError, match="déjà rendu de l'argent"):
        undo(cpam, decision.pk, "Erreur")
    given_back.delete()
    undo(cpam, decision.pk, "Erreur")
    assert contract.engagements.get().ends_on is None


def test_a_mission_does_not_stop_before_it_starts(contract, copil):
    engage(contract, "acces_soins", date(2020, 6, 1))
    decision = copil.decisions.create(kind=Kind.STOP, mission="acces_soins", effective_on=date(2020, 6, 1))
    assert "après avoir démarré" in why_not_apply(decision)[0]
    decision.mission = "parcours"
    assert why_not_apply(decision) == ["Cette mission n'est pas engagée."]


def test_a_variable_part_is_validated_for_what_is_due(client_of, cpam, contract):
    settled(contract)
    meeting = MeetingFactory(contract=contract, held_on=date(2021, 5, 20))
    url, client = reverse("decision_new", args=[meeting.pk, Kind.PAY]), client_of(cpam)
    form = client.get(url).context["form"]
    assert (form.initial["due"], form.initial["amount"]) == ("1-acces_soins-variable", Decimal(6_000))
    sent = {"due": form.initial["due"], "loaded": form["loaded"].value()}
    refused = client.post(url, sent | {"amount": "6 000,01"})
    assert refused.status_code == 422
    assert "c'est plus que ce qui est dû" in text_of(refused)
    assert client.post(url, sent | {"amount": ""}).status_code == 302
    decision = meeting.decisions.get()
    client.post(reverse("decision_apply", args=[decision.pk]), read(decision))
    line = ledger(contract, date(2021, 6, 1)).line((1, "acces_soins", DueKind.VARIABLE))
    assert (line.validated, line.meeting, line.paid) == (Decimal(6_000), meeting, 0)


def test_nothing_is_validated_before_the_dialogue_nor_twice(cpam, contract):
    settled(contract)
    assert "une fois daté le compte rendu" in why_not_apply(to_pay(contract, held_on=date(2021, 3, 20)))[0]
    first, second = to_pay(contract), to_pay(contract)
    apply(cpam, first.pk)
    with pytest.raises(ValidationError, match="déjà validée"):
        apply(cpam, second.pk)
    assert Validation.objects.count() == 1


def test_a_copil_validates_after_the_minutes_and_the_results_and_the_dialogue_its_own_year(contract):
    settled(contract)
    dialogue = contract.meetings.get(kind=Meeting.Kind.DIALOGUE)
    Meeting.objects.filter(pk=dialogue.pk).update(minutes_on=date(2021, 5, 21))
    assert "le 21 mai 2021" in why_not_apply(to_pay(contract, held_on=date(2021, 5, 20)))[0]
    assert why_not_apply(to_pay(contract, held_on=date(2021, 5, 21))) == []
    said = {"year": 1, "mission": "acces_soins", "line": DueKind.VARIABLE, "amount": 6_000}
    assert why_not_apply(dialogue.decisions.create(kind=Kind.PAY, **said)) == []
    ResultValidation.objects.filter(side="ars").update(validated_on=date(2021, 6, 1))
    assert "le 1er juin 2021" in why_not_apply(to_pay(contract, held_on=date(2021, 5, 31)))[0]


def test_a_line_is_validated_in_several_times_up_to_what_is_due(client_of, cpam, contract):
    settled(contract)
    apply(cpam, to_pay(contract, 4_000).pk)
    meeting = MeetingFactory(contract=contract, held_on=date(2021, 6, 20))
    url, client = reverse("decision_new", args=[meeting.pk, Kind.PAY]), client_of(cpam)
    page = client.get(url)
    form = page.context["form"]
    assert (form.initial["due"], form.initial["amount"]) == ("1-acces_soins-variable", Decimal(2_000))
    assert "2 000 € (4 000 € validés sur 6 000 €)" in text_of(page).replace("\u202f", " ")
    sent = {"due": form.initial["due"], "loaded": form["loaded"].value()}
    refused = text_of(client.post(url, sent | {"amount": "2 000,01"})).replace("\u202f", " ")
    assert "c'est plus que ce qui reste à valider : 2 000 € (4 000 € validés sur 6 000 €)" in refused
    assert client.post(url, sent | {"amount": ""}).status_code == 302
    apply(cpam, meeting.decisions.get().pk)
    assert ledger(contract, date(2021, 7, 1)).line((1, "acces_soins", DueKind.VARIABLE)).validated == 6_000
    assert "Aucune ligne n'attend de validation" in text_of(client.get(url))
    [why] = why_not_apply(to_pay(contract, 1, held_on=date(2021, 6, 30)))
    assert "déjà validée" in why


def test_a_validation_goes_when_the_others_cover_what_was_paid(cpam, contract):
    settled(contract)
    first, second = to_pay(contract, 4_000), to_pay(contract, 2_000, held_on=date(2021, 6, 20))
    for decision in (first, second):
        apply(cpam, decision.pk)
    said = {"year": 1, "mission": "acces_soins", "kind": "variable", "reference": "V1"}
    payment = contract.payments.create(amount=2_000, paid_on=date(2021, 6, 1), **said)
    with pytest.raises(ValidationError, match="Un versement a été fait"):  # the second meeting was held after it
        undo(cpam, first.pk, "Erreur")
    undo(cpam, second.pk, "Erreur")
    apply(cpam, second.pk)
    payment.delete()
    contract.payments.create(amount=5_000, paid_on=date(2021, 7, 1), **said)
    with pytest.raises(ValidationError, match="Un versement a été fait"):
        undo(cpam, second.pk, "Erreur")
    assert Validation.objects.count() == 2


def test_what_was_paid_on_is_not_undone(cpam, contract):
    settled(contract)
    decision = to_pay(contract)
    apply(cpam, decision.pk)
    said = {"year": 1, "mission": "acces_soins", "kind": "variable", "paid_on": date(2021, 6, 1), "reference": "V1"}
    payment = contract.payments.create(amount=6_000, **said)
    with pytest.raises(ValidationError, match="Un versement a été fait"):
        undo(cpam, decision.pk, "Erreur")
    engaged = contract.engagements.get().decision
    with pytest.raises(ValidationError, match="validés ou versés"):
        undo(cpam, engaged.pk, "Erreur")
    payment.delete()
    undo(cpam, decision.pk, "Erreur")
    assert not Validation.objects.exists()


def test_undoing_says_why(client_of, cpam, contract, copil):
    decision = to_engage(copil)
    apply(cpam, decision.pk)
    answer = client_of(cpam).post(reverse("decision_undo", args=[decision.pk]), {"reason": " "})
    assert answer.status_code == 422
    assert contract.engagements.exists()


def test_a_version_of_indicators_is_retained_on_the_day_of_the_meeting(cpam, contract):
    engage(contract, "acces_soins", date(2020, 6, 1))
    steps = [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]
    version = retain(contract, 2, (indicator(contract), steps), retained_on=None)
    early = MeetingFactory(contract=contract, kind="indicators", held_on=date(2021, 2, 28))
    [why] = why_not_apply(early.decisions.create(kind=Kind.INDICATORS, indicator_set=version))
    assert "envoyée que le 1er mars 2021" in why
    assert "28 février 2021" in why
    meeting = MeetingFactory(contract=contract, kind="indicators", held_on=date(2021, 3, 15))
    decision = meeting.decisions.create(kind=Kind.INDICATORS, indicator_set=version)
    apply(cpam, decision.pk)
    version.refresh_from_db()
    assert version.retained_on == date(2021, 3, 15)
    undo(cpam, decision.pk, "Erreur")
    version.refresh_from_db()
    assert version.retained_on is None


def test_undoing_a_retained_version_brings_back_the_one_before(cpam, contract):
    engage(contract, "acces_soins", date(2020, 6, 1))
    decisions = []
    for number, held_on in ((1, date(2020, 6, 15)), (2, date(2020, 9, 15))):
        steps = (indicator(contract), [(None, 50, 35_000)])
        version = retain(contract, 1, steps, number=number, retained_on=None)
        meeting = MeetingFactory(contract=contract, held_on=held_on)
        decisions.append(meeting.decisions.create(kind=Kind.INDICATORS, indicator_set=version))
        apply(cpam, decisions[-1].pk)

    def retained() -> list[tuple[int, date]]:
        return list(contract.indicator_sets.exclude(retained_on=None).values_list("number", "retained_on"))

    first, second = decisions
    assert retained() == [(2, date(2020, 9, 15))]
    undo(cpam, second.pk, "Erreur")
    assert retained() == [(1, date(2020, 6, 15))]
    apply(cpam, second.pk)
    undo(cpam, first.pk, "Erreur")
    assert retained() == [(2, date(2020, 9, 15))]
    undo(cpam, second.pk, "Erreur")
    assert retained() == []


def test_amendments_are_numbered_in_their_order(cpam, contract, copil):
    said = {"kind": Kind.AMEND, "text": "Taille", "effective_on": date(2020, 5, 15)}
    first, second = copil.decisions.create(**said), copil.decisions.create(**said)
    for decision in (first, second):
        apply(cpam, decision.pk)
    assert list(contract.amendments.values_list("number", "decision")) == [(1, first.pk), (2, second.pk)]
    with pytest.raises(ValidationError, match="n° 2"):
        undo(cpam, first.pk, "Erreur")
    undo(cpam, second.pk, "Erreur")
    undo(cpam, first.pk, "Erreur")
    assert not contract.amendments.exists()


@pytest.mark.parametrize(
    ("signed_on", "why"), [(date(2020, 2, 1), "ne précède pas le contrat"), (date(2999, 1, 1), "dans le futur")]
)
def test_an_amendment_is_signed_after_the_contract_and_not_in_the_future(copil, signed_on, why):
    decision = copil.decisions.create(kind=Kind.AMEND, text="Taille", effective_on=signed_on)
    assert why in why_not_apply(decision)[0]


def test_an_arbitration_is_only_kept(cpam, contract, copil):
    decision = copil.decisions.create(kind=Kind.ARBITRATE, text="Le local est partagé.")
    assert apply(cpam, decision.pk).applied_at is None


def test_an_applied_decision_is_neither_changed_nor_withdrawn(client_of, cpam, contract, copil):
    decision = copil.decisions.create(
        kind=Kind.ENGAGE, mission="acces_soins", effective_on=date(2020, 6, 1), recorded_by=cpam
    )
    apply(cpam, decision.pk)
    client = client_of(cpam)
    edit = reverse("decision_edit", args=[decision.pk])
    assert "annulez d'abord son application" in text_of(client.get(edit))
    assert client.post(edit, {"mission": "parcours", "effective_on": "2020-07-01"}).status_code == 422
    withdraw = reverse("withdraw", args=[contract.project_id, "decision", decision.pk])
    assert client.post(withdraw, {"reason": "Erreur"}).status_code == 422
    undo(cpam, decision.pk, "Erreur")
    assert client.post(withdraw, {"reason": "Erreur"}).url == copil.get_absolute_url()
    assert not copil.decisions.exists()


def test_a_stale_form_is_told_what_has_changed(client_of, cpam, copil):
    decision, client = to_engage(copil), client_of(cpam)
    url = reverse("decision_edit", args=[decision.pk])
    loaded = client.get(url).context["form"]["loaded"].value()
    MeetingDecision.objects.filter(pk=decision.pk).update(effective_on=date(2020, 7, 1))
    answer = client.post(url, {"mission": "acces_soins", "effective_on": "2020-08-01", "loaded": loaded})
    assert answer.status_code == 422
    assert "1er juillet 2020" in answer.content.decode()
    decision.refresh_from_db()
    assert decision.effective_on == date(2020, 7, 1)


def test_an_amount_of_a_tariff_that_was_not_verified_is_marked(client_of, cpam, contract):
    settled(contract)
    pages = [to_pay(contract).meeting.get_absolute_url(), reverse("contract_dialogue", args=[contract.pk])]
    assert ["barème :" in text_of(client_of(cpam).get(page)) for page in pages] == [False, False]
    contract.terms.get().tariff.lines.get(mission="acces_soins").amounts.update(verified="no")
    assert ["barème : non vérifié" in text_of(client_of(cpam).get(page)) for page in pages] == [True, True]
