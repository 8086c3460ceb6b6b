"""Agreement on the parts of a content that raters may change: what each left, and what it put."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.statistics.base import Estimate
from core.statistics.intervals import LEAST, t_quantile

Reals = NDArray[np.float64]
Put = Mapping[str, str]  # part -> what one rater put there; what it left is missing
ALIKE, CHANGED, ALPHA = "parts_alike", "changes_alike", "alpha_parts"
TITLES = {
    ALIKE: "Parts left alike",
    CHANGED: "Changes alike",
    ALPHA: "Alpha of the parts",
}
METHODS = {
    ALIKE: "share of pairs of raters that left a part alike, mean over the parts",
    CHANGED: "the same among the pairs of which at least one changed the part",
    ALPHA: "Krippendorff's alpha of the parts, nominal: as it was, or what was put there",
}
INTERVAL = "delta method over units, Student's t"


@dataclass(frozen=True, slots=True)
class Compared:
    """A unit as two raters or more left it: how many parts it has, and what each rater put."""

    parts: int
    put: Sequence[Put]


@dataclass(frozen=True, slots=True)
class Counts:
    """What one unit adds: sums over its parts, each a share of the pairs of raters.

    `alike` of pairs that left the part alike; `touched` of pairs of which one or both changed it,
    `same` of these to the same; `apart` the disagreement of Krippendorff's alpha.
    """

    alike: float
    touched: float
    same: float
    apart: float
    forms: Mapping[str, int]


def counted(unit: Compared) -> Counts:
    """The counts of one unit of m >= 2 raters; parts that nobody changed count as alike."""
    many = len(unit.put)
    pairs = many * (many - 1) / 2
    differ = touched = 0.0
    forms: Counter[str] = Counter()
    for part in {part for put in unit.put for part in put}:
        own = Counter(put[part] for put in unit.put if part in put)
        kept = many - own.total()
        alike = sum(math.comb(n, 2) for n in own.values())
        either = pairs - math.comb(kept, 2)
        touched += either / pairs
        differ += (either - alike) / pairs
        forms.update(own)
    return Counts(unit.parts - differ, touched, touched - differ, differ * many, forms)


def agreement(units: Sequence[Compared], *, possible: int | None = None, level: float = 0.95,
              least: int = LEAST) -> dict[str, Estimate]:  # fmt: skip
    """Three estimates by name: parts left alike, changes alike, and alpha of the parts.

    A part is left alike by two raters who both left it as it was or both put the same there.
    `CHANGED` looks only at pairs of which at least one changed the part, so that the many parts
    that nobody touches do not hide what is made of the others (positive agreement, as Hripcsak and
    Rothschild 2005 argue for; here both changed it to the same / at least one changed it). Alpha's
    categories are "as it was" and every different thing put anywhere. `n` counts the parts of units
    with two raters or more (of `CHANGED` those that anybody changed), `coverage` is their share of
    `possible` parts. Intervals treat the units, not their parts, as drawn; none below `least` units
    or at full agreement. Two units of three parts, in which two raters put the same once and not
    once:

    >>> units = [Compared(3, [{"a": "20"}, {"a": "20"}]), Compared(3, [{"a": "20", "b": ""}, {}])]
    >>> [(name, round(e.value, 4), e.n) for name, e in agreement(units).items()]
    [('parts_alike', 0.6667, 6), ('changes_alike', 0.3333, 3), ('alpha_parts', 0.3714, 6)]
    """
    held = [unit for unit in units if len(unit.put) >= 2]
    found = [counted(unit) for unit in held]
    parts = np.array([unit.parts for unit in held], float)
    n = int(parts.sum())
    coverage = n / possible if possible else None
    if not n:
        note = "undefined: needs at least one unit judged by two raters"
        return {name: Estimate(name, None, level=level, coverage=coverage, note=note,
                               method=_method(name)) for name in METHODS}  # fmt: skip
    alike, touched, same = (
        np.array([getattr(one, name) for one in found]) for name in ("alike", "touched", "same")
    )
    many = sum(len({part for put in unit.put for part in put}) for unit in held)
    detail = {"units": len(held), "changed": many}
    ends = {
        ALIKE: _ratio(alike, parts, "no part"),
        CHANGED: _ratio(same, touched, "nobody changed a part"),
        ALPHA: _alpha(found, parts, [len(unit.put) for unit in held]),
    }
    return {
        name: _estimate(name, end, len(held), many if name == CHANGED else n, coverage, level,
                        least, detail)
        for name, end in ends.items()
    }  # fmt: skip


End = tuple[float | None, Reals, str]  # value, each unit's influence on it, why there is none


def _ratio(above: Reals, below: Reals, why: str) -> End:
    """A ratio of two sums over units, linearised (Cochran 1977)."""
    total = float(below.sum())
    if total <= 0:
        return None, above, why
    value = float(above.sum()) / total
    return value, (above - value * below) / total, ""


def _alpha(found: Sequence[Counts], parts: Reals, raters: Sequence[int]) -> End:
    """1 - observed / expected disagreement of pairable values."""
    size = parts * np.array(raters, float)
    apart = np.array([one.apart for one in found])
    counts = _forms(found, size)
    total, held = float(size.sum()), np.asarray(counts.sum(axis=0)).ravel()
    observed, different = float(apart.sum()), total**2 - float((held**2).sum())
    if different <= 0:
        return None, apart, "no variation, every part is as it was"
    scale = (total - 1) / different
    less = 2 * (total * size - counts @ held)
    moved = scale * apart + observed * size / different - observed * scale * less / different
    return 1 - observed * scale, moved - moved.mean(), ""


def _forms(found: Sequence[Counts], size: Reals) -> sparse.csr_matrix:
    """Units x categories: how often each was left so; the first category is "as it was"."""
    names = {form: n for n, form in enumerate(dict.fromkeys(f for o in found for f in o.forms), 1)}
    rows, columns, values = [], [], []
    for row, one in enumerate(found):
        own = [(0, size[row] - sum(one.forms.values())),
               *((names[form], many) for form, many in one.forms.items())]  # fmt: skip
        for column, value in own:
            rows.append(row)
            columns.append(column)
            values.append(float(value))
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(found), len(names) + 1))


def _estimate(
    name: str, end: End, units: int, n: int, coverage: float | None, level: float, least: int,
    detail: Mapping[str, int],
) -> Estimate:  # fmt: skip
    value, influence, why = end
    if value is None:
        return Estimate(name, None, level=level, n=n, coverage=coverage, method=_method(name),
                        note=f"undefined: {why}", detail=detail)  # fmt: skip
    low = high = None
    note = ""
    if value >= 1 - 1e-12:
        note = f"no interval: all {n} parts are left alike"
    elif units < max(least, 2):
        note = f"no interval: {units} units, {least} are needed"
    else:
        spread = math.sqrt(units / (units - 1) * float((influence**2).sum()))
        half = t_quantile(level, units - 1) * spread
        low, high = max(-1.0 if name == ALPHA else 0.0, value - half), min(1.0, value + half)
    return Estimate(name, value, low, high, level, n, coverage, _method(name), note, detail)


def _method(name: str) -> str:
    return f"{METHODS[name]}; {INTERVAL}"
