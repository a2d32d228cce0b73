"""The contracts of a territory on a day: what they grant, make due and pay, and what they ask for."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Q, QuerySet

from aci.contracts import Books, with_facts
from aci.models import Contract, Indicator
from aci.remuneration import Verified, least_verified
from aci.watch import Watch, populations_of
from pilotage.aci_known import Asked, Group, Known, known_of
from pilotage.aci_measured import IndicatorUse, Measured, MissionRate, Use, measured_of, uses_of
from territories.models import Department


@dataclass(frozen=True)
class Picture:
    """The contracts signed by `day` whose project one of `departments` leads."""

    day: date
    departments: list[Department]
    contracts: list[Known]
    catalogue: list[Indicator]

    @cached_property
    def total(self) -> Group:
        return Group("", "Total", self.contracts)

    @cached_property
    def by_department(self) -> list[Group]:
        """Every department, whether it has contracts or not."""
        return [
            Group(each.pk, each.name, [known for known in self.contracts if known.department == each.pk])
            for each in self.departments
        ]

    @cached_property
    def by_signature(self) -> list[Group]:
        """By civil year of signature."""
        years = sorted({known.contract.signed_on.year for known in self.contracts})
        return [
            Group(str(year), "", [known for known in self.contracts if known.contract.signed_on.year == year])
            for year in years
        ]

    @property
    def under_way(self) -> list[Known]:
        return self.total.under_way

    @cached_property
    def tiers(self) -> list[int]:
        return sorted({known.tier for known in self.contracts if known.tier})

    @cached_property
    def years(self) -> list[int]:
        """The contract years in which those under way are."""
        return sorted({known.year for known in self.under_way})

    @cached_property
    def missions(self) -> dict[str, str]:
        """Code → label, in every tariff of the contracts."""
        return {code: label for known in self.contracts for code, label in known.ledger.data.labels.items()}

    @cached_property
    def rates(self) -> list[MissionRate]:
        """By mission, the contract years whose results are final."""
        found: dict[str, list[Measured]] = {}
        for measured in (each for known in self.contracts for each in measured_of(known)):
            found.setdefault(measured.part.mission, []).append(measured)
        return [MissionRate(mission, self.missions[mission], years) for mission, years in sorted(found.items())]

    @cached_property
    def followers(self) -> list[Known]:
        """The contracts under way that follow a version of indicators."""
        return [known for known in self.under_way if any(uses_of(known))]

    @cached_property
    def indicators(self) -> list[IndicatorUse]:
        """Every indicator of the catalogue, the most followed first."""
        uses: dict[int, list[Use]] = {}
        indicators = {indicator.pk: indicator for indicator in self.catalogue}
        for known in self.under_way:
            for negotiated, use in uses_of(known):
                indicators.setdefault(negotiated.indicator_id, negotiated.indicator)
                uses.setdefault(negotiated.indicator_id, []).append(use)
        rows = [
            IndicatorUse(indicator, self.missions.get(indicator.mission, indicator.mission), uses.get(pk, []))
            for pk, indicator in indicators.items()
        ]
        return sorted(rows, key=lambda row: (-len(row.uses), row.mission, row.indicator.label))

    @property
    def followed(self) -> list[IndicatorUse]:
        return [row for row in self.indicators if row.uses]

    @property
    def verified_indicators(self) -> Verified:
        """Of what the indicators followed pay."""
        return least_verified(row.verified for row in self.followed)

    @property
    def not_followed(self) -> list[IndicatorUse]:
        """Those of the catalogue that no contract follows."""
        return [row for row in self.indicators if not row.uses]

    @cached_property
    def asked(self) -> list[Asked]:
        """What the contracts ask for, by kind then by date."""
        rows = [Asked(known, alert) for known in self.contracts for alert in known.alerts]
        return sorted(rows, key=lambda row: (list(Watch).index(row.alert.kind), row.alert.day or date.max))


def picture(departments: QuerySet[Department], day: date) -> Picture:
    """As it was on `day`; in as many queries whatever the number of contracts."""
    shown = list(departments.order_by("code"))
    signed = Contract.objects.filter(project__lead_department__in=shown, signed_on__lte=day)
    contracts = list(with_facts(signed).order_by("project__lead_department", "project__search_name", "starts_on"))
    books, populations = Books(), populations_of(contracts, day)
    known = [known_of(contract, books, day, populations[contract.project_id]) for contract in contracts]
    return Picture(day, shown, known, catalogue_of(shown, day))


def catalogue_of(departments: list[Department], day: date) -> list[Indicator]:
    """The common base of their regions, and what is local to their projects."""
    regions = {department.region_id for department in departments}
    common = Q(project=None, region__in=regions)
    return list(Indicator.objects.on(day).filter(common | Q(project__lead_department__in=departments)))
