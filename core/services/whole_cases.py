"""Units on which whole answers lie apart, by their question's own distance."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from core.questions.base import Question
from core.services.answer_log import AnswerLog, followed
from core.services.studies import Study
from core.services.tables import Follower
from core.statistics import far
from storage import judgments
from storage.database import Database

Votes = Mapping[str, float]  # an answer as JSON -> how many raters gave it
Distance = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class Apart:
    """One unit: how far the two sides (or all raters) lie apart, and how much that matters."""

    unit: int
    weight: float
    gap: float
    people: int
    models: int
    contested: bool


@dataclass
class _Seen:
    """Units looked at so far, each with the answers that it was looked at with."""

    log: AnswerLog
    units: dict[int, tuple[Any, Apart]] = field(default_factory=dict)


def found(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question,
    kind: str, people: set[int], rater: int | None = None,
) -> tuple[list[Apart], set[int]]:  # fmt: skip
    """The units on which raters differ, in no order, and everybody who answered.

    `kind` and `rater` as for `cases.queue`. Of a rater the newest answers count, and repeats share
    one vote. A unit whose answers are those of the last look is not computed again. `live` has
    followed the log and is locked.
    """
    log = followed(db, connection, study, live, asked)
    place = ("whole cases", study.id, asked.digest, kind, rater)
    known: _Seen | None = db.cache.get(place)
    if known is None or known.log is not log:
        known = db.cache[place] = _Seen(log)
    own: dict[int, list[tuple[int, str]]] = {}
    for (unit, who, _), value in log.answers.items():
        own.setdefault(unit, []).append((who, value))
    distance = _distance(asked, log.known)
    for unit, given in own.items():
        if unit not in known.units or known.units[unit][0] != given:
            known.units[unit] = (given, _apart(unit, given, kind, people, rater, distance))
    apart = (known.units[unit][1] for unit in own)
    return [one for one in apart if one.weight > far.TINY], log.raters()


def _apart(
    unit: int, given: Sequence[tuple[int, str]], kind: str, people: set[int], rater: int | None,
    distance: Distance,
) -> Apart:  # fmt: skip
    ours = _votes([one for one in given if one[0] in people])
    theirs = _votes(
        [one for one in given if one[0] not in people and rater in (None, one[0])]
    )  # fmt: skip
    n, m = round(sum(ours.values())), round(sum(theirs.values()))
    contested = n > 1 and far.spread(ours, distance) > far.HALF
    if kind == "people-models":
        gap = far.transport(ours, theirs, distance) if n and m else 0.0
        weight = gap * far.certainty(ours, distance) * (n * m / (n + m or 1)) ** 0.5
    else:
        both = ours if kind == "people" else Counter(ours) + Counter(theirs)
        gap = far.spread(both, distance)
        weight = gap * sum(both.values()) ** 0.5
    return Apart(unit, weight, gap, n, m, contested)


def _votes(given: Sequence[tuple[int, str]]) -> dict[str, float]:
    """Answers with their votes: one of each rater, shared among its repeats."""
    often = Counter(who for who, _ in given)
    votes: dict[str, float] = {}
    for who, value in given:
        votes[value] = votes.get(value, 0.0) + 1 / often[who]
    return votes


def _distance(asked: Question, known: dict[tuple[str, str], float]) -> Distance:
    """The distance of two answers as JSON; each pair is measured once in a process."""

    def measure(a: str, b: str) -> float:
        if a == b:
            return 0.0
        place = (a, b) if a < b else (b, a)
        if place not in known:
            known[place] = float(asked.distance(judgments.parse(a), judgments.parse(b)))
        return known[place]

    return measure
