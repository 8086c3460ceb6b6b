"""A rater against a reference: a known answer, or what most people said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.statistics.base import Estimate, statistic
from core.statistics.cohen import cohen_kappa
from core.statistics.intervals import LEAST, normal_quantile, wilson
from core.statistics.table import GOLD, Table

Reals = NDArray[np.float64]
Reference = Literal["majority", "gold"]
NO_REFERENCE = {
    "gold": "undefined: no unit has both a known answer and this rater's",
    "majority": "undefined: no unit has both a clear majority of people and this rater's answer",
}


def accuracy_of(
    confusion: ArrayLike, *, possible: int | None = None, level: float = 0.95,
    against: Reference = "majority",
) -> Estimate:  # fmt: skip
    """The share of units on which a rater gives the reference answer, with Wilson's interval.

    `confusion` is K x K counts: rows are the reference, columns the rater.

    >>> round(accuracy_of([[8, 2], [1, 9]]).value, 2)
    0.85
    """
    table = np.asarray(confusion, float)
    n, right = int(table.sum()), int(np.trace(table))
    coverage, method = _coverage(n, possible), f"accuracy against {against}, Wilson interval"
    if n == 0:
        return Estimate("accuracy", None, coverage=coverage, method=method,
                        note=NO_REFERENCE[against])  # fmt: skip
    low, high = wilson(right, n, level)
    detail: dict[str, Any] = {"right": right}
    return Estimate("accuracy", right / n, low, high, level, n, coverage, method, detail=detail)


def _coverage(n: int, possible: int | None) -> float | None:
    return n / possible if possible else None


def _precision(p: Reals) -> tuple[Reals, Reals]:
    """Precision per code, and how it changes with each cell of the shares `p`."""
    same, said = np.diag(p), p.sum(axis=0)
    value = _ratio(same, said)
    slope = np.diag(_ratio(np.ones_like(said), said)) - _ratio(value, said)[None, :]
    return value, slope


def _recall(p: Reals) -> tuple[Reals, Reals]:
    value, slope = _precision(p.T)
    return value, slope.T


def _f1(p: Reals) -> tuple[Reals, Reals]:
    same, both = np.diag(p), p.sum(axis=0) + p.sum(axis=1)
    value = _ratio(2 * same, both)
    part = _ratio(value, both)
    slope = np.diag(_ratio(2 * np.ones_like(both), both)) - part[:, None] - part[None, :]
    return value, slope


def _ratio(above: Reals, below: Reals) -> Reals:
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)


MEASURES: dict[str, Callable[[Reals], tuple[Reals, Reals]]] = {
    "macro_precision": _precision,
    "macro_recall": _recall,
    "macro_f1": _f1,
}


def macro(
    confusion: ArrayLike, measure: str = "macro_f1", *, possible: int | None = None,
    level: float = 0.95, least: int = LEAST, against: Reference = "majority",
) -> Estimate:  # fmt: skip
    """Precision, recall or F1 of a rater against a reference, averaged over the codes.

    `confusion` is K x K counts: rows are the reference, columns the rater. A code that neither
    uses is left out of the mean; one that only one of them uses counts 0, as usual. The interval
    is the delta method over units. `detail["per_code"]` holds each code's value.

    >>> round(macro([[8, 2], [1, 9]]).value, 4)
    0.8496
    """
    table = np.asarray(confusion, float)
    n = int(table.sum())
    coverage = _coverage(n, possible)
    method = f"{measure.replace('_', ' ')} against {against}, delta method over units"
    if n == 0:
        return Estimate(measure, None, coverage=coverage, method=method,
                        note=NO_REFERENCE[against])  # fmt: skip
    p = table / n
    used = (p.sum(axis=0) + p.sum(axis=1)) > 0
    values, slopes = MEASURES[measure](p)
    value = float(values[used].mean())
    mean_slope = slopes / used.sum()
    spread = float((p * mean_slope**2).sum() - ((p * mean_slope).sum()) ** 2)
    se = float(np.sqrt(max(spread, 0.0) / n))
    detail = {
        "se": se,
        "per_code": [float(v) if u else None for v, u in zip(values, used, strict=True)],
    }
    note = _no_interval(se, n, least)
    if note:
        return Estimate(measure, value, None, None, level, n, coverage, method, note, detail)
    half = normal_quantile(level) * se
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate(measure, value, low, high, level, n, coverage, method, "", detail)


def _no_interval(se: float, n: int, least: int) -> str:
    if n < least:
        return f"no interval: {n} units, {least} are needed"
    return "" if se > 1e-9 else "no interval: no variation; see the interval of accuracy"


def against(table: Table, rater: int, reference: Reference = "majority", repeat: int = 0) -> Any:
    """Joint counts K x K of a reference (rows) and a rater (columns); zeros without answers.

    The majority is that of the people; for a person, of the other people. Ties stay missing.
    """
    column = table.column(rater, repeat)
    if column is None:
        return np.zeros((table.k, table.k), np.int64)
    return table.against[column] if reference == "majority" else table.confusion(GOLD, column)


@statistic(
    "accuracy",
    "Accuracy against people",
    about="rater",
    reference="share of units with the reference answer",
)
def accuracy(
    table: Table, rater: int, *, reference: Reference = "majority", **options: Any
) -> Estimate:
    """Accuracy of a rater against the majority of people, or against the known answers."""
    counts = against(table, rater, reference)
    return accuracy_of(counts, possible=table.possible, against=reference, **options)


@statistic("gold_accuracy", "Accuracy against gold", about="rater", reference="known answers")
def gold_accuracy(table: Table, rater: int, **options: Any) -> Estimate:
    """Accuracy of a rater's ordinary answers against the known answers."""
    return replace(accuracy(table, rater, reference="gold", **options), name="gold_accuracy")


@statistic(
    "macro_f1",
    "Macro F1 against people",
    about="rater",
    reference="van Rijsbergen (1979); mean over codes",
)
def macro_f1(table: Table, rater: int, *, reference: Reference = "majority", **options: Any
             ) -> Estimate:  # fmt: skip
    """Macro F1 of a rater against the majority of people, or against the known answers."""
    return _macro(table, rater, "macro_f1", reference, options)


@statistic(
    "macro_precision", "Macro precision against people", about="rater", reference="mean over codes"
)
def macro_precision(table: Table, rater: int, *, reference: Reference = "majority", **options: Any
                    ) -> Estimate:  # fmt: skip
    """Macro precision of a rater against a reference."""
    return _macro(table, rater, "macro_precision", reference, options)


@statistic(
    "macro_recall", "Macro recall against people", about="rater", reference="mean over codes"
)
def macro_recall(table: Table, rater: int, *, reference: Reference = "majority", **options: Any
                 ) -> Estimate:  # fmt: skip
    """Macro recall of a rater against a reference."""
    return _macro(table, rater, "macro_recall", reference, options)


def _macro(table: Table, rater: int, measure: str, reference: Reference, options: Any) -> Estimate:
    counts = against(table, rater, reference)
    return macro(counts, measure, possible=table.possible, against=reference, **options)


@statistic("gold_kappa", "Cohen's kappa against gold", about="rater", reference="Cohen (1960)")
def gold_kappa(table: Table, rater: int, **options: Any) -> Estimate:
    """Plain kappa of a rater's ordinary answers with the known answers."""
    counts = against(table, rater, "gold")
    if not counts.sum():
        return Estimate("gold_kappa", None, coverage=0.0, note=NO_REFERENCE["gold"])
    found = cohen_kappa(counts, labels=table.labels, possible=table.possible, **options)
    return replace(found, name="gold_kappa")
