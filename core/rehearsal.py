"""A model that is never asked: it writes down what a worker would send."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.calls import Reply
from core.digest import digest
from core.embedding_calls import PARAMETERS, request
from core.pretence import pretending
from core.scoring import Scored, messages_of
from core.units import Invalid, Unit
from core.workers.base import CannotAnswer, Worker

MOST_CALLS = 40
WORDS = "(stand-in reply)"


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it would be sent. `to` names the worker's model; '' is its own."""

    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any] | None
    parameters: Mapping[str, Any]
    repeat: int = 0
    to: str = ""

    @property
    def embeds(self) -> bool:
        """Whether its message is a text to embed, and no reply is asked for."""
        return bool(self.parameters.get("embed"))


class _Over(Exception):
    """The rehearsal ends here: what follows depends on a reply that only the model can give."""


@dataclass(slots=True)
class Rehearsal:
    """Records requests and answers each with a stand-in made from its schema.

    The first request of a task is exact. Later ones are as long as they would be only where the
    stand-ins are like real replies. `ended` says why a task was not rehearsed to its end.
    """

    requests: list[Request] = field(default_factory=list)
    ended: str = ""

    async def ask(
        self, messages: Sequence[Mapping[str, Any]], *, schema: Mapping[str, Any] | None = None,
        repeat: int = 0, check: Callable[[Any], Any] | None = None, to: str = "",
        lenient: bool = False, **parameters: Any,
    ) -> Reply:  # fmt: skip
        """A stand-in that meets the schema and passes `check`."""
        self.requests.append(Request(messages, schema, parameters, repeat, to))
        if len(self.requests) >= MOST_CALLS:
            raise _Over(f"shown up to {MOST_CALLS} calls")
        value = stand_in(schema) if schema else WORDS
        try:
            read = check(value) if check else value
        except Invalid as error:
            raise _Over(f"what follows depends on the reply ({error})") from None
        told = probabilities(json.dumps(value)) if parameters.get("logprobs") else None
        return Reply(WORDS, read if schema or check else None, logprobs=told)

    async def score(self, prompt: Any, text: str, *, repeat: int = 0, to: str = "") -> Scored:
        """A stand-in: the whole text as one token."""
        messages = [*messages_of(prompt), {"role": "assistant", "content": text}]
        self.requests.append(Request(messages, None, {"score": True, "max_tokens": 1}, repeat, to))
        return Scored(text, (text,), (-1.0,))

    async def embed(self, texts: Sequence[str], *, to: str = "") -> Any:
        """Stand-ins: vectors that point anywhere, the same for the same text."""
        for text in dict.fromkeys(texts):
            self.requests.append(Request(request(text), None, PARAMETERS, 0, to))
        rows = [[b - 127.5 for b in bytes.fromhex(digest(text))] for text in texts]
        made = np.array(rows, np.float32).reshape(len(texts), -1)
        return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)


async def rehearse(worker: Worker, unit: Unit, repeat: int = 0) -> Rehearsal:
    """What the worker would send for a unit; raises `CannotAnswer` when it has no answer for it."""
    model = Rehearsal()
    try:
        with pretending():
            await worker.work(unit, model, repeat)
    except _Over as reason:
        model.ended = str(reason)
    except CannotAnswer:
        if not model.requests:
            raise
        model.ended = "what follows depends on the replies"
    except Exception as error:
        if not model.requests:
            raise
        model.ended = f"what follows depends on the replies ({error!r})"
    return model


def probabilities(text: str) -> list[dict[str, Any]]:
    """Tokens of a stand-in reply, each certain: numbers whole, all else letter by letter."""
    return [{"token": token, "logprob": 0.0, "top_logprobs": []}
            for token in re.findall(r"\d+|.", text, re.DOTALL)]  # fmt: skip


def stand_in(schema: Mapping[str, Any]) -> Any:
    """A small value that meets a schema: the first choice of everything that it leaves open."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            return stand_in(schema[word][0])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        needed = schema.get("required", schema.get("properties", {}))
        return {n: stand_in(schema.get("properties", {}).get(n, {})) for n in needed}
    if kind == "array":
        few = max(int(schema.get("minItems", 0)), 1)
        return [stand_in(schema.get("items", {})) for _ in range(few)]
    if kind in {"number", "integer"}:
        return schema.get("minimum", schema.get("maximum", 1))
    return {"boolean": True, "null": None}.get(str(kind), WORDS)
