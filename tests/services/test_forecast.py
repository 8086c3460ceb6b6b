"""Before a run: the exact prompts, and what they will take; nothing is sent."""

import asyncio
import inspect

import pytest

from core import sandbox, tokens
from core.digest import canonical
from core.llm import LLM
from core.prices import Price, Roofline
from core.rehearsal import Rehearsal, stand_in
from core.replies import validator
from core.services import dry_run, forecast, prices, runner, runs, studies
from core.services.access import Denied, Identity
from core.services.runs import Refused
from core.settings import settings
from core.workers.base import load as load_worker
from tests.servers.openai_server import OpenAIServer
from tests.services.chains import study
from tests.services.pairs import OWNER, judge, pairs, prefers


@pytest.fixture(autouse=True)
def own_table(tmp_path, monkeypatch):
    """A price table of the test's own."""
    monkeypatch.setenv("CONCORD_PRICES", str(tmp_path / "made" / "prices.yaml"))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_tokens_by_the_documented_rule():
    assert [tokens.of_text(t) for t in ("", "a", "abcd", "abcde", "猫")] == [0, 1, 1, 2, 1]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = [{"type": "text", "text": "abcd"}, image]
    messages = [{"role": "system", "content": "abcdefgh"}, {"role": "user", "content": parts}]
    assert tokens.of_messages(messages) == 3 + (4 + 2) + (4 + 1 + 1000)


def test_a_dry_run_shows_the_exact_prompts_and_sends_nothing(db):
    pairs(db)
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = judge(server.url)
        looks = dry_run.dry_run(db, OWNER, "pairs", made)
        assert server.count == 0
        assert [(one.unit, one.repeat) for one in looks] == [
            (unit, repeat) for unit in ("i0", "i1", "i2") for repeat in (0, 1)
        ]
        run = runs.start(db, OWNER, "pairs", made, concurrency=1)
        asyncio.run(runner.execute(db, run))
    sent = [request["messages"] for request in server.requests]
    for one in looks:
        assert list(one.requests[0].messages) in sent and one.note == ""
    later = dry_run.dry_run(db, OWNER, "pairs", made, skip=2)
    assert (
        later[0].unit == "i2" and "Prompt number 2." in later[0].requests[0].messages[1]["content"]
    )
    with pytest.raises(Refused, match="no further unit"):
        dry_run.dry_run(db, OWNER, "pairs", made, skip=6)
    longer = load_worker({"kind": "longer", "name": "longer"})
    with pytest.raises(Refused, match="sends nothing"):
        dry_run.dry_run(db, OWNER, "pairs", longer)


def test_the_requests_of_a_run_begin_alike(db):
    """Same system message for all, and the same beginning for both orders of a pair."""
    pairs(db)
    first, second, other = [
        one.requests[0].messages
        for one in dry_run.dry_run(db, OWNER, "pairs", judge("http://h/v1"))
    ][:3]
    assert first[0] == second[0] == other[0]
    shared = first[1]["content"].split("response A")[0]
    assert "Prompt number 0." in shared and second[1]["content"].startswith(shared)


def test_the_forecast_before_and_after_the_first_calls(db):
    pairs(db, units=30)
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = judge(server.url)
        before = forecast.forecast(db, OWNER, "pairs", made)
        assert (before.tasks, before.calls, before.free) == (60, 60, 0)
        assert before.completion_tokens == 60 * forecast.ASSUMED_REPLY
        assert before.cost is None and before.seconds is None
        assert any("no price of m" in note for note in before.notes)
        prices.save(OWNER, [{"model": "m", "prompt": 1.0, "completion": 2.0}])
        priced = forecast.forecast(db, OWNER, "pairs", made)
        expected = (priced.prompt_tokens + 2 * priced.completion_tokens) / 1e6
        assert priced.cost == pytest.approx(expected, rel=1e-3)
        batch = forecast.forecast(db, OWNER, "pairs", made, lane="batch")
        assert batch.cost == pytest.approx(priced.cost / 2) and batch.seconds is None
        start = runs.start(db, OWNER, "pairs", made, limit=10)
        asyncio.run(runner.execute(db, start))
        assert runs.status(db, OWNER, start).cost == pytest.approx(20 * (120 + 80) / 1e6)
        after = forecast.forecast(db, OWNER, "pairs", made)
    assert (after.calls, after.completion_tokens) == (40, 40 * 40)
    assert after.seconds > 0 and any("20 past calls" in note for note in after.notes)


def test_a_price_of_prompts_alone_gives_no_cost_and_says_so(db):
    pairs(db)
    prices.save(OWNER, [{"model": "m", "prompt": 1.0}])
    found = forecast.forecast(db, OWNER, "pairs", judge("http://h/v1"))
    assert found.cost is None
    assert "cost unknown: the price table has no price of m's replies" in found.notes


def test_calls_in_the_ledger_are_free(db):
    pairs(db)
    studies.clone(db, OWNER, "pairs", "copy")
    with OpenAIServer(lambda body: prefers("A")) as server:
        asyncio.run(runner.execute(db, runs.start(db, OWNER, "pairs", judge(server.url))))
        found = forecast.forecast(db, OWNER, "copy", judge(server.url))
        anew = forecast.forecast(db, OWNER, "copy", judge(server.url), fresh=True)
    assert (found.calls, found.free, anew.calls, anew.free) == (0, 12, 12, 0)


def test_who_may_and_what_costs_nothing(db):
    pairs(db)
    longer = load_worker({"kind": "longer", "name": "longer"})
    found = forecast.forecast(db, OWNER, "pairs", longer)
    assert (found.tasks, found.calls, found.cost) == (6, 0, 0.0)
    guest = Identity("guest", frozenset({"annotator"}))
    for act in (forecast.forecast, dry_run.dry_run):
        with pytest.raises(Denied):
            act(db, guest, "pairs", longer)
    with pytest.raises(Denied):
        prices.save(guest, [])


