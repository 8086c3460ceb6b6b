"""The Model runs page: choose, look, start, watch, steer."""

import asyncio
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.services import presence, prices, runner, runs, studies
from core.services.run_graph import Graph
from core.services.terms import Terms
from core.settings import ROOT, settings
from core.throttle import Pace
from core.workers.base import load as load_worker
from pages.widgets.run_flow import dot
from storage import runs as rows
from storage.database import Database, now
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.chains import study
from tests.services.pairs import OWNER, judge, pairs, prefers
from tests.services.test_chain import RIGHT, played, workers

PAGE = Path(__file__).resolve().parents[2] / "pages" / "runs.py"
LONGER = load_worker({"kind": "longer", "name": "Longer"})


@pytest.fixture
def open_page(sqlite_url, monkeypatch):
    """A fresh database, and a function that opens the page on its study; no runner starts."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CONCORD_RUNNER", "false")
    settings.cache_clear()
    db = Database(sqlite_url)

    def opened(key="pairs"):
        page = AppTest.from_file(PAGE, default_timeout=60)
        page.query_params["who"] = "ana"
        page.query_params["study"] = key
        return done(page.run())

    yield db, opened
    db.close()
    settings.cache_clear()


def done(page):
    """The page, if it ran without an error."""
    assert not page.exception, page.exception
    return page


def said(page):
    """Everything that the page says."""
    blocks = (page.markdown, page.caption, page.warning, page.info, page.error)
    return "\n".join(b.value for found in blocks for b in found).replace("\\", "")


def labels(page):
    return [b.label for b in page.button]


def fill(page, address, **more):
    """The form of a new judge, filled in."""
    page.selectbox(key="run-worker").select("A new judge").run()
    given = {"name": "my judge", "url": address, "model": "m", **more}
    for name, value in given.items():
        page.text_input(key=f"judge-{name}").input(value)
    return done(page.run())


def test_without_a_study_it_says_what_to_do(open_page):
    _, opened = open_page
    assert "No study yet" in said(opened())


def test_without_a_run_it_says_what_to_do(open_page):
    db, opened = open_page
    pairs(db)
    page = opened()
    assert "No run yet" in said(page) and "Name, base URL and model are needed" in said(page)
    assert "Start" not in labels(page)


def test_the_exact_prompt_is_shown_before_the_start(open_page):
    db, opened = open_page
    pairs(db)
    with OpenAIServer() as server:
        page = fill(opened(), server.url)
    assert "12 calls to make" in said(page)
    assert "Prompt number 0." in page.code[1].value and len(page.code) == 12
    assert "no past call of m" in said(page)
    page.number_input(key="run-look-place").set_value(3).run()
    assert "Prompt number 2." in page.code[1].value
    assert server.requests == []


def test_a_judge_from_the_form_to_its_end(open_page):
    db, opened = open_page
    pairs(db)
    with OpenAIServer(lambda body: prefers("A")) as server:
        page = fill(opened(), server.url)
        page.button(key="run-start").click()
        page = done(page.run())
        assert "no runner is at work; start one" in str(
            [p.proto.text for p in page.get("progress")]
        )
        assert {"Pause", "Stop"} <= set(labels(page))
        [status] = runs.listing(db, OWNER, "pairs")
        asyncio.run(runner.execute(db, status.id))
        page = done(page.run())
    assert "my judge" in said(page) and ":green-badge[done]" in said(page)
    assert "1,920" in said(page)  # tokens
    assert page.dataframe[-1].value["Judged"].tolist() == [12]
    assert runs.status(db, OWNER, status.id).done == 12
    assert not {"Pause", "Resume", "Stop"} & set(labels(page))
    page.text_input(key="judge-model").set_value("another model")
    page = done(page.run())  # what a run took stands beside what the next one would take
    assert "12 calls to make" in said(page) and said(page).count("Tokens") == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("url", "http://me:secret@host/v1", "no name, password or query"),
     ("key", "sk-1234567", "NAME of an environment variable"),
     ("name", "<b>", "takes the letters a to z")],
)  # fmt: skip
def test_what_a_judge_cannot_be_is_said(open_page, field, value, words):
    db, opened = open_page
    pairs(db)
    page = fill(opened(), "http://127.0.0.1:9/v1", **{field: value})
    assert words in page.error[0].value.replace("\\", "")
    assert "Start" not in labels(page)


def test_a_key_that_is_not_set_is_said_at_the_start(open_page, monkeypatch):
    db, opened = open_page
    pairs(db)
    monkeypatch.delenv("NOT_SET", raising=False)
    page = fill(opened(), "http://127.0.0.1:9/v1", key="NOT_SET")
    page.button(key="run-start").click()
    page = done(page.run())
    assert "no secret called NOT_SET" in page.error[0].value.replace("\\", "")
    assert runs.listing(db, OWNER, "pairs") == []


def test_a_paused_run_says_why_and_resumes(open_page):
    db, opened = open_page
    pairs(db)
    with OpenAIServer(models=("other",)) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url))
        asyncio.run(runner.execute(db, run))
    page = opened()
    assert "knows no model called 'm'" in said(page)
    page.button(key="run-resume").click()
    page = done(page.run())
    assert runs.status(db, OWNER, run).state == "ready"
    page.button(key="run-pause").click()
    page = done(page.run())
    assert runs.status(db, OWNER, run).state == "paused"
    page.button(key="run-stop").click()
    done(page.run())
    assert runs.status(db, OWNER, run).state == "stopped"


def test_failures_are_shown_by_kind_and_retried(open_page):
    db, opened = open_page
    pairs(db)
    reply = lambda body: Fault(finish="length") if "number 2." in str(body) else prefers("A")
    with OpenAIServer(reply) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url))
        asyncio.run(runner.execute(db, run))
    page = opened()
    assert "No value was stored for these" in said(page)
    shown = next(t.value for t in page.table if "How many" in t.value)
    assert shown.index.tolist() == ["Cut off by the token limit"]
    assert shown["How many"].tolist() == [2] and "max" in shown["Message"].iloc[0]
    page.button(key="run-retry").click()
    done(page.run())
    status = runs.status(db, OWNER, run)
    assert (status.state, status.failed, status.waiting) == ("ready", 0, 2)


def test_failures_are_retried_while_the_run_is_paused_too(open_page):
    db, opened = open_page
    pairs(db, units=20)
    with OpenAIServer(lambda body: Fault(finish="length")) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=1)
        asyncio.run(runner.execute(db, run))
    status = runs.status(db, OWNER, run)
    assert status.state == "paused" and status.failed and status.waiting
    page = opened()
    assert "changed copy of the worker with a larger max" in said(page)
    assert {"Resume", "Stop"} <= set(labels(page))
    page.button(key="run-retry").click()
    done(page.run())
    status = runs.status(db, OWNER, run)
    assert (status.state, status.failed, status.waiting) == ("ready", 0, 40)


def test_the_concurrency_of_a_running_run_can_be_changed(open_page):
    db, opened = open_page
    pairs(db)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    page = opened()
    page.number_input(key=f"run-speed-{run}").set_value(40)
    done(page.run())
    assert runs.status(db, OWNER, run).concurrency == 40


def test_a_run_in_batches_says_so_and_has_no_number_at_once(open_page):
    db, opened = open_page
    pairs(db)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"), terms=Terms(lane="batch"))
    with db.write() as connection:
        rows.change(connection, run, state="running", heartbeat=now())
    page = opened()
    shown = str([p.proto.text for p in page.get("progress")])
    assert "0 of 12 done; in batches, for which the provider may take a day" in shown
    assert f"run-speed-{run}" not in [number.key for number in page.number_input]


def test_an_endpoint_that_has_asked_to_wait_is_named(open_page):
    db, opened = open_page
    pairs(db)
    made = judge("http://127.0.0.1:9/v1")
    run = runs.start(db, OWNER, "pairs", made)
    with db.write() as connection:
        rows.change(connection, run, state="running", heartbeat=now())
        place = {presence.place(made.base_url, made.key): Pace(4, True, time.time() + 3600)}
        presence.share(connection, run, "one", place)
    shown = str([p.proto.text for p in opened().get("progress")])
    assert "0 of 12 done; the endpoint has asked to wait, 60 minutes more" in shown
    with db.write() as connection:
        presence.share(connection, run, "one", {next(iter(place)): Pace(2, True, time.time())})
    shown = str([p.proto.text for p in opened().get("progress")])
    assert "0 of 12 done; no reply lately, up to 2 calls at once" in shown


def test_a_rule_is_named_as_one_and_offers_no_prompt(open_page):
    db, opened = open_page
    pairs(db)
    runs.add_worker(db, OWNER, "pairs", LONGER)
    page = opened()
    assert "Longer (rule, offline)" in str(page.selectbox(key="run-worker").options)
    assert "6 answers to make" in said(page)
    assert len(page.code) == 0


def test_the_page_starts_a_runner_of_its_own(open_page, monkeypatch):
    db, opened = open_page
    pairs(db)
    monkeypatch.setenv("CONCORD_RUNNER", "true")
    settings.cache_clear()
    with OpenAIServer(lambda body: prefers("A")) as server:
        page = fill(opened(), server.url)
        page.button(key="run-start").click()
        done(page.run())
        until = time.monotonic() + 60
        while (status := runs.listing(db, OWNER, "pairs")[0]).state != "done":
            assert time.monotonic() < until, status
            time.sleep(0.2)
    assert status.done == 12


def test_prices_are_entered_on_the_page_and_give_a_cost(open_page, tmp_path, monkeypatch):
    db, opened = open_page
    pairs(db)
    monkeypatch.setenv("CONCORD_PRICES", str(tmp_path / "prices.yaml"))
    settings.cache_clear()
    page = fill(opened(), "http://127.0.0.1:9/v1")
    assert "### unknown" in said(page)
    prices.save(OWNER, [{"model": "m", "prompt": 100.0, "completion": 100.0}])
    page = done(page.run())
    assert "by prices as they are now" in said(page) and "no price of m" not in said(page)
    page.button(key="run-prices-save").click()
    page = done(page.run())
    assert prices.table().prices[0].prompt == 100.0
    page = fill(page, "http://127.0.0.1:9/v1", model="another")  # stands in the table, to be priced
    assert any("another" in str(found.value.to_dict()) for found in page.dataframe)
    page.button(key="run-prices-save").click()
    done(page.run())
    assert [row.model for row in prices.table().prices] == ["m"]  # nothing was said of the other


def test_a_run_on_terms_and_its_budget_raised_on_the_page(open_page):
    db, opened = open_page
    pairs(db, gold={"better": {"winner": "a"}})
    with OpenAIServer(lambda body: prefers("A")) as server:
        page = fill(opened(), f" {server.url} ", model="m ")  # as pasted
        page.number_input(key="run-budget-calls").set_value(5)
        page.selectbox(key="run-objective").select("latency")
        page.button(key="run-start").click()
        page = done(page.run())
        [status] = runs.listing(db, OWNER, "pairs")
        assert (status.objective, status.budget) == ("latency", [("calls", 0, 5)])
        [made] = studies.load(db, "pairs").protocol.workers
        assert (made.model, made.base_url) == ("m", server.url)
        asyncio.run(runner.execute(db, status.id))
        page = done(page.run())
        assert "budget of 5 calls does not allow" in said(page)
        assert "5 of 5 calls spent" in str([p.proto.text for p in page.get("progress")])
        page.number_input(key=f"run-raise-{status.id}-calls").set_value(7)
        page.button(key="run-raise-save").click()
        page = done(page.run())
        assert runs.status(db, OWNER, status.id).budget == [("calls", 5, 7)]
        page.number_input(key=f"run-raise-{status.id}-calls").set_value(12)
        page.button(key="run-resume").click()
        page = done(page.run())
        assert runs.status(db, OWNER, status.id).budget == [("calls", 5, 12)]
        asyncio.run(runner.execute(db, status.id))
        page = done(page.run())
    assert runs.status(db, OWNER, status.id).done == 12
    so_far = next(d.value for d in page.dataframe if "Against people" in d.value)
    assert "n = 6" in str(so_far.to_dict())


def test_the_graph_names_who_works_on_what(open_page):
    db, opened = open_page
    pairs(db)
    runs.add_worker(db, OWNER, "pairs", LONGER)
    with OpenAIServer(lambda body: prefers("A")) as server:
        runs.add_worker(db, OWNER, "pairs", judge(server.url, name='my "judge"'.replace('"', "")))
        run = runs.start(db, OWNER, "pairs", judge(server.url))
        asyncio.run(runner.execute(db, run))
    page = opened()
    [chart] = page.get("graphviz_chart")
    spec = chart.proto.spec
    assert '"item" -> "w Longer" [label="answer"];' in spec
    assert '[label="my judge\\n12 calls, 12 tasks", penwidth=2.5];' in spec
    assert "The longest chain is my judge" in said(page)


def test_everything_in_its_order(open_page):
    db, opened = open_page
    with OpenAIServer(played) as server:
        study(db, workers(server.url), count=2, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        page = opened("made")
        turns = page.table[0].value
        assert list(turns["Worker"]) == ["writer", "critic", "reviser", "judge"]
        assert "wait for the role answer" not in said(page)
        page.number_input(key="chain-budget-calls").set_value(50).run()
        assert "All runs of the chain draw on this one budget." in said(page)
        done(page.button(key="run-all").click().run())
        for _ in range(4):
            asyncio.run(runner.serve(db, OWNER, once=True))
        page = done(page.run())
    found = runs.listing(db, OWNER, "made")
    assert {tuple(s.budget) for s in found} == {(("calls", server.count, 50),)}
    assert [(s.worker, s.state) for s in found] == [
        (name, "done") for name in ("judge", "reviser", "critic", "writer")
    ]
    assert "judge" in said(page) and list(page.table[0].value["To do now"]) == ["0"] * 4


def test_a_plan_of_where_to_spend_is_shown_before_it_is_done(open_page):
    db, opened = open_page
    pairs(db, units=20)
    with OpenAIServer(lambda body: prefers("A")) as server:
        for name in ("one", "two"):
            runs.add_worker(db, OWNER, "pairs", judge(server.url, name=name, model=name))
        page = opened()
        page.button(key="route-plan").click()
        page = done(page.run())
        assert "one has answered nothing yet" in said(page)
        run = runs.start(db, OWNER, "pairs", judge(server.url, name="one", model="one"))
        asyncio.run(runner.execute(db, run))
        page.number_input(key="route-budget").set_value(8.0)
        page = done(page.run())
    assert "units to people" in said(page) and "guessed from votes alone" in said(page)
    page.button(key="route-apply").click()
    page = done(page.run())
    assert "0 runs of the jury are started" in str([s.value for s in page.success])


def any_kind(page, group, kind):
    """The form of a new worker of that kind."""
    page.selectbox(key="run-worker").select("A new worker of any kind").run()
    page.segmented_control(key="run-new-group").set_value(group).run()
    return done(page.selectbox(key=f"run-new-kind-{group}").select(kind).run())


def typed(page, end, value):
    """Type into the field of the worker's form whose key ends so."""
    found = next(f for f in [*page.text_input, *page.text_area] if f.key and f.key.endswith(end))
    return done(found.input(value).run())


