"""How many requests may be under way at once, found by trying."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from core.calls import CallFailed
from core.line import Line

Objective = Literal["throughput", "latency"]
Measure = Literal["p95", "mean"]
WINDOW = 256
SLOWER = 1.5
LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What runners at one endpoint tell each other.

    `limit` is how many requests one lets under way; `steady` whether the endpoint has refused one;
    nobody starts before the moment `resume` (seconds since 1970; 0 when nobody need wait).
    """

    limit: int
    steady: bool = False
    resume: float = 0.0


class Throttle:
    """Lets requests through: few at first, more while they succeed, half as many after a 429.

    `limit` doubles with every `limit` successes until the first 429, then grows by one. While a
    waiting time that the endpoint asked for lasts, nobody starts; nor do more than its headers
    allow. `most` may change at any time. For the objective `latency` the limit shrinks instead of
    growing while requests take half as long again as they did at best; with a `target` in seconds
    while their mean, or their 95th percentile (`of`), since the limit last changed is above it.
    """

    def __init__(
        self, most: int, start: int = 8, objective: Objective = "throughput",
        target: float | None = None, of: Measure = "p95",
    ) -> None:  # fmt: skip
        self.most = max(1, most)
        self.limit = min(start, self.most)
        self.objective = objective
        self.target, self.of = target, of
        self._times: deque[float] = deque(maxlen=WINDOW)
        self.active = 0
        self.sharers = 1
        self._waiting = Line()
        self._resume = 0.0
        self._allowed: tuple[int, float] | None = None
        self._good = 0
        self._steady = False
        self._shut = False
        self._begun = 0
        self._mean = self._best = 0.0
        self._berths = Line()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def place(self, again: bool = False) -> Any:
        """Wait for a place, and give it back at the end; who tries `again` goes first.

        So does whoever is `core.line.going_first`.
        """
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
            try:
                await self._berths.join()
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
        turn = self._berths.next() if self._begun < self.most else None
        if turn is not None:
            turn.set_result(None)

    @property
    def closed(self) -> bool:
        """Whether nobody may start any more."""
        return self._shut

    def shut(self) -> None:
        """Let nobody start any more: who waits or comes gets `CallFailed` of kind "stopped"."""
        self._shut = True
        while (turn := self._waiting.next()) is not None:
            turn.set_exception(stopped())

    async def _enter(self, again: bool = False) -> None:
        if self._shut:
            raise stopped()
        if self._open():
            self._start()
            return
        turn = self._waiting.join(first=again)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.active -= 1
                self._wake()
            raise

    def succeeded(self, seconds: float = 0.0) -> None:
        """A request went well and took so long: after `limit` of them the limit grows."""
        self._mean = seconds if not self._mean else 0.9 * self._mean + 0.1 * seconds
        self._good += 1
        if self.target is not None:
            self._times.append(seconds)
        if self._good < self.limit:
            return
        self._good = 0
        self._best = min(self._best or self._mean, self._mean)
        slow = self._slow()
        self._times.clear()
        if slow:
            self._steady = True
            self.limit = max(1, self.limit - max(1, self.limit // 8))
        elif self.limit < self.most:
            self.limit = min(self.most, self.limit + 1 if self._steady else self.limit * 2)
            self._wake()

    def _slow(self) -> bool:
        """Whether requests take longer than the objective allows."""
        if self.objective != "latency":
            return False
        if self.target is None:
            return self._mean > SLOWER * self._best
        return (percentile(self._times) if self.of == "p95" else fmean(self._times)) > self.target

    def refused(self, seconds: float) -> None:
        """The endpoint asked for less: halve the limit once per waiting time, and wait."""
        moment = time.monotonic()
        if moment >= self._resume:
            self.limit = max(1, self.limit // 2)
        self._steady, self._good = True, 0
        self._resume = max(self._resume, moment + seconds)

    def told(self, left: int, seconds: float) -> None:
        """The endpoint's headers allow so many more requests, of all its users, in that time.

        What is under way beside the one that brought the headers may not be counted there yet.
        """
        own = max(0, left // self.sharers - max(0, self.active - 1))
        until = time.monotonic() + min(seconds, LONGEST)
        self._allowed = (own, until) if own < self.most else None

    def pace(self) -> Pace:
        """What other runners at this endpoint need to know."""
        wait = self._resume - time.monotonic()
        return Pace(self.limit, self._steady, time.time() + wait if wait > 0 else 0.0)

    def heed(self, others: Sequence[Pace]) -> None:
        """Share the endpoint with these: wait when one was told to, and make room for new ones.

        Where one has found the endpoint's limit, nobody goes on doubling, and a newcomer begins
        with what the others have; what they had is divided anew among all.
        """
        before, self.sharers = self.sharers, 1 + len(others)
        if not others:
            return
        wait = min(LONGEST, max(other.resume for other in others) - time.time())
        self._resume = max(self._resume, time.monotonic() + wait)
        found = [other.limit for other in others if other.steady]
        if found and not self._steady:
            self._steady = True
            self.limit = max(1, min(self.limit, sum(found) // len(found)))
        if self._steady and self.sharers > before:
            self.limit = max(1, self.limit * before // self.sharers)

    def allow(self, most: int) -> None:
        """Change the highest number of requests under way."""
        self.most = max(1, most)
        self.limit = min(self.limit, self.most)
        self._wake()
        while (turn := self._berths.next()) is not None:
            turn.set_result(None)

    def _open(self) -> bool:
        return self.active < self.limit and time.monotonic() >= self._closed_until()

    def _closed_until(self) -> float:
        if self._allowed is None or self._allowed[0] > 0:
            return self._resume
        return max(self._resume, self._allowed[1])

    def _start(self) -> None:
        self.active += 1
        if self._allowed is not None:
            left, until = self._allowed
            self._allowed = (left - 1, until) if time.monotonic() < until else None

    def _wake(self) -> None:
        while self._open() and (turn := self._waiting.next()) is not None:
            self._start()
            turn.set_result(None)
        wait = self._closed_until() - time.monotonic()
        if self._waiting and wait > 0 and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait, self._again)

    def _again(self) -> None:
        self._timer = None
        self._wake()


def percentile(times: Sequence[float], share: float = 0.95) -> float:
    """The smallest of the times that at least that share of them does not exceed (nearest rank).

    >>> percentile([0.1, 0.2, 0.3, 4.0]), percentile([0.1] * 19 + [4.0])
    (4.0, 0.1)
    """
    return sorted(times)[max(0, math.ceil(share * len(times)) - 1)]


def stopped() -> CallFailed:
    """What a call comes to that was not begun because the run ended."""
    return CallFailed("stopped", "The run was paused or stopped before this call.")
