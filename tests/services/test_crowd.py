"""Thirty-two people and a runner at once on one study, on both engines."""

import asyncio
import threading

import pytest
from sqlalchemy import func, select

from core.protocol import from_yaml
from core.services import answering, assignment, runner, runs, studies
from core.services.access import Identity
from core.workers.judge import Judge
from storage import chain
from storage.frames import tail
from storage.tables import Assignment, Judgment, Unit
from tests.servers.openai_server import OpenAIServer
from tests.services.conftest import ANA, fill

PEOPLE, UNITS, OVERLAP = 32, 40, 8
PROTOCOL = f"""
name: crowd
title: A crowd
assignment: {{overlap: {OVERLAP}}}
questions:
  - {{kind: pairwise, name: better, title: Which is better, both_bad: true}}
"""
J, U, S = Judgment.__table__, Unit.__table__, Assignment.__table__


def answer_until_nothing_is_left(db, who, errors):
    try:
        held = assignment.current(db, who, "crowd")
        while held:
            held = answering.submit(db, who, held, {"better": {"winner": "a"}}, follow=True).next
    except Exception as error:
        errors.append(error)


def follow(db, study, finished, seen):
    """Read the tail by its cursor until all is done, and once more."""
    cursor, last = 0, False
    while not last:
        last = finished.is_set()
        with db.read() as connection:
            rows = tail(connection, study, cursor)
        seen.extend(rows[:, 0].tolist())
        cursor = seen[-1] if seen else 0
        finished.wait(0.01)


@pytest.mark.timeout(600)
def test_a_crowd_and_a_runner_write_at_once(db):
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    fill(db, made, UNITS)
    studies.set_state(db, ANA, "crowd", "open")
    errors, seen, finished = [], [], threading.Event()
    people = [Identity(f"person {n}") for n in range(PEOPLE)]
    threads = [
        threading.Thread(target=answer_until_nothing_is_left, args=(db, who, errors))
        for who in people
    ]
    reader = threading.Thread(target=follow, args=(db, made.id, finished, seen))
    with OpenAIServer() as server:
        judge = Judge(name="Judge", model="scripted", base_url=server.url, mode="pairwise")
        runs.add_worker(db, ANA, "crowd", judge)
        run = runs.start(db, ANA, "crowd", judge)
        reader.start()
        for thread in threads:
            thread.start()
        asyncio.run(runner.execute(db, run))
        for thread in threads:
            thread.join()
    finished.set()
    reader.join()
    assert errors == []
    status = runs.status(db, ANA, run)
    assert (status.state, status.done, status.failed) == ("done", 2 * UNITS, 0)
    total = UNITS * OVERLAP + 2 * UNITS
    assert seen == list(range(1, total + 1))
    with db.read() as connection:
        walked = list(chain.verify(connection, made.id))
        taken = set(connection.execute(select(U.c.taken, U.c.closed)).all())
        twice = connection.execute(
            select(J.c.unit).group_by(J.c.unit, J.c.rater, J.c.repeat).having(func.count() > 1)
        ).all()
        states = set(connection.execute(select(S.c.state)).scalars())
    assert walked == list(range(1, total + 1))
    assert taken == {(OVERLAP, 1)} and twice == [] and states == {"submitted"}
