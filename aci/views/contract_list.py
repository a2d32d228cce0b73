"""The contracts that one may read, and the projects that have signed an ACI without one."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from aci.contract_columns import CONTRACT_COLUMNS, MISSING_COLUMNS, ContractRow, rows_on
from aci.contract_filters import ContractFilter, MissingFilter
from aci.models import Contract
from ground.lists import ScopedListView
from projects.models import Project


class ContractList(ScopedListView):
    """Computed as of a day, so filtered and sorted once read: a region has a hundred contracts."""

    model = Contract
    filterset_class = ContractFilter
    columns = CONTRACT_COLUMNS
    export_title = "Contrats ACI"
    template_name = "aci/contracts.html"

    def in_order(self, rows: QuerySet[Contract]) -> list[ContractRow]:
        found = [row for row in rows_on(rows, self.filterset.day) if self.filterset.keeps(row)]
        asked = self.request.GET.get("tri", "")
        column = next((c for c in self.columns if c.sort and c.key == asked.removeprefix("-")), None)
        if column is None:
            return found
        known = [row for row in found if getattr(row, column.sort) is not None]
        unknown = [row for row in found if getattr(row, column.sort) is None]
        return [*sorted(known, key=lambda row: getattr(row, column.sort), reverse=asked.startswith("-")), *unknown]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        listed = self.object_list
        return context | {
            "day": self.filterset.day,
            "late": sum(1 for row in listed if row.late),
            "missing": missing_contracts(self.request, self.filterset).count(),
        }


def missing_contracts(request: HttpRequest, filterset: ContractFilter | MissingFilter) -> QuerySet[Project]:
    """Signed on that day, in the departments asked for, and no contract is recorded."""
    found = MissingFilter(request.GET, Project.objects.for_user(request.user), request=request)
    return found.qs if filterset.is_valid() and found.is_valid() else Project.objects.none()


class MissingContracts(ScopedListView):
    model = Project
    filterset_class = MissingFilter
    columns = MISSING_COLUMNS
    export_title = "ACI signés sans contrat enregistré"
    template_name = "aci/contracts_missing.html"

    def completed(self, rows: QuerySet[Project]) -> Collection[Project]:
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"day": self.filterset.day}
