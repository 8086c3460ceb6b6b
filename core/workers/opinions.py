"""What stands beside a judge's answer: the expected score, and several samples put together."""

from collections.abc import Sequence
from typing import Any

from core.questions.base import Question
from core.units import Invalid, Unit
from core.workers.base import CannotAnswer, Reply
from core.workers.expectation import expected
from core.workers.reply_form import Said
from core.workers.voting import Rule, is_number, tally


def taken(question: Question, unit: Unit, value: Any) -> bool:
    """Whether the question accepts a value."""
    try:
        question.check(value, unit)
    except Invalid:
        return False
    return True


def expecting(question: Question, unit: Unit, said: Said, reply: Reply, raw: bool) -> Said:
    """The answer with the expected score behind it, and `score_mode` logprob or raw.

    The answer becomes the expectation where the question takes decimals; otherwise it stays what
    was written and `expectation` stands beside it. An answer that is no number has none. Without
    probabilities: raises `CannotAnswer`, or keeps the plain answer with `raw`.
    """
    if not is_number(said.value):
        return said.of(reply.call).told(score_mode="raw", because="the answer is no number")
    whole = int(said.value) if said.value == int(said.value) else said.value
    found = expected(reply.logprobs, whole, lambda score: taken(question, unit, score))
    if found is None and not raw:
        raise CannotAnswer(
            "the endpoint gave no token probabilities for the score; use another endpoint, "
            "`expectation: samples`, or `fallback: raw` to keep plain scores"
        )
    if found is None:
        return said.of(reply.call).told(score_mode="raw", because="no token probabilities")
    weights = {str(score): round(p, 6) for score, p in found.weights.items()}
    value = _decimal(question, unit, said.value, found.value)
    return Said(
        value, said.why, said.confidence,
        {**said.facts, "score_mode": "logprob", "expectation": round(found.value, 6),
         "weights": weights, "written": said.value},
        reply.call,
    )  # fmt: skip


def _decimal(question: Question, unit: Unit, written: Any, number: float) -> Any:
    exact = round(number, 6)
    return question.check(exact, unit) if taken(question, unit, exact) else written


def together(
    question: Question, unit: Unit, said: Sequence[Said], rule: Rule, expectation: str
) -> Said | None:
    """Several samples as one answer; None when they come to none (then only they are stored).

    Its reasoning is that of the first sample that gives the answer. With `expectation` samples the
    mean of numbers stands beside it, and is the answer where the question takes decimals.
    """
    votes = [s.value for s in said]
    found = tally(question, unit, votes, rule)
    facts, value = {**found.facts, "samples": len(said)}, found.value
    if expectation == "samples" and "mean" in facts:
        facts |= {"score_mode": "samples", "expectation": round(facts["mean"], 6)}
        value = _decimal(question, unit, value, facts["mean"])
    if value is None:
        return None
    sure = [s.confidence for s in said if s.confidence is not None]
    why = next((s.why for s in said if s.value == value), said[0].why)
    quotes = list(dict.fromkeys(q for s in said for q in s.facts.get("quoted", ())))
    return Said(
        value, f"{found.why} (of {len(said)} samples). {why}",
        sum(sure) / len(sure) if sure else None, facts | ({"quoted": quotes} if quotes else {}),
    )  # fmt: skip
