"""Establishing a contract, or changing it: what it starts from, and what refuses it."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from aci.contracts import Books, with_facts, with_life, without_results
from aci.ledger import ledger_of
from aci.models import Amendment, Contract, ContractTerms, Crisis, CrisisPlan, Tariff
from aci.remuneration import (
    AbsurdPopulation,
    IncompleteTariff,
    TariffData,
    bound_warnings,
    check_population,
    missing_warnings,
    tier_of,
)
from aci.schedule import ContractData, DueKind, Terms
from aci.schedule_check import problems
from ground.templatetags import french
from projects.models import Project, Signature, Stage
from projects.models.project import ProjectQuerySet
from projects.states import ENDED, State

FOR_EVER = date.max  # every fact counts, whatever its day
STARTS_WITHIN = 12  # months from the signature of all to the start of a contract: ours, no text says


def signature_of(project: Project) -> Stage | None:
    """The stage that the signature of the ACI opened, the first one; None as long as it is not signed."""
    signed = [stage for stage in project.stages.all() if stage.state == State.ACI_SIGNED]
    return next((stage for stage in signed if stage.since <= timezone.localdate()), None)


def why_not_establish(project: Project) -> str:
    """Why no contract can be recorded now; empty when it can."""
    if signature_of(project) is None:
        return (
            "L'ACI de ce projet n'est pas signé : la CPTS, la CPAM et l'ARS le signent d'abord, dans l'onglet "
            "« Déploiement de l'ACI »."
        )
    former, ended = last_contract(project), end_of_project(project)
    if former and ended and end_of_contract(former) >= ended:
        return f"Le projet est résilié ou fusionné depuis le {french.day(ended)} : son contrat ne se renouvelle plus."
    return ""


def end_of_project(project: Project) -> date | None:
    """The day the project was terminated or merged, once its ACI was signed; None as long as it lives."""
    signed = signature_of(project)
    ends = (stage.since for stage in project.stages.all() if State(stage.state) in ENDED)
    return min((end for end in ends if signed and end >= signed.since), default=None)


def missing_their_contract(projects: ProjectQuerySet, day: date) -> ProjectQuerySet:
    """Those whose ACI is signed on `day` and of which no contract is recorded."""
    return projects.in_states(frozenset({State.ACI_SIGNED}), day).filter(contracts=None)


def last_contract(project: Project, *, before: int | None = None) -> Contract | None:
    """The last one, or the last one of a lower number than `before`."""
    found = with_life(Contract.objects.filter(project=project))
    return (found.filter(number__lt=before) if before else found).order_by("number").last()


def end_of_contract(contract: Contract) -> date:
    """First day without it: its term, or the day its project was terminated or merged; needs `with_life`."""
    data = facts_of(contract)
    return data.ended_on or data.term


def last_day(contract: Contract) -> date:
    return end_of_contract(contract) - timedelta(days=1)


def facts_of(contract: Contract) -> ContractData:
    """The contract with all that was ever recorded on it; needs `with_life`."""
    return without_results(contract, Books(), FOR_EVER)


def first_values(project: Project) -> dict[str, object]:
    """What the form of a new contract is filled with: signatures, perimeter and tariff of the day of the signature."""
    former, signed = last_contract(project), signature_of(project)
    if former:
        starts_on = end_of_contract(former)
        return {"starts_on": starts_on, **first_terms(project, min(starts_on, timezone.localdate()))}
    signatures = Signature.objects.filter(stage__project=project, stage__state=State.VALIDATED)
    days = {f"{each.party}_signed_on": each.signed_on for each in signatures}
    day = max(days.values(), default=signed.since if signed else timezone.localdate())
    return days | {"starts_on": day} | first_terms(project, day)


def first_terms(project: Project, day: date) -> dict[str, object]:
    """The population of the perimeter on that day, the tariff in force, and the tier that it gives."""
    held = Project.objects.with_territory_on(day).get(pk=project.pk)
    found = {"population": held.population, "population_vintage": held.vintage}
    if tariff := Tariff.objects.in_force(day):
        found["tariff"] = tariff
        with suppress(AbsurdPopulation, IncompleteTariff):
            found["tier"] = tier_given(held.population, tariff.data())
    return found


def tier_given(population: int | None, tariff: TariffData) -> int:
    """The tier of this population; raises AbsurdPopulation, also without any, or IncompleteTariff."""
    check_population(population)
    return tier_of(population, tariff).number


def warnings_of(population: int, tier: int, tariff: TariffData) -> list[str]:
    """What is to be known of these terms: an exact bound, an amount that the tariff has not."""
    found = next((each for each in tariff.tiers if each.number == tier), None)
    given = tier_of(population, tariff)
    return [*bound_warnings(population, given, tariff), *(missing_warnings(found, tariff) if found else ())]


def date_warning(contract: Contract) -> str:
    """Whether the project says another day for the signature of its first ACI; empty when both agree."""
    stage = signature_of(contract.project)
    if contract.number > 1 or stage is None or stage.since == contract.signed_on:
        return ""
    return (
        f"Le contrat est signé de tous le {french.day(contract.signed_on)}, mais le projet dit son ACI signé le "
        f"{french.day(stage.since)} : l'une des deux dates est à corriger."
    )


def tariff_warning(contract: Contract, tariff: Tariff) -> str:
    """Whether the tariff was not the one of the day of the signature (nor, renewed, of its start); else empty."""
    days = [contract.signed_on] if contract.number == 1 else [contract.signed_on, contract.starts_on]
    if any(tariff.is_true_on(day) for day in days):
        return ""
    return (
        f"Le barème {french.quoted(tariff)} n'était pas en vigueur le {french.day(contract.signed_on)}, jour de la "
        "signature : vérifiez-le."
    )


def overpaid_warning(contract: Contract) -> str:
    """Which lines were paid more than is due, now that the contract says what it says; empty when none was."""
    stored = with_facts(Contract.objects.filter(pk=contract.pk)).get()
    lines = [line for line in ledger_of(stored, Books(), timezone.localdate()).lines if line.is_overpaid]
    told = (
        f"{line.due.label}, {line.due.kind.label.lower()} de l'année {line.due.year} ({french.signed_euros(line.left)})"
        for line in lines
    )
    return f"Trop versé, à régulariser : {' ; '.join(told)}." if lines else ""


def why_not_dates(contract: Contract, first: Terms, former: Contract | None) -> list[str]:
    """Why the contract cannot have these dates and first terms: what was recorded on it would not hold."""
    found = []
    end, ended = former and end_of_contract(former), end_of_project(contract.project)
    if end and contract.starts_on < end:
        found.append(f"Le contrat précédent court jusqu'à la veille du {french.day(end)} : celui-ci commence ensuite.")
    if ended and contract.signed_on >= ended:
        found.append(f"Le projet est résilié ou fusionné depuis le {french.day(ended)} : un contrat se signe avant.")
    latest = contract.signed_on + relativedelta(months=STARTS_WITHIN)
    if contract.starts_on > latest and contract.starts_on != end:
        found.append(
            f"Un contrat prend effet dans les {STARTS_WITHIN} mois qui suivent sa dernière signature, donc le "
            f"{french.day(latest)} au plus tard, ou dès la fin du contrat précédent."
        )
    if contract.pk is None:
        return found + problems(ContractData(contract.signed_on, contract.starts_on, (first,), years=contract.years))
    stored = with_life(Contract.objects.filter(pk=contract.pk)).get()
    later = tuple(terms for terms in facts_of(stored).terms if terms.from_year > 1)
    changed = {"signed_on": contract.signed_on, "starts_on": contract.starts_on, "years": contract.years}
    found += problems(replace(facts_of(stored), **changed, terms=(first, *later)))
    following = contract.project.contracts.filter(number__gt=contract.number).order_by("number").first()
    if following and contract.term > following.starts_on:
        found.append(f"Le contrat suivant commence le {french.day(following.starts_on)} : celui-ci finit avant lui.")
    return found + _what_was_recorded_before(contract) + _what_is_of_a_year_after(contract)


def _what_was_recorded_before(contract: Contract) -> list[str]:
    paid = contract.payments.filter(paid_on__lt=contract.signed_on).order_by("paid_on").first()
    amended = contract.amendments.filter(signed_on__lt=contract.signed_on).order_by("signed_on").first()
    return [
        *([f"Un versement a été fait dès le {french.day(paid.paid_on)}, avant cette signature."] if paid else []),
        *([f"L'avenant n° {amended.number} a été signé dès le {french.day(amended.signed_on)}."] if amended else []),
    ]


def _what_is_of_a_year_after(contract: Contract) -> list[str]:
    rows = {
        "des versements": contract.payments,
        "des indicateurs": contract.indicator_sets,
        "des plans de crise": contract.crisis_plans,
    }
    held = [what for what, of_contract in rows.items() if of_contract.filter(year__gt=contract.years).exists()]
    return [f"Au-delà de l'année {contract.years} sont déjà enregistrés : {', '.join(held)}."] if held else []


def terms_of(amendment: Amendment) -> ContractTerms | None:
    """What it changes; None when it changes no terms, or is not saved yet."""
    return ContractTerms.objects.filter(amendment=amendment).first() if amendment.pk else None


def why_not_terms(contract: Contract, new: Terms | None, amendment: Amendment) -> list[str]:
    """Why the contract cannot have these terms of an amendment (None: the amendment changes none)."""
    stored = with_life(Contract.objects.filter(pk=contract.pk)).get()
    facts, own = facts_of(stored), terms_of(amendment)
    others = [terms for terms in facts.terms if own is None or terms.from_year != own.from_year]
    if new and any(terms.from_year == new.from_year for terms in others):
        return [f"D'autres conditions commencent déjà en année {new.from_year}."]
    return problems(replace(facts, terms=(*others, *([new] if new else []))))


def what_rests_on_contract(contract: Contract) -> str:
    """Why the contract cannot be withdrawn; empty when it can, with its first terms."""
    if contract.project.contracts.filter(number__gt=contract.number).exists():
        return "Un autre contrat renouvelle celui-ci : retirez-le d'abord."
    rests = {
        "des missions engagées": contract.engagements,
        "des versements": contract.payments,
        "des validations": contract.validations,
        "des réunions": contract.meetings,
        "des indicateurs": contract.indicator_sets,
        "des avenants": contract.amendments,
        "des crises": contract.crises,
        "des plans de crise": contract.crisis_plans,
        "des actions": contract.actions,
    }
    held = [what for what, rows in rests.items() if rows.exists()]
    return f"Ce contrat porte {', '.join(held)} : retirez-les d'abord." if held else ""


def why_amendment_stays(amendment: Amendment) -> str:
    """Why an amendment cannot be withdrawn; empty when it can, with the terms that it brings."""
    if amendment.decision_id:
        return f"Il est décidé par une réunion ({amendment.decision.meeting}) : annulez-y d'abord cette décision."
    following = amendment.contract.amendments.filter(number__gt=amendment.number).order_by("number").last()
    if following:
        return f"L'avenant n° {following.number} le suit : retirez d'abord celui-là."
    return " ".join(why_not_terms(amendment.contract, None, amendment))


def why_crisis_stays(crisis: Crisis) -> str:
    """Why a crisis cannot be withdrawn; empty when it can."""
    contract = crisis.contract
    year = contract.year_of(crisis.recognised_on)
    rows = {"versés": contract.payments, "validés": contract.validations}
    held = next((what for what, each in rows.items() if each.filter(year=year, kind=DueKind.CRISIS.value).exists()), "")
    how = "retirez d'abord ces versements" if held == "versés" else "annulez d'abord la décision qui les a validés"
    return f"Des montants de crise de l'année {year} sont {held} : {how}." if held else ""


def page_of_contract(row: Amendment | Crisis | CrisisPlan) -> str:
    return row.contract.get_absolute_url()
