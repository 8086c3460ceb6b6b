"""Cohen's kappa, plain and weighted, with what one needs beside it to read it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.statistics.base import ORDERED, Estimate, statistic
from core.statistics.intervals import LEAST, normal_quantile, wilson
from core.statistics.percent import NO_OVERLAP
from core.statistics.table import Table

Reals = NDArray[np.float64]
Weights = Literal["plain", "linear", "quadratic"]
TITLES: Mapping[str, str] = {
    "plain": "Cohen's kappa",
    "linear": "Cohen's kappa, linear weights",
    "quadratic": "Cohen's kappa, quadratic weights",
}
NAMES: Mapping[str, str] = {
    "plain": "cohen", "linear": "cohen_linear", "quadratic": "cohen_quadratic",
}  # fmt: skip
TINY = 1e-12


def agreement_weights(k: int, weights: Weights) -> Reals:
    """How much each pair of codes agrees, 1 on the diagonal (K x K).

    >>> agreement_weights(3, "linear").tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    if weights == "plain" or k < 2:
        return np.eye(k)
    gap = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / (k - 1)
    return 1.0 - (gap if weights == "linear" else gap**2)


def kappas(tables: Reals, weights: Reals) -> dict[str, Reals]:
    """Kappa and its standard error for a stack of tables (P x K x K), NaN where undefined.

    Also observed (`po`) and expected (`pe`) weighted agreement. The standard error is the
    large-sample one of Fleiss, Cohen and Everitt (1969), not that of the null hypothesis.
    """
    n = tables.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = tables / n[:, None, None]
        row, column = p.sum(axis=2), p.sum(axis=1)
        po = (p * weights).sum(axis=(1, 2))
        pe = np.einsum("pi,ij,pj->p", row, weights, column)
        kappa = (po - pe) / (1 - pe)
        mean = (column @ weights.T)[:, :, None] + (row @ weights)[:, None, :]
        left = (p * (weights - mean * (1 - kappa)[:, None, None]) ** 2).sum(axis=(1, 2))
        variance = (left - (kappa - pe * (1 - kappa)) ** 2) / (n * (1 - pe) ** 2)
    kappa[pe >= 1 - TINY] = np.nan
    return {"value": kappa, "se": np.sqrt(np.maximum(variance, 0.0)), "po": po, "pe": pe}


def cohen_kappa(
    confusion: ArrayLike, *, weights: Weights | ArrayLike = "plain",
    labels: Sequence[str] = (), possible: int | None = None, level: float = 0.95,
    least: int = LEAST,
) -> Estimate:  # fmt: skip
    """Cohen's kappa of two raters from their joint counts (K x K, over the whole declared scale).

    `weights` are plain, linear, quadratic, or a K x K matrix of agreement weights (1 = same). No
    interval below `least` units, nor at perfect agreement. Undefined, and explained, without a
    shared unit or without variation. Cohen (1960) prints .492:

    >>> round(cohen_kappa([[88, 14, 18], [10, 40, 10], [2, 6, 12]]).value, 3)
    0.492

    The SAS manual prints .4842 with limits .2137 and .7547 for 19 units:

    >>> sas = cohen_kappa([[0, 4, 1], [0, 8, 0], [0, 1, 5]], least=1)
    >>> [round(x, 4) for x in (sas.value, sas.detail["se"], sas.low, sas.high)]
    [0.4842, 0.138, 0.2137, 0.7547]
    """
    table = np.asarray(confusion, float)
    return cohen_many(
        table[None], weights=weights, labels=labels, possible=possible, level=level, least=least
    )[0]


def cohen_many(
    tables: ArrayLike, *, weights: Weights | ArrayLike = "plain", labels: Sequence[str] = (),
    possible: int | None = None, level: float = 0.95, least: int = LEAST,
) -> list[Estimate]:  # fmt: skip
    """`cohen_kappa` of a stack of tables (P x K x K), computed together."""
    stack = np.asarray(tables, float)
    kind = weights if isinstance(weights, str) else "custom"
    matrix = (
        agreement_weights(stack.shape[1], weights)  # type: ignore[arg-type]
        if isinstance(weights, str)
        else np.asarray(weights, float)
    )
    found = kappas(stack, matrix)
    name, method = NAMES.get(kind, "cohen_custom"), _method(kind)
    return [
        _estimate(
            {key: float(values[i]) for key, values in found.items()}, stack[i], name, method,
            labels, possible, level, least,
        )
        for i in range(len(stack))
    ]  # fmt: skip


def _method(kind: str) -> str:
    title = TITLES.get(kind, "Cohen's kappa, own weights")
    return f"{title}, large-sample interval (Fleiss, Cohen and Everitt 1969)"


