"""Whether a study's log is as it was written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.services import studies
from core.services.access import Identity, require
from storage import judgments
from storage.database import Database
from storage.studies import every, head

__all__ = ["Database", "Verdict", "check", "length", "names"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking a chain found. `row` is the first one that does not hold, None when all do."""

    study: str
    rows: int
    row: int | None = None
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether every row holds, and none is missing."""
        return self.row is None


def names(db: Database, who: Identity) -> Sequence[str]:
    """Every study's name, newest first."""
    require(who, "see_results")
    with db.read() as connection:
        return [row.key for row in every(connection)]


def length(db: Database, who: Identity, key: str) -> int:
    """How many rows a study's log counts. Raises `NoStudy`."""
    require(who, "see_results")
    with db.read() as connection:
        return int(_head(db, connection, key).revision)


def check(
    db: Database, who: Identity, key: str, step: Callable[[int], object] = lambda _: None
) -> Verdict:
    """Walk the chain of a study from its first row; calls `step(1)` after each row that holds.

    Shows an altered, removed or inserted row. A log that was rewritten as a whole, its head
    included, looks whole. Raises `NoStudy`.
    """
    require(who, "see_results")
    with db.read() as connection:
        study, rows = _head(db, connection, key), 0
        for found in judgments.verify(connection, study.id):
            if isinstance(found, judgments.Break):
                return Verdict(key, rows, found.sequence, found.reason)
            rows += 1
            step(1)
    return Verdict(key, rows)


def _head(db: Database, connection: Connection, key: str) -> Any:
    """A study's row as it is: a log can be walked whatever its protocol says."""
    return head(connection, key) or studies.load(db, key, connection)
