"""What a click costs the server as a study grows: every page, and every call that reads a log.

`python -m tests.benchmarks.page_sizes [--large 100000] [--raters 60] [--runs 5] [--pages home,..]`

Calls: CPU of each service call that reads a log, in this process, after one new answer. Pages,
through real websockets: the CPU of the server's whole process for the first visit, for a further
one, for one after somebody else's new answer, and for a press of what the page has. Each at a
thousand units and at `--large` units, a person and a rule judging all; and Agreement with six and
with `--raters` raters of a thousand units. A tenth of the units are disputed, a tenth have known
answers; the verdict is shown in arms. Prints milliseconds and the ratio of the sizes.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from core.protocol import from_yaml
from core.services import (
    analysis,
    answering,
    assignment,
    cases,
    effects,
    exports,
    history,
    material,
    overview,
    quality,
    runs,
    studies,
    weighting,
)
from core.services.access import Identity
from core.services.exports import Choice
from core.services.store import open_store
from core.workers.base import load
from storage import imported, items, judgments
from storage import studies as rows
from storage.database import Database
from tests.servers.app_server import AppServer
from tests.servers.socket_person import SocketPerson

OWNER, OTHER = Identity("owner"), Identity("other")
PROTOCOL = """
name: {name}
title: {name}
questions: [{{kind: label, name: tone, title: Tone, labels: [warm, cold, flat]}}]
workers: [{{kind: baseline, name: first}}]
assignment: {{overlap: 1000}}
reveal: {{mode: arms}}
"""
LABELS, ARMS, PIECE = ("warm", "cold", "flat"), ("never", "before", "after"), 5000
PRESSES = {"review": ("Next", "slip", "cold")}  # the last two store a cause and an answer
PAGES = {
    "home": "raters", "annotate": "Tone", "work": "1", "messages": "", "agreement": "alpha",
    "review": "decided", "people": "Give units", "outcomes": "", "ask": "", "runs": "to make",
    "judges": "", "data": "first lines", "studies": "version",
}  # fmt: skip
CALLS: dict[str, Callable[[Database, str], Any]] = {
    "comparison": lambda db, key: analysis.agreement(db, OWNER, key),
    "weighted": lambda db, key: weighting.weights(db, OWNER, key),
    "effects": lambda db, key: effects.of_reveal(db, OWNER, key, "tone"),
    "queue": lambda db, key: cases.queue(db, OWNER, key, "tone"),
    "quality": lambda db, key: quality.table(db, OWNER, key),
    "preview": lambda db, key: exports.first_lines(db, OWNER, key, Choice("csv")),
    "overview": lambda db, key: overview.overview(db, OTHER, key),
    "own work": lambda db, key: history.mine(db, OTHER, key),
}


def build(db: Database, name: str, units: int, raters: int) -> None:
    """A study in which every rater has judged every unit; each tenth unit is disputed."""
    study = studies.create(db, OWNER, from_yaml(PROTOCOL.format(name=name)))
    with db.write() as connection:
        items.add_items(
            connection, study.id,
            ({"key": f"i{n}", "content": {"text": {"kind": "text", "data": f"Text {n}"}},
              "meta": {}, "gold": {"tone": LABELS[n % 3]} if n % 10 == 5 else None}
             for n in range(units)),
        )  # fmt: skip
        material.add_missing_units(connection, study)
    study = studies.load(db, name)
    question = study.protocol.questions[0]
    with db.write() as connection:
        found = list(items.unit_ids(connection, study.id).items())
        for rater in range(raters):
            kind, key = ("rule", "rule") if rater == raters - 1 else ("person", f"p{rater}")
            row = rows.rater(connection, study.id, kind, key, name=key)
            given = _given(connection, study.id, row, found) if kind == "person" else {}
            fresh = [
                judgments.NewJudgment(
                    unit=unit, unit_key=unit_key, question=study.wording(question),
                    question_digest=question.digest, rater=row, rater_key=f"{kind}:{key}",
                    value=LABELS[code], code=code, assignment=given.get(unit), seconds=2.0,
                )
                for n, (unit_key, unit) in enumerate(found)
                for code in ((n + (n % 10 == 0 and rater % 2 == raters % 2)) % 3,)
            ]  # fmt: skip
            for start in range(0, len(fresh), PIECE):
                judgments.append(connection, study.id, fresh[start : start + PIECE], check=False)
    worker = load({"kind": "baseline", "name": "first", "title": "a run"})
    runs.stop(db, OWNER, runs.start(db, OWNER, name, worker))
    studies.set_state(db, OWNER, name, "open")


def _given(connection: Any, study: int, rater: int, found: list[tuple[str, int]]) -> dict[int, int]:
    """Assignments of all units to a person, by unit, each in an arm of the reveal."""
    how = {"policy": "shared/1", "propensity": 1.0, "design": "inclusion"}
    places = {
        (unit, rater, "first", 0): {**how, "arm": ARMS[n % 3]} for n, (_, unit) in enumerate(found)
    }
    imported.assign(connection, study, places)
    imported.answered(connection, study, [(unit, rater) for _, unit in found], 1000)
    made = imported.assigned(connection, study)
    return {unit: made[unit, rater, "first", 0] for _, unit in found}


class Answers:
    """Somebody who answers one unit after the other."""

    def __init__(self, db: Database, key: str) -> None:
        self.db, self.n = db, 0
        self.held = assignment.current(db, OTHER, key)

    def __call__(self) -> None:
        """One more answer; what is asked behind a verdict too."""
        self.n += 1
        value = {"tone": LABELS[self.n % 2]}
        self.held = answering.submit(self.db, OTHER, self.held, value, follow=True).next


def spent(server: AppServer) -> float:
    """Milliseconds of CPU that the server has taken so far, to ten."""
    assert server.process is not None
    used = psutil.Process(server.process.pid).cpu_times()
    return (used.user + used.system) * 1e3


def cost(
    server: AppServer, page: str, study: str, times: int, answer: Callable[[], None]
) -> dict[str, float]:  # fmt: skip
    """Milliseconds of the server's CPU by what is done on a page."""
    found = {}
    before = spent(server)
    with SocketPerson(server.port, page, f"study={study}&who=owner") as person:
        found["first"] = spent(server) - before

        def again() -> None:
            person.page_hash = ""  # it is asked for by its name, as when it is opened
            person.rerun()

        again()
        acts = {"again": again, "answer": again}
        acts |= {
            label: (lambda label=label: person.press(person.button(label)))
            for label in PRESSES.get(page, ())
        }
        for name, act in acts.items():
            total = 0.0
            for _ in range(times):
                if name == "answer":
                    answer()
                before = spent(server)
                act()
                total += spent(server) - before
            found[name] = total / times
        if PAGES[page] not in person.text():
            raise SystemExit(f"{page} does not show what it should:\n{person.text()[-2000:]}")
    return found


