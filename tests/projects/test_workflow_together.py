"""Two people act on one project at the same moment: one wins, the other is told.

On PostgreSQL, where a lock makes the second wait, truly at once; on SQLite one after the other.
"""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.models import (
    Assignment,
    Decision,
    ImportBatch,
    LetterKind,
    LetterModel,
    Merger,
    Party,
    Project,
    Signature,
)
from projects.signing import sign
from projects.stages import last_recorded
from projects.taking_back import take_back
from projects.workflow import Step, take_step
from tests.acts import details_of, take
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory
from tests.letters import shipped
from tests.projects.sheets import xlsx
from tests.together import at_once, meeting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def officer() -> User:
    return UserFactory(
        role=User.Role.OFFICER,
        institution__kind=Institution.Kind.ARS_DELEGATION,
        departments=[DepartmentFactory()],
    )


@pytest.fixture
def browsers() -> list[Client]:
    """Two browsers of one administrator."""
    administrator, clients = UserFactory(role=User.Role.ADMINISTRATOR), [Client(), Client()]
    for client in clients:
        client.force_login(administrator)
    return clients


def test_of_two_simultaneous_steps_only_one_is_recorded(officer):
    project = ProjectFactory()

    def act() -> str:
        take_step(officer, project.pk, Step("receive_letter", timezone.localdate()))
        return "recorded"

    refusal, recorded = sorted(at_once(act, act))
    assert recorded == "recorded"
    assert "cette étape part de" in refusal
    assert project.stages.count() == 2


def test_a_step_taken_back_twice_at_once_is_taken_back_once(officer):
    project = ProjectFactory()
    for name in ("receive_letter", "validate_letter"):
        take(officer, project, name, timezone.localdate())
    seen = last_recorded(project).pk

    def act() -> str:
        take_back(officer, project.pk, "erreur de saisie", seen_stage=seen)
        return "taken back"

    refusal, taken_back = sorted(at_once(act, act))
    assert taken_back == "taken back"
    assert "Une autre étape a été enregistrée" in refusal
    assert [stage.state for stage in project.stages.all()] == ["initiative", "letter_filed"]


def test_a_party_that_signs_twice_at_once_signs_once(officer):
    project = ProjectFactory(stages=[("formalising", date(2024, 1, 2)), ("letter_filed", date(2024, 3, 1))])

    def act() -> str:
        sign(officer, project.pk, Signature(party=Party.ARS, signatory="Anne Vidal", signed_on=date(2024, 3, 12)))
        return "signed"

    refusal, signed = sorted(at_once(act, act))
    assert signed == "signed"
    assert "a déjà signé" in refusal
    assert project.stages.last().signatures.count() == 1


def test_two_last_signatures_at_once_take_the_step_once(officer):
    project = ProjectFactory(stages=[("formalising", date(2024, 1, 2)), ("letter_filed", date(2024, 3, 1))])
    colleague = UserFactory(role=User.Role.OFFICER, departments=[project.lead_department])

    def signing(user: User, party: Party) -> Callable[[], object]:
        return lambda: sign(user, project.pk, Signature(party=party, signatory="?", signed_on=date(2024, 3, 12)))

    opened = at_once(signing(officer, Party.ARS), signing(colleague, Party.INSURANCE))
    assert sorted(stage is None for stage in opened) == [False, True]
    assert [stage.state for stage in project.stages.all()] == ["formalising", "letter_filed", "letter_validated"]


def test_two_projects_do_not_absorb_each_other(officer):
    one, other = ProjectFactory(), ProjectFactory()

    def absorbing(project: Project, successor: Project) -> Callable[[], str]:
        def act() -> str:
            merger = Merger(successor=successor)
            take_step(officer, project.pk, Step("merge", date(2024, 5, 2), comment="Union", details=merger))
            return "absorbed"

        return act

    absorbed, refusal = sorted(at_once(absorbing(one, other), absorbing(other, one)), key=len)
    assert absorbed == "absorbed"
    assert "ne peut pas l'absorber" in refusal
    assert Merger.objects.count() == 1


def test_an_opposition_and_an_express_validation_at_once_leave_one_decision(officer):
    project = ProjectFactory(stages=[("engineering", date(2024, 1, 2)), ("filed", timezone.localdate())])
    seen = project.stage_on(timezone.localdate()).pk

    def deciding(name: str) -> Callable[[], str]:
        def act() -> str:
            step = Step(name, timezone.localdate(), details=details_of(name))
            take_step(officer, project.pk, step, seen_stage=seen)
            return "decided"

        return act

    decided, refusal = sorted(at_once(deciding("oppose"), deciding("validate_health_project")), key=len)
    assert decided == "decided"
    assert "changé d'état" in refusal
    assert Decision.objects.count() == 1


