"""Fifty people at once on the native lane, through real websockets.

`python -m tests.benchmarks.crowd [--people 50] [--seconds 60] [--think 2] [--items 100000]`

First everybody answers about every `--think` seconds, then without any pause. Prints the 95th
percentile from a press to the finished next unit, answers per second and the server's CPU per
answer; and what must never be: an error, a unit over its overlap, an assignment given twice, a
confirmed answer that is not stored. The people run in threads of this process, on the same machine
as the server, so their own work is in the waiting times.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from core.services.store import open_store
from storage.database import Database
from storage.tables import Assignment, Judgment
from tests.benchmarks.annotate import build
from tests.servers.app_server import AppServer
from tests.servers.socket_person import SocketPerson

OVERLAP = 3


@dataclass
class Moment:
    """When everybody stops; known once everybody is there."""

    at: float = float("inf")


def person(port: int, name: str, think: float, until: Moment, walls: list[float], log: list[str],
           ready: threading.Barrier) -> None:  # fmt: skip
    """Answer until the end; waiting times and errors go into the lists."""
    chance = random.Random(name)
    try:
        with SocketPerson(port, "annotate", f"study=pairs&who={name}&lane=native") as who:
            ready.wait()
            time.sleep(chance.random() * think)
            while time.monotonic() < until.at:
                start = time.perf_counter()
                who.press(who.button("A is better"))
                walls.append(time.perf_counter() - start)
                if think:
                    time.sleep(chance.expovariate(1 / think))
    except Exception as error:
        log.append(f"{name}: {error!r}")


def crowd(
    server: AppServer, people: int, seconds: float, think: float, mark: str
) -> tuple[list[float], list[str], float, float]:
    """Waiting times, errors, wall seconds, and the server's CPU seconds."""
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    walls: list[float] = []
    log: list[str] = []
    ready = threading.Barrier(people + 1)
    until = Moment()

    def work(number: int) -> None:
        person(server.port, f"{mark}{number}", think, until, walls, log, ready)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    ready.wait()
    begun, before = time.monotonic(), process.cpu_times()
    until.at = begun + seconds
    for thread in threads:
        thread.join()
    after, wall = process.cpu_times(), time.monotonic() - begun
    return walls, log, wall, after.user + after.system - before.user - before.system


def faults(db: Database) -> str:
    """What is wrong in the log; '' when nothing is."""
    a, j = Assignment.__table__, Judgment.__table__  # type: ignore[attr-defined]
    with db.read() as connection:
        taken = connection.execute(
            select(func.count())
            .select_from(a)
            .where(a.c.state == "submitted")
            .group_by(a.c.unit)
            .order_by(func.count().desc())
            .limit(1)
        ).scalar()
        answers = connection.execute(
            select(j.c.assignment).where(j.c.assignment.is_not(None))
        ).scalars()
        twice = [n for n in Counter(answers).values() if n > 1]
    over = [f"a unit has {taken} answers, over its overlap"] * ((taken or 0) > OVERLAP)
    return "; ".join(over + [f"{len(twice)} assignments answered twice"] * bool(twice))


def stored(db: Database) -> int:
    """How many answers of people are in the log."""
    j = Judgment.__table__  # type: ignore[attr-defined]
    with db.read() as connection:
        query = select(func.count()).where(j.c.assignment.is_not(None))
        return int(connection.execute(query).scalar_one())


def main() -> None:
    """Build, answer with and without pauses, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=2)
    parser.add_argument("--items", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        db = open_store(url)
        build(db, "pairs", options.items, 0, overlap=OVERLAP)
        with AppServer(url, Path(folder) / "log") as server:
            before = 0
            for words, think in (("a pause", options.think), ("no pause", 0.0)):
                walls, log, wall, cpu = crowd(
                    server, options.people, options.seconds, think, words[0]
                )
                walls.sort()
                after = stored(db)
                print(
                    f"{options.people} people, {words} of {think:g} s: {len(walls):,} answers, "
                    f"{len(walls) / wall:.0f} a second; wait median "
                    f"{statistics.median(walls) * 1e3:.0f} ms, 95th percentile "
                    f"{walls[int(len(walls) * 0.95)] * 1e3:.0f} ms; CPU "
                    f"{cpu / len(walls) * 1e3:.2f} ms an answer; "
                    f"stored {after - before:,}; errors {len(log)}",
                    flush=True,
                )
                for line in log[:3]:
                    print("  ", line)
                before = after
        print(faults(db) or "no unit over its overlap, no assignment answered twice")


if __name__ == "__main__":
    main()
