"""How far answers to one unit lie apart, where answers have a distance and no codes.

Groups are votes: an answer -> how many raters gave it (parts of a vote where a rater gave several).
Distances are from 0 (the same) to 1 (nothing in common).
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

Votes = Mapping[Any, float]
Distance = Callable[[Any, Any], float]
TINY = 1e-12
HALF = 0.5  # of an answer, at the distance 1 from all others, is added to what people say


def spread(votes: Votes, distance: Distance) -> float:
    """The mean distance between the answers of two raters; 0 below two raters.

    >>> spread({"a": 2, "b": 1}, lambda x, y: float(x != y))
    0.6666666666666666
    """
    n = sum(votes.values())
    return _sum(votes, distance) / (n * (n - 1)) if n > 1.5 else 0.0


def certainty(votes: Votes, distance: Distance) -> float:
    """1 - the mean distance of two answers drawn with replacement (Rao's quadratic entropy, 1982).

    Half an answer far from all others is added, so that one alone is weak evidence. For one answer,
    two that agree, and two that have nothing in common:

    >>> differ = lambda x, y: float(x != y)
    >>> [round(certainty(v, differ), 2) for v in ({"a": 1}, {"a": 2}, {"a": 1, "b": 1})]
    [0.56, 0.68, 0.36]
    """
    n = sum(votes.values())
    return 1 - (_sum(votes, distance) + 2 * n * HALF) / (n + HALF) ** 2


def transport(one: Votes, other: Votes, distance: Distance) -> float:
    """How far two groups lie apart: the least mean distance that moves one to the other.

    The first Wasserstein distance (earth mover's distance) of their shares. Neither may be empty.

    >>> transport({"a": 1, "b": 1}, {"a": 3}, lambda x, y: float(x != y))
    0.5
    """
    here, there = _shares(one), _shares(other)
    cost = np.array([[distance(a, b) for b in there] for a in here])
    p, q = np.array(list(here.values())), np.array(list(there.values()))
    if min(cost.shape) == 1:  # there is one way to move
        return float(p @ cost @ q)
    from scipy.optimize import linprog  # slow to import

    rows, columns = cost.shape
    sums = np.zeros((rows + columns, rows * columns))
    for n in range(rows):
        sums[n, n * columns : (n + 1) * columns] = 1
    for n in range(columns):
        sums[rows + n, n::columns] = 1
    found = linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([p, q]), method="highs")
    return float(found.fun)


def _sum(votes: Votes, distance: Distance) -> float:
    """Sum over all pairs of answers, each way, of their distance."""
    held: list[tuple[Hashable, float]] = list(votes.items())
    return 2 * sum(
        n * m * distance(a, b)
        for place, (a, n) in enumerate(held) for b, m in held[place + 1 :]
    )  # fmt: skip


def _shares(votes: Votes) -> dict[Any, float]:
    total = sum(votes.values())
    return {answer: many / total for answer, many in votes.items()}
