"""Answers held against known ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from core.questions.base import Question
from core.questions.grades import Grade
from core.services import material
from core.services.known_answers import outline
from core.services.studies import Study
from core.units import Invalid, Unit
from storage import judgments

FEEDBACK = "feedback"
Graded = list[tuple[Any, Grade]]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person hears after an answer in a round: how much was right, and what is known."""

    title: str
    grade: Grade
    known: str
    why: str = ""

    @property
    def right(self) -> bool:
        """Whether the whole answer was right."""
        return self.grade.right


def known_answer(question: Question, unit: Unit) -> Any:
    """The known answer to a question about a unit in canonical form; None without a usable one."""
    value = unit.own_gold().get(question.name)
    if value is None:
        return None
    try:
        return question.check(value, unit)
    except Invalid:
        return None


def grade(question: Question, value: Any, unit: Unit) -> Grade | None:
    """How much of an answer is right, by the question's own measure; None where none is known."""
    known = known_answer(question, unit)
    if known is None or value is None:
        return None
    return question.grade(value, known, unit)


def outlined(row: Any) -> Unit:
    """The unit of a row without its contents, with what is known of its item."""
    return replace(outline(row), gold=row.gold or {})


def enough(question: Question, unit: Unit) -> bool:
    """Whether the known answer can be read in a unit without its contents, or there is none."""
    if question.name not in unit.own_gold():
        return True
    return not question.reads_contents() and known_answer(question, unit) is not None


def graded(connection: Connection, study: Study, rows: Iterable[Any]) -> Graded:
    """Rows of the log that a known answer exists for, each with its grade, in their order.

    A known answer that names parts of a text is read beside the text: those units are read whole.
    """
    asked = {study.wording(q): q for q in study.protocol.questions}
    pairs = [(row, outlined(row)) for row in rows if row.question in asked]
    open_ = {row.unit for row, unit in pairs if not enough(asked[row.question], unit)}
    whole = dict(material.some_units(connection, study, open_)) if open_ else {}
    found = []
    for row, unit in pairs:
        question = asked[row.question]
        if not enough(question, unit):
            unit = whole.get(row.unit, unit)
        one = grade(question, judgments.parse(row.value), unit)
        if one is not None:
            found.append((row, one))
    return found


def feedback(whole: Unit, answers: Any, questions: Sequence[Question]) -> tuple[Feedback, ...]:
    """What to say about answers to a unit of a round, question by question.

    The item's fact `feedback` is shown as the reason.
    """
    said = []
    for question in questions:
        found = grade(question, answers.get(question.name), whole)
        if found is not None:
            known = question.describe(known_answer(question, whole), whole)
            said.append(Feedback(question.title, found, known, str(whole.meta.get(FEEDBACK, ""))))
    return tuple(said)
