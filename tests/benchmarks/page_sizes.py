"""What a page costs the server as a study grows: Agreement, Review and Model runs.

`python -m tests.benchmarks.page_sizes [--large 100000] [--raters 60] [--runs 5]`

Agreement: six raters and `--raters` raters over a thousand units. Review and Model runs: a thousand
units and `--large` units; a tenth of them are disagreements between a person and a rule; a run of
as many tasks is stored. Opens each page twice through real websockets, so that what is kept between
visits is there, then draws it anew `--runs` times, and presses what it has as often. Prints the
server's CPU of the first visit, of a further one and of a press, and the ratio of the sizes.
"""

import argparse
import tempfile
from pathlib import Path

import psutil

from core.protocol import from_yaml
from core.services import material, runs, studies
from core.services.access import Identity
from core.services.store import open_store
from core.workers.base import load
from storage import items, judgments
from storage import studies as rows
from storage.database import Database
from tests.servers.app_server import AppServer
from tests.servers.socket_person import SocketPerson

OWNER = Identity("owner")
PROTOCOL = """
name: {name}
title: {name}
questions: [{{kind: label, name: tone, title: Tone, labels: [warm, cold, flat]}}]
workers: [{{kind: baseline, name: first}}]
"""
PIECE = 5000
PRESSES = {"review": ("Next", "slip", "cold")}  # the last two store a cause and an answer
WANTED = {"agreement": "alpha", "review": "decided", "runs": "to make"}


def build(db: Database, name: str, units: int, raters: int) -> None:
    """A study in which every rater has judged every unit; each tenth unit is disputed."""
    study = studies.create(db, OWNER, from_yaml(PROTOCOL.format(name=name)))
    with db.write() as connection:
        items.add_items(
            connection, study.id,
            ({"key": f"i{n}", "content": {"text": {"kind": "text", "data": f"Text {n}"}},
              "meta": {}} for n in range(units)),
        )  # fmt: skip
        material.add_missing_units(connection, study)
    study = studies.load(db, name)
    question = study.protocol.questions[0]
    labels = list(question.scale().labels)
    wording = study.wording(question)
    with db.write() as connection:
        found = list(items.unit_ids(connection, study.id).items())
        for rater in range(raters):
            kind, key = ("rule", "rule") if rater == raters - 1 else ("person", f"p{rater}")
            row = rows.rater(connection, study.id, kind, key, name=key)
            fresh = [
                judgments.NewJudgment(
                    unit=unit, unit_key=unit_key, question=wording,
                    question_digest=question.digest, rater=row, rater_key=f"{kind}:{key}",
                    value=labels[code], code=code,
                )
                for n, (unit_key, unit) in enumerate(found)
                for code in ((n + (n % 10 == 0 and rater % 2)) % 3,)
            ]  # fmt: skip
            for start in range(0, len(fresh), PIECE):
                judgments.append(connection, study.id, fresh[start : start + PIECE], check=False)
    worker = load({"kind": "baseline", "name": "first", "title": "a run"})
    runs.stop(db, OWNER, runs.start(db, OWNER, name, worker))
    studies.set_state(db, OWNER, name, "open")


def spent(server: AppServer) -> float:
    """Milliseconds of CPU that the server has taken so far, to ten."""
    assert server.process is not None
    used = psutil.Process(server.process.pid).cpu_times()
    return (used.user + used.system) * 1e3


def cost(server: AppServer, page: str, study: str, times: int) -> dict[str, float]:
    """Milliseconds of the server's CPU for the first visit, for a further one, and for presses."""
    found = {}
    before = spent(server)
    with SocketPerson(server.port, page, f"study={study}&who=owner") as person:
        found["first"] = spent(server) - before

        def again() -> None:
            person.page_hash = ""  # it is asked for by its name, as when it is opened
            person.rerun()

        again()
        acts = {"again": again}
        acts |= {
            label: (lambda label=label: person.press(person.button(label)))
            for label in PRESSES.get(page, ())
        }
        for name, act in acts.items():
            before = spent(server)
            for _ in range(times):
                act()
            found[name] = (spent(server) - before) / times
        if WANTED[page] not in person.text():
            raise SystemExit(f"{page} does not show what it should:\n{person.text()[-2000:]}")
    return found


def main() -> None:
    """Build, open, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--raters", type=int, default=60)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    sizes = {"few": (1000, 6), "many": (1000, options.raters), "small": (1000, 2),
             "large": (options.large, 2)}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        db = open_store(url)
        for name, (units, raters) in sizes.items():
            build(db, name, units, raters)
        db.close()
        with AppServer(url, Path(folder) / "log") as server:
            for page, one, other in (
                ("agreement", "few", "many"), ("agreement", "small", "large"),
                ("review", "small", "large"), ("runs", "small", "large"),
            ):  # fmt: skip
                cost(server, page, one, 1)  # what the page loads belongs to neither
                a, b = (cost(server, page, name, options.runs) for name in (one, other))
                for act in a:
                    print(
                        f"{page:9} {act:12} {one} {a[act]:5.0f} ms CPU, {other} {b[act]:5.0f}: "
                        f"ratio {b[act] / max(a[act], 1):.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
