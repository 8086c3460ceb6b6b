"""Success after k turns, and what feedback adds to it."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from core.statistics.base import Estimate
from core.statistics.intervals import LEAST, t_quantile, wilson


def success_rate(outcomes: Iterable[bool], k: int, *, level: float = 0.95) -> Estimate:
    """SR_k: the share of tasks solved within k turns, with Wilson's interval. MINT.

    >>> found = success_rate([True] * 16 + [False] * 570, 1)
    >>> round(100 * found.value, 2), found.n
    (2.73, 586)
    """
    solved = [bool(outcome) for outcome in outcomes]
    if not solved:
        return Estimate(f"SR_{k}", None, level=level, note="undefined: no task was worked on")
    low, high = wilson(sum(solved), len(solved), level)
    return Estimate(
        f"SR_{k}", sum(solved) / len(solved), low, high, level, len(solved), 1.0,
        "share of tasks solved, Wilson interval",
    )  # fmt: skip


def slope(rates: Mapping[int, float]) -> float | None:
    """What one more turn adds, by least squares over k; None with fewer than two k. MINT.

    >>> round(slope({1: 1.71, 2: 7.34, 3: 9.22, 4: 10.07, 5: 10.41}), 2)
    2.01
    """
    if len(rates) < 2:
        return None
    k, rate = np.array(list(rates), float), np.array(list(rates.values()), float)
    centred = k - k.mean()
    return float((centred * rate).sum() / (centred**2).sum())


def feedback_gain(
    without: Mapping[str, bool], fed: Mapping[str, bool], *, level: float = 0.95
) -> Estimate:
    """Delta feedback: success with feedback minus success without it, over tasks done both ways.

    The interval is Student's t over the tasks' differences, which may be negative: feedback can
    hurt. It is not given below 20 tasks or when all differences are the same.
    """
    name, method = "delta_feedback", "mean difference over tasks, t interval"
    both = sorted(set(without) & set(fed))
    every = len(set(without) | set(fed))
    if not both:
        note = "undefined: no task was worked on both with and without feedback"
        return Estimate(name, None, level=level, coverage=0.0 if every else None, note=note)
    gains = np.array([float(fed[task]) - float(without[task]) for task in both])
    n, mean, coverage = len(both), float(gains.mean()), len(both) / every
    detail = {"gained": int((gains > 0).sum()), "lost": int((gains < 0).sum())}
    spread = float(gains.std(ddof=1)) if n > 1 else 0.0
    if n < LEAST or spread == 0:
        why = f"{n} tasks, {LEAST} are needed" if n < LEAST else "all differences are the same"
        return Estimate(name, mean, None, None, level, n, coverage, method, f"no interval: {why}",
                        detail)  # fmt: skip
    half = t_quantile(level, n - 1) * spread / math.sqrt(n)
    return Estimate(name, mean, max(-1.0, mean - half), min(1.0, mean + half), level, n, coverage,
                    method, "", detail)  # fmt: skip
