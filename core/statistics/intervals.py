"""Intervals that several statistics share."""

import math
from functools import lru_cache

from scipy import special

LEAST = 20


@lru_cache(maxsize=32)
def normal_quantile(level: float) -> float:
    """The two-sided quantile of the normal distribution.

    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    return float(special.ndtri(0.5 + level / 2))


@lru_cache(maxsize=4096)
def t_quantile(level: float, freedom: int) -> float:
    """The two-sided quantile of Student's t.

    >>> round(t_quantile(0.95, 10), 3)
    2.228
    """
    return float(special.stdtrit(freedom, 0.5 + level / 2))


def wilson(hits: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share; holds at 0 and 1 and for small `n` (at least 1).

    Wilson (1927). Newcombe (1998), method 3, prints .2553 to .3662 for 81 of 263:

    >>> [round(x, 4) for x in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    z = normal_quantile(level)
    share, square = hits / n, z * z / n
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    low = 0.0 if hits == 0 else middle - half
    return max(0.0, low), min(1.0, 1.0 if hits == n else middle + half)


def newcombe(
    hits: float, n: int, other_hits: float, other_n: int, level: float = 0.95
) -> tuple[float, float]:  # fmt: skip
    """The interval of the difference of two independent shares, from their score intervals.

    Newcombe (1998), method 10, prints 0.0524 to 0.3339 for 56 of 70 against 48 of 80:

    >>> [round(x, 4) for x in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    one, other = hits / n, other_hits / other_n
    low, high = wilson(hits, n, level)
    other_low, other_high = wilson(other_hits, other_n, level)
    gap = one - other
    return (
        gap - math.sqrt((one - low) ** 2 + (other_high - other) ** 2),
        gap + math.sqrt((high - one) ** 2 + (other - other_low) ** 2),
    )
