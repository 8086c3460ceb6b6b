"""Embeddings from an endpoint: several texts in a request, and no text paid twice."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.calls import CallFailed, Endpoint, Kept, Ledger, Record, Spent, call_key
from core.replies import told_tokens
from core.throttle import Throttle

MOST, MOST_CHARACTERS = 64, 200_000
QUIET = 0.01
PARAMETERS: Mapping[str, Any] = {"embed": True}
Rows = NDArray[np.float32]
Parked = tuple[str, str, asyncio.Future[Kept]]
Send = Callable[..., Awaitable[Any]]


def request(text: str) -> list[dict[str, str]]:
    """A text to embed as the ledger names it: one message."""
    return [{"role": "user", "content": text}]


def key_of(endpoint: Endpoint, text: str) -> str:
    """The identity of an embedding: endpoint, model and text; runs that ask anew share it too."""
    return call_key(endpoint, request(text), PARAMETERS, None, 0, "")


class Embeddings:
    """The embeddings of one model at one endpoint, through the client's own lane and ledger.

    Texts that are asked for at about the same time share a request of up to 64 of them; each is a
    row of the ledger by itself, with its share of the tokens, the time and the cost. `offers` is
    what is known of the endpoint; what turns out about embeddings is written into it.
    """

    def __init__(
        self, endpoint: Endpoint, ledger: Ledger, throttle: Throttle, offers: dict[str, bool],
        send: Send, probe: Send,
    ) -> None:  # fmt: skip
        self.endpoint, self.ledger, self.throttle = endpoint, ledger, throttle
        self.offers, self.send, self.probe = offers, send, probe
        self._under_way: dict[str, asyncio.Task[Kept]] = {}
        self._parked: list[Parked] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._gathering: asyncio.Task[None] | None = None

    async def of(self, texts: Sequence[str]) -> Rows:
        """One row of length 1 per text, in their order (n x d); a row of zeros stays one.

        Raises `CallFailed`: of kind `not_offered`, saying what to do, where the endpoint has none.
        """
        if not texts:
            return np.zeros((0, 0), np.float32)
        tasks = {text: self._task(key_of(self.endpoint, text), text) for text in texts}
        kept = await asyncio.gather(
            *(asyncio.shield(task) for task in tasks.values()), return_exceptions=True
        )
        for one in kept:
            if isinstance(one, BaseException):
                raise one
        rows = dict(zip(tasks, (_row(one) for one in kept if isinstance(one, Kept)), strict=True))
        if len({len(row) for row in rows.values()}) > 1:
            raise _broken(self.endpoint, "embeddings of different lengths")
        return np.stack([rows[text] for text in texts])

    async def close(self) -> None:
        """Leave off what nobody waits for any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)
        return task

    def _task(self, key: str, text: str) -> asyncio.Task[Kept]:
        """Whoever asks for a text that is being asked for waits for the same reply."""
        if key not in self._under_way:
            self._under_way[key] = task = self._start(self._one(key, text))
            task.add_done_callback(lambda done: self._under_way.pop(key, None))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._under_way[key]

    async def _one(self, key: str, text: str) -> Kept:
        kept = await self.ledger.find(key)
        if kept is not None:
            return kept
        if self.offers.get("embeddings") is False:
            raise _none(self.endpoint, "it was asked before")
        future: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._parked.append((key, text, future))
        if self._gathering is None or self._gathering.done():
            self._gathering = self._start(self._gather())
        return await future

    async def _gather(self) -> None:
        """Send what is parked, whenever nothing more has come for a moment."""
        count = -1
        while count != len(self._parked) < MOST:
            count = len(self._parked)
            await asyncio.sleep(QUIET)
        while self._parked:
            portion: list[Parked] = []
            size = 0
            while self._parked and len(portion) < MOST:
                size += len(self._parked[0][1])
                if portion and size > MOST_CHARACTERS:
                    break
                portion.append(self._parked.pop(0))
            self._start(self._paid(portion))

    async def _paid(self, portion: Sequence[Parked]) -> None:
        """Ask for some texts; of a request that is refused, each half by itself."""
        try:
            async with self.throttle.berth():
                kept = await self._asked(portion)
        except CallFailed as error:
            found = await self._meant(error)
            if found.kind in {"too_long", "bad_request"} and len(portion) > 1:
                middle = len(portion) // 2
                self._start(self._paid(portion[:middle]))
                self._start(self._paid(portion[middle:]))
                return
            for _, _, future in portion:
                if not future.done():
                    future.set_exception(found)
        except BaseException as error:
            for _, _, future in portion:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else _stopped())
            raise
        else:
            for (_, _, future), one in zip(portion, kept, strict=True):
                if not future.done():
                    future.set_result(one)

    async def _asked(self, portion: Sequence[Parked]) -> list[Kept]:
        texts = [text for _, text, _ in portion]
        spent = Spent(portion[0][0])
        body = {"model": self.endpoint.model, "input": texts}
        rows = await self.send(
            "/embeddings", body, spent, lambda reply, _: _read(self.endpoint, reply, len(texts))
        )
        vectors, told = rows
        shares = _shares(told, [len(text.encode("utf-8", "replace")) for text in texts])
        found = []
        for (key, text, _), vector, share in zip(portion, vectors, shares, strict=True):
            own = Spent(key, share, 0, spent.attempts, spent.seconds / len(portion))
            asked = {"messages": request(text), "parameters": dict(PARAMETERS), "schema": None}
            record = Record(key, self.endpoint.model, asked, vector, own, own.cost(self.endpoint))
            found.append(self.ledger.keep(record))
        kept = await asyncio.gather(*found)
        return [one or Kept(0, vector) for one, vector in zip(kept, vectors, strict=True)]

    async def _meant(self, error: CallFailed) -> CallFailed:
        """The failure in words: a refusal may mean that there are no embeddings here at all."""
        if error.kind == "bad_request" and "embeddings" not in self.offers:
            try:
                await self.probe(("embeddings",))
            except CallFailed as failed:
                return failed
        if error.kind == "unknown_model":
            self.offers["embeddings"] = False
        if self.offers.get("embeddings") is False:
            return _none(self.endpoint, error.message)
        return error


