"""What a contract asks for by a date: the contract of 1 March 2020, tier 2 of the invented tariff, unless told."""

from datetime import date

import pytest

from aci.contracts import Books, with_life, without_results
from aci.models import Contract, Meeting
from aci.watch import Alert, Watch, alerts_of, end_of, watch
from projects.models import Project
from projects.states import State
from tests.aci.acts import engage, hold_dialogue
from tests.factories import ContractFactory, MeetingFactory, ProjectFactory, TariffFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(db: None) -> Contract:
    return ContractFactory()


def alerts(contract: Contract, day: str, population: int | None = None) -> list[Alert]:
    fetched = with_life(Contract.objects.filter(pk=contract.pk)).get()
    asked = date.fromisoformat(day)
    return alerts_of(fetched, without_results(fetched, Books(), asked), asked, population)


def told(contract: Contract, day: str, kind: Watch) -> list[tuple[str, str, bool]]:
    return [(each.what, str(each.day), each.is_late) for each in alerts(contract, day) if each.kind == kind]


def deploy(contract: Contract, mission: str, on: date) -> None:
    contract.engagements.filter(mission=mission).update(deployed_on=on)


@pytest.mark.parametrize(
    ("day", "what", "is_late"),
    [
        ("2020-03-01", "Mission « Accès aux soins » à engager", False),
        ("2020-09-01", "Mission « Accès aux soins » à engager", False),  # six months, that day included
        ("2020-09-02", "Mission « Accès aux soins » non engagée à temps", True),
    ],
)
def test_a_mission_is_to_be_engaged_within_the_months_of_the_tariff(contract, day, what, is_late) -> None:
    first = told(contract, day, Watch.MISSION_START)[0]
    assert first == (what.replace("« ", "«\u00a0").replace(" »", "\u00a0»"), "2020-09-01", is_late)


def test_what_the_tariff_leaves_free_is_not_watched(contract) -> None:
    watched = told(contract, "2024-01-01", Watch.MISSION_START)
    assert [(what, limit) for what, limit, _ in watched] == [
        ("Mission «\u00a0Accès aux soins\u00a0» non engagée à temps", "2020-09-01"),
        ("Mission «\u00a0Plan de crise\u00a0» non engagée à temps", "2020-09-01"),
        ("Mission «\u00a0Parcours\u00a0» non engagée à temps", "2021-03-01"),
    ]


def test_an_engaged_mission_is_to_be_deployed(contract) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1), decided_on=date(2020, 5, 15))
    assert told(contract, "2021-09-01", Watch.DEPLOYMENT) == [
        ("Mission «\u00a0Accès aux soins\u00a0» à déployer pleinement", "2021-09-01", False)
    ]
    ((what, _, is_late),) = told(contract, "2021-09-02", Watch.DEPLOYMENT)
    assert (what, is_late) == ("Mission «\u00a0Accès aux soins\u00a0» non déployée à temps", True)
    deploy(contract, "acces_soins", date(2021, 10, 1))
    assert len(told(contract, "2021-09-30", Watch.DEPLOYMENT)) == 1  # as it was seen that day
    assert told(contract, "2021-10-01", Watch.DEPLOYMENT) == []


def test_before_its_copil_a_mission_is_not_engaged(contract) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1), decided_on=date(2020, 5, 15))
    assert len(told(contract, "2020-05-14", Watch.MISSION_START)) == 3
    assert len(told(contract, "2020-05-15", Watch.MISSION_START)) == 2


def test_a_mission_that_has_stopped_is_not_watched_any_more(contract) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1), ends_on=date(2021, 1, 1))
    assert told(contract, "2022-01-01", Watch.DEPLOYMENT) == []


