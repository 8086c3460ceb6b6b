"""The request graph: variables, the longest chain, and what was paid by whom."""

import asyncio
from dataclasses import replace

import pytest

from core.protocol import from_data
from core.services import run_agreement, run_graph, runner, runs, studies
from core.services.run_graph import Graph, Node, _longest
from core.workers.base import load as load_worker
from tests.servers.openai_server import OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers


def node(name, reads, writes, seconds):
    return Node(name, "k", reads, writes, seconds=seconds)


def test_the_longest_chain_by_hand():
    """generate 2 s -> critique 3 s -> refine 1 s; a judge of answers, 4 s, is not on it."""
    nodes = [
        node("write", ["prompt"], ["answer"], 2.0), node("check", ["answer"], ["critique"], 3.0),
        node("mend", ["answer", "critique"], ["revision"], 1.0),
        node("judge", ["prompt", "answer"], ["quality"], 3.5),
        node("rule", ["answer"], ["q"], None),
    ]  # fmt: skip
    path, seconds = _longest(nodes)
    assert (path, seconds) == (["write", "check", "mend"], 6.0)
    found = Graph(nodes, path, seconds)
    assert ("item", "prompt", "write") in found.edges()
    assert ("write", "answer", "mend") in found.edges()
    assert ("check", "critique", "mend") in found.edges()
    assert _longest([node("rule", [], ["q"], None)]) == ([], None)


def test_what_the_runs_of_a_worker_took(db):
    pairs(db)
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = judge(server.url, prompt_price=1.0, completion_price=1.0)
        other = judge(server.url, name="twin", guidelines=" ", reference="")
        for worker in (made, other):
            runs.add_worker(db, OWNER, "pairs", worker)
        asyncio.run(runner.execute(db, runs.start(db, OWNER, "pairs", made)))
    found = {one.name: one for one in run_graph.graph(db, OWNER, "pairs").nodes}
    own = found["judge"]
    assert (own.tasks, own.calls, own.reused) == (12, 12, 0)
    assert own.cost == pytest.approx(12 * 160 / 1e6) and own.seconds > 0
    assert own.reads == ("prompt", "answer") and own.writes == ("better",)
    assert run_graph.graph(db, OWNER, "pairs").critical[-1] in {"judge", "twin"}


def test_a_worker_writes_what_it_is_asked_and_a_panel_reads_votes(db):
    """A judge that scores both answers only the comparison; a panel stands after those who vote."""
    asked = [{"kind": "pairwise", "name": "better", "title": "Which is better"},
             {"kind": "rating", "name": "clear", "title": "How clear?", "about": "output"},
             {"kind": "text", "name": "why", "title": "Why?"}]  # fmt: skip
    made = studies.create(db, OWNER, from_data({"name": "pairs", "title": "P", "questions": asked}))
    by = {"kind": "judge", "model": "m", "mode": "pairwise", "scoring": "combined",
          "base_url": "http://h/v1"}  # fmt: skip
    for spec in ({**by, "name": "one"}, {**by, "name": "two", "temperature": 1.0},
                 {"kind": "jury", "name": "both", "jurors": ["one", "two"]}):  # fmt: skip
        runs.add_worker(db, OWNER, "pairs", load_worker(spec))
    bare = {one.name: one.writes for one in run_graph.graph(db, OWNER, "pairs").nodes}
    assert bare["one"] == ("better", "clear", "why")  # no unit yet: all that it may be asked
    pairs(db, made=studies.load(db, made.key))
    found = run_graph.graph(db, OWNER, "pairs")
    told = {one.name: one for one in found.nodes}
    assert told["one"].writes == ("better",)
    assert told["both"].writes == ("better", "clear")  # no panel puts free texts together
    assert [edge for edge in found.edges() if edge[2] == "both" and edge[0] != "item"] == [
        ("one", "better", "both"), ("two", "better", "both")
    ]  # fmt: skip
    timed = [replace(one, seconds=1.0 + (one.name == "two")) for one in found.nodes]
    assert _longest(timed) == (["two", "both"], 4.0 - 1.0)


def test_agreement_with_known_answers_while_a_run_goes_on(db):
    pairs(db, units=20, gold={"better": {"winner": "a"}})
    with OpenAIServer(lambda body: prefers("A")) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url))
        assert run_agreement.agreement(db, OWNER, run) == []
        asyncio.run(runner.execute(db, run))
    [one] = run_agreement.agreement(db, OWNER, run)
    assert (one.question, one.known.value, one.known.n) == ("better", 1.0, 20)
    assert one.people.value is None and one.people.note
