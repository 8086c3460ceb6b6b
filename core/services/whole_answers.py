"""Agreement of whole answers that are no single codes, by their question's own distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.questions.base import Question
from core.services import studies
from core.services.access import Identity, require
from core.services.studies import Study
from core.services.tables import Follower, follower, slice_of
from core.statistics.base import Estimate
from core.statistics.distances import alpha_by_distance
from core.statistics.table import GROUPS, Group
from storage import frames, judgments
from storage.database import Database

Place = tuple[int, int]  # unit and rater


@dataclass(frozen=True, slots=True)
class WholeAgreement:
    """Alpha by distance of one question's whole answers, of each group of raters."""

    question: str
    title: str
    revision: int
    units: int
    groups: Mapping[Group, Estimate]


@dataclass
class _Log:
    """The answers that stand, as JSON texts, as far as the log was read; and known distances."""

    signature: tuple[int, int] | None
    seen: int = 0
    answers: dict[Place, str] = field(default_factory=dict)
    known: dict[tuple[str, str], float] = field(default_factory=dict)


def compared(study: Study) -> list[Question]:
    """The questions whose answers have a distance of their own and take more than one press."""
    return [
        question for question in study.protocol.questions
        if type(question).distance is not Question.distance and question.entry() != "press"
    ]  # fmt: skip


def agreement(
    db: Database, who: Identity, key: str, where: Mapping[str, Sequence[str]] | None = None,
    question: str | None = None,
) -> list[WholeAgreement]:  # fmt: skip
    """Each such question (or the named one, a slot standing for its question), in their order.

    `where` keeps units whose item facts have one of the listed values. Ordinary first answers
    count, those in the other order do not. Empty where no such question is asked. Raises `Denied`
    and `NoStudy`.
    """
    require(who, "see_results")
    study = studies.load(db, key)
    wanted = compared(study)
    if question is not None:
        wanted = [q for q in wanted if question == q.name or question.startswith(f"{q.name}.")]
    return [_of(db, study, asked, where) for asked in wanted]


def _of(
    db: Database, study: Study, asked: Question, where: Mapping[str, Sequence[str]] | None
) -> WholeAgreement:
    live = follower(db, study)
    with db.read() as connection, live.lock:
        live.follow(connection, study)
        inside = _inside(connection, study, live, asked, where)
        log = _followed(db, connection, study, live, asked)
        raters = live.raters_of(connection, study, {rater for _, rater in log.answers})
        answers = [
            (unit, raters[rater].person, value)
            for (unit, rater), value in log.answers.items() if unit in inside
        ]  # fmt: skip
        state = (log.signature, log.seen)
    found: dict[Group, Estimate] = {}
    for group in GROUPS:
        place = ("whole alpha", study.id, asked.digest, group, slice_of(where))
        known = db.cache.get(place)
        if known is None or known[0] != state:
            known = db.cache[place] = (
                state, _alpha(asked, group, answers, len(inside), log.known)
            )  # fmt: skip
        found[group] = known[1]
    return WholeAgreement(asked.name, asked.title, study.revision, len(inside), found)


def _alpha(
    asked: Question, group: Group, answers: Sequence[tuple[int, bool, str]], possible: int,
    known: dict[tuple[str, str], float],
) -> Estimate:  # fmt: skip
    units: dict[int, list[str]] = {}
    for unit, person, value in answers:
        if group == "all" or person == (group == "people"):
            units.setdefault(unit, []).append(value)
    held = [unit for unit in units.values() if len(unit) >= 2]
    values = {value: judgments.parse(value) for unit in held for value in unit}
    return alpha_by_distance(held, values, asked.distance, possible=possible, known=known)


def _inside(
    connection: Connection, study: Study, live: Follower, asked: Question,
    where: Mapping[str, Sequence[str]] | None,
) -> set[int]:  # fmt: skip
    """Ids of the units of which the question is asked, and that match."""
    keep = live.asking(connection, study, asked)
    keep &= live.matching(connection, study, slice_of(where))
    return set(live.units[keep, 0].tolist())


def _followed(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question
) -> _Log:
    """The answers that stand; only what is new since the last look is read."""
    place = ("whole answers", study.id, asked.digest)
    log: _Log = db.cache.get(place) or _Log(None)
    if log.signature != live.signature:
        log = db.cache[place] = _Log(live.signature)
    for row in frames.values(connection, study.id, study.wording(asked), log.seen):
        log.seen = row.sequence
        if row.repeat == 0 and row.withdrawn:
            log.answers.pop((row.unit, row.rater), None)
        elif row.repeat == 0:
            log.answers[row.unit, row.rater] = row.value
    return log
