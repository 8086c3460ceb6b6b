"""Shares and means from units that were drawn with known, unequal probabilities."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.statistics.base import Estimate
from core.statistics.intervals import normal_quantile, t_quantile, wilson

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST, SHARE = 20.0, 0.1
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Design:
    """Assignments in order, and what was open when each was drawn. Made by `design`.

    `unit` holds the unit of every assignment (R,), `at` which of them were drawn (M,), `weight` of
    these the weight 1 / (n p) against an even draw, and `open` how many units were open. `part`
    weighs the draws, each of which could estimate the whole by itself; `count` is how often each
    unit was assigned. The rest says what lay outside the open units: `closings`, units in the order
    in which they closed, and `own`, (unit, sign) of units that a rater held, by rater.
    """

    units: int
    unit: Ints
    at: Ints
    weight: Reals
    open: Ints
    part: Reals
    count: Ints
    closings: Ints
    closed: Ints
    own: tuple[Ints, Ints]
    block: tuple[Ints, Ints, Ints]

    @property
    def unequal(self) -> bool:
        """Whether any draw was likelier than another."""
        return bool(np.any(np.abs(self.weight - 1) > 1e-6))

    def outside(self, of_unit: Reals) -> Reals:
        """For each draw, the sum of a unit's value over the units that were not open to it."""
        closed = np.concatenate([[0.0], np.cumsum(of_unit[self.closings])])
        held = np.concatenate([[0.0], np.cumsum(of_unit[self.own[0]] * self.own[1])])
        start, stop, _ = self.block
        return np.asarray(closed[self.closed] + held[stop] - held[start])

    def final(self) -> Reals:
        """The weight of every assignment in the estimate, 1 on average over what was drawn.

        An assignment counts by its own draw, if it was one, and as known for later draws.
        """
        later = np.zeros(self.units)
        order = np.argsort(self.closed, kind="stable")
        ahead = np.searchsorted(self.closed[order], np.arange(len(self.closings)), "right")
        sums = np.concatenate([[0.0], np.cumsum(self.part[order])])
        np.add.at(later, self.closings, sums[-1] - sums[ahead])
        start, stop, end = self.block
        held = np.zeros(len(self.own[0]) + 1)
        np.add.at(held, stop, self.part)
        inside = np.concatenate([np.cumsum(held[::-1])[::-1], [0.0]])
        last = np.zeros(len(self.own[0]), np.int64)
        for first, until in sorted({(int(a), int(b)) for a, b in zip(start, end, strict=True)}):
            last[first:until] = until
        place = np.arange(len(self.own[0]))
        np.add.at(later, self.own[0], self.own[1] * (inside[place + 1] - inside[last + 1]))
        found = later[self.unit] / self.count[self.unit]
        found[self.at] += self.part * self.open * self.weight
        return np.asarray(found * len(self.part) / self.units)


def design(
    unit: Sequence[int], rater: Sequence[int], weight: ArrayLike, counted: Sequence[bool], *,
    units: int, overlap: int,
) -> Design:  # fmt: skip
    """What was open at each draw, out of assignments in the order in which they were made.

    `unit` are numbers below `units`, `weight` is 1 / (n p) for a draw of p among n candidates and
    NaN for what was not drawn; `counted` says which assignments count towards the `overlap`, at
    which a unit closes to everybody. A rater is given no unit twice.
    """
    drawn = np.asarray(weight, float)
    taken, holders = [0] * units, defaultdict[int, list[int]](list)
    own = defaultdict[int, list[tuple[int, int]]](list)
    held = defaultdict[int, int](int)
    closings: list[int] = []
    at, opened, closed, stops, whose = [], [], [], [], []
    for n, (u, r) in enumerate(zip(unit, rater, strict=True)):
        if not math.isnan(drawn[n]):
            at.append(n)
            opened.append(max(1, units - len(closings) - held[r]))
            closed.append(len(closings))
            stops.append(len(own[r]))
            whose.append(r)
        if taken[u] >= overlap:
            continue
        taken[u] += counted[n]
        holders[u].append(r)
        own[r].append((u, 1))
        held[r] += 1
        if taken[u] >= overlap:
            closings.append(u)
            for other in holders[u]:
                own[other].append((u, -1))
                held[other] -= 1
    offset, flat = {}, list[tuple[int, int]]()
    for r, events in own.items():
        offset[r] = len(flat)
        flat += [(0, 0), *events]  # the first keeps neighbours apart
    start = np.array([offset.get(r, 0) for r in whose], np.int64)
    stop = start + 1 + np.array(stops, np.int64)
    end = start + 1 + np.array([len(own[r]) for r in whose], np.int64)
    events_of = np.array(flat, np.int64).reshape(len(flat), 2)
    count = np.bincount(np.asarray(unit, int), minlength=units)
    size = np.array(opened, np.int64)
    part = 1 / (size * np.maximum(size - 1, TINY))
    return Design(
        units, np.array(unit, np.int64), np.array(at, np.int64), drawn[at] if at else np.zeros(0),
        size, part / part.sum() if at else part, count,
        np.array(closings, np.int64), np.array(closed, np.int64),
        (events_of[:, 0], events_of[:, 1]), (start, stop, end),
    )  # fmt: skip