def _read(endpoint: Endpoint, reply: bytes, count: int) -> tuple[list[dict[str, Any]], int]:
    """The vectors in a reply, as the ledger keeps them, in the order asked; and its tokens.

    Raises `CallFailed` (broken_reply) when there is not one of finite numbers for each text.
    """
    try:
        data = json.loads(reply)
        found: dict[int, Rows] = {}
        for place, one in enumerate(data["data"]):
            found[int(one.get("index", place))] = np.asarray(one["embedding"], np.float32)
        rows = [found[place] for place in range(count)]
        whole = np.stack(rows)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _broken(endpoint, "no embedding for each text") from None
    if len(found) != count or whole.ndim != 2 or not whole.size or not np.isfinite(whole).all():
        raise _broken(endpoint, "no embedding of finite numbers for each text")
    vectors = [
        {"embedding": base64.b64encode(row.astype("<f4").tobytes()).decode(),
         "model": str(data.get("model") or "")}
        for row in rows
    ]  # fmt: skip
    return vectors, told_tokens(data.get("usage"), "prompt_tokens")


def _row(kept: Kept) -> Rows:
    """The vector that the ledger holds, of length 1."""
    row = np.frombuffer(base64.b64decode(kept.answer["embedding"]), "<f4").astype(np.float32)
    length = float(np.linalg.norm(row.astype(np.float64)))
    return (row / length).astype(np.float32) if length else row


def _shares(total: int, sizes: Sequence[int]) -> list[int]:
    """Whole numbers in the proportion of the sizes that add up to the total."""
    whole, found, past, given = max(1, sum(sizes)), [], 0, 0
    for place, size in enumerate(sizes, 1):
        past += size
        upto = total if place == len(sizes) else total * past // whole
        found.append(upto - given)
        given = upto
    return found


def _none(endpoint: Endpoint, words: str) -> CallFailed:
    return CallFailed(
        "not_offered",
        f"{endpoint.base_url} gives no embeddings with {endpoint.model} ({words}); name an "
        "embedding model of an endpoint that does, or leave the setting embedder out.",
    )


def _broken(endpoint: Endpoint, words: str) -> CallFailed:
    return CallFailed(
        "broken_reply",
        f"The reply of {endpoint.base_url} holds {words}; check that {endpoint.model} is an "
        "embedding model and that no proxy cuts replies short, then resume.",
    )


def _stopped() -> CallFailed:
    return CallFailed("stopped", "The run was paused or stopped before this reply came.")
