"""The batch lane of OpenAI-compatible providers: slower and cheaper, many calls to a file."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from core import failures
from core.calls import CallFailed, Endpoint, Spent
from core.digest import encode

PATH = "/chat/completions"
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
MOST, MOST_BYTES = 2000, 90_000_000
QUIET = 0.5
POLLS = (2.0, 60.0)
TRIES = 10


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of calls at the provider, by their custom ids; `batch` is '' before it is begun."""

    number: int
    file: str
    ids: tuple[str, ...]
    batch: str = ""


class Memory(Protocol):
    """Where the lane writes down what it has sent, before it goes on."""

    async def sent(self) -> Sequence[Sent]:
        """What was sent for this run before, by any runner."""

    async def uploaded(self, file: str, ids: Sequence[str]) -> Sent:
        """Remember a file."""

    async def begun(self, sent: Sent, batch: str) -> Sent:
        """Remember the batch made of it."""


class Wire(Protocol):
    """The connections to the endpoint: see `core.wire.Wire`."""

    endpoint: Endpoint

    async def request(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Post a body."""

    async def get(self, path: str) -> bytes:
        """Fetch a body."""

    async def upload(self, name: str, content: bytes, purpose: str) -> bytes:
        """Send a file."""

    async def close(self) -> None:
        """Close the connections."""


class BatchLane:
    """Gathers requests until no more come, sends them as one batch, and hands out the replies.

    The custom id of a line is the key of its call (with the number of the attempt from the second
    one on), so whoever asks the same after a crash is answered from the batch that has it.
    """

    def __init__(
        self, wire: Wire, memory: Memory, *, quiet: float = QUIET,
        polls: tuple[float, float] = POLLS, most: int = MOST,
    ) -> None:  # fmt: skip
        self.wire, self.memory = wire, memory
        self.quiet, self.polls, self.most = quiet, polls, most
        self._parked: dict[str, Mapping[str, Any]] = {}
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._held: dict[str, bytes] = {}
        self._out: dict[str, Sent] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._recalled: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()
        self._shut = False

    async def post(self, path: str, body: Mapping[str, Any], spent: Spent) -> bytes:
        if path != PATH:
            return await self.wire.request(path, body)
        await self._recall()
        name = spent.key if spent.attempts <= 1 else f"{spent.key}.{spent.attempts}"
        if name in self._held:
            return self._held.pop(name)
        if self._shut:
            raise _stopped()
        if not self._tasks or all(task.done() for task in self._tasks):
            self._start(self._gather())
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[name] = future
        if all(name not in sent.ids for sent in self._out.values()):
            self._parked[name] = body
            self._arrived.set()
        return await future

    def shut(self) -> None:
        """Let nobody wait any longer; batches go on at the provider and are found again later."""
        self._shut = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_stopped())
        self._parked.clear()

    async def abandon(self) -> None:
        """Cancel what is under way at the provider; lines that are done stay paid."""
        for sent in list(self._out.values()):
            with suppress(CallFailed):
                await self.wire.request(f"/batches/{sent.batch}/cancel", {})

    async def close(self) -> None:
        self.shut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.wire.close()

    def _start(self, work: Any) -> None:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)

    async def _recall(self) -> None:
        """Take up what was sent before; all who come first wait for it, once."""
        if self._recalled is None:
            self._recalled = asyncio.ensure_future(self._take_up())
        await asyncio.shield(self._recalled)

    async def _take_up(self) -> None:
        known: dict[str, str] = {}
        for sent in await self.memory.sent():
            if not sent.batch:
                if not known:
                    known = await self._batches()
                batch = known.get(sent.file) or await self._begin(sent.file)
                sent = await self.memory.begun(sent, batch)
            made = json.loads(await self.wire.get(f"/batches/{sent.batch}"))
            if made["status"] in OVER:
                await self._fetch(made, good_only=True)
            else:
                self._out[sent.batch] = sent
                self._start(self._watch(sent))

    async def _batches(self) -> dict[str, str]:
        """The provider's latest batches: the file that each was made of -> its id."""
        listed = json.loads(await self.wire.get("/batches?limit=100"))["data"]
        return {made["input_file_id"]: made["id"] for made in listed}

    async def _gather(self) -> None:
        """Send what is parked, whenever nothing more has come for a moment."""
        while not self._shut:
            await self._arrived.wait()
            count = -1
            while count != len(self._parked) < self.most:
                count = len(self._parked)
                await asyncio.sleep(self.quiet)
            self._arrived.clear()
            while self._parked:
                await self._send()

    def _lines(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        size = 0
        for name, body in self._parked.items():
            line = {"custom_id": name, "method": "POST", "url": f"/v1{PATH}", "body": body}
            found[name] = encode(line).encode()
            size += len(found[name])
            if len(found) >= self.most or size >= MOST_BYTES:
                break
        return found

    async def _send(self) -> None:
        lines = self._lines()
        for name in lines:
            del self._parked[name]
        try:
            file = json.loads(
                await self.wire.upload("calls.jsonl", b"\n".join(lines.values()), "batch")
            )["id"]
            sent = await self.memory.uploaded(file, list(lines))
            sent = await self.memory.begun(sent, await self._begin(file))
        except CallFailed as error:
            self._fail(list(lines), error)
            return
        except (ValueError, LookupError, TypeError):
            self._fail(list(lines), _broken())
            return
        self._out[sent.batch] = sent
        self._start(self._watch(sent))

    async def _begin(self, file: str) -> str:
        asked = {"input_file_id": file, "endpoint": f"/v1{PATH}", "completion_window": "24h"}
        return str(json.loads(await self.wire.request("/batches", asked))["id"])

    async def _watch(self, sent: Sent) -> None:
        """Look after a batch until it is over, less and less often, and hand out its replies."""
        wait, trouble = self.polls[0], 0
        while True:
            await asyncio.sleep(wait)
            wait = min(self.polls[1], wait * 1.5)
            try:
                made = json.loads(await self.wire.get(f"/batches/{sent.batch}"))
                if made["status"] in OVER:
                    await self._fetch(made)
                    break
                trouble = 0
            except (CallFailed, ValueError, LookupError, TypeError) as error:
                trouble += 1
                if trouble >= TRIES:
                    found = error if isinstance(error, CallFailed) else _broken()
                    self._fail(list(sent.ids), found)
                    break
        self._out.pop(sent.batch, None)
        self._fail(list(sent.ids), _unanswered(made["status"] if not trouble else "out of reach"))

    async def _fetch(self, made: Mapping[str, Any], good_only: bool = False) -> None:
        for name in ("output_file_id", "error_file_id"):
            if made.get(name):
                text = (await self.wire.get(f"/files/{made[name]}/content")).decode()
                for line in text.splitlines():
                    if line.strip():
                        self._hand_out(json.loads(line), good_only)

    def _hand_out(self, line: Mapping[str, Any], good_only: bool) -> None:
        name, reply = str(line["custom_id"]), line.get("response") or {}
        status, body = reply.get("status_code"), reply.get("body")
        if status == 200:
            found = json.dumps(body).encode()
            future = self._waiting.pop(name, None)
            if future is not None and not future.done():
                future.set_result(found)
            else:
                self._held[name] = found
        elif not good_only and status:
            words = body.get("error", body) if isinstance(body, Mapping) else body
            self._fail([name], failures.status(self.wire.endpoint, int(status), words, {}))
        elif not good_only:
            self._fail([name], _unanswered(str((line.get("error") or {}).get("message") or "")))

    def _fail(self, names: Sequence[str], error: CallFailed) -> None:
        for name in names:
            future = self._waiting.pop(name, None)
            if future is not None and not future.done():
                future.set_exception(
                    CallFailed(error.kind, error.message, retry_after=error.retry_after)
                )


def _stopped() -> CallFailed:
    return CallFailed("stopped", "The run was paused or stopped before this reply came.")


def _broken() -> CallFailed:
    return CallFailed(
        "broken_reply",
        "The endpoint's answer about a batch cannot be read; it may offer no batches. Start a run "
        "in the live lane.",
    )


def _unanswered(why: str) -> CallFailed:
    return CallFailed(
        "batch_failed",
        f"The provider ended the batch without a reply to this call ({why or 'no reason given'}); "
        "resume to send it again, or start a run in the live lane.",
    )
