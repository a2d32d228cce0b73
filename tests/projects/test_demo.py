"""The demonstration gives back the picture that was shown to the region on 24 February 2020."""

from collections import Counter
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from accounts.models import Institution, User
from fixtures.demo import build
from projects.demo.conciliations import load_conciliations
from projects.demo.life import load_life
from projects.models import (
    Conciliation,
    Consultation,
    DirectoryEntry,
    EngineeringGrant,
    Escalation,
    Filing,
    JournalEntry,
    Letter,
    LetterKind,
    Opinion,
    Outcome,
    Project,
    RolloutEvent,
    Signature,
    Stage,
    in_conciliation_on,
)
from projects.overlaps import overlaps
from projects.states import PHOTOGRAPH, Column, State
from projects.workflow import Step, take_step
from territories.models import PerimeterChange

PICTURE = date(2020, 2, 20)
SHOWN = {  # aci_signed, aci_in_progress, engineering, formalising, initiative
    "75": (3, 0, 2, 7, 5), "77": (0, 0, 1, 4, 4), "78": (0, 0, 3, 5, 4), "91": (0, 3, 9, 1, 0), "92": (0, 0, 5, 3, 7),
    "93": (0, 0, 2, 2, 4), "94": (0, 0, 3, 3, 5), "95": (0, 0, 0, 2, 2),
}  # fmt: skip


@pytest.fixture(scope="module")
def demo_of_the_module(_geography_of_the_session, django_db_blocker, tmp_path_factory):
    """What `load_demo` prints; loaded once for all tests of the module, and taken back after them."""
    kept = tmp_path_factory.mktemp("var")
    chosen = override_settings(DEMO=True, VAR_DIR=kept, MEDIA_ROOT=kept / "media")
    with django_db_blocker.unblock(), chosen, transaction.atomic():
        output = StringIO()
        call_command("load_kit", stdout=StringIO())
        call_command("load_demo", stdout=output)
        yield output.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def demo(demo_of_the_module, db):
    return demo_of_the_module


def photograph(day: date) -> dict[str, tuple[int, ...]]:
    stages = Stage.objects.on(day).exclude(state=State.ABANDONED).values_list("project__lead_department", "state")
    found = Counter((department, PHOTOGRAPH[State(state)]) for department, state in stages)
    return {department: tuple(found[department, column] for column in Column) for department in SHOWN}


def colliding_pairs(day: date) -> set[frozenset[str]]:
    return {frozenset((pair.a.name, pair.b.name)) for pair in overlaps(day)}


def test_the_picture_of_20_february_2020_is_the_one_that_was_shown(demo):
    assert photograph(PICTURE) == SHOWN
    assert [sum(column) for column in zip(*photograph(PICTURE).values(), strict=True)] == [3, 3, 25, 27, 31]


def test_three_communities_had_signed_on_5_february_2020_all_in_paris(demo):
    signed = Stage.objects.on(date(2020, 2, 5)).filter(state=State.ACI_SIGNED)
    names = set(signed.values_list("project__name", flat=True))
    assert names == {"CPTS Paris 13", "CPTS Paris 14", "CPTS Paris 18"}


def test_today_is_alive(demo):
    day = date(2026, 11, 22)
    states = Counter(Stage.objects.on(day).values_list("state", flat=True))
    assert states.keys() >= {State.FILED, State.OPPOSED, State.VALIDATED, State.ACI_SIGNED, State.ABANDONED}
    assert states[State.ACI_SIGNED] > states[State.FILED] > 5
    due_soon = Stage.objects.filter(origin=Stage.Origin.SILENCE, since__range=(day, date(2027, 1, 22)))
    assert due_soon.count() > 5


ALWAYS = [
    ("CPTS Quartier latin – Saint-Germain", "CPTS Odéon – Luxembourg"),
    ("CPTS Étampois", "CPTS Sud-Essonne"),
    ("CPTS Marne et Gondoire", "CPTS Val d'Europe – Bussy"),
    ("CPTS Champigny – Joinville", "CPTS Rives de Marne"),
    ("CPTS Drancy – Le Bourget", "CPTS Gonesse – Le Bourget"),
]
CONCILIATED = [  # until their conciliations shared the communes
    ("CPTS Boucle nord des Hauts-de-Seine", "CPTS Bois-Colombes – Asnières"),
    ("CPTS Massy – Palaiseau", "CPTS Yvette – Les Ulis"),
    ("CPTS Nord Essonne", "CPTS Longjumeau – Chilly"),
]


@pytest.mark.parametrize(("day", "pairs"), [(PICTURE, ALWAYS + CONCILIATED), (date(2026, 11, 22), ALWAYS)])
def test_pairs_collide_one_in_full_one_across_departments(demo, day, pairs):
    assert colliding_pairs(day) == {frozenset(pair) for pair in pairs}


def test_seven_engineering_projects_were_in_conciliation_that_day(demo):
    engineering = Project.objects.in_states(Column.ENGINEERING.states, PICTURE)
    found = engineering.filter(pk__in=in_conciliation_on(PICTURE)).values_list("name", flat=True)
    assert set(found) == {
        "CPTS Boucle nord des Hauts-de-Seine",
        "CPTS Champigny – Joinville",
        "CPTS Longjumeau – Chilly",
        "CPTS Marne et Gondoire",
        "CPTS Massy – Palaiseau",
        "CPTS Nord Essonne",
        "CPTS Yvette – Les Ulis",
    }
    assert len(found) == 7


