"""How far responses meet their checklists: over all items, and wholly."""

from collections.abc import Sequence

import numpy as np

from core.statistics.base import Estimate
from core.statistics.intervals import LEAST, normal_quantile, wilson

NONE = "undefined: no response has been checked against a list"


def micro_score(met: Sequence[int], items: Sequence[int], *, level: float = 0.95) -> Estimate:
    """The share of all checklist items that are met: sum of YES over sum of items.

    `met` and `items` are counts per response. Long lists weigh more than in a mean of pass rates,
    which `detail["mean_pass_rate"]` gives. The interval takes responses as independent and their
    items as not (linearised ratio). TICK (Cook et al. 2024).

    >>> found = micro_score([3, 1], [4, 2])
    >>> round(found.value, 4), found.detail["mean_pass_rate"]
    (0.6667, 0.625)
    """
    yes, every = np.asarray(met, float), np.asarray(items, float)
    n, method = len(yes), "items met / items, over responses; linearised ratio"
    if not n or not every.sum():
        return Estimate("micro_score", None, method=method, note=NONE)
    value = float(yes.sum() / every.sum())
    detail = {"items": int(every.sum()), "met": int(yes.sum()),
              "mean_pass_rate": float((yes / every).mean())}  # fmt: skip
    if n < LEAST:
        note = f"no interval: {n} responses, {LEAST} are needed"
        return Estimate("micro_score", value, None, None, level, n, 1.0, method, note, detail)
    residuals = yes - value * every
    error = float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / every.sum())
    half = normal_quantile(level) * error
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate("micro_score", value, low, high, level, n, 1.0, method, "", detail)


def wholly_met(met: Sequence[int], items: Sequence[int], *, level: float = 0.95) -> Estimate:
    """The share of responses that meet every item of their list, with Wilson's interval.

    >>> wholly_met([4, 1], [4, 2]).value
    0.5
    """
    n = len(met)
    if not n:
        return Estimate("wholly_met", None, method="Wilson interval", note=NONE)
    whole = sum(m == i for m, i in zip(met, items, strict=True))
    low, high = wilson(whole, n, level)
    return Estimate("wholly_met", whole / n, low, high, level, n, 1.0, "Wilson interval")
