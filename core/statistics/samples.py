"""Further samples of a rater's answer to the same unit, and how stable they are."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.statistics.base import Estimate, statistic
from core.statistics.means import over_items

if TYPE_CHECKING:
    from core.statistics.table import Table

Ints = NDArray[np.int64]
Place = tuple[int, int, int]


class Samples:
    """The codes of repeats 2 and above, by (rater, unit, presentation order) and repeat.

    Even repeats show the responses in the first order, odd ones in the other.
    """

    def __init__(self) -> None:
        self.codes: dict[Place, dict[int, int]] = {}

    def put(self, unit: int, rater: int, code: int, repeat: int) -> None:
        """One sample is now `code`; -1 takes it away."""
        place = (rater, unit, repeat % 2)
        own = self.codes.setdefault(place, {})
        own.pop(repeat, None)
        if code >= 0:
            own[repeat] = code
        if not own:
            del self.codes[place]

    def load(self, units: Ints, raters: Ints, codes: Ints, repeats: Ints) -> None:
        """Take the samples among many answers; of two about the same place the later one counts."""
        for row in np.flatnonzero(repeats > 1):
            self.put(int(units[row]), int(raters[row]), int(codes[row]), int(repeats[row]))

    def sliced(self, keep: NDArray[np.bool_]) -> "Samples":
        """Those of the units that are kept, under their new numbers."""
        place, part = np.cumsum(keep) - 1, Samples()
        part.codes = {
            (rater, int(place[unit]), order): dict(own)
            for (rater, unit, order), own in self.codes.items() if keep[unit]
        }  # fmt: skip
        return part

    def of(self, rater: int) -> Iterator[tuple[int, list[int]]]:
        """The codes of a rater's samples, one list per unit and presentation order."""
        for (who, unit, _), own in sorted(self.codes.items()):
            if who == rater:
                yield unit, list(own.values())


@statistic(
    "repetition_stability", "Repetition stability", about="rater",
    reference="Shi et al. (2024), Judging the Judges: repetition stability",
)  # fmt: skip
def repetition_stability(table: "Table", rater: int, *, level: float = 0.95) -> Estimate:
    """How often a rater asked again says what it says most: the mean of max count / samples.

    Over the units that it answered in several samples; the two presentation orders of a unit are
    averaged first. A unit with a single sample is left out, a failed sample does not count. 1 is
    the same every time; with K answers by chance it is above 1/K. Interval by Student's t over
    units.
    """
    shares: dict[str, list[float]] = defaultdict(list)
    for unit, codes in table.samples.of(rater):
        if len(codes) > 1:
            shares[str(unit)].append(max(Counter(codes).values()) / len(codes))
    name, method = "repetition_stability", "mean share of the most frequent answer of each query"
    if not shares:
        note = "undefined: no unit was answered in several samples; set `samples` of the judge"
        return Estimate(name, None, coverage=0.0, method=method, note=note)
    found = over_items(name, shares, of=table.possible, level=level, bounds=(0.0, 1.0))
    return replace(found, method=f"{method}; {found.method}")
