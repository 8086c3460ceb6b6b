"""Waking runners: by a job where PostgreSQL carries them, else they look by themselves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import DBAPIError

from storage import jobs
from storage.database import Database

SHORT, LONG = 0.5, 2.0
log = logging.getLogger(__name__)


class Bell:
    """What wakes a waiting runner. Without jobs it looks for work every half second."""

    def __init__(self) -> None:
        self.pause = SHORT
        self._rung = asyncio.Event()

    def ring(self, run: int = 0) -> None:
        """A job says that this run has work, or work on a run has ended."""
        self._rung.set()

    async def wait(self, pause: float | None = None) -> None:
        """Until it rings, or for the pause between two looks."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), pause or self.pause)
        self._rung.clear()


@asynccontextmanager
async def listening(db: Database, wanted: bool = True) -> AsyncIterator[Bell]:
    """A bell that rings for jobs where they can be carried; it looks more seldom then.

    When the listening breaks off, it goes back to looking often.
    """
    bell = Bell()
    if not wanted or not _prepared(db):
        yield bell
        return
    bell.pause = LONG
    task = asyncio.create_task(_listen(db, bell))
    try:
        yield bell
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _prepared(db: Database) -> bool:
    if not jobs.possible(db):
        return False
    try:
        jobs.prepare(db)
    except DBAPIError as error:
        log.warning("no jobs on this database, runners look for work instead: %s", error)
        return False
    return True


async def _listen(db: Database, bell: Bell) -> None:
    try:
        await jobs.listen(db, bell.ring)
    except Exception as error:
        log.warning("jobs are not carried any more, runners look for work instead: %s", error)
    finally:
        bell.pause = SHORT
