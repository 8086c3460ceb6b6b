"""Agreement of pairs and groups with intervals, one line each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.charts.style import COLOURS, MOST, OTHER, Chart, blank, number, pair, plain, unique
from core.statistics.base import Estimate


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chart: who, which colour group, and the estimate."""

    name: str
    group: str
    estimate: Estimate


def forest(
    lines: Sequence[Line], measure: str, key: str = "forest", *, agreement: bool = True
) -> Chart:
    """Estimates as points with intervals, sorted; undefined ones are named in the caption.

    `agreement` says that 1 is full agreement and 0 what chance gives; other measures have a scale
    of their own, which reaches as far as they do. Of more than `MOST` defined lines, the lowest and
    the highest halves of that are drawn.
    """
    defined = sorted((x for x in lines if x.estimate.defined), key=_value)
    drawn = defined
    if len(defined) > MOST:
        drawn = [*defined[: MOST // 2], *defined[-MOST // 2 :]]
    labels = unique([x.name for x in drawn], pair)
    labels = [f"{a}  (n = {x.estimate.n})" for a, x in zip(labels, drawn, strict=True)]
    figure = blank(104 + 40 * max(1, len(drawn)), key)
    for group in dict.fromkeys(x.group for x in drawn):
        own = [(a, x) for a, x in zip(labels, drawn, strict=True) if x.group == group]
        points(figure, own, COLOURS.get(group, OTHER), plain(group))
    figure.add_vline(x=0, line_width=1, line_dash="dot", opacity=0.6)
    figure.update_xaxes(
        range=_range(drawn, 1.0 if agreement else 0.02), title=plain(measure), zeroline=False
    )
    figure.update_yaxes(categoryorder="array", categoryarray=labels, automargin=True)
    omitted = len(defined) - len(drawn)
    caption = forest_caption(lines, measure, omitted, agreement)
    return Chart(figure, caption, _alt(defined, measure), omitted)


def _value(line: Line) -> float:
    return line.estimate.value if line.estimate.value is not None else 0.0


def points(figure: Any, rows: Sequence[tuple[str, Line]], colour: str, name: str = "") -> None:
    """Add the lines of one colour to a figure: a point each, with its interval."""
    found = [line.estimate for _, line in rows]
    middle = [e.value or 0.0 for e in found]
    above = [
        (e.high - m) if e.high is not None else 0.0 for e, m in zip(found, middle, strict=True)
    ]
    below = [(m - e.low) if e.low is not None else 0.0 for e, m in zip(found, middle, strict=True)]
    figure.add_scatter(
        x=middle, y=[label for label, _ in rows], mode="markers", name=name, showlegend=bool(name),
        marker={"size": 9, "color": colour},
        error_x={"type": "data", "array": above, "arrayminus": below, "thickness": 1.5, "width": 4},
        text=[_words(e) for e in found], hovertemplate="%{y}<br>%{text}<extra></extra>",
    )  # fmt: skip


def _words(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{number(estimate.value)}, {plain(estimate.note, 90) or 'no interval'}"
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def _range(lines: Sequence[Line], least: float) -> list[float]:
    """Wide enough for every interval, and at least from 0 to `least`."""
    lows = [x.estimate.low if x.estimate.low is not None else _value(x) for x in lines]
    highs = [x.estimate.high if x.estimate.high is not None else _value(x) for x in lines]
    low, high = min([-0.02, *lows]), max([least, *highs])
    return [low - 0.02, high + 0.03 * (high - low if high > 1 else 1.0)]


def forest_caption(
    lines: Sequence[Line], measure: str, omitted: int = 0, agreement: bool = True
) -> str:  # fmt: skip
    """What the chart says, in plain words."""
    defined = [x for x in lines if x.estimate.defined]
    if not defined:
        reasons = {x.estimate.note for x in lines if x.estimate.note}
        return f"Nothing to draw yet: {'; '.join(sorted(reasons)) or 'no pair of raters'}."
    low, high = min(defined, key=_value), max(defined, key=_value)
    text = f"{measure}: 1 is full agreement, 0 is what chance alone would give. "
    if not agreement:
        text = f"{measure}: means over items, on a scale of their own. "
    if len(defined) == 1:
        text += f"{low.name}: {number(_value(low))}."
    else:
        text += (
            f"Lowest {number(_value(low))} ({low.name}), highest {number(_value(high))} "
            f"({high.name})."
        )
    if omitted:
        text += f" {omitted} in the middle are not drawn; the table has them all."
    missing = len(lines) - len(defined)
    return text + (f" {missing} undefined: see the table for why." if missing else "")


def _alt(lines: Sequence[Line], measure: str) -> str:
    said = [f"{x.name} {_words(x.estimate)}" for x in lines[:12]]
    more = f" and {len(lines) - 12} more" if len(lines) > 12 else ""
    return f"{measure} with intervals. " + "; ".join(said) + more
