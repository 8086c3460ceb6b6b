"""How often each pattern of answers occurs: all that alpha needs, however many units there are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Patterns:
    """Counts per unit, and the distinct rows among them.

    `counts[u, c]` says how many raters of the group gave code `c` to unit `u`. Units with the same
    row are exchangeable, so `rows` (P x K) and `weights` (P, how many units) hold everything that a
    statistic of the group needs. One judgment moves one unit from one row to another.
    """

    def __init__(self, counts: NDArray[np.int16]) -> None:
        """Take the counts over (units x K)."""
        self.counts = np.ascontiguousarray(counts, dtype=np.int16)
        rows, weights = _distinct(self.counts)
        self._rows, self._weights, self.size = rows, weights, len(rows)
        self._place = {row.tobytes(): place for place, row in enumerate(rows)}

    @property
    def rows(self) -> Ints:
        """Distinct rows, as 64-bit integers (P x K)."""
        return self._rows[: self.size].astype(np.int64)

    @property
    def weights(self) -> Ints:
        """How many units have each row; 0 for a row that no unit has any more."""
        return self._weights[: self.size]

    def move(self, unit: int, old: int, new: int) -> None:
        """One rater's answer to a unit changed from code `old` to `new`; -1 is no answer."""
        row = self.counts[unit]
        self._weights[self._place[row.tobytes()]] -= 1
        if old >= 0:
            row[old] -= 1
        if new >= 0:
            row[new] += 1
        place = self._at(row)
        self._weights[place] += 1

    def _at(self, row: NDArray[np.int16]) -> int:
        key = row.tobytes()
        place = self._place.get(key)
        if place is None:
            place = self._place[key] = self._append(row)
        return place

    def _append(self, row: NDArray[np.int16]) -> int:
        if self.size == len(self._rows):
            more = max(16, self.size)
            self._rows = np.concatenate([self._rows, np.zeros((more, row.size), np.int16)])
            self._weights = np.concatenate([self._weights, np.zeros(more, np.int64)])
        self._rows[self.size] = row
        self.size += 1
        return self.size - 1

    def occurring(self) -> dict[tuple[int, ...], int]:
        """Row -> number of units, without rows that no unit has; for comparing two of these."""
        return {
            tuple(int(x) for x in row): int(weight)
            for row, weight in zip(self.rows, self.weights, strict=True)
            if weight
        }


def _distinct(counts: NDArray[np.int16]) -> tuple[NDArray[np.int16], Ints]:
    """Distinct rows and how often each occurs; compares rows as bytes, which sorts fastest."""
    if not len(counts):
        return counts.copy(), np.zeros(0, np.int64)
    whole: Any = np.dtype((np.void, counts.dtype.itemsize * counts.shape[1]))
    _, first, weights = np.unique(counts.view(whole).ravel(), return_index=True, return_counts=True)
    return counts[first].copy(), weights.astype(np.int64)