def test_of_two_referents_named_at_once_one_is_named_and_the_other_is_told(browsers):
    project = ProjectFactory()
    url = reverse("project_referent", args=[project.pk, Side.ARS])
    loaded = [client.get(url).context["form"]["loaded"].value() for client in browsers]

    def name(client: Client, loaded: str, name: str) -> Callable[[], int]:
        said = {"user": "", "name": name, "since": "2026-05-01", "loaded": loaded}
        return lambda: client.post(url, said).status_code

    names = ["Ada Un", "Bob Deux"]
    with meeting(Assignment):
        assert sorted(at_once(*map(name, browsers, loaded, names))) == [302, 422]
    assert project.assignments.get(side=Side.ARS).name in names


def sent(client: Client, name: str, content: bytes) -> tuple[str, str]:
    """Where an import is confirmed, and what was shown of it."""
    page = client.post(reverse("imports"), {"file": SimpleUploadedFile(name, content)}, follow=True)
    return page.context["batch"].get_absolute_url(), page.context["plan"].digest


def confirm(client: Client, url: str, shown: str) -> Callable[[], int]:
    return lambda: client.post(url, {"shown": shown}).status_code


HEADERS = ["Nom du projet", "Département", "Statut"]


def test_an_import_confirmed_twice_at_once_is_written_once(browsers, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    DepartmentFactory()
    url, shown = sent(browsers[0], "un.xlsx", xlsx(["CPTS Est", "99", "LI reçue"], headers=HEADERS))
    assert sorted(at_once(*(confirm(client, url, shown) for client in browsers))) == [302, 409]
    assert Project.objects.get().stages.count() == 1


def test_two_files_that_tell_one_new_project_make_one(browsers, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    DepartmentFactory()
    files = [xlsx(["CPTS Est", "99", status], headers=HEADERS) for status in ("LI reçue", "LI validée")]
    imports = [sent(client, "un.xlsx", content) for client, content in zip(browsers, files, strict=True)]
    outcomes = at_once(*(confirm(client, *each) for client, each in zip(browsers, imports, strict=True)))
    assert sorted(outcomes) == [302, 422]
    assert Project.objects.count() == 1
    assert ImportBatch.objects.exclude(written_at=None).count() == 1


@pytest.mark.parametrize("rows", [1, 2])
def test_two_departments_that_tell_the_same_finess_numbers_are_written_one_after_the_other(
    browsers, settings, tmp_path, rows
):
    """The numbers come in opposite orders: without one lock for both, each would wait for the other."""
    settings.MEDIA_ROOT = tmp_path
    numbers = ["930000013", "930000021"][:rows]
    imports = []
    for client, code, told in zip(browsers, ("99", "98"), (numbers, numbers[::-1]), strict=True):
        DepartmentFactory(code=code)
        lines = [[f"CPTS {code} {number}", code, "Initiative", number] for number in told]
        imports.append(sent(client, "un.xlsx", xlsx(*lines, headers=[*HEADERS, "N° FINESS"])))
    with meeting(Project):
        outcomes = at_once(*(confirm(client, *each) for client, each in zip(browsers, imports, strict=True)))
    assert sorted(outcomes) == [302, 422]
    assert Project.objects.count() == rows
    assert Project.objects.values("lead_department").distinct().count() == 1


def test_an_import_whose_number_is_recorded_meanwhile_says_so(browsers, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    DepartmentFactory()
    project = ProjectFactory(name="CPTS Ouest", lead_department__code="98")
    content = xlsx(["CPTS Est", "99", "Initiative", "930000013"], headers=[*HEADERS, "N° FINESS"])
    url, shown = sent(browsers[0], "un.xlsx", content)

    def record(sender: type[Project], instance: Project, **_: object) -> None:
        """Between the plan and the writing, as a page does that holds its own project only."""
        if instance.name == "CPTS Est":
            Project.objects.filter(pk=project.pk).update(finess="930000013")

    pre_save.connect(record, sender=Project)
    try:
        answer = browsers[0].post(url, {"shown": shown})
    finally:
        pre_save.disconnect(record, sender=Project)
    assert answer.status_code == 422
    assert "recommencez" in answer.text
    assert not Project.objects.filter(name="CPTS Est").exists()


def test_of_two_models_of_one_letter_put_at_once_one_is_kept_and_the_other_is_told(browsers, settings, tmp_path):
    """There is none before them, hence none to hold."""
    settings.MEDIA_ROOT = tmp_path
    DepartmentFactory()
    url = reverse("letter_model_new")
    said = {"kind": LetterKind.ATTESTATION, "department": "", "since": timezone.localdate().isoformat()}
    said["loaded"] = browsers[0].get(url).context["form"]["loaded"].value()

    def put(client: Client) -> Callable[[], int]:
        return lambda: client.post(url, said | {"file": shipped(LetterKind.ATTESTATION)}).status_code

    with meeting(LetterModel):
        assert sorted(at_once(*map(put, browsers))) == [302, 422]
    assert LetterModel.objects.count() == 1
