"""Workers that ask one model or several: the options, the fence and the reading they share."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator

from core.content.base import Content, storable
from core.content.text import TextContent
from core.prompts import prompt
from core.units import Invalid, Shown, Unit
from core.workers.base import CannotAnswer, Endpointed, Model
from core.workers.endpoint import AtEndpoint, ModelWorker
from core.workers.fence import fence, joined


class Asking(ModelWorker):
    """A worker whose own model is `model`, with `others` by name.

    `shows` names the fields of the item that the models see; empty, all of them but `hides`.
    """

    others: Mapping[str, AtEndpoint] = Field(default_factory=dict)
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ("reference", "answer", "gold", "solution")

    @field_validator("others")
    @classmethod
    def _named(cls, others: Mapping[str, AtEndpoint]) -> Mapping[str, AtEndpoint]:
        if "" in others:
            raise ValueError("each of the others needs a name")
        return others

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self, **self.others}

    def named(self, name: str) -> str:
        """The model that goes by a name, as its endpoint knows it."""
        return self.models()[name].model

    def fields(self, unit: Unit) -> list[tuple[str, Content]]:
        """The fields of the item that the models see; raises `CannotAnswer` without any."""
        wanted = self.shows or [name for name in unit.fields if name not in self.hides]
        found = [(name, unit.fields[name]) for name in wanted if name in unit.fields]
        found = [(name, content) for name, content in found if content.text().strip()]
        if not found:
            raise CannotAnswer("the item has nothing in the fields that this worker shows")
        return found

    def messages_of(
        self, words: Mapping[str, str], names: Sequence[str],
        material: Sequence[tuple[str, Content]], task: str,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """A message of instructions and one of fenced material with the task at its end.

        `names` are prompts, filled with `words` and the mark of the fence.
        """
        marks = fence([content for _, content in material], self.digest)
        system = "\n\n".join(prompt(name).fill(mark=marks.mark, **words) for name in names)
        if self.guidelines.strip():
            system += f"\n\nGuidelines of the study:\n{self.guidelines.strip()}"
        parts: list[dict[str, Any]] = []
        for title, content in material:
            parts += marks.around(title, content)
        parts.append({"type": "text", "text": f"\n{task}"})
        return [{"role": "system", "content": system}, {"role": "user", "content": joined(parts)}]


def one_of(unit: Unit, role: str) -> Shown:
    """The one output of that role in a unit; raises `CannotAnswer`."""
    found = unit.of_role(role)
    if len(found) != 1:
        raise CannotAnswer(f"works on one {role}, but was given {len(found)}")
    return found[0]


def asked(llm: Model | None) -> Model:
    """The model; raises `CannotAnswer` when none was given."""
    if llm is None:
        raise CannotAnswer("this worker asks a model, and none was given")
    return llm


def words(text: Any, what: str = "reply") -> str:
    """A text that is not empty and can be stored; raises `Invalid`."""
    found = storable(text, what).strip()
    if not found:
        raise Invalid(what, "it is empty")
    return found


def text_of(text: str) -> TextContent:
    """A text as content."""
    return TextContent.parse(text)


def thing(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with just these properties, all of them required."""
    return {
        "type": "object", "properties": dict(properties), "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip
