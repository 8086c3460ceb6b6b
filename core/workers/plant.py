"""Plants known faults in a text, so that it can be measured who finds them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from core.content.base import Content
from core.units import Draft, Invalid, Shown, Unit
from core.workers.base import Model, workers
from core.workers.thinker import WORDS, Thinker, many, of


@workers.register
class Plant(Thinker):
    """A copy of an output with planted faults; the facts hold each fault and its place.

    `what` errors: the model names `count` passages and what stands there instead, and everything
    else stays to the letter, because the copy is made here. `trajectory`: a whole course of steps
    that goes wrong, with the step at which it does. `intent`: the text with the hidden intent `aim`
    woven in. Liu and Shah (2023).
    """

    kind = "plant"
    words = ("plant_errors", "plant_trajectory", "plant_intent")
    reads: tuple[str, ...] = ("answer",)
    writes: str = "planted"
    what: Literal["errors", "trajectory", "intent"] = "errors"
    aim: str = ""
    count: int = Field(default=1, ge=1, le=20)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        return [await self._planted(unit, o, llm, repeat) for o in self.read(unit)]

    async def _planted(self, unit: Unit, output: Shown, llm: Model | None, repeat: int) -> Draft:
        source = output.content.text()
        material: list[tuple[str, Content]] = [*self.seen(unit), ("text", output.content)]
        asked = f"Kind of fault wanted: {self.aim}\n" if self.aim else ""
        closing, schema = self._form()
        reply = await self.think(
            llm, f"plant_{self.what}", material, asked + closing, schema, repeat=repeat,
            check=lambda value: self._checked(value, source),
        )  # fmt: skip
        text, facts = reply.value
        facts = {"what": self.what, "aim": self.aim, **facts}
        return self.wrote(
            text, reply, parent=output.key, key=output.key, repeat=repeat, facts=facts
        )

    def _form(self) -> tuple[str, dict[str, Any]]:
        if self.what == "errors":
            fault = of(passage=WORDS, instead=WORDS, fault=WORDS)
            return (
                f"Name {self.count} passages. Reply in this form: "
                '{"faults": [{"passage": "words of the text", "instead": "...", "fault": "..."}]}',
                of(faults=many(fault, self.count, self.count)),
            )
        if self.what == "trajectory":
            return (
                'Reply in this form: {"steps": ["...", "..."], "first_wrong": 2, "fault": "..."}',
                of(steps=many(WORDS, 2), first_wrong={"type": "integer"}, fault=WORDS),
            )
        return 'Reply in this form: {"text": "...", "fault": "..."}', of(text=WORDS, fault=WORDS)

    def _checked(self, value: Mapping[str, Any], source: str) -> tuple[str, dict[str, Any]]:
        if self.what == "errors":
            return planted(source, value["faults"])
        if self.what == "trajectory":
            steps, first = value["steps"], value["first_wrong"]
            if not 1 <= first <= len(steps):
                raise Invalid("first_wrong", f"there is no step {first}")
            return "\n".join(steps), {"fault": value["fault"], "first_wrong": first - 1}
        if value["text"].strip() == source.strip():
            raise Invalid("text", "it is the same as before")
        return value["text"], {"fault": value["fault"]}


def planted(source: str, faults: Sequence[Mapping[str, str]]) -> tuple[str, dict[str, Any]]:
    """The text with each passage replaced, and the faults with their places in the new text.

    Raises `Invalid` when a passage is not there exactly once, overlaps another, or stays the same.
    """
    places = []
    for number, fault in enumerate(faults, 1):
        passage = fault["passage"]
        if source.count(passage) != 1:
            times = source.count(passage)
            raise Invalid(f"fault {number}", f"its passage is in the text {times} times, not once")
        if fault["instead"] == passage:
            raise Invalid(f"fault {number}", "nothing is changed")
        places.append((source.index(passage), fault))
    text, end, found = "", 0, []
    for start, fault in sorted(places, key=lambda place: place[0]):
        if start < end:
            raise Invalid("faults", "two passages overlap")
        text += source[end:start]
        found.append({**fault, "start": len(text), "end": len(text) + len(fault["instead"])})
        text, end = text + fault["instead"], start + len(fault["passage"])
    return text + source[end:], {"faults": found}
