"""Krippendorff's alpha from count patterns, with two intervals that respect the units."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.statistics.base import ORDERED, Estimate, statistic
from core.statistics.groups import Group
from core.statistics.intervals import LEAST, t_quantile
from core.statistics.table import Table
from core.telling import Told

Reals = NDArray[np.float64]
Metric = Literal["nominal", "ordinal", "interval", "ratio"]
REPLICATES = 1000
TINY = 1e-12


def distances(totals: Reals, metric: Metric, values: Reals) -> Reals:
    """Squared distances between codes (... x K x K) for totals (... x K) of pairable answers.

    Ordinal distances depend on how often each code was used: they are interval distances between
    mid-ranks.
    """
    if metric == "nominal":
        return np.broadcast_to(1.0 - np.eye(len(values)), (*totals.shape, len(values)))
    points = midranks(totals) if metric == "ordinal" else np.broadcast_to(values, totals.shape)
    gap = (points[..., :, None] - points[..., None, :]) ** 2
    if metric != "ratio":
        return np.asarray(gap)
    total = (points[..., :, None] + points[..., None, :]) ** 2
    return np.divide(gap, total, out=np.zeros_like(gap), where=total > 0)


def midranks(totals: Reals) -> Reals:
    """The mean rank of each code's answers, counted from 0.

    >>> midranks(np.array([2.0, 4.0])).tolist()
    [1.0, 4.0]
    """
    return np.asarray(np.cumsum(totals, axis=-1) - totals / 2)


def coincidences(rows: Reals) -> Reals:
    """What one unit of each pattern adds to the coincidence matrix (P x K x K)."""
    together = rows[:, :, None] * rows[:, None, :]
    k = rows.shape[1]
    together[:, np.arange(k), np.arange(k)] -= rows
    return np.asarray(together / (rows.sum(axis=1) - 1)[:, None, None])


def disagreements(
    weights: Reals, rows: Reals, each: Reals, metric: Metric, values: Reals
) -> tuple[Reals, Reals, Reals, Reals]:
    """Observed and expected disagreement, totals and distances, for weights (B x P)."""
    replicates, (patterns, k) = len(weights), rows.shape
    o = (weights @ each.reshape(patterns, k * k)).reshape(replicates, k, k)
    totals = weights @ rows
    d = distances(totals, metric, values)
    n = totals.sum(axis=1)
    observed = (o * d).sum(axis=(1, 2))
    expected = np.einsum("bi,bij,bj->b", totals, d, totals) / np.maximum(n - 1, 1)
    return observed, expected, totals, d


def krippendorff_alpha(
    rows: ArrayLike, weights: ArrayLike | None = None, *, metric: Metric = "nominal",
    values: ArrayLike | None = None, bootstrap: bool = False, replicates: int = REPLICATES,
    seed: int = 0, possible: int | None = None, level: float = 0.95, least: int = LEAST,
) -> Estimate:  # fmt: skip
    """Krippendorff's alpha from counts per unit (P x K) and how many units have each row.

    Units with fewer than two answers are left out; `n` counts the others. The interval is the
    delta method over units with Student's t, or with `bootstrap` the percentiles of resampled
    units. None below `least` units. `values` are the numbers that interval and ratio codes stand
    for. Krippendorff (2011), four observers and twelve units:

    >>> counts = [[3, 0, 0, 0, 0], [0, 3, 1, 0, 0], [0, 0, 4, 0, 0], [0, 0, 4, 0, 0],
    ...           [0, 4, 0, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 4, 0], [3, 1, 0, 0, 0],
    ...           [0, 4, 0, 0, 0], [0, 0, 0, 0, 3], [2, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
    >>> for metric in ("nominal", "ordinal", "interval"):
    ...     print(round(krippendorff_alpha(counts, metric=metric).value, 3))
    0.743
    0.815
    0.849
    """
    every = np.atleast_2d(np.asarray(rows, float))
    many = np.ones(len(every)) if weights is None else np.asarray(weights, float)
    answers = every.sum(axis=1)
    pairable = (answers >= 2) & (many > 0)
    kept, units = every[pairable], many[pairable]
    n = int(units.sum())
    detail: dict[str, Any] = {
        "judgments": int((answers * many).sum()), "pairable": int(kept.sum(axis=1) @ units),
        "single_units": int(many[answers == 1].sum()),
    }  # fmt: skip
    method = _method(metric, bootstrap)
    coverage = n / possible if possible else None
    if n == 0:
        note = Told("undefined: needs at least one unit judged by two raters")
        return Estimate("alpha", None, None, None, level, 0, coverage, method, note, detail)
    points = np.arange(kept.shape[1], dtype=float) if values is None else np.asarray(values, float)
    each = coincidences(kept)
    observed, expected, totals, d = disagreements(units[None], kept, each, metric, points)
    detail |= {"observed": float(observed[0]), "expected": float(expected[0])}
    if expected[0] < TINY:
        note = Told("undefined: no variation, every answer is the same")
        return Estimate("alpha", None, None, None, level, n, coverage, method, note, detail)
    value = float(1 - observed[0] / expected[0])
    unsure = _no_interval(float(observed[0]), n, least)
    if unsure:
        return Estimate("alpha", value, None, None, level, n, coverage, method, unsure, detail)
    if bootstrap:
        low, high, lost = _percentiles(units, kept, each, metric, points, replicates, seed, level)
        detail |= {"replicates": replicates, "lost_replicates": lost}
    else:
        se = _delta_error(units, kept, each, metric, totals[0], d[0], detail)
        half = t_quantile(level, n - 1) * se
        low, high = max(-1.0, value - half), min(1.0, value + half)
        detail["se"] = se
    return Estimate("alpha", value, low, high, level, n, coverage, method, "", detail)


def _method(metric: str, bootstrap: bool) -> str:
    interval = "item bootstrap" if bootstrap else "delta method over units, Student's t"
    return f"Krippendorff's alpha, {metric}, {interval}"


def _no_interval(observed: float, n: int, least: int) -> str:
    if observed < TINY:
        return Told("no interval: all answers agree on all {n} units", n=n)
    if n < least:
        words = "no interval: {n} units with two answers, {least} are needed"
        return Told(words, n=n, least=least)
    return ""


def _delta_error(
    units: Reals, rows: Reals, each: Reals, metric: Metric, totals: Reals, d: Reals,
    found: dict[str, Any],
) -> float:  # fmt: skip
    """Standard error of alpha from each unit's influence; ordinal ranks move with the unit too."""
    observed, expected, n = found["observed"], found["expected"], float(totals.sum())
    size = rows.sum(axis=1)
    far = totals @ d
    do = (each * d).sum(axis=(1, 2))
    de = 2 * (rows @ far) / (n - 1) - float(totals @ far) * size / (n - 1) ** 2
    if metric == "ordinal":
        ranks, moved = midranks(totals), midranks(rows)
        o = np.einsum("p,pij->ij", units, each)
        do += 4 * moved @ (totals * ranks - o @ ranks)
        de += 4 * moved @ (totals * (ranks * n - float(totals @ ranks))) / (n - 1)
    influence = -(do / expected - observed * de / expected**2)
    many = float(units.sum())
    mean = float(influence @ units) / many
    return float(np.sqrt(many / (many - 1) * (units @ (influence - mean) ** 2)))


def _percentiles(
    units: Reals, rows: Reals, each: Reals, metric: Metric, values: Reals, replicates: int,
    seed: int, level: float,
) -> tuple[float, float, int]:  # fmt: skip
    """Percentiles of alpha over resampled units, and how many replicates had no variation.

    Units with equal rows are exchangeable, so one multinomial over the patterns draws a replicate.
    """
    many = int(units.sum())
    chance = np.random.default_rng(seed)
    alphas = []
    for start in range(0, replicates, 100):
        size = min(100, replicates - start)
        weights = chance.multinomial(many, units / many, size=size).astype(float)
        observed, expected, _, _ = disagreements(weights, rows, each, metric, values)
        good = expected > TINY
        alphas.append(1 - observed[good] / expected[good])
    drawn = np.concatenate(alphas)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high), replicates - len(drawn)


@statistic(
    "alpha", "Krippendorff's alpha", about="group", reference="Krippendorff (2011)"
)  # fmt: skip
def alpha(
    table: Table, group: Group = "all", *, metric: Metric | None = None, **options: Any
) -> Estimate:
    """Alpha of a group (people, models, all) at the scale's own level, or at another `metric`.

    Undefined for a metric that needs an order the scale does not have.
    """
    chosen: Metric = metric or table.level  # type: ignore[assignment]
    if chosen in ORDERED and table.level not in ORDERED:
        note = f"undefined: {chosen} distances need an ordered scale, this one is {table.level}"
        return Estimate("alpha", None, method=_method(chosen, False), note=note)
    found = table.patterns[group]
    return krippendorff_alpha(
        found.rows, found.weights, metric=chosen, possible=table.possible, **options
    )
