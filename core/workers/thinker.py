"""What workers that think about texts share: the material, the prompt, one checked reply."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from core.content.base import Content, storable
from core.content.text import TextContent
from core.digest import canonical
from core.prompts import prompt
from core.units import Draft, Shown, Unit
from core.workers.base import CannotAnswer, Model, Reply
from core.workers.briefing import Material, brief
from core.workers.endpoint import ModelWorker
from core.workers.reply_form import an_object


class Thinker(ModelWorker):
    """A worker that shows a model some material and writes down what it makes of it.

    `shows` names the fields of the item that the model sees; empty, all of them but `hides`.
    `samples` is how often each unit is asked.
    """

    words: ClassVar[tuple[str, ...]]
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ("reference", "answer", "gold", "solution", "tests")
    samples: int = Field(default=1, ge=1, le=100)

    def repeats(self) -> int:
        return self.samples

    def prompts(self) -> Sequence[str]:
        return [prompt(name).digest for name in (*self.words, "fenced")]

    def seen(self, unit: Unit, *, without: Sequence[str] = ()) -> list[tuple[str, Content]]:
        """The item's fields as material; raises `CannotAnswer` when one that is named is absent."""
        absent = [name for name in self.shows if name not in unit.fields]
        if absent:
            raise CannotAnswer(f"the item has no field called {absent[0]!r}")
        names = self.shows or [name for name in unit.fields if name not in self.hides]
        return [(name, unit.fields[name]) for name in names if name not in without]

    def read(self, unit: Unit) -> tuple[Shown, ...]:
        """The outputs that it works from; raises `CannotAnswer` when there is none."""
        found = unit.of_role(*self.reads) if self.reads else unit.outputs
        if not found:
            wanted = " or ".join(repr(role) for role in self.reads) or "any role"
            raise CannotAnswer(f"the item has no output of {wanted}")
        return found

    async def think(
        self, llm: Model | None, name: str, material: Material, closing: str,
        schema: Mapping[str, Any], *, repeat: int = 0, check: Callable[[Any], Any] | None = None,
        to: str = "", **values: str,
    ) -> Reply:  # fmt: skip
        """One reply of a model to the prompt `name` about the material.

        Raises `CallFailed` when there is none that meets the schema and the check.
        """
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        messages = brief(
            [prompt(name), prompt("fenced")], material, closing, salt=self.digest,
            guidelines=self.guidelines, values=values,
        )  # fmt: skip

        def clean(value: Any) -> Any:
            _storable(value)
            return check(value) if check else value

        return await llm.ask(
            messages, schema=schema, repeat=repeat, check=clean, to=to, **self.parameters()
        )

    def wrote(self, text: str, reply: Reply | None = None, **more: Any) -> Draft:
        """An output of this worker with that text."""
        call = reply.call if reply is not None else None
        return Draft(role=self.writes, content=a_text(text), call=call, **more)


def a_text(text: str) -> TextContent:
    """A text content; raises `Invalid` for what cannot be stored."""
    return TextContent.parse(storable(text))


def given(unit: Unit, name: str) -> str:
    """The words of the field, or fact about the item, of that name; raises `CannotAnswer`.

    A fact that is a list of texts has one a line; other lists and objects are written as JSON.
    """
    field = unit.fields.get(name)
    words = field.text() if field is not None else _words(unit.meta.get(name))
    if not words.strip():
        raise CannotAnswer(f"the item has no field or fact called {name!r}")
    return words


def _words(fact: Any) -> str:
    if isinstance(fact, list) and all(isinstance(one, str) for one in fact):
        return "\n".join(fact)
    if isinstance(fact, list | Mapping):
        return canonical(fact)
    return "" if fact is None else str(fact)


def _storable(value: Any) -> None:
    """Raise `Invalid` when a text in a reply cannot be stored."""
    if isinstance(value, str):
        storable(value, "the reply")
    elif isinstance(value, Mapping):
        for part in value.values():
            _storable(part)
    elif isinstance(value, list):
        for part in value:
            _storable(part)


def of(**properties: Any) -> dict[str, Any]:
    """The schema of an object that has all of these properties and no other."""
    return an_object(properties)


def many(each: Mapping[str, Any], least: int = 0, most: int | None = None) -> dict[str, Any]:
    """The schema of a list; how many it has is checked by the worker too."""
    found: dict[str, Any] = {"type": "array", "items": dict(each), "minItems": least}
    return found if most is None else {**found, "maxItems": most}


WORDS: dict[str, Any] = {"type": "string", "minLength": 1}
WHOLE: dict[str, Any] = {"type": "integer"}