def weighted(
    name: str, drawn: Design, values: ArrayLike, *, inside: ArrayLike | None = None,
    share: bool = True, level: float = 0.95, why: str = "",
) -> tuple[Estimate, Estimate]:  # fmt: skip
    """The mean of a value over the study's units, by Hajek's ratio and by Horvitz and Thompson.

    `values` has one number per assignment, NaN where there is none; `inside` (units,) keeps the
    units that the question is about. Each draw estimates the total by what lay outside the open
    units plus the open ones times its own weighted value; the draws' estimates are uncorrelated,
    which gives the variance however the draws learnt from earlier answers. They are averaged with
    the parts that make the estimate the plain mean once every unit is answered.

    Hajek divides by the estimated number of units with a value; Horvitz and Thompson by the known
    number, and is undefined where a drawn unit has no value. Shares have Wilson's interval at the
    effective n that the variance gives, others Student's t at the effective n of the weights. Both
    are about the choice of units out of those of the study.

    Undefined without draws (`why` says what there was instead). Horvitz and Thompson (1952); Hajek
    (1971); Des Raj (1956) for draws without return; Farquhar, Gal and Rainforth (2021) for the
    parts; Kish (1965) for the effective n.
    """
    methods = ("weighted by 1 / probability (Hajek)", "weighted by 1 / probability (Horvitz and "
               "Thompson)")  # fmt: skip
    y = np.asarray(values, float)
    domain = np.ones(drawn.units, bool) if inside is None else np.asarray(inside, bool)
    there = ~np.isnan(y) & domain[drawn.unit]
    n = int(there[drawn.at].sum())
    if n == 0:
        note = f"undefined: no answer was drawn with a known probability{why}"
        return tuple(Estimate(name, None, method=m, note=note) for m in methods)  # type: ignore[return-value]
    y = np.where(there, y, 0.0)
    tops, sizes = (_each(drawn, column) for column in (y, there.astype(float)))
    top, size = (float((drawn.part * each).sum()) for each in (tops, sizes))
    weights = drawn.final()[there]
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    facts = {"effective_n": effective, "max_weight": float(weights.max()),
             "max_share": float(weights.max() / weights.sum())}  # fmt: skip
    note = _extreme(facts, n)
    coverage = n / int(domain.sum())
    value = top / size
    spread = _variance(drawn.part, (tops - value * sizes) / size)
    low, high = _bounds(value, spread, effective, share, level)
    ratio = Estimate(name, value, low, high, level, n, coverage, methods[0], note, facts)
    gone = int((domain[drawn.unit[drawn.at]] & ~there[drawn.at]).sum())
    if gone:
        said = f"undefined: {gone} drawn units have no value, so only the ratio holds"
        return ratio, Estimate(name, None, n=n, method=methods[1], note=said, detail=facts)
    scale = drawn.units / int(domain.sum())
    half = t_quantile(level, max(1, round(effective) - 1)) * scale * math.sqrt(
        _variance(drawn.part, tops - top)
    )  # fmt: skip
    total, bare = top * scale, half <= TINY and n < int(domain.sum())
    bounds = (None, None) if bare else (total - half, total + half)
    if bare:
        note = "no interval: no variation; see that of the ratio"
    return ratio, Estimate(
        name, total, bounds[0], bounds[1], level, n, coverage, methods[1], note, facts
    )


def _each(drawn: Design, column: Reals) -> Reals:
    """What each draw estimates of the mean of a column over all units."""
    sums = np.bincount(drawn.unit, column, drawn.units)
    of_unit = np.divide(sums, drawn.count, out=np.zeros(drawn.units), where=drawn.count > 0)
    found = drawn.outside(of_unit) + drawn.open * drawn.weight * column[drawn.at]
    return np.asarray(found / drawn.units)


def _variance(part: Reals, gaps: Reals) -> float:
    """The variance of the sum of the parts' estimates, from their gaps to it."""
    left = 1 - float((part**2).sum())
    return float((part**2 * gaps**2).sum()) / left if left > 1e-6 else 0.0


def _bounds(
    value: float, spread: float, effective: float, share: bool, level: float
) -> tuple[float, float]:  # fmt: skip
    t = t_quantile(level, max(1, round(effective) - 1))
    if not share:
        half = t * math.sqrt(spread)
        return value - half, value + half
    value, uncertain = min(1.0, max(0.0, value)), value * (1 - value)
    size = effective if uncertain <= TINY else uncertain / max(spread, TINY)
    size *= (normal_quantile(level) / t) ** 2
    return wilson(value * size, max(size, 1e-6), level)  # type: ignore[arg-type]


def _extreme(facts: dict[str, Any], n: int) -> str:
    """What is to be said of weights that leave little to rest on; '' for others."""
    said = []
    if facts["max_share"] > SHARE:
        said.append(f"one answer has {facts['max_share']:.0%} of the weight")
    if facts["effective_n"] < LEAST or facts["effective_n"] < n / 5:
        said.append(f"{n} answers count as {facts['effective_n']:.0f} even ones")
    return f"read with care: {', '.join(said)}" if said else ""
