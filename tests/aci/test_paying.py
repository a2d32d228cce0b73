"""What the CPAM has paid, line by line: never more than is due, and never before."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from aci.models import Contract, MeetingDecision, Payment
from aci.schedule import DueKind
from projects.states import State
from tests.aci.acts import engage, hold_dialogue, indicator, ledger, measure, retain
from tests.factories import ContractFactory, MeetingFactory, UserFactory
from tests.together import at_once, meeting

pytestmark = pytest.mark.django_db
LINE = (1, "fonctionnement", "signature")
VARIABLE = (1, "acces_soins", "variable")


@pytest.fixture
def contract(department) -> Contract:
    return ContractFactory(project__lead_department=department)


@pytest.fixture
def client(cpam, client_of):
    return client_of(cpam)


def url_of(contract: Contract, line: tuple[int, str, str] = LINE) -> str:
    return reverse("aci_payment_new", args=[contract.pk, *line])


def typed(client, contract: Contract, line: tuple[int, str, str] = LINE, **said) -> dict[str, str]:
    """A form as it is sent: read first, then typed."""
    page = client.get(url_of(contract, line))
    loaded = page.context["form"]["loaded"].value()
    return {"paid_on": "15/03/2020", "amount": "75 000,00", "reference": "V-001", "loaded": loaded} | said


def send(client, contract: Contract, line: tuple[int, str, str] = LINE, **said):
    return client.post(url_of(contract, line), typed(client, contract, line, **said))


def refusals(response) -> str:
    assert response.status_code == 422
    return " ".join(why for reasons in response.context["form"].errors.values() for why in reasons)


def earned(contract: Contract, *, validated: int | None = None) -> None:
    """The variable part of the first year: 6 000 €, its dialogue held on 2 April 2021, validated on 1 May if told."""
    engage(contract, "acces_soins", date(2020, 6, 1))
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]))
    measure(version.negotiated.get(), 100, date(2021, 3, 10))
    hold_dialogue(contract, 1, date(2021, 4, 2))
    if validated:
        copil = MeetingFactory(contract=contract, held_on=date(2021, 5, 1))
        decision = copil.decisions.create(kind=MeetingDecision.Kind.PAY, applied_at=timezone.now())
        year, mission, kind = VARIABLE
        contract.validations.create(year=year, mission=mission, kind=kind, amount=validated, decision=decision)


def test_a_payment_shows_in_the_ledger(client, contract, cpam):
    response = send(client, contract)
    assert response.url == f"{reverse('contract_ledger', args=[contract.pk])}#annee-1"
    page = client.get(response.url).content.decode()
    assert "Versement enregistré : 75\u202f000\u00a0€, le 15 mars 2020." in page
    assert "V-001" in page
    payment = contract.payments.get()
    assert (payment.amount, payment.paid_on, payment.recorded_by) == (Decimal(75_000), date(2020, 3, 15), cpam)
    sums = ledger(contract, date(2020, 3, 20)).sums_of_year(1)
    assert (sums.due, sums.paid, sums.left) == (75_000, 75_000, 0)


def test_the_form_offers_what_is_left(client, contract):
    assert send(client, contract, amount="50 000").status_code == 302
    assert client.get(url_of(contract)).context["form"].initial["amount"] == Decimal(25_000)
    assert send(client, contract, amount="25 000").status_code == 302
    page = client.get(url_of(contract))
    assert page.context["obstacle"] == "Tout ce qui est dû sur cette ligne est déjà versé."
    assert '<form method="post" novalidate' not in page.content.decode()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"amount": "75 000,01"}, "Il reste 75\u202f000,00\u00a0€ à verser sur cette ligne : le montant les dépasse."),
        ({"amount": "0"}, "Le montant doit être supérieur à zéro."),
        ({"amount": "-5"}, "Le montant doit être supérieur à zéro."),
        ({"amount": "beaucoup"}, "Ce montant ne se lit pas"),
        ({"amount": "999999999999"}, "plus de 11 chiffres"),
        ({"paid_on": "29/02/2020"}, "Rien n'est versé avant la signature du contrat, le 01/03/2020."),
        ({"paid_on": "01/01/1999"}, "vérifiez l'année"),
        ({"paid_on": "31/02/2020"}, "Cette date ne se lit pas"),
        ({"paid_on": f"{timezone.localdate() + timedelta(1):%d/%m/%Y}"}, "Cette date est dans le futur."),
        ({"reference": "  "}, "Ce champ est obligatoire."),
    ],
)
def test_what_is_refused_writes_nothing(client, contract, said, message):
    response = send(client, contract, **said)
    assert message in refusals(response)
    assert response.context["form"]["amount"].value() == said.get("amount", "75 000,00")
    assert not Payment.objects.exists()


def test_nothing_is_paid_before_its_day(client, contract):
    line, amount = (2, "fonctionnement", "advance"), "56 250"
    refused = send(client, contract, line, amount=amount, paid_on="28/02/2021")
    assert "n'est due que le 01/03/2021" in refusals(refused)
    assert send(client, contract, line, amount=amount, paid_on="01/03/2021").status_code == 302


def test_a_line_that_is_not_due_yet_says_when(client, department):
    soon = timezone.localdate() - timedelta(30)
    contract = ContractFactory(project__lead_department=department, signed_on=soon)
    page = client.get(url_of(contract, (2, "fonctionnement", "advance")))
    assert "n'est due que le" in page.context["obstacle"]


def test_the_variable_part_is_paid_once_validated_and_no_further(client, contract):
    earned(contract)
    assert "validée par un COPIL" in client.get(url_of(contract, VARIABLE)).context["obstacle"]
    refused = client.post(
        url_of(contract, VARIABLE), typed(client, contract, VARIABLE, paid_on="02/06/2021", amount="1")
    )
    assert "validée par un COPIL" in refusals(refused)


def test_a_validation_below_what_is_due_is_the_limit(client, contract):
    earned(contract, validated=5_000)
    too_early = send(client, contract, VARIABLE, paid_on="30/04/2021", amount="5 000")
    assert "validée que le 01/05/2021" in refusals(too_early)
    too_much = send(client, contract, VARIABLE, paid_on="01/05/2021", amount="6 000")
    assert "Il reste 5\u202f000,00\u00a0€ à verser" in refusals(too_much)
    assert send(client, contract, VARIABLE, paid_on="01/05/2021", amount="5 000").status_code == 302
    assert "déjà versés" in client.get(url_of(contract, VARIABLE)).context["obstacle"]


def test_each_validation_is_paid_from_its_own_day(client, contract):
    earned(contract, validated=4_000)
    copil = MeetingFactory(contract=contract, held_on=date(2021, 6, 1))
    decision = copil.decisions.create(kind=MeetingDecision.Kind.PAY, applied_at=timezone.now())
    contract.validations.create(year=1, mission="acces_soins", kind="variable", amount=2_000, decision=decision)
    assert send(client, contract, VARIABLE, paid_on="02/05/2021", amount="4 000").status_code == 302
    too_early = send(client, contract, VARIABLE, paid_on="31/05/2021", amount="2 000", reference="V-002")
    assert "validée que le 01/06/2021" in refusals(too_early)
    assert send(client, contract, VARIABLE, paid_on="01/06/2021", amount="2 000", reference="V-002").status_code == 302


def test_what_was_paid_in_advance_is_given_back_when_the_contract_ends(client, department):
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2020, 3, 11))]
    contract = ContractFactory(project__lead_department=department, project__stages=lived)
    paid = {"amount": 75_000, "paid_on": date(2020, 3, 5), "reference": "V-001"}
    contract.payments.create(year=1, mission="fonctionnement", kind="signature", **paid)
    line = (1, "fonctionnement", "recovery")
    page = client.get(url_of(contract, line))
    assert "Reversement reçu" in page.content.decode()
    assert page.context["form"].initial["amount"] == Decimal("72945.21")
    response = send(client, contract, line, paid_on="01/04/2020", amount="72 945,21")
    assert response.status_code == 302
    assert contract.payments.get(kind="recovery").amount == Decimal("-72945.21")
    assert ledger(contract, date(2020, 4, 1)).line((1, "fonctionnement", DueKind.RECOVERY)).left == 0


def test_nothing_is_given_back_of_an_advance_that_was_not_paid(client, department):
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2021, 10, 29))]
    contract = ContractFactory(project__lead_department=department, project__stages=lived)
    recovery, advance = ((2, "fonctionnement", kind) for kind in ("recovery", "advance"))
    assert "Rien n'est à verser ni à rendre ici" in client.get(url_of(contract, recovery)).context["obstacle"]
    refused = send(client, contract, recovery, paid_on="30/10/2021", amount="6 523,97")
    assert "Rien n'est à verser ni à rendre ici" in refusals(refused)
    assert client.get(url_of(contract, advance)).context["form"].initial["amount"] == Decimal("49726.03")
    too_much = send(client, contract, advance, paid_on="29/10/2021", amount="56 250")
    assert "Il reste 49\u202f726,03\u00a0€ à verser" in refusals(too_much)
    assert send(client, contract, advance, paid_on="29/10/2021", amount="49 726,03").status_code == 302
    assert ledger(contract, date(2021, 11, 1)).sums_of_year(2).left == 0


def test_an_advance_paid_before_the_end_is_recorded_whole_after_it(client, department):
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2021, 10, 29))]
    contract = ContractFactory(project__lead_department=department, project__stages=lived)
    line = (2, "fonctionnement", "advance")
    assert send(client, contract, line, paid_on="28/10/2021", amount="56 250").status_code == 302
    left = ledger(contract, date(2021, 11, 1)).line((2, "fonctionnement", DueKind.RECOVERY)).left
    assert left == Decimal("-6523.97")


def test_what_is_no_longer_due_is_shown_and_given_back(client, contract):
    engagement = engage(contract, "acces_soins", date(2020, 6, 1))
    told = {"mission": "acces_soins", "kind": "advance", "paid_on": date(2020, 6, 15), "reference": "V-002"}
    contract.payments.create(year=1, amount=Decimal("16828.77"), **told)
    engagement.delete()
    page = client.get(reverse("contract_ledger", args=[contract.pk])).content.decode()
    assert "à régulariser" in page
    line = (1, "acces_soins", "advance")
    wrong = client.post(url_of(contract, line), typed(client, contract, line, paid_on="20/06/2020", amount="20 000"))
    assert "Il reste 16\u202f828,77\u00a0€ à reverser" in refusals(wrong)
    assert send(client, contract, line, paid_on="20/06/2020", amount="16 828,77").status_code == 302
    assert ledger(contract, date(2020, 7, 1)).sums.paid == 0


@pytest.mark.parametrize(
    "line", [(6, "fonctionnement", "advance"), (1, "parcours", "advance"), (1, "acces_soins", "x")]
)
def test_a_line_that_does_not_exist_is_a_404(client, contract, line):
    assert client.get(url_of(contract, line)).status_code == 404


def test_the_ars_and_readers_do_not_pay(contract, ars, reader, client_of):
    for user in (ars, reader):
        assert client_of(user).get(url_of(contract)).status_code == 403
        assert client_of(user).post(url_of(contract), {}).status_code == 403
    assert "Verser" not in client_of(ars).get(reverse("contract_ledger", args=[contract.pk])).content.decode()


def test_a_payment_sent_from_an_old_page_is_refused_and_kept_on_screen(client, contract):
    first, second = (typed(client, contract, amount=amount) for amount in ("10 000", "20 000"))
    assert client.post(url_of(contract), first).status_code == 302
    response = client.post(url_of(contract), second)
    assert "Pendant que vous écriviez" in refusals(response)
    assert response.context["form"]["amount"].value() == "20 000"
    assert contract.payments.count() == 1


def test_a_payment_entered_by_mistake_is_withdrawn_with_a_reason(client, contract):
    send(client, contract)
    payment = contract.payments.get()
    page = client.get(reverse("contract_ledger", args=[contract.pk])).content.decode()
    address = reverse("withdraw", args=[contract.project_id, "versement-aci", payment.pk])
    assert address in page
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Saisi deux fois"}).status_code == 302
    assert not contract.payments.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_pay_the_same_line_at_once_one_pays(contract, client_of):
    told = {"role": User.Role.OFFICER, "institution__kind": Institution.Kind.CPAM}
    clients = [client_of(UserFactory(departments=[contract.project.lead_department], **told)) for _ in range(2)]
    sent = [typed(client, contract, reference=f"V-{rank}") for rank, client in enumerate(clients)]
    with meeting(Payment):
        outcomes = at_once(
            *(
                lambda client=client, data=data: client.post(url_of(contract), data).status_code
                for client, data in zip(clients, sent, strict=True)
            )
        )
    assert sorted(outcomes) == [302, 422]
    assert contract.payments.count() == 1
