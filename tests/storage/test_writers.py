"""Many writers at once, in threads and processes: no gap, no loss, no error."""

import random
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.chain import J, S
from storage.database import Database
from tests.storage.writer import write
from tests.storage.written_log import opened, written

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 4


def start(url, name, count, out=None):
    """A writer process; its standard output, or the file `out`, holds the keys it confirmed."""
    with out.open("w") if out else nullcontext(subprocess.PIPE) as target:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.storage.writer", url, name, str(count)],
            cwd=ROOT, stdout=target, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


def follow(db, study, until, seen):
    """Read the tail by its cursor until `until()`, and once more; `seen` gets every sequence."""
    cursor, last = 0, False
    while True:
        with db.read() as connection:
            query = select(J.c.sequence).where(J.c.study == study, J.c.sequence > cursor)
            rows = connection.execute(query.order_by(J.c.sequence)).scalars().all()
        seen.extend(rows)
        cursor = seen[-1] if seen else 0
        if last:
            return
        last = until()
        time.sleep(0.002)


@pytest.mark.timeout(1800)
def test_many_writers_leave_no_gap_and_a_reader_of_the_tail_misses_nothing(database_url, nightly):
    """32 writers: 28 threads here, 4 processes; a reader follows them all the while."""
    each = 40 if nightly else 10
    db = Database(database_url)
    log, errors, seen, finished = written(db, units=each), [], [], threading.Event()
    threads = 32 - PROCESSES

    def work(number):
        try:
            list(write(log, f"thread {number}", each))
        except Exception as error:
            errors.append(error)

    reader = threading.Thread(target=follow, args=(db, log.study, finished.is_set, seen))
    writers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    processes = [start(database_url, f"process {n}", each) for n in range(PROCESSES)]
    for thread in (reader, *writers):
        thread.start()
    told = [process.communicate() for process in processes]
    for thread in writers:
        thread.join()
    finished.set()
    reader.join()

    assert errors == [] and [error for _, error in told if error] == []
    total = 32 * each
    assert seen == list(range(1, total + 1))
    assert log.verdict() == (total, None)
    with db.read() as connection:
        assert connection.execute(select(S.c.revision)).scalar_one() == total
    db.close()


@pytest.mark.timeout(1800)
def test_what_was_confirmed_survives_a_kill(database_url, nightly, tmp_path):
    """kill -9 of writer processes at random moments: all that they confirmed is there, once."""
    rounds, chance = (20 if nightly else 4), random.Random(7)
    db = Database(database_url)
    log, confirmed = written(db, units=4000), []
    for number in range(rounds):
        files = [tmp_path / f"{number}-{n}" for n in range(2)]
        processes = [start(database_url, file.name, 4000, file) for file in files]
        while not all(file.stat().st_size for file in files):
            assert all(process.poll() is None for process in processes)
            time.sleep(0.01)
        time.sleep(chance.uniform(0.02, 0.4))
        for process in processes:
            process.kill()
            assert process.communicate()[1] == ""
        for file in files:
            confirmed += [k for k in file.read_text().splitlines(keepends=True) if k[-1] == "\n"]
    with db.read() as connection:
        stored = connection.execute(select(J.c.key)).scalars().all()
    assert len(confirmed) >= 2 * rounds
    assert {key.strip() for key in confirmed} <= set(stored) and len(stored) == len(set(stored))
    assert len(stored) - len(confirmed) <= 2 * rounds  # at most what was in flight
    assert log.verdict() == (len(stored), None)
    db.close()


def test_a_writer_that_comes_again_stores_nothing_twice(database_url):
    """A client that never heard back sends everything anew."""
    db = Database(database_url)
    log = written(db, units=20)
    first = list(write(log, "ana", 12))
    again = list(write(opened(db), "ana", 20))
    assert again[:12] == first and log.verdict() == (20, None)
    db.close()


@pytest.mark.parametrize("size", [1, 50])
def test_batches_from_threads_do_not_interleave(database_url, size):
    """What is appended in one call gets consecutive places."""
    db = Database(database_url)
    log, places = written(db, units=100), {}

    def work(name):
        for start_at in range(0, 100, size):
            rows = [log.new(f"u{n}", name, 1) for n in range(start_at, start_at + size)]
            places.setdefault(name, []).append([s.sequence for s in log.append(*rows)])

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = [run for found in places.values() for run in found]
    assert all(run == list(range(run[0], run[0] + size)) for run in runs)
    assert log.verdict() == (300, None)
    db.close()
