"""What people said of themselves: the answers to questions about the participant, counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.questions.base import Question
from core.services import material, studies
from core.services.access import Identity, require
from core.services.slots import Aspect, aspects
from core.services.studies import Study
from core.statistics.base import Estimate
from core.statistics.means import over_items
from core.statistics.shares import share
from storage import checked, judgments
from storage.database import Database

STAGE = "participant"


@dataclass(frozen=True, slots=True)
class Participants:
    """The answers to one question about the person, or to one part of it.

    `shares` has every possible answer; `mean` where all of them are numbers, else None. A person
    counts once, with the newest answer.
    """

    question: str
    title: str
    people: int
    shares: Mapping[str, Estimate]
    mean: Estimate | None


def about_people(study: Study, name: str) -> Aspect | None:
    """The question or part of that name if it is about the person, else None."""
    of_people = study.protocol.questionnaire.names
    found = [one for one in aspects(study) if one.name == name and one.question.name in of_people]
    return found[0] if found else None


def answers(db: Database, who: Identity, key: str, name: str) -> Participants:
    """What people answered to a question about themselves; raises `KeyError` for any other."""
    require(who, "see_results")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        aspect = about_people(study, name)
        if aspect is None:
            raise KeyError(name)
        wording = study.wording(aspect.question)
        rows = checked.of_stages(connection, study.id, (STAGE,), study.revision)
        newest = {row.rater: row for row in rows if row.question == wording}
        held = list(newest.values())
        units = dict(material.some_units(connection, study, {row.unit for row in held}))
    codes = {row.rater: _code(aspect, row, units) for row in held}
    given = {rater: code for rater, code in codes.items() if code is not None}
    labels, many = aspect.scale().labels, Counter(given.values())
    return Participants(
        name, aspect.title, len(given),
        {label: share(label, many[code], len(given), note="nobody has answered yet")
         for code, label in enumerate(labels)},
        _mean(aspect.question, {row.rater: judgments.parse(row.value) for row in held
                                if not aspect.slot}),
    )  # fmt: skip


def _code(aspect: Aspect, row: Any, units: Mapping[int, Any]) -> int | None:
    found = aspect.question.codes(judgments.parse(row.value), units[row.unit])
    return found.get(aspect.slot)


def _mean(question: Question, values: Mapping[int, Any]) -> Estimate | None:
    """The mean over people, of a question whose answers are numbers."""
    numbers = {str(rater): [float(value)] for rater, value in values.items()
               if isinstance(value, int | float)}  # fmt: skip
    if question.scale().level not in {"interval", "ordinal"} or not numbers:
        return None
    return over_items("mean", numbers)