def called(db: Database, key: str, times: int) -> dict[str, float]:
    """Median CPU milliseconds of each call after one new answer."""
    answer, found = Answers(db, key), {}
    for name, call in CALLS.items():
        call(db, key)
        taken = []
        for _ in range(times):
            answer()
            before = time.process_time()
            call(db, key)
            taken.append(1e3 * (time.process_time() - before))
        found[name] = median(taken)
    return found


def told(what: str, sizes: tuple[str, str], costs: list[dict[str, float]]) -> None:
    """One line for each act."""
    one, other = costs
    for act in one:
        print(
            f"{what:10} {act:12} {sizes[0]} {one[act]:7.1f} ms CPU, {sizes[1]} {other[act]:7.1f}: "
            f"ratio {other[act] / max(one[act], 1):.2f}",
            flush=True,
        )  # fmt: skip


def main() -> None:
    """Build, call, open, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--raters", type=int, default=60)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--pages", default=",".join(PAGES), help="which ones; '' for calls alone")
    options = parser.parse_args()
    sizes = {"few": (1000, 6), "many": (1000, options.raters), "small": (1000, 2),
             "large": (options.large, 2)}  # fmt: skip
    pages = [(page, ("small", "large")) for page in PAGES if page in options.pages.split(",")]
    pages += [("agreement", ("few", "many"))] * ("agreement" in options.pages.split(","))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        db = open_store(url)
        for name, (units, raters) in sizes.items():
            build(db, name, units, raters)
        told("calls", ("small", "large"), [called(db, n, options.runs) for n in ("small", "large")])
        answers = {name: Answers(db, name) for name in sizes}
        with AppServer(url, Path(folder) / "log") as server:
            for page, pair in pages:
                cost(server, page, pair[0], 1, answers[pair[0]])  # loading belongs to neither
                costs = [cost(server, page, n, options.runs, answers[n]) for n in pair]
                told(page, pair, costs)
        db.close()


if __name__ == "__main__":
    main()
