"""What every worker is."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import AfterValidator, ConfigDict, Field

from core.digest import Identified, digest
from core.questions.base import Question
from core.registry import Registry
from core.units import Draft, Unit

RaterKind = Literal["model", "rule", "panel"]
Scope = Literal["unit", "item", "output"]


def _a_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._/:@-]*", text):
        raise ValueError(
            "takes the letters a to z, digits, spaces and . _ / : @ - and begins with a letter "
            "or digit"
        )
    return text


class CannotAnswer(Exception):
    """A unit that this worker has no answer for; the text says why. It is never guessed."""


class Reply(Protocol):
    """What an endpoint answered: see `core.calls.Reply`."""

    @property
    def text(self) -> str:
        """The reply as it came."""

    @property
    def value(self) -> Any:
        """The checked value in it."""

    @property
    def call(self) -> int | None:
        """Its row in the ledger of calls."""

    @property
    def logprobs(self) -> Any:
        """The endpoint's token probabilities, when they were asked for and given."""


class Scored(Protocol):
    """How likely a model finds a text: see `core.scoring.Scored`."""

    @property
    def text(self) -> str:
        """The text."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The text's tokens."""

    @property
    def logprobs(self) -> tuple[float | None, ...]:
        """Their log-probabilities; None where there is none."""

    @property
    def mean(self) -> float | None:
        """Their mean, in nats; None without any."""

    @property
    def perplexity(self) -> float | None:
        """The exponential of minus the mean; None without any."""

    @property
    def call(self) -> int | None:
        """Its row in the ledger of calls."""


class Endpointed(Protocol):
    """A model at an endpoint: see `core.workers.endpoint.AtEndpoint`."""

    @property
    def model(self) -> str:
        """The model's name at the endpoint."""

    @property
    def base_url(self) -> str:
        """Where the endpoint is."""

    @property
    def key(self) -> str:
        """The NAME of the secret that holds its key."""

    @property
    def timeout(self) -> float:
        """Seconds that a reply may take."""

    @property
    def prompt_price(self) -> float | None:
        """Price of a million prompt tokens."""

    @property
    def completion_price(self) -> float | None:
        """Price of a million tokens of replies."""

    @property
    def embeds(self) -> bool:
        """Whether it gives embeddings, and no replies."""


class Model(Protocol):
    """What a worker may ask of a model: see `core.llm.LLM`."""

    async def ask(
        self, messages: Sequence[Mapping[str, Any]], *, schema: Mapping[str, Any] | None = None,
        repeat: int = 0, check: Callable[[Any], Any] | None = None, to: str = "",
        lenient: bool = False, **parameters: Any,
    ) -> Reply:  # fmt: skip
        """One reply, validated against `schema` and read by `check`, which may raise `Invalid`.

        Without a schema `check` reads the text. With `lenient` the schema is only asked for: any
        JSON object comes before `check`, which then looks at everything. `to` names one of the
        worker's `models()`; '' is its own. The same question with the same `repeat` is answered
        from the ledger. Raises `CallFailed` when there is no reply.
        """

    async def score(self, prompt: Any, text: str, *, repeat: int = 0, to: str = "") -> Scored:
        """The log-probability of each token of a text after a prompt (a text, or messages).

        Raises `CallFailed` of kind `not_offered`, saying why, where the endpoint gives none.
        """

    async def embed(self, texts: Sequence[str], *, to: str = "") -> Any:
        """One row of length 1 per text (n x d), by the embedding model that `to` names.

        No text is paid twice. Raises `CallFailed` of kind `not_offered` where there are none.
        """


