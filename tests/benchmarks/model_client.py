"""CPU per request and throughput of our model client beside plain AsyncOpenAI.

    python -m tests.benchmarks.model_client [--requests 2000] [--latency 0.05] [--rivals]

Ours is a whole run: claim, prompt, call, ledger, judgment, task, all committed with
synchronous=FULL. The plain client sends the same messages and keeps nothing. Both run in this
process, in turn, against a server in a process of its own; figures are medians over the rounds.

With `--rivals` the same requests go through Inspect, promptfoo and distilabel too, each in an
environment of its own, made in a cache folder (`CONCORD_CACHE`) on the first call (network).
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openai

from core.garbage import collected_seldom
from core.protocol import from_yaml
from core.services import material, runner, runs, studies
from core.services.access import Identity
from core.workers.judge import Judge
from storage import items
from storage.database import Database
from storage.migrate import upgrade
from tests.benchmarks import rivals

OWNER = Identity("bench")
PROTOCOL = """
name: {name}
title: Benchmark
units: together
questions:
  - {{kind: pairwise, name: better, title: Which response is better}}
"""


def study(db, name, units):
    """A study of that many pairs."""
    made = studies.create(db, OWNER, from_yaml(PROTOCOL.format(name=name)))
    content = lambda words: {"kind": "text", "data": words}
    with db.write() as connection:
        items.add_items(connection, made.id, (
            {"key": f"i{n}", "meta": {}, "content": {"prompt": content(f"What is {n} and {n}?")}}
            for n in range(units)
        ))  # fmt: skip
        ids = items.item_ids(connection, made.id)
        items.add_outputs(connection, made.id, (
            {"item": i, "key": o, "content": content(f"{o} says it is {i}.")}
            for i in ids.values() for o in ("a", "b")
        ))  # fmt: skip
        material.add_missing_units(connection, made)
    return studies.load(db, name)


def judge(url, **options):
    """The judge of the benchmark: one order, so that a unit is one request."""
    return Judge(name="bench", model="mock", base_url=url, mode="pairwise", orders="one", **options)


def timed(work):
    """Wall and CPU seconds of this process, all its threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def plain(url, requests, concurrency, messages):
    """Plain AsyncOpenAI with a semaphore."""

    async def every():
        client = openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=5)
        gate = asyncio.Semaphore(concurrency)

        async def one(message):
            async with gate:
                reply = await client.chat.completions.create(model="mock", messages=message)
                assert reply.choices[0].message.content

        await asyncio.gather(*[one(messages[n % len(messages)]) for n in range(requests)])
        await client.close()

    return timed(lambda: asyncio.run(every()))


def ours(db, key, url, requests, concurrency):
    """A whole run; planned before the clock starts, as a page would."""
    run = runs.start(
        db, OWNER, key, judge(url), limit=requests, fresh=True, concurrency=concurrency
    )
    with collected_seldom():  # as `concord work` does
        spent = timed(lambda: asyncio.run(runner.execute(db, run)))
    status = runs.status(db, OWNER, run)
    assert (status.state, status.done) == ("done", requests), status
    return spent


def compare(db, key, url, requests, concurrency, rounds):
    """One line of the table; returns milliseconds of our CPU for a request."""
    loaded = studies.load(db, key)
    with db.read() as connection:
        units = [unit for _, unit in material.all_units(connection, loaded)][:200]
    messages = [judge(url).messages(unit) for unit in units]
    pairs = [
        (plain(url, requests, concurrency, messages), ours(db, key, url, requests, concurrency))
        for _ in range(rounds)
    ]
    middle = lambda who, what: statistics.median(pair[who][what] for pair in pairs)
    rates = [requests / middle(who, 0) for who in (0, 1)]
    cpu = [1000 * middle(who, 1) / requests for who in (0, 1)]
    print(
        f"concurrency {concurrency:3}: plain {rates[0]:6.0f}/s {cpu[0]:.2f} ms CPU; "
        f"ours {rates[1]:6.0f}/s {cpu[1]:.2f} ms CPU with everything stored; "
        f"throughput x{rates[1] / rates[0]:.2f}, CPU x{cpu[1] / cpu[0]:.2f}",
        flush=True,
    )
    return cpu[1]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[8, 32, 64])
    parser.add_argument("--port", type=int, default=8710)
    parser.add_argument("--url", default="", help="an endpoint that runs already")
    parser.add_argument("--rivals", action="store_true", help="Inspect, promptfoo, distilabel too")
    given = parser.parse_args()
    server = None
    if not given.url:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.openai_server", "--port", str(given.port),
             "--latency", str(given.latency)],
        )  # fmt: skip
        time.sleep(2)
    url = given.url or f"http://127.0.0.1:{given.port}/v1"
    try:
        with tempfile.TemporaryDirectory() as folder:
            db = Database(str(Path(folder) / "bench.db"))
            upgrade(db)
            study(db, "bench", given.requests)
            for concurrency in given.concurrency:
                mine = compare(db, "bench", url, given.requests, concurrency, given.rounds)
                if given.rivals:
                    rivals.compare(url, given.requests, concurrency, mine)
            db.close()
    finally:
        if server is not None:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
