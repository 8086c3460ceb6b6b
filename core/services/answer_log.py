"""The answers to one question that stand, as they were given, as far as the log was read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from core.questions.base import Question
from core.services.studies import Study
from core.services.tables import Follower, slice_of
from storage import frames
from storage.database import Database

Own = dict[tuple[int, int], str]  # of one unit, by rater and repeat
Asked = TypeVar("Asked", bound=Question)


@dataclass
class AnswerLog:
    """Ordinary answers as JSON texts by unit, then by rater and repeat; and known distances."""

    signature: tuple[int, int] | None
    seen: int = 0
    answers: dict[int, Own] = field(default_factory=dict)
    known: dict[tuple[str, str], float] = field(default_factory=dict)

    def first(self, units: Iterable[int] | None = None) -> Iterator[tuple[int, int, str]]:
        """Unit, rater and answer, without those in the other order and further samples.

        Of these units, or of all.
        """
        return (
            (unit, rater, value) for unit in (self.answers if units is None else units)
            for (rater, repeat), value in self.answers.get(unit, {}).items() if not repeat
        )  # fmt: skip

    def raters(self) -> set[int]:
        """Row ids of everybody who answered."""
        return {rater for own in self.answers.values() for rater, _ in own}


def meant(questions: Iterable[Asked], name: str | None) -> list[Asked]:
    """Those that `name` stands for: all for None, else the one of that name or with that slot."""
    return [q for q in questions if name is None or f"{name}.".startswith(f"{q.name}.")]


def followed(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question
) -> AnswerLog:
    """The answers up to the end of the log; only what is new since the last look is read.

    `live` has followed the log and is locked.
    """
    place = ("whole answers", study.id, asked.digest)
    log: AnswerLog = db.cache.get(place) or AnswerLog(None)
    if log.signature != live.signature:
        log = db.cache[place] = AnswerLog(live.signature)
    for row in frames.values(connection, study.id, study.wording(asked), log.seen):
        log.seen = row.sequence
        own = log.answers.setdefault(row.unit, {})
        if row.withdrawn:
            own.pop((row.rater, row.repeat), None)
        else:
            own[row.rater, row.repeat] = row.value
    return log


def inside(
    connection: Connection, study: Study, live: Follower, asked: Question,
    where: Mapping[str, Sequence[str]] | None = None,
) -> set[int]:  # fmt: skip
    """Ids of the units of which the question is asked, and whose item's facts match."""
    keep = live.asking(connection, study, asked)
    keep &= live.matching(connection, study, slice_of(where))
    return set(live.units[keep, 0].tolist())
