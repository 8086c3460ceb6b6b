"""Whether a person's answers to a unit are ready to be stored, and what is missing or wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from core import turns
from core.questions.base import Question
from core.services.tickets import Ticket
from core.telling import Told
from core.units import Invalid


class Missing(Invalid):
    """A question that must be answered has no answer."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.name, Told("“{title}” needs an answer", title=question.title))
        self.title = question.title


class Unready(Invalid):
    """Several answers are missing or wrong: `every` has one error for each, in their order."""

    def __init__(self, every: Sequence[Invalid]) -> None:
        lines = tuple(error.message for error in every)
        words = Told("{n} answers are missing or wrong: {lines}", n=len(every), lines=lines)
        super().__init__(every[0].field, words)
        self.every = tuple(every)


def checked(held: Ticket, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers in canonical form; raises `Invalid` naming the question that is wrong.

    Where several are missing or wrong it raises `Unready`, which names them all. Where questions
    are asked in turns, those of a later turn than the open one are not asked yet, and an answer
    that is settled stays. One that was given to a later turn before a question of an earlier turn
    was reworded stands.
    """
    asked, given = held.unit.questions, held.answers
    now = turns.open_turn(asked, given)
    if not asked:
        raise Invalid("unit", Told("nothing can be asked about this unit; skip it"))
    unknown = set(answers) - {q.name for q in asked}
    if unknown:
        raise Invalid(sorted(unknown)[0], Told("this unit does not ask that"))
    found: dict[str, Any] = {}
    wrong: list[Invalid] = []
    for question in asked:
        value = _standing(question, held, answers.get(question.name), now)
        try:
            if value is not None and value != "":
                found[question.name] = _checked(question, value, held)
            elif question.required and question.turn <= now:
                wrong.append(Missing(question))
        except Invalid as error:
            wrong.append(error)
    if wrong:
        raise wrong[0] if len(wrong) == 1 else Unready(wrong)
    return found


def _standing(question: Question, held: Ticket, value: Any, now: int) -> Any:
    """The answer that is to be checked; raises `Invalid` for one that may not be given now."""
    name, asked, given = question.name, held.unit.questions, held.answers
    old = given.get(name)
    if question.turn > now and name in given:  # an earlier one was reworded since
        value = old if value is None else value
    if value is None or value == old:
        return old if turns.settled(question, asked, given) else value
    if question.turn > now and _form(question, value, held) != old:
        raise Invalid(name, Told("it is asked once the questions before it are answered"))
    if not turns.settled(question, asked, given):
        return value
    if _form(question, value, held) != old:
        words = "“{title}” is settled, and its answer stays"
        raise Invalid(name, Told(words, title=question.title))
    return old


def _form(question: Question, value: Any, held: Ticket) -> Any:
    """A value in its one form, which a draft may not have; None where it has none."""
    try:
        return question.check(value, held.unit)
    except Invalid:
        return None


def _checked(question: Question, value: Any, held: Ticket) -> Any:
    """A value in its one form; a refusal says in the study's words which question it is about."""
    try:
        return question.check(value, held.unit)
    except Invalid as error:
        if question.title in error.message:
            raise
        why = Told("“{title}”: {why}", title=question.title, why=error.message)
        raise Invalid(error.field, why) from None
