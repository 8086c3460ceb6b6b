"""What every worker is."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from core.digest import digest
from core.registry import Registry
from core.units import Draft, Unit

RaterKind = Literal["model", "rule", "panel"]


class Reply(Protocol):
    """What an endpoint answered: see `core.llm.Reply`."""

    text: str
    value: Any
    call: int | None


class Model(Protocol):
    """What a worker may ask of a model: see `core.llm.LLM`."""

    async def ask(
        self, messages: Sequence[Mapping[str, Any]], *, schema: Mapping[str, Any] | None = None,
        repeat: int = 0, **parameters: Any,
    ) -> Reply:  # fmt: skip
        """One reply, validated against `schema`; raises `CallFailed` when there is none."""


class Worker(BaseModel):
    """A worker: a frozen specification whose digest is the identity of the rater that it is.

    `questions` names the questions that it answers (all that it can, when empty). `seen` of a rule
    tells people what it is. Options that change no answer are left out of the digest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]
    rater: ClassVar[RaterKind] = "model"
    simulated: ClassVar[bool] = False
    silent: ClassVar[frozenset[str]] = frozenset({"name", "title", "only"})

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/:@-]*$", max_length=120)
    title: str = ""
    questions: tuple[str, ...] = ()
    only: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    async def work(self, unit: Unit, llm: Model | None) -> list[Draft]:
        """Drafts for a unit; raises an error rather than inventing a value."""
        raise NotImplementedError

    def repeats(self) -> int:
        """How many tasks a unit makes: samples, or presentation orders."""
        return 1

    def needs_model(self) -> bool:
        """Whether the worker asks an endpoint."""
        return self.rater == "model"

    def parser(self) -> str:
        """The version of how replies are read and rules are applied; part of the identity."""
        return "1"

    def prompts(self) -> Sequence[str]:
        """The digests of the prompts used; part of the identity."""
        return ()

    def definition(self) -> dict[str, Any]:
        """The worker as plain data, as a protocol file writes it."""
        return {"kind": self.kind, **self.model_dump(mode="json", exclude_defaults=True)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over kind, options, prompts and parser: the rater's key."""
        options = self.model_dump(mode="json", exclude=set(self.silent))
        return digest([self.kind, options, list(self.prompts()), self.parser()])


workers: Registry[type[Worker]] = Registry("core.workers")


def load(spec: Mapping[str, Any]) -> Worker:
    """The worker that plain data describes; raises `UnknownPart` or pydantic's error."""
    options = {k: v for k, v in spec.items() if k != "kind"}
    return workers[str(spec.get("kind", ""))](**options)
