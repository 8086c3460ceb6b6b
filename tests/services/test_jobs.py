"""PostgreSQL: jobs wake runners on any number of machines; leases decide who does what."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import select

from core.services import jobs as bells
from core.services import runs
from core.settings import ROOT
from storage import jobs
from storage.database import Database
from storage.tables import Judgment, Task
from tests.conftest import missing
from tests.servers.openai_server import OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers

J, T = Judgment.__table__, Task.__table__


@pytest.fixture
def db(postgres_url):
    """A PostgreSQL database where jobs can be carried."""
    found = Database(postgres_url)
    if not jobs.possible(found):
        found.close()
        missing("procrastinate is not installed")
    yield found
    found.close()


def work(db, *options):
    """`concord work` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "core.cli", "work", *options], cwd=ROOT,
        env={**os.environ, "DATABASE_URL": db.engine.url.render_as_string(hide_password=False)},
    )  # fmt: skip


def owners(db):
    """Who holds which tasks."""
    with db.read() as connection:
        return set(connection.execute(select(T.c.id, T.c.owner).where(T.c.state == "leased")))


def test_without_a_listener_no_job_is_kept(db):
    assert jobs.announce(db, 1) is False
    jobs.prepare(db)
    jobs.prepare(db)
    assert jobs.announce(db, 1) and jobs.announce(db, 1)


def test_a_job_wakes_one_that_listens(db):
    async def go():
        heard = []
        async with bells.listening(db) as bell:
            assert bell.pause == bells.LONG
            ring, bell.ring = bell.ring, lambda run: (heard.append(run), ring(run))
            await asyncio.sleep(0.5)
            begun = time.monotonic()
            await asyncio.to_thread(jobs.announce, db, 7)
            await bell.wait(10)
            return heard, time.monotonic() - begun

    heard, took = asyncio.run(go())
    assert heard == [7] and took < 3


def test_where_jobs_cannot_be_carried_runners_look(db, monkeypatch):
    async def go():
        async with bells.listening(db) as bell:
            return bell.pause

    monkeypatch.setattr(jobs, "possible", lambda db: False)
    assert asyncio.run(go()) == bells.SHORT


@pytest.mark.slow
def test_a_killed_runner_is_replaced_within_ten_seconds(db):
    """Two runners on one run; one is killed; the other takes its tasks over and finishes."""
    pairs(db, units=50)
    with OpenAIServer(lambda body: prefers("A"), latency=0.3) as server:
        runners = [work(db), work(db)]
        try:
            time.sleep(2.0)
            run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=4)
            until = time.monotonic() + 60
            while runs.status(db, OWNER, run).done < 20 and time.monotonic() < until:
                time.sleep(0.1)
            os.kill(runners[0].pid, signal.SIGKILL)
            held, killed = owners(db), time.monotonic()
            while held & owners(db):
                assert time.monotonic() - killed < 10
                time.sleep(0.1)
            while (status := runs.status(db, OWNER, run)).state != "done":
                assert time.monotonic() < until, status
                time.sleep(0.1)
        finally:
            for process in runners:
                process.kill()
                process.wait()
    with db.read() as connection:
        rows = connection.execute(select(J.c.unit, J.c.repeat)).all()
    assert len(rows) == 100 and max(Counter(rows).values()) == 1
    assert 100 <= server.count <= 108
