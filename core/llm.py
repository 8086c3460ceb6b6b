"""Asking a model at any OpenAI-compatible endpoint: the one place that reaches the network."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openai

from core import failures, replies
from core.calls import Answer, CallFailed, Endpoint, Kept, Ledger, NoLedger, Record, Reply, Spent
from core.calls import call_key as key_of
from core.digest import canonical, encode
from core.replies import Check, Unreadable
from core.throttle import Throttle

FORMATS = ("json_schema", "json_object", "text")
LONGEST_WAIT = 120.0
Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried. `tries` for errors of the endpoint, `asks` for invalid replies."""

    tries: int = 5
    refusals: int = 8
    connects: int = 3
    asks: int = 3
    first_wait: float = 0.5


class LLM:
    """A model behind an endpoint: messages and a schema in, a checked `Reply` out.

    Replies are committed to the ledger before they are returned; the same question asked again is
    answered from it. `freshness` is '' to reuse replies, or a run's id to ask anew.
    """

    def __init__(
        self, endpoint: Endpoint, ledger: Ledger | None = None, *, throttle: Throttle | None = None,
        freshness: str = "", patience: Patience = Patience(),
    ) -> None:  # fmt: skip
        self.endpoint = endpoint
        self.ledger: Ledger = ledger or NoLedger()
        self.throttle = throttle or Throttle(8)
        self.freshness = freshness
        self.patience = patience
        self.format = FORMATS[0]
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url, api_key=endpoint.key or "none", max_retries=0,
            timeout=openai.Timeout(endpoint.timeout, connect=10.0),
            http_client=openai.DefaultAioHttpClient(),
        )  # fmt: skip

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def ask(
        self, messages: Messages, *, schema: Mapping[str, Any] | None = None, repeat: int = 0,
        check: Check | None = None, **parameters: Any,
    ) -> Reply:  # fmt: skip
        """One reply, validated against `schema` and read by `check`.

        Raises `CallFailed` when there is none; the failed call is in the ledger when the endpoint
        answered at all.
        """
        key = key_of(self.endpoint, messages, parameters, schema, repeat, self.freshness)
        kept = await self.ledger.find(key)
        if kept is not None:
            return _reply(kept, _again(kept, schema, check))
        async with self.throttle.berth():
            return await self._asked(key, messages, schema, check, parameters)

    async def _asked(
        self, key: str, messages: Messages, schema: Mapping[str, Any] | None, check: Check | None,
        parameters: Mapping[str, Any],
    ) -> Reply:  # fmt: skip
        """A fresh reply, in the ledger before it is returned."""
        request = {"messages": messages, "parameters": parameters, "schema": schema}
        spent = Spent()
        try:
            found, value = await self._valid(messages, schema, check, parameters, spent)
        except CallFailed as error:
            error.spent = spent
            if spent.prompt_tokens or spent.completion_tokens:
                await self.ledger.keep(self._record(key, request, None, spent, error.kind))
            raise
        data = found.data()
        stored = await self.ledger.keep(self._record(key, request, data, spent))
        if stored is not None and stored.answer != data:
            value = _again(stored, schema, check)
        return _reply(stored or Kept(0, data), value, spent, spent.cost(self.endpoint))

    def _record(
        self, key: str, request: Mapping[str, Any], data: Mapping[str, Any] | None, spent: Spent,
        error: str = "",
    ) -> Record:  # fmt: skip
        cost = spent.cost(self.endpoint)
        return Record(key, self.endpoint.model, request, data, spent, cost, error)

    async def _valid(
        self, messages: Messages, schema: Mapping[str, Any] | None, check: Check | None,
        parameters: Mapping[str, Any], spent: Spent,
    ) -> tuple[Answer, Any]:  # fmt: skip
        """The first reply that meets the schema, and its value.

        What was wrong with a reply is said when asking again.
        """
        asked, problem = list(messages), ""
        for _ in range(self.patience.asks):
            found = replies.complete(await self._formatted(asked, schema, parameters, spent))
            try:
                return found, replies.value(found.text, schema, check)
            except Unreadable as error:
                problem = str(error)
            asked = [
                *messages,
                {"role": "assistant", "content": found.text[:4000]},
                {"role": "user", "content": f"That reply cannot be used: {problem}. Send only the "
                 "JSON object that was asked for, complete, with nothing around it."},
            ]  # fmt: skip
        raise CallFailed(
            "invalid_reply",
            f"{self.patience.asks} replies in a row were not valid ({problem}); choose a model "
            "that can answer in JSON, or simplify the questions.",
        )

    async def _formatted(
        self, messages: Messages, schema: Mapping[str, Any] | None, parameters: Mapping[str, Any],
        spent: Spent,
    ) -> Answer:  # fmt: skip
        """One answer in the strictest format that the endpoint takes; a refused one is not retried.

        The format found is remembered. When plain text is refused as well, the format was not the
        reason, and the refusal is raised.
        """
        if schema is None:
            return await self._answered(messages, parameters, spent)
        start = FORMATS.index(self.format)
        for place in range(start, len(FORMATS)):
            body = {**parameters, **_format(FORMATS[place], schema)}
            asked = messages if place == 0 else _described(messages, schema)
            try:
                found = await self._answered(asked, body, spent)
            except CallFailed as error:
                if error.kind != "bad_request" or place == len(FORMATS) - 1:
                    raise
                continue
            self.format = max(self.format, FORMATS[place], key=FORMATS.index)
            return found
        raise AssertionError("unreachable: the last format returns or raises")

    async def _answered(
        self, messages: Messages, parameters: Mapping[str, Any], spent: Spent
    ) -> Answer:
        """One answer, tried again after errors that pass, each time after a longer wait."""
        body = {"model": self.endpoint.model, "messages": messages, **parameters}
        seen: dict[str, int] = {}
        while True:
            spent.attempts += 1
            async with self.throttle.place(again=bool(seen)):
                begun = time.monotonic()
                try:
                    found = replies.answer(await self._post(body), spent)
                    self.throttle.succeeded()
                    return found
                except CallFailed as error:
                    failure = error
                finally:
                    spent.seconds += time.monotonic() - begun
            seen[failure.kind] = seen.get(failure.kind, 0) + 1
            wait = failure.retry_after or self._backoff(sum(seen.values()))
            if seen[failure.kind] >= self._tries(failure.kind) or wait > LONGEST_WAIT:
                raise failure
            if failure.kind == "rate_limited":
                self.throttle.refused(wait)
            await asyncio.sleep(wait)

    def _tries(self, kind: str) -> int:
        limits = {
            "rate_limited": self.patience.refusals, "endpoint_down": self.patience.connects,
            "server_error": self.patience.tries, "broken_reply": self.patience.connects,
            "timeout": self.patience.connects,
        }  # fmt: skip
        return limits.get(kind, 1)

    def _backoff(self, failures: int) -> float:
        longest = min(30.0, self.patience.first_wait * 2.0 ** (failures - 1))
        return longest * (0.5 + random.random() / 2)  # noqa: S311

    async def _post(self, body: Mapping[str, Any]) -> bytes:
        try:
            found: bytes = await self._client.post(
                "/chat/completions", cast_to=bytes, content=encode(body).encode()
            )
            return found
        except openai.APIStatusError as error:
            headers = error.response.headers
            raise failures.status(self.endpoint, error.status_code, error.body, headers) from None
        except openai.APIConnectionError as error:
            raise failures.connection(self.endpoint, error.__cause__) from None