def test_what_an_amendment_brings_is_counted_from_the_year_it_brings_it_in() -> None:
    bare = TariffFactory(since=date(2018, 1, 1))
    bare.lines.filter(mission__startswith="crise").delete()
    contract = ContractFactory(terms__tariff=bare)
    amendment = contract.amendments.create(number=1, signed_on=date(2022, 2, 1), purpose="Avenant 2")
    terms = {"population": 98_204, "population_vintage": 2019, "tier": 2, "tariff": TariffFactory()}
    contract.terms.create(from_year=3, amendment=amendment, **terms)
    assert told(contract, "2022-01-31", Watch.CRISIS_PLAN) == []
    assert told(contract, "2022-03-01", Watch.CRISIS_PLAN) == [("Plan de crise à remettre", "2023-02-28", False)]
    limits = {what: limit for what, limit, _ in told(contract, "2022-03-01", Watch.MISSION_START)}
    assert limits["Mission «\u00a0Plan de crise\u00a0» à engager"] == "2022-09-01"


def test_the_crisis_plan_is_written_in_the_first_year_then_updated(contract) -> None:
    assert told(contract, "2021-02-28", Watch.CRISIS_PLAN) == [("Plan de crise à remettre", "2021-02-28", False)]
    assert told(contract, "2021-03-01", Watch.CRISIS_PLAN) == [("Plan de crise non remis", "2021-02-28", True)]
    contract.crisis_plans.create(year=1, delivered_on=date(2021, 3, 2))
    assert told(contract, "2021-03-02", Watch.CRISIS_PLAN) == [
        ("Plan de crise à mettre à jour (année 2)", "2022-02-28", False)
    ]
    assert told(contract, "2022-03-01", Watch.CRISIS_PLAN) == [
        ("Plan de crise non mis à jour (année 2)", "2022-02-28", True),
        ("Plan de crise à mettre à jour (année 3)", "2023-02-28", False),
    ]
    contract.crisis_plans.create(year=2, delivered_on=date(2022, 3, 5))
    contract.crisis_plans.create(year=3, delivered_on=date(2022, 3, 5))
    assert told(contract, "2022-03-05", Watch.CRISIS_PLAN) == []


def test_a_plan_of_a_year_to_come_does_not_hide_the_first_one(contract) -> None:
    contract.crisis_plans.create(year=3, delivered_on=date(2021, 1, 2))
    assert told(contract, "2021-02-01", Watch.CRISIS_PLAN) == [("Plan de crise à remettre", "2021-02-28", False)]
    assert told(contract, "2021-03-01", Watch.CRISIS_PLAN) == [("Plan de crise non remis", "2021-02-28", True)]
    assert told(contract, "2022-03-01", Watch.CRISIS_PLAN) == []


def test_no_crisis_plan_without_that_mission_in_the_tariff() -> None:
    bare = TariffFactory()
    bare.lines.filter(mission__startswith="crise").delete()
    assert told(ContractFactory(terms__tariff=bare), "2021-06-01", Watch.CRISIS_PLAN) == []


def test_two_copils_a_contract_year(contract) -> None:
    assert told(contract, "2020-03-01", Watch.COPIL) == [("COPIL de l'année 1 : 0 tenu sur 2", "2021-02-28", False)]
    MeetingFactory(contract=contract, held_on=date(2020, 5, 15))
    MeetingFactory(contract=contract, held_on=date(2020, 10, 1), called_off="Grève")
    MeetingFactory(contract=contract, held_on=date(2020, 11, 1), kind=Meeting.Kind.COTECH)
    MeetingFactory(contract=contract, held_on=date(2021, 3, 1))  # of the second year
    assert told(contract, "2021-03-01", Watch.COPIL) == [
        ("COPIL de l'année 1 : 1 tenu sur 2", "2021-02-28", True),
        ("COPIL de l'année 2 : 1 tenu sur 2", "2022-02-28", False),
    ]
    MeetingFactory(contract=contract, held_on=date(2021, 2, 28))
    assert [what for what, _, _ in told(contract, "2021-03-01", Watch.COPIL)] == ["COPIL de l'année 2 : 1 tenu sur 2"]
    assert [is_late for *_, is_late in told(contract, "2023-06-01", Watch.COPIL)] == [
        True,
        False,
    ]  # not the years before


