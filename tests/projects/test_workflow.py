"""The one way to change a state: who, from where, on which date, and what silence does meanwhile."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from dateutil.relativedelta import relativedelta
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Institution, User
from projects.clock import acquired_on
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.management.commands.write_workflow import PATH, workflow_text
from projects.models import PieceRequest, Project, Stage
from projects.stages import last_recorded
from projects.states import State
from projects.taking_back import take_back
from projects.workflow import Entry, Step, may_decide, open_project, settle, state_changed, step_kinds, take_step
from tests.acts import details_of, take
from tests.factories import DepartmentFactory, InstitutionFactory, ProjectFactory, RegionFactory, UserFactory

pytestmark = pytest.mark.django_db
Kind, Role = Institution.Kind, User.Role
OPENED = date(2023, 1, 2)
FILED = date(2023, 5, 15)
ACQUIRED = date(2023, 7, 16)


@pytest.fixture
def department():
    return DepartmentFactory()


@pytest.fixture
def ars(department):
    institution = InstitutionFactory(kind=Kind.ARS_DELEGATION, name="DD 99")
    return UserFactory(role=Role.OFFICER, institution=institution, departments=[department])


@pytest.fixture
def cpam(department):
    return UserFactory(role=Role.OFFICER, departments=[department])


def project_in(state: State, since: date, **kwargs) -> Project:
    """A project that has been in `state` since a day, without silence if it is filed later than two months ago."""
    return ProjectFactory(stages=[(State.INITIATIVE, OPENED), (state, since)], **kwargs)


def step(name: str, day: date, comment: str = "Courrier du porteur") -> Step:
    return Step(name, day, comment=comment, details=details_of(name))


def timeline(project: Project) -> list[tuple[str, date, date | None]]:
    return [(stage.state, stage.since, stage.until) for stage in project.stages.all()]


# Who and from where


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("name", list(step_kinds()))
def test_a_step_is_allowed_from_its_sources_and_from_nowhere_else(name, state, ars):
    project = project_in(state, timezone.localdate() - timedelta(days=10))
    kind = step_kinds()[name]
    today = timezone.localdate()
    if state in kind.sources:
        after = take(ars, project, name, today)
        assert after.state == after.state_on_day(today)
        assert after.state in kind.targets
    else:
        with pytest.raises(ValidationError, match=r"cette étape part de|déjà à l'examen"):
            take_step(ars, project.pk, step(name, today))
        assert project.state_on_day(today) == state


WHO = {
    "officer of the ARS": (Kind.ARS_DELEGATION, Role.OFFICER, "both"),
    "manager of the ARS": (Kind.ARS_HEADQUARTERS, Role.MANAGER, "both"),
    "administrator of the ARS": (Kind.ARS_HEADQUARTERS, Role.ADMINISTRATOR, "both"),
    "administrator of no side": (Kind.OTHER, Role.ADMINISTRATOR, "both"),
    "officer of the CPAM": (Kind.CPAM, Role.OFFICER, "shared"),
    "manager of the DCGDR": (Kind.DCGDR, Role.MANAGER, "shared"),
    "reader of the ARS": (Kind.ARS_DELEGATION, Role.READER, "nothing"),
    "reader of the CPAM": (Kind.CPAM, Role.READER, "nothing"),
    "reader of the MSA": (Kind.MSA, Role.READER, "nothing"),
    "reader of an URPS": (Kind.URPS, Role.READER, "nothing"),
}
ARS_ALONE = {"validate_health_project", "oppose"}


@pytest.mark.parametrize("name", list(step_kinds()))
@pytest.mark.parametrize("who", list(WHO))
def test_each_role_and_side_decides_its_steps(who, name, department):
    kind, role, decides = WHO[who]
    user = UserFactory(role=role, institution__kind=kind, departments=[department])
    project = ProjectFactory()
    expected = decides == "both" or (decides == "shared" and name not in ARS_ALONE)
    assert may_decide(project, name, user) == expected
    if not expected:
        with pytest.raises(PermissionDenied):
            take_step(user, project.pk, step(name, timezone.localdate()))


def test_an_officer_of_another_department_reads_but_does_not_decide(ars):
    elsewhere = ProjectFactory(lead_department=DepartmentFactory(code="98"))
    with pytest.raises(PermissionDenied):
        take_step(ars, elsewhere.pk, step("receive_letter", timezone.localdate()))


def test_an_officer_of_a_department_the_project_reaches_decides(ars, department):
    elsewhere = ProjectFactory(lead_department=DepartmentFactory(code="98"))
    elsewhere.other_departments.add(department)
    assert take_step(ars, elsewhere.pk, step("receive_letter", timezone.localdate())).state == State.LETTER_FILED


def test_a_project_of_another_region_is_not_found(ars):
    far = ProjectFactory(lead_department=DepartmentFactory(code="97", region=RegionFactory(code="97")))
    with pytest.raises(Project.DoesNotExist):
        take_step(ars, far.pk, step("receive_letter", timezone.localdate()))


# Silence


def test_a_filing_plans_its_tacit_validation_on_the_day_of_the_law(ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, OPENED)])
    take_step(ars, project.pk, step("file_health_project", FILED))
    assert timeline(project) == [
        (State.ENGINEERING, OPENED, FILED),
        (State.FILED, FILED, ACQUIRED),
        (State.VALIDATED, ACQUIRED, None),
    ]
    assert [stage.origin for stage in project.stages.all()] == ["act", "act", "silence"]
    assert Project.objects.get(pk=project.pk).state == State.VALIDATED


def test_the_state_of_a_day_to_come_is_read_like_any_other(ars):
    today = timezone.localdate()
    project = ProjectFactory(stages=[(State.ENGINEERING, OPENED)])
    take_step(ars, project.pk, step("file_health_project", today))
    assert project.state_on_day(acquired_on(today) - timedelta(days=1)) == State.FILED
    assert project.state_on_day(acquired_on(today)) == State.VALIDATED
    assert Project.objects.get(pk=project.pk).state == State.FILED


@pytest.mark.parametrize(
    ("name", "target"),
    [("oppose", State.OPPOSED), ("validate_health_project", State.VALIDATED), ("withdraw_filing", State.ENGINEERING)],
)
def test_a_decision_within_the_two_months_takes_the_plan_away(name, target, ars):
    project = project_in(State.FILED, FILED)
    take_step(ars, project.pk, step(name, date(2023, 7, 15)))
    assert timeline(project)[1:] == [
        (State.FILED, FILED, date(2023, 7, 15)),
        (target, date(2023, 7, 15), None),
    ]


def test_an_opposition_of_the_last_day_typed_years_later_is_recorded(ars):
    project = project_in(State.FILED, FILED)
    assert project.state_on_day(timezone.localdate()) == State.VALIDATED
    take_step(ars, project.pk, step("oppose", date(2023, 7, 15)))
    assert project.state_on_day(timezone.localdate()) == State.OPPOSED


def test_an_opposition_of_the_day_after_is_refused_with_the_law(ars):
    project = project_in(State.FILED, FILED)
    with pytest.raises(ValidationError, match=r"réputé validé depuis le 16 juillet 2023 \(CSP, L.1434-12\)"):
        take_step(ars, project.pk, step("oppose", ACQUIRED))
    assert timeline(project)[-1] == (State.VALIDATED, ACQUIRED, None)


def test_a_new_filing_after_an_opposition_opens_a_new_clock(ars):
    project = project_in(State.FILED, FILED)
    take_step(ars, project.pk, step("oppose", date(2023, 6, 1)))
    take_step(ars, project.pk, step("file_health_project", date(2023, 9, 4)))
    assert timeline(project)[-2:] == [
        (State.FILED, date(2023, 9, 4), date(2023, 11, 5)),
        (State.VALIDATED, date(2023, 11, 5), None),
    ]


def test_a_project_abandoned_while_filed_resumes_at_engineering(ars):
    project = project_in(State.FILED, FILED)
    take_step(ars, project.pk, step("abandon", date(2023, 6, 1)))
    assert take_step(ars, project.pk, step("resume", date(2023, 9, 1))).state == State.ENGINEERING


# Dates


def test_two_steps_of_one_day_leave_the_first_as_passed_through(ars):
    day = date(2024, 3, 1)
    project = ProjectFactory(stages=[(State.FORMALISING, OPENED)])
    take_step(ars, project.pk, step("receive_letter", day))
    take(ars, project, "validate_letter", day)
    assert timeline(project) == [
        (State.FORMALISING, OPENED, day),
        (State.LETTER_FILED, day, day),
        (State.LETTER_VALIDATED, day, None),
    ]
    assert project.state_on_day(day) == State.LETTER_VALIDATED


def test_a_step_is_not_recorded_before_one_that_is(ars):
    project = project_in(State.LETTER_FILED, date(2024, 3, 1))
    with pytest.raises(ValidationError, match=r"« Lettre reçue » est déjà enregistrée au 1er mars 2024"):
        take_step(ars, project.pk, step("start_formalising", date(2024, 2, 1)))


def test_a_step_is_not_recorded_before_the_project_was_known(ars):
    project = ProjectFactory(stages=[(State.INITIATIVE, OPENED)])
    with pytest.raises(ValidationError, match=r"suivi que depuis le 2 janvier 2023"):
        take_step(ars, project.pk, step("receive_letter", OPENED - timedelta(days=1)))


def test_nothing_is_recorded_in_advance(ars):
    project = ProjectFactory()
    with pytest.raises(ValidationError, match="dans le futur"):
        take_step(ars, project.pk, step("receive_letter", timezone.localdate() + timedelta(days=1)))


def test_every_reason_is_said_at_once(ars):
    project = ProjectFactory()
    with pytest.raises(ValidationError) as refusal:
        take_step(ars, project.pk, step("abandon", OPENED - relativedelta(years=9), comment=" "))
    assert len(refusal.value.messages) == 2


def test_a_page_opened_before_a_colleague_s_step_is_refused(ars, cpam):
    project = ProjectFactory()
    today, seen = timezone.localdate(), project.stages.get().pk
    take_step(cpam, project.pk, step("receive_letter", today))
    with pytest.raises(ValidationError, match="changé d'état depuis l'ouverture de cette page"):
        take_step(ars, project.pk, step("receive_letter", today), seen_stage=seen)


def test_a_page_about_an_opposed_filing_decides_nothing_on_the_next_one(ars):
    """The state is the same, the filing is not."""
    today = timezone.localdate()
    project = project_in(State.FILED, today - timedelta(days=20))
    seen = project.stage_on(today).pk
    take_step(ars, project.pk, step("oppose", today - timedelta(days=10)))
    take_step(ars, project.pk, step("file_health_project", today - timedelta(days=5)))
    with pytest.raises(ValidationError, match="changé d'état depuis l'ouverture de cette page"):
        take_step(ars, project.pk, step("oppose", today), seen_stage=seen)
    assert project.state_on_day(today) == State.FILED


def test_a_refusal_writes_nothing(ars):
    project = ProjectFactory()
    before = timeline(project), project.history.count()
    with pytest.raises(ValidationError):
        take_step(ars, project.pk, step("sign_aci", timezone.localdate()))
    assert (timeline(project), project.history.count()) == before


def test_who_is_told_is_told_after_the_commit_only(ars, django_capture_on_commit_callbacks):
    project, told = ProjectFactory(), []

    def listen(sender, project, state, **kwargs):
        told.append((project, state))

    state_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            take_step(ars, project.pk, step("receive_letter", timezone.localdate()))
            assert told == []
    finally:
        state_changed.disconnect(listen)
    assert told == [(project.pk, State.LETTER_FILED)]


def test_settling_twice_changes_nothing_the_second_time(ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, OPENED), (State.FILED, FILED)])
    Project.objects.filter(pk=project.pk).update(state=State.FILED)  # as the night after the two months finds it
    with transaction.atomic():
        assert settle(project)
        assert not settle(project)
    assert Project.objects.get(pk=project.pk).state == State.VALIDATED


def test_a_project_opens_with_its_first_stage(ars, department):
    project = open_project(
        Project(name="CPTS Nord", lead_department=department), Entry(State.FORMALISING, OPENED), by=ars
    )
    assert timeline(project) == [(State.FORMALISING, OPENED, None)]
    assert project.stages.get().recorded_by == ars


def test_a_project_opens_in_one_s_own_departments_only(ars):
    with pytest.raises(PermissionDenied):
        open_project(
            Project(name="CPTS Nord", lead_department=DepartmentFactory(code="98")),
            Entry(State.INITIATIVE, OPENED),
            by=ars,
        )
    assert not Project.objects.exists()


# What holds whatever happens


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(st.tuples(st.sampled_from(sorted(step_kinds())), st.integers(0, 1400)), max_size=14))
def test_stages_follow_each_other_without_hole_and_filings_hold_their_clock(tries, ars):
    with transaction.atomic():
        project = ProjectFactory(stages=[(State.INITIATIVE, OPENED)])
        for name, days in tries:
            try:
                take_step(ars, project.pk, step(name, min(OPENED + timedelta(days=days), timezone.localdate())))
            except ValidationError:
                continue
        stages = list(project.stages.all())
        assert stages[0].since == OPENED
        assert all(before.until == after.since for before, after in pairwise(stages))
        assert stages[-1].until is None
        for before, after in pairwise(stages):
            if after.is_tacit:
                assert before.state == State.FILED
                assert after.since == acquired_on(before.since)
            if before.state == State.FILED:
                assert after.since <= acquired_on(before.since)
        assert stages[-1].state != State.FILED
        assert Project.objects.get(pk=project.pk).state == project.state_on_day(timezone.localdate())
        transaction.set_rollback(True)


# Taking back what was entered by mistake


def taken_back(user: User, project: Project, reason: str = "Date mal recopiée") -> Project:
    take_back(user, project.pk, reason, seen_stage=last_recorded(project).pk)
    return Project.objects.get(pk=project.pk)


def test_a_step_taken_back_leaves_the_project_as_it_was(ars):
    project = project_in(State.FORMALISING, date(2023, 3, 1))
    before = timeline(project)
    take_step(ars, project.pk, step("receive_letter", date(2023, 4, 1)))
    project = taken_back(ars, project)
    assert timeline(project) == before
    assert project.state == State.FORMALISING


def test_a_filing_taken_back_takes_its_tacit_validation_along(ars):
    project = project_in(State.ENGINEERING, date(2023, 3, 1))
    take_step(ars, project.pk, step("file_health_project", FILED))
    project = taken_back(ars, project)
    assert timeline(project)[-1] == (State.ENGINEERING, date(2023, 3, 1), None)
    assert project.state == State.ENGINEERING


@pytest.mark.parametrize("name", ["oppose", "validate_health_project", "withdraw_filing", "abandon"])
def test_when_a_decision_is_taken_back_the_clock_of_the_filing_runs_again(name, ars):
    project = project_in(State.ENGINEERING, date(2023, 3, 1))
    take_step(ars, project.pk, step("file_health_project", FILED))
    before = timeline(project)
    take_step(ars, project.pk, step(name, date(2023, 6, 1)))
    project = taken_back(ars, project)
    assert timeline(project) == before
    assert project.state_on_day(ACQUIRED) == State.VALIDATED


def test_what_was_taken_back_stays_in_the_history_with_its_reason(ars):
    project = project_in(State.FORMALISING, date(2023, 3, 1))
    take_step(ars, project.pk, step("receive_letter", date(2023, 4, 1)))
    taken_back(ars, project, "Lettre d'un autre projet")
    trace = Stage.history.filter(history_type="-", project=project.pk).get()
    assert (trace.state, trace.since) == (State.LETTER_FILED, date(2023, 4, 1))
    assert trace.history_change_reason == "Lettre d'un autre projet"


def test_only_its_author_a_manager_of_its_side_or_an_administrator_takes_a_step_back(ars, cpam, department):
    project = project_in(State.FORMALISING, date(2023, 3, 1))
    take_step(ars, project.pk, step("receive_letter", date(2023, 4, 1)))

    def colleague(kind: Kind, role: Role) -> User:
        return UserFactory(institution=InstitutionFactory(kind=kind), role=role, departments=[department])

    for stranger in (cpam, colleague(Kind.ARS_DELEGATION, Role.OFFICER), colleague(Kind.CPAM, Role.MANAGER)):
        with pytest.raises(PermissionDenied, match="Seuls son auteur"):
            taken_back(stranger, project)
    taken_back(colleague(Kind.ARS_HEADQUARTERS, Role.MANAGER), project)
    assert Project.objects.get(pk=project.pk).state == State.FORMALISING


def test_the_opening_of_a_project_is_not_taken_back(ars):
    project = ProjectFactory()
    with pytest.raises(PermissionDenied, match="première étape"):
        taken_back(ars, project)


def test_a_step_is_taken_back_once(ars):
    project = project_in(State.FORMALISING, date(2023, 3, 1))
    take_step(ars, project.pk, step("receive_letter", date(2023, 4, 1)))
    seen = last_recorded(project).pk
    take_back(ars, project.pk, "Doublon", seen_stage=seen)
    with pytest.raises(ValidationError, match="relisez le projet"):
        take_back(ars, project.pk, "Doublon", seen_stage=seen)


# What the database refuses


def test_the_database_refuses_a_state_that_does_not_exist():
    project = ProjectFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(state="en_conciliation")
    with pytest.raises(IntegrityError), transaction.atomic():
        project.stages.update(state="en_conciliation")


def test_the_database_refuses_two_open_stages():
    project = ProjectFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        project.stages.create(state=State.FORMALISING, since=timezone.localdate())


def test_the_database_refuses_a_stage_that_ends_before_it_begins():
    project = ProjectFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        project.stages.update(until=date(2018, 12, 31))


def test_the_database_refuses_a_silence_that_does_anything_but_validate():
    project = ProjectFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        project.stages.update(origin=Stage.Origin.SILENCE)


def test_a_state_cannot_be_assigned():
    with pytest.raises(AttributeError):
        ProjectFactory().state = State.ACI_SIGNED


# What is written about it


def test_the_documentation_says_what_the_table_does():
    assert PATH.read_text() == workflow_text(), "lancez : manage.py write_workflow"


def test_the_command_writes_the_documentation(capsys):
    before = PATH.read_text()
    call_command("write_workflow")
    assert PATH.read_text() == before


# What rests on a tacit validation


@pytest.fixture
def tacit(ars):
    """Filed on 15 May 2023, validated by silence on 16 July, with a line, a point and a document told about it."""
    project = project_in(State.ENGINEERING, date(2023, 3, 1))
    take_step(ars, project.pk, step("file_health_project", FILED))
    validated = project.stage_on(ACQUIRED)
    project.journal.create(stage=validated, kind="call", happened_on=ACQUIRED, text="Appel")
    point = {"side": "ars", "section": "Territoire", "text": "À préciser", "raised_on": ACQUIRED}
    project.vigilance_points.create(stage=validated, **point)
    return project


def ask(user: User, project: Project, asked_on: date) -> PieceRequest:
    return ask_pieces(user, project.pk, PieceRequest(pieces="Statuts", is_indispensable=True, asked_on=asked_on))


def test_a_tacit_validation_that_moves_keeps_what_is_told_about_it(tacit, ars):
    request = ask(ars, tacit, date(2023, 6, 1))
    filed = tacit.stages.get(state=State.FILED)
    assert [line.stage for line in tacit.journal.all()] == [filed]
    receive_pieces(ars, tacit.pk, request.pk, date(2023, 6, 10))
    assert tacit.stage_on(date(2023, 8, 11)).is_tacit
    assert tacit.vigilance_points.get().stage == filed


def test_an_opposition_typed_late_keeps_what_was_told_about_the_silence(tacit, ars):
    take_step(ars, tacit.pk, step("oppose", date(2023, 7, 10)))
    assert tacit.journal.get().stage.state == State.FILED


def test_what_was_done_because_of_the_silence_goes_before_the_silence_may(tacit, ars):
    tacit.rollout.create(kind="decision_sent", happened_on=date(2023, 8, 1))
    for act in (
        lambda: ask(ars, tacit, date(2023, 6, 1)),
        lambda: take_step(ars, tacit.pk, step("oppose", date(2023, 7, 10))),
        lambda: take_back(ars, tacit.pk, "Mauvais projet", seen_stage=last_recorded(tacit).pk),
    ):
        with pytest.raises(ValidationError, match="1 étape du déploiement"):
            act()
    assert timeline(tacit)[-1] == (State.VALIDATED, ACQUIRED, None)


def test_a_new_filing_follows_the_opposed_one_not_the_withdrawn_one(ars):
    project = project_in(State.FILED, FILED)
    opposed = project.last_filing()
    take_step(ars, project.pk, step("oppose", date(2023, 6, 1)))
    take_step(ars, project.pk, step("file_health_project", date(2023, 9, 4)))
    take_step(ars, project.pk, step("withdraw_filing", date(2023, 9, 20)))
    take_step(ars, project.pk, step("file_health_project", date(2023, 10, 2)))
    assert project.last_filing().follows == opposed


def test_a_second_filing_is_told_to_wait_for_the_first(ars):
    project = project_in(State.FILED, timezone.localdate())
    with pytest.raises(ValidationError, match="déjà à l'examen"):
        take_step(ars, project.pk, step("file_health_project", timezone.localdate()))
