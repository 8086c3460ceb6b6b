"""Cases: units on which raters differ, with how far, and how much it matters."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.questions.base import Scale
from core.services.slots import Row
from core.statistics import disagreement
from storage import frames

Kind = Literal["people-models", "people", "all"]
DIGITS = 12  # beyond these a unit alone might weigh otherwise than among others


@dataclass(frozen=True, slots=True)
class Case:
    """A unit on which raters differ about a question.

    `weight` sorts the queue; `gap` is the divergence or spread, 0 to 1; `people` and `models` say
    how many answered. `contested` marks units on which people have no majority.
    """

    unit_id: int
    weight: float
    gap: float
    people: int
    models: int
    contested: bool
    cause: str = ""
    adjudicated: bool = False
    place: str = ""
    places: int = 1

    @property
    def decided(self) -> bool:
        """Whether somebody gave a cause or an answer that holds."""
        return self.adjudicated or bool(self.cause)


def weighed(
    rows: NDArray[np.int64], scale: Scale, kind: Kind, people: set[int], rater: int | None
) -> list[Case]:
    """The units on which the answers of `standing` rows differ, by unit; `rater` as in a queue."""
    ordered = scale.level in {"ordinal", "interval"}
    if not len(rows):
        return []
    human = np.isin(rows[:, 3], list(people))
    units, place = np.unique(rows[:, 1], return_inverse=True)
    ours = _counts(rows, place, human, (len(units), len(scale.labels)))
    other = ~human if rater is None else rows[:, 3] == rater
    theirs = _counts(rows, place, other, ours.shape)
    if kind == "people-models":
        gap = disagreement.divergence(ours, theirs, ordered=ordered)
        weight = disagreement.priority(ours, theirs, ordered=ordered)
    else:
        both = ours if kind == "people" else ours + theirs
        gap = disagreement.spread(both, ordered=ordered)
        weight = gap * np.sqrt(both.sum(axis=1))
    contested = disagreement.contested(ours)
    return [
        Case(
            int(units[n]), round(float(weight[n]), DIGITS), round(float(gap[n]), DIGITS),
            round(float(ours[n].sum())), round(float(theirs[n].sum())), bool(contested[n]),
        )
        for n in np.flatnonzero(weight > 1e-12)
    ]  # fmt: skip


def standing(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The newest row per unit, rater and repeat, without withdrawn and uncoded ones."""
    if not len(rows):
        return rows
    raters, repeats = rows[:, 3].max() + 1, rows[:, 4].max() + 1
    place = (rows[:, 1] * raters + rows[:, 3]) * repeats + rows[:, 4]
    _, newest = np.unique(place[::-1], return_index=True)
    rows = np.asarray(rows[len(rows) - 1 - newest])
    return np.asarray(rows[(rows[:, 6] == 0) & (rows[:, 5] != frames.MISSING)])


def _counts(
    rows: NDArray[np.int64], place: NDArray[np.intp], chosen: NDArray[np.bool_],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:  # fmt: skip
    """Answers per unit and code of the chosen rows; a rater's repeats share one vote."""
    counts = np.zeros(shape)
    rows, place = rows[chosen], place[chosen]
    if len(rows):
        pair = place * (rows[:, 3].max() + 1) + rows[:, 3]
        _, which, often = np.unique(pair, return_inverse=True, return_counts=True)
        np.add.at(counts, (place, rows[:, 5]), 1 / often[which])
    return counts


def local(rows: NDArray[np.int64]) -> Scale:
    """A scale for codes that mean something only within their row."""
    most = int(rows[:, 5].max()) if len(rows) else 0
    return Scale(level="nominal", labels=tuple(map(str, range(most + 1))))


def one_each(found: list[Case], places: Sequence[Row]) -> list[Case]:
    """One case per unit: of a unit with several places, that of the greatest weight."""
    if not places:
        return found
    best: dict[int, Case] = {}
    many = Counter(places[case.unit_id][0] for case in found)
    for case in found:
        unit, place = places[case.unit_id]
        if unit not in best or case.weight > best[unit].weight:
            best[unit] = replace(case, unit_id=unit, place=place, places=many[unit])
    return list(best.values())
