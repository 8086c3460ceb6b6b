"""What each unit comes to, and the whole of it: worked out again only where the log has moved."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Connection

from core.services.studies import Study
from storage import frames

MOST = 2000  # so many moved units cost as much as all of them
Part = TypeVar("Part")


class ByUnit(Generic[Part]):
    """The part of each unit, as far as the log of one study was read.

    What a unit comes to follows from its own rows of the log, and from nothing that can change
    while the signature (which units, which protocol) stays. One thread at a time may follow: hold
    the lock of the study's `Follower`.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.signature: object = None
        self.seen = 0
        self.begin()

    def follow(
        self, connection: Connection, study: Study, signature: object,
        work: Callable[[Collection[int] | None], Mapping[int, Part]], also: Collection[int] = (),
    ) -> bool:  # fmt: skip
        """Bring every part up to the row `study.revision` of the log.

        `work` says what units come to, those of these ids or (for None) all; it leaves out units
        that come to nothing. `also` are units that were moved by something else than the log.
        False where somebody who sees more of the log has been here: then nothing is done.
        """
        units: set[int] | None = None
        if signature == self.signature:
            if study.revision < self.seen:
                return False
            units = set(also)
            if study.revision > self.seen:
                units |= frames.moved(connection, study.id, self.seen, study.revision)
        if units is None or len(units) > MOST:
            self.begin()
            units = None
        if units is None or units:
            fresh = work(units)
            for unit in fresh if units is None else units:
                self._put(unit, fresh.get(unit))
        self.signature, self.seen = signature, study.revision
        return True

    def begin(self) -> None:
        """Forget every part."""
        self.parts: dict[int, Part] = {}

    def _put(self, unit: int, new: Part | None) -> None:
        old = self.parts.pop(unit, None)
        if new is not None:
            self.parts[unit] = new
        if old != new:
            self.change(old, new)

    def change(self, old: Part | None, new: Part | None) -> None:
        """A unit comes to something else now; None is nothing. Whoever keeps a whole mends it."""


class Tally(ByUnit[Mapping[Hashable, int]]):
    """Parts that are counts of anything, and `total`, their sum without what is 0."""

    def begin(self) -> None:
        super().begin()
        self.total: Counter[Hashable] = Counter()
        self.same: dict[frozenset[tuple[Hashable, int]], Mapping[Hashable, int]] = {}

    def _put(self, unit: int, new: Mapping[Hashable, int] | None) -> None:
        """Units with the same counts share them: there are many of these."""
        shared = new and self.same.setdefault(frozenset(new.items()), new)
        super()._put(unit, shared or None)

    def change(
        self, old: Mapping[Hashable, int] | None, new: Mapping[Hashable, int] | None
    ) -> None:  # fmt: skip
        for what, many in (new or {}).items():
            self.total[what] += many
        for what, many in (old or {}).items():
            self.total[what] -= many
            if not self.total[what]:
                del self.total[what]