class Worker(Identified):
    """A worker: a frozen specification whose digest is the identity of the rater that it is.

    `questions` names the questions that it answers (all that it can, when empty). Options that
    change no answer are left out of the digest. `name` is what it goes by in the study and in
    results; `title` is a longer one for people. `only` keeps it to items whose facts have one of
    the values: fact -> values.

    A worker that makes outputs says their role in `writes`, and names in `reads` the roles of the
    outputs that it works from; stages follow from these. `scope` says what it is given: `unit`,
    what people see too; `item`, an item with all its outputs of the roles it reads; `output`, one
    output of the last role it reads, with the outputs of the other roles that it hangs together
    with. A panel is given the stored votes of the raters that `voters` names. Options that are
    `unplanned` never decide which units and questions it answers, and how often.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]
    rater: ClassVar[RaterKind] = "model"
    simulated: ClassVar[bool] = False
    silent: ClassVar[frozenset[str]] = frozenset({"name", "title", "only"})
    unplanned: ClassVar[frozenset[str]] = frozenset({"name", "title"})

    name: Annotated[str, AfterValidator(_a_name)] = Field(max_length=120)
    title: str = ""
    questions: tuple[str, ...] = ()
    only: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    reads: tuple[str, ...] = ()
    writes: str = ""

    def scope(self) -> Scope:
        """What a task of this worker holds."""
        if not self.writes:
            return "unit"
        return "output" if self.reads else "item"

    def voters(self) -> tuple[str, ...]:
        """The names of the raters whose votes a panel reads."""
        return ()

    def surveys(self) -> int:
        """How many items of the study it is told of beside its own, drawn for the whole study."""
        return 0

    def excerpt(self, unit: Unit) -> str:
        """What of an item it is told when that is drawn."""
        return ""

    def votes(self, question: Question, unit: Unit) -> Mapping[str, Any]:
        """Of a panel, the one vote of each of its voters on a question, as it counts them."""
        return {}

    def gathers(self) -> bool:
        """Whether it may judge several units in one request; then `company` says which."""
        return False

    def company(self, unit: Unit) -> tuple[str, int]:
        """With whom a unit is judged in one request: those of the same name, at most so many.

        They stand in `Unit.together`. Each keeps a task of its own: `work` hands back the drafts of
        its unit alone, and fails for it alone. Raises `CannotAnswer` for one that it never judges.
        """
        return "", 1

    def beside(self) -> tuple[str, ...]:
        """The roles of outputs of the item that it is given beside what its task is about."""
        return ()

    def scored_by(self) -> tuple[str, ...]:
        """The ways of scoring a given text, one of which its own model's endpoint has to offer."""
        return ()

    def models(self) -> Mapping[str, "Endpointed"]:
        """The models that it asks: '' is its own, the others go by the names used in `ask(to=)`."""
        return {}

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        """Drafts for a unit; raises `CannotAnswer` rather than inventing a value."""
        raise NotImplementedError

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        """The unit's questions that this worker answers; raises `CannotAnswer` when there is none.

        Subclasses narrow it down, by the kinds of questions, by the roles of the outputs shown, and
        by facts, known answers and names of fields that they look up: never by names of units and
        outputs, nor by what texts say. So a plan asks once for all units that are alike.
        """
        if not unit.only(self.only):
            raise CannotAnswer("the worker's `only` leaves this unit out")
        wanted = [q for q in unit.questions if not self.questions or q.name in self.questions]
        found = tuple(q for q in wanted if self.can(q, unit))
        if not found:
            raise CannotAnswer("the unit asks nothing that this worker can answer")
        return found

    def can(self, question: Question, unit: Unit) -> bool:
        """Whether the worker has an answer to that kind of question."""
        return True

    def present(self, unit: Unit, repeat: int) -> Unit:
        """The unit as that repeat shows it; orders differ where a worker asks in several."""
        return unit

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

    @classmethod
    def sample(cls) -> "Worker":
        """A worker of this kind, for previews and contract tests."""
        return cls(name="example")

    def definition(self) -> dict[str, Any]:
        """The worker as plain data, as a protocol file writes it."""
        return {"kind": self.kind, **self.model_dump(mode="json", exclude_defaults=True)}

    def planned_by(self) -> dict[str, Any]:
        """The options that may decide which units and questions it answers."""
        return {"kind": self.kind, **self.model_dump(mode="json", exclude=set(self.unplanned))}

    def identity(self) -> dict[str, Any]:
        """The options that enter the digest: those that are not silent nor at their default."""
        return self.model_dump(mode="json", exclude=set(self.silent), exclude_defaults=True)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over kind, options, prompts and parser: the rater's key.

        Options left at their default do not enter, as with questions.
        """
        return digest([self.kind, self.identity(), list(self.prompts()), self.parser()])


workers: Registry[type[Worker]] = Registry("core.workers")


def load(spec: Mapping[str, Any]) -> Worker:
    """The worker that plain data describes; raises `UnknownPart` or pydantic's error."""
    options = {k: v for k, v in spec.items() if k != "kind"}
    return workers[str(spec.get("kind", ""))](**options)
