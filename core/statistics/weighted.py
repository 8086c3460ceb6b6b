"""Shares and means from units that were drawn with known, unequal probabilities."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.statistics.base import Estimate
from core.statistics.designs import TINY, Design
from core.statistics.intervals import normal_quantile, t_quantile, wilson

Reals = NDArray[np.float64]
LEAST, SHARE = 20.0, 0.1


def weighted(
    name: str, drawn: Design, values: ArrayLike, *, inside: ArrayLike | None = None,
    share: bool = True, level: float = 0.95, why: str = "",
) -> tuple[Estimate, Estimate]:  # fmt: skip
    """The mean of a value over the study's units, by Hajek's ratio and by Horvitz and Thompson.

    `values` has one number per assignment, NaN where there is none; `inside` (units,) keeps the
    units that the question is about. Each draw estimates the total by what lay outside the open
    units plus the open ones times its own weighted value; the draws' estimates are uncorrelated,
    which gives the variance however the draws learnt from earlier answers. They are averaged with
    the parts that make the estimate the plain mean once every unit is answered.

    Hajek divides by the estimated number of units with a value; Horvitz and Thompson by the known
    number, and is undefined where a drawn unit has no value. Shares have Wilson's interval at the
    effective n that the variance gives, others Student's t at the effective n of the weights. Both
    are about the choice of units out of those of the study.

    Undefined without draws (`why` says what there was instead). Horvitz and Thompson (1952); Hajek
    (1971); Des Raj (1956) for draws without return; Farquhar, Gal and Rainforth (2021) for the
    parts; Kish (1965) for the effective n.
    """
    methods = ("weighted by 1 / probability (Hajek)", "weighted by 1 / probability (Horvitz and "
               "Thompson)")  # fmt: skip
    y = np.asarray(values, float)
    domain = np.ones(drawn.units, bool) if inside is None else np.asarray(inside, bool)
    there = ~np.isnan(y) & domain[drawn.unit]
    n = int(there[drawn.at].sum())
    if n == 0:
        note = f"undefined: no answer was drawn with a known probability{why}"
        return tuple(Estimate(name, None, method=m, note=note) for m in methods)  # type: ignore[return-value]
    y = np.where(there, y, 0.0)
    tops, sizes = drawn.each(y), drawn.sizes(there)
    top, size = (float((drawn.part * each).sum()) for each in (tops, sizes))
    weights = drawn.final[there]
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    facts = {"effective_n": effective, "max_weight": float(weights.max()),
             "max_share": float(weights.max() / weights.sum())}  # fmt: skip
    note = _extreme(facts, n)
    coverage = n / int(domain.sum())
    value = top / size
    spread = _variance(drawn.part, (tops - value * sizes) / size)
    low, high = _bounds(value, spread, effective, share, level)
    ratio = Estimate(name, value, low, high, level, n, coverage, methods[0], note, facts)
    gone = int((domain[drawn.unit[drawn.at]] & ~there[drawn.at]).sum())
    if gone:
        said = f"undefined: {gone} drawn units have no value, so only the ratio holds"
        return ratio, Estimate(name, None, n=n, method=methods[1], note=said, detail=facts)
    scale = drawn.units / int(domain.sum())
    half = t_quantile(level, max(1, round(effective) - 1)) * scale * math.sqrt(
        _variance(drawn.part, tops - top)
    )  # fmt: skip
    total, bare = top * scale, half <= TINY and n < int(domain.sum())
    bounds = (None, None) if bare else (total - half, total + half)
    if bare:
        note = "no interval: no variation; see that of the ratio"
    return ratio, Estimate(
        name, total, bounds[0], bounds[1], level, n, coverage, methods[1], note, facts
    )


def _variance(part: Reals, gaps: Reals) -> float:
    """The variance of the sum of the parts' estimates, from their gaps to it."""
    left = 1 - float((part**2).sum())
    return float((part**2 * gaps**2).sum()) / left if left > 1e-6 else 0.0


def _bounds(
    value: float, spread: float, effective: float, share: bool, level: float
) -> tuple[float, float]:  # fmt: skip
    t = t_quantile(level, max(1, round(effective) - 1))
    if not share:
        half = t * math.sqrt(spread)
        return value - half, value + half
    value, uncertain = min(1.0, max(0.0, value)), value * (1 - value)
    size = effective if uncertain <= TINY else uncertain / max(spread, TINY)
    size *= (normal_quantile(level) / t) ** 2
    return wilson(value * size, max(size, 1e-6), level)  # type: ignore[arg-type]


def _extreme(facts: dict[str, Any], n: int) -> str:
    """What is to be said of weights that leave little to rest on; '' for others."""
    said = []
    if facts["max_share"] > SHARE:
        said.append(f"one answer has {facts['max_share']:.0%} of the weight")
    if facts["effective_n"] < LEAST or facts["effective_n"] < n / 5:
        said.append(f"{n} answers count as {facts['effective_n']:.0f} even ones")
    return f"read with care: {', '.join(said)}" if said else ""
