"""Before and after a revision: what was right stays right or breaks, what was wrong is mended."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.statistics.base import Estimate
from core.statistics.intervals import normal_quantile, wilson
from core.statistics.table import MISSING

MOVES = ("CC", "CI", "IC", "II")
NO_LINKS = (
    "undefined: no unit shows a revision by itself, of an output that another unit shows by itself"
)
NOT_BOTH = "undefined: none of the linked units was judged both before and after"

NONE_RIGHT, ALL_RIGHT = "undefined: none was correct before", "undefined: all were correct before"


@dataclass(frozen=True, slots=True)
class Transitions:
    """The four moves between before and after, C for correct and I for incorrect.

    `counts` maps CC, CI, IC and II to numbers; `ratios` are their shares of all pairs judged.
    `kept` is the share of correct ones that stay so, `mended` of incorrect ones that become
    correct; `before` and `after` are the shares correct, `change` is after minus before.
    """

    counts: dict[str, int]
    ratios: dict[str, Estimate]
    before: Estimate
    after: Estimate
    change: Estimate
    kept: Estimate
    mended: Estimate


def transitions(
    before: ArrayLike, after: ArrayLike, correct: Collection[int], *, level: float = 0.95
) -> Transitions:
    """Moves over the places where both codes are there (-1: missing); `correct` are codes.

    Shares have Wilson intervals; the change in the share correct has the adjusted Wald interval
    for matched pairs of Agresti and Min (2005), half a pair added to each cell. `coverage` is the
    share of linked pairs judged on both sides. The matrix follows Tang et al. (2025), RealCritic.

    >>> found = transitions([0, 0, 1, 1, 1, -1], [0, 1, 0, 0, 1, 0], {0})
    >>> found.counts, found.change.value, round(found.mended.value, 4)
    ({'CC': 1, 'CI': 1, 'IC': 2, 'II': 1}, 0.2, 0.6667)
    """
    first, second = np.asarray(before, np.int64), np.asarray(after, np.int64)
    both = (first != MISSING) & (second != MISSING)
    good = np.array(sorted(correct), np.int64)
    was, now = np.isin(first[both], good), np.isin(second[both], good)
    counts = {
        "CC": int((was & now).sum()), "CI": int((was & ~now).sum()),
        "IC": int((~was & now).sum()), "II": int((~was & ~now).sum()),
    }  # fmt: skip
    n, linked = int(both.sum()), len(first)
    why = NOT_BOTH if linked else NO_LINKS
    coverage = n / linked if linked else None

    def share(name: str, hits: int, of: int, empty: str) -> Estimate:
        method = "share of pairs, Wilson interval"
        if of == 0:
            return Estimate(name, None, coverage=coverage, method=method, note=empty)
        low, high = wilson(hits, of, level)
        return Estimate(name, hits / of, low, high, level, of, coverage, method)

    right, wrong = counts["CC"] + counts["CI"], counts["IC"] + counts["II"]
    return Transitions(
        counts, {move: share(move, counts[move], n, why) for move in MOVES},
        share("before", right, n, why), share("after", counts["CC"] + counts["IC"], n, why),
        _change(counts, n, level, coverage, why),
        share("kept", counts["CC"], right, NONE_RIGHT if n else why),
        share("mended", counts["IC"], wrong, ALL_RIGHT if n else why),
    )  # fmt: skip


def _change(
    counts: dict[str, int], n: int, level: float, coverage: float | None, why: str
) -> Estimate:
    method = "after minus before, matched pairs (Agresti and Min)"
    if n == 0:
        return Estimate("change", None, coverage=coverage, method=method, note=why)
    up, down, size = counts["IC"] + 0.5, counts["CI"] + 0.5, n + 2
    middle = (up - down) / size
    half = normal_quantile(level) * math.sqrt(up + down - (up - down) ** 2 / size) / size
    value = (counts["IC"] - counts["CI"]) / n
    return Estimate(
        "change", value, max(-1.0, middle - half), min(1.0, middle + half), level, n, coverage,
        method,
    )  # fmt: skip
