"""Each rater's own figure with its interval."""

from collections.abc import Sequence

from core.charts.forest import Line
from core.charts.style import COLOURS, MOST, Chart, blank, number, plain, unique


def rater_bars(lines: Sequence[Line], measure: str, key: str = "raters") -> Chart:
    """Bars with intervals, one per rater, highest first; undefined ones are left to the table."""
    defined = [x for x in lines if x.estimate.value is not None]
    defined.sort(key=lambda x: -(x.estimate.value or 0.0))
    drawn = defined[:MOST]
    found = [x.estimate for x in drawn]
    values = [e.value or 0.0 for e in found]
    labels = unique([x.name for x in drawn])
    labels = [f"{a}  (n = {e.n})" for a, e in zip(labels, found, strict=True)]
    figure = blank(72 + 30 * max(1, len(drawn)), key)
    figure.add_bar(
        x=values, y=labels, orientation="h", text=[f"{v:.2%}" for v in values],
        textposition="inside", insidetextanchor="start",
        marker={"color": [COLOURS.get(x.group, "#8a8a8a") for x in drawn]},
        error_x={
            "type": "data", "thickness": 1.5, "width": 4,
            "array": [(e.high - v) if e.high is not None else 0.0
                      for e, v in zip(found, values, strict=True)],
            "arrayminus": [(v - e.low) if e.low is not None else 0.0
                           for e, v in zip(found, values, strict=True)],
        },
        hovertemplate="%{y}: %{text}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%", title=plain(measure), zeroline=False)
    figure.update_yaxes(autorange="reversed", automargin=True)
    said = "; ".join(f"{x.name} {number(x.estimate.value, 4)}" for x in drawn[:12])
    omitted = len(defined) - len(drawn)
    return Chart(figure, rater_caption(lines, measure), f"{measure}: {said}", omitted)


def rater_caption(lines: Sequence[Line], measure: str) -> str:
    """What the bars say, in plain words."""
    defined = [x for x in lines if x.estimate.value is not None]
    if not defined:
        return f"No rater has {measure.lower()} yet."
    best = max(defined, key=lambda x: x.estimate.value or 0.0)
    value, n = best.estimate.value or 0.0, best.estimate.n
    text = f"{measure}: {best.name} is highest with {value:.2%} of {n} units."
    overlap = sum(
        x is not best and x.estimate.high is not None and best.estimate.low is not None
        and x.estimate.high >= best.estimate.low
        for x in defined
    )  # fmt: skip
    if overlap:
        text += f" The intervals of {overlap} others reach into its interval: read no order there."
    return text
