"""Answers held against known ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.questions.base import Question
from core.services.known_answers import outline
from core.services.studies import Study
from core.units import Invalid, Unit
from storage import judgments

FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person hears after an answer in a round: whether it was right, and what is known."""

    title: str
    right: bool
    known: str
    why: str = ""


def known_answer(question: Question, unit: Unit) -> Any:
    """The known answer to a question about a unit in canonical form; None without a usable one."""
    value = unit.own_gold().get(question.name)
    if value is None:
        return None
    try:
        return question.check(value, unit)
    except Invalid:
        return None


def is_right(question: Question, value: Any, unit: Unit) -> bool | None:
    """Whether an answer is the known one; None where none is known."""
    known = known_answer(question, unit)
    if known is None or value is None:
        return None
    return question.distance(value, known) == 0


def graded(study: Study, rows: Iterable[Any]) -> list[tuple[Any, bool]]:
    """Rows of the log that a known answer exists for, each with whether it is right."""
    asked = {study.wording(q): q for q in study.protocol.questions}
    found = []
    for row in rows:
        question = asked.get(row.question)
        if question is None:
            continue
        unit = replace(outline(row), gold=row.gold or {})
        right = is_right(question, judgments.parse(row.value), unit)
        if right is not None:
            found.append((row, right))
    return found


def feedback(whole: Unit, answers: Any, questions: Sequence[Question]) -> tuple[Feedback, ...]:
    """What to say about answers to a unit of a round, question by question.

    The item's fact `feedback` is shown as the reason.
    """
    said = []
    for question in questions:
        right = is_right(question, answers.get(question.name), whole)
        if right is not None:
            known = question.describe(known_answer(question, whole), whole)
            said.append(Feedback(question.title, right, known, str(whole.meta.get(FEEDBACK, ""))))
    return tuple(said)
