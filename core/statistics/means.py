"""A mean over items, each of which has one value or several."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

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


def between_groups(
    name: str, one: Mapping[Any, float], other: Mapping[Any, float], *, paired: bool, note: str,
    level: float = 0.95,
) -> Estimate:  # fmt: skip
    """The mean of `one` minus that of `other`, each a value per person.

    With `paired` the people who are in both, by Student's t of their differences; else Welch's t
    (1947), its degrees of freedom rounded down. People and not their answers are counted. Undefined
    with the note where there is nobody; no interval below two people on a side or without
    variation.

    >>> one, other = {"a": 0.9, "b": 0.7}, {"a": 0.6, "b": 0.6}
    >>> found = between_groups("gain", one, other, paired=True, note="none")
    >>> round(found.value, 4), found.n, [round(x, 3) for x in (found.low, found.high)]
    (0.2, 2, [-1.071, 1.471])
    """
    both: list[Hashable] = [who for who in one if who in other]
    method = "difference of means over people, " + (
        "Student's t of each person's own difference" if paired else "Welch's t"
    )
    detail = {"people": len(both if paired else one), "others": len(both if paired else other)}
    if not (both if paired else one and other):
        return Estimate(name, None, level=level, method=method, note=f"undefined: {note}",
                        detail=detail)  # fmt: skip
    if paired:
        gaps = np.array([one[who] - other[who] for who in both])
        gap, n = float(gaps.mean()), len(gaps)
        spread, freedom = _error(gaps) ** 2, n - 1.0
    else:
        sides = [np.array(list(side.values())) for side in (one, other)]
        gap, n = float(sides[0].mean() - sides[1].mean()), sum(map(len, sides))
        own = [_error(side) ** 2 for side in sides]
        spread = sum(own)
        below = sum(part**2 / max(len(side) - 1, 1) for part, side in zip(own, sides, strict=True))
        freedom = spread**2 / below if below > 0 else 0.0
    few = min(detail.values()) < 2
    if few or spread <= 0:
        why = "two people on each side are needed" if few else "no variation between people"
        return Estimate(name, gap, None, None, level, n, None, method, f"no interval: {why}",
                        detail)  # fmt: skip
    half = t_quantile(level, max(1, math.floor(freedom))) * math.sqrt(spread)
    return Estimate(name, gap, gap - half, gap + half, level, n, None, method, "", detail)


def _error(values: np.ndarray) -> float:
    """The standard error of a mean; 0 below two values."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
