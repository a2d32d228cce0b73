"""The indicators of the demonstration: versions negotiated, steps that make the envelope, results with a piece."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

import typst
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models.institution import Side
from aci.contracts import Books, data_of, envelopes_of, with_facts
from aci.indicators import Direction
from aci.models import Contract, Indicator, IndicatorSet, NegotiatedIndicator, Result
from projects.models import Document, DocumentType, Party, Project

if TYPE_CHECKING:
    from aci.demo.contracts import Told

BASELINES = (219, 140, 60, 480)
SHARES = (Decimal("0.4"), Decimal("0.35"), Decimal("0.25"))  # of a mission's envelope, by indicator
CHOSEN = len(SHARES)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Three steps from a baseline, the best first: bounds, and the value that falls into each, then one that misses."""

    steps: tuple[tuple[Decimal | None, Decimal | None], ...]
    values: tuple[Decimal, ...]


def ladder(indicator: Indicator, baseline: Decimal) -> Ladder:
    unit = Decimal(1).scaleb(-indicator.decimals)
    bounds = [(baseline * share).quantize(unit) for share in (Decimal("0.6"), Decimal("0.8"), Decimal(1))]
    match Direction(indicator.direction):
        case Direction.DONE:
            return Ladder(((Decimal(1), Decimal(1)),), (Decimal(1), Decimal(1), Decimal(1), Decimal(0)))
        case Direction.DECREASE:
            low, middle, high = bounds
            steps = ((None, low), (low + unit, middle), (middle + unit, high))
            return Ladder(steps, (low, middle, high, high + unit))
        case _:
            low, middle, high = bounds
            steps = ((high, None), (middle, high - unit), (low, middle - unit))
            return Ladder(steps, (high, middle, low, low - unit))


def negotiate(told: "Told") -> None:
    """For each year begun, the versions exchanged, the last one retained; results of the years ended."""
    catalogue: dict[str, list[Indicator]] = {}
    for indicator in Indicator.objects.filter(region=told.contract.project.lead_department.region, project=None):
        catalogue.setdefault(indicator.mission, []).append(indicator)
    contract, books, today = fetched(told.contract), Books(), timezone.localdate()
    data, rules = data_of(contract, books), books.rules_of(contract)
    for year in contract.all_years():
        if year.since > today:
            return
        envelopes = {mission: money for mission, (_, money) in envelopes_of(data, rules, year.number).items() if money}
        chosen = {mission: catalogue.get(mission, [])[:CHOSEN] for mission in envelopes}
        if envelopes and all(chosen.values()):
            version = write_version(told, year.number, year.since + timedelta(days=120), envelopes, chosen)
            if version and year.until + timedelta(days=15) <= today:
                write_results(told, version, year.until + timedelta(days=15))


def fetched(contract: Contract) -> Contract:
    return with_facts(Contract.objects.filter(pk=contract.pk)).get()


def write_version(
    told: "Told", year: int, day: date, envelopes: dict[str, Decimal], chosen: dict[str, list[Indicator]]
) -> IndicatorSet | None:
    """Two versions in the first year, the second one retained; one in the others. None while it is too early."""
    if day > timezone.localdate():
        return None
    senders = (Party.INSURANCE, Party.CPTS) if year == 1 else (Party.INSURANCE,)
    for number, sender in enumerate(senders, start=1):
        is_last = number == len(senders)
        version = IndicatorSet.objects.create(
            contract=told.contract,
            year=year,
            number=number,
            sender=sender,
            sent_on=day - timedelta(days=30 * (len(senders) - number)),
            comments="" if sender == Party.INSURANCE else "Première marche abaissée, compte tenu du point de départ.",
            retained_on=day if is_last else None,
            recorded_by=told.officer,
        )
        for mission, envelope in envelopes.items():
            write_mission(version, envelope, chosen[mission], told.rank, softer=is_last)
    return version


def write_mission(
    version: IndicatorSet, envelope: Decimal, indicators: list[Indicator], rank: int, *, softer: bool
) -> None:
    left, positions = envelope, count(version.negotiated.count())
    for place, indicator in enumerate(indicators):
        amount = left if place == len(indicators) - 1 else (envelope * SHARES[place]).quantize(Decimal(1))
        left -= amount
        baseline = Decimal(BASELINES[(rank + place) % len(BASELINES)] if indicator.decimals == 0 else 66)
        baseline = baseline if softer else (baseline * Decimal("0.9")).quantize(Decimal(1))
        steps = ladder(indicator, baseline).steps
        best = steps[0][0] if steps[0][0] is not None else steps[0][1]
        negotiated = version.negotiated.create(
            indicator=indicator, baseline=baseline, target=best, position=next(positions)
        )
        for number, (low, high) in enumerate(steps):
            share = (amount * (len(steps) - number) / len(steps)).quantize(Decimal(1))
            negotiated.steps.create(low=low, high=high, amount=share if number else amount)


def write_results(told: "Told", version: IndicatorSet, day: date) -> None:
    """A final result for each indicator, with a piece; the last year's still wait for the ARS here and there."""
    piece = evidence(told.contract.project, version, day)
    is_recent = day + timedelta(days=366) > timezone.localdate()
    for negotiated in version.negotiated.select_related("indicator"):
        value = ladder(negotiated.indicator, negotiated.baseline).values[(told.rank + negotiated.pk) % 4]
        write_result(told, negotiated, value, day, piece, is_awaited=is_recent and negotiated.pk % 5 == 0)


def write_result(
    told: "Told", negotiated: NegotiatedIndicator, value: Decimal, day: date, piece: Document, *, is_awaited: bool
) -> None:
    result = negotiated.results.create(kind=Result.Kind.FINAL, measured_on=day, value=value, recorded_by=told.officer)
    result.documents.add(piece)
    for side in (Side.INSURANCE,) if is_awaited else Side:
        result.validations.create(side=side, validated_on=day)


def evidence(project: Project, version: IndicatorSet, day: date) -> Document:
    """A page that stands for the statistics of the Assurance Maladie."""
    title = f"Statistiques de l'année {version.year}"
    page = f'#set document(title: "{title}")\n= {title}\nPièce de démonstration : ses chiffres sont inventés.'
    content = typst.compile(page.encode())
    return Document.objects.create(
        project=project,
        type=DocumentType.objects.filter(is_in_use=True).last(),
        title=title,
        dated_on=day,
        file=ContentFile(content, name="statistiques.pdf"),
        filename="statistiques.pdf",
        content_type="application/pdf",
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )
