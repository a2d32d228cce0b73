"""The lists of contracts: their rows as of a day, and the columns of the page and of its exports."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from aci.contracts import signed_terms
from aci.models import Contract
from aci.standing import Standing, missions_of, standing_of
from aci.watch import Alert, Watched, watch
from aci.years import year_or_first
from ground.tables import Column


@dataclass(frozen=True, slots=True)
class ContractRow:
    contract: Contract
    standing: Standing
    tier: int | None
    population: int | None  # frozen in the contract
    year: int  # of the contract that day; 0 or less before it starts
    engaged: int
    to_engage: int  # missions of its tariff, whether engaged or not
    alerts: list[Alert]

    @property
    def late(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.is_late]

    @property
    def late_count(self) -> int:
        return len(self.late)

    @property
    def name(self) -> str:
        return self.contract.project.search_name

    @property
    def department(self) -> str:
        return self.contract.project.lead_department_id

    @property
    def signed_on(self) -> date:
        return self.contract.signed_on

    @property
    def last_day(self) -> date:
        return self.contract.year(self.contract.years).last_day

    def get_absolute_url(self) -> str:
        return self.contract.get_absolute_url()

    @property
    def late_url(self) -> str:
        return f"{self.get_absolute_url()}#alertes"


def rows_on(contracts: QuerySet[Contract], day: date) -> list[ContractRow]:
    return [_row(watched, day) for watched in watch(contracts, day)]


def _row(watched: Watched, day: date) -> ContractRow:
    contract, data = watched.contract, watched.data
    terms = signed_terms(contract, year_or_first(contract.starts_on, day), day)
    missions = missions_of(contract, data, day)
    return ContractRow(
        contract=contract,
        standing=standing_of(contract, data, day),
        tier=terms and terms.tier,
        population=terms and terms.population,
        year=data.year_of(day),
        engaged=sum(1 for mission in missions if mission.engagement),
        to_engage=len(missions),
        alerts=watched.alerts,
    )


CONTRACT_COLUMNS = [
    Column("projet", "CPTS", lambda row: row.contract.project.name, sort="name"),
    Column("departement", "Dép.", lambda row: row.department, sort="department"),
    Column("etat", "État", lambda row: row.standing.label, sort="standing"),
    Column("signature", "Signé le", lambda row: row.signed_on, sort="signed_on"),
    Column("annee", "Année", lambda row: row.year if row.year > 0 else None, is_number=True, sort="year"),
    Column("fin", "Dernier jour", lambda row: row.last_day, sort="last_day"),
    Column("taille", "Taille", lambda row: row.tier, is_number=True, sort="tier"),
    Column("population", "Population du contrat", lambda row: row.population, is_number=True, sort="population"),
    Column("missions", "Missions engagées", lambda row: row.engaged, is_number=True, sort="engaged"),
    Column("retards", "Retards", lambda row: row.late_count, is_number=True, sort="late_count"),
    Column("alertes", "Alertes", lambda row: " ; ".join(alert.what for alert in row.alerts), shown=False),
    Column("rang", "Rang", lambda row: row.contract.number, is_number=True, shown=False),
    Column("reference", "Référence", lambda row: row.contract.reference, shown=False),
]

MISSING_COLUMNS = [
    Column("projet", "CPTS", lambda project: project.name, sort="search_name"),
    Column("departement", "Dép.", lambda project: project.lead_department_id, sort="lead_department"),
    Column("depuis", "ACI signé le", lambda project: project.state_since, sort="state_since"),
    Column("population", "Habitants", lambda project: project.population, is_number=True, sort="population"),
]
