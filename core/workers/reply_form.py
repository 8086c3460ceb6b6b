"""The form of a judge's reply: per question the reasoning, what else is wanted, the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.content.base import UNSTORABLE
from core.questions.base import Question
from core.units import Invalid, Unit
from core.workers.base import CannotAnswer
from core.workers.verdicts import verdict


@dataclass(frozen=True, slots=True)
class Said:
    """One answer out of a reply: the value, the reasoning, and what was told beside it."""

    value: Any
    why: str
    confidence: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    call: int | None = None

    def of(self, call: int | None) -> "Said":
        """The same, out of that row of the ledger."""
        return replace(self, call=call)

    def told(self, **facts: Any) -> "Said":
        """The same with more facts."""
        return replace(self, facts={**self.facts, **facts})


@dataclass(frozen=True, slots=True)
class Form:
    """What a reply holds for each question, in this order.

    The reasoning; with `rubric` (dimension -> meaning) a score of 1 to `points` per dimension, for
    each response by itself when several are shown; with `confidence` how sure the judge is, 0 to
    100; then the answer. With `combined` there is no answer but a score per response, 1 to
    `points`, and the answer follows from the scores.
    """

    rubric: Mapping[str, str] = field(default_factory=dict)
    points: int = 10
    confidence: bool = False
    combined: bool = False

    def schema(self, asked: Sequence[Question], unit: Unit) -> dict[str, Any]:
        """The JSON schema of a reply."""
        return an_object({q.name: self._entry(q, unit) for q in asked})

    def words(self, asked: Sequence[Question], unit: Unit) -> str:
        """The questions for the model, and the form of the reply."""
        lines = ["Questions:"]
        lines += [f'\n"{q.name}": {self._question(q, unit)}' for q in asked]
        lines += self._extra()
        names = ", ".join(f'"{q.name}": {{{self._sketch(unit)}}}' for q in asked)
        return "\n".join(lines) + f"\n\nReply in this form: {{{names}}}"

    def read(self, question: Question, given: Mapping[str, Any], unit: Unit) -> Said:
        """What a reply says about a question; raises `Invalid`."""
        why = clean(question.name, given["reasoning"])
        facts: dict[str, Any] = {}
        if self.rubric:
            facts["rubric"] = self._by_key(given["rubric"], unit)
        if self.combined:
            facts["scores"] = self._by_key(given["scores"], unit)
            try:
                value = verdict(question, unit, facts["scores"])
            except CannotAnswer as reason:  # the reply is asked for again, and stays in the ledger
                raise Invalid(question.name, str(reason)) from None
        else:
            value = question.read(given["answer"], unit)
        sure = given["confidence"] / 100 if self.confidence else None
        return Said(value, why, sure, facts)

    def _question(self, question: Question, unit: Unit) -> str:
        if not self.combined:
            return question.instruct(unit)
        tie = getattr(question, "tie", True)
        return (
            f"{question.heading()}\nGive each response a score from 1 to {self.points}; the "
            f"higher score is the better response, {'equal' if tie else 'and no two'} scores "
            f"{'are a tie' if tie else 'may be equal'}."
        )

    def _extra(self) -> list[str]:
        lines = []
        if self.rubric:
            lines.append(
                f"\nBefore each answer give a score from 1 (worst) to {self.points} (best) for:"
            )
            lines += [f"{name}: {meaning}" for name, meaning in self.rubric.items()]
        if self.confidence:
            lines.append(
                "\nSay also how sure you are: of 100 answers given with this confidence, how many "
                "would be right."
            )
        return lines

    def _sketch(self, unit: Unit) -> str:
        parts = ['"reasoning": "..."']
        parts += ['"rubric": {...}'] * bool(self.rubric)
        parts += ['"confidence": 0-100'] * self.confidence
        parts.append('"scores": {...}' if self.combined else '"answer": ...')
        return ", ".join(parts)

    def _entry(self, question: Question, unit: Unit) -> dict[str, Any]:
        found: dict[str, Any] = {"reasoning": {"type": "string"}}
        if self.rubric:
            each = an_object({name: self._score("integer") for name in self.rubric})
            found["rubric"] = an_object(dict.fromkeys(_letters(unit), each)) if (
                len(unit.outputs) > 1
            ) else each  # fmt: skip
        if self.confidence:
            found["confidence"] = {"type": "integer", "minimum": 0, "maximum": 100}
        if self.combined:
            score = self._score("number")
            found["scores"] = an_object(dict.fromkeys(_letters(unit), score))
        else:
            found["answer"] = question.reply_schema(unit)
        return an_object(found)

    def _score(self, kind: str) -> dict[str, Any]:
        return {"type": kind, "minimum": 1, "maximum": self.points}

    def _by_key(self, given: Mapping[str, Any], unit: Unit) -> dict[str, Any]:
        """What was told per letter, per key of an output; as it is for a single output."""
        if set(given) == set(_letters(unit)) and (self.combined or len(unit.outputs) > 1):
            return {unit.at(letter): told for letter, told in given.items()}
        return dict(given)


def _letters(unit: Unit) -> list[str]:
    return [unit.letter(key) for key in unit.shown]


def clean(name: str, words: Any) -> str:
    """A reasoning as it can be stored; raises `Invalid`."""
    text = str(words)
    if UNSTORABLE.search(text):
        raise Invalid(name, "the reasoning holds a character that cannot be stored")
    return text


def an_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object that has all of these properties and no other."""
    return {
        "type": "object", "properties": dict(properties), "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip
