"""A model that judges: one response by itself, or two against each other in both orders."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from core.content.base import Content
from core.content.text import TextContent
from core.prompts import Prompt, prompt
from core.questions.base import Question
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.endpoint import ModelWorker
from core.workers.fence import fence, joined


@workers.register
class Judge(ModelWorker):
    """A model behind an OpenAI-compatible endpoint that answers a unit's questions in one reply.

    `mode` pointwise judges one response, or an item by itself; pairwise compares two, by default
    in both orders: repeat 0 in the study's order, repeat 1 the other way round. `reference` names
    the field (or fact about the item) that is given as correct. `guidelines` are further
    instructions of the study.
    """

    kind = "judge"
    mode: Literal["pointwise", "pairwise"] = "pointwise"
    orders: Literal["both", "one"] = "both"
    reference: str = ""
    logprobs: bool = False

    def repeats(self) -> int:
        return 2 if self.mode == "pairwise" and self.orders == "both" else 1

    def present(self, unit: Unit, repeat: int) -> Unit:
        return unit.reversed() if self.mode == "pairwise" and repeat % 2 else unit

    def can(self, question: Question, unit: Unit) -> bool:
        return self.mode == "pairwise" or question.about != "pair"

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        found = super().asked(unit)
        if self.mode == "pairwise" and len(unit.outputs) != 2:
            raise CannotAnswer(f"compares two responses, but this unit has {len(unit.outputs)}")
        if self.reference:
            self._reference(unit)
        return found

    def prompts(self) -> Sequence[str]:
        return [p.digest for p in self._prompts]

    @cached_property
    def _prompts(self) -> tuple[Prompt, ...]:
        extra = ("judge_reference",) if self.reference else ()
        return tuple(prompt(name) for name in (f"judge_{self.mode}", *extra))

    def _reference(self, unit: Unit) -> Content:
        found = unit.fields.get(self.reference)
        if found is not None:
            return found
        fact = unit.meta.get(self.reference)
        if fact is None:
            raise CannotAnswer(f"the item has no field or fact called {self.reference!r}")
        return TextContent.parse(fact)

    def _material(self, unit: Unit) -> list[tuple[str, Content]]:
        found = [(n, c) for n, c in unit.fields.items() if n != self.reference]
        if self.reference:
            found.append(("reference", self._reference(unit)))
        one = len(unit.outputs) == 1
        return found + [
            ("response" if one else f"response {unit.letter(o.key)}", o.content)
            for o in unit.outputs
        ]

    def messages(self, unit: Unit, repeat: int = 0) -> list[dict[str, Any]]:
        """The exact messages for a unit, as that repeat sends them."""
        asked, shown = self.asked(unit), self.present(unit, repeat)
        material = self._material(shown)
        marks = fence([content for _, content in material], self.digest)
        system = "\n\n".join(p.fill(mark=marks.mark) for p in self._prompts)
        if self.guidelines.strip():
            system += f"\n\nGuidelines of the study:\n{self.guidelines.strip()}"
        parts: list[dict[str, Any]] = []
        for title, content in material:
            parts += marks.around(title, content)
        parts.append({"type": "text", "text": "\n" + _questions(asked, shown)})
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": joined(parts)},
        ]

    def reply_schema(self, unit: Unit, repeat: int = 0) -> dict[str, Any]:
        """The schema of a reply: per question the reasoning, and then the answer."""
        shown = self.present(unit, repeat)
        return _object({q.name: _answered(q, shown) for q in self.asked(unit)})

    def parameters(self) -> dict[str, Any]:
        more = {"logprobs": True, "top_logprobs": 20} if self.logprobs else {}
        return super().parameters() | more

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        asked, shown = self.asked(unit), self.present(unit, repeat)

        def read(value: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
            return {q.name: _read(q, value[q.name], shown) for q in asked}

        reply = await llm.ask(
            self.messages(unit, repeat), schema=self.reply_schema(unit, repeat), repeat=repeat,
            check=read, **self.parameters(),
        )  # fmt: skip
        return [
            Draft(question=name, value=value, rationale=why, repeat=repeat, shown=shown.shown,
                  call=reply.call)
            for name, (value, why) in reply.value.items()
        ]  # fmt: skip


def _questions(asked: Sequence[Question], unit: Unit) -> str:
    lines = ["Questions:"]
    lines += [f'\n"{q.name}": {q.instruct(unit)}' for q in asked]
    names = ", ".join(f'"{q.name}": {{"reasoning": "...", "answer": ...}}' for q in asked)
    return "\n".join(lines) + f"\n\nReply in this form: {{{names}}}"


def _read(question: Question, given: Mapping[str, Any], unit: Unit) -> tuple[Any, str]:
    why = str(given["reasoning"])
    if "\x00" in why or any(0xD800 <= ord(c) <= 0xDFFF for c in why):
        raise Invalid(question.name, "the reasoning holds a character that cannot be stored")
    return question.read(given["answer"], unit), why


def _answered(question: Question, unit: Unit) -> dict[str, Any]:
    return _object({"reasoning": {"type": "string"}, "answer": question.reply_schema(unit)})


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": dict(properties), "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip
