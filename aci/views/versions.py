"""Writing a version of the indicators: its head, which indicators it holds, what each asks and pays."""

from collections.abc import Iterable
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from aci.contracts import Books, data_of, envelopes_of
from aci.forms.negotiation import AddingForm, NegotiatedForm, Start, VersionForm, next_number
from aci.models import Contract, Indicator, IndicatorSet, NegotiatedIndicator
from aci.negotiation import YearEnd, copy_indicators, end_of, last_version, page_of, why_not_change
from aci.proposals import mission_labels
from aci.views.access import asked_year, current_year, writable_contract
from projects.models import Party
from projects.views.access import atomic_when_sent
from projects.views.rows import row_page


def writable_version(request: HttpRequest, pk: int) -> IndicatorSet:
    """The version that a form changes, read under the lock of its project; it knows its contract with its facts."""
    found = get_object_or_404(IndicatorSet.objects.filter(contract__in=Contract.objects.for_user(request.user)), pk=pk)
    contract = writable_contract(request, found.contract_id)
    version = get_object_or_404(contract.indicator_sets, pk=pk)
    version.contract = contract
    return version


@atomic_when_sent
def indicator_version_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A version of a contract year (`?annee=`): from nothing, from the one before, from those retained a year ago."""
    contract = writable_contract(request, pk)
    year = asked_year(request, contract) or current_year(contract)
    version = IndicatorSet(contract=contract, year=year, sender=sender_of(request), sent_on=timezone.localdate())
    version.number = next_number(version)
    previous, ended = last_version(contract, year), end_of(contract, year - 1, timezone.localdate())
    if previous:
        version.calculation = previous.calculation
    elif ended:
        version.calculation = ended.version.calculation
    starts = [*([Start.PREVIOUS] if previous else []), *([Start.YEAR_BEFORE] if ended else []), Start.BLANK]
    form = VersionForm(request.POST or None, instance=version, starts=starts)
    if form.is_valid():
        form.save_by(request.user)
        told = fill(version, form.cleaned_data["start"], previous, ended)
        messages.success(request, f"v{version.number} de l'année {year} enregistrée. {told}".strip())
        return redirect(page_of(version))
    lead = f"v{version.number} des indicateurs de l'année {year} du contrat."
    context = {"title": "Nouvelle version des indicateurs", "lead": lead, "ended": ended}
    return version_page(request, version, form, **context)


def sender_of(request: HttpRequest) -> str:
    return request.user.side or Party.CPTS


def fill(version: IndicatorSet, start: Start, previous: IndicatorSet | None, ended: YearEnd | None) -> str:
    """Copies what the version starts from; tells what was carried over, in French."""
    if start == Start.PREVIOUS and previous:
        copy_indicators(previous, version)
    if start == Start.YEAR_BEFORE and ended:
        copy_indicators(ended.version, version, missed={each.pk for each in ended.missed})
        if ended.missed:
            return f"Non atteints l'année d'avant, reconduits : {', '.join(map(str, ended.missed))}."
    return ""


@atomic_when_sent
def indicator_version_edit(request: HttpRequest, pk: int) -> HttpResponse:
    version = writable_version(request, pk)
    form = VersionForm(request.POST or None, instance=version)
    if form.is_valid():
        form.save_by(request.user)
        messages.success(request, f"v{version.number} de l'année {version.year} modifiée.")
        return redirect(page_of(version))
    title = f"Modifier la v{version.number} de l'année {version.year}"
    return version_page(request, version, form, title=title, obstacle=why_not_change(version))


def version_page(request: HttpRequest, version: IndicatorSet, form: VersionForm, **told: object) -> HttpResponse:
    contract = version.contract
    shown = {"tab": "project_aci", "template": "aci/indicator_version.html", "contract": contract} | told
    return row_page(request, contract.project, form, **shown)


@atomic_when_sent
def negotiated_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put indicators of the catalogue into a version: the common base of the region, and the CPTS's own."""
    version = writable_version(request, pk)
    project = version.contract.project
    known = version.negotiated.values("indicator")
    offered = Indicator.objects.for_project(project).on(timezone.localdate()).exclude(pk__in=known)
    form = AddingForm(request.POST or None, version=version, indicators=offered)
    if form.is_valid():
        added = form.save()
        s = "s" if len(added) > 1 else ""
        messages.success(request, f"{len(added)} indicateur{s} ajouté{s} : dites ce que chacun demande et paie.")
        return redirect(page_of(version))
    context = {
        "project": project,
        "version": version,
        "form": form,
        "groups": by_mission(version, offered),
        "chosen": request.POST.getlist("indicators"),
        "back": page_of(version),
        "obstacle": why_not_change(version),
    }
    return render(request, "aci/indicator_add.html", context, status=422 if form.is_bound else 200)


def by_mission(version: IndicatorSet, offered: Iterable[Indicator]) -> list[tuple[str, bool, list[Indicator]]]:
    """The indicators offered, by mission, with whether it is engaged that year; the engaged ones first."""
    envelopes = envelopes_of_version(version)
    groups: dict[str, list[Indicator]] = {}
    for indicator in offered:
        groups.setdefault(indicator.mission, []).append(indicator)
    labels = mission_labels()
    return [
        (labels.get(code, code), code in envelopes, groups[code])
        for code in dict.fromkeys([*envelopes, *labels, *groups])
        if code in groups
    ]


def envelopes_of_version(version: IndicatorSet) -> dict[str, tuple[str, Decimal]]:
    books = Books()
    return envelopes_of(data_of(version.contract, books), books.rules_of(version.contract), version.year)


@atomic_when_sent
def negotiated_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What an indicator asks and pays in a version that is still written; or take it out of the version."""
    found = NegotiatedIndicator.objects.filter(indicator_set__contract__in=Contract.objects.for_user(request.user))
    version = writable_version(request, get_object_or_404(found, pk=pk).indicator_set_id)
    negotiated = get_object_or_404(version.negotiated.select_related("indicator"), pk=pk)
    negotiated.indicator_set = version
    label, envelope = envelopes_of_version(version).get(negotiated.indicator.mission, ("", None))
    form = NegotiatedForm(request.POST or None, instance=negotiated, envelope=envelope)
    if form.is_valid():
        form.save()
        done = "retiré de la version" if form.cleaned_data["removed"] else "enregistré"
        messages.success(request, f"Indicateur {done} : {negotiated}.")
        wants_more = "suite" in request.POST and not form.cleaned_data["removed"]
        return redirect("negotiated_edit", pk) if wants_more else redirect(page_of(version))
    context = {
        "project": version.contract.project,
        "version": version,
        "negotiated": negotiated,
        "form": form,
        "forms": [form, *form.rows] if form.is_bound else [],
        "mission": label,
        "envelope": envelope,
        "back": page_of(version),
        "obstacle": why_not_change(version),
    }
    return render(request, "aci/indicator_negotiated.html", context, status=422 if form.is_bound else 200)
