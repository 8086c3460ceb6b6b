"""Workers that think and that run code, through a runner: what they wrote is in the database."""

import json

import pytest

from core import sandbox
from core.content.base import restore
from core.services import studies
from storage import items
from tests.conftest import missing
from tests.servers.openai_server import OpenAIServer, schema_of
from tests.services.chains import outputs, study, work

CODE = "Here it is:\n```python\ndef double(x):\n    return 2 * x\n```"
TESTS = "assert double(1) == 2\nassert double(0) == 1"
ANSWERS = {
    "question": "What is twice that?", "points": [{"point": "it doubles", "quote": "return 2 * x"}],
    "thought": "done", "act": "solution", "content": "two",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _a_sandbox():
    lacking = sandbox.missing()
    if lacking:
        missing(f"the sandbox: {lacking}")


def told(body):
    return {name: ANSWERS[name] for name in schema_of(body)["properties"]}


def with_answers(db, made):
    with db.write() as connection:
        ids = items.item_ids(connection, made.id)
        items.add_outputs(connection, made.id, (
            {"item": item, "key": "a", "role": "answer", "source": "someone",
             "content": {"kind": "text", "data": CODE}}
            for item in ids.values()
        ))  # fmt: skip


def test_what_they_write_hangs_on_what_they_read(db):
    with OpenAIServer(told) as server:
        place = {"model": "m", "base_url": server.url}
        workers = [
            {"kind": "execute", "name": "tests"},
            {"kind": "reverse", "name": "guess", **place},
            {"kind": "extract", "name": "points", **place},
            {"kind": "act", "name": "actor", **place},
        ]
        facts = {"tests": TESTS, "reference": "two"}
        made = study(db, workers, count=2, meta=lambda n: facts)
        with_answers(db, made)
        for name in ("tests", "guess", "points", "actor"):
            done = work(db, name)
            assert (done.state, done.done, done.failed) == ("done", 2, 0), done
    found = [row for row in outputs(db) if row[0] == "q0"]
    by_role = {role: (parent, content) for _, _, role, parent, _, content in found}
    assert set(by_role) == {"answer", "result", "guess", "points", "trajectory"}
    assert by_role["result"][0] == by_role["guess"][0] == by_role["points"][0] == "a"
    result = restore({k: v for k, v in by_role["result"][1].items() if k != "facts"})
    assert [t["outcome"] for t in result.data["tests"]] == ["passed", "failed"]
    assert by_role["result"][1]["facts"]["right"] == 1
    assert 0 <= by_role["guess"][1]["facts"]["cosine"] <= 1
    assert by_role["points"][1]["facts"]["points"][0]["quote"] == "return 2 * x"
    assert by_role["trajectory"][1]["facts"]["ended"] == "max_proposals"
    assert json.dumps(by_role["trajectory"][1]["data"]).count("wrong") == 2
    assert studies.load(db, "made").state == "open"


def test_a_broken_reply_leaves_no_output(sqlite_url):
    from storage.database import Database

    db = Database(sqlite_url)
    with OpenAIServer(lambda body: {"question": ""}) as server:
        made = study(db, [{"kind": "reverse", "name": "guess", "model": "m",
                           "base_url": server.url}], count=1)  # fmt: skip
        with_answers(db, made)
        done = work(db, "guess")
    assert (done.done, done.failed) == (0, 1)
    assert [role for _, _, role, *_ in outputs(db)] == ["answer"]
    db.close()