def test_the_price_table_is_kept_and_checked():
    here = {"model": "m", "base_url": "http://h/v1/", "prompt": 3, "completion": 4, "batch": 0.4}
    rows = [{"model": "m", "prompt": 1, "completion": 2}, here, {"model": None, "prompt": None}]
    prices.save(OWNER, rows)
    table = prices.table()
    assert len(table.prices) == 2
    assert prices.of(judge("http://h/v1"), table) == (3, 4)
    assert prices.of(judge("http://other/v1"), table) == (1, 2)
    assert prices.of(judge("http://h/v1"), table, "batch") == pytest.approx((1.2, 1.6))
    own = judge("http://h/v1", prompt_price=9.0, completion_price=9.0)
    assert prices.of(own, table) == (9, 9)
    assert prices.of(judge("http://h/v1", model="n"), table) is None
    with pytest.raises(Refused, match="row 1 of the price table: prompt"):
        prices.save(OWNER, [{"model": "m", "prompt": -1}])
    with pytest.raises(Refused, match="names m at any endpoint twice"):
        prices.save(OWNER, [{"model": "m"}, {"model": "m"}])
    settings().prices.write_text("prices: [{model: m, cost: 1}]", encoding="utf-8")
    with pytest.raises(Refused, match="cannot be used"):
        prices.table()


def test_the_roofline_of_an_a100():
    """Turning point 312 TFLOPS / 2039 GB/s = 153; below it memory bound (LLM-Viewer's figures)."""
    found = Roofline(7e9, 2.0, 2039e9, 312e12)
    assert found.turning_point == pytest.approx(153.0, abs=0.05)
    assert found.performance(1) == pytest.approx(2039e9)
    assert found.performance(153.1) == pytest.approx(312e12)
    assert found.step(1) == pytest.approx(14e9 / 2039e9)  # all weights once
    assert found.step(64) == pytest.approx(found.step(1))  # still bound by memory
    assert found.step(1024) == pytest.approx(2 * 7e9 * 1024 / 312e12)
    alone = found.seconds(8, 512, 100, 1)
    assert found.seconds(8, 512, 100, 8) < alone / 4
    assert Price(model="m", parameters=7, bandwidth=2039).roofline is None


@pytest.mark.parametrize(
    "schema",
    [{"type": "object", "properties": {"a": {"enum": [3]}, "b": {"type": "array", "minItems": 2,
      "items": {"type": "integer", "minimum": 4}}}, "required": ["a", "b"]},
     {"anyOf": [{"type": "null"}, {"type": "string"}]}, {"const": 7}, {"type": ["number", "null"]},
     {"type": "boolean"}],
)  # fmt: skip
def test_a_stand_in_meets_its_schema(schema):
    assert validator(canonical(schema)).is_valid(stand_in(schema))


def test_a_rehearsal_asks_like_the_real_model():
    real, stand = inspect.signature(LLM.ask), inspect.signature(Rehearsal.ask)
    assert set(real.parameters) <= set(stand.parameters)


def test_a_rehearsal_runs_no_code(db, monkeypatch):
    """An actor whose replies are stand-ins would run them in the sandbox, task after task."""
    monkeypatch.setattr(sandbox, "missing", lambda: "")
    monkeypatch.setattr(sandbox, "_run", lambda *given: pytest.fail("code was run"))
    study(db, [{"kind": "act", "name": "actor", "model": "m", "turns": 3}], count=2,
          meta=lambda n: {"reference": "4"})  # fmt: skip
    worker = runs.worker_of(studies.load(db, "made"), "actor")
    assert forecast.forecast(db, OWNER, "made", worker).calls == 6
    looks = dry_run.dry_run(db, OWNER, "made", worker)
    assert [len(look.requests) for look in looks] == [3, 3] and looks[0].note == ""
    assert "what the code prints" in str(looks[0].requests[1].messages)


def test_prompt_tokens_are_corrected_by_what_the_endpoint_counted(db):
    pairs(db, units=30)
    with OpenAIServer(lambda body: prefers("A")) as server:  # 120 prompt tokens, whatever was sent
        made = judge(server.url)
        before = forecast.forecast(db, OWNER, "pairs", made)
        assert any("no past prompt of m" in note for note in before.notes)
        start = runs.start(db, OWNER, "pairs", made, limit=10)
        asyncio.run(runner.execute(db, start))
        after = forecast.forecast(db, OWNER, "pairs", made)
    assert after.prompt_tokens == pytest.approx(40 * 120, rel=0.02)
    assert before.prompt_tokens != pytest.approx(60 * 120, rel=0.2)
    ratio = 60 * 120 / before.prompt_tokens
    assert any(f"x {ratio:.2f}, as its endpoint counted 20 past" in n for n in after.notes)


def test_a_judge_that_reads_probabilities_asks_each_question_by_itself(db):
    asked = [{"kind": "rating", "name": name, "title": name} for name in ("short", "true", "kind")]
    made = {"kind": "judge", "name": "j", "model": "m", "base_url": "http://h/v1",
            "expectation": "logprob", "samples": 2, "temperature": 1.0}  # fmt: skip
    study(db, [made], count=5, questions=asked, judged=["answer"])
    worker = load_worker(made)
    found = forecast.forecast(db, OWNER, "made", worker)
    assert (found.tasks, found.calls) == (5, 5 * 3 * 2)
    [one] = dry_run.dry_run(db, OWNER, "made", worker, items=1)
    assert len(one.requests) == 6 and one.note == ""
