"""What was open when each unit was drawn: kept up while assignments come, change and go."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
TINY = 1e-9
ROW = np.dtype([
    ("unit", "i8"), ("rater", "i8"), ("weight", "f8"), ("counted", "?"), ("open", "i8"),
    ("closed", "i8"), ("own", "i8"), ("events", "i8"),
])  # fmt: skip
EVENT = np.dtype([("rater", "i8"), ("unit", "i8"), ("sign", "i8")])


@dataclass(frozen=True, eq=False)
class Design:
    """Assignments in order, and what was open when each was drawn. Made by `design`.

    `unit` holds the unit of every assignment (R,), `at` which of them were drawn (M,), `weight` of
    these the weight 1 / (n p) against an even draw, and `open` how many units were open. `part`
    weighs the draws, each of which could estimate the whole by itself; `count` is how often each
    unit was assigned. The rest says what lay outside the open units: `closings`, units in the order
    in which they closed, `closed`, how many had closed before each draw, and `own`, (unit, sign,
    end) of units that a rater held, by rater, each with the end of the rater's; `block` says from
    and up to where of them a draw's rater had held some.
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
    own: tuple[Ints, Ints, Ints]
    block: tuple[Ints, Ints]
    _means: list[tuple[Flags, Reals]] = field(default_factory=list, repr=False)

    @cached_property
    def unequal(self) -> bool:
        """Whether any draw was likelier than another."""
        return bool(np.any(np.abs(self.weight - 1) > 1e-6))

    def outside(self, of_unit: Reals) -> Reals:
        """For each draw, the sum of a unit's value over the units that were not open to it."""
        closed = np.concatenate([[0.0], np.cumsum(of_unit[self.closings])])
        held = np.concatenate([[0.0], np.cumsum(of_unit[self.own[0]] * self.own[1])])
        start, stop = self.block
        return np.asarray(closed[self.closed] + held[stop] - held[start])

    def each(self, column: Reals) -> Reals:
        """What each draw estimates of the mean, over all units, of a column of the assignments."""
        sums = np.bincount(self.unit, column, self.units)
        of_unit = np.divide(sums, self.count, out=np.zeros(self.units), where=self.count > 0)
        found = self.outside(of_unit) + self.open * self.weight * column[self.at]
        return np.asarray(found / self.units)

    def sizes(self, there: Flags) -> Reals:
        """`each` of which assignments have a value; the last answer is remembered."""
        if not self._means or not np.array_equal(self._means[0][0], there):
            self._means[:] = [(there, self.each(there.astype(float)))]
        return self._means[0][1]

    @cached_property
    def final(self) -> Reals:
        """The weight of every assignment in the estimate, 1 on average over what was drawn.

        An assignment counts by its own draw, if it was one, and as known for later draws.
        """
        later = np.zeros(self.units)
        ahead = np.searchsorted(self.closed, np.arange(len(self.closings)), "right")
        sums = np.concatenate([[0.0], np.cumsum(self.part)])
        np.add.at(later, self.closings, sums[-1] - sums[ahead])
        units, signs, ends = self.own
        held = np.zeros(len(units) + 1)
        np.add.at(held, self.block[1], self.part)
        inside = np.concatenate([np.cumsum(held[::-1])[::-1], [0.0]])
        place = np.arange(len(units))
        np.add.at(later, units, signs * (inside[place + 1] - inside[ends + 1]))
        found = later[self.unit] / self.count[self.unit]
        found[self.at] += self.part * self.open * self.weight
        return np.asarray(found * len(self.part) / self.units)


class Column:
    """An array of rows that grows and shrinks at its end."""

    def __init__(self, kind: Any) -> None:
        self._held = np.zeros(64, kind)
        self._many = 0

    def __len__(self) -> int:
        return self._many

    @property
    def rows(self) -> NDArray[Any]:
        """The rows as they are; they may be written to."""
        return self._held[: self._many]

    def extend(self, rows: Sequence[Any]) -> None:
        """Add rows at the end."""
        many = self._many + len(rows)
        if many > len(self._held):
            grown = np.zeros(max(many, 2 * len(self._held)), self._held.dtype)
            grown[: self._many] = self.rows
            self._held = grown
        if rows:
            self._held[self._many : many] = np.array(rows, self._held.dtype)
        self._many = many

    def cut(self, many: int) -> None:
        """Keep the first `many` rows."""
        self._many = min(self._many, many)


