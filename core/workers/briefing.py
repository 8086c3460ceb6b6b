"""The messages that a model is sent: what it is to do, and the material between its marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.content.base import Content
from core.content.text import TextContent
from core.prompts import Prompt
from core.units import Unit
from core.workers.base import CannotAnswer
from core.workers.fence import Fence, fence, joined

Material = Sequence[tuple[str, Content]]


class Example(BaseModel):
    """A case that was decided, shown to a judge: its item (never measured on it), what was seen.

    `material` maps titles to texts; `answer` is the decision in words, `why` its reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    item: str = Field(description="key of the item that it comes from")
    material: Mapping[str, str]
    answer: str = Field(min_length=1)
    why: str = ""

    def pieces(self, number: int) -> list[tuple[str, Content]]:
        """Its material with titles that name the example."""
        return [(f"example {number}, {t}", TextContent(m)) for t, m in self.material.items()]

    def decision(self, number: int) -> str:
        """What was decided, in a line for the model."""
        because = f" Reason: {self.why}" if self.why else ""
        return f"\nThe decision on example {number} was: {self.answer}.{because}\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier turn of the conversation: what was shown and asked, and what was replied.

    `remark` is what is said about the reply, at the beginning of the next turn.
    """

    material: Material
    closing: str
    reply: str
    remark: str = ""


def brief(
    prompts: Sequence[Prompt], material: Material, closing: str, *, salt: str,
    guidelines: str = "", examples: Sequence[Example] = (), values: Mapping[str, str] | None = None,
    turns: Sequence[Turn] = (),
) -> list[dict[str, Any]]:  # fmt: skip
    """A system message of the prompts and guidelines, and a user message of fenced material.

    `closing` is what is asked, after the material; `values` fill the prompts. Earlier `turns` stand
    between the two, each a message of the user's and the reply, fenced by the same mark.
    """
    shown = [example.pieces(number) for number, example in enumerate(examples, 1)]
    every = [c for pieces in [*shown, *(t.material for t in turns), material] for _, c in pieces]
    marks = fence(every, salt)
    system = "\n\n".join(p.fill(mark=marks.mark, **(values or {})) for p in prompts)
    if guidelines.strip():
        system += f"\n\nGuidelines of the study:\n{guidelines.strip()}"
    earlier, remark = _earlier(turns, marks)
    parts: list[dict[str, Any]] = [{"type": "text", "text": remark}] if remark else []
    for number, (example, pieces) in enumerate(zip(examples, shown, strict=True), 1):
        for title, content in pieces:
            parts += marks.around(title, content)
        parts.append({"type": "text", "text": example.decision(number)})
    for title, content in material:
        parts += marks.around(title, content)
    parts.append({"type": "text", "text": "\n" + closing})
    return [
        {"role": "system", "content": system}, *earlier,
        {"role": "user", "content": joined(parts)},
    ]  # fmt: skip


def _earlier(turns: Sequence[Turn], marks: Fence) -> tuple[list[dict[str, Any]], str]:
    """The messages of earlier turns, and what is still to be said about the last reply."""
    found: list[dict[str, Any]] = []
    remark = ""
    for turn in turns:
        parts: list[dict[str, Any]] = [{"type": "text", "text": remark}] if remark else []
        for title, content in turn.material:
            parts += marks.around(title, content)
        parts.append({"type": "text", "text": "\n" + turn.closing})
        found.append({"role": "user", "content": joined(parts)})
        found.append({"role": "assistant", "content": turn.reply})
        remark = turn.remark
    return found, remark


def given(unit: Unit, name: str) -> Content:
    """The field, or fact about the item, of that name; raises `CannotAnswer` without one."""
    found = unit.fields.get(name)
    if found is not None:
        return found
    fact = unit.meta.get(name)
    if fact is None:
        raise CannotAnswer(f"the item has no field or fact called {name!r}")
    return TextContent.parse(fact)


def surroundings(unit: Unit) -> list[tuple[str, Content]]:
    """The fields, and the outputs that those shown hang on, titled by their role."""
    return [*unit.fields.items(), *((o.role, o.content) for o in unit.context)]


def responses(unit: Unit) -> list[tuple[str, Content]]:
    """The outputs with their titles: "response" for a single one, else by letter.

    What they hang on comes first, by its role: then a single one goes by its role, too.
    """
    one = len(unit.outputs) == 1
    around = [(o.role, o.content) for o in unit.context]
    alone = unit.outputs[0].role if one and around else "response"
    return around + [
        (alone if one else f"response {unit.letter(o.key)}", o.content) for o in unit.outputs
    ]
