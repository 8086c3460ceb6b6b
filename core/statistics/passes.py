"""pass@k: how often at least one of k samples of a program passes its tests."""

import math
from collections.abc import Mapping

import numpy as np

from core.statistics.base import Estimate
from core.statistics.intervals import LEAST, t_quantile, wilson


def pass_at_k(samples: int, right: int, k: int) -> float:
    """The chance that k samples, drawn without replacement out of `samples`, hold a right one.

    The unbiased estimator 1 - C(n-c, k) / C(n, k) of Chen et al. (2021). Raises ValueError when
    there are fewer than k samples: then it has no unbiased estimator.

    >>> round(pass_at_k(10, 3, 5), 6), pass_at_k(5, 0, 5), pass_at_k(5, 1, 5)
    (0.916667, 0.0, 1.0)
    """
    if not 1 <= k <= samples or not 0 <= right <= samples:
        raise ValueError(f"pass@{k} takes at least {k} samples; here are {samples}")
    if samples - right < k:
        return 1.0
    return 1.0 - math.comb(samples - right, k) / math.comb(samples, k)


def pass_rate(counts: Mapping[str, tuple[int, int]], k: int, *, level: float = 0.95) -> Estimate:
    """The mean pass@k over items; `counts` holds samples and right ones by item.

    Items with fewer than k samples are left out, and coverage says so. With one sample each and
    k = 1 the interval is Wilson's; else it is Student's t over items, not given below 20 items or
    when all items have the same value.
    """
    name, method = f"pass@{k}", "unbiased estimator, mean over items"
    values = np.array([pass_at_k(n, c, k) for n, c in counts.values() if n >= k])
    coverage = len(values) / len(counts) if counts else None
    if not len(values):
        note = f"undefined: no item has {k} samples" if counts else "undefined: nothing was run"
        return Estimate(name, None, level=level, coverage=coverage, method=method, note=note)
    n, mean = len(values), float(values.mean())
    if k == 1 and all(samples == 1 for samples, _ in counts.values()):
        low, high = wilson(float(values.sum()), n, level)
        return Estimate(name, mean, low, high, level, n, coverage, f"{method}, Wilson interval")
    spread = float(values.std(ddof=1)) if n > 1 else 0.0
    if n < LEAST or spread == 0:
        why = f"{n} items, {LEAST} are needed" if n < LEAST else "all items have the same value"
        return Estimate(name, mean, None, None, level, n, coverage, method, f"no interval: {why}")
    half = t_quantile(level, n - 1) * spread / math.sqrt(n)
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    return Estimate(name, mean, low, high, level, n, coverage, f"{method}, t interval over items")
