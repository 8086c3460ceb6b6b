"""Who waits for a turn: in the order of coming, and those who go first before all others."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_goes_first: ContextVar[bool] = ContextVar("goes_first", default=False)


@contextmanager
def going_first(first: bool = True) -> Iterator[None]:
    """Within this, also in tasks begun there, every line is joined among those who go first."""
    before = _goes_first.set(first)
    try:
        yield
    finally:
        _goes_first.reset(before)


class Line:
    """Turns that are waited for. Who has given up waiting is passed over."""

    def __init__(self) -> None:
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    def join(self, first: bool = False) -> asyncio.Future[None]:
        """A new turn to wait for: among those who go first, if asked for or `going_first`."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._first if first or _goes_first.get() else self._others).append(turn)
        return turn

    def next(self) -> asyncio.Future[None] | None:
        """Take out the next turn that is still waited for; None when there is none."""
        for line in (self._first, self._others):
            while line:
                turn = line.popleft()
                if not turn.done():
                    return turn
        return None

    def __len__(self) -> int:
        return len(self._first) + len(self._others)
