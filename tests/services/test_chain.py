"""A chain end to end: generate, criticise, revise, judge; and killed in the middle of it."""

import asyncio
import json
import os
import signal
import time
from collections import Counter

import pytest
from sqlalchemy import delete, func, select

from core import batches
from core.services import analysis, chain, critique_effects, revisions, runner, runs, studies
from core.services.budget import Budget
from core.services.runs import Refused
from core.services.terms import Terms
from storage.tables import Output
from tests.servers.openai_extras import Batches
from tests.servers.openai_server import Fault, OpenAIServer, schema_of
from tests.services.answers import answer
from tests.services.chains import OWNER, generator, outputs, study, units, work, work_all
from tests.services.test_runs_killed import runner_process

MADE = Output.__table__
RIGHT = [{"kind": "label", "name": "right", "title": "Is it right", "about": "output",
          "labels": {"correct": "it is", "incorrect": "it is not"}}]  # fmt: skip


def played(body):
    """All of the models: an answer that is wrong for even numbers, and whatever follows from it."""
    text = str(body["messages"][-1]["content"])
    schema = schema_of(body)
    fields = (schema or {"properties": {}})["properties"]
    if not fields:
        n = int(text.split()[2])
        return f"It is {2 * n + (n % 2 == 0)}."
    n = int(text.split("What is ")[1].split()[0])
    wrong = f"It is {2 * n + 1}." in text
    if "claims" in fields:
        claim = {"text": "The sum is wrong.", "quote": f"is {2 * n + 1}", "kind": "error",
                 "fix": ""}  # fmt: skip
        return {"analysis": "", "claims": [claim] if wrong else [], "summary": "Checked.",
                "verdict": "incorrect" if wrong else "correct"}  # fmt: skip
    if "revision" in fields:
        return {"changes": "The sum.", "revision": f"It is {2 * n}."}
    return {"right": {"reasoning": "Added.", "answer": "incorrect" if wrong else "correct"}}


def workers(url):
    """A judge, a reviser, a critic and a writer, given in the wrong order."""
    at = {"model": "m", "base_url": url}
    return [
        {"kind": "judge", "name": "judge", **at}, {"kind": "refine", "name": "reviser", **at},
        {"kind": "critique", "name": "critic", **at}, generator(url),
    ]  # fmt: skip


