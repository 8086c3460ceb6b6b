"""The analysis table: who gave which code to which unit, kept as counts that follow the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from core.statistics.groups import GROUPS, Group, belongs
from core.statistics.patterns import Patterns
from core.statistics.samples import Samples

Ints = NDArray[np.int64]
MISSING = -1
GOLD = 0


@dataclass(frozen=True, slots=True)
class Rater:
    """Who judged: kind is person, model, panel or rule. `simulated` ones never count as people."""

    id: int
    name: str
    kind: str = "person"
    simulated: bool = False

    @property
    def person(self) -> bool:
        """Whether this is a real person."""
        return self.kind == "person" and not self.simulated

    @property
    def title(self) -> str:
        """The name, with what it is unless it is a person or a model, or the name says so."""
        what = "simulated" if self.simulated else self.kind
        told = what in {"person", "model"} or (self.simulated and what in self.name.lower())
        return self.name if told else f"{self.name} ({what})"


def majority(counts: ArrayLike) -> Ints:
    """The most frequent code of each row of counts (units x K); -1 for a tie or an empty row.

    >>> majority([[2, 1, 0], [1, 1, 1], [0, 0, 0], [0, 1, 2]]).tolist()
    [0, -1, -1, 2]
    """
    array = np.atleast_2d(np.asarray(counts))
    top = array.max(axis=1)
    clear = (array == top[:, None]).sum(axis=1) == 1
    return np.where(clear & (top > 0), array.argmax(axis=1), MISSING).astype(np.int64)


class Table:
    """The judgments that count of one question, as codes and as counts of them.

    `codes` is a matrix units x columns of codes 0 .. K-1, -1 where there is none. Column 0 is the
    gold answer; each rater has a column for the ordinary answer (`repeat` 0) and, once there is
    one, a column for the answer in the other presentation order (`repeat` 1). A code belongs to
    the declared scale, so unused levels keep their place.

    Kept up to date by `put`, in time proportional to the raters of that unit: the joint counts of
    every two columns, the count patterns of each group, and each rater's counts against the
    majority of the (other) people. Statistics read those and never the rows. `touched` and
    `weighed` tell per column how often its joint counts, or its counts against the majority, moved.
    """

    def __init__(
        self, labels: Sequence[str], level: str = "nominal", *, units: int = 0,
        gold: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """An empty table over `units` units that could be judged."""
        self.labels, self.level, self.k = tuple(labels), level, len(labels)
        self.raters: list[Rater] = []
        self.columns: dict[tuple[int, int], int] = {}
        self.owner: list[tuple[int, int]] = [(-1, 0)]
        self.codes: NDArray[np.int8] = np.full((units, 1), MISSING, np.int8)
        if gold is not None:
            self.codes[:, GOLD] = np.asarray(gold)
        self.touched: Ints = np.zeros(1, np.int64)
        self.weighed: Ints = np.zeros(1, np.int64)
        self.joint: Ints
        self.against: Ints
        self.samples = Samples()
        self.count()

    @property
    def possible(self) -> int:
        """How many units could have been judged."""
        return len(self.codes)

    def rater(self, who: Rater) -> int:
        """The index of a rater; new ones get a column."""
        for index, known in enumerate(self.raters):
            if known.id == who.id:
                return index
        self.raters.append(who)
        index = len(self.raters) - 1
        self._column(index, 0)
        return index

    def column(self, rater: int, repeat: int = 0) -> int | None:
        """The column of a rater's answers in a presentation order; None when there are none."""
        return self.columns.get((rater, repeat))

    def _column(self, rater: int, repeat: int) -> int:
        found = self.columns.get((rater, repeat))
        if found is None:
            found = self.columns[(rater, repeat)] = len(self.owner)
            self.owner.append((rater, repeat))
            blank = np.full((self.possible, 1), MISSING, np.int8)
            self.codes = np.hstack([self.codes, blank])
            self._widen()
        return found

    def _widen(self) -> None:
        """Make room for the counts of one more column."""
        self.touched, self.weighed = np.append(self.touched, 0), np.append(self.weighed, 0)
        self.joint = np.pad(self.joint, (0, self.k))
        self.against = np.pad(self.against, ((0, 1), (0, 0), (0, 0)))

    def load(
        self, raters: Sequence[Rater], unit: ArrayLike, rater: ArrayLike, code: ArrayLike,
        repeat: ArrayLike | None = None,
    ) -> "Table":  # fmt: skip
        """Take many judgments at once and count them; returns the table.

        `unit` are row numbers, `rater` indexes into `raters`, `code` -1 takes an answer away. Of
        two rows about the same place the later one counts. Repeats above 1 are more samples.
        """
        units, codes = np.asarray(unit, np.int64), np.asarray(code, np.int64)
        orders = np.zeros_like(units) if repeat is None else np.asarray(repeat, np.int64)
        own = np.array([self.rater(r) for r in raters], np.int64)[np.asarray(rater, np.int64)]
        for order in (0, 1):
            chosen = orders == order
            if chosen.any():
                self._fill(units[chosen], own[chosen], codes[chosen], order)
        self.samples.load(units, own, codes, orders)
        self.count()
        return self

    def _fill(self, units: Ints, raters: Ints, codes: Ints, order: int) -> None:
        place = np.full(len(self.raters), MISSING, np.int64)
        for index in np.unique(raters):
            place[index] = self._column(int(index), order)
        self.codes[units, place[raters]] = codes

    def count(self) -> None:
        """Count everything anew from the codes."""
        self.touched, self.weighed = self.touched + 1, self.weighed + 1
        self.joint = _joint(self.codes, self.k)
        self.patterns: dict[Group, Patterns] = {
            group: Patterns(_counts(self.codes[:, self._group_columns(group)], self.k))
            for group in GROUPS
        }
        self.against = self._count_against()

    def members(self, group: Group) -> list[int]:
        """Indexes of a group's raters: real people, everything else, or all."""
        return [i for i, rater in enumerate(self.raters) if belongs(rater.person, group)]

    def _group_columns(self, group: Group) -> list[int]:
        return [self.columns[(index, 0)] for index in self.members(group)]

    def _person(self, column: int) -> bool:
        rater, repeat = self.owner[column]
        return column != GOLD and repeat == 0 and self.raters[rater].person

    def _count_against(self) -> Ints:
        people = self.patterns["people"].counts.astype(np.int64)
        found = np.zeros((len(self.owner), self.k, self.k), np.int64)
        for column in range(1, len(self.owner)):
            codes = self.codes[:, column].astype(np.int64)
            units = np.flatnonzero(codes >= 0)
            counts, own = people[units], codes[units]
            if self._person(column):
                counts[np.arange(len(units)), own] -= 1
            if len(units):
                found[column] = cross(majority(counts), own, self.k)
        return found

    def put(self, unit: int, rater: int, code: int, repeat: int = 0) -> None:
        """One rater's answer to one unit is now `code`; -1 takes it away."""
        if repeat not in (0, 1):
            self.touched[self._column(rater, 0)] += 1
            self.samples.put(unit, rater, code, repeat)
            return
        column = self._column(rater, repeat)
        old = int(self.codes[unit, column])
        if old == code:
            return
        person = self._person(column)
        seen = np.flatnonzero(self.codes[unit] >= 0) if person else np.array([column])
        self._weigh(unit, np.union1d(seen, [column]), -1)
        if repeat == 0:
            self.patterns["all"].move(unit, old, code)
            self.patterns["people" if person else "models"].move(unit, old, code)
        self.touched[column] += 1
        self._pair(unit, column, old, -1)
        self.codes[unit, column] = code
        self._pair(unit, column, code, 1)
        self._weigh(unit, np.union1d(seen, [column]), 1)

    def _pair(self, unit: int, column: int, code: int, sign: int) -> None:
        """Count a code together with everything else on the unit."""
        if code < 0:
            return
        row = self.codes[unit].astype(np.int64)
        others = np.flatnonzero(row >= 0)
        others = others[others != column]
        here, there = column * self.k + code, others * self.k + row[others]
        self.joint[here, there] += sign
        self.joint[there, here] += sign
        self.joint[here, here] += sign

    def _weigh(self, unit: int, columns: Ints, sign: int) -> None:
        """Count a unit's answers against the majority of the (other) people on it."""
        people = self.patterns["people"].counts[unit].astype(np.int64)
        for column in columns[columns != GOLD]:
            self.weighed[column] += 1
            code = int(self.codes[unit, column])
            if code < 0:
                continue
            counts = people.copy()
            counts[code] -= self._person(int(column))
            best = int(majority(counts)[0])
            if best >= 0:
                self.against[column, best, code] += sign

    def confusion(self, first: int, second: int) -> Ints:
        """Joint counts K x K of two columns: rows are the codes of `first`."""
        k = self.k
        return self.joint[first * k : first * k + k, second * k : second * k + k]

    def pair(self, first: int, second: int) -> Ints:
        """Joint counts K x K of two raters' ordinary answers."""
        return self.confusion(self.columns[(first, 0)], self.columns[(second, 0)])

    def answered(self, rater: int, repeat: int = 0) -> int:
        """How many units a rater answered."""
        column = self.column(rater, repeat)
        return 0 if column is None else int(np.trace(self.confusion(column, column)))

    def sliced(self, keep: ArrayLike) -> "Table":
        """The same table over some units only: `keep` is true for those."""
        chosen = np.asarray(keep, bool)
        part = Table(self.labels, self.level, units=0)
        part.raters, part.columns = list(self.raters), dict(self.columns)
        part.owner, part.codes = list(self.owner), self.codes[chosen]
        part.touched, part.weighed = np.zeros((2, len(part.owner)), np.int64)
        part.samples = self.samples.sliced(chosen)
        part.count()
        return part

    def rebuilt(self) -> "Table":
        """The same table counted from scratch: what the counts must equal."""
        return self.sliced(np.ones(self.possible, bool))

    def difference(self, other: "Table") -> str:
        """Where the counts of two tables over the same codes differ; '' when they do not."""
        for name in ("codes", "joint", "against"):
            if not np.array_equal(getattr(self, name), getattr(other, name)):
                return name
        for group in GROUPS:
            if self.patterns[group].occurring() != other.patterns[group].occurring():
                return f"patterns of {group}"
        return ""


def cross(rows: ArrayLike, columns: ArrayLike, k: int) -> Ints:
    """Joint counts K x K of two equally long lists of codes; pairs with a -1 are left out.

    >>> cross([0, 1, 1, -1], [0, 1, 0, 1], 2).tolist()
    [[1, 0], [1, 1]]
    """
    first, second = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
    both = (first >= 0) & (second >= 0)
    return np.bincount(first[both] * k + second[both], minlength=k * k).reshape(k, k)


def _joint(codes: NDArray[np.int8], k: int) -> Ints:
    """Joint counts of every two columns: a square matrix of (columns x K) by (columns x K)."""
    units, columns = np.nonzero(codes >= 0)
    places = columns * k + codes[units, columns]
    ones = np.ones(len(units), np.int32)
    width = codes.shape[1] * k
    marks: Any = sparse.csr_array((ones, (units, places)), shape=(len(codes), width))
    return np.asarray((marks.T @ marks).toarray(), np.int64)


def _counts(codes: NDArray[np.int8], k: int) -> NDArray[np.int16]:
    """How many columns hold each code, per unit (units x K)."""
    found = np.zeros((len(codes), k), np.int16)
    for code in range(k):
        found[:, code] = (codes == code).sum(axis=1)
    return found
