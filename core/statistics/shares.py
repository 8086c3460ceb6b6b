"""Shares, and differences of shares, that rest on counts from outside the analysis table."""

from core.statistics.base import Estimate
from core.statistics.intervals import newcombe, wilson


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
