"""`concord run --all` with a budget, and `concord route`: the plan, and doing it."""

import asyncio

import pytest
from click.testing import CliRunner

from core.cli import main
from core.services import runner, runs, studies
from storage.database import Database
from tests.cli.run_concord import Concord
from tests.cli.test_docs import undocumented
from tests.servers.openai_server import OpenAIServer
from tests.services.chains import study
from tests.services.pairs import OWNER, judge, pairs, prefers
from tests.services.test_chain import RIGHT, played, workers

BAD_INPUT, NOT_FOUND, NOT_ALLOWED, UNFINISHED = 2, 3, 4, 5


@pytest.fixture
def here(sqlite_url, tmp_path):
    """The command, and the database that it works on."""
    db = Database(sqlite_url)
    yield Concord(sqlite_url, tmp_path), db
    db.close()


def test_all_workers_on_one_budget_and_on_again_with_a_higher_one(here):
    concord, db = here
    with OpenAIServer(played) as server:
        study(db, workers(server.url), count=2, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        every = ("run", "--study", "made", "--all")
        first = concord.json(*every, "--max-calls", 3, code=UNFINISHED)
        assert first["state"] == "paused" and server.count == 3
        assert [run["worker"] for run in first["runs"]] == ["writer", "critic"]
        concord(*every, "--retry", code=BAD_INPUT)
        last = concord.json(*every, "--max-calls", 20)
        assert last["state"] == "done" and last["runs"][-1]["worker"] == "judge"
        assert last["runs"][-1]["budget"] == [["calls", server.count, 20]]
    assert "done all that there is" in concord(*every, "--limit", 1)


CRITIC = "kind: critique\nname: critic\nmodel: m\nbase_url: {url}\npairs: {pairs}\n"


def test_a_worker_of_any_kind_comes_from_a_file_and_stays_in_the_study(here, tmp_path):
    concord, db = here
    pairs(db, units=2)
    told = {"analysis": "", "claims": [], "verdict": "correct", "summary": "Good."}
    with OpenAIServer(lambda body: told) as server:
        file = tmp_path / "critic.yaml"
        file.write_text(CRITIC.format(url=server.url, pairs="own"))
        run = ("run", "--study", "pairs", "--file", file)
        concord(*run, code=BAD_INPUT)
        assert "line 5, pairs: expected 'all', 'self' or 'cross'; found 'own'" in concord.error
        concord(*run, "--worker", "critic", code=BAD_INPUT)
        concord(*run, "--model", "other", code=BAD_INPUT)
        file.write_text(CRITIC.format(url=server.url, pairs="all"))
        look = concord.json(*run, "--dry-run")
        assert look["worker"] == "critic" and server.count == 0
        assert studies.load(db, "pairs").protocol.workers == ()
        done = concord.json(*run)
    assert (done["worker"], done["done"], done["state"]) == ("critic", 4, "done")
    assert [w.kind for w in studies.load(db, "pairs").protocol.workers] == ["critique"]


def test_a_run_is_steered_from_another_terminal(here):
    concord, db = here
    pairs(db, units=3)
    with OpenAIServer(lambda body: prefers("A")) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=4)
        own = ("runs", "--study", "pairs")
        assert "ready; 0 of 6 done" in concord(*own)
        concord(*own, "--run", run + 1, "--pause", code=NOT_FOUND)
        [paused] = concord.json(*own, "--run", run, "--pause", "--concurrency", 9)["runs"]
        assert (paused["state"], paused["concurrency"]) == ("paused", 9)
        concord(*own, "--run", run, "--retry", code=NOT_ALLOWED)
        assert "has no failed tasks" in concord.error
        runs.add_worker(db, OWNER, "pairs", judge(server.url))
        went = concord.json("run", "--study", "pairs", "--worker", "judge", "--concurrency", 3)
        assert (went["id"], went["state"], went["concurrency"]) == (run, "done", 3)
    drawn = concord(*own, "--graph")
    assert "judge (judge)" in drawn and "6 calls" in drawn and "longest chain" in drawn


@pytest.mark.parametrize(
    ("given", "words"),
    [(["--pause"], "say which run"), (["--run", "1", "--stop", "--graph"], "by itself")],
)
def test_what_is_asked_of_runs_must_be_clear(given, words):
    found = CliRunner().invoke(main, ["runs", "--study", "any", *given])
    assert found.exit_code == BAD_INPUT and words in found.output


def test_a_plan_is_printed_and_then_done(here):
    concord, db = here
    pairs(db, units=20)
    with OpenAIServer(lambda body: prefers("A")) as server:
        for name in ("one", "two", "three"):
            runs.add_worker(db, OWNER, "pairs", judge(server.url, name=name, model=name,
                                                      orders="one"))  # fmt: skip
        plan = ("route", "--study", "pairs", "--judge", "one", "--budget", 5, "--jury", "two",
                "--jury", "three", "--way", "judge, jury and people")  # fmt: skip
        concord(*plan, code=NOT_ALLOWED)
        assert "one has answered nothing yet" in concord.error
        asyncio.run(runner.execute(db, runs.start(db, OWNER, "pairs",
                                                  judge(server.url, name="one", model="one",
                                                        orders="one"))))  # fmt: skip
        shown = concord.json(*plan)
        assert shown["applied"] is False and len(runs.listing(db, OWNER, "pairs")) == 1
        assert {row["unit"] for row in shown["routes"]} == {f"i{n}" for n in range(20)}
        assert undocumented("route", shown) == set()
        assert "nothing is done yet" in concord(*plan)
        concord(*plan, "--label", "nonsense", code=NOT_FOUND)
        assert "has no answer 'nonsense'; there are: " in concord.error
        done = concord.json(*plan, "--apply")
    assert done["routes"] == shown["routes"] and undocumented("route", done) == set()
    assert [run["state"] for run in done["runs"]] == ["done", "done"]
    found = {s.worker: s.done for s in runs.listing(db, OWNER, "pairs")}
    told = concord.json("route", "--study", "pairs", "--result")
    asked = sum(row["to"] == "people" for row in shown["routes"])
    assert told["outcome"]["value"] is None and told["outcome"]["people"] == [asked, 0]
    assert undocumented("route", told) == set()
    drawn = sum(row["to"] in {"people", "jury"} for row in shown["routes"])
    assert found["two"] == found["three"] == drawn > 0