def test_their_conciliations_have_ended_and_one_is_open_today(demo):
    (open_one,) = Conciliation.objects.on(timezone.localdate())
    assert {project.name for project in open_one.projects.all()} == {
        "CPTS Drancy – Le Bourget",
        "CPTS Gonesse – Le Bourget",
    }
    assert open_one.entries.count() == 4
    assert open_one.scenarios.count() == 2
    assert Outcome.objects.count() == Conciliation.objects.exclude(until=None).count() == 5
    ended = Counter(Outcome.objects.values_list("kind", flat=True))
    assert ended == {Outcome.Kind.DG_CHOICE: 2, Outcome.Kind.AGREEMENT: 1, Outcome.Kind.PARTNERSHIP: 2}


def test_an_older_demonstration_gets_those_that_its_perimeters_still_allow(demo):
    Outcome.objects.all().delete()
    Conciliation.objects.all().delete()
    perimeters = [
        Project.objects.get(name=name).perimeter for name in ("CPTS Nord Essonne", "CPTS Gonesse – Le Bourget")
    ]
    for perimeter in perimeters:
        perimeter.set_zones(list(perimeter.zones_on(timezone.localdate()))[-1:], timezone.localdate())
    assert load_conciliations(list(User.objects.all())) == 2, "those whose perimeters nobody has changed"
    assert load_conciliations(list(User.objects.all())) == 0


def test_what_a_conciliation_took_back_was_never_in_a_health_project(demo):
    """A filing told the population of its day: the communes disputed in 2020 had been given up before."""
    for filing in Filing.objects.select_related("stage__project__perimeter"):
        held = filing.stage.project.perimeter.zones_on(filing.stage.since)
        if filing.stage.project.conciliations.exists():
            assert sum(zone.population for zone in held) == filing.population, filing.stage.project


def test_populations_are_plausible(demo):
    sizes = Project.objects.with_territory_on(date(2026, 11, 22)).values_list("name", "population")
    alone_above = {"CPTS Vaugirard", "CPTS Belleville – Ménilmontant", "CPTS Paris 13", "CPTS Paris 18"}
    for name, population in sizes:
        assert population >= 20_000, name
        assert population <= 180_000 or name in alone_above or name == "CPTS Nord parisien", name


def test_a_second_run_adds_and_loses_nothing(demo):
    def rows() -> tuple[int, ...]:
        counted = (
            Project,
            Conciliation,
            PerimeterChange,
            Stage,
            Stage.history,
            User,
            Opinion,
            JournalEntry,
            Letter,
            DirectoryEntry,
            Signature,
        )
        return tuple(getattr(model, "objects", model).count() for model in counted)

    before = rows()
    Project.objects.filter(name="CPTS Créteil").update(finess="940000003")
    again = StringIO()
    call_command("load_demo", stdout=again)
    assert rows() == before
    assert Project.objects.get(name="CPTS Créteil").finess == "940000003"
    assert "créés" not in again.getvalue()
    assert demo.splitlines()[-1] == again.getvalue().splitlines()[-1]  # the same password


def test_the_living_projects_have_something_of_everything(demo):
    for model in (Opinion, Escalation, Consultation, EngineeringGrant, RolloutEvent, Signature):
        assert model.objects.exists(), model
    assert running()
    for filing in running():
        assert filing.population
        assert filing.stage.project.letters.get().kind == LetterKind.ACKNOWLEDGEMENT


def running() -> list[Filing]:
    return list(Filing.objects.filter(stage__in=Stage.objects.on(timezone.localdate()).filter(state=State.FILED)))


def test_two_clocks_run_even_once_the_workbooks_own_are_over(demo):
    users = list(User.objects.all())
    for filing in running():
        project = filing.stage.project
        officer = next(user for user in users if user.side and user.own_departments == {project.lead_department_id})
        take_step(officer, project.pk, Step("withdraw_filing", timezone.localdate(), comment="Retiré"))
    load_life(users)
    filings = running()
    assert len({filing.stage.project.lead_department_id for filing in filings}) == 2
    for filing in filings:
        assert filing.deadline.last_safe_day >= timezone.localdate()
        assert filing.deadline.acquired_on
        assert filing.stage.project.letters.get().kind == LetterKind.ACKNOWLEDGEMENT
    load_life(users)
    assert running() == filings


def test_a_demonstration_from_before_the_letters_gets_what_they_need(demo):
    Institution.objects.update(service="", address="", phone="")
    call_command("load_demo", stdout=StringIO())
    assert not Institution.objects.filter(users__isnull=False, service="").exists()


def test_every_role_can_log_in_with_the_printed_password(demo, client):
    password = demo.splitlines()[-1].removeprefix("Mot de passe : ")
    assert set(User.Role) == set(User.objects.values_list("role", flat=True))
    for username in ("administrateur", "responsable.idf", "agent.ars93", "agent.cpam93", "lecteur"):
        assert client.login(username=username, password=password), username


def test_without_demo_nothing_is_loaded(db, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("load_demo")


def test_the_committed_workbooks_are_those_that_build_writes():
    for name, content in build.workbooks():
        assert (build.HERE / name).read_bytes() == content, name
