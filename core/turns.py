"""Questions that are asked in turn: what is open now, and what is settled."""

from collections.abc import Collection, Iterable, Sequence

from core.questions.base import Question


def problem(questions: Iterable[Question]) -> str:
    """What is wrong with the turns of a study's questions; '' when nothing is.

    Turns count from 0 without a gap, and each has a question that must be answered: else nobody
    could tell when it is over.
    """
    asked = list(questions)
    turns = {question.turn for question in asked}
    for turn in range(max(turns, default=-1) + 1):
        if turn not in turns:
            return f"no question has turn {turn}: turns count from 0 without a gap"
        if max(turns) and not any(q.required for q in asked if q.turn == turn):
            return f"turn {turn} needs a question that must be answered"
    return ""


def open_turn(asked: Sequence[Question], given: Collection[str]) -> int:
    """The turn that waits for answers, when the questions named in `given` are answered.

    It is the first one with a required question that has none, else the last one.
    """
    waiting = [q.turn for q in asked if q.required and q.name not in given]
    return min(waiting, default=max((q.turn for q in asked), default=0))


def settled(question: Question, asked: Sequence[Question], given: Collection[str]) -> bool:
    """Whether the answer stays as it is: a later turn has opened since it was given."""
    now = open_turn(asked, given)
    return any(q.required and question.turn <= q.turn < now for q in asked)


def open_questions(asked: Sequence[Question], given: Collection[str]) -> tuple[Question, ...]:
    """The questions that may be answered now, in the study's order."""
    now = open_turn(asked, given)
    return tuple(q for q in asked if q.turn <= now and not settled(q, asked, given))


def whole(asked: Sequence[Question], given: Collection[str]) -> bool:
    """Whether no turn is left."""
    return all(q.name in given for q in asked if q.required)
