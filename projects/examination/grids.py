"""Grids as a project answers them: which version, what each institution has ticked, where the two differ."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.models.institution import Side
from projects.models import Grid, GridAnswer, GridItem, Project


@dataclass(frozen=True, slots=True)
class Row:
    """A point of the grid and what each institution says of it. A comment alone is no answer."""

    number: int
    item: GridItem
    answers: dict[Side, GridAnswer]

    def is_ticked_by(self, side: Side) -> bool:
        return side in self.answers and bool(self.answers[side].tick)

    @property
    def awaited(self) -> list[Side]:
        return [side for side in Side if not self.is_ticked_by(side)]

    @property
    def differs(self) -> bool:
        return not self.awaited and len({answer.tick for answer in self.answers.values()}) > 1

    @property
    def verdict(self) -> str:
        """The two answers compared, in words; nothing while nobody has answered."""
        match self.awaited:
            case []:
                return "Écart" if self.differs else "Même réponse"
            case [side]:
                return f"{side.label} attendue"
        return ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one institution is, and when it last answered."""

    side: Side
    answered: int
    last: GridAnswer | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One grid for one project. Without a version in use nor answered, `grid` is None."""

    kind: Grid.Kind
    grid: Grid | None
    rows: list[Row]
    others: list[Grid]  # versions that the project has answered too, and the one in use

    @property
    def progress(self) -> list[Progress]:
        return [self._progress_of(side) for side in Side]

    def _progress_of(self, side: Side) -> Progress:
        answers = [row.answers[side] for row in self.rows if side in row.answers]
        last = max(answers, key=lambda answer: answer.changed_at, default=None)
        return Progress(side, sum(row.is_ticked_by(side) for row in self.rows), last)

    @property
    def is_begun(self) -> bool:
        return any(row.answers for row in self.rows)

    @property
    def differences(self) -> int:
        return sum(row.differs for row in self.rows)


def grid_summary(project: Project) -> list[Sheet]:
    """The grids of a project, each in the version it is answered with. Three queries, whatever there is."""
    answers, grids = _read(project)
    return [_sheet(kind, grids, answers) for kind in Grid.Kind]


def sheet_of(project: Project, kind: Grid.Kind, version: int | None = None) -> Sheet:
    """One grid of a project; `version`: another of its versions. Raises Grid.DoesNotExist for one not yet in use."""
    answers, grids = _read(project)
    if version and not any(grid.pk == version and grid.kind == kind for grid in grids):
        raise Grid.DoesNotExist
    return _sheet(kind, grids, answers, version)


def _read(project: Project) -> tuple[list[GridAnswer], list[Grid]]:
    """What the project was answered, and every version that has begun, newest first, with its points."""
    answers = project.grid_answers.exclude(tick="", comment="").select_related("item", "recorded_by")
    grids = Grid.objects.filter(since__lte=timezone.localdate()).order_by("-since", "-pk").prefetch_related("items")
    return list(answers), list(grids)


def _sheet(kind: Grid.Kind, grids: list[Grid], answers: list[GridAnswer], version: int | None = None) -> Sheet:
    by_item: dict[int, dict[Side, GridAnswer]] = {}
    for answer in answers:
        by_item.setdefault(answer.item_id, {})[Side(answer.side)] = answer
    of_kind = [grid for grid in grids if grid.kind == kind]
    proposed = _versions_for(of_kind, {answer.item.grid_id for answer in answers})
    grid = next((grid for grid in of_kind if grid.pk == version), None) or next(iter(proposed), None)
    items = grid.items.all() if grid else []
    rows = [Row(number, item, by_item.get(item.pk, {})) for number, item in enumerate(items, 1)]
    return Sheet(kind, grid, rows, [other for other in proposed if other != grid])


def _versions_for(grids: list[Grid], answered: Collection[int]) -> list[Grid]:
    """Those the project was answered with, newest first: it stays with them; then the one in use today."""
    today = timezone.localdate()
    already = [grid for grid in grids if grid.pk in answered]
    return already + [grid for grid in grids if grid.is_true_on(today) and grid not in already]


@transaction.atomic
def new_version(grid: Grid, today: date) -> Grid:
    """A copy of `grid` with its points, in use from today on; the version in use until now ends today."""
    versions = Grid.objects.filter(kind=grid.kind)
    known = list(versions.select_for_update())
    for former in versions.on(today):
        former.until = today
        former.save(update_fields=["until"])
    next_one = min((version.since for version in known if version.since > today), default=None)
    name = _free_name(today.year, {version.version for version in known})
    copy = Grid.objects.create(kind=grid.kind, version=name, source=grid.source, since=today, until=next_one)
    GridItem.objects.bulk_create(
        GridItem(grid=copy, position=item.position, section=item.section, text=item.text, help=item.help)
        for item in grid.items.all()
    )
    return copy


def _free_name(year: int, taken: Collection[str]) -> str:
    names = itertools.chain([str(year)], (f"{year}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)
