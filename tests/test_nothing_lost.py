"""A confirmed answer survives the death of the server, and is there once."""

import os
import random
import re
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import select

from core.protocol import from_yaml
from core.services import store, studies
from storage import judgments
from storage.database import Database
from storage.tables import Assignment, Judgment, Rater, Unit
from tests.servers.app_server import AppServer
from tests.servers.socket_person import SocketPerson
from tests.services.conftest import ANA, fill

ROUNDS = 20 if os.environ.get("CONCORD_NIGHTLY") else 3
WRITERS = 8
PROTOCOL = """
name: small
title: A small study
assignment: {overlap: 100}
questions:
  - {kind: pairwise, name: better, title: Which is better}
"""


def work(port, name, confirmed, lock):
    """Answer until the server is gone; note every answer that the screen confirmed."""
    try:
        with SocketPerson(port, "annotate", f"study=small&who={name}&lane=native") as person:
            while True:
                person.press(person.button("A is better"))
                found = re.search(r"saved #(\d+)", person.text())
                if found:
                    with lock:
                        confirmed.append((name, int(found[1])))
    except (OSError, EOFError, LookupError) as error:
        if isinstance(error, LookupError):
            raise
    except Exception as error:
        if "connection" not in type(error).__name__.lower():
            raise


def under_way(confirmed, lock, names, threads, wait=90.0):
    """Wait until every writer of this round has had an answer confirmed."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        with lock:
            heard = {name for name, _ in confirmed}
        if heard.issuperset(names):
            return
        assert all(thread.is_alive() for thread in threads), "a writer gave up early"
        time.sleep(0.05)
    raise AssertionError(f"not every writer got to write: {sorted(set(names) - heard)}")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kill_9_loses_no_confirmed_answer(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    db = Database(url)
    store.ensure(db)
    fill(db, studies.create(db, ANA, from_yaml(PROTOCOL)), 3000)
    studies.set_state(db, ANA, "small", "open")
    confirmed, lock, rng = [], threading.Lock(), random.Random(11)
    for number in range(ROUNDS):
        server = AppServer(url, tmp_path / "app.log").start()
        names = [f"p{number}-{n}" for n in range(WRITERS)]
        threads = [
            threading.Thread(target=work, args=(server.port, name, confirmed, lock))
            for name in names
        ]
        for thread in threads:
            thread.start()
        under_way(confirmed, lock, names, threads)
        time.sleep(2.0 * rng.random())
        server.kill()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    check(db, confirmed)
    db.close()


def check(db, confirmed):
    """Every confirmed answer is in the log under its number and name; nothing is there twice."""
    j, u, r, a = (t.__table__ for t in (Judgment, Unit, Rater, Assignment))
    with db.read() as connection:
        rows = connection.execute(
            select(j.c.sequence, j.c.unit, r.c.name).join(r, r.c.id == j.c.rater)
        ).all()
        study = studies.load(db, "small", connection)
        walked = list(judgments.verify(connection, study.id))
        taken = dict(connection.execute(select(u.c.id, u.c.taken)).all())
        held = Counter(
            connection.execute(
                select(a.c.unit).where(a.c.state.in_(["submitted", "reserved"]))
            ).scalars()
        )
    by_number = {row.sequence: row.name for row in rows}
    assert [c for c in confirmed if by_number.get(c[1]) != c[0]] == []
    assert max(Counter((row.unit, row.name) for row in rows).values()) == 1
    assert walked and not isinstance(walked[-1], judgments.Break)
    assert {unit: n for unit, n in taken.items() if n} == dict(held)
