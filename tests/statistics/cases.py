"""Tables and count patterns from raw answers, for the tests of statistics."""

import json
from pathlib import Path

import numpy as np

from core.statistics.table import Rater, Table

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "reference_cases.json"
KRIPPENDORFF_2011 = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def reference_cases():
    """The worked cases by id; empty where the folder is absent."""
    if not REFERENCE.is_file():
        return {}
    return {c["id"]: c for c in json.loads(REFERENCE.read_text(encoding="utf-8"))["cases"]}


def codes_of(raters_by_units):
    """Answers as codes 0 .. K-1 (units x raters, -1 missing) and the values they stand for."""
    values = sorted({v for row in raters_by_units for v in row if v is not None})
    place = {v: n for n, v in enumerate(values)}
    codes = [[-1 if v is None else place[v] for v in row] for row in raters_by_units]
    return np.array(codes, dtype=np.int64).T, values


def counts_of(codes, k):
    """How many raters gave each code, per unit."""
    return np.array([[int((row == c).sum()) for c in range(k)] for row in np.asarray(codes)])


def table_of(codes, k, *, level="nominal", kinds=None, gold=None):
    """A table from codes (units x raters, -1 missing)."""
    codes = np.asarray(codes, dtype=np.int64)
    units, raters = codes.shape
    kinds = kinds or ["person"] * raters
    who = [Rater(n + 1, f"r{n}", kind) for n, kind in enumerate(kinds)]
    rows, columns = np.nonzero(codes >= 0)
    table = Table([f"c{n}" for n in range(k)], level, units=units, gold=gold)
    return table.load(who, rows, columns, codes[rows, columns])
