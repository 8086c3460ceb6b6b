"""From the score of each output to the answer of a question, for raters that compute a score."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.questions.base import Question
from core.questions.label import Label
from core.questions.number import Number
from core.questions.pairwise import TIE, Pairwise
from core.questions.rating import Rating
from core.units import Unit
from core.workers.base import CannotAnswer

Thresholds = Mapping[str, float]
THRESHOLDS = "`thresholds` must give the lowest score of every label"


def answers(question: Question) -> bool:
    """Whether a score can be turned into an answer of that kind."""
    if isinstance(question, Number):
        return question.low is not None and question.high is not None
    if isinstance(question, Pairwise):
        return question.simple
    return isinstance(question, Rating | Label)


def fitting(
    asked: Sequence[Question], responses: int, thresholds: Thresholds | None = None
) -> tuple[Question, ...]:
    """Those questions that scores of so many responses can answer; the others are passed by.

    A question about a pair takes two responses, any other takes one, a label question a threshold
    for each label. Raises `CannotAnswer` with the reasons when none is left.
    """
    found, lacks = [], dict[str, None]()
    for question in asked:
        wanted = 2 if isinstance(question, Pairwise) else 1
        if responses != wanted:
            what = "compares two responses" if wanted == 2 else "rates one response"
            lacks[f"{what}, but this unit has {responses}"] = None
        elif isinstance(question, Label) and set(thresholds or {}) != set(question.labels):
            lacks[THRESHOLDS] = None
        else:
            found.append(question)
    if not found:
        raise CannotAnswer("; ".join(lacks))
    return tuple(found)


def decided(
    asked: Sequence[Question], unit: Unit, scores: Mapping[str, float], *, margin: float = 0.0,
    thresholds: Thresholds | None = None,
) -> list[tuple[Question, Any]]:  # fmt: skip
    """The questions that the scores answer, each with its answer, by `verdict`.

    Raises `CannotAnswer` with the reasons when they answer none.
    """
    found, lacks = [], dict[str, None]()
    for question in asked:
        try:
            value = verdict(question, unit, scores, margin=margin, thresholds=thresholds)
        except CannotAnswer as reason:
            lacks[str(reason)] = None
        else:
            found.append((question, value))
    if not found:
        raise CannotAnswer("; ".join(lacks))
    return found


def verdict(
    question: Question, unit: Unit, scores: Mapping[str, float], *, margin: float = 0.0,
    thresholds: Thresholds | None = None,
) -> Any:  # fmt: skip
    """The answer that the outputs' scores (key -> 0..1, for a pair any number) give.

    A pair: the higher score; within `margin` a tie. A rating: the unit interval in equal bins. A
    number: the same share of the way from its low to its high end. A label: the one with the
    highest threshold that the score reaches. Raises `CannotAnswer`.
    """
    if isinstance(question, Pairwise):
        return question.check(_better(question, unit, scores, margin), unit)
    if len(scores) != 1:
        raise CannotAnswer(f"rates one response, but this unit has {len(scores)}")
    score = next(iter(scores.values()))
    if isinstance(question, Rating):
        points = list(question.points)
        return points[min(int(max(score, 0.0) * len(points)), len(points) - 1)]
    if isinstance(question, Number) and question.low is not None and question.high is not None:
        number = question.low + min(max(score, 0.0), 1.0) * (question.high - question.low)
        return question.check(round(number) if question.whole else round(number, 6), unit)
    if isinstance(question, Label):
        return question.check(_label(question, score, thresholds or {}), unit)
    raise CannotAnswer(f"a score is no answer to a {question.kind} question")


def _better(
    question: Pairwise, unit: Unit, scores: Mapping[str, float], margin: float
) -> dict[str, Any]:
    if len(scores) != 2:
        raise CannotAnswer(f"compares two responses, but this unit has {len(scores)}")
    first, second = unit.shown
    gap = scores[first] - scores[second]
    if abs(gap) > margin:
        return {"winner": first if gap > 0 else second}
    if not question.tie:
        raise CannotAnswer("both responses score the same, and the question allows no tie")
    return {"winner": None, "verdict": TIE}


def _label(question: Label, score: float, thresholds: Thresholds) -> str:
    if set(thresholds) != set(question.labels):
        raise CannotAnswer(THRESHOLDS)
    reached = [name for name, low in thresholds.items() if score >= low]
    if not reached:
        raise CannotAnswer(f"the score {score:.2f} reaches no label's threshold")
    return max(reached, key=lambda name: thresholds[name])