def test_a_worker_of_any_kind_from_its_form_to_its_end(open_page):
    db, opened = open_page
    pairs(db, units=3)
    with OpenAIServer(lambda body: "A response.") as server:
        page = any_kind(opened(), "write", "generate")
        assert "line 1, model: this is missing" in said(page)
        assert "Start" not in labels(page)
        page = typed(typed(page, "-model", "m"), "-base_url", server.url)
        assert "3 outputs to make" in said(page) and "Prompt number 0." in page.code[0].value
        page = typed(page, "-key", "sk-1234567")
        assert "NAME of an environment variable" in said(page) and "Start" not in labels(page)
        page = typed(typed(page, "-key", ""), "-system", "Be brief.")
        assert "system: Be brief." in page.text_area(key="worker-file").value
        page = done(page.button(key="run-start").click().run())
        [status] = runs.listing(db, OWNER, "pairs")
        asyncio.run(runner.execute(db, status.id))
    assert runs.status(db, OWNER, status.id).done == 3
    assert server.requests[0]["messages"][0]["content"] == "Be brief."
    page = any_kind(done(page.run()), "judge", "classify")
    assert f"base_url: {server.url}" in page.text_area(key="worker-file").value


def test_a_changed_copy_of_a_worker(open_page):
    db, opened = open_page
    pairs(db)
    runs.add_worker(db, OWNER, "pairs", load_worker({"kind": "longer", "name": "L", "margin": 0.3}))
    page = opened()
    page = done(page.button(key="run-copy").click().run())
    file = page.text_area(key="worker-file")
    assert file.value == "kind: longer\nname: L 2\nmargin: 0.3\n"
    page = done(file.input("kind: longer\nname: L 2\nquestions: [nothing]\n").run())
    assert "unknown questions: nothing" in said(page) and "Start" not in labels(page)
    page = done(page.text_area(key="worker-file").input("kind: [longer").run())
    assert "can't be read as YAML" in said(page)
    page = done(page.text_area(key="worker-file").input("kind: longer\nname: L 2\n").run())
    assert "6 answers to make" in said(page)


