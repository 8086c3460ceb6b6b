"""A model that answers: several models, settings and samples make a grid of responses."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.content.base import Content, contents
from core.content.chat import Chat
from core.units import Draft, Unit
from core.workers.asking import Asking, words
from core.workers.base import CannotAnswer, Model, workers


class Setting(BaseModel):
    """One way of asking. What it leaves empty is as the worker says."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=60, description="what this way of asking is called")
    temperature: float | None = Field(default=None, ge=0, le=2, description="empty: the worker's")
    top_p: float | None = Field(default=None, gt=0, le=1, description="empty: the endpoint's")
    max_tokens: int | None = Field(default=None, ge=1, description="empty: the worker's")
    system: str | None = Field(default=None, description="empty: the worker's")


@workers.register
class Generate(Asking):
    """Writes responses to an item: `samples` of each model under each of the `settings`.

    The item's fields are the request itself and are sent as such: a conversation as its turns,
    other fields one after the other, and then the outputs that it `reads`, where it does: what it
    writes hangs on the last of them. `system` is the system prompt, `content` the kind of content
    that a reply is read as.
    """

    kind = "generate"
    words = ()
    writes: str = "answer"
    settings: tuple[Setting, ...] = ()
    system: str = ""
    content: str = "text"

    @field_validator("settings")
    @classmethod
    def _names_apart(cls, settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
        names = [setting.name for setting in settings]
        if len(set(names)) < len(names):
            raise ValueError("two settings have the same name")
        return settings

    @field_validator("content")
    @classmethod
    def _a_kind(cls, kind: str) -> str:
        if kind not in contents:
            raise ValueError(f"no content kind is called {kind!r}; there are: {list(contents)}")
        return kind

    def prompts(self) -> Sequence[str]:
        return ()

    def repeats(self) -> int:
        return len(self.grid())

    def grid(self) -> list[tuple[int, Setting, str]]:
        """Sample, setting and model of each repeat."""
        ways = self.settings or (Setting(name="default"),)
        return [
            (sample, way, model)
            for sample in range(self.samples) for way in ways for model in self.models()
        ]  # fmt: skip

    def messages(self, unit: Unit, repeat: int = 0) -> list[dict[str, Any]]:
        """The exact messages for an item, as that repeat sends them."""
        _, way, _ = self.grid()[repeat]
        system = self.system if way.system is None else way.system
        if self.guidelines.strip():
            system = f"{system}\n\n{self.guidelines.strip()}".strip()
        head = [{"role": "system", "content": system}] if system.strip() else []
        shown = [content for _, content in self.seen(unit)]
        return head + turns([*shown, *(output.content for output in unit.outputs)])

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        sample, way, name = self.grid()[repeat]
        given = {
            "temperature": self.temperature if way.temperature is None else way.temperature,
            "max_tokens": self.max_tokens if way.max_tokens is None else way.max_tokens,
            "top_p": way.top_p,
        }  # fmt: skip
        parameters: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
        reply = await llm.ask(
            self.messages(unit, repeat), repeat=sample, check=self._read, to=name, **parameters
        )
        model = self.named(name)
        source = f"{model} ({way.name})" if len(self.settings) > 1 else model
        facts = {"model": model, "setting": way.name, "sample": sample, **parameters}
        return [
            Draft(role=self.writes, content=self._read(reply.text), source=source, facts=facts,
                  repeat=repeat, call=reply.call, parent=unit.order[-1] if self.reads else "")
        ]  # fmt: skip

    def _read(self, text: str) -> Content:
        return contents[self.content].parse(words(text))


def turns(fields: Sequence[Content]) -> list[dict[str, Any]]:
    """The request as a conversation: chats turn by turn, other contents as one user message."""
    found: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for content in fields:
        if isinstance(content, Chat):
            found += [{"role": t["role"], "content": t["content"]} for t in content.data]
        else:
            parts += content.messages()
    if parts and all(part["type"] == "text" for part in parts):
        found.append({"role": "user", "content": "\n\n".join(part["text"] for part in parts)})
    elif parts:
        found.append({"role": "user", "content": parts})
    return found
