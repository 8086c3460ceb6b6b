"""Two runners on PostgreSQL beside one: 500 ms latency, 16 calls at once each.

    python -m tests.benchmarks.two_runners [--requests 640]

Runners are processes of their own that wait before the clock starts. It runs from the start of
the run to its end.
"""

import argparse
import os
import subprocess
import sys
import time

from core.services import runs
from core.settings import ROOT
from storage import accounts
from storage.database import Database
from storage.migrate import upgrade
from tests.benchmarks.model_client import OWNER, judge, study
from tests.servers.postgres_server import PostgresServer


def warm(db, name, url, count):
    """Wait until so many runners have shown themselves at another run, which is then stopped."""
    study(db, f"{name}-warm", 400)
    run = runs.start(db, OWNER, f"{name}-warm", judge(url, guidelines="warm"), concurrency=8)
    until = time.monotonic() + 60
    while True:
        assert time.monotonic() < until, "the runners did not come"
        with db.read() as connection:
            told = [token for _, token, _ in accounts.runners(connection)]
        if len(told) >= count:
            break
        time.sleep(0.2)
    runs.stop(db, OWNER, run)
    time.sleep(4)


def seconds(db, name, url, requests, count):
    """How long so many runners take."""
    study(db, name, requests)
    place = db.engine.url.render_as_string(hide_password=False)
    runners = [
        subprocess.Popen(
            [sys.executable, "-m", "core.cli", "work"], cwd=ROOT,
            env={**os.environ, "DATABASE_URL": place},
        )
        for _ in range(count)
    ]  # fmt: skip
    try:
        warm(db, name, url, count)
        begun = time.perf_counter()
        run = runs.start(db, OWNER, name, judge(url), fresh=True, concurrency=16)
        while (status := runs.status(db, OWNER, run)).state in {"ready", "running"}:
            time.sleep(0.1)
        assert (status.state, status.done) == ("done", requests), status
        return time.perf_counter() - begun
    finally:
        for process in runners:
            process.terminate()
            process.wait()


def main():
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=640)
    parser.add_argument("--port", type=int, default=8711)
    given = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.openai_server", "--port", str(given.port),
         "--latency", "0.5"],
    )  # fmt: skip
    postgres = PostgresServer()
    postgres.start()
    try:
        db = Database(postgres.database())
        upgrade(db)
        url = f"http://127.0.0.1:{given.port}/v1"
        one, two = (seconds(db, f"b{n}", url, given.requests, n) for n in (1, 2))
        print(f"one runner {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast")
        db.close()
    finally:
        postgres.stop()
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
