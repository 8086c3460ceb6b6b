"""Asking a model at any OpenAI-compatible endpoint, and what was answered before."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from core import formats, replies, scoring
from core.calls import (
    Answer,
    CallFailed,
    Endpoint,
    Kept,
    Lane,
    Ledger,
    NoLedger,
    Record,
    Reply,
    Spent,
)
from core.calls import call_key as key_of
from core.capabilities import Capability, offers, probe
from core.embedding_calls import Embeddings
from core.flights import Flights
from core.formats import Messages
from core.patience import LONGEST, PATIENT, Patience
from core.rate_headers import allowances
from core.replies import Check, Unreadable
from core.scoring import Prompt, Scored
from core.throttle import Throttle
from core.wire import Wire

JSON_AGAIN = "Send only the JSON object that was asked for, complete, with nothing around it."
TEXT_AGAIN = "Answer again, with the reply itself and nothing about this remark."


class LLM:
    """A model behind an endpoint: messages and a schema in, a checked `Reply` out.

    Replies are committed to the ledger before they are returned; the same question asked again is
    answered from it. `freshness` is '' to reuse replies, or a run's id to ask anew. `offers` is
    what a probe has found out about the endpoint; empty before one. `lane` carries the requests,
    by default each by itself. `embed` gives texts as vectors: see `core.embedding_calls`.
    """

    def __init__(
        self, endpoint: Endpoint, ledger: Ledger | None = None, *, throttle: Throttle | None = None,
        freshness: str = "", patience: Patience = PATIENT,
        offers: Mapping[str, bool] | None = None, lane: Callable[[Wire], Lane] | None = None,
    ) -> None:  # fmt: skip
        self.endpoint = endpoint
        self.ledger: Ledger = ledger or NoLedger()
        self.throttle = throttle or Throttle(8)
        self.freshness = freshness
        self.patience = patience
        self.offers = dict(offers or {})
        self.flights = Flights()
        self.formats = formats.known(self.offers)
        self.format = self.formats[0]
        self.wire = Wire(endpoint, self._heard)
        self.lane: Lane = lane(self.wire) if lane else self.wire
        self._sizes = (0, 0)
        self.embeddings = Embeddings(
            endpoint, self.ledger, self.throttle, self.offers, self._sent, self.probe
        )
        self.embed = self.embeddings.of

    def _heard(self, headers: Mapping[str, str]) -> None:
        """Let the throttle know what the endpoint says that it will take."""
        tokens, calls = self._sizes
        for left, seconds in allowances(headers, tokens / calls if calls else 0.0):
            self.throttle.told(left, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self.embeddings.close()
        await self.lane.close()

    async def probe(self, only: tuple[str, ...] = ()) -> list[Capability]:
        """What the endpoint can do; about a dozen short requests. Raises `CallFailed`."""
        found = await probe(self.wire.request, self.wire.get, self.endpoint.model, only)
        self.offers |= offers(found)
        return found

    async def ask(
        self, messages: Messages, *, schema: Mapping[str, Any] | None = None, repeat: int = 0,
        check: Check | None = None, lenient: bool = False, **parameters: Any,
    ) -> Reply:  # fmt: skip
        """One reply, validated against `schema` and read by `check`; with `lenient` by it alone.

        Raises `CallFailed` when there is none; the failed call is in the ledger when the endpoint
        answered at all. Who asks what is being asked already gets that reply.
        """
        key = key_of(self.endpoint, messages, parameters, schema, repeat, self.freshness)
        held = replies.ANY if lenient else schema
        async with self.flights.turn(key):
            kept = await self.ledger.find(key)
            if kept is not None:
                return replies.reply(kept, replies.again(kept, held, check))
            async with self.throttle.berth():
                return await self._asked(key, messages, schema, held, check, parameters)

    async def score(self, prompt: Prompt, text: str, *, repeat: int = 0, to: str = "") -> Scored:
        """The log-probability of each token of a text after a prompt, in the ledger first.

        Raises `CallFailed`: of kind `not_offered`, saying why, where the endpoint gives none.
        """
        way = await scoring.way(self, prompt)
        asked: Any = prompt if isinstance(prompt, str) else list(prompt)
        request = {"messages": [asked, text], "parameters": {"score": way}, "schema": None}
        key = key_of(self.endpoint, [asked, text], {"score": way}, None, repeat, self.freshness)
        kept = await self.ledger.find(key)
        if kept is None:
            async with self.throttle.berth():
                spent = Spent(key)
                path, body = scoring.body(way, self.endpoint.model, prompt, text)
                reply = await self._sent(path, body, spent)
                found = scoring.answer(way, reply, text, prompt, spent)
                kept = await self.ledger.keep(self._record(key, request, found, spent))
                kept = kept or Kept(0, found)
        return scoring.scored(kept, text)

    async def _asked(
        self, key: str, messages: Messages, schema: Mapping[str, Any] | None,
        held: Mapping[str, Any] | None, check: Check | None, parameters: Mapping[str, Any],
    ) -> Reply:  # fmt: skip
        """A fresh reply, in the ledger before it is returned."""
        request = {"messages": messages, "parameters": parameters, "schema": schema}
        spent = Spent(key)
        try:
            found, value = await self._valid(messages, schema, held, check, parameters, spent)
        except CallFailed as error:
            error.spent = spent
            if spent.prompt_tokens or spent.completion_tokens:
                await self.ledger.keep(self._record(key, request, None, spent, error.kind))
            raise
        data = found.data()
        stored = await self.ledger.keep(self._record(key, request, data, spent))
        if stored is not None and stored.answer != data:
            value = replies.again(stored, held, check)
        return replies.reply(stored or Kept(0, data), value, spent, spent.cost(self.endpoint))

    def _record(
        self, key: str, request: Mapping[str, Any], data: Mapping[str, Any] | None, spent: Spent,
        error: str = "",
    ) -> Record:  # fmt: skip
        cost = spent.cost(self.endpoint)
        return Record(key, self.endpoint.model, request, data, spent, cost, error)

    async def _valid(
        self, messages: Messages, schema: Mapping[str, Any] | None,
        held: Mapping[str, Any] | None, check: Check | None, parameters: Mapping[str, Any],
        spent: Spent,
    ) -> tuple[Answer, Any]:  # fmt: skip
        """The first reply that meets what it is `held` to, and its value.

        What was wrong with a reply is said when asking again.
        """
        asked, problem = list(messages), ""
        for _ in range(self.patience.asks):
            found = replies.complete(await self._formatted(asked, schema, parameters, spent))
            try:
                return found, replies.value(found.text, held, check)
            except Unreadable as error:
                problem = str(error)
            asked = [
                *messages,
                {"role": "assistant", "content": found.text[:4000]},
                {"role": "user", "content": f"That reply cannot be used: {problem}. "
                 + (JSON_AGAIN if schema is not None else TEXT_AGAIN)},
            ]  # fmt: skip
        raise CallFailed(
            "invalid_reply",
            f"{self.patience.asks} replies in a row were not valid ({problem}); choose a model "
            + ("that can answer in JSON" if "JSON" in problem else "that can do it")
            + ", or simplify what is asked.",
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
        start = self.formats.index(self.format)
        for place in range(start, len(self.formats)):
            form = self.formats[place]
            body = {**parameters, **formats.wanted(form, schema)}
            asked = messages if formats.enforced(form) else formats.described(messages, schema)
            try:
                found = await self._answered(asked, body, spent)
            except CallFailed as error:
                if error.kind != "bad_request" or form == "text":
                    raise
                continue
            self.format = max(self.format, form, key=self.formats.index)
            return found
        raise AssertionError("unreachable: the last format returns or raises")

    async def _answered(
        self, messages: Messages, parameters: Mapping[str, Any], spent: Spent
    ) -> Answer:
        """One answer; its tokens are added to `spent`."""
        body = {"model": self.endpoint.model, "messages": messages, **parameters}
        found: Answer = await self._sent("/chat/completions", body, spent, replies.answer)
        return found

    async def _sent(
        self, path: str, body: Mapping[str, Any], spent: Spent,
        read: Callable[[bytes, Spent], Any] = lambda reply, spent: reply,
    ) -> Any:  # fmt: skip
        """A reply as `read` takes it, tried again after errors that pass, each time later."""
        seen: dict[str, int] = {}
        while True:
            spent.attempts += 1
            async with self.throttle.place(again=bool(seen)):
                begun = time.monotonic()
                try:
                    found = read(await self.lane.post(path, body, spent), spent)
                    self._went_well(time.monotonic() - begun, spent)
                    return found
                except CallFailed as error:
                    failure = error
                finally:
                    spent.seconds += time.monotonic() - begun
            seen[failure.kind] = seen.get(failure.kind, 0) + 1
            wait = failure.retry_after or self.patience.wait(sum(seen.values()))
            if seen[failure.kind] >= self.patience.allows(failure.kind) or wait > LONGEST:
                raise failure
            if failure.kind == "rate_limited":
                self.throttle.refused(wait)
            await asyncio.sleep(wait)

    def _went_well(self, seconds: float, spent: Spent) -> None:
        self.throttle.succeeded(seconds)
        tokens, calls = self._sizes
        self._sizes = tokens + spent.prompt_tokens + spent.completion_tokens, calls + 1
