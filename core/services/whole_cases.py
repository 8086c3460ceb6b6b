"""Units on which whole answers lie apart, by their question's own distance."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import Connection

from core.questions.base import Question
from core.services.answer_log import followed
from core.services.studies import Study
from core.services.tables import Follower
from core.services.weighing import Case, Kind
from core.statistics import far
from storage import judgments
from storage.database import Database

Votes = Mapping[str, float]  # an answer as JSON -> how many raters gave it
Distance = Callable[[str, str], float]


def found(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question,
    kind: Kind, people: set[int], rater: int | None = None, units: Collection[int] | None = None,
) -> tuple[list[Case], dict[int, tuple[int, ...]]]:  # fmt: skip
    """The units on which raters differ, in no order, and who answered each unit.

    Of these units, or of all; `kind` and `rater` as for `cases.queue`. Of a rater the newest
    answers count, and repeats share one vote. `live` has followed the log and is locked.
    """
    log = followed(db, connection, study, live, asked)
    distance = _distance(asked, log.known)
    own = {
        unit: [(who, value) for (who, _), value in log.answers[unit].items()]
        for unit in (log.answers if units is None else units) if log.answers.get(unit)
    }  # fmt: skip
    cases = [_case(unit, given, kind, people, rater, distance) for unit, given in own.items()]
    raters = {unit: tuple(sorted({who for who, _ in given})) for unit, given in own.items()}
    return [case for case in cases if case.weight > far.TINY], raters


def _case(
    unit: int, given: Sequence[tuple[int, str]], kind: Kind, people: set[int], rater: int | None,
    distance: Distance,
) -> Case:  # fmt: skip
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
    return Case(unit, weight, gap, n, m, contested)


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
