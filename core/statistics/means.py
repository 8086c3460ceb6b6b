"""A mean over items, each of which has one value or several."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.statistics.base import Estimate
from core.statistics.intervals import LEAST, t_quantile, wilson


def over_items(
    name: str, values: Mapping[str, Sequence[float]], *, of: int | None = None,
    level: float = 0.95, bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:  # fmt: skip
    """The mean of the items' own means; `of` is how many items could have a value.

    An item's values are samples of the same thing, so items and not values are counted. The
    interval is Wilson's where every item has one value and it is 0 or 1, else Student's t over
    items, cut at `bounds`; there is none below 20 items or without variation.

    >>> found = over_items("passed", {"a": [1], "b": [0], "c": [1]})
    >>> round(found.value, 4), found.n, found.method
    (0.6667, 3, 'mean over items, Wilson interval')
    """
    own = {item: list(found) for item, found in values.items() if found}
    n, method = len(own), "mean over items"
    coverage = n / of if of else (1.0 if n else None)
    if not n:
        note = "undefined: no item has a value"
        return Estimate(name, None, level=level, coverage=coverage, method=method, note=note)
    means = np.array([sum(found) / len(found) for found in own.values()])
    mean = float(means.mean())
    if all(len(found) == 1 and found[0] in (0, 1) for found in own.values()):
        low, high = wilson(float(means.sum()), n, level)
        return Estimate(name, mean, low, high, level, n, coverage, f"{method}, Wilson interval")
    spread = float(means.std(ddof=1)) if n > 1 else 0.0
    if n < LEAST or spread == 0:
        why = f"{n} items, {LEAST} are needed" if n < LEAST else "all items have the same value"
        return Estimate(name, mean, None, None, level, n, coverage, method, f"no interval: {why}")
    half = t_quantile(level, n - 1) * spread / math.sqrt(n)
    low, high = max(bounds[0], mean - half), min(bounds[1], mean + half)
    return Estimate(name, mean, low, high, level, n, coverage, f"{method}, t interval")
