"""The runner: works on whatever runs have something to do."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from core.services import runs as run_service
from core.services.access import Identity, require
from core.services.jobs import Bell, listening
from core.services.shift import Progress, Shift
from core.workers.base import Worker
from storage import jobs, runs
from storage.database import Database


async def execute(db: Database, run: int, progress: Progress | None = None) -> None:
    """Work on one run until it has nothing more for this runner."""
    await Shift(db, run, progress).work()


async def serve(
    db: Database, who: Identity, *, once: bool = False, idle: float | None = None
) -> None:
    """Work on every run that has work; with `once` leave when there is none.

    With `idle` leave after that many seconds without any. A run with more work than one runner
    takes at once is announced to the next, by a thread that no worker's code can keep waiting.
    """
    require(who, "run")
    with ThreadPoolExecutor(1, thread_name_prefix="announces") as apart:
        async with listening(db, wanted=not once) as bell:
            await _attend(db, bell, apart, once=once, idle=idle)


async def _attend(
    db: Database, bell: Bell, apart: ThreadPoolExecutor, *, once: bool, idle: float | None
) -> None:
    """Begin on every run that has work, until there is a reason to leave."""
    loop, last = asyncio.get_running_loop(), time.monotonic()
    mine: dict[int, asyncio.Task[None]] = {}
    while True:
        mine = {run: task for run, task in mine.items() if not task.done()}
        with db.read() as connection:
            wanted = [row.id for row in runs.active(connection)]
        for run in wanted:
            if run not in mine:
                mine[run] = asyncio.create_task(_guarded(db, run))
                mine[run].add_done_callback(lambda done: bell.ring())
                await loop.run_in_executor(apart, jobs.announce, db, run)
        last = time.monotonic() if mine else last
        if not mine and (once or (idle is not None and time.monotonic() - last >= idle)):
            return
        await bell.wait(0.2 if mine else None)


async def _guarded(db: Database, run: int) -> None:
    """Work on a run; an error of ours pauses that run and leaves the others alone."""
    try:
        await execute(db, run)
    except Exception as error:
        words = f"The runner stopped on an error: {error}. Correct the worker, then resume."
        with db.write() as connection:
            runs.change(connection, run, only=runs.ACTIVE, state="paused", message=words)


def run_now(
    db: Database, who: Identity, key: str, worker: Worker, *, limit: int | None = None
) -> int:
    """Start a run and do it in this process; returns its number. For raters that work offline."""
    run = run_service.start(db, who, key, worker, limit=limit)
    asyncio.run(execute(db, run))
    return run
