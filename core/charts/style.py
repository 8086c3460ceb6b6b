"""What every chart shares: colours, layout, and the words beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False}
COLOURS = {
    "human-human": "#0072b2",
    "human-model": "#d55e00",
    "model-model": "#00876c",
    "people": "#0072b2",
    "models": "#00876c",
}
OTHER = "#8a8a8a"
LONGEST = 34
HALF = 26
MOST = 40


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, its caption in plain words, and the text alternative for those who do not see it.

    `omitted` counts what was left out to keep the figure readable; the table beside it has all.
    """

    figure: go.Figure
    caption: str
    alt: str
    omitted: int = 0


def plain(text: str, longest: int = LONGEST) -> str:
    """A name as a chart may show it: short, and without marks that Plotly would read as HTML."""
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def pair(text: str) -> str:
    """A pair "first / second" as a chart may show it: a line for each, so that both can be read.

    >>> pair("a rater with a rather long name / another")
    'a rater with a rather lon… /<br>another'
    """
    return " /<br>".join(plain(half, HALF) for half in text.split(" / "))


def unique(names: list[str], short: Callable[[str], str] = plain) -> list[str]:
    """Axis labels from names: plain, and told apart where shortening made them equal."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        label = short(name)
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return found


def blank(height: int, key: str) -> go.Figure:
    """An empty figure that follows the page's light or dark theme and keeps zoom while `key` stays.

    Background is transparent; fonts and grid come from the page's theme.
    """
    figure = go.Figure()
    figure.update_layout(
        height=height, margin={"l": 8, "r": 16, "t": 8, "b": 8}, uirevision=key,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", dragmode=False,
        hoverlabel={"namelength": 0}, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    )  # fmt: skip
    return figure


def number(value: float | None, digits: int = 2) -> str:
    """A statistic as text; a dash where there is none.

    >>> number(0.8516), number(None)
    ('0.85', '–')
    """
    return "–" if value is None else f"{value:.{digits}f}"
