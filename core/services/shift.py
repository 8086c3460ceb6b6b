"""One runner's work on one run: claim, let the worker think, store what comes of it."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from core.calls import CallFailed
from core.line import going_first
from core.services import capabilities, chain, presence
from core.services.budget import Purse
from core.services.claims import Claimed, Claims
from core.services.group_commit import GroupCommit
from core.services.ledger import RunLedger
from core.services.models import Models
from core.services.outcomes import Finished, Outcomes
from core.services.terms import PARKED, Carrier, account_at, of_run, purse_of
from core.workers.base import CannotAnswer, Worker
from core.workers.base import load as load_worker
from storage import runs
from storage import studies as study_rows
from storage.database import Database, now

BEAT = 2.0
HANDFUL = 5
MANY = 20
OFFLINE_BATCH = 64
Progress = Callable[[int], None]
Prices = Mapping[str, Sequence[float]]


class Shift:
    """One runner's work on one run, from claim to the last commit.

    It leaves when no task is ready or leased, or when the run is paused or stopped; then what is
    under way is finished first. `HANDFUL` failures in a row that are the endpoint's fault pause the
    run, and so do `MANY` of any kind. Tasks that fail by one shared request are one failure.
    """

    def __init__(self, db: Database, run: int, progress: Progress | None = None) -> None:
        self.db, self.run, self.progress = db, run, progress
        with db.read() as connection:
            row = runs.by_id(connection, run)
            self.terms = of_run(row.worker, account_at(connection, row))
        self.study_key: str = row.study_key
        self.worker: Worker = load_worker(row.worker["definition"])
        self.fresh: bool = row.worker["fresh"]
        self.prices: Prices = row.worker.get("prices", {})
        self.rater = self._rater(row.study)
        self.claims = Claims(db, self.study_key, self.worker, run, self.fresh)
        self.state = "running"
        self.held: dict[int, str] = {}
        self.streak: dict[int, CallFailed] = {}
        self.fruitless = 0
        self.last: CallFailed | None = None
        self.changed = asyncio.Event()
        self.token = secrets.token_hex(6)
        self.most: int = row.concurrency if self.terms.lane == "live" else PARKED
        self.commits = GroupCommit(db)
        limited = bool(self.terms.budget.limits())
        self.purse = Purse(self.commits, purse_of(row), self.token) if limited else None
        self.outcomes = Outcomes(db, self.study_key, self.worker, self.rater, run, self.fresh)
        self.llm = self._llm()

    def _rater(self, study: int) -> int:
        with self.db.write() as connection:
            return study_rows.rater(
                connection, study, self.worker.rater, self.worker.digest, name=self.worker.name,
                spec={**self.worker.definition(), "simulated": self.worker.simulated},
            )  # fmt: skip

    def _llm(self) -> Models | None:
        if not self.worker.needs_model():
            return None
        ledger = RunLedger(self.commits, self.run)
        freshness = str(self.run) if self.fresh else ""
        with self.db.read() as connection:
            offers = {
                name: capabilities.offers(connection, model)
                for name, model in self.worker.models().items()
            }
        carrier = Carrier(self.commits, self.run, self.terms, self.purse)
        return Models(self.worker, ledger, self.most, freshness, self.prices, offers, carrier)

    async def work(self) -> None:
        """Do everything there is to do."""
        if not self._begin():
            return
        beat = asyncio.create_task(self._beat())
        try:
            await self._claim_and_answer()
            await self._end()
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            if self.llm is not None:
                await self.llm.close()
                if self.purse is not None:
                    await self.purse.leave()
                await self.commits.do(self._leave)
            await self.commits.close()

    def _begin(self) -> bool:
        with self.db.write() as connection:
            return runs.change(
                connection, self.run, only=runs.ACTIVE, state="running", heartbeat=now()
            )

    async def _claim_and_answer(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while self.state == "running":
            batch: list[Claimed] = []
            if room := self.claims.room(len(self.held), self._capacity()):
                batch = await self.commits.do(self._claim, room)
            self.held |= {task.id: task.owner for task in batch}
            for task in batch:
                under_way.add(started := asyncio.create_task(self._one(task)))
                started.add_done_callback(under_way.discard)
            if not batch and not self.held and await self.commits.do(self._open) == 0:
                break
            if not batch:
                await self._wait()
        if self.state != "running":
            self._shut()
        if self.state == "stopped" and self.llm is not None:
            await self.llm.abandon()
        if under_way:
            await asyncio.gather(*under_way)
        if self.state == "paused" and self.streak:  # by somebody else, in the middle of it
            await self.commits.do(self._put_back)

    def _capacity(self) -> int:
        return 2 * self.llm.most + 8 if self.llm is not None else OFFLINE_BATCH

    def _shut(self) -> None:
        if self.llm is not None:
            self.llm.shut()

    async def _wait(self) -> None:
        self.changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), 0.3)

    def _claim(self, connection: Connection, rooms: Sequence[int]) -> list[list[Claimed]]:
        self._heed(connection)
        if self.state != "running":
            return [[] for _ in rooms]
        return [self.claims.take(connection, room) for room in rooms]

    def _open(self, connection: Connection, pieces: Sequence[Any]) -> list[int]:
        count = runs.counts(connection, self.run)
        return [count.get("ready", 0) + count.get("leased", 0) for _ in pieces]

    async def _one(self, task: Claimed) -> None:
        """Answer one task and store the outcome, whatever it is."""
        try:
            finished = Finished(
                task.id, task.owner, task.unit_id, task.unit, "done", repeat=task.repeat
            )
            try:
                with going_first(task.late):
                    finished.drafts = await self.worker.work(task.unit, self.llm, task.repeat)
                self.streak, self.fruitless = {}, 0
            except CannotAnswer as reason:
                finished.state, finished.error = "skipped", str(reason)
            except CallFailed as error:
                await self._failed(finished, error)
            except Exception as error:
                finished.state, finished.error = "failed", f"worker_error: {error!r}"
                await self._fruitless(finished.error)
            await self._store(finished)
        finally:
            self.held.pop(task.id, None)
            self.changed.set()

    async def _store(self, finished: Finished) -> None:
        try:
            await self.commits.do(self.outcomes.store, finished)
        except Exception as error:
            finished.drafts, finished.state = [], "failed"
            finished.error = f"not_stored: {error}"
            await self.commits.do(self.outcomes.store, finished)
        if self.progress is not None and finished.state != "ready":
            self.progress(1)

    async def _failed(self, finished: Finished, error: CallFailed) -> None:
        finished.state, finished.error = "failed", f"{error.kind}: {error.message}"
        if error.kind == "stopped" or (error.pausing and self.state != "running"):
            finished.state, finished.error = "ready", ""
            return
        if error.kind == "budget":
            finished.state, finished.error = "ready", ""
            if self.state == "running":
                await self._pause(error.message)
            return
        if not error.pausing:
            self.streak = {}
            if error is not self.last:
                await self._fruitless(error.message)
            self.last = error
            return
        self.streak[finished.task] = error
        if len({id(failure) for failure in self.streak.values()}) >= HANDFUL:
            finished.state, finished.error = "ready", ""
            await self._pause(error.message)

    async def _fruitless(self, message: str) -> None:
        self.fruitless += 1
        if self.fruitless >= MANY and self.state == "running":
            await self._pause(f"{MANY} tasks in a row failed. The last one: {message}")

    async def _pause(self, message: str) -> None:
        """Pause the run; tasks that failed for the same reason wait in the line again."""
        self.state = "paused"
        self._shut()
        await self.commits.do(self._put_back, message)

    def _put_back(self, connection: Connection, messages: Sequence[str | None]) -> list[None]:
        runs.put_back(connection, self.run, list(self.streak))
        for message in filter(None, messages):
            runs.change(connection, self.run, only=runs.ACTIVE, state="paused", message=message)
        return [None] * len(messages)

    async def _beat(self) -> None:
        """Every two seconds: renew the leases, show that the runner lives, see what is wanted."""
        while True:
            await asyncio.sleep(BEAT)
            if self.purse is not None:
                await self.purse.stay()
            others = await self.commits.do(self._renew)
            if self.state != "running":
                self._shut()
            if self.llm is not None:
                self.llm.heed(others)
                if self.most != self.llm.most:
                    self.llm.allow(self.most)

    def _renew(self, connection: Connection, pieces: Sequence[Any]) -> list[Any]:
        runs.renew(connection, dict(self.held))
        runs.change(connection, self.run, heartbeat=now())
        self._heed(connection)
        if self.llm is None:
            return [{}] * len(pieces)
        paces = self.llm.paces()
        return [presence.share(connection, self.run, self.token, paces)] * len(pieces)

    def _leave(self, connection: Connection, pieces: Sequence[Any]) -> list[None]:
        presence.leave(connection, self.run, self.token)
        return [None] * len(pieces)

    def _heed(self, connection: Connection) -> None:
        """See whether the run was paused, stopped, or given another concurrency."""
        row = runs.wishes(connection, self.run)
        if self.terms.lane == "live":
            self.most = row.concurrency
        if row.state not in runs.ACTIVE:
            self.state = row.state
        elif row.state == "ready":
            runs.change(connection, self.run, only=("ready",), state="running")

    async def _end(self) -> None:
        if self.streak and self.state == "running":
            with self.db.read() as connection:
                reasons = [r.error for r in runs.errors(connection, self.run) if ": " in r.error]
            await self._pause(reasons[0].partition(": ")[2] if reasons else "The endpoint fails.")
        elif self.state == "running":
            await self.commits.do(self._close)

    def _close(self, connection: Connection, pieces: Sequence[Any]) -> list[None]:
        if self._open(connection, [None]) == [0]:
            moved = runs.change(
                connection, self.run, only=("running",), state="done", finished_at=now(),
                message="",
            )  # fmt: skip
            if moved:
                chain.follow(self.db, connection, self.run)
        return [None] * len(pieces)
