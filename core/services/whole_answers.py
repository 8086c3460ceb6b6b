"""Agreement of whole answers that are no single codes, by their question's own distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.questions.base import Question
from core.services import studies
from core.services.access import Identity, require
from core.services.answer_log import followed, inside
from core.services.studies import Study
from core.services.tables import follower, slice_of
from core.statistics.base import Estimate
from core.statistics.distances import alpha_by_distance
from core.statistics.table import GROUPS, Group
from storage import judgments
from storage.database import Database


@dataclass(frozen=True, slots=True)
class WholeAgreement:
    """Alpha by distance of one question's whole answers, of each group of raters."""

    question: str
    title: str
    revision: int
    units: int
    groups: Mapping[Group, Estimate]


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
        within = inside(connection, study, live, asked, where)
        log = followed(db, connection, study, live, asked)
        raters = live.raters_of(connection, study, log.raters())
        answers = [
            (unit, raters[rater].person, value)
            for unit, rater, value in log.first() if unit in within
        ]  # fmt: skip
        state = (log.signature, log.seen)
    found: dict[Group, Estimate] = {}
    for group in GROUPS:
        place = ("whole alpha", study.id, asked.digest, group, slice_of(where))
        known = db.cache.get(place)
        if known is None or known[0] != state:
            known = db.cache[place] = (
                state, _alpha(asked, group, answers, len(within), log.known)
            )  # fmt: skip
        found[group] = known[1]
    return WholeAgreement(asked.name, asked.title, study.revision, len(within), found)


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
