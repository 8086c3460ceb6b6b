"""Shares, and differences of shares, that rest on counts from outside the analysis table."""

from collections.abc import Mapping
from dataclasses import replace

from core.statistics.base import Estimate
from core.statistics.intervals import LEAST, newcombe, wilson
from core.statistics.means import over_patterns

BOUND = "mean over items, Wilson interval (what lies from 0 to 1 varies no more than 0 and 1 do)"


def share(name: str, hits: int, n: int, *, note: str, level: float = 0.95) -> Estimate:
    """`hits` of `n` with Wilson's interval; undefined, with the note, for n = 0.

    >>> share("kept", 81, 263, note="").low.__round__(4)
    0.2553
    """
    method = "share, Wilson interval"
    if n == 0:
        return Estimate(name, None, method=method, note=f"undefined: {note}")
    low, high = wilson(hits, n, level)
    return Estimate(name, hits / n, low, high, level, n, method=method, detail={"hits": hits})


def mean_share(
    name: str, patterns: Mapping[tuple[float, ...], int], *, note: str, level: float = 0.95
) -> Estimate:
    """The mean over items of values from 0 to 1, of which an item may have several.

    `patterns` says how many items have each list of values.

    Several answers to one item are not independent of each other, so items are counted. The
    interval is that of `over_items`; below 20 items Wilson's around the mean, which is wide enough
    as no such value varies more than right and wrong do. Undefined, with the note, for no items.

    >>> found = mean_share("right", {(1, 1): 1, (1, 0.5): 1, (0, 1): 1}, note="none")
    >>> round(found.value, 4), found.n, [round(x, 4) for x in (found.low, found.high)]
    (0.75, 3, [0.2561, 0.9632])
    """
    if not patterns:
        return share(name, 0, 0, note=note, level=level)
    found = over_patterns(name, patterns, level=level, bounds=(0, 1))
    if found.value is None or found.low is not None or found.n >= LEAST:
        return found
    low, high = wilson(found.value * found.n, found.n, level)
    return replace(found, low=low, high=high, method=BOUND, note="")


def difference(
    name: str, hits: int, n: int, other_hits: int, other_n: int, *, note: str, level: float = 0.95
) -> Estimate:  # fmt: skip
    """The difference of two shares with Newcombe's interval; undefined where either has no case.

    The answers count as independent of each other: where each person and item is drawn into an arm
    by itself, persons and items are spread over both sides alike.
    """
    method = "difference of two shares, Newcombe interval (answers taken as independent)"
    detail: dict[str, float] = {"n": n, "other_n": other_n}
    if n == 0 or other_n == 0:
        return Estimate(name, None, n=n + other_n, method=method, note=f"undefined: {note}",
                        detail=detail)  # fmt: skip
    low, high = newcombe(hits, n, other_hits, other_n, level)
    detail |= {"share": hits / n, "other": other_hits / other_n}
    gap = hits / n - other_hits / other_n
    return Estimate(name, gap, low, high, level, n + other_n, method=method, detail=detail)
