"""Krippendorff's alpha of answers that are no single codes, by the question's own distance."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.statistics.base import Estimate, statistic
from core.statistics.intervals import LEAST

Reals = NDArray[np.float64]
Distance = Callable[[Any, Any], float]
VALUES, PAIRS = 250, 20_000  # different values compared all with all; pairs drawn above
REPLICATES, FEWER, STEP, MANY_UNITS = 1000, 200, 50, 5000
TINY = 1e-12


@statistic(
    "alpha_distance", "Krippendorff's alpha by distance", about="values", levels=("none",),
    reference="Krippendorff (2011), Passonneau (2006)",
)  # fmt: skip
def alpha_by_distance(
    units: Sequence[Sequence[Hashable]], values: Mapping[Any, Any], distance: Distance, *,
    possible: int | None = None, known: dict[tuple[Any, Any], float] | None = None,
    seed: int = 0, level: float = 0.95, most: int = VALUES, least: int = LEAST,
) -> Estimate:  # fmt: skip
    """Alpha of `units`, each the keys of its raters' answers; `values` says what a key stands for.

    1 - observed / expected mean distance, over answers to the same unit and over all answers to
    units with two or more; distances enter as they are, not squared. Above `most` different values
    the expected distance is that of 20,000 pairs of answers drawn with `seed`. The interval holds
    the percentiles of 1,000 draws of the units (200 above 5,000 units or `most` different values);
    none below `least` units.
    `n` counts units with two answers, `coverage` is their share of `possible`; `known` keeps
    distances between calls. With the distance 0 or 1 it is the nominal alpha:

    >>> words = {"a": "a", "b": "b"}
    >>> units = [["a", "a"], ["a", "a"], ["a", "b"], ["b", "b"]]
    >>> round(alpha_by_distance(units, words, lambda x, y: float(x != y)).value, 4)
    0.5333
    """
    held = [sorted(unit, key=str) for unit in units if len(unit) >= 2]
    n, names = len(held), list(dict.fromkeys(key for unit in held for key in unit))
    draws = REPLICATES if n <= MANY_UNITS and len(names) <= most else FEWER
    detail: dict[str, Any] = {"pairable": sum(map(len, held)), "values": len(names)}

    def told(
        value: float | None, note: str, bounds: tuple[float | None, float | None] = (None, None)
    ) -> Estimate:
        return Estimate(
            "alpha_distance", value, *bounds, level, n, n / possible if possible else None,
            _method(len(names), most, draws), note, detail,
        )  # fmt: skip

    if n == 0:
        return told(None, "undefined: needs at least one unit judged by two raters")
    far = _Distances(values, distance, {} if known is None else known)
    chance = np.random.default_rng(seed)
    own, sizes = _observed(held, far)
    expected = _all_pairs(held, names, far) if len(names) <= most else _drawn(held, far, chance)
    observed, by_chance = float(own.sum() / sizes.sum()), float(expected(np.ones((1, n)))[0])
    detail |= {"observed": observed, "expected": by_chance}
    if by_chance < TINY:
        return told(None, "undefined: no variation, every answer is the same")
    value = 1 - observed / by_chance
    if observed < TINY:
        return told(value, f"no interval: all answers agree on all {n} units")
    if n < least:
        return told(value, f"no interval: {n} units with two answers, {least} are needed")
    alphas = []
    for _ in range(0, draws, STEP):
        weights = chance.multinomial(n, np.full(n, 1 / n), size=STEP).astype(float)
        below = expected(weights)
        good = below > TINY
        alphas.append(1 - ((weights @ own) / (weights @ sizes))[good] / below[good])
    low, high = np.quantile(np.concatenate(alphas), [(1 - level) / 2, (1 + level) / 2])
    return told(value, "", (float(low), float(high)))


def _method(many: int, most: int, draws: int) -> str:
    spread = (
        f"expected over all pairs of {many} different values" if many <= most else
        f"expected over {PAIRS:,} pairs drawn among {many:,} different values"
    )  # fmt: skip
    return f"Krippendorff's alpha by the question's distance, {spread}; item bootstrap ({draws:,})"


def _observed(held: Sequence[Sequence[Any]], far: "_Distances") -> tuple[Reals, Reals]:
    """What each unit adds to the observed disagreement, and its answers."""
    own = [2 * sum(far(a, b) for a, b in combinations(u, 2)) / (len(u) - 1) for u in held]
    return np.array(own), np.array([len(unit) for unit in held], float)


class _Distances:
    """The distance of two values by their keys, each computed once."""

    def __init__(
        self, values: Mapping[Any, Any], distance: Distance, known: dict[tuple[Any, Any], float]
    ) -> None:
        self.values, self.distance, self.known = values, distance, known

    def __call__(self, a: Any, b: Any) -> float:
        if a == b:
            return 0.0
        place = (a, b) if str(a) < str(b) else (b, a)
        found = self.known.get(place)
        if found is None:
            found = self.known[place] = float(self.distance(self.values[a], self.values[b]))
        return found


def _all_pairs(
    held: Sequence[Sequence[Any]], names: Sequence[Any], far: _Distances
) -> Callable[[Reals], Reals]:
    """The mean distance of two answers under weights of the units (B x units), exactly."""
    place = {name: n for n, name in enumerate(names)}
    d = np.zeros((len(names), len(names)))
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        d[i, j] = d[j, i] = far(a, b)
    counts = np.zeros((len(held), len(names)))
    for row, unit in enumerate(held):
        for key in unit:
            counts[row, place[key]] += 1

    def expected(weights: Reals) -> Reals:
        totals = weights @ counts
        many = totals.sum(axis=1)
        return np.asarray(((totals @ d) * totals).sum(axis=1) / (many * (many - 1)))

    return expected


def _drawn(
    held: Sequence[Sequence[Any]], far: _Distances, chance: np.random.Generator
) -> Callable[[Reals], Reals]:
    """The same from pairs of different answers drawn evenly."""
    answers = [(row, key) for row, unit in enumerate(held) for key in unit]
    first = chance.integers(0, len(answers), PAIRS)
    second = (first + chance.integers(1, len(answers), PAIRS)) % len(answers)
    gaps = np.array([
        far(answers[a][1], answers[b][1]) for a, b in zip(first, second, strict=True)
    ])  # fmt: skip
    rows = np.array([row for row, _ in answers])
    one, other = rows[first], rows[second]

    def expected(weights: Reals) -> Reals:
        found = []
        for weight in weights:
            both = weight[one] * weight[other]
            found.append(float(both @ gaps) / max(float(both.sum()), 1.0))
        return np.array(found)

    return expected
