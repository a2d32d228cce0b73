"""Outcomes of conciliations: applied to every perimeter at once or not at all, closed, taken back."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from html import unescape
from threading import Barrier, BrokenBarrierError

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from projects.conciliations.disputes import dispute_of
from projects.conciliations.opening import open_conciliation
from projects.conciliations.outcomes import decide, lapse
from projects.conciliations.reopening import reopen
from projects.models import Conciliation, Outcome, Project
from projects.perimeters import change_perimeter, last_change, take_back_change
from projects.states import State
from projects.taking_back import take_back
from projects.workflow import lock
from projects.zone_parts import read_parts
from projects.zone_splits import SplitPlan, split_commune
from territories.models import PerimeterChange, Zone, ZoneSplit
from tests.acts import take
from tests.factories import InstitutionFactory, ProjectFactory, UserFactory, ZoneFactory
from tests.projects.disputes import DECIDED, KNOWN, OPENED, Quarrel, held, opened, outcome, quarrel, scenario
from tests.together import at_once, meeting

Kind = Outcome.Kind


@pytest.fixture
def between(department) -> Quarrel:
    return quarrel(department, partial=[1])


@pytest.fixture
def conciliation(ars, between) -> Conciliation:
    return opened(ars, between)


def text(page: HttpResponse) -> str:
    return unescape(page.content.decode())


def refusal_of(act: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as refusal:
        act()
    return " ".join(refusal.value.messages)


def sent(**said) -> dict:
    told = {"decided_on": DECIDED, "effective_on": DECIDED, "signatory": "Anne Vidal", "motivation": "Les flux."}
    return told | said


# Each kind


def test_a_choice_of_the_director_gives_each_its_zones(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.first, between.second)
    decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept))
    assert held(between.first) == {"Bourg": False, "Est": False}
    assert held(between.second) == {"Ville": False, "Ouest": True}, "held in part, it still is"
    conciliation.refresh_from_db()
    assert (conciliation.until, conciliation.outcome.recorded_by) == (DECIDED, ars)


def test_the_perimeters_before_stay_readable_and_say_why_they_changed(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.first, between.first)
    decide(ars, conciliation.pk, outcome(Kind.AGREEMENT, scenario=kept))
    before = between.second.perimeter.zones_on(DECIDED - timedelta(days=1))
    assert {zone.name for zone in before} == {"Ville", "Est", "Ouest"}
    change = last_change(between.second)
    assert (change.origin, change.since) == (PerimeterChange.Origin.CONCILIATION, DECIDED)
    assert change.reason == "Conciliation avec «\u00a0CPTS Première\u00a0». Accord entre les projets, 2 mars 2026."
    assert list(conciliation.outcome.changes.all()) == [change], "the other perimeter has not changed"


def test_a_zone_left_unvalidated_goes_to_nobody(ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))
    assert (held(between.first), held(between.second)) == ({"Bourg": False}, {"Ville": False})


@pytest.mark.parametrize("to_host", [True, False])
def test_a_partnership_gives_the_zones_to_who_hosts_or_changes_nothing(ars, between, conciliation, to_host):
    before = held(between.first), held(between.second)
    decide(ars, conciliation.pk, outcome(Kind.PARTNERSHIP, successor=between.first), zones_to_host=to_host)
    assert held(between.first) == before[0]
    assert held(between.second) == ({"Ville": False} if to_host else before[1])
    assert conciliation.outcome.changes.count() == int(to_host)


def test_a_merger_ends_the_other_and_brings_its_zones(ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.MERGER, successor=between.second))
    first = Project.objects.get(pk=between.first.pk)
    assert first.state_on_day(DECIDED) == State.MERGED
    assert first.stage_on(DECIDED).merger.successor == between.second
    assert held(between.second) == {"Bourg": False, "Est": False, "Ouest": False, "Ville": False}


def test_of_a_project_out_of_scope_an_outcome_tells_the_disputed_zones_and_gives_no_link(
    ars, far, department, client_of
):
    headquarters = UserFactory(
        role=User.Role.MANAGER,
        extent=User.Extent.COUNTRY,
        institution=InstitutionFactory(kind=Institution.Kind.ARS_HEADQUARTERS),
    )
    between = quarrel(department, second_department=far)
    conciliation = opened(headquarters, between)
    decide(headquarters, conciliation.pk, outcome(Kind.MERGER, successor=between.first))
    lonely = UserFactory(role=User.Role.OFFICER, departments=[far])
    told = text(client_of(lonely).get(conciliation.get_absolute_url()))
    assert "Projet qui absorbe" in told
    assert "CPTS Première" in told
    assert between.first.get_absolute_url() not in told
    assert "a changé hors des zones disputées" in told
    assert "Ville" not in told.split("</strong>, au 2 mars 2026")[1].split("</li>")[0]
    known = text(client_of(ars).get(conciliation.get_absolute_url()))
    assert between.first.get_absolute_url() in known
    assert "Ville" in known


def test_of_three_projects_a_merger_ends_two(ars, department, between):
    third = ProjectFactory(lead_department=department, zones=[between.other], stages=[(State.INITIATIVE, KNOWN)])
    three = open_conciliation(ars, [*between.keys, third.pk], [*between.disputed, between.other], OPENED)
    decide(ars, three.pk, outcome(Kind.MERGER, successor=between.first))
    ended = [Project.objects.get(pk=project.pk).state for project in (between.second, third)]
    assert ended == [State.MERGED, State.MERGED]
    assert set(held(between.first)) == {"Bourg", "Est", "Ouest", "Ville"}


# Who


def test_the_cpam_records_no_outcome(client_of, cpam, conciliation):
    with pytest.raises(PermissionDenied):
        decide(cpam, conciliation.pk, outcome(Kind.UNVALIDATED))
    assert (
        client_of(cpam).get(reverse("conciliation_outcome", args=[conciliation.pk, "unvalidated"])).status_code == 403
    )


def test_who_writes_in_one_department_only_is_told_whom_to_call(ars, department, neighbour):
    between = quarrel(department, second_department=neighbour)
    conciliation = opened(ars, between)
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED)))
    assert "CPTS Seconde" in told
    assert f"demandez à l'ARS ({neighbour.name})" in told
    assert held(between.first) == {"Bourg": False, "Est": False, "Ouest": False}, "nothing is written"
    kept = scenario(ars, conciliation, between, between.second, between.second)
    decide(ars, conciliation.pk, outcome(Kind.AGREEMENT, scenario=kept))
    assert held(between.first) == {"Bourg": False}, "of its own department, and the other one does not change"


def test_nothing_is_told_of_a_project_on_which_one_does_not_write(ars, far):
    validated = [(State.INITIATIVE, KNOWN), (State.VALIDATED, date(2026, 3, 9))]
    between = quarrel(far, stages=validated, second_department=ars.departments.get())
    officer = UserFactory(
        role=User.Role.ADMINISTRATOR, institution=ars.institution, departments=[far, *ars.departments.all()]
    )
    conciliation = opened(officer, between)
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED)))
    assert f"demandez à l'ARS ({far.name})" in told
    assert "validé" not in told


# What is refused, and leaves nothing written


@pytest.fixture
def untouched(between, conciliation):
    """What nothing may have changed once an outcome was refused."""
    before = held(between.first), held(between.second)
    yield
    conciliation.refresh_from_db()
    assert conciliation.until is None
    assert not Outcome.objects.exists()
    assert (held(between.first), held(between.second)) == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"decided_on": OPENED - timedelta(days=1)}, "ouverte depuis le 12 janvier 2026"),
        ({"effective_on": DECIDED - timedelta(days=1)}, "ne vaut pas avant le jour où elle est prise"),
        ({"effective_on": timezone.localdate() + timedelta(days=1)}, "dans le futur"),
    ],
)
def test_a_date_that_makes_no_sense_is_refused(ars, conciliation, said, why):
    assert why in refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED, **said)))


@pytest.mark.usefixtures("untouched")
def test_an_outcome_needs_what_it_applies(ars, between, conciliation):
    assert "scénario" in refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.AGREEMENT)))
    assert "absorbe ou accueille" in refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.MERGER)))


def test_a_stale_scenario_is_refused_with_what_changed(ars, between, conciliation, department):
    kept = scenario(ars, conciliation, between, between.first, None)
    more = ZoneFactory(name="Ailleurs", department=department)
    change_perimeter(between.first, [between.own, *between.disputed, more], date(2026, 2, 2), reason="", by=ars)
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept)))
    assert "«\u00a0A\u00a0»" in told
    assert "CPTS Première" in told
    assert "2 février 2026" in told
    assert set(held(between.first)) == {"Bourg", "Est", "Ouest", "Ailleurs"}
    assert not Outcome.objects.exists()


def test_zones_are_not_given_to_a_project_that_has_ended(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.second, between.second)
    take(ars, between.second, "abandon", date(2026, 2, 16))
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.AGREEMENT, scenario=kept)))
    assert "«\u00a0A\u00a0»" in told
    assert "a pris fin" in told
    assert set(held(between.first)) == {"Bourg", "Est", "Ouest"}, "nobody has lost anything"


def test_who_gains_nothing_from_a_project_that_ended_reads_why_the_scenario_is_stale(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.first, None)
    take(ars, between.second, "abandon", date(2026, 2, 16))
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.AGREEMENT, scenario=kept)))
    assert "un projet a pris fin ou un périmètre a changé" in told


def test_a_validated_perimeter_is_amended_after_its_validation_only(ars, department):
    between = quarrel(department, stages=[(State.INITIATIVE, KNOWN), (State.VALIDATED, date(2026, 3, 9))])
    conciliation = opened(ars, between)
    before = held(between.first), held(between.second)
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED)))
    assert "«\u00a0CPTS Première\u00a0» : Le projet de santé a été validé le 9 mars 2026" in told
    assert (held(between.first), held(between.second)) == before
    decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED, effective_on=date(2026, 3, 10)))
    assert held(between.first) == {"Bourg": False}


def test_a_zone_is_not_kept_from_a_day_when_it_did_not_exist_yet(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.second, between.second)
    Zone.objects.filter(pk=between.own.pk).update(since=date(2026, 4, 1))
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.AGREEMENT, scenario=kept)))
    assert "«\u00a0CPTS Première\u00a0» : Bourg" in told
    assert "que depuis le 1er avril 2026" in told
    assert not Outcome.objects.exists()


def test_a_perimeter_that_changed_after_the_date_of_effect_refuses_for_all(ars, between, conciliation):
    more = ZoneFactory(name="Ailleurs")
    change_perimeter(between.second, [between.other, more, *between.disputed], date(2026, 4, 1), reason="", by=ars)
    kept = scenario(ars, conciliation, between, None, None)
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept)))
    assert "«\u00a0CPTS Seconde\u00a0» : Le périmètre a déjà changé le 1er avril 2026" in told
    assert set(held(between.first)) == {"Bourg", "Est", "Ouest"}, "the first one was changed, then taken back"
    assert not Outcome.objects.exists()


def test_a_closed_conciliation_takes_no_second_outcome(ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))
    told = refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED)))
    assert "close depuis le 2 mars 2026" in told


# Pages


def test_the_page_of_an_outcome_records_it(client_of, ars, between, conciliation):
    url = reverse("conciliation_outcome", args=[conciliation.pk, "partnership"])
    client = client_of(ars)
    basis = client.get(url).context["form"].initial["basis"]
    said = sent(successor=between.first.pk, zones="accueil", basis=basis)
    assert client.post(url, said).url == conciliation.get_absolute_url()
    page = text(client.get(conciliation.get_absolute_url()))
    assert "Issue : Adhésion ou partenariat" in page
    assert "perd Est, Ouest (en partie)" in page
    assert "Et si" not in page
    assert "close" in text(client.get(url))


def test_the_page_shows_each_side_without_the_zones_left_unvalidated(client_of, ars, conciliation):
    def shown(kind: str) -> list[tuple[str, int]]:
        page = client_of(ars).get(reverse("conciliation_outcome", args=[conciliation.pk, kind]))
        return [
            (figure.party.project.name, figure.population)
            for variant, _ in page.context["usual"]
            for figure in variant.figures
            if variant.name in text(page)
        ]

    assert shown("unvalidated") == [("CPTS Première", 40_000), ("CPTS Seconde", 30_000)]
    assert shown("merger") == []


def test_who_writes_from_an_older_page_loses_nothing(client_of, ars, between, conciliation, department):
    url = reverse("conciliation_outcome", args=[conciliation.pk, "unvalidated"])
    basis = client_of(ars).get(url).context["form"].initial["basis"]
    change_perimeter(between.first, [between.own, *between.disputed, ZoneFactory()], OPENED, reason="", by=ars)
    page = client_of(ars).post(url, sent(basis=basis, motivation="Longuement pesée"))
    assert page.status_code == 422
    assert "le périmètre d'un des projets a changé" in text(page)
    assert "Longuement pesée" in text(page)
    again = sent(basis=page.context["form"]["basis"].value())
    assert client_of(ars).post(url, again).status_code == 302


def test_an_unknown_outcome_is_not_found(client_of, ars, conciliation):
    for kind in ("lapsed", "divorce"):
        assert client_of(ars).get(reverse("conciliation_outcome", args=[conciliation.pk, kind])).status_code == 404


def test_a_scenario_of_another_conciliation_is_no_choice(client_of, ars, department, conciliation):
    other = quarrel(department)
    foreign = scenario(ars, opened(ars, other), other, None, None)
    url = reverse("conciliation_outcome", args=[conciliation.pk, "agreement"])
    assert client_of(ars).post(url, sent(scenario=foreign.pk)).status_code == 422
    assert "scénario" in refusal_of(lambda: decide(ars, conciliation.pk, outcome(Kind.AGREEMENT, scenario=foreign)))


# Without object


def test_it_lapses_once_a_project_is_abandoned_and_not_before(client_of, ars, cpam, between, conciliation):
    assert "partagent encore : Est, Ouest" in refusal_of(lambda: lapse(cpam, conciliation.pk, DECIDED, "Abandon"))
    take(ars, between.second, "abandon", date(2026, 2, 16))
    url = reverse("conciliation_lapse", args=[conciliation.pk])
    assert "La superposition a cessé" in text(client_of(cpam).get(conciliation.get_absolute_url()))
    assert client_of(cpam).post(url, {"closed_on": "2026-03-02", "motivation": "Abandon"}).status_code == 302
    conciliation.refresh_from_db()
    assert (conciliation.until, conciliation.outcome.kind) == (DECIDED, Kind.LAPSED)
    assert not conciliation.outcome.changes.exists()


def test_it_does_not_lapse_before_the_day_on_which_a_zone_leaves(ars, between, conciliation):
    tomorrow = timezone.localdate() + timedelta(days=1)
    change_perimeter(between.second, [between.other], tomorrow, reason="Retrait prévu", by=ars)
    assert "partagent encore : Est, Ouest" in refusal_of(lambda: lapse(ars, conciliation.pk, DECIDED, "Abandon"))


# Taking back


def test_an_outcome_entered_by_mistake_is_taken_back_with_what_it_changed(client_of, ars, between, conciliation):
    before = held(between.first), held(between.second)
    kept = scenario(ars, conciliation, between, between.first, None)
    decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept))
    url = reverse("conciliation_reopen", args=[conciliation.pk])
    assert client_of(ars).post(url, {"reason": ""}).status_code == 422
    assert client_of(ars).post(url, {"reason": "mauvais scénario"}).status_code == 302
    conciliation.refresh_from_db()
    assert conciliation.until is None
    assert (held(between.first), held(between.second)) == before
    assert not Outcome.objects.exists()
    assert Outcome.history.first().history_change_reason == "mauvais scénario"
    changes = PerimeterChange.objects.filter(origin=PerimeterChange.Origin.CONCILIATION)
    assert {change.taken_back_reason for change in changes} == {"mauvais scénario"}
    assert decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept)).pk, "the scenario is fresh again"


def test_a_merger_is_taken_back_with_its_step(ars, between, conciliation):
    before = held(between.first), held(between.second)
    decide(ars, conciliation.pk, outcome(Kind.MERGER, successor=between.second))
    reopen(ars, conciliation.pk, "pas de fusion")
    assert Project.objects.get(pk=between.first.pk).state == State.ENGINEERING
    assert (held(between.first), held(between.second)) == before


def test_the_step_of_a_merger_by_conciliation_is_not_taken_back_alone(client_of, ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.MERGER, successor=between.second))
    merged = Project.objects.get(pk=between.first.pk).stages.get(state=State.MERGED)
    with pytest.raises(PermissionDenied, match="rouvrez la conciliation"):
        take_back(ars, between.first.pk, "erreur", seen_stage=merged.pk)
    page = client_of(ars).get(between.first.get_absolute_url())
    assert not page.context["may_take_back"]
    assert Project.objects.get(pk=between.first.pk).state == State.MERGED


def test_what_changed_since_holds_the_outcome(client_of, ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))
    change_perimeter(between.first, [between.own, between.disputed[0]], date(2026, 5, 4), reason="", by=ars)
    assert "CPTS Première" in refusal_of(lambda: reopen(ars, conciliation.pk, "erreur"))
    assert held(between.second) == {"Ville": False}
    assert "a changé depuis" in text(client_of(ars).get(reverse("conciliation_reopen", args=[conciliation.pk])))


def test_only_its_author_or_a_manager_takes_it_back(client_of, ars, cpam, department, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))
    colleague = UserFactory(role=User.Role.OFFICER, institution=ars.institution, departments=[department])
    for user in (cpam, colleague):
        with pytest.raises(PermissionDenied):
            reopen(user, conciliation.pk, "erreur")
    headquarters = InstitutionFactory(kind=Institution.Kind.ARS_HEADQUARTERS)
    manager = UserFactory(role=User.Role.MANAGER, institution=headquarters, departments=[department])
    assert reopen(manager, conciliation.pk, "erreur").until is None


def test_the_change_of_an_outcome_is_not_undone_alone(ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))
    change = last_change(between.first)
    told = refusal_of(lambda: take_back_change(ars, between.first.pk, change.pk, "erreur"))
    assert "conciliation" in told


def test_it_is_not_reopened_beside_a_newer_one(ars, between, conciliation):
    decide(ars, conciliation.pk, outcome(Kind.PARTNERSHIP, successor=between.first))
    opened(ars, between)
    assert "Une autre conciliation est ouverte" in refusal_of(lambda: reopen(ars, conciliation.pk, "erreur"))


# At the same moment


@pytest.mark.django_db(transaction=True)
def test_two_outcomes_at_once_and_one_is_told(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.first, None)

    def one() -> Outcome:
        return decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept))

    def other() -> Outcome:
        return decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))

    with meeting(Outcome):
        results = at_once(one, other)
    assert sum(isinstance(result, Outcome) for result in results) == 1
    assert sum("close depuis" in str(result) for result in results) == 1
    assert Outcome.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_disputed_commune_is_split_while_an_outcome_is_decided(ars, between, conciliation):
    """Each holds what the other asks for next: the conciliation and the projects."""
    administrator = UserFactory(role=User.Role.ADMINISTRATOR)
    plan = SplitPlan(between.disputed[0], DECIDED, read_parts([["Haut", 6_000], ["Bas", 2_000]], between.codes[0]))
    both_hold_something = Barrier(2)

    def meet(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "FOR NO KEY UPDATE" in sql or "FOR UPDATE" in sql:
            with suppress(BrokenBarrierError):
                both_hold_something.wait(timeout=0.5)
        return result

    def end() -> Outcome:
        with connection.execute_wrapper(meet):
            return decide(ars, conciliation.pk, outcome(Kind.UNVALIDATED))

    def cut() -> ZoneSplit:
        with connection.execute_wrapper(meet):
            return split_commune(administrator, plan, source="Quartiers", reason="", shown=plan.fingerprint)

    ended, done = at_once(end, cut)
    assert isinstance(done, ZoneSplit) or "n'est plus ce qui était affiché" in done
    assert isinstance(ended, Outcome) or isinstance(done, ZoneSplit)


@pytest.mark.django_db(transaction=True)
def test_an_outcome_and_an_amendment_at_once_never_mix(ars, between, conciliation):
    kept = scenario(ars, conciliation, between, between.first, None)
    more = ZoneFactory(name="Ailleurs")

    def end() -> Outcome:
        return decide(ars, conciliation.pk, outcome(Kind.DG_CHOICE, scenario=kept))

    def amend() -> str:
        with transaction.atomic():
            project = lock(Project.objects, between.first.pk)
            zones = [*project.perimeter.zones_on(DECIDED), more]
            change_perimeter(project, zones, DECIDED + timedelta(days=1), reason="Extension", by=ars)
        return "amended"

    ended, amended = at_once(end, amend)
    assert amended == "amended"
    names = set(held(between.first))
    if isinstance(ended, Outcome):
        assert names == {"Bourg", "Est", "Ailleurs"}
    else:
        assert "a changé" in ended
        assert names == {"Bourg", "Est", "Ouest", "Ailleurs"}
        assert dispute_of(conciliation, ars).remaining
