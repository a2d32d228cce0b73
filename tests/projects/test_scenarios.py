"""What-if: what each way to share disputed zones gives, and the scenarios that are kept."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from projects.conciliations.disputes import dispute_of
from projects.conciliations.scenarios import renew_scenario, save_scenario, saved_variants
from projects.conciliations.sharing import population, shared_out, still_disputed, usual_choices
from projects.models import Scenario
from projects.perimeters import change_perimeter
from territories.overlap import Held
from tests.acts import take
from tests.factories import ZoneFactory
from tests.projects.disputes import OPENED, Quarrel, opened, outcome, quarrel, scenario

A, B, C = 1, 2, 3
HELD = {A: {"own": Held(40), "x": Held(8), "y": Held(5)}, B: {"other": Held(30), "x": Held(8), "y": Held(5, True)}}
DISPUTED = {"x": 8, "y": 5}


@pytest.mark.parametrize(
    ("choice", "populations"),
    [
        ({}, (53, 43)),
        ({"x": A, "y": A}, (53, 30)),
        ({"x": B, "y": B}, (40, 43)),
        ({"x": A, "y": B}, (48, 35)),
        ({"x": None, "y": None}, (40, 30)),
        ({"x": None}, (45, 35)),
    ],
)
def test_what_each_way_to_share_gives(choice, populations):
    after = shared_out(HELD, DISPUTED, choice)
    assert (population(after[A]), population(after[B])) == populations


def test_who_held_a_zone_in_part_still_does_and_who_did_not_holds_it_whole():
    after = shared_out(HELD | {C: {}}, DISPUTED, {"x": C, "y": B})
    assert after[B]["y"] == Held(5, is_partial=True)
    assert after[C] == {"x": Held(8)}
    assert after[A] == {"own": Held(40)}


def test_all_goes_to_those_only_who_claim_all_of_it():
    assert [usual.party for usual in usual_choices(HELD, DISPUTED)] == [A, B, None]
    assert [usual.party for usual in usual_choices(HELD | {C: {"x": Held(8)}}, DISPUTED)] == [A, B, None]
    assert usual_choices(HELD, []) == []


def test_a_zone_is_disputed_as_long_as_two_hold_it():
    assert still_disputed(HELD.values(), DISPUTED) == ["x", "y"]
    assert still_disputed(shared_out(HELD, DISPUTED, {"x": A}).values(), DISPUTED) == ["y"]


@pytest.fixture
def between(department) -> Quarrel:
    return quarrel(department, partial=[1])


def figures(page) -> list[int]:
    return [figure.population for figure in page.context["tried"].figures]


def field(between: Quarrel, rank: int) -> str:
    return f"zone_{between.disputed[rank].pk}"


def test_figures_follow_the_choice_with_and_without_script(client_of, ars, between):
    conciliation = opened(ars, between)
    choice = {field(between, 0): between.first.pk, field(between, 1): 0}
    for name in ("conciliation", "conciliation_variant"):
        page = client_of(ars).get(reverse(name, args=[conciliation.pk]), choice)
        assert figures(page) == [48_000, 30_000]
        assert "48\u202f000" in page.content.decode()
    nothing = client_of(ars).get(reverse("conciliation", args=[conciliation.pk]))
    assert figures(nothing) == [53_000, 43_000]
    usual = [variant.name for variant, _ in nothing.context["usual"]]
    assert usual == ["Aujourd'hui", "Tout à CPTS Première", "Tout à CPTS Seconde", "À personne"]


def test_figures_tell_tier_and_euros_once_there_is_a_tariff(client_of, ars, between):
    call_command("load_tariffs")
    conciliation = opened(ars, between)
    choice = {field(between, 0): 0, field(between, 1): 0}
    page = client_of(ars).get(reverse("conciliation_variant", args=[conciliation.pk]), choice).content.decode()
    assert "au lieu de 2" in page
    assert "−" in page
    assert "hab. avant la taille 2" in page


def test_a_choice_is_kept_under_a_name(client_of, ars, cpam, between):
    conciliation = opened(ars, between)
    url = reverse("scenario_new", args=[conciliation.pk])
    said = {field(between, 0): between.second.pk, field(between, 1): 0, "name": "Est à Seconde", "comment": "À voir"}
    assert client_of(cpam).post(url, said).status_code == 302
    (kept,) = conciliation.scenarios.all()
    assert {share.zone.name: share.project for share in kept.shares.all()} == {"Est": between.second, "Ouest": None}
    page = client_of(ars).get(conciliation.get_absolute_url(), {"scenario": kept.pk})
    assert figures(page) == [40_000, 38_000]
    again = client_of(ars).post(url, said)
    assert again.status_code == 422
    assert "Un scénario porte déjà ce nom." in again.content.decode()


def test_every_zone_goes_somewhere_or_to_nobody(client_of, ars, between):
    conciliation = opened(ars, between)
    said = {field(between, 0): between.second.pk, "name": "Incomplet"}
    page = client_of(ars).post(reverse("scenario_new", args=[conciliation.pk]), said)
    assert page.status_code == 422
    text = page.content.decode()
    assert "Ouest : Dites à qui va cette zone" in text
    assert "Incomplet" in text
    assert figures(page) == [45_000, 43_000], "what was chosen is still there"
    assert not Scenario.objects.exists()


def test_a_scenario_gives_nothing_to_a_stranger(ars, between):
    conciliation = opened(ars, between)
    with pytest.raises(ValidationError, match="de cette conciliation"):
        save_scenario(ars, conciliation.pk, "A", "", dict.fromkeys(between.codes, 999_999))


def test_a_changed_perimeter_makes_it_stale_until_it_is_confirmed(client_of, ars, between, department):
    conciliation = opened(ars, between)
    kept = scenario(ars, conciliation, between, between.first, None)
    zones = [between.own, *between.disputed, ZoneFactory(department=department)]
    change_perimeter(between.first, zones, date(2026, 2, 2), reason="Extension", by=ars)

    def is_stale() -> bool:
        return saved_variants(dispute_of(conciliation, ars))[0].is_stale

    assert is_stale()
    page = client_of(ars).get(conciliation.get_absolute_url()).content.decode()
    assert "Périmé" in page
    assert client_of(ars).post(reverse("scenario_renew", args=[conciliation.pk, kept.pk])).status_code == 302
    assert not is_stale()


def test_a_scenario_that_gives_zones_to_a_project_that_has_ended_is_stale_for_ever(ars, between):
    conciliation = opened(ars, between)
    kept = scenario(ars, conciliation, between, between.first, between.second)
    take(ars, between.second, "abandon", date(2026, 2, 16))
    (variant,) = saved_variants(dispute_of(conciliation, ars))
    assert variant.is_stale
    with pytest.raises(ValidationError, match="a pris fin"):
        renew_scenario(ars, conciliation.pk, kept.pk)
    kept.basis = dispute_of(conciliation, ars).basis()
    kept.save()
    assert saved_variants(dispute_of(conciliation, ars))[0].is_stale, "even confirmed once"


def test_a_disputed_commune_that_was_split_is_shared_part_by_part(ars, between):
    conciliation = opened(ars, between)
    kept = scenario(ars, conciliation, between, between.first, None)
    east = between.disputed[0]
    ZoneFactory(parent=east, kind="part", name="Est haut", population=3_000)
    ZoneFactory(parent=east, kind="part", name="Est bas", population=5_000)
    dispute = dispute_of(conciliation, ars)
    assert [zone.name for zone in dispute.zones] == ["Est bas", "Est haut", "Ouest"]
    with pytest.raises(ValidationError, match="ne sont plus les mêmes"):
        renew_scenario(ars, conciliation.pk, kept.pk)


def test_a_scenario_is_withdrawn_unless_it_was_applied(client_of, ars, between):
    conciliation = opened(ars, between)
    kept, applied = (scenario(ars, conciliation, between, between.first, None, name=name) for name in "AB")
    ending = outcome("dg_choice", scenario=applied, conciliation=conciliation)
    ending.save()
    urls = [reverse("conciliation_withdraw", args=[conciliation.pk, "scenario", each.pk]) for each in (kept, applied)]
    statuses = [client_of(ars).post(url, {"reason": "essai"}).status_code for url in urls]
    assert statuses == [302, 422]
    assert list(conciliation.scenarios.all()) == [applied]


def test_nothing_is_kept_once_it_is_closed(client_of, ars, between):
    conciliation = opened(ars, between)
    conciliation.until = OPENED
    conciliation.save()
    with pytest.raises(ValidationError, match="close"):
        scenario(ars, conciliation, between, None, None)
