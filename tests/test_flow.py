"""One study from import to export: every layer, both engines, a real endpoint, a real runner."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from core.cli import main
from core.services import analysis, answering, assignment, cases, review, runs, studies
from core.services.access import Identity
from core.settings import ROOT, settings
from core.workers.judge import Judge
from tests.servers.openai_server import OpenAIServer

RITA, ANA, BEN = Identity("rita"), Identity("ana"), Identity("ben")
MAPPING = """
study:
  name: flow
  title: Which answer is better
  questions:
    - {kind: pairwise, name: better, title: Which answer is better}
    - {kind: text, name: why, title: Why}
items:
  key: id
  fields: {prompt: question}
  responses: {first: left, second: right}
  meta: [topic]
"""
ROWS = [
    {"id": n, "question": f"Question {n}?", "left": f"A clear answer to {n}.", "topic": "odds",
     "right": f"A muddled answer to {n}, with more words."}
    for n in range(6)
]  # fmt: skip


@pytest.fixture
def concord(db, monkeypatch):
    """The command line over the test's database; returns the JSON that a verb prints."""
    url = db.url
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ENDPOINT_KEY", "a-secret-for-the-test")
    settings.cache_clear()

    def run(*words):
        outcome = CliRunner().invoke(main, [*words, "--json"])
        assert outcome.exit_code == 0, outcome.output
        return json.loads(outcome.stdout.strip().splitlines()[-1])

    yield run
    settings.cache_clear()


def first_wins(body):
    """A scripted judge: prefers the clear answer, wherever it is shown."""
    text = json.dumps(body["messages"])
    clear_is_first = text.index("A clear answer") < text.index("A muddled answer")
    letter = "A" if clear_is_first else "B"
    verdict = {"reasoning": "It is clearer.", "answer": letter}
    return {"better": verdict, "why": {"reasoning": "", "answer": "The clear one reads better."}}


def answer_all(db, who, winner):
    held = assignment.current(db, who, "flow")
    while held:
        value = {"winner": winner(held.unit.item)}
        held = answering.submit(db, who, held, {"better": value}, 3.0, follow=True).next


def runner_process(url):
    """A runner of its own, as the app starts one; returns when nothing is left to do."""
    done = subprocess.run(
        [sys.executable, "-m", "core.cli", "work", "--once"], cwd=ROOT, timeout=120,
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


def test_from_import_to_export(db, concord, tmp_path):
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    (tmp_path / "map.yaml").write_text(MAPPING)
    files = [str(tmp_path / "rows.jsonl"), "--mapping", str(tmp_path / "map.yaml")]
    assert concord("import", *files)["new_items"] == 6
    assert concord("import", *files)["new_items"] == 0
    studies.set_state(db, RITA, "flow", "open")

    with OpenAIServer(first_wins, key="a-secret-for-the-test") as server:
        judge = Judge(
            name="Judge one", model="scripted", base_url=server.url, key="ENDPOINT_KEY",
            mode="pairwise",
        )  # fmt: skip
        runs.add_worker(db, RITA, "flow", judge)
        run = runs.start(db, RITA, "flow", judge)
        runner_process(db.url)
        status = runs.status(db, RITA, run)
        assert (status.state, status.done, status.failed) == ("done", 12, 0)
        assert server.count == 12
        with pytest.raises(runs.NothingToDo):
            runs.start(db, RITA, "flow", judge)
    assert studies.load(db, "flow").revision == 24

    answer_all(db, ANA, lambda item: "first")
    answer_all(db, BEN, lambda item: "second" if item == "3" else "first")
    assert studies.load(db, "flow").revision == 36

    found = analysis.agreement(db, RITA, "flow", "better")
    people = next(p for p in found.pairs if {p.first, p.second} == {"ana", "ben"})
    assert people.percent.value == pytest.approx(5 / 6) and people.percent.n == 6
    model = next(r for r in found.raters if r.name == "Judge one")
    assert model.kind == "model" and model.n == 6
    assert concord("stats", "--study", "flow")["study"] == "flow"

    queue = cases.queue(db, RITA, "flow", "better")
    assert len(queue.cases) == 1 and not queue.cases[0].decided
    seen = review.detail(db, RITA, "flow", "better", queue.cases[0].unit_id)
    assert seen.unit.item == "3"
    review.give_cause(db, RITA, "flow", "better", seen.unit_id, "slip")
    review.adjudicate(db, RITA, "flow", seen, {"winner": "first"}, "Ben pressed the wrong key")
    assert review.causes(db, RITA, "flow", "better")["slip"] == 1

    exported = {}
    for format_ in ("csv", "jsonl", "preference"):
        exported[format_] = tmp_path / f"out.{format_}"
        concord("export", "--study", "flow", "--format", format_, "--out", str(exported[format_]))
    table = list(csv.DictReader(io.StringIO(exported["csv"].read_text())))
    assert len(table) == 37 and "ana" not in exported["csv"].read_text()
    pairs = [json.loads(line) for line in exported["preference"].read_text().splitlines()]
    assert len(pairs) == 6 and all("clear" in pair["chosen"] for pair in pairs)
    assert all("muddled" in pair["rejected"] for pair in pairs)
    checked = concord("verify", "--study", "flow")
    assert "a-secret-for-the-test" not in exported["jsonl"].read_text()
    assert checked, checked
