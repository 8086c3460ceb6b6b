"""How far answers lie apart on each unit, and how much that matters.

Every function takes counts (units x K): how many raters gave each code. A rater who answered
several times is spread over the codes given, and counts as one.
"""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Floats = NDArray[np.float64]
SMOOTHING = 0.5


def shares(counts: Counts) -> Floats:
    """Counts as shares per unit; a unit without answers has shares of 0."""
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(
        np.divide(counts, total, out=np.zeros_like(counts, dtype=float), where=total > 0)
    )


def entropy(share: Floats) -> Floats:
    """Shannon entropy per unit, in bits."""
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    return np.asarray(-(share * logs).sum(axis=1))


def divergence(one: Counts, other: Counts, *, ordered: bool = False) -> Floats:
    """How far two groups lie apart on each unit, 0 (the same shares) to 1 (nothing in common).

    The Jensen-Shannon divergence in bits; with `ordered` codes the first Wasserstein distance over
    K - 1, so that neighbouring points count for less than distant ones.

    >>> one, other = np.array([[4.0, 0, 0], [4.0, 0, 0]]), np.array([[0, 4.0, 0], [0, 0, 4.0]])
    >>> divergence(one, other).tolist(), divergence(one, other, ordered=True).tolist()
    ([1.0, 1.0], [0.5, 1.0])
    """
    p, q = shares(one), shares(other)
    if ordered:
        gaps = np.abs(np.cumsum(p - q, axis=1)).sum(axis=1)
        return np.asarray(gaps / max(p.shape[1] - 1, 1))
    mixed = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
    return np.asarray(np.clip(mixed, 0, 1))


def certainty(counts: Counts) -> Floats:
    """How sure a group is on each unit: 1 - normalised entropy with half an answer added per code.

    One answer alone is weak evidence, and the added halves say so.
    """
    smoothed = shares(counts + SMOOTHING)
    return np.asarray(1 - entropy(smoothed) / np.log2(max(counts.shape[1], 2)))


def support(one: Counts, other: Counts) -> Floats:
    """sqrt(n m / (n + m)) per unit: how many answers stand behind a comparison."""
    n, m = one.sum(axis=1), other.sum(axis=1)
    return np.asarray(
        np.sqrt(np.divide(n * m, n + m, out=np.zeros_like(n, dtype=float), where=n + m > 0))
    )


def priority(people: Counts, models: Counts, *, ordered: bool = False) -> Floats:
    """Which units to look at first: sure people contradicted by models, with many answers."""
    gap = divergence(people, models, ordered=ordered)
    return gap * certainty(people) * support(people, models)


def spread(counts: Counts, *, ordered: bool = False) -> Floats:
    """The mean distance between the answers of two raters of one group; 0 below two raters.

    Distance is 1 between different codes, or their gap over K - 1 when `ordered`.

    >>> spread(np.array([[2.0, 0], [1.0, 1.0], [1.0, 0]])).tolist()
    [0.0, 1.0, 0.0]
    """
    points = np.arange(counts.shape[1])
    gaps = np.abs(points[:, None] - points[None, :]).astype(float)
    distance = gaps / max(len(points) - 1, 1) if ordered else (gaps > 0).astype(float)
    n = counts.sum(axis=1)
    pairs = np.einsum("ua,ab,ub->u", counts, distance, counts)
    return np.asarray(np.divide(pairs, n * (n - 1), out=np.zeros_like(pairs), where=n > 1.5))


def contested(counts: Counts) -> NDArray[np.bool_]:
    """Units on which two or more raters answered and no code has a majority."""
    n = counts.sum(axis=1)
    return np.asarray((n > 1.5) & (counts.max(axis=1) <= n / 2 + 1e-9))
