"""What most people said."""

import numpy as np

from core.statistics.base import Estimate, statistic
from core.statistics.intervals import wilson
from core.statistics.table import Table, majority


@statistic("majority", "Units with a clear majority", about="study", reference="plurality vote")
def clear_majority(table: Table, *, level: float = 0.95) -> Estimate:
    """The share of units, judged by at least one person, on which one answer leads.

    Ties have no majority and stay missing. `detail["counts"]` says how many units have each label
    as their majority, `detail["ties"]` how many have none.
    """
    found = table.patterns["people"]
    rows, weights = found.rows, found.weights
    judged = rows.sum(axis=1) > 0
    n = int(weights[judged].sum())
    coverage = n / table.possible if table.possible else None
    method = "plurality of people's answers, Wilson interval"
    if n == 0:
        note = "undefined: no unit has a person's answer yet"
        return Estimate("majority", None, coverage=coverage, method=method, note=note)
    best = majority(rows)
    counts = np.bincount(best[best >= 0], weights=weights[best >= 0], minlength=table.k)
    clear = int(counts.sum())
    low, high = wilson(clear, n, level)
    named = {label: int(c) for label, c in zip(table.labels, counts, strict=True)}
    detail = {"counts": named, "ties": n - clear}
    return Estimate("majority", clear / n, low, high, level, n, coverage, method, detail=detail)
