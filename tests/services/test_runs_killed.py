"""A runner that is killed in the middle of its work, for real."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from core.services import runner, runs
from core.settings import ROOT
from storage import judgments
from storage.database import Database
from storage.tables import Judgment, Task
from tests.servers.openai_server import OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers

J = Judgment.__table__
T = Task.__table__
CALLS, MOST = 500, 16
TAKEN_OVER = 10.0  # seconds in which all tasks of a runner that died are with another


def runner_process(db):
    """`concord work --once` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "core.cli", "work", "--once"], cwd=ROOT,
        env={**os.environ, "DATABASE_URL": db.engine.url.render_as_string(hide_password=False)},
    )  # fmt: skip


def stored(db):
    with db.read() as connection:
        return connection.execute(select(J.c.unit, J.c.repeat)).all()


def count(db):
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(J)).scalar_one()


class Deaths:
    """How long the tasks of killed runners stay with them, in seconds.

    `took` counts from each death; `taken` from when another runner was first seen to claim after
    the last death: on a busy machine a new process may need long to begin.
    """

    def __init__(self, db):
        self.db, self.open, self.took, self.taken = db, [], [], []

    def leased(self):
        """Tasks that are held, each with its holder."""
        query = select(T.c.id, T.c.owner).where(T.c.state == "leased")
        with self.db.read() as connection:
            return {tuple(row) for row in connection.execute(query)}

    def happened(self):
        """A runner has just been killed; what is held now includes all that it held."""
        held = self.leased()
        owners = {owner for _, owner in held}
        self.open = [[died, None, theirs, old | owners] for died, _, theirs, old in self.open]
        self.open.append([time.monotonic(), None, held, owners])

    def look(self):
        """See of which deaths nothing is left."""
        held = self.leased() if self.open else set()
        for death in [*self.open]:
            died, seen, theirs, old = death
            others = {owner for _, owner in held} - old
            if seen is None and (others or not theirs & held):
                death[1] = seen = time.monotonic()
            if not theirs & held:
                self.took.append(round(time.monotonic() - died, 2))
                self.taken.append(round(time.monotonic() - seen, 2))
                self.open.remove(death)


@pytest.mark.slow
def test_kill_9_in_the_middle_of_500_calls(db):
    study = pairs(db, units=CALLS // 2)
    with OpenAIServer(lambda body: prefers("A"), latency=0.05) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=MOST)
        process = runner_process(db)
        try:
            until = time.monotonic() + 60
            while len(stored(db)) < 150 and time.monotonic() < until:
                time.sleep(0.02)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        before = len(stored(db))
        assert 150 <= before < CALLS
        asyncio.run(runner.execute(db, run))
    status = runs.status(db, OWNER, run)
    assert (status.state, status.done, status.failed) == ("done", CALLS, 0)
    rows = stored(db)
    assert len(rows) == CALLS and max(Counter(rows).values()) == 1
    assert CALLS <= server.count <= CALLS + MOST
    with db.read() as connection:
        assert all(isinstance(n, int) for n in judgments.verify(connection, study.id))


def storm(db, calls, kills, runners, seed):
    """Kill runners at random moments and start others in their place, until the run is done."""
    chance, deaths = random.Random(seed), Deaths(db)
    study = pairs(db, units=calls // 2)
    with OpenAIServer(lambda body: prefers("A"), latency=0.05, keep=False) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=MOST)
        alive = [runner_process(db) for _ in range(runners)]
        try:
            for mark in sorted(chance.sample(range(1, calls * 4 // 5), kills)):
                until = time.monotonic() + 120
                while count(db) < mark and time.monotonic() < until:
                    deaths.look()
                    time.sleep(0.02)
                time.sleep(chance.random() * 0.05)
                victim = chance.randrange(runners)
                os.kill(alive[victim].pid, signal.SIGKILL)
                alive[victim].wait()
                deaths.happened()
                alive[victim] = runner_process(db)
            until = time.monotonic() + 240
            while (status := runs.status(db, OWNER, run)).state != "done":
                assert time.monotonic() < until, status
                deaths.look()
                time.sleep(0.1)
            deaths.look()
        finally:
            for process in alive:
                process.kill()
                process.wait()
    rows = stored(db)
    assert (status.done, status.failed) == (calls, 0)
    assert len(rows) == calls and max(Counter(rows).values()) == 1
    assert calls <= server.count <= calls + kills * MOST
    print(f"{server.count - calls} calls repeated, taken over in {deaths.took} s")
    print(f"{deaths.taken} s after another began")
    assert len(deaths.taken) == kills and max(deaths.taken) <= TAKEN_OVER
    with db.read() as connection:
        assert all(isinstance(n, int) for n in judgments.verify(connection, study.id))


@pytest.mark.slow
def test_two_runners_and_a_kill_at_random(sqlite_url):
    """The small, seeded sample of the storm below."""
    db = Database(sqlite_url)
    storm(db, calls=160, kills=1, runners=2, seed=3)
    db.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("runners", [1, 2])
@pytest.mark.parametrize("seed", range(10))
def test_kill_9_at_random_during_2000_calls(db, nightly, runners, seed):
    if not nightly:
        pytest.skip("a nightly check: CONCORD_NIGHTLY=1")
    storm(db, calls=2000, kills=3, runners=runners, seed=seed)
