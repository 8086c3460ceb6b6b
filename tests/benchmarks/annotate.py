"""What it costs the server to save one answer and show the next.

`python -m tests.benchmarks.annotate [--answers 500] [--large 100000] [--runs 5]`

Two studies, 100 items and `--large` items with as many stored judgments, are answered in turn
through real websockets, `--runs` times each, a fresh server for each run. Prints the server's CPU
per answer (median of the runs) and the ratio of the two, then the write path alone: the service
call that checks and appends one judgment, wall time per call on each study.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from core.protocol import from_yaml
from core.services import answering, assignment, material, store, studies
from core.services.access import Identity
from storage import items, judgments
from storage import studies as rows
from storage.database import Database
from tests.servers.app_server import AppServer
from tests.servers.socket_person import SocketPerson

OWNER = Identity("owner")
PROTOCOL = """
name: {name}
title: A study of {count} items
assignment: {{overlap: {overlap}}}
questions:
  - {{kind: pairwise, name: better, title: Which is better}}
"""
WORDS = "The answer names the place, gives the year and says where both can be checked. "


def build(db: Database, name: str, count: int, stored: int, *, overlap: int = 1000) -> None:
    """A study of `count` pairs with `stored` judgments of a rule already in its log."""
    study = studies.create(
        db, OWNER, from_yaml(PROTOCOL.format(name=name, count=count, overlap=overlap))
    )
    with db.write() as connection:
        items.add_items(
            connection, study.id,
            ({"key": f"i{n}", "content": {"prompt": {"kind": "text", "data": f"Question {n}"}},
              "meta": {}} for n in range(count)),
        )  # fmt: skip
        items.add_outputs(
            connection, study.id,
            ({"item": i, "key": o, "content": {"kind": "text", "data": WORDS * 4}}
             for i in items.item_ids(connection, study.id).values() for o in "ab"),
        )  # fmt: skip
        material.add_missing_units(connection, study)
    study = studies.load(db, name)
    question = study.protocol.questions[0]
    with db.write() as connection:
        units = list(items.unit_ids(connection, study.id).items())
        rater = rows.rater(connection, study.id, "rule", "coin", name="Coin")
        fresh = [
            judgments.NewJudgment(
                unit=i, unit_key=key, question=study.wording(question),
                question_digest=question.digest, rater=rater, rater_key="rule:coin",
                value={"winner": "a"}, code=0,
            )
            for key, i in units[:stored]
        ]  # fmt: skip
        for start in range(0, len(fresh), 5000):
            judgments.append(connection, study.id, fresh[start : start + 5000], check=False)
    studies.set_state(db, OWNER, name, "open")


def one_run(url: str, name: str, person: str, answers: int, log: Path) -> tuple[float, float]:
    """Server CPU and median wall per answer in milliseconds, over `answers` answers."""
    with AppServer(url, log) as server:
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        with SocketPerson(server.port, "annotate", f"study={name}&who={person}&lane=native") as who:
            for _ in range(30):
                who.press(who.button("A is better"))
            walls, before = [], process.cpu_times()
            for _ in range(answers):
                start = time.perf_counter()
                who.press(who.button("A is better"))
                walls.append(time.perf_counter() - start)
            after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return spent / answers * 1e3, statistics.median(walls) * 1e3


def write_path(db: Database, name: str, person: str, answers: int) -> float:
    """Median wall milliseconds of `answering.submit`, the commit to disk included."""
    who = Identity(person)
    walls = []
    for _ in range(answers):
        held = assignment.current(db, who, name)
        assert held is not None
        start = time.perf_counter()
        answering.submit(db, who, held, {"better": {"winner": "a"}}, 1.0)
        walls.append(time.perf_counter() - start)
    return statistics.median(walls) * 1e3


def main() -> None:
    """Build, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=500)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        db = Database(url)
        store.ensure(db)
        small = options.answers + 100
        sizes = {"small": small, "large": options.large}
        for name, count in sizes.items():
            build(db, name, count, min(count, options.large))
        costs: dict[str, list[float]] = {name: [] for name in sizes}
        walls: dict[str, list[float]] = {name: [] for name in sizes}
        for run in range(options.runs):
            for name in sizes:
                cpu, wall = one_run(url, name, f"p{run}", options.answers, Path(folder) / "log")
                costs[name].append(cpu)
                walls[name].append(wall)
                print(f"run {run + 1} {name:5} cpu {cpu:6.2f} ms  wall {wall:6.2f} ms", flush=True)
        middle = {name: statistics.median(found) for name, found in costs.items()}
        for name in sizes:
            print(
                f"{name}: {sizes[name]:,} items, median CPU per answer {middle[name]:.2f} ms, "
                f"median wall {statistics.median(walls[name]):.2f} ms"
            )
        print(f"large / small: {middle['large'] / middle['small']:.3f}")
        for name in sizes:
            print(f"write path, {name}: {write_path(db, name, 'writer', 300):.2f} ms wall")


if __name__ == "__main__":
    main()
