"""Many small pieces of work in one transaction, when a program ends in the middle."""

import asyncio
import time
from contextlib import suppress

from core.services.group_commit import GroupCommit


def slowly(connection, pieces):
    time.sleep(0.05)
    return [piece * 2 for piece in pieces]


def test_what_is_put_in_order_at_the_end_is_committed_though_every_task_was_cancelled(db):
    """As `asyncio.run` does it: each piece of each moment comes back, none waits for ever."""
    done = []

    async def worker(commits, number, wait):
        try:
            await asyncio.sleep(wait)
            await commits.do(slowly, number)
            await asyncio.sleep(10)
        finally:
            done.append(await commits.do(slowly, number))

    async def go(after):
        commits = GroupCommit(db)
        tasks = [asyncio.create_task(worker(commits, n, n * 0.01)) for n in range(6)]
        await asyncio.sleep(after)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        await asyncio.wait_for(commits.close(), 10)

    for after in (0.001, 0.02, 0.03, 0.045, 0.06, 0.08):
        done.clear()
        with suppress(asyncio.CancelledError):
            asyncio.run(go(after))
        assert sorted(done) == [2 * n for n in range(6)]
