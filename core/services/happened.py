"""Events of a study, each told once: read on from where the last look ended."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from storage import draws

LATE = 500  # by how much the number of an event may be below that of one which was seen before it


class Happened:
    """The events of some kinds of one study, as far as they were read."""

    def __init__(self, study: int, kinds: Sequence[str]) -> None:
        self.study, self.kinds = study, list(kinds)
        self.newest = 0
        self.taken: frozenset[int] = frozenset()

    def begin(self, connection: Connection) -> None:
        """What happened so far is known from elsewhere."""
        self.newest = draws.newest_event(connection)
        self.fresh(connection)

    def fresh(self, connection: Connection) -> list[Any]:
        """What was not told before, the first time all: id, kind, unit, rater, data; by number.

        One that was written at the same time as an earlier look may have a lower number than one
        that was told then.
        """
        rows = draws.events(connection, self.study, self.kinds, self.newest - LATE)
        fresh = [row for row in rows if row.id not in self.taken]
        self.newest = max(self.newest, draws.newest_event(connection))
        told = self.taken | {row.id for row in fresh}
        self.taken = frozenset(number for number in told if number > self.newest - LATE)
        return fresh
