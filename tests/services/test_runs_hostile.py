"""Endpoints that answer to do harm: every task has an outcome, and the run goes on to the end."""

import asyncio
import json

import pytest
from sqlalchemy import select

from core.llm import LLM
from core.patience import Patience
from core.services import runner, runs
from core.workers.generate import Generate
from storage.tables import Judgment, Task
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.pairs import OWNER, judge, pairs

T, J = Task.__table__, Judgment.__table__
NASTY = "bad \x00 \ud800 \u202e <script>alert(1)</script> =cmd()"
LONG = "y" * 1_000_000


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Short waits, one try."""
    quick = Patience(tries=1, refusals=2, connects=1, asks=1, first_wait=0.01)
    monkeypatch.setattr(LLM.__init__, "__kwdefaults__",
                        {**LLM.__init__.__kwdefaults__, "patience": quick})  # fmt: skip


def entry(reasoning, answer="A"):
    return json.dumps({"better": {"reasoning": reasoning, "answer": answer}})


REPLIES = [
    entry(NASTY), entry("x\x00"), entry("fine", NASTY), entry(LONG), entry("\u202eok"),
    "[" * 200_000, '{"better": ' * 200_000, NASTY, "", "null",
    Fault(status=400, message=NASTY), Fault(status=400, message=LONG),
    Fault(refusal=NASTY), Fault(finish=NASTY, text=NASTY), Fault(body='{"choices": [{}]}'),
    Fault(status=418, message=NASTY), Fault(body='{"error": "\\ud800"}'),
]  # fmt: skip


def work(db, worker, tasks):
    """Run to the end: each task has an outcome, and no failure is one of our own.

    Many broken replies in a row pause a run; a person would start it again.
    """
    run = runs.start(db, OWNER, "pairs", worker)
    asyncio.run(runner.execute(db, run))
    for _ in range(5):
        status = runs.status(db, OWNER, run)
        if status.state == "paused":
            runs.resume(db, OWNER, run)
            asyncio.run(runner.execute(db, run))
    assert (status.state, status.done + status.failed) == ("done", tasks), status.message
    with db.read() as connection:
        errors = list(connection.execute(select(T.c.error).where(T.c.state == "failed")).scalars())
    assert all(": " in error and len(error) <= 1000 for error in errors)
    assert not [error for error in errors if error.startswith(("worker_error", "not_stored"))]


def test_a_judge_that_is_answered_with_harm(db):
    pairs(db, units=len(REPLIES))
    script = iter(REPLIES * 9)
    with OpenAIServer(lambda body: next(script)) as server:
        work(db, judge(server.url), 2 * len(REPLIES))
    with db.read() as connection:
        stored = set(connection.execute(select(J.c.rationale)).scalars())
    assert stored == {LONG, "\u202eok"}


def test_a_writer_that_is_answered_with_harm(db):
    pairs(db, units=6)
    script = iter([NASTY, "x\x00", LONG, "fine \u202e", "\ud800", "=1+1"] * 9)
    with OpenAIServer(lambda body: next(script)) as server:
        work(db, Generate(name="writer", model="m", base_url=server.url), 6)
