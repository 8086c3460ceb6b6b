"""How far two lists of points overlap, and how far they would by chance."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

Points = TypeVar("Points")


@dataclass(frozen=True, slots=True)
class Overlap:
    """The overlap of a list A of `first` points with a list B of `second`.

    `hit_rate` is the share of A that matches anything in B. The others take as common the most
    pairs in which no point is used twice (`common`), so that they go from 0 to 1: Jaccard over the
    union, Szymkiewicz-Simpson over the shorter list, Dice over the mean length. None for empty
    lists.
    """

    first: int
    second: int
    matched: int
    common: int
    hit_rate: float | None
    jaccard: float | None
    szymkiewicz_simpson: float | None
    dice: float | None

    def data(self) -> dict[str, Any]:
        """The numbers by name; the lengths as `points_a` and `points_b`."""
        found = asdict(self)
        return {"points_a": found.pop("first"), "points_b": found.pop("second"), **found}


def overlap(first: int, second: int, pairs: Sequence[tuple[int, int]]) -> Overlap:
    """The overlap that matching pairs (places from 0) give. Liang et al. (2024).

    >>> found = overlap(4, 3, [(0, 0), (1, 0), (2, 2)])
    >>> found.hit_rate, found.common, found.jaccard
    (0.75, 2, 0.4)
    >>> found.szymkiewicz_simpson, found.dice
    (0.6666666666666666, 0.5714285714285714)
    """
    matched = len({a for a, _ in pairs})
    common = _one_to_one(first, second, pairs)
    return Overlap(
        first, second, matched, common, _share(matched, first),
        _share(common, first + second - common), _share(common, min(first, second)),
        _share(2 * common, first + second),
    )  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _one_to_one(first: int, second: int, pairs: Sequence[tuple[int, int]]) -> int:
    if not pairs:
        return 0
    rows, columns = zip(*set(pairs), strict=True)
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(first, second))
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())


def word_hits(first: Sequence[str], second: Sequence[str], least: float = 0.25) -> float | None:
    """The share of the points of A that share words with one of B; None when either is empty.

    Two points share words when at least `least` of the words of four letters and more that either
    has are in both. A stand-in that costs nothing, for comparing with shuffled lists.

    >>> word_hits(["evaluation is missing", "title is long"], ["missing evaluation of speed"])
    0.5
    """
    a, b = ([_words(point) for point in points if point.strip()] for points in (first, second))
    if not a or not b:
        return None
    hits = sum(any(x & y and len(x & y) >= least * len(x | y) for y in b) for x in a)
    return hits / len(a)


def _words(point: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{4,}", point.casefold()))


def shuffled(
    pairs: Sequence[tuple[Points, Points]], groups: Sequence[str],
    measure: Callable[[Points, Points], float | None], *, rounds: int = 20, seed: int = 0,
) -> list[float]:  # fmt: skip
    """The measure's means when every A meets the B of another item of its group: the null.

    Of each round one mean, over the items whose measure is defined. Items that are alone in their
    group have no other B and are left out; [] when all are.
    """
    chance = random.Random(seed)  # noqa: S311
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    several = [places for places in members.values() if len(places) > 1]
    means = []
    for _ in range(rounds if several else 0):
        values = [
            measure(pairs[place][0], pairs[other][1])
            for places in several
            for place, other in _deranged(places, chance)
        ]
        known = [value for value in values if value is not None]
        if known:
            means.append(sum(known) / len(known))
    return means


def _deranged(places: Sequence[int], chance: random.Random) -> list[tuple[int, int]]:
    """Each place with another one, in a random circle."""
    circle = list(places)
    chance.shuffle(circle)
    return list(zip(circle, circle[1:] + circle[:1], strict=True))
