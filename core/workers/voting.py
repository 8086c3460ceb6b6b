"""From several answers to one: how votes are put together, and how far apart they were."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, pstdev
from typing import Any, Literal

from core.digest import canonical
from core.questions.base import Question
from core.units import Invalid, Unit

Rule = Literal["majority", "mean", "median"]
Ties = Literal["missing", "tie"]
CLOSE = 1e-9
ORDERED = ("ordinal", "interval")


@dataclass(frozen=True, slots=True)
class Tally:
    """What votes come to: the answer, or None with the reason why there is none.

    `facts` says how far apart they were: `votes` (how many), `rule`, `share` of the votes that give
    the answer, `entropy` in bits, and of numbers `mean` and `sd` (divided by n).
    """

    value: Any
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def tally(
    question: Question, unit: Unit, votes: Sequence[Any], rule: Rule = "majority",
    ties: Ties = "missing",
) -> Tally:  # fmt: skip
    """The answer that valid votes give together.

    majority: the most frequent answer. mean, median: of numbers (the median also of ordered
    labels); the answer is the mean itself where the question takes decimals, else the nearest
    answer that it takes. A tie, and a mean half-way between two answers, has no answer; with `ties`
    "tie" it is the question's own tie where it has one (as in the Fellowship's juries).
    """
    if not votes:
        return Tally(None, "there are no votes")
    facts = apart(votes) | {"rule": rule}
    if rule == "majority":
        value, why = _mode(votes)
    else:
        value, why = _middle(question, unit, votes, rule)
    if value is None and ties == "tie":
        value, why = own_tie(question, unit), f"{why}; counted as a tie"
    same = sum(canonical(v) == canonical(value) for v in votes)
    return Tally(value, why, facts | {"share": same / len(votes)})


def apart(votes: Sequence[Any]) -> dict[str, Any]:
    """How far votes are apart: `votes`, `entropy` in bits, and of numbers `mean` and `sd`.

    >>> {k: round(v, 3) for k, v in apart([1, 1, 2, 4]).items()}
    {'votes': 4, 'entropy': 1.5, 'mean': 2.0, 'sd': 1.225}
    """
    shares = [n / len(votes) for n in Counter(map(canonical, votes)).values()]
    found: dict[str, Any] = {
        "votes": len(votes), "entropy": sum(-p * math.log2(p) for p in shares) + 0.0,
    }  # fmt: skip
    if all(is_number(v) for v in votes):
        found |= {"mean": fmean(votes), "sd": pstdev(votes)}
    return found


def is_number(value: Any) -> bool:
    """Whether a value is a number that can be averaged."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mode(votes: Sequence[Any]) -> tuple[Any, str]:
    found = Counter(map(canonical, votes)).most_common()
    best = [text for text, n in found if n == found[0][1]]
    if len(best) > 1:
        return None, f"the votes tie: {len(best)} answers with {found[0][1]} votes each"
    value = next(v for v in votes if canonical(v) == best[0])
    return value, f"{found[0][1]} of {len(votes)} votes"


def _middle(question: Question, unit: Unit, votes: Sequence[Any], rule: Rule) -> tuple[Any, str]:
    if all(is_number(v) for v in votes):
        number = fmean(votes) if rule == "mean" else float(median(votes))
        value = on_scale(question, unit, number)
        if value is None:
            return None, f"the {rule} {number:g} lies half-way between two answers"
        return value, f"the {rule} is {number:.5g}"
    places = [question.codes(v, unit).get("") for v in votes]
    ordered = question.scale(unit).level in ORDERED and None not in places
    if rule == "mean" or not ordered:
        return None, f"answers to {question.name!r} have no {rule}"
    middle = median(p for p in places if p is not None)
    value = next((v for v, p in zip(votes, places, strict=True) if p == middle), None)
    return value, "the median" if value is not None else "the median lies between two answers"


def on_scale(question: Question, unit: Unit, number: float) -> Any:
    """The number as an answer: itself where the question takes it, else the nearest whole one.

    None half-way between two, and where neither is taken.
    """
    whole = math.floor(number + 0.5)
    if abs(number - whole) > CLOSE:
        exact = _taken(question, unit, round(number, 6))
        if exact is not None:
            return exact
        if abs(abs(number - whole) - 0.5) < CLOSE:
            return None
    return _taken(question, unit, whole)


def _taken(question: Question, unit: Unit, value: float) -> Any:
    try:
        return question.check(value, unit)
    except Invalid:
        return None


def own_tie(question: Question, unit: Unit) -> Any:
    """The tie that a question offers; None where it offers none."""
    try:
        return question.check({"winner": None, "verdict": "tie"}, unit)
    except Invalid:
        return None
