"""One rater in both presentation orders: does it say the same when the responses swap places?"""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import binomtest

from core.statistics.accuracy import NO_REFERENCE, Reference, against
from core.statistics.base import Estimate, statistic
from core.statistics.cohen import cohen_kappa
from core.statistics.intervals import LEAST, normal_quantile, wilson
from core.statistics.table import GOLD, Table

NO_ORDERS = "undefined: no unit was judged in both presentation orders"


def swaps(table: Table, rater: int) -> Any:
    """Joint counts K x K of a rater's answers in the first order and in the second."""
    first, second = table.column(rater, 0), table.column(rater, 1)
    if first is None or second is None:
        return np.zeros((table.k, table.k), np.int64)
    return table.confusion(first, second)


@statistic(
    "order_agreement", "Order agreement", about="rater",
    reference="Zheng et al. (2023), consistency under swap; Zeng et al. (2024)",
)  # fmt: skip
def order_agreement(table: Table, rater: int, *, level: float = 0.95) -> Estimate:
    """The share of units answered in both orders on which the answer stays the same.

    Answers name outputs and not places, so staying the same means naming the same output.
    `detail["of_possible"]` counts a unit with a missing order as not the same; `neither` says how
    many units lack both (some publications count two unreadable replies as the same).
    """
    counts = swaps(table, rater)
    n, same = int(counts.sum()), int(np.trace(counts))
    method, coverage = "same answer in both orders, Wilson interval", _share(n, table.possible)
    if n == 0:
        return Estimate("order_agreement", None, coverage=coverage, method=method, note=NO_ORDERS)
    low, high = wilson(same, n, level)
    answered = table.answered(rater, 0) + table.answered(rater, 1) - n
    detail = {
        "same": same,
        "of_possible": _share(same, table.possible),
        "neither": table.possible - answered,
    }
    return Estimate(
        "order_agreement", same / n, low, high, level, n, coverage, method, detail=detail
    )


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


@statistic("order_kappa", "Kappa with itself", about="rater", reference="Zeng et al. (2024)")
def order_kappa(table: Table, rater: int, **options: Any) -> Estimate:
    """Plain kappa of a rater's answers in one order with its answers in the other."""
    counts = swaps(table, rater)
    if not counts.sum():
        return Estimate("order_kappa", None, coverage=0.0, note=NO_ORDERS)
    found = cohen_kappa(counts, labels=table.labels, possible=table.possible, **options)
    return replace(found, name="order_kappa")


@statistic(
    "order_accuracy", "Average accuracy of both orders", about="rater",
    reference="Zeng et al. (2024), average accuracy",
)  # fmt: skip
def order_accuracy(
    table: Table, rater: int, *, reference: Reference | None = None, level: float = 0.95,
    least: int = LEAST,
) -> Estimate:  # fmt: skip
    """The mean of the accuracies in the two orders, each over the units answered in it.

    `n` counts the units answered in the order that has fewer. The interval treats the two answers
    to one unit as wholly dependent, which is wide rather than narrow. `detail["of_possible"]`
    counts missing answers as wrong, as some publications do. Without `reference` it is the known
    answers where there are any, else the majority of people.
    """
    if reference is None:
        reference = "gold" if _reference_units(table, "gold") else "majority"
    tables = [against(table, rater, reference, repeat) for repeat in (0, 1)]
    sizes = [int(t.sum()) for t in tables]
    n, coverage = min(sizes), _share(min(sizes), table.possible)
    method = f"mean of two accuracies against {reference}"
    if n == 0:
        note = NO_REFERENCE[reference] if not max(sizes) else NO_ORDERS
        return Estimate("order_accuracy", None, coverage=coverage, method=method, note=note)
    hits = [int(np.trace(t)) for t in tables]
    shares = [h / s for h, s in zip(hits, sizes, strict=True)]
    value = sum(shares) / 2
    detail = {
        "orders": shares, "hits": hits, "sizes": sizes,
        "of_possible": _share(sum(hits) / 2, _reference_units(table, reference)),
    }  # fmt: skip
    if n < least:
        note = f"no interval: {n} units, {least} are needed"
        return Estimate("order_accuracy", value, None, None, level, n, coverage, method, note,
                        detail)  # fmt: skip
    half = normal_quantile(level) * float(
        sum(np.sqrt(s * (1 - s) / m) for s, m in zip(shares, sizes, strict=True)) / 2
    )
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate("order_accuracy", value, low, high, level, n, coverage, method, "", detail)


def _reference_units(table: Table, reference: Reference) -> int:
    if reference == "gold":
        return int(np.trace(table.confusion(GOLD, GOLD)))
    return table.possible


@statistic(
    "order_preference", "Preference for a place", about="rater",
    reference="Shi et al. (2024), Judging the Judges: preference fairness",
)  # fmt: skip
def order_preference(table: Table, rater: int, *, level: float = 0.95) -> Estimate:
    """How much a judge of pairs leans to a place: -1 always the first shown, 1 always the second.

    Over the pairs judged in both orders: (recency - primacy) / n. Primacy is the same place in both
    orders, or a place and a tie, when it is the first; recency when it is the second. A change
    between tie and both bad leans nowhere. `detail` has both counts, `position_consistency` (the
    share that is neither) and `p`, the exact binomial test of primacy against recency. The interval
    is Wilson's for the second place among those that lean, scaled by how many do. Undefined for
    questions that are not about a pair.
    """
    method = "(recency - primacy) / n; Wilson interval among those that lean"
    if not (table.k >= 2 and all(label.endswith(" better") for label in table.labels[:2])):
        note = "undefined: only a comparison of two has places to prefer"
        return Estimate("order_preference", None, method=method, note=note)
    return place_preference(swaps(table, rater), possible=table.possible, level=level)


def place_preference(counts: Any, *, possible: int | None = None, level: float = 0.95) -> Estimate:
    """`order_preference` from joint counts K x K: rows in the first order, columns in the second.

    Codes name responses: 0 the one shown first in the first order, 1 the other, 2 and above ties.
    35 consistent pairs, 12 that prefer the first place and 3 the second:

    >>> found = place_preference([[20, 12, 0], [3, 10, 0], [0, 0, 5]])
    >>> found.value, found.detail["position_consistency"]
    (-0.18, 0.7)
    """
    table = np.asarray(counts)
    first = int(table[0, 1] + table[0, 2:].sum() + table[2:, 1].sum())
    second = int(table[1, 0] + table[1, 2:].sum() + table[2:, 0].sum())
    n, lean = int(table.sum()), first + second
    coverage = _share(n, possible or 0)
    method = "(recency - primacy) / n; Wilson interval among those that lean"
    if n == 0:
        return Estimate("order_preference", None, coverage=coverage, method=method, note=NO_ORDERS)
    detail = {
        "primacy": first, "recency": second, "position_consistency": (n - lean) / n,
        "p": float(binomtest(second, lean).pvalue) if lean else None,
    }  # fmt: skip
    value = (second - first) / n
    if not lean:
        note = "no interval: no pair leans to a place"
        return Estimate("order_preference", value, None, None, level, n, coverage, method, note,
                        detail)  # fmt: skip
    low, high = ((2 * share - 1) * lean / n for share in wilson(second, lean, level))
    return Estimate("order_preference", value, low, high, level, n, coverage, method, "", detail)
