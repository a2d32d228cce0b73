"""The indicators of a contract year, negotiated in versions; the one a meeting retains pays."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aci.models import Contract, IndicatorSet
from aci.negotiation import release, retain, why_not_change, why_not_retain
from tests.aci.acts import engage, indicator, measure
from tests.aci.acts import retain as retained
from tests.factories import ContractFactory, MeetingFactory

pytestmark = pytest.mark.django_db
STEPS = [(None, 50, 20_000), (51, 100, 6_000), (101, 219, 3_000)]


@pytest.fixture
def contract(department) -> Contract:
    """In its own department, with one mission of 35 000 € since June 2020."""
    contract = ContractFactory(project__lead_department=department)
    engage(contract, "acces_soins", date(2020, 6, 1))
    return contract


def propose(contract: Contract, *indicators: tuple, year: int = 1, **said) -> IndicatorSet:
    number = contract.indicator_sets.filter(year=year).count() + 1
    return retained(contract, year, *indicators, number=number, retained_on=None, **said)


def page_of(contract: Contract, query: str = "annee=1") -> str:
    return f"/aci/contrats/{contract.pk}/indicateurs?{query}"


def loaded(page) -> str:
    """What the hidden field of a page carries along."""
    return page.context["form"]["loaded"].value()


def sent(page, **typed) -> dict:
    return {"loaded": loaded(page)} | typed


def steps_typed(*rows: tuple) -> dict:
    typed = {"paliers-TOTAL_FORMS": len(rows), "paliers-INITIAL_FORMS": 0}
    for n, row in enumerate(rows):
        typed |= {f"paliers-{n}-{name}": value for name, value in zip(("low", "high", "amount"), row, strict=True)}
    return typed


def text_of(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()).replace("&#x27;", "'")).replace(
        "\u202f", " "
    )


# Retaining


def test_a_version_is_retained_when_it_lacks_nothing_and_only_then(contract):
    version = propose(contract, (indicator(contract), STEPS))
    [why] = why_not_retain(version)
    assert "15\u202f000,00\u00a0€ manquent" in why
    with pytest.raises(ValidationError, match="manquent"):
        retain(version, date(2020, 6, 15))
    version.refresh_from_db()
    assert version.retained_on is None
    version.negotiated.create(indicator=indicator(contract, code="sas", direction="done")).steps.create(
        low=1, high=1, amount=15_000
    )
    assert why_not_retain(version) == []
    retain(version, date(2020, 6, 15))
    version.refresh_from_db()
    assert version.retained_on == date(2020, 6, 15)
    assert why_not_retain(version) == ["Cette version est déjà retenue."]


def test_a_version_retained_replaces_the_former_one_unless_results_rest_on_it(contract):
    first = propose(contract, (indicator(contract), [(None, 50, 35_000)]))
    second = propose(contract, (indicator(contract), [(None, 40, 35_000)]))
    retain(first, date(2020, 6, 15))
    retain(second, date(2020, 9, 15))
    first.refresh_from_db()
    assert first.retained_on is None
    measure(second.negotiated.get(), 30, date(2021, 3, 10))
    third = propose(contract, (indicator(contract), [(None, 30, 35_000)]))
    assert why_not_retain(third) == ["Des résultats finals reposent sur la v2, qui est retenue : retirez-les d'abord."]
    decision = MeetingFactory(contract=contract).decisions.create(kind="indicators", indicator_set=second)
    with pytest.raises(ValidationError):
        release(second, decision)


def test_what_cannot_be_retained_whatever_it_holds(contract):
    assert why_not_retain(propose(contract)) == ["Cette version n'a aucun indicateur."]
    beyond = propose(contract, (indicator(contract), STEPS), year=6)
    assert why_not_retain(beyond) == ["L'année 6 n'est pas du contrat, qui en a 5."]
    elsewhere = indicator(contract, mission="parcours", code="rcp")
    steps = (elsewhere, [(None, 10, 45_000)])
    found = why_not_retain(propose(contract, (indicator(contract), [(None, 50, 35_000)]), steps))
    assert found == ["« Indicateur rcp » : sa mission n'est pas engagée cette année-là."]


def test_only_the_last_version_is_written_in_as_long_as_it_is_not_retained(contract):
    first = propose(contract, (indicator(contract), [(None, 50, 35_000)]))
    assert why_not_change(first) == ""
    second = propose(contract, (indicator(contract), [(None, 50, 35_000)]))
    assert "La v2 a suivi la v1" in why_not_change(first)
    retain(second, date(2020, 6, 15))
    assert "La v2 est retenue" in why_not_change(second)


# A version


def test_versions_go_from_one_party_to_the_other(contract, cpam, ars, client_of):
    client = client_of(cpam)
    address = f"/aci/contrats/{contract.pk}/indicateurs/nouvelle-version?annee=1"
    page = client.get(address)
    said = {"sender": "insurance", "sent_on": "2020-06-10", "calculation": "steps", "comments": "Première proposition"}
    assert client.post(address, sent(page, start="blank", **said)).status_code == 302
    first = contract.indicator_sets.get()
    assert (first.number, first.recorded_by, first.comments) == (1, cpam, "Première proposition")
    first.negotiated.create(indicator=indicator(contract)).steps.create(high=50, amount=35_000)
    page = client_of(ars).get(address)
    early = client_of(ars).post(address, sent(page, start="previous", **said | {"sent_on": "2020-06-01"}))
    assert early.status_code == 422
    assert "La v1 est du 10/06/2020" in text_of(early)
    answer = sent(page, start="previous", **said | {"sender": "cpts", "sent_on": "2020-06-20"})
    assert client_of(ars).post(address, answer).status_code == 302
    second = contract.indicator_sets.get(number=2)
    assert [str(step) for step in second.negotiated.get().steps.all()] == ["≤ 50 : 35000.00 €"]


def test_a_new_version_is_refused_when_somebody_has_just_sent_one(contract, cpam, client_of):
    address = f"/aci/contrats/{contract.pk}/indicateurs/nouvelle-version?annee=1"
    said = {"sender": "cpts", "sent_on": "2020-06-10", "calculation": "steps", "start": "blank"}
    page = client_of(cpam).get(address)
    propose(contract)
    refused = client_of(cpam).post(address, sent(page, **said))
    assert refused.status_code == 422
    assert contract.indicator_sets.count() == 1


def test_the_year_after_starts_from_what_was_retained_and_carries_over_what_was_missed(contract, cpam, client_of):
    missed, met = indicator(contract), indicator(contract, code="sas")
    version = propose(contract, (missed, [(None, 50, 15_000), (51, 100, 3_000)]), (met, [(None, 50, 20_000)]))
    retain(version, date(2020, 6, 15))
    lines = {each.indicator: each for each in version.negotiated.all()}
    for indicator_, value in ((missed, 100), (met, 40)):
        measure(lines[indicator_], value, date(2021, 3, 10))
    address = f"/aci/contrats/{contract.pk}/indicateurs/nouvelle-version?annee=2"
    page = client_of(cpam).get(address)
    assert "Non atteints, reconduits si vous partez de cette version : Indicateur ald." in text_of(page)
    said = {"sender": "insurance", "sent_on": "2021-03-20", "calculation": "steps", "start": "year_before"}
    told = client_of(cpam).post(address, sent(page, **said), follow=True)
    assert "Non atteints l'année d'avant, reconduits : Indicateur ald." in text_of(told)
    assert "non atteint en année 1, reconduit" in text_of(told)
    second = contract.indicator_sets.get(year=2)
    assert {each.indicator: each.carried_from for each in second.negotiated.all()} == {missed: lines[missed], met: None}


# What an indicator asks and pays


def test_an_indicator_is_written_as_people_write_it(contract, cpam, client_of):
    version = propose(contract)
    screening = indicator(contract, code="sein", direction="increase", decimals=2, unit="%")
    negotiated = version.negotiated.create(indicator=screening)
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    page = client_of(cpam).get(address)
    typed = steps_typed(
        ("69,70", "72,39", "1 000"), ("72,40", "74,99", "2 500 €"), ("75 %", "", "35 000,00"), ("", "", "")
    )
    typed |= {"is_paying": "on", "baseline": "66,26", "target": "75", "expected": "73"}
    assert client_of(cpam).post(address, sent(page, **typed)).status_code == 302
    negotiated.refresh_from_db()
    assert negotiated.baseline == Decimal("66.26")
    assert [str(step.as_step()) for step in negotiated.steps.all()] == ["69,7 à 72,39", "72,4 à 74,99", "≥ 75"]
    shown = text_of(client_of(cpam).get(page_of(contract)))
    assert "73 % → 2 500 €" in shown.replace("\u00a0", " ")
    assert "2 500 € attendus" in shown.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ([("", "50", "9000"), ("50", "100", "6000")], "se chevauchent"),
        ([("", "50", "9000"), ("60", "100", "6000")], "Rien n'est dit entre 50 et 60"),
        ([("", "50", "3000"), ("51", "100", "6000")], "un palier plus bas ne peut pas payer moins"),
        ([("", "50", "-9000")], "un montant ne peut pas être négatif"),
        ([("", "50", "36000")], "le volet variable de la mission n'est que de 35 000,00 €"),
        ([("", "50", "neuf")], "Ce nombre ne se lit pas"),
        ([("", "50", "")], "dites ce que ce palier paie"),
        ([("", "50,5", "9000")], "se mesure sans décimale"),
    ],
)
def test_steps_that_do_not_hold_are_refused_whole(contract, cpam, client_of, typed, why):
    version = propose(contract, (indicator(contract), [(None, 80, 1_000)]))
    negotiated = version.negotiated.get()
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    page = client_of(cpam).get(address)
    refused = client_of(cpam).post(address, sent(page, is_paying="on", target="50", **steps_typed(*typed)))
    assert refused.status_code == 422
    assert why in text_of(refused).replace("\u00a0", " ")
    negotiated.refresh_from_db()
    assert negotiated.target is None
    assert [step.amount for step in negotiated.steps.all()] == [1_000]


def test_a_value_that_is_none_is_refused(contract, cpam, client_of):
    done = indicator(contract, code="plan", direction="done")
    negotiated = propose(contract, (done, [])).negotiated.get()
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    refused = client_of(cpam).post(address, sent(client_of(cpam).get(address), target="3", **steps_typed()))
    assert refused.status_code == 422
    assert "fait (1) ou non fait (0)" in text_of(refused)


def test_two_people_on_one_indicator_lose_nothing(contract, cpam, ars, client_of):
    negotiated = propose(contract, (indicator(contract), [(None, 80, 1_000)])).negotiated.get()
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    mine, theirs = client_of(cpam).get(address), client_of(ars).get(address)
    first = sent(theirs, is_paying="on", target="60", **steps_typed(("", "60", "2000")))
    assert client_of(ars).post(address, first).status_code == 302
    second = sent(mine, is_paying="on", target="50", **steps_typed(("", "50", "3000")))
    refused = client_of(cpam).post(address, second)
    assert refused.status_code == 422
    assert "« Paliers » est devenu « ≤ 60 → 2 000,00 € »" in text_of(refused).replace("\u00a0", " ")
    assert "3000" in refused.content.decode()
    again = second | {"loaded": loaded(refused)}
    assert client_of(cpam).post(address, again).status_code == 302


def test_an_indicator_written_after_its_version_was_followed_or_retained_is_refused(contract, cpam, client_of):
    version = propose(contract, (indicator(contract), [(None, 80, 35_000)]))
    negotiated = version.negotiated.get()
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    page = client_of(cpam).get(address)
    retain(version, date(2020, 6, 15))
    refused = client_of(cpam).post(address, sent(page, target="1", **steps_typed()))
    assert refused.status_code == 422
    assert "La v1 est retenue" in text_of(refused)
    assert "La v1 est retenue" in text_of(client_of(cpam).get(address))


def test_indicators_of_the_catalogue_enter_and_leave_a_version(contract, cpam, client_of):
    version, ald = propose(contract), indicator(contract)
    indicator(contract, code="old", until=date(2020, 1, 1))
    address = f"/aci/versions/{version.pk}/ajouter"
    page = client_of(cpam).get(address)
    assert "Indicateur old" not in text_of(page)
    assert client_of(cpam).post(address, sent(page)).status_code == 422
    assert client_of(cpam).post(address, sent(page, indicators=[ald.pk])).status_code == 302
    again = client_of(cpam).post(address, sent(page, indicators=[ald.pk]))
    assert again.status_code == 422, "two clicks"
    negotiated = version.negotiated.get()
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    removed = client_of(cpam).post(address, sent(client_of(cpam).get(address), removed="on", **steps_typed()))
    assert removed.status_code == 302
    assert not version.negotiated.exists()


def test_the_weighted_rate_asks_for_weights(contract, cpam, client_of):
    version = propose(contract, (indicator(contract), []), calculation="weighted")
    negotiated = version.negotiated.get()
    address = f"/aci/indicateurs-negocies/{negotiated.pk}/"
    page = client_of(cpam).get(address)
    assert "Paliers" not in text_of(page)
    told = {"is_paying": "on", "baseline": "200", "target": "100", "expected": "150"}
    assert client_of(cpam).post(address, sent(page, weight="140", **told)).status_code == 422
    assert client_of(cpam).post(address, sent(page, weight="100", **told)).status_code == 302
    assert why_not_retain(version) == []
    assert "150 → 17 500 €" in text_of(client_of(cpam).get(page_of(contract))).replace("\u00a0", " ")


# Pages


def test_the_page_says_what_a_version_lacks_and_where(contract, reader, client_of):
    propose(contract, (indicator(contract), [(None, 50, 9_000)]), (indicator(contract, code="sas"), []))
    page = text_of(client_of(reader).get(page_of(contract))).replace("\u00a0", " ")
    assert "Ce qui manque à la v1 pour être retenue" in page
    assert "Donnez au moins un palier." in page
    assert "les maximums des indicateurs font 9 000,00 €" in page
    assert "Ajouter des indicateurs" not in page


def test_an_envelope_whose_split_was_not_verified_says_so(contract, reader, client_of):
    """« Total only »: the variable part is the split, and the maxima beside it are no tariff at all."""
    propose(contract, (indicator(contract), [(None, 50, 9_000)]))
    amounts = contract.terms.get().tariff.lines.get(mission="acces_soins").amounts
    pages, client = [page_of(contract), f"/aci/contrats/{contract.pk}/indicateurs/trajectoires"], client_of(reader)
    known = {"yes": [], "total only": ["barème : répartition non vérifiée"], "no": ["barème : non vérifié"]}
    for verified, said in known.items():
        amounts.update(verified=verified)
        for page in pages:
            assert re.findall(r"fr-badge--warning\">([^<]*)<", client.get(page).content.decode()) == said, page


def test_two_versions_are_compared_indicator_by_indicator(contract, reader, client_of):
    ald, sas, plan = indicator(contract), indicator(contract, code="sas"), indicator(contract, code="plan")
    first = propose(contract, (ald, [(None, 50, 9_000)]), (sas, [(None, 10, 1_000)]))
    second = propose(contract, (ald, [(None, 40, 12_000)]), (plan, []))
    address = f"/aci/contrats/{contract.pk}/indicateurs/comparer?avant={first.pk}&apres={second.pk}"
    page = text_of(client_of(reader).get(address)).replace("\u00a0", " ")
    assert "Indicateur ald Modifié Paliers ≤ 50 : 9 000,00 € ≤ 40 : 12 000,00 €" in page
    assert "Indicateur sas Retiré" in page
    assert "Indicateur plan Ajouté" in page


@pytest.mark.parametrize("query", ["annee=6", "annee=0", "annee=un", "annee=1&version=9"])
def test_an_address_that_asks_for_what_is_not_of_the_contract(contract, reader, client_of, query):
    assert client_of(reader).get(page_of(contract, query)).status_code == 400


def test_versions_of_another_contract_are_not_compared(contract, reader, client_of):
    other = propose(ContractFactory())
    address = f"/aci/contrats/{contract.pk}/indicateurs/comparer?avant={other.pk}"
    assert client_of(reader).get(address).status_code == 400


def test_the_trajectory_of_an_indicator(contract, reader, client_of):
    for year, bound in ((1, 100), (2, 50)):
        version = propose(contract, (indicator(contract), [(None, bound, 35_000)]), year=year)
        version.negotiated.update(target=bound)
    page = text_of(client_of(reader).get(f"/aci/contrats/{contract.pk}/indicateurs/trajectoires")).replace(
        "\u00a0", " "
    )
    assert re.search(r"cible 100 35 000 € au plus en négociation, v1 cible 50 35 000 € au plus", page)


def test_a_version_entered_by_mistake_is_withdrawn_with_a_reason(contract, cpam, client_of):
    version = propose(contract, (indicator(contract), STEPS), recorded_by=cpam)
    shown = client_of(cpam).get(page_of(contract))
    assert "Retirer la v1" in text_of(shown)
    withdrawal = re.search(r'href="([^"]*version-indicateurs[^"]*)"', shown.content.decode())[1]
    assert client_of(cpam).post(withdrawal, {"reason": "Mauvaise année"}).status_code == 302
    assert not IndicatorSet.objects.filter(pk=version.pk).exists()


def test_queries_do_not_grow_with_the_indicators(contract, reader, client_of):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    client = client_of(reader)
    first = propose(contract, (indicator(contract), STEPS))
    second = propose(contract, (indicator(contract), STEPS))
    addresses = [
        page_of(contract),
        f"/aci/contrats/{contract.pk}/indicateurs/comparer?avant={first.pk}&apres={second.pk}",
        f"/aci/contrats/{contract.pk}/indicateurs/trajectoires",
    ]
    before = [queries(address) for address in addresses]
    for code in ("a", "b", "c"):
        for version in (first, second):
            version.negotiated.create(indicator=indicator(contract, code=code)).steps.create(high=5, amount=10)
    assert [queries(address) for address in addresses] == before


def test_a_page_sent_incomplete_writes_nothing(contract, cpam, client_of):
    negotiated = propose(contract, (indicator(contract), STEPS)).negotiated.get()
    refused = client_of(cpam).post(
        f"/aci/indicateurs-negocies/{negotiated.pk}/", {"loaded": json.dumps([]), "removed": "on"}
    )
    assert refused.status_code == 422
    assert negotiated.steps.count() == 3
