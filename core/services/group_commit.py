"""Many small pieces of work on the database, one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection

from storage.database import Database

ENOUGH, LINGER = 8, 0.004
Handler = Callable[[Connection, Sequence[Any]], Sequence[Any]]
Waiting = tuple[Handler, Any, "asyncio.Future[Any]"]


class GroupCommit:
    """Whatever is waiting is done in one transaction; each caller resumes after the commit.

    Fewer than `ENOUGH` pieces wait up to four milliseconds for company.

    A handler gets the pieces of its kind together and returns one result for each. When a
    transaction fails, its pieces are done again one by one, so that only the wrong one fails.
    Handlers go in the order of their names, so that two runners never wait for each other's locks.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._waiting: list[Waiting] = []
        self._busy: asyncio.Task[None] | None = None
        self._enough = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commits")

    async def do(self, handler: Handler, piece: Any = None) -> Any:
        """The handler's result for this piece, once it is committed."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((handler, piece, future))
        if len(self._waiting) >= ENOUGH:
            self._enough.set()
        if self._busy is None:
            self._busy = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """Finish what is waiting."""
        while self._busy is not None:
            await asyncio.wait([self._busy])
        self._thread.shutdown()

    async def _drain(self) -> None:
        """Commit until nothing waits; to cancel it stops neither a commit nor what comes after.

        When a program ends, every task is cancelled, this one among them, and what the others still
        have to put in order waits for it.
        """
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._enough.wait(), LINGER)
                batch, self._waiting = self._waiting, []
                self._enough.clear()
                work = loop.run_in_executor(self._thread, self._all, batch)
                work.add_done_callback(partial(_tell, batch))
                await asyncio.shield(work)
        finally:
            self._busy = asyncio.create_task(self._drain()) if self._waiting else None

    def _all(self, batch: Sequence[Waiting]) -> list[Any]:
        try:
            return self._commit(batch)
        except Exception as error:
            if len(batch) == 1:
                return [error]
            return [self._all([one])[0] for one in batch]

    def _commit(self, batch: Sequence[Waiting]) -> list[Any]:
        places: dict[Handler, list[int]] = {}
        for place, (handler, _, _) in enumerate(batch):
            places.setdefault(handler, []).append(place)
        results: list[Any] = [None] * len(batch)
        with self.db.write() as connection:
            for handler, own in sorted(places.items(), key=lambda one: one[0].__qualname__):
                found = handler(connection, [batch[place][1] for place in own])
                for place, result in zip(own, found, strict=True):
                    results[place] = result
        return results


def _tell(batch: Sequence[Waiting], work: "asyncio.Future[list[Any]]") -> None:
    """Let those who wait for their pieces go on."""
    for (_, _, future), result in zip(batch, work.result(), strict=True):
        if future.done():
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