def test_one_dialogue_a_year_with_its_minutes(contract) -> None:
    assert told(contract, "2021-03-01", Watch.DIALOGUE) == [
        ("Dialogue de gestion de l'année 1 non tenu", "2021-02-28", True),
        ("Dialogue de gestion de l'année 2 à tenir", "2022-02-28", False),
    ]
    dialogue = hold_dialogue(contract, 1, date(2021, 3, 10))
    assert len(told(contract, "2021-03-10", Watch.DIALOGUE)) == 1
    Meeting.objects.filter(pk=dialogue.pk).update(minutes="", minutes_on=None)
    assert (
        told(contract, "2021-03-10", Watch.DIALOGUE)[0][0] == "Dialogue de gestion de l'année 1 : compte rendu à dater"
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-08-31", []),
        ("2024-09-01", [("Fin du contrat : renouvellement à préparer", "2025-02-28", False)]),
        ("2025-02-28", [("Fin du contrat : renouvellement à préparer", "2025-02-28", False)]),
        ("2025-03-01", [("Contrat à son terme, sans renouvellement", "2025-02-28", True)]),
    ],
)
def test_the_renewal_is_told_six_months_before_the_term(contract, day, expected) -> None:
    assert told(contract, day, Watch.RENEWAL) == expected


def test_a_renewed_contract_says_nothing_more(contract) -> None:
    ContractFactory(project=contract.project, number=2, signed_on=date(2024, 11, 1), starts_on=date(2025, 3, 1))
    assert told(contract, "2024-10-31", Watch.RENEWAL) != []
    assert told(contract, "2024-11-01", Watch.RENEWAL) == []
    assert [each.kind for each in alerts(contract, "2025-02-28")] != []
    assert alerts(contract, "2025-03-01") == []


def test_nothing_is_asked_before_the_signature_nor_after_the_end() -> None:
    stages = [("aci_signed", date(2020, 3, 1)), ("terminated", date(2021, 9, 1))]
    ended = ContractFactory(project=ProjectFactory(stages=stages))
    assert alerts(ended, "2020-02-29") == []
    assert alerts(ended, "2021-08-31") != []
    assert alerts(ended, "2021-09-01") == alerts(ended, "2026-01-01") == []
    fetched = with_life(Contract.objects.filter(pk=ended.pk)).get()
    day = date(2021, 9, 1)
    assert end_of(fetched, without_results(fetched, Books(), day), day) == day


@pytest.mark.parametrize(("population", "tier"), [(98_204, None), (80_000, None), (79_999, 1)])
def test_the_tier_that_the_population_of_the_day_would_give_is_told(contract, population, tier) -> None:
    found = [each for each in alerts(contract, "2022-01-01", population) if each.kind == Watch.TIER]
    assert bool(found) == bool(tier)
    if tier:
        assert (found[0].day, found[0].is_late) == (None, False)
        assert "79\u202f999 habitants" in found[0].what
        assert f"taille {tier} (contrat : taille 2)" in found[0].what


def test_the_tier_comes_from_the_perimeter_of_the_day(contract) -> None:
    contract.project.perimeter.set_zones([ZoneFactory(population=70_000)], date(2021, 6, 1))
    for day, kinds in (("2021-05-31", []), ("2021-06-01", [Watch.TIER])):
        (watched,) = watch(Contract.objects.all(), date.fromisoformat(day))
        assert [each.kind for each in watched.alerts if each.kind == Watch.TIER] == kinds


def test_what_a_meeting_sees_to_opens_the_meetings(contract) -> None:
    pages = {each.kind: each.url for each in alerts(contract, "2020-06-01")}
    assert pages[Watch.COPIL].endswith(f"/contrats/{contract.pk}/dialogue")
    assert pages[Watch.CRISIS_PLAN] == f"{contract.get_absolute_url()}#crises"


def test_as_many_queries_for_three_contracts_as_for_one(contract, django_assert_num_queries) -> None:
    engage(contract, "acces_soins", date(2020, 6, 1))
    for wanted in (1, 3):
        while Contract.objects.count() < wanted:
            more = ContractFactory(project=ProjectFactory(stages=[(State.ACI_SIGNED, date(2020, 3, 1))]))
            engage(more, "acces_soins", date(2020, 6, 1))
        with django_assert_num_queries(14):
            found = watch(Contract.objects.all(), date(2021, 6, 1))
        assert len(found) == Project.objects.count() == wanted
