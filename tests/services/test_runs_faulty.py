"""A run against an endpoint that does everything wrong at random: it completes and never lies."""

import asyncio
import random
import threading

import pytest
from sqlalchemy import func, select

from core.llm import LLM
from core.patience import Patience
from core.services import runner, runs
from storage import judgments
from storage.tables import Call, Judgment
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers

J, C = Judgment.__table__, Call.__table__
BROKEN = '{"better": {"reasoning": "I say B.", "answer": "B"'
HOPELESS = 3


class Unreliable:
    """10 % refusals for too many requests, 5 % errors, 5 % broken JSON, 2 % stalls; seeded.

    Whole replies prefer A, broken ones B. Some units are never answered well.
    """

    def __init__(self, seed):
        self.chance, self.lock, self.seen = random.Random(seed), threading.Lock(), {}

    def __call__(self, body):
        with self.lock:
            draw = self.chance.random()
        if any(f"number {n}." in str(body["messages"][1]) for n in range(HOPELESS)):
            return BROKEN
        for share, kind, given in (
            (0.10, "429", Fault(status=429, headers={"Retry-After": "0.05"})),
            (0.15, "500", Fault(status=500)), (0.20, "broken", BROKEN),
            (0.22, "stall", Fault(stall=1.5, text="{}")),
        ):  # fmt: skip
            if draw < share:
                self.seen[kind] = self.seen.get(kind, 0) + 1
                return given
        return prefers("A")


def test_a_run_completes_and_no_value_comes_from_a_broken_reply(db, monkeypatch, nightly):
    units = 1000 if nightly else 80
    quick = Patience(first_wait=0.02)
    monkeypatch.setattr(LLM.__init__, "__kwdefaults__",
                        {**LLM.__init__.__kwdefaults__, "patience": quick})  # fmt: skip
    study = pairs(db, units=units)
    endpoint = Unreliable(seed=7)
    with OpenAIServer(endpoint, latency=0.005) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url, timeout=0.7), concurrency=16)
        asyncio.run(runner.execute(db, run))
    status = runs.status(db, OWNER, run)
    assert set(endpoint.seen) == {"429", "500", "broken", "stall"}
    failed = sum(n for _, n, _ in status.failures)
    assert status.state == "done" and status.failed == failed >= 2 * HOPELESS
    assert status.done + status.failed == status.total == 2 * units
    assert status.failed <= 2 * HOPELESS + units // 20
    with db.read() as connection:
        rows = connection.execute(select(J)).all()
        good = connection.execute(
            select(func.count()).where(C.c.reply.is_not(None), C.c.run == run)
        ).scalar_one()
        assert all(isinstance(n, int) for n in judgments.verify(connection, study.id))
    assert len(rows) == status.done == good
    assert all(row.rationale == "I say A." for row in rows)
    assert {(row.repeat, row.value) for row in rows} == {
        (0, '{"winner":"a"}'), (1, '{"winner":"b"}'),
    }  # fmt: skip
    assert pytest.approx(status.done / status.total) == len(rows) / (2 * units)
