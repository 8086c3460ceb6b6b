"""Matrices with their numbers in the cells."""

from collections.abc import Mapping, Sequence

from core.charts.style import MOST, Chart, blank, number, plain, unique
from core.statistics.base import Estimate

Cells = Mapping[tuple[str, str], Estimate]


def kappa_matrix(names: Sequence[str], cells: Cells, measure: str, key: str = "matrix") -> Chart:
    """The measure of every two raters, with the number in each cell; `cells` has each pair once.

    Of more than `MOST` raters the first are drawn. A cell without a number shows a dash.
    """
    drawn = list(names[:MOST])
    found = [[_cell(cells, a, b) for b in drawn] for a in drawn]
    values = [[None if e is None else e.value for e in row] for row in found]
    labels = unique(drawn)
    figure = blank(120 + 30 * len(drawn), key)
    figure.add_heatmap(
        x=labels, y=labels, z=values, zmin=0, zmax=1, xgap=2, ygap=2,
        text=[[number(v) if a != b else "" for b, v in enumerate(row)]
              for a, row in enumerate(values)],
        texttemplate="%{text}", hoverongaps=False, customdata=[[_tip(e) for e in r] for r in found],
        hovertemplate="%{y} and %{x}<br>%{customdata}<extra></extra>",
        colorbar={"title": {"text": plain(measure, 18)}, "thickness": 10},
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    figure.update_xaxes(automargin=True, showgrid=False)
    omitted = len(names) - len(drawn)
    alt = f"Matrix of {measure} between {len(drawn)} raters; the table has the same numbers."
    return Chart(figure, matrix_caption(cells, measure, omitted), alt, omitted)


def _cell(cells: Cells, a: str, b: str) -> Estimate | None:
    return cells.get((a, b)) or cells.get((b, a))


def _tip(estimate: Estimate | None) -> str:
    if estimate is None:
        return "the same rater"
    if estimate.value is None:
        return plain(estimate.note, 120)
    return f"{number(estimate.value)}, n = {estimate.n}"


def matrix_caption(cells: Cells, measure: str, omitted: int = 0) -> str:
    """What the matrix says, in plain words."""
    undefined = sum(not e.defined for e in cells.values())
    text = f"Each cell is {measure} of two raters over the units that both judged."
    if undefined:
        text += f" A dash means undefined ({undefined} of {len(cells)} pairs)."
    return text + (f" {omitted} raters are not drawn; the table has them." if omitted else "")


def confusion_matrix(
    counts: Sequence[Sequence[int]], labels: Sequence[str], first: str, second: str,
    key: str = "confusion",
) -> Chart:  # fmt: skip
    """Counts of every two answers: rows are the first's, columns the second's."""
    names = unique(list(labels))
    totals = [sum(row) or 1 for row in counts]
    shares = [[c / t for c in row] for row, t in zip(counts, totals, strict=True)]
    figure = blank(140 + 44 * len(names), key)
    figure.add_heatmap(
        x=names, y=names, z=shares, zmin=0, zmax=1, xgap=2, ygap=2,
        text=[[str(c) for c in row] for row in counts], texttemplate="%{text}", showscale=False,
        hovertemplate="first %{y}, second %{x}: %{text} units<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", title=plain(first), automargin=True, showgrid=False)
    figure.update_xaxes(title=plain(second), automargin=True, showgrid=False)
    caption = confusion_caption(counts, labels, first, second)
    return Chart(figure, caption, caption)


def confusion_caption(
    counts: Sequence[Sequence[int]], labels: Sequence[str], first: str, second: str
) -> str:
    """What the matrix says: how many agree, and the most frequent confusion."""
    n = sum(map(sum, counts))
    if not n:
        return f"No unit has an answer of both {first} and {second}."
    same = sum(counts[i][i] for i in range(len(counts)))
    text = f"{first} and {second} give the same answer on {same} of {n} units."
    apart = [
        (c, i, j) for i, row in enumerate(counts) for j, c in enumerate(row) if i != j and c > 0
    ]
    if not apart:
        return text
    most, i, j = max(apart)
    return (
        f"{text} The most frequent difference: {first} says “{labels[i]}” where {second} says "
        f"“{labels[j]}” ({most} units)."
    )
