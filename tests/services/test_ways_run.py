"""Each way of judging in a run from end to end: what is stored is what the models replied."""

import asyncio
import json

import pytest

from core import sandbox
from core.services import analysis, juries, material, runner, runs, studies
from core.workers.base import load
from storage import items
from storage.tables import Event, Judgment
from tests.conftest import missing
from tests.servers.openai_server import OpenAIServer, schema_of
from tests.services.answers import answer
from tests.services.chains import outputs, study, work_all
from tests.services.pairs import OWNER, judge, pairs, prefers, rows, work_on
from tests.workers.test_judge_ways import GOLDEN, REPLY, tokens

N = 6


@pytest.fixture
def database_url(sqlite_url):
    """SQLite alone: the engine makes no difference here."""
    return sqlite_url


def number(body):
    """Which pair a request shows."""
    words = json.dumps(body["messages"])
    return next(n for n in range(N) if f"Prompt number {n}." in words)


def first(body):
    """Whether the response called a is shown first."""
    words = body["messages"][-1]["content"]
    return words.rindex("Text a of") < words.rindex("Text b of")


def stored(db):
    """(unit, repeat) -> value and order shown, of the newest run."""
    return {
        (r.unit, r.repeat): (json.loads(r.value), r.shown) for r in rows(db, Judgment.__table__)
    }


def told(db):
    """What was told beside judgments."""
    return [r.data for r in rows(db, Event.__table__) if r.kind == "detail"]


def test_swapped_orders_are_stored_by_key_and_measured(db):
    """Pairs 0 and 1 go to whoever stands first, the others to a: four of six are consistent."""
    pairs(db, units=N)

    def reply(body):
        return prefers("A" if number(body) < 2 or first(body) else "B")

    with OpenAIServer(reply) as server:
        status = work_on(db, runs.start(db, OWNER, "pairs", judge(server.url)))
    assert status.done == 2 * N == len(server.requests)
    for (unit, repeat), (value, shown) in stored(db).items():
        assert shown == (["b", "a"] if repeat else ["a", "b"])
        assert value["winner"] == ("b" if unit <= 2 and repeat else "a")
    own = analysis.agreement(db, OWNER, "pairs").rater("judge").statistics
    assert own["order_agreement"].value == pytest.approx(4 / 6)


def test_a_debate_ends_when_nobody_changes_and_its_scores_decide(db):
    pairs(db, units=1)

    def reply(body):
        if "discussion is over" in body["messages"][0]["content"]:
            return {"better": {"reasoning": "Done.", "scores": {"A": 3, "B": 8}}}
        return {"speech": "I stay with B.", "answers": {"better": "B"}}

    with OpenAIServer(reply) as server:
        made = load({"kind": "debate", "name": "talk", "model": "m", "base_url": server.url,
                     "orders": "one", "rounds": 6})  # fmt: skip
        assert work_on(db, runs.start(db, OWNER, "pairs", made)).done == 1
    [(value, _)] = stored(db).values()
    assert value == {"winner": "b"} and len(server.requests) == 2 * 2 + 2
    [beside] = told(db)
    assert "'rounds': 2" in str(beside)


def test_of_a_list_the_best_is_stored_by_key_in_both_orders(db):
    """A for what stands first: c when it is shown first, a when the list is the other way round."""
    asked = [{"kind": "choice", "name": "best", "title": "Which is best"}]
    study(db, [], count=1, questions=asked, units="together")
    answered(db, "abc")
    reply = {"best": {"reasoning": "The first.", "answer": "A"}}
    with OpenAIServer(lambda body: reply) as server:
        made = judge(server.url, mode="listwise")
        assert work_on(db, runs.start(db, OWNER, "made", made)).done == 2
    found = {repeat: kept for (_, repeat), kept in stored(db).items()}
    for _, (value, shown) in found.items():
        assert value == {"winner": shown[0]}
    assert found[0][1] == found[1][1][::-1] and set(found[0][1]) == {"a", "b", "c"}


def test_an_expected_score_beside_a_reference_is_stored_as_replied(db):
    asked = [{"kind": "rating", "name": "quality", "title": "How good", "about": "output"}]
    study(db, [], count=1, questions=asked, meta=lambda n: {"key": "It is zero."}, units="each")
    answered(db)

    def reply(body):
        assert "It is zero." in json.dumps(body["messages"])
        return "".join(REPLY)

    with OpenAIServer(reply, logprobs=tokens(*REPLY, choices=GOLDEN)) as server:
        made = judge(server.url, mode="pointwise", expectation="logprob", reference="key")
        assert work_on(db, runs.start(db, OWNER, "made", made)).done == 1
    [(value, _)] = stored(db).values()
    assert value == 4 and "'expectation': 4.1095" in str(told(db))


def answered(db, keys="a"):
    made = studies.load(db, "made")
    with db.write() as connection:
        ids = items.item_ids(connection, made.id)
        items.add_outputs(connection, made.id, [
            {"item": i, "key": key, "content": {"kind": "text", "data": f"Nought, says {key}."}}
            for i in ids.values() for key in keys
        ])  # fmt: skip
        material.add_missing_units(connection, made)