def test_generate_criticise_revise_judge(db):
    with OpenAIServer(played) as server:
        study(db, workers(server.url), count=4, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        found = work_all(db)
    assert [(s.worker, s.state, s.done, s.failed, s.calls) for s in found] == [
        ("writer", "done", 4, 0, 4), ("critic", "done", 4, 0, 4), ("reviser", "done", 4, 0, 2),
        ("judge", "done", 8, 0, 6),
    ]  # fmt: skip
    rows = outputs(db)
    assert Counter(row[2] for row in rows) == {"answer": 4, "critique": 4, "revision": 4}
    parents = {row[1]: row[3] for row in rows}
    for row in rows:
        if row[2] == "revision":
            answer = parents[row[3]]
            assert answer.startswith("answer-") and parents[answer] == ""
    shown = units(db)
    assert [[o.role for o in u.outputs] for u in shown] == [["answer"], ["revision"]] * 4
    assert all(u.context == () for u in shown)  # nothing gives the revision away
    unchanged = [row[5]["facts"].get("unchanged") for row in rows if row[2] == "revision"]
    assert unchanged.count(True) == 2


def test_what_revising_did(db):
    with OpenAIServer(played) as server:
        made = study(db, workers(server.url), count=4, questions=RIGHT, units="each",
                     judged=["answer", "revision"])  # fmt: skip
        assert not revisions.exist(db, made)
        work_all(db)
    found = revisions.before_after(db, OWNER, "made", "right")
    assert revisions.exist(db, made) and (found.linked, found.correct) == (4, ["correct"])
    [row] = found.rows
    assert (row.name, row.kind) == ("judge", "model")
    assert row.moves.counts == {"CC": 2, "CI": 0, "IC": 2, "II": 0}
    assert row.moves.change.value == 0.5 and row.moves.change.coverage == 1.0
    other = revisions.before_after(db, OWNER, "made", "right", correct=["incorrect"])
    assert other.rows[0].moves.counts == {"CC": 0, "CI": 2, "IC": 0, "II": 2}


HOLDS = {"right": "it does", "wrong": "it does not", "trivial": "it says nothing"}
CLAIM = {"kind": "label", "name": "holds", "title": "Does it hold", "labels": HOLDS}


def test_how_revisions_went_by_what_people_held_of_the_critique(db):
    asked = [
        {**RIGHT[0], "roles": ["answer", "revision"]},
        {**CLAIM, "about": "output", "name": "critique", "roles": ["critique"]},
        {"kind": "segments", "name": "claims", "title": "Each claim", "questions": [CLAIM],
         "roles": ["critique"]},
    ]  # fmt: skip
    with OpenAIServer(played) as server:
        made = study(db, workers(server.url), count=6, questions=asked, units="each",
                     judged=["answer", "critique", "revision"])  # fmt: skip
        work_all(db)
    found = revisions.before_after(db, OWNER, "made", "right")
    assert found.linked == 6 and found.rows[0].moves.counts["IC"] == 3
    assert critique_effects.followed(db, OWNER, "made") == []
    keys = {u.item: u for u in units(db) if u.outputs[0].role == "critique"}
    said = {"q0": "right", "q2": "wrong", "q1": "trivial", "q3": "trivial"}
    for who in ("ana", "ben"):
        given = {**said, "q4": "right" if who == "ana" else "wrong"}
        answer(db, made, "critique", "person", who, {keys[i].key: v for i, v in given.items()})
    parts = {
        keys[i].key: {"answers": {s: {"holds": said[i]} for s in claims(made, keys[i])}}
        for i in said
    }
    answer(db, made, "claims", "person", "ana", parts)
    rows = {(r.critique, r.label): r for r in critique_effects.followed(db, OWNER, "made")
            if r.by == "judge"}  # fmt: skip
    moves = {place: row.moves.counts for place, row in rows.items()}
    assert moves["critique", "right"] == {"CC": 0, "CI": 0, "IC": 1, "II": 0}
    assert moves["critique", "trivial"] == {"CC": 2, "CI": 0, "IC": 0, "II": 0}
    assert moves["critique", critique_effects.NOT_JUDGED] == {"CC": 1, "CI": 0, "IC": 1, "II": 0}
    assert moves["claims.holds", "wrong"] == {"CC": 0, "CI": 0, "IC": 1, "II": 0}
    trivial = rows["critique", "trivial"]
    assert trivial.revisions == 2 and trivial.moves.kept.low < 1 == trivial.moves.kept.value
    lines = critique_effects.flat([trivial])
    assert (lines[0]["CC_count"], lines[0]["kept_n"], lines[0]["IC"]) == (2, 2, 0.0)


def claims(made, unit):
    return made.protocol.question("claims").parts(unit)


def test_a_unit_about_a_critique_shows_the_answer_around_it(db):
    with OpenAIServer(played) as server:
        made = study(db, workers(server.url), count=1, questions=RIGHT, units="each",
                     judged=["critique"])  # fmt: skip
        work_all(db)
    [shown] = units(db)
    assert [o.role for o in shown.outputs] == ["critique"] and shown.order == (
        shown.outputs[0].key,
    )
    [around] = shown.context
    assert around.role == "answer" and around.key == shown.outputs[0].parent
    assert [o.source for o in (*shown.blind().outputs, *shown.blind().context)] == ["", ""]
    assert made.protocol.judges("critique") and not made.protocol.judges("answer")


@pytest.mark.slow
def test_kill_9_while_outputs_are_written(db):
    with OpenAIServer(played, latency=0.03) as server:
        study(db, workers(server.url), count=40, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        run = chain.start(db, OWNER, "made", concurrency=4)
        process = runner_process(db)
        try:
            until = time.monotonic() + 60
            while _count(db) < 50 and time.monotonic() < until:
                time.sleep(0.02)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        before = _count(db)
        assert 50 <= before < 120
        asyncio.run(runner.serve(db, OWNER, once=True))
        states = [(s.worker, s.state) for s in runs.listing(db, OWNER, "made")]
        assert states == [(n, "done") for n in ("judge", "reviser", "critic", "writer")]
        assert server.count <= 40 + 40 + 20 + 80 + 4
    assert run and Counter(row[2] for row in outputs(db)) == {
        "answer": 40, "critique": 40, "revision": 40,
    }  # fmt: skip
    assert len(units(db)) == 80
    assert studies.load(db, "made").revision == 80


def _count(db):
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(MADE)).scalar_one()


def test_a_question_about_critiques_is_asked_of_critiques_only(db):
    other = {"name": "helpful", "title": "Does it help", "roles": ["critique"]}
    asked = [{**RIGHT[0], "roles": ["answer"]}, {**RIGHT[0], **other}]
    with OpenAIServer(played) as server:
        made = [w for w in workers(server.url) if w["name"] in {"critic", "writer"}]
        study(db, made, count=3, questions=asked, units="each", judged=["answer", "critique"])
        work_all(db)
    assert {(u.outputs[0].role, *(q.name for q in u.questions)) for u in units(db)} == {
        ("answer", "right"), ("critique", "helpful"),
    }  # fmt: skip
    found = [analysis.agreement(db, OWNER, "made", name).units for name in ("right", "helpful")]
    assert found == [3, 3]


def test_the_runs_of_a_chain_share_one_budget_that_can_be_raised(db):
    with OpenAIServer(played) as server:
        study(db, workers(server.url), count=4, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        found = work_all(db, terms=Terms(budget=Budget(calls=6)), concurrency=2)
        assert [(s.worker, s.state, s.calls) for s in found] == [
            ("writer", "done", 4), ("critic", "paused", 2),
        ]  # fmt: skip
        found = [runs.status(db, OWNER, s.id) for s in found]
        assert server.count == 6 and [s.budget for s in found] == [[("calls", 6, 6)]] * 2
        assert "budget of 6 calls" in found[1].message
        assert chain.start(db, OWNER, "made") == found[1].id  # it is under way already
        runs.set_budget(db, OWNER, found[1].id, Budget(calls=11))
        runs.resume(db, OWNER, found[1].id)
        asyncio.run(runner.serve(db, OWNER, once=True))
        judged, *others = runs.listing(db, OWNER, "made")
        assert [(s.worker, s.state, s.done) for s in others] == [
            ("reviser", "done", 4), ("critic", "done", 4), ("writer", "done", 4),
        ]  # fmt: skip
        # one call is left for the judge: it serves two units that read alike if both wait for it
        assert (judged.state, judged.calls) == ("paused", 1) and judged.done in (1, 2)
        assert server.count == 11


def test_a_runner_of_a_later_run_is_not_taken_for_dead_in_the_purse(db, monkeypatch):
    """What is held for calls that take long is neither spent nor given back twice."""
    monkeypatch.setattr("core.services.shift.BEAT", 0.05)
    monkeypatch.setattr("storage.accounts.ALIVE", 2_000_000)
    slow = lambda body: Fault(stall=3.0 if "claims" in str(schema_of(body)) else 0.0,
                              text=played_text(body))  # fmt: skip
    with OpenAIServer(slow) as server:
        study(db, workers(server.url), count=2, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        found = work_all(db, terms=Terms(budget=Budget(calls=9)))
    assert [s.state for s in found] == ["done"] * 4
    assert runs.status(db, OWNER, found[0].id).budget == [("calls", server.count, 9)]


def played_text(body):
    made = played(body)
    return made if isinstance(made, str) else json.dumps(made)


def test_a_chain_with_a_limit_and_a_lane_gives_each_worker_its_own(db, monkeypatch):
    monkeypatch.setattr(batches.BatchLane.__init__, "__kwdefaults__", {
        **batches.BatchLane.__init__.__kwdefaults__, "quiet": 0.05, "polls": (0.05, 0.1),
    })  # fmt: skip
    with OpenAIServer(played, batches=Batches()) as server:
        rules = {"kind": "rules", "name": "rules", "rules": [{"rule": "has_number"}],
                 "thresholds": {"correct": 1.0, "incorrect": 0.0}}  # fmt: skip
        made = [*workers(server.url), rules]
        study(db, made, count=4, questions=RIGHT, units="each", judged=["answer", "revision"])
        terms = Terms(lane="batch")
        found = work_all(db, terms=terms, limit=2)
    assert {s.worker: (s.done, s.lane) for s in found} == {
        **dict.fromkeys(("writer", "critic", "reviser", "judge"), (2, "batch")),
        "rules": (2, "live"),
    }


def test_a_run_on_terms_of_its_own_keeps_a_chain_with_a_budget_waiting(db):
    with OpenAIServer(played) as server:
        made = study(db, workers(server.url), count=2, questions=RIGHT, units="each")
        own = runs.start(db, OWNER, "made", runs.worker_of(made, "writer"))
        with pytest.raises(Refused, match=f"run {own} of writer is ready and keeps its own terms"):
            chain.start(db, OWNER, "made", terms=Terms(budget=Budget(calls=3)))
        with pytest.raises(Refused, match="there is none of m"):
            chain.start(db, OWNER, "made", terms=Terms(budget=Budget(money=3.0)))
        assert chain.start(db, OWNER, "made") == own


def test_a_copy_of_a_study_is_written_only_where_something_is_missing(db, tmp_path):
    with OpenAIServer(played) as server:
        study(db, workers(server.url), count=3, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        work_all(db)
        studies.clone(db, OWNER, "made", "copy")
        turns = [(s.worker.name, s.work, s.done) for s in chain.stages(db, OWNER, "copy")]
        assert turns == [("writer", 0, 3), ("critic", 0, 3), ("reviser", 0, 3), ("judge", 6, 0)]
        copy = studies.load(db, "copy")
        gone = [row for row in outputs(db, "copy") if row[2] == "revision"][:1]
        with db.write() as connection:
            connection.execute(delete(MADE).where(MADE.c.study == copy.id,
                                                  MADE.c.key == gone[0][1]))  # fmt: skip
        calls = server.count
        found = work_all(db, "copy")
        assert [(s.worker, s.total) for s in found] == [("reviser", 1), ("judge", 6)]
        assert server.count == calls  # the ledger knows them all
    assert Counter(row[:3] for row in outputs(db, "copy")) == Counter(
        row[:3] for row in outputs(db)
    )
    more = runs.worker_of(copy, "writer").model_copy(update={"model": "other"})
    assert runs.plan(db, OWNER, "copy", more).work == 3
    assert runs.plan(db, OWNER, "copy", runs.worker_of(copy, "writer"), fresh=True).work == 3


def test_stages_are_planned_anew_only_where_something_moved(db, monkeypatch):
    planned, plan = [], chain.planned_for
    monkeypatch.setattr(chain, "planned_for", lambda *a: (planned.append(a[2].name), plan(*a))[1])
    rules = {"kind": "rules", "name": "rules", "rules": [{"rule": "has_number"}],
             "thresholds": {"correct": 1.0, "incorrect": 0.0}}  # fmt: skip
    first = {"kind": "baseline", "name": "first"}
    with OpenAIServer(played) as server:
        made = study(db, [*workers(server.url), rules, first], count=2, questions=RIGHT)
        work(db, "writer")
    chain.stages(db, OWNER, "made")
    planned.clear()
    work(db, "rules")
    before = chain.stages(db, OWNER, "made")
    assert "rules" in planned and "first" not in planned and "judge" not in planned
    planned.clear()
    assert chain.stages(db, OWNER, "made") == before and planned == []
    protocol = made.protocol.model_copy(update={"title": "Another"})
    studies.edit(db, OWNER, "made", protocol, studies.load(db, "made").version)
    assert len(chain.stages(db, OWNER, "made")) == len(planned) == len(before)
