"""The map as a file for slides: where its title, its legend and its credit stand around the drawing."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from ground.templatetags.french import number

TOP, ROW, FOOT = 62, 20, 30  # pixels: above the drawing, of a line of the legend, of the credit


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A line of the legend: what draws its key, its words, and how far down it stands."""

    style: str
    text: str
    y: int
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    width: int
    height: int
    top: int
    rows: list[LegendRow]
    styles: SafeString


def sheet(shown: dict[str, Any]) -> Sheet:
    """Where everything stands for what the map shows (the context of its page)."""
    picture = shown["picture"]
    width, height = (picture.frame.width, picture.frame.height) if picture else (1000, 0)
    told = [(key.shown.value, f"{key.shown.label} : {number(key.count)}", "") for key in shown["legend"]]
    told += [("hatched", f"{shown['in_conciliation_label']} : {number(shown['in_conciliation'])}", "")]
    if picture and picture.has_partial:
        told += [("part", "Zone couverte en partie seulement", "")]
    if picture and picture.shared:
        told += [("shared", "Zones tenues par plusieurs projets", "")]
    told += [("", f"{label} : {number(count)}", symbol) for symbol, label, count in shown["mark_kinds"]]
    first = TOP + height + ROW
    rows = [LegendRow(style, text, first + ROW * rank, symbol) for rank, (style, text, symbol) in enumerate(told)]
    return Sheet(width, first + ROW * len(rows) + FOOT, TOP, rows, styles())


@cache
def styles() -> SafeString:
    """The style sheet of the drawing, the same as on the page: a file of ours, without a word of anybody else."""
    text = (settings.BASE_DIR / "static" / "cpts" / "map.css").read_text("utf-8")
    return mark_safe(text)  # noqa: S308