class Assigned:
    """Assignments in the order in which they were made, and what was open at each of them.

    `units` is how many units there are; a unit closes to everybody once `overlap` assignments of it
    count. New ones cost what they are; a change in the middle costs what comes after it: `cut`,
    then `extend` by the rest.
    """

    def __init__(self, units: int, overlap: int) -> None:
        self.units, self.overlap = units, overlap
        self._rows, self._events, self._closings = Column(ROW), Column(EVENT), Column(np.int64)
        self._taken = [0] * units
        self._holders = defaultdict[int, list[int]](list)
        self._raters: dict[int, int] = {}
        self._first: list[int] = []  # by rater: its first assignment, what it holds, its events
        self._held: list[int] = []
        self._many: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def extend(
        self, unit: Iterable[int], rater: Iterable[int], weight: Iterable[float],
        counted: Iterable[bool],
    ) -> None:  # fmt: skip
        """Add assignments; see `design`."""
        rows: list[tuple[Any, ...]] = []
        events: list[tuple[int, int, int]] = []
        closings: list[int] = []
        before, start, closed = len(self), len(self._events), len(self._closings)
        for u, r, w, c in zip(unit, rater, weight, counted, strict=True):
            place = self._place(r, before + len(rows))
            gone = closed + len(closings)
            rows.append((
                u, place, w, c, max(1, self.units - gone - self._held[place]), gone,
                self._many[place], start + len(events),
            ))  # fmt: skip
            if self._taken[u] >= self.overlap:
                continue
            self._taken[u] += bool(c)
            self._holders[u].append(place)
            moved = [(place, u, 1)]
            if self._taken[u] >= self.overlap:
                closings.append(u)
                moved += [(other, u, -1) for other in self._holders[u]]
            for who, _, sign in moved:
                self._many[who] += 1
                self._held[who] += sign
            events += moved
        self._rows.extend(rows)
        self._events.extend(events)
        self._closings.extend(closings)

    def _place(self, rater: int, row: int) -> int:
        """The number of a rater, by the order in which they came."""
        place = self._raters.setdefault(rater, len(self._first))
        if place == len(self._first):
            self._first.append(row)
            self._held.append(0)
            self._many.append(0)
        return place

    def cut(self, many: int) -> None:
        """Keep the first `many` assignments: all is as it was when they had been added."""
        rows = self._rows.rows[many:].tolist()
        events = self._events.rows[rows[0][-1] :].tolist() if rows else []
        start = len(self._events) - len(events)
        for n in range(len(rows) - 1, -1, -1):
            u, place, _, counted, _, closed, _, first = rows[n]
            for who, _, sign in events[first - start :]:
                self._many[who] -= 1
                self._held[who] -= sign
            if len(events) > first - start:
                self._holders[u].pop()
                self._taken[u] -= counted
            del events[first - start :]
            self._closings.cut(closed)
            if self._first[place] == many + n:
                self._raters.popitem()
                for kept in (self._first, self._held, self._many):
                    kept.pop()
        self._events.cut(start)
        self._rows.cut(many)

    def weigh(self, row: int, weight: float) -> None:
        """Say anew how an assignment was drawn; nothing else about it has changed."""
        self._rows.rows["weight"][row] = weight

    def design(self) -> Design:
        """The design as it is now; it stays so whatever is added."""
        rows = self._rows.rows
        at = np.flatnonzero(~np.isnan(rows["weight"]))
        drawn = rows[at]
        size = drawn["open"].copy()
        part = 1 / (size * np.maximum(size - 1, TINY))
        many = np.array(self._many, np.int64)
        offset = np.cumsum(many + 1) - many - 1  # an empty place keeps neighbours apart
        start = offset[drawn["rater"]] + 1
        return Design(
            self.units, rows["unit"].copy(), at, drawn["weight"].copy(), size,
            part / part.sum() if len(at) else part, np.bincount(rows["unit"], minlength=self.units),
            self._closings.rows.copy(), drawn["closed"].copy(), self._own(many, offset),
            (start, start + drawn["own"]),
        )  # fmt: skip

    def _own(self, many: Ints, offset: Ints) -> tuple[Ints, Ints, Ints]:
        """The events by rater, with an empty one before each rater's."""
        events = self._events.rows
        order = np.argsort(events["rater"], kind="stable")
        moved = events[order]
        first = np.cumsum(many) - many
        places = np.arange(len(moved)) - first[moved["rater"]] + offset[moved["rater"]] + 1
        units, signs = np.zeros((2, len(moved) + len(many)), np.int64)
        units[places], signs[places] = moved["unit"], moved["sign"]
        return units, signs, np.repeat(offset + 1 + many, many + 1)


def design(
    unit: Sequence[int], rater: Sequence[int], weight: ArrayLike, counted: Sequence[bool], *,
    units: int, overlap: int,
) -> Design:  # fmt: skip
    """What was open at each draw, out of assignments in the order in which they were made.

    `unit` are numbers below `units`, `weight` is 1 / (n p) for a draw of p among n candidates and
    NaN for what was not drawn; `counted` says which assignments count towards the `overlap`, at
    which a unit closes to everybody. A rater is given no unit twice.
    """
    found = Assigned(units, overlap)
    found.extend(unit, rater, np.asarray(weight, float).tolist(), counted)
    return found.design()
