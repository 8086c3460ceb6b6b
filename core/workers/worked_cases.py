"""Worked cases that an annotator sees before its own, as earlier turns of the conversation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.content.base import Content
from core.content.text import TextContent
from core.questions.base import Question
from core.questions.pairwise import Pairwise
from core.units import Invalid, Shown, Unit

Material = Sequence[tuple[str, Content]]


class WorkedCase(BaseModel):
    """A case that was decided: its item (never judged), what was seen, the answers as replied.

    `material` maps titles to texts. `answers` holds per question what a model would have replied
    ("A" for the first of two); `why` is the reason, told in the turn after.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    item: str = Field(default="", description="key of the item that it comes from, if any")
    material: Mapping[str, str] = Field(min_length=1)
    answers: Mapping[str, Any] = Field(min_length=1)
    why: str = ""

    def pieces(self, title: str) -> list[tuple[str, Content]]:
        """Its material with titles that begin with this one."""
        return [(f"{title}{name}", TextContent(words)) for name, words in self.material.items()]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair that anybody would decide alike: the request, two responses, the better one, why."""

    request: str
    first: str
    second: str
    better: str
    why: str


OWN = (
    _Pair("Name three animals that lay eggs.",
          "Hens, turtles and frogs.",
          "Many animals lay eggs, and eggs come in all sizes.", "A",
          "The first names three such animals, the second names none."),
    _Pair("Say in German: Where is the station?",
          "The station is over there, behind the church.",
          "Wo ist der Bahnhof?", "B",
          "The second says it in German; the first answers the question instead."),
    _Pair("Is 51 a prime number? One sentence.",
          "No: 51 is 3 times 17.",
          "Yes, 51 can be divided by 1 and by itself only.", "A",
          "The first is right, the second is false."),
)  # fmt: skip


def own(asked: Sequence[Question]) -> tuple[WorkedCase, ...]:
    """Concord's own worked cases for questions that ask which of two is better; () for others."""
    if not asked or not all(isinstance(q, Pairwise) and not q.dimensions for q in asked):
        return ()
    outputs = tuple(Shown(key, TextContent(key)) for key in "ab")
    unit = Unit("", "", {}, outputs, ("a", "b"))
    found = []
    for case in OWN:
        answers = {}
        for question in asked:
            strength = getattr(question, "strength", 0)
            value = {"winner": case.better.lower(), **({"strength": strength} if strength else {})}
            answers[question.name] = question.reply(value, unit)
        seen = {"prompt": case.request, "response A": case.first, "response B": case.second}
        found.append(WorkedCase(material=seen, answers=answers, why=case.why))
    return tuple(found)


def fitting(
    cases: Sequence[WorkedCase], asked: Sequence[Question], unit: Unit
) -> tuple[WorkedCase, ...]:
    """The cases that answer all these questions; raises `Invalid` for an answer that is none."""
    found = [case for case in cases if all(q.name in case.answers for q in asked)]
    for case in found:
        for question in asked:
            try:
                question.read(case.answers[question.name], unit)
            except (Invalid, ValueError, TypeError, AttributeError, LookupError) as error:
                words = f"a worked case answers {case.answers[question.name]!r}: {error}"
                raise Invalid(question.name, words) from None
    return tuple(found)


def replied(case: WorkedCase, asked: Sequence[Question], reasoned: bool) -> dict[str, Any]:
    """What the model would have replied to it."""
    if not reasoned:
        return {q.name: case.answers[q.name] for q in asked}
    return {q.name: {"reasoning": case.why, "answer": case.answers[q.name]} for q in asked}


def as_text(reply: Mapping[str, Any]) -> str:
    """A reply as it stands in a conversation."""
    return json.dumps(reply, ensure_ascii=False)


def turns(cases: Sequence[WorkedCase], many: bool) -> list[Sequence[WorkedCase]]:
    """The cases per earlier turn: one by one; before several at once first one, then the rest."""
    if many and len(cases) > 1:
        return [cases[:1], cases[1:]]
    return [[case] for case in cases]
