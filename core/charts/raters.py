"""Each rater's own figure with its interval."""

from collections.abc import Sequence

from core.charts.forest import Line, points
from core.charts.style import COLOURS, MOST, OTHER, Chart, blank, number, plain, unique


def rater_bars(lines: Sequence[Line], measure: str, key: str = "raters") -> Chart:
    """Bars with intervals, one per rater, highest first; undefined ones are left to the table."""
    defined = [x for x in lines if x.estimate.value is not None]
    defined.sort(key=lambda x: -(x.estimate.value or 0.0))
    drawn = defined[:MOST]
    found = [x.estimate for x in drawn]
    values = [e.value or 0.0 for e in found]
    labels = unique([x.name for x in drawn])
    labels = [f"{a}  {e.value or 0.0:.2%} (n = {e.n})" for a, e in zip(labels, found, strict=True)]
    figure = blank(88 + 30 * max(1, len(drawn)), key)
    colours = [COLOURS.get(x.group, OTHER) for x in drawn]
    figure.add_bar(
        x=values, y=labels, orientation="h", insidetextanchor="start", showlegend=False,
        marker={"color": colours, "opacity": 0.3, "line": {"width": 0}},
        hoverinfo="skip",
    )  # fmt: skip
    for colour in dict.fromkeys(colours):
        points(figure, [(a, x) for a, x, c in zip(labels, drawn, colours, strict=True)
                        if c == colour], colour)  # fmt: skip
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
    if len(defined) == 1:
        return f"{measure}: {value:.2%} of {n} units for {best.name}, who alone has one."
    text = f"{measure}: {best.name} is highest with {value:.2%} of {n} units."
    overlap = sum(
        x is not best and x.estimate.high is not None and best.estimate.low is not None
        and x.estimate.high >= best.estimate.low
        for x in defined
    )  # fmt: skip
    if overlap:
        others = f"The intervals of {overlap} others reach" if overlap > 1 else "Another's reaches"
        text += f" {others} into its interval: read no order there."
    return text