def _again(kept: Kept, schema: Mapping[str, Any] | None, check: Check | None) -> Any:
    """The value in a stored reply; raises `CallFailed` when it is not valid (any more)."""
    try:
        return replies.value(kept.answer["text"], schema, check)
    except Unreadable as error:
        raise CallFailed(
            "invalid_reply", f"The stored reply is not valid ({error}); ask anew."
        ) from None


def _reply(kept: Kept, value: Any, spent: Spent | None = None, cost: float | None = None) -> Reply:
    used = spent or Spent()
    return Reply(
        kept.answer["text"], value, kept.id or None, kept.answer.get("logprobs"),
        used.prompt_tokens, used.completion_tokens, cost, used.seconds, used.attempts,
        cached=spent is None,
    )  # fmt: skip


def _format(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    if name == "json_schema":
        wanted = {"name": "reply", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}
    return {"response_format": {"type": "json_object"}} if name == "json_object" else {}


def _described(messages: Messages, schema: Mapping[str, Any]) -> Messages:
    """The messages with the schema in words at the end, for endpoints that enforce none."""
    note = f"\n\nReply with one JSON object that meets this JSON schema:\n{canonical(schema)}"
    last = dict(messages[-1])
    words = last["content"]
    last["content"] = (
        words + note if isinstance(words, str) else [*words, {"type": "text", "text": note}]
    )
    return [*messages[:-1], last]
