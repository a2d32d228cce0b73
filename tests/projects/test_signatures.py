"""The joint letter and the ACI: each party signs once, and the last signature takes the step."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models.institution import Side
from projects.examination.opinions import close_escalation, give_opinion
from projects.models import Escalation, Opinion, Party, Project, Signature
from projects.signing import sign
from projects.stages import last_recorded
from projects.states import State
from projects.taking_back import take_back
from projects.workflow import Step, take_step
from tests.acts import opposition, sign_for_all
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db
RECEIVED = date(2024, 3, 1)


@pytest.fixture
def letter():
    """A project whose letter of intent is examined."""
    return ProjectFactory(stages=[(State.FORMALISING, date(2024, 1, 2)), (State.LETTER_FILED, RECEIVED)])


@pytest.fixture
def validated():
    """A project that silence validated on 16 July 2023."""
    return ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, date(2023, 5, 15))])


def signature(party: Party, day: date) -> Signature:
    return Signature(party=party, signatory=f"Pour {party.label}", signed_on=day)


def states(project: Project) -> list[tuple[str, date]]:
    return [(stage.state, stage.since) for stage in project.stages.all()]


def said(party: Party, day: date) -> dict:
    return {
        "party": party.value,
        "signatory": "Anne Vidal",
        "signatory_title": "",
        "signed_on": day.isoformat(),
    }


def url(project: Project) -> str:
    return f"{project.get_absolute_url()}signatures"


def test_the_joint_letter_validates_the_letter_on_its_last_signature(letter, ars, cpam):
    assert sign(cpam, letter.pk, signature(Party.INSURANCE, date(2024, 3, 20))) is None
    assert letter.state_on_day(timezone.localdate()) == State.LETTER_FILED
    sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 12)))
    assert states(letter)[-1] == (State.LETTER_VALIDATED, date(2024, 3, 20))


def test_the_aci_is_signed_on_the_last_of_three_signatures(validated, ars, cpam):
    sign(ars, validated.pk, signature(Party.CPTS, date(2023, 10, 2)))
    sign(ars, validated.pk, signature(Party.ARS, date(2023, 11, 6)))
    assert validated.state_on_day(timezone.localdate()) == State.VALIDATED
    sign(cpam, validated.pk, signature(Party.INSURANCE, date(2023, 10, 9)))
    assert states(validated)[-1] == (State.ACI_SIGNED, date(2023, 11, 6))
    assert Project.objects.get(pk=validated.pk).state == State.ACI_SIGNED


def test_each_institution_records_its_own_signature(letter, ars, cpam):
    for user, party in ((cpam, Party.ARS), (ars, Party.INSURANCE)):
        with pytest.raises(PermissionDenied, match="sa propre signature"):
            sign(user, letter.pk, signature(party, RECEIVED))
    assert not Signature.objects.exists()


def test_the_cpts_does_not_sign_the_joint_letter(letter, ars):
    with pytest.raises(ValidationError, match="n'est pas signataire"):
        sign(ars, letter.pk, signature(Party.CPTS, RECEIVED))


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (RECEIVED - timedelta(days=1), "avant l'étape « Lettre reçue »"),
        (timezone.localdate() + timedelta(days=1), "dans le futur"),
    ],
)
def test_a_signature_has_a_possible_date(day, reason, letter, ars):
    with pytest.raises(ValidationError, match=reason):
        sign(ars, letter.pk, signature(Party.ARS, day))


def test_nobody_signs_twice(letter, client_of, ars):
    browser = client_of(ars)
    assert browser.post(url(letter), said(Party.ARS, date(2024, 3, 12))).status_code == 302
    page = browser.post(url(letter), said(Party.ARS, date(2024, 3, 13)))
    assert page.status_code == 422
    assert "a déjà signé le 12 mars 2024" in page.text
    assert "Anne Vidal" in page.text
    assert Signature.objects.get().signed_on == date(2024, 3, 12)


def test_nothing_is_signed_before_its_time(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2024, 1, 2))])
    assert "Rien à signer" in client_of(ars).get(url(project)).text
    page = client_of(ars).post(url(project), said(Party.ARS, date(2024, 3, 12)))
    assert page.status_code == 422
    assert not Signature.objects.exists()


def test_a_page_opened_before_the_letter_was_returned_is_refused(letter, client_of, ars):
    take_step(ars, letter.pk, Step("return_letter", date(2024, 4, 1), comment="À reprendre"))
    take_step(ars, letter.pk, Step("receive_letter", date(2024, 5, 1)))
    take_step(ars, letter.pk, Step("start_engineering", date(2024, 6, 1)))
    page = client_of(ars).post(url(letter), said(Party.ARS, date(2024, 3, 12)))
    assert page.status_code == 422
    assert not Signature.objects.exists()


def test_the_step_leads_to_the_signatures(letter, client_of, ars):
    page = client_of(ars).get(f"{letter.get_absolute_url()}etapes/validate_letter/")
    assert page.url == url(letter)


def test_the_step_alone_does_not_replace_the_signatures(letter, ars):
    with pytest.raises(ValidationError, match="Il manque la signature de : ARS, CPAM"):
        take_step(ars, letter.pk, Step("validate_letter", date(2024, 3, 20)))
    sign_for_all(letter, date(2024, 3, 20))
    with pytest.raises(ValidationError, match="La dernière signature est du 20 mars 2024"):
        take_step(ars, letter.pk, Step("validate_letter", date(2024, 3, 21)))


def test_taking_back_the_step_takes_back_its_last_signature(letter, ars, cpam):
    sign(cpam, letter.pk, signature(Party.INSURANCE, date(2024, 3, 20)))
    sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 12)))
    take_back(ars, letter.pk, "Signée d'un autre projet", seen_stage=last_recorded(letter).pk)
    assert letter.state_on_day(timezone.localdate()) == State.LETTER_FILED
    assert [each.party for each in Signature.objects.all()] == [Party.INSURANCE]
    trace = Signature.history.filter(history_type="-").get()
    assert (trace.party, trace.history_change_reason) == (Side.ARS, "Signée d'un autre projet")
    sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 22)))
    assert states(letter)[-1] == (State.LETTER_VALIDATED, date(2024, 3, 22))


def test_a_signature_entered_by_mistake_is_withdrawn_with_its_reason(letter, client_of, ars, cpam):
    sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 12)))
    address = f"{letter.get_absolute_url()}retirer/signature/{Signature.objects.get().pk}"
    assert client_of(cpam).get(address).status_code == 403
    assert client_of(ars).post(address, {"reason": " "}).status_code == 422
    assert Signature.objects.exists()
    client_of(ars).post(address, {"reason": "Pas encore signé"})
    assert not Signature.objects.exists()
    assert client_of(ars).post(address, {"reason": "Pas encore signé"}).status_code == 404


def test_once_everybody_has_signed_the_step_is_taken_back_not_a_signature(letter, client_of, ars):
    sign_for_all(letter, date(2024, 3, 20))
    take_step(ars, letter.pk, Step("validate_letter", date(2024, 3, 20)))
    entered = Signature.objects.get(party=Party.ARS)
    Signature.objects.filter(pk=entered.pk).update(recorded_by=ars)
    page = client_of(ars).post(f"{letter.get_absolute_url()}retirer/signature/{entered.pk}", {"reason": "Erreur"})
    assert page.status_code == 422
    assert "annulez d&#x27;abord cette étape" in page.text


def test_a_late_opposition_does_not_erase_the_signatures_given_since(validated, ars):
    """Acts rest on the tacit validation: whoever undoes it is told what it would take along."""
    sign(ars, validated.pk, signature(Party.CPTS, date(2023, 10, 2)))
    with pytest.raises(ValidationError, match="1 signature"):
        take_step(ars, validated.pk, Step("oppose", date(2023, 7, 1), details=opposition()))
    assert Signature.objects.count() == 1


def test_a_joint_letter_waits_for_what_settles_the_disagreement(letter, client_of, ars, cpam):
    for user, verdict in ((ars, "favourable"), (cpam, "unfavourable")):
        said = {"side": user.side, "verdict": verdict, "reasons": "Territoire", "given_on": date(2024, 3, 5)}
        give_opinion(user, letter.pk, letter.stage_on(timezone.localdate()).pk, Opinion(**said))
    page = client_of(ars).get(url(letter))
    assert "enregistrez d'abord ce que la direction a tranché" in page.text
    with pytest.raises(ValidationError, match="en désaccord sur cette lettre"):
        sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 12)))
    decided = {"level": "both", "outcome": "favourable", "comment": "Validée", "closed_on": date(2024, 3, 10)}
    close_escalation(ars, letter.pk, Escalation.objects.get().pk, **decided)
    sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 12)))


def test_the_form_proposes_one_s_own_institution(letter, client_of, cpam):
    page = client_of(cpam).get(url(letter))
    assert page.context["form"]["party"].value() == Party.INSURANCE


def test_only_who_may_withdraw_a_signature_is_offered_to(letter, client_of, ars, cpam):
    sign(ars, letter.pk, signature(Party.ARS, date(2024, 3, 12)))
    assert "retirer/signature" in client_of(ars).get(url(letter)).text
    assert "retirer/signature" not in client_of(cpam).get(url(letter)).text
