"""A list of what one may read: its filters, order, page, columns and export all stand in its address."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.generic import ListView
from django_filters import FilterSet

from ground.tables import Cell, Column, download

ROWS_A_PAGE = 50
FILE_FORMATS = ("csv", "xlsx")


def asked_format(request: HttpRequest) -> str:
    """The file that a page is asked for by `?format=`, empty for the page itself; raises BadRequest for another."""
    file_format = request.GET.get("format", "")
    if file_format and file_format not in FILE_FORMATS:
        raise BadRequest("Ce format n'existe pas : demandez csv ou xlsx.")
    return file_format


def page_links(page: Page) -> dict[str, Any]:
    """What `components/pagination.html` reads of a page, the numbers of the others abridged."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {"page_obj": page, "paginator": page.paginator, "pages": numbers}


def asked_page(request: HttpRequest, rows: Sequence[Any]) -> Page:
    """The page of `rows` that `?page=` tells, the nearest one for a number that is none."""
    return Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column, with the order that a click on it asks for (`?tri=`)."""

    column: Column
    tri: str
    aria_sort: str


class ScopedListView(ListView):
    """Starts from `for_user(request.user)`. `?tri=` sorts, `?colonnes=` chooses columns, `?format=` exports."""

    filterset_class: type[FilterSet]
    columns: Sequence[Column]  # the first one names the row and is always shown
    export_title: str
    paginate_by = ROWS_A_PAGE
    usual_tri: str | None = None  # the column that the rows come sorted by; None: the first one, empty: none of them

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        readable = self.model.objects.for_user(request.user)
        self.filterset = self.filterset_class(request.GET, readable, request=request)
        is_answered = self.filterset.is_valid()
        self.object_list = self.in_order(self.filterset.qs) if is_answered else readable.none()
        file_format = asked_format(request)
        if is_answered and file_format:
            rows = self.completed(self.object_list)
            return download(self.chosen_columns(), rows, title=self.export_title, file_format=file_format)
        return self.render_to_response(self.get_context_data(), status=200 if is_answered else 400)

    def completed(self, rows: QuerySet) -> Collection[Any]:
        """The rows of a page or of an export, with what columns read and no query of theirs could add."""
        return rows

    def chosen_columns(self) -> list[Column]:
        asked = self.request.GET.getlist("colonnes")
        first, *others = self.columns
        return [first, *(c for c in others if (c.key in asked if asked else c.shown))]

    def in_order(self, rows: QuerySet) -> QuerySet:
        """Sorted as `?tri=` asks (`-` for descending), the unknown last; an unknown order is the usual one."""
        asked = self.request.GET.get("tri", "")
        column = next((c for c in self.columns if c.sort and c.key == asked.removeprefix("-")), None)
        if column is None:
            return rows
        field = F(column.sort)
        direction = field.desc(nulls_last=True) if asked.startswith("-") else field.asc(nulls_last=True)
        return rows.order_by(direction, *self.model._meta.ordering)

    def heading(self, column: Column) -> Heading:
        usual = self.columns[0].key if self.usual_tri is None else self.usual_tri
        asked = self.request.GET.get("tri") or usual
        if asked == column.key:
            return Heading(column, f"-{column.key}", "ascending")
        if asked == f"-{column.key}":
            return Heading(column, column.key, "descending")
        return Heading(column, f"-{column.key}" if column.is_number else column.key, "")

    def cells(self, row: Any, columns: Sequence[Column]) -> list[tuple[Column, Cell]]:
        return [(column, column.value(row)) for column in columns]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        columns = self.chosen_columns()
        return {
            **context,
            "filter": self.filterset,
            "is_filtered": any(self.request.GET.get(name) for name in self.filterset.filters if name != "date"),
            "all_columns": self.columns,
            "columns": columns,
            "headings": [self.heading(column) for column in columns],
            **page_links(context["page_obj"]),
            "rows": [(row, self.cells(row, columns)) for row in self.completed(context["object_list"])],
        }
