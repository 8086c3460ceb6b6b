"""A runner that is killed in the middle of its work, for real."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import select

from core.services import runner, runs
from core.settings import ROOT
from storage import judgments
from storage.tables import Judgment
from tests.servers.openai_server import OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers

J = Judgment.__table__
CALLS, MOST = 500, 16


def runner_process(db):
    """`concord work --once` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "core.cli", "work", "--once"], cwd=ROOT,
        env={**os.environ, "DATABASE_URL": db.engine.url.render_as_string(hide_password=False)},
    )  # fmt: skip


def stored(db):
    with db.read() as connection:
        return connection.execute(select(J.c.unit, J.c.repeat)).all()


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