def test_a_target_for_latency_is_entered_and_shown_beside_what_replies_take(open_page):
    db, opened = open_page
    pairs(db, units=2)
    with OpenAIServer(lambda body: prefers("A")) as server:
        page = fill(opened(), server.url)
        page.selectbox(key="run-objective").select("latency").run()
        page.number_input(key="run-target").set_value(30.0).run()
        page.selectbox(key="run-target-of").select("mean").run()
        page.button(key="run-start").click()
        page = done(page.run())
        assert "No reply yet; target: mean of at most 30 s" in said(page)
        asyncio.run(runner.serve(db, OWNER, once=True))
        page = done(page.run())
    [status] = runs.listing(db, OWNER, "pairs")
    assert (status.target, status.target_of, status.latency[2]) == (30.0, "mean", 4)
    assert "(the latest 4); target: mean of at most 30 s, kept" in said(page)


def test_a_unit_that_would_be_passed_by_says_why_before_the_start(open_page):
    db, opened = open_page
    pairs(db, units=3)
    page = typed(any_kind(opened(), "write", "ask"), "-model", "m")
    assert "Passed by, nothing is sent" in said(page) and not page.code


def test_a_graph_has_no_ground_of_its_own():
    """It is drawn on the page's, which is dark or light; `look.css` gives it the page's colours."""
    assert "bgcolor=transparent;" in dot(Graph((), (), None))
    css = (ROOT / "pages" / "widgets" / "look.css").read_text("utf-8")
    assert '[data-testid="stGraphVizChart"] svg text' in css