def test_what_a_list_of_checks_and_a_failed_run_say_is_what_is_refined(db):
    """Decompose, criticise, refine: items that fail become the critique that is refined from."""

    def reply(body):
        names = set((schema_of(body) or {"properties": {}})["properties"])
        if "questions" in names:
            return {"analysis": "x", "questions": [
                {"text": "Is it short?", "required": True},
                {"text": "Does it name a number?", "required": True}]}  # fmt: skip
        if "1" in names:
            return {"1": {"analysis": "x", "answer": "YES"}, "2": {"analysis": "y", "answer": "NO"}}
        if names:
            assert "Does it name a number?" in json.dumps(body["messages"])
            return {name: "Zero, that is 0." for name in names}
        return "Nought."

    with OpenAIServer(reply) as server:
        at = {"model": "m", "base_url": server.url}
        study(db, [
            {"kind": "generate", "name": "writer", **at},
            {"kind": "checklist", "name": "lister", **at},
            {"kind": "checklist_judge", "name": "checker", "reads": ["checklist", "answer"],
             "writes": "critique", **at},
            {"kind": "refine", "name": "reviser", **at},
        ], count=1, questions=[{"kind": "label", "name": "right", "title": "Is it right",
                                "about": "output", "roles": ["answer", "revision"],
                                "labels": {"yes": "", "no": ""}}],
            units="each", judged=["answer", "revision"])  # fmt: skip
        assert all(s.done == 1 and not s.failed for s in work_all(db))
    by_role = {role: content for _, _, role, _, _, content in outputs(db)}
    assert "Does it name a number?" in json.dumps(by_role["critique"])
    assert "Is it short?" not in json.dumps(by_role["critique"]["data"])
    assert by_role["revision"]["data"] == "Zero, that is 0."


def test_every_jury_of_stored_votes_under_both_rules(db):
    """Three raters over six pairs; two of them differ on one pair: missing, or a tie."""
    made_study = pairs(db, units=N)
    for name, wrong in (("one", {0}), ("two", set()), ("three", {0, 1})):

        def reply(body, wrong=wrong):
            return prefers("B" if number(body) in wrong else "A")

        with OpenAIServer(reply) as server:
            made = judge(server.url, name=name, model=name, orders="one")
            assert work_on(db, runs.start(db, OWNER, "pairs", made)).done == N
    calls = []
    for ties in ("missing", "tie"):
        jury = load({"kind": "jury", "name": f"panel {ties}", "jurors": ["one", "two"],
                     "ties": ties})  # fmt: skip
        run = runs.start(db, OWNER, "pairs", jury)
        asyncio.run(runner.execute(db, run))
        status = runs.status(db, OWNER, run)
        calls.append((status.done, status.skipped, status.calls))
    assert calls == [(N - 1, 1, 0), (N, 0, 0)]
    answer(db, made_study, "better", "person", "ann", {f"i{n}": {"winner": "a"} for n in range(N)})
    found = juries.juries(db, OWNER, "pairs", "better", members=["one", "two", "three"])
    assert {found.said(j): (j.ties, j.missing.n, j.tie.n) for j in found.found} == {
        "one + two": (1, N - 1, N), "one + three": (1, N - 1, N), "two + three": (2, N - 2, N),
        "one + two + three": (0, N, N),
    }  # fmt: skip


def test_what_tests_say_of_code_is_what_is_refined_and_code_that_passes_is_left(db):
    """Execution feedback: the trace of the test that failed is what the reviser is given."""
    lacking = sandbox.missing()
    if lacking:
        missing(f"the sandbox: {lacking}")

    def reply(body):
        words = json.dumps(body["messages"])
        if schema_of(body) is None:
            wrong = "What is 1 plus 1?" in words
            return f"```python\ndef double(x):\n    return {'3' if wrong else '2'} * x\n```"
        assert "test_double" in words and "AssertionError" in words
        return {"changes": "Two.", "revision": "```python\ndef double(x):\n    return 2 * x\n```"}

    with OpenAIServer(reply) as server:
        at = {"model": "m", "base_url": server.url}
        study(db, [
            {"kind": "generate", "name": "writer", **at},
            {"kind": "execute", "name": "tests", "reads": ["answer"], "writes": "execution"},
            {"kind": "refine", "name": "reviser", "reads": ["answer", "execution"], **at},
        ], count=2, questions=[{"kind": "label", "name": "right", "title": "Is it right",
                                "about": "output", "labels": {"yes": "", "no": ""}}],
            meta=lambda n: {"tests": "def test_double():\n    assert double(4) == 8"},
            units="each", judged=["answer", "revision"])  # fmt: skip
        assert all(s.done == 2 and not s.failed for s in work_all(db))
    revised = {item: c for item, _, role, _, _, c in outputs(db) if role == "revision"}
    assert "return 2 * x" in revised["q1"]["data"] and revised["q1"]["facts"]["changes"] == "Two."
    assert revised["q0"]["facts"] == {"unchanged": True} and "return 2 * x" in revised["q0"]["data"]
    assert len(server.requests) == 3
