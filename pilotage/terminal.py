"""Tables as a terminal shows them."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from ground.tables import Column

WIDEST_HEADING = 16


def aligned(columns: Iterable[Column], rows: Iterable[Any]) -> str:
    """Columns side by side under their French labels, numbers on the right."""
    columns = list(columns)
    headings = [wrap(column.label, WIDEST_HEADING) for column in columns]
    height = max(map(len, headings))
    lines = [[""] * (height - len(heading)) + heading for heading in headings]
    texts = [[str(column.value(row)) for column in columns] for row in rows]
    widths = [max(map(len, [*lines[i], *(cells[i] for cells in texts)])) for i in range(len(columns))]

    def line(cells: Iterable[str]) -> str:
        fitted = (
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for cell, column, width in zip(cells, columns, widths, strict=True)
        )
        return "  ".join(fitted).rstrip()

    table = [line(cells) for cells in zip(*lines, strict=True)]
    table.append("  ".join("─" * width for width in widths))
    return "\n".join([*table, *map(line, texts)]) + "\n"
