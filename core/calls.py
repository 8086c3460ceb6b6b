"""The values around one question to a model: endpoint, reply, failure, and the ledger of calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.digest import digest

PAUSING = frozenset(
    {"endpoint_down", "bad_key", "unknown_model", "rate_limited", "server_error", "timeout",
     "broken_reply", "bad_request", "batch_failed"}
)  # fmt: skip
KINDS = PAUSING | {
    "truncated", "invalid_reply", "refused", "too_long", "stopped", "not_offered", "budget",
}  # fmt: skip


class CallFailed(Exception):
    """A call that gave no usable reply: `kind` is one of `KINDS`, the text says what to do.

    `retry_after` is how many seconds the endpoint asked to wait. `spent` counts what the attempts
    cost nevertheless.
    """

    def __init__(
        self, kind: str, message: str, *, retry_after: float | None = None,
        spent: "Spent | None" = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after = retry_after
        self.spent = spent or Spent()

    @property
    def pausing(self) -> bool:
        """Whether the endpoint is at fault, so that the next call would fail as well."""
        return self.kind in PAUSING


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is reached. `key` is the secret itself and is never printed or stored.

    Prices are per million tokens, in the person's own currency; None when unknown.
    """

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    key_name: str = ""
    timeout: float = 120.0
    prompt_price: float | None = None
    completion_price: float | None = None


@dataclass(slots=True)
class Spent:
    """What the attempts of the call `key` used up; `seconds` without waiting for a turn."""

    key: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    attempts: int = 0
    seconds: float = 0.0

    def cost(self, endpoint: Endpoint) -> float | None:
        """The price of the tokens; None without both prices."""
        if endpoint.prompt_price is None or endpoint.completion_price is None:
            return None
        prompt = self.prompt_tokens * endpoint.prompt_price
        return (prompt + self.completion_tokens * endpoint.completion_price) / 1e6


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint said in one reply, before it is checked."""

    text: str
    finish: str = ""
    refusal: str = ""
    logprobs: Any = None
    model: str = ""

    def data(self) -> dict[str, Any]:
        """The answer as plain data, as the ledger keeps it."""
        plain = {"text": self.text, "finish": self.finish, "model": self.model}
        return {**plain, "logprobs": self.logprobs} if self.logprobs else plain


@dataclass(frozen=True, slots=True)
class Reply:
    """A checked reply. `value` is the JSON value that met the schema (None without a schema).

    `call` is its row in the ledger. A reply found in the ledger is `cached` and cost nothing now.
    """

    text: str
    value: Any = None
    call: int | None = None
    logprobs: Any = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    attempts: int = 0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A call for the ledger. `answer` is None when the call failed, and `error` says why."""

    key: str
    model: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any] | None
    spent: Spent
    cost: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A call as the ledger holds it: its row id and the answer stored first."""

    id: int
    answer: Mapping[str, Any]


class Ledger(Protocol):
    """The memory of calls: both methods return when the database has committed."""

    async def find(self, key: str) -> Kept | None:
        """The reply stored under this key, or None."""

    async def keep(self, record: Record) -> Kept | None:
        """Store a call; returns the reply stored first under the key (None for a failed call)."""


class Lane(Protocol):
    """How requests travel to an endpoint."""

    async def post(self, path: str, body: Mapping[str, Any], spent: Spent) -> bytes:
        """The reply's body; raises `CallFailed`. `spent` names the call and its attempt."""

    def shut(self) -> None:
        """Let nobody wait any longer for what may take hours."""

    async def abandon(self) -> None:
        """Give up what goes on at the endpoint by itself."""

    async def close(self) -> None:
        """Close the connections."""


class NoLedger:
    """A ledger that remembers nothing, for a single look at an endpoint."""

    async def find(self, key: str) -> Kept | None:
        return None

    async def keep(self, record: Record) -> Kept | None:
        return None


def call_key(
    endpoint: Endpoint, messages: Any, parameters: Mapping[str, Any], schema: Any, repeat: int,
    freshness: str,
) -> str:  # fmt: skip
    """The identity of a call: asking the same again finds the stored reply.

    `freshness` is '' to reuse replies, or the id of the run that wants its own.
    """
    return digest(
        [endpoint.base_url.rstrip("/"), endpoint.model, messages, parameters, schema, repeat,
         freshness]
    )  # fmt: skip
