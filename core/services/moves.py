"""Which assignments may have changed, from the tail of the log; and how many each person has."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from core.services.consent import TAKEN_BACK
from core.services.happened import Happened
from core.services.studies import Study
from core.services.tickets import REWORDED
from storage import draws

SKIP = "skip"
WIDE = frozenset({REWORDED, TAKEN_BACK})  # these move assignments of which they do not tell


class Moves:
    """What moved the assignments of one study, as far as it was read.

    What moves an assignment writes to the log, or stands in an event, or concerns one that is new,
    or that waits for an answer now or did so before: nothing else is read again.
    """

    def __init__(self, study: int) -> None:
        self.study, self.seen, self.last = study, -1, 0
        self.events = Happened(study, [SKIP, *sorted(WIDE)])
        self.waiting: set[int] = set()

    def follow(self, connection: Connection, revision: int) -> Sequence[Any] | None:
        """The assignments that may have changed since the last look, by id; None for any of them.

        Of every stage, with the columns of `draws.given`. `revision` is the log's last row.
        """
        if self.seen < 0:
            self.events.begin(connection)
        events = self.events.fresh(connection)
        waiting, last = draws.waiting(connection, self.study), draws.last(connection)
        found = None
        if self.seen >= 0 and not any(event.kind in WIDE for event in events):
            found = [*draws.answered(connection, self.study, self.seen)]
            found += draws.these(connection, sorted(waiting ^ self.waiting))
            for event in events:
                found += draws.at(connection, self.study, event.unit, event.rater)
            found += draws.made(connection, self.study, self.last)
            found = [row for _, row in sorted({row.id: row for row in found}.items())]
        self.seen, self.waiting, self.last = revision, waiting, last
        return found


class Workload:
    """How many assignments of each state every rater has: `counts` by (rater, state)."""

    def __init__(self, study: int) -> None:
        self.study, self.moves = study, Moves(study)
        self._forget()

    def _forget(self) -> None:
        self.held: dict[int, tuple[int, str]] = {}
        self.counts: Counter[tuple[int, str]] = Counter()

    def follow(self, connection: Connection, study: Study) -> None:
        """Read what has moved since the last look."""
        rows = self.moves.follow(connection, study.revision)
        if rows is None:
            self._forget()
            rows = draws.states(connection, self.study)
        known: dict[tuple[int, str], tuple[int, str]] = {}
        for row in rows:
            old, new = self.held.get(row.id), (row.rater, row.state)
            if old is not None:
                self.counts[old] -= 1
            self.held[row.id] = known.setdefault(new, new)
            self.counts[new] += 1
