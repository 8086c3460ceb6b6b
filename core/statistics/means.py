"""A mean over items, each of which has one value or several."""

import math
from collections import Counter
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
    patterns = Counter(tuple(found) for found in values.values() if found)
    return over_patterns(name, patterns, of=of, level=level, bounds=bounds)


def over_patterns(
    name: str, patterns: Mapping[tuple[float, ...], int], *, of: int | None = None,
    level: float = 0.95, bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:  # fmt: skip
    """`over_items`, out of how many items have each list of values; in whatever order they come."""
    own = sorted(patterns.items())
    many = np.array([count for _, count in own], float)
    n, method = int(many.sum()), "mean over items"
    coverage = n / of if of else (1.0 if n else None)
    if not n:
        note = "undefined: no item has a value"
        return Estimate(name, None, level=level, coverage=coverage, method=method, note=note)
    means = np.array([sum(found) / len(found) for found, _ in own])
    mean = float(means @ many) / n
    if all(len(found) == 1 and found[0] in (0, 1) for found, _ in own):
        low, high = wilson(float(means @ many), n, level)
        return Estimate(name, mean, low, high, level, n, coverage, f"{method}, Wilson interval")
    same = len(set(means.tolist())) == 1
    if n < LEAST or same:
        why = f"{n} items, {LEAST} are needed" if n < LEAST else "all items have the same value"
        return Estimate(name, mean, None, None, level, n, coverage, method, f"no interval: {why}")
    spread = math.sqrt(float(many @ (means - mean) ** 2) / (n - 1))
    half = t_quantile(level, n - 1) * spread / math.sqrt(n)
    low, high = max(bounds[0], mean - half), min(bounds[1], mean + half)
    return Estimate(name, mean, low, high, level, n, coverage, f"{method}, t interval")
