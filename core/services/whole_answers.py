"""Agreement of whole answers that are no single codes, by their question's own distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.questions.base import Question
from core.services import gold_grades, studies
from core.services.access import Identity, require
from core.services.answer_log import followed, inside, meant
from core.services.studies import Study
from core.services.tables import Follower, follower, slice_of
from core.statistics.base import Estimate
from core.statistics.distances import alpha_by_distance
from core.statistics.groups import GROUPS, Group, belongs
from core.statistics.means import over_items
from storage import judgments
from storage.database import Database

GRADE = "mean_grade"


@dataclass(frozen=True, slots=True)
class WholeAgreement:
    """Alpha by distance of one question's whole answers, of each group of raters.

    `graded` is each rater's mean grade where an answer is known, by title; empty where none is.
    """

    question: str
    title: str
    revision: int
    units: int
    groups: Mapping[Group, Estimate]
    graded: Mapping[str, Estimate]


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
    return [_of(db, study, asked, where) for asked in meant(compared(study), question)]


def _of(
    db: Database, study: Study, asked: Question, where: Mapping[str, Sequence[str]] | None
) -> WholeAgreement:
    live = follower(db, study)
    with db.read() as connection, live.lock:
        live.follow(connection, study)
        within = inside(connection, study, live, asked, where)
        log = followed(db, connection, study, live, asked)
        raters = live.raters_of(connection, study, log.raters())
        answers = [
            (unit, raters[rater].person, value)
            for unit, rater, value in log.first() if unit in within
        ]  # fmt: skip
        state = (log.signature, log.seen)
        graded = _graded(db, connection, study, live, asked, within)
    found: dict[Group, Estimate] = {}
    for group in GROUPS:
        place = ("whole alpha", study.id, asked.digest, group, slice_of(where))
        known = db.cache.get(place)
        if known is None or known[0] != state:
            known = db.cache[place] = (
                state, _alpha(asked, group, answers, len(within), log.known)
            )  # fmt: skip
        found[group] = known[1]
    return WholeAgreement(asked.name, asked.title, study.revision, len(within), found, graded)


def _graded(
    db: Database, connection: Connection, study: Study, live: Follower, asked: Question,
    within: set[int],
) -> dict[str, Estimate]:  # fmt: skip
    """Each rater's mean grade over the units with a known answer, most answers first."""
    if not asked.partly():
        return {}
    known = gold_grades.known_units(db, connection, study, live, asked)
    possible = len(within & known.units.keys())
    by_rater = gold_grades.credits(db, connection, study, live, asked)
    raters = live.raters_of(connection, study, by_rater)
    found = {}
    for rater, own in sorted(by_rater.items(), key=lambda one: -len(one[1])):
        values = {str(unit): [credit] for unit, credit in own.items() if unit in within}
        if values:
            found[raters[rater].title] = over_items(GRADE, values, of=possible, bounds=(0, 1))
    return found


def _alpha(
    asked: Question, group: Group, answers: Sequence[tuple[int, bool, str]], possible: int,
    known: dict[tuple[str, str], float],
) -> Estimate:  # fmt: skip
    units: dict[int, list[str]] = {}
    for unit, person, value in answers:
        if belongs(person, group):
            units.setdefault(unit, []).append(value)
    held = [unit for unit in units.values() if len(unit) >= 2]
    values = {value: judgments.parse(value) for unit in held for value in unit}
    return alpha_by_distance(held, values, asked.distance, possible=possible, known=known)
