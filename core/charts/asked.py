"""The rows of a query, drawn as they were asked for."""

from collections.abc import Mapping, Sequence

from core.charts.style import COLOURS, MOST, Chart, blank, plain, unique
from core.query import Found


def asked(found: Found, drawing: Mapping[str, str], key: str = "asked") -> Chart:
    """Bars, a line or points of one column over another; at most `MOST` bars or 2,000 points."""
    across, up = (found.columns.index(drawing[name]) for name in ("across", "up"))
    rows = [row for row in found.rows if row[up] is not None]
    most = MOST if drawing["kind"] == "bar" else 2000
    drawn = rows[:most]
    heights = [row[up] for row in drawn]
    places = [row[across] for row in drawn]
    measured = all(isinstance(place, int | float) for place in places)
    figure = blank(320, key)
    if drawing["kind"] == "bar":
        figure.add_bar(x=_names(places), y=heights, marker={"color": COLOURS["people"]})
        figure.update_xaxes(type="category")
    else:
        mode = "lines+markers" if drawing["kind"] == "line" else "markers"
        x = places if measured else _names(places)
        figure.add_scatter(x=x, y=heights, mode=mode, marker={"color": COLOURS["people"]})
    figure.update_xaxes(title=plain(drawing["across"]), automargin=True)
    figure.update_yaxes(title=plain(drawing["up"]), automargin=True)
    said = "; ".join(f"{p} {h}" for p, h in list(zip(places, heights, strict=True))[:12])
    omitted = len(found.rows) - len(drawn)
    caption = f"{drawing['up']} by {drawing['across']}, {len(drawn)} of {len(found.rows)} rows."
    return Chart(figure, caption, f"{drawing['up']} by {drawing['across']}: {said}", omitted)


def _names(places: Sequence[object]) -> list[str]:
    return unique(["none" if place is None else str(place) for place in places])
