"""How many requests may be under way at once, found by trying."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

from core.calls import CallFailed


class Throttle:
    """Lets requests through: few at first, more while they succeed, half as many after a 429.

    `limit` doubles with every `limit` successes until the first 429, then grows by one. While a
    waiting time that the endpoint asked for lasts, nobody starts. `most` may change at any time.
    """

    def __init__(self, most: int, start: int = 8) -> None:
        self.most = max(1, most)
        self.limit = min(start, self.most)
        self.active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resume = 0.0
        self._good = 0
        self._steady = False
        self._shut = False
        self._begun = 0
        self._berths: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self, again: bool = False) -> Any:
        """Wait for a place, and give it back at the end; who tries `again` goes first."""
        await self._enter(again)
        try:
            yield
        finally:
            self.active -= 1
            self._wake()

    @asynccontextmanager
    async def berth(self) -> Any:
        """Be one of at most `most` calls that are begun and not stored yet.

        A process that dies then leaves no more than that many to be asked again.
        """
        while self._begun >= self.most:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._berths.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._leave()
                raise
        self._begun += 1
        try:
            yield
        finally:
            self._begun -= 1
            self._leave()

    def _leave(self) -> None:
        """Let the next one in who waits for a berth."""
        while self._berths and self._begun < self.most:
            turn = self._berths.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def shut(self) -> None:
        """Let nobody start any more: who waits or comes gets `CallFailed` of kind "stopped"."""
        self._shut = True
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(stopped())
        self._waiting.clear()

    async def _enter(self, again: bool = False) -> None:
        if self._shut:
            raise stopped()
        if self._open():
            self.active += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if again:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.active -= 1
                self._wake()
            raise

    def succeeded(self) -> None:
        """A request went well: after `limit` of them the limit grows."""
        self._good += 1
        if self._good >= self.limit and self.limit < self.most:
            self.limit = min(self.most, self.limit + 1 if self._steady else self.limit * 2)
            self._good = 0
            self._wake()

    def refused(self, seconds: float) -> None:
        """The endpoint asked for less: halve the limit once per waiting time, and wait."""
        moment = time.monotonic()
        if moment >= self._resume:
            self.limit = max(1, self.limit // 2)
        self._steady, self._good = True, 0
        self._resume = max(self._resume, moment + seconds)

    def allow(self, most: int) -> None:
        """Change the highest number of requests under way."""
        self.most = max(1, most)
        self.limit = min(self.limit, self.most)
        self._wake()
        for turn in [t for t in self._berths if not t.done()]:
            turn.set_result(None)
        self._berths.clear()

    def _open(self) -> bool:
        return self.active < self.limit and time.monotonic() >= self._resume

    def _wake(self) -> None:
        for turn in self._next():
            self.active += 1
            turn.set_result(None)
        wait = self._resume - time.monotonic()
        if self._waiting and wait > 0 and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait, self._again)

    def _next(self) -> Iterator[asyncio.Future[None]]:
        while self._waiting and self._open():
            turn = self._waiting.popleft()
            if not turn.done():
                yield turn

    def _again(self) -> None:
        self._timer = None
        self._wake()


def stopped() -> CallFailed:
    """What a call comes to that was not begun because the run ended."""
    return CallFailed("stopped", "The run was paused or stopped before this call.")
