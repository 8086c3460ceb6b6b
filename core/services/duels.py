"""Duels between the sources of responses, counted as the log grows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.questions.base import Question
from core.services.studies import Study
from storage import candidates
from storage.database import Database

Pair = tuple[str, str]


@dataclass
class Duels:
    """Duels counted up to the log's row `seen`; `stands` holds each person's newest answer."""

    seen: int = 0
    stands: dict[tuple[int, int], tuple[Pair, int]] = field(default_factory=dict)
    won: dict[Pair, float] = field(default_factory=lambda: defaultdict(float))

    def put(self, unit: int, rater: int, pair: Pair, code: int | None) -> None:
        """Take a person's newest answer; None takes it away."""
        old = self.stands.pop((unit, rater), None)
        if old is not None:
            self._count(*old, sign=-1)
        if code is not None:
            self.stands[unit, rater] = (pair, code)
            self._count(pair, code, sign=1)

    def _count(self, pair: Pair, code: int, sign: int) -> None:
        first, second = pair
        share = {0: (1.0, 0.0), 1: (0.0, 1.0)}.get(code, (0.5, 0.5))
        self.won[first, second] += sign * share[0]
        self.won[second, first] += sign * share[1]


def wins(
    db: Database, connection: Connection, study: Study, question: Question
) -> Mapping[Pair, float]:
    """How often people preferred one source to another; a tie, or both bad, is half for each.

    Counted up to the revision that `study` was loaded at, so that nothing is kept of rows which the
    transaction at work may yet take back. A process reads the log once, then only what is new.
    """
    wording = study.wording(question)
    found: Duels = db.cache.setdefault(("duels", study.id, wording), Duels())
    if study.revision <= found.seen:
        return found.won
    rows = candidates.duels(connection, study.id, wording, found.seen, study.revision)
    made = candidates.sources(connection, [row.item for row in rows])
    for row in rows:
        if len(row.outputs) == 2:
            pair = made[row.item, row.outputs[0]], made[row.item, row.outputs[1]]
            found.put(row.unit, row.rater, pair, None if row.withdrawn else row.code)
    found.seen = study.revision
    return found.won