def _estimate(
    found: Mapping[str, float], table: Reals, name: str, method: str, labels: Sequence[str],
    possible: int | None, level: float, least: int,
) -> Estimate:  # fmt: skip
    n = int(table.sum())
    coverage = n / possible if possible else None
    if n == 0:
        return Estimate(name, None, coverage=coverage, method=method, note=NO_OVERLAP)
    detail = {**diagnostics(table), "se": found["se"], "weighted_pe": found["pe"]}
    value = found["value"]
    if np.isnan(value):
        note = _no_variation(table, labels)
        return Estimate(name, None, None, None, level, n, coverage, method, note, detail)
    note = _no_interval(table, found["se"], n, least, level)
    if note:
        return Estimate(name, value, None, None, level, n, coverage, method, note, detail)
    half = normal_quantile(level) * found["se"]
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Estimate(name, value, low, high, level, n, coverage, method, "", detail)


def _no_variation(table: Reals, labels: Sequence[str]) -> str:
    only = int(table.sum(axis=0).argmax())
    label = labels[only] if only < len(labels) else f"code {only}"
    return f"undefined: no variation, every answer is “{label}” (percent agreement 100 %)"


def _no_interval(table: Reals, se: float, n: int, least: int, level: float) -> str:
    if np.trace(table) == n:
        low, _ = wilson(n, n, level)
        return f"no interval: all {n} agree; true agreement is at least {low:.0%} (Wilson)"
    if n < least:
        return f"no interval: {n} shared units, {least} are needed"
    if se < 1e-7:
        return "no interval: one rater gave only one answer, so kappa is 0 whatever the agreement"
    return ""


def diagnostics(confusion: ArrayLike) -> dict[str, Any]:
    """What to read beside kappa: agreement, chance, and how prevalence and bias move it.

    `po`, `pe` plain; `pabak` = Brennan and Prediger's kappa (K codes declared); `ac1` Gwet's;
    `kappa_max` for these margins; `prevalence_index` and `bias_index` for two codes, else None;
    `per_code` agreement on each code, None where it was not used. Feinstein and Cicchetti (1990):

    >>> skewed = diagnostics([[80, 10], [5, 5]])
    >>> [round(skewed[x], 3) for x in ("po", "pabak", "prevalence_index", "bias_index")]
    [0.85, 0.7, 0.75, 0.05]
    """
    table = np.asarray(confusion, float)
    n, k = float(table.sum()), len(table)
    row, column, same = table.sum(axis=1) / n, table.sum(axis=0) / n, np.diag(table) / n
    po, pe = float(same.sum()), float(row @ column)
    shares = (row + column) / 2
    chance = float((shares * (1 - shares)).sum() / (k - 1)) if k > 1 else 1.0
    two = k == 2
    return {
        "po": po,
        "pe": pe,
        "pabak": (k * po - 1) / (k - 1) if k > 1 else None,
        "ac1": (po - chance) / (1 - chance) if chance < 1 - TINY else None,
        "kappa_max": (float(np.minimum(row, column).sum()) - pe) / (1 - pe)
        if pe < 1 - TINY
        else None,
        "prevalence_index": float(same[0] - same[1]) if two else None,
        "bias_index": float(table[0, 1] - table[1, 0]) / n if two else None,
        "per_code": [
            2 * float(s) / float(t) if t > 0 else None
            for s, t in zip(same, row + column, strict=True)
        ],
    }


@statistic("cohen", TITLES["plain"], about="pair", reference="Cohen (1960)")
def cohen(table: Table, first: int, second: int, **options: Any) -> Estimate:
    """Plain kappa of two raters over the units that both judged."""
    return _of_pair(table, first, second, "plain", options)


@statistic(
    "cohen_linear", TITLES["linear"], about="pair", levels=ORDERED,
    reference="Cicchetti and Allison (1971)",
)  # fmt: skip
def cohen_linear(table: Table, first: int, second: int, **options: Any) -> Estimate:
    """Linearly weighted kappa of two raters; the order is the order of the scale."""
    return _of_pair(table, first, second, "linear", options)


@statistic(
    "cohen_quadratic", TITLES["quadratic"], about="pair", levels=ORDERED,
    reference="Fleiss and Cohen (1973)",
)  # fmt: skip
def cohen_quadratic(table: Table, first: int, second: int, **options: Any) -> Estimate:
    """Quadratically weighted kappa of two raters; the order is the order of the scale."""
    return _of_pair(table, first, second, "quadratic", options)


def _of_pair(
    table: Table, first: int, second: int, weights: Weights, options: Mapping[str, Any]
) -> Estimate:
    if weights != "plain" and table.level not in ORDERED:
        note = f"undefined: {weights} weights need an ordered scale, this one is {table.level}"
        return Estimate(NAMES[weights], None, method=_method(weights), note=note)
    return cohen_kappa(
        table.pair(first, second), weights=weights, labels=table.labels,
        possible=table.possible, **options,
    )  # fmt: skip
