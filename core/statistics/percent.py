"""How often two raters give the same answer."""

import numpy as np
from numpy.typing import ArrayLike

from core.statistics.base import Estimate, statistic
from core.statistics.intervals import wilson
from core.statistics.table import Table

NO_OVERLAP = "undefined: no unit was judged by both"


def percent_agreement(
    confusion: ArrayLike, *, possible: int | None = None, level: float = 0.95
) -> Estimate:
    """The share of units on which two raters agree, with Wilson's interval.

    `confusion` is K x K counts of units. Undefined without a shared unit. Cohen (1960), table of
    200 units:

    >>> estimate = percent_agreement([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    >>> round(estimate.value, 2), estimate.n
    (0.7, 200)
    """
    table = np.asarray(confusion)
    n, same = int(table.sum()), int(np.trace(table))
    coverage = n / possible if possible else None
    method = "percent agreement, Wilson interval"
    if n == 0:
        return Estimate("percent", None, coverage=coverage, method=method, note=NO_OVERLAP)
    low, high = wilson(same, n, level)
    return Estimate(
        "percent", same / n, low, high, level, n, coverage, method, detail={"same": same}
    )


@statistic("percent", "Percent agreement", about="pair", reference="Wilson (1927)")
def percent(table: Table, first: int, second: int, *, level: float = 0.95) -> Estimate:
    """Percent agreement of two raters over the units that both judged."""
    return percent_agreement(table.pair(first, second), possible=table.possible, level=level)
