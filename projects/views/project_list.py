from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from ground.lists import ScopedListView
from projects.columns import PROJECT_COLUMNS, with_turns_on
from projects.filters import ProjectFilter
from projects.models import Project


class ProjectList(ScopedListView):
    """The projects of the user's region on a day."""

    model = Project
    filterset_class = ProjectFilter
    columns = PROJECT_COLUMNS
    export_title = "Projets de CPTS"
    template_name = "projects/list.html"

    def completed(self, rows: QuerySet[Project]) -> Collection[Project]:
        """With whose turn it is, where that column is shown."""
        is_asked = any(column.key == "tour" for column in self.chosen_columns())
        return with_turns_on(rows, self.filterset.day) if is_asked else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        asked = self.request.GET
        return {
            **context,
            "day": self.filterset.day,
            "date_query": f"date={self.filterset.day}" if asked.get("date") else "",
            "active": list(self.filterset.active()) if self.filterset.form.is_valid() else [],
            "vintages": sorted({project.vintage for project in context["object_list"] if project.vintage}),
            "kept": [(name, value) for name in ("tri", "colonnes") for value in asked.getlist(name)],
            "may_create": self.request.user.is_writer and bool(self.request.user.own_departments),
        }
