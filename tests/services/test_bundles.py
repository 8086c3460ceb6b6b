"""Several units in one request: one task each, one call for all, and nobody's verdict made up."""

import asyncio
import json
import re

import pytest
from sqlalchemy import update

from core.llm import LLM
from core.patience import Patience
from core.services import dry_run, forecast, runner, runs, shift, studies
from core.services.bundles import Bundles
from core.services.claims import Claims
from core.workers.annotators import Annotators
from storage import calls
from storage.tables import Call, Event, Judgment, Task, Unit
from tests.servers.openai_server import Fault, OpenAIServer, schema_of
from tests.services.pairs import OWNER, pairs, rows, work_on

T, J, C, E, U = (t.__table__ for t in (Task, Judgment, Call, Event, Unit))
FIVE = [{"name": "five", "style": "bare", "cases": 5}]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    quick = Patience(tries=2, refusals=5, connects=2, asks=2, first_wait=0.01)
    monkeypatch.setattr(LLM.__init__, "__kwdefaults__",
                        {**LLM.__init__.__kwdefaults__, "patience": quick})  # fmt: skip


def crowd(url, **options):
    spec = {"name": "Simulated crowd", "model": "m", "base_url": url, "annotators": FIVE,
            "noise": 0, "order": "study"}  # fmt: skip
    return Annotators(**{**spec, **options})


def numbers(body):
    """The prompts' numbers that a request shows, in its order."""
    said = [m["content"] for m in body["messages"] if "Prompt number" in m["content"]]
    return [int(n) for n in re.findall(r"Prompt number (\d+)\.", said[-1])]


def verdict(body, spoil=None):
    """A for even prompts, B for odd ones, of each case; `spoil(number)` replaces a verdict."""
    shown = numbers(body)
    told = {n: {"better": "AB"[n % 2]} for n in shown}
    if spoil:
        told = {n: spoil(n, one) for n, one in told.items()}
    if len(shown) == 1:
        return told[shown[0]] or "I cannot say."
    return {str(place): told[n] for place, n in enumerate(shown, 1) if told[n] is not None}


def answers(db):
    """Unit key -> winner."""
    keys = {row.id: row.key for row in rows(db, U)}
    return {keys[r.unit]: json.loads(r.value)["winner"] for r in rows(db, J)}


def unit_keys(units):
    return {f"i{n}": "ab"[n % 2] for n in units}


def test_five_pairs_are_judged_in_one_request_and_each_has_its_verdict(db):
    pairs(db, units=12)
    with OpenAIServer(verdict) as server:
        made = crowd(server.url, prompt_price=1.0, completion_price=1.0)
        before = forecast.forecast(db, OWNER, "pairs", made)
        status = work_on(db, runs.start(db, OWNER, "pairs", made))
    assert (status.state, status.done, status.failed, status.calls) == ("done", 12, 0, 3)
    assert answers(db) == unit_keys(range(12))
    assert sorted(len(numbers(body)) for body in server.requests) == [2, 5, 5]
    assert (before.tasks, before.calls) == (12, 3)
    assert before.completion_tokens == 12 * forecast.ASSUMED_REPLY
    assert status.cost == pytest.approx(3 * 160 / 1e6)  # each call is paid once, not by judgment


def test_the_judgments_of_one_call_say_how_many_share_it(db):
    pairs(db, units=5)
    with OpenAIServer(verdict) as server:
        work_on(db, runs.start(db, OWNER, "pairs", crowd(server.url)))
    assert len({row.call for row in rows(db, J)}) == 1 == len(rows(db, C))
    told = [row.data["facts"] for row in rows(db, E) if row.kind == "detail"]
    assert {(one["cases"], one["annotator"]) for one in told} == {(5, "five")}
    assert sorted(one["case"] for one in told) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("bad", [None, {"better": "C"}, {"better": ["A"]}, "A", {}])
def test_a_missing_or_invalid_verdict_fails_its_own_unit_only(db, bad):
    pairs(db, units=5)
    wrong = [True]
    spoil = lambda n, one: bad if n == 3 and wrong[0] else one
    with OpenAIServer(lambda body: verdict(body, spoil)) as server:
        run = runs.start(db, OWNER, "pairs", crowd(server.url))
        status = work_on(db, run)
        assert (status.done, status.failed) == (4, 1)
        assert answers(db) == unit_keys([0, 1, 2, 4])
        assert status.failures[0][0] == "invalid_reply"
        # the whole, then twice the one alone: what was answered is never asked again
        assert [numbers(b) == [3] for b in server.requests] == [False, True, True]
        wrong[0] = False
        runs.retry_failed(db, OWNER, run)
        status = work_on(db, run)
    assert (status.done, status.failed, len(server.requests)) == (5, 0, 4)
    assert numbers(server.requests[-1]) == [3] and answers(db) == unit_keys(range(5))
    assert len(rows(db, J)) == 5


def test_verdicts_that_are_missing_are_asked_again_together(db):
    pairs(db, units=5)
    spoil = lambda n, one: one if n in (0, 1) or len(server.requests) > 1 else None
    with OpenAIServer(lambda body: verdict(body, spoil)) as server:
        status = work_on(db, runs.start(db, OWNER, "pairs", crowd(server.url)))
    assert (status.done, status.calls) == (5, 2) and answers(db) == unit_keys(range(5))
    assert sorted(numbers(server.requests[1])) == [2, 3, 4]


def test_a_reply_without_any_verdict_fails_all_and_is_one_failure(db):
    pairs(db, units=5)
    with OpenAIServer(lambda body: {"9": {"better": "A"}}) as server:
        status = work_on(db, runs.start(db, OWNER, "pairs", crowd(server.url)))
    assert (status.state, status.done, status.failed) == ("done", 0, 5) and not rows(db, J)
    assert len(server.requests) == 2  # asked again once, saying why, and not once for each unit
    assert "no verdict on this case" in status.failures[0][2]


def test_one_request_that_the_endpoint_refuses_is_one_failure_of_the_endpoint(db):
    pairs(db, units=10)
    worked = lambda body: Fault(500) if 0 in numbers(body) else verdict(body)
    with OpenAIServer(worked) as server:
        run = runs.start(db, OWNER, "pairs", crowd(server.url), concurrency=1)
        status = work_on(db, run)
        assert (status.done, status.failed, status.waiting) == (5, 5, 0)
        assert len(server.requests) == 3  # one answered; the other tried twice
        server.reply = verdict
        runs.retry_failed(db, OWNER, run)
        if runs.status(db, OWNER, run).state == "paused":
            runs.resume(db, OWNER, run)
        status = work_on(db, run)
    assert status.done == 10 and len(server.requests) == 4


def test_after_a_crash_the_paid_replies_are_found(db, monkeypatch):
    """The calls were stored, the runner died before their judgments were."""
    pairs(db, units=12)

    async def dies(self, finished):
        self.state = "paused"

    with OpenAIServer(verdict) as server:
        run = runs.start(db, OWNER, "pairs", crowd(server.url))
        with monkeypatch.context() as patch:
            patch.setattr(shift.Shift, "_store", dies)
            work_on(db, run)
        assert not rows(db, J) and len(server.requests) == 3
        with db.write() as connection:
            connection.execute(update(T).values(lease_until=1))
        status = work_on(db, run)
    assert (status.state, status.done, len(server.requests)) == ("done", 12, 3)
    assert answers(db) == unit_keys(range(12))


def test_replies_that_another_study_paid_for_are_free(db):
    pairs(db, units=12)
    studies.clone(db, OWNER, "pairs", "copy")
    with OpenAIServer(verdict) as server:
        made = crowd(server.url)
        work_on(db, runs.start(db, OWNER, "pairs", made))
        before = forecast.forecast(db, OWNER, "copy", made)
        status = work_on(db, runs.start(db, OWNER, "copy", made))
    assert (before.calls, before.free, status.done, server.count) == (0, 3, 12, 3)


def test_the_composition_is_the_same_for_every_runner_and_part_of_the_call(db):
    study = pairs(db, units=30)
    made = crowd("http://127.0.0.1:9/v1")
    run = runs.start(db, OWNER, "pairs", made)
    with db.write() as connection:
        tasks = [(row.unit, row.repeat) for row in rows(db, T)]
        first, second = Bundles(made, tasks), Bundles(made, tasks)
        groups = first.of(connection, study, tasks)
        assert second.of(connection, study, reversed(tasks)) == groups
        assert sorted(len(g) for g in set(groups.values())) == [5] * 6
        assert first.requests(connection, study) == 6
        taken = Claims(db, "pairs", made, run, False).take(connection, 1)
    assert len({tuple(u.key for u in c.unit.together) for c in taken}) == 1 and len(taken) == 5
    whole = taken[0].unit.together
    who = made.drawn(taken[0].unit)
    one = lambda units: json.dumps(made.messages(units, who))
    assert len({one(whole), one(whole[:4]), one(whole[::-1])}) == 3


def test_two_runners_at_once_pay_once(db):
    pairs(db, units=40)
    with OpenAIServer(verdict, latency=0.02) as server:
        run = runs.start(db, OWNER, "pairs", crowd(server.url), concurrency=2)

        async def both():
            await asyncio.gather(runner.execute(db, run), runner.execute(db, run))

        asyncio.run(both())
        status = runs.status(db, OWNER, run)
    assert (status.state, status.done, status.calls) == ("done", 40, 8)
    assert server.count == 8 and answers(db) == unit_keys(range(40))


def test_the_dry_run_shows_what_is_sent(db):
    pairs(db, units=12)
    with OpenAIServer(verdict) as server:
        made = crowd(server.url)
        looks = dry_run.dry_run(db, OWNER, "pairs", made)
        work_on(db, runs.start(db, OWNER, "pairs", made))
    sent = [body["messages"] for body in server.requests]
    for look in looks:
        assert list(look.requests[0].messages) in sent
        assert look.cases == len(numbers({"messages": look.requests[0].messages}))
        assert f"One request for {look.cases} units" in look.note


@pytest.mark.parametrize("item", ["i3", ""])
def test_a_worked_case_is_passed_by_and_stands_in_no_request(db, item):
    pairs(db, units=6)
    shot = {"item": item, "material": {"response A": "x", "response B": "y"},
            "answers": {"better": "A"}}  # fmt: skip
    who = [{"name": "five", "style": "bare", "cases": 5, "history": True}]
    with OpenAIServer(verdict) as server:
        made = crowd(server.url, annotators=who, examples=[shot])
        before = forecast.forecast(db, OWNER, "pairs", made)
        status = work_on(db, runs.start(db, OWNER, "pairs", made))
    left = [n for n in range(6) if f"i{n}" != item]
    assert answers(db) == unit_keys(left) and status.done == len(left)
    assert status.skipped == 6 - len(left) and status.calls == before.calls == len(server.requests)
    assert sorted(n for body in server.requests for n in numbers(body)) == left


def test_the_original_thirteen_are_foreseen_exactly(db):
    """Four, five or one at a time, by who is drawn: the forecast counts the very requests."""
    pairs(db, units=150)

    def reply(body):
        schema = schema_of(body)
        case = schema["properties"].get("1", schema)["properties"]["better"]
        shape = {"better": {"reasoning": "So.", "answer": "A"} if "properties" in case else "A"}
        many = "1" in schema["properties"]
        return {n: shape for n in schema["properties"]} if many else shape

    with OpenAIServer(reply) as server:
        made = crowd(server.url, annotators=(), layout="original")
        before = forecast.forecast(db, OWNER, "pairs", made)
        status = work_on(db, runs.start(db, OWNER, "pairs", made))
    assert status.done == 150 and status.calls == before.calls == len(server.requests)
    assert before.completion_tokens == pytest.approx(150 * forecast.ASSUMED_REPLY, rel=0.35)
    assert any("requests for 150 tasks" in note for note in before.notes)
    assert {len(schema_of(b)["properties"]) for b in server.requests} >= {1, 4, 5}


def test_in_a_run_each_pair_of_a_request_has_its_own_order(db):
    """All say A: the stored winner is who stood first; either stands there half of the time."""
    pairs(db, units=60)
    with OpenAIServer(lambda body: verdict(body, lambda n, one: {"better": "A"})) as server:
        status = work_on(db, runs.start(db, OWNER, "pairs", crowd(server.url, order="drawn")))
    assert status.done == 60 and status.calls == len(server.requests) == 12
    stored = rows(db, J)
    assert all(json.loads(r.value)["winner"] == r.shown[0] for r in stored)
    assert 18 <= sum(r.shown[0] == stored[0].shown[0] for r in stored) <= 42


def test_past_replies_and_times_are_counted_by_the_case(db):
    """A reply is 40 tokens and 5 s here: to five cases, so two are foreseen at 16 and 2 s."""
    pairs(db, units=10)
    with OpenAIServer(verdict) as server:
        work_on(db, runs.start(db, OWNER, "pairs", crowd(server.url)))
        with db.write() as connection:
            connection.execute(update(C).values(seconds=5.0))
        alone = crowd(server.url, annotators=[{"name": "two", "style": "bare", "cases": 2}])
        found = forecast.forecast(db, OWNER, "pairs", alone)
    with db.read() as connection:
        assert calls.past(connection, "m").reply == 40
    assert (found.calls, found.completion_tokens) == (5, 5 * 16)
    assert found.seconds == pytest.approx(2.0)  # all five at once


@pytest.mark.parametrize(("cases", "took", "here", "foreseen"), [
    ([5, 5], [4.0, 6.0], 10, 10.0),  # all alike: by the case
    ([1, 5], [3.0, 7.0], 10, 12.0),  # 2 s and 1 s a case
    ([1, 5], [9.0, 7.0], 3, 8.0),  # more cases never take less
    ([1, 5], [1.0, 9.0], 2, 10 / 3),  # and none at all takes no less than nothing
])  # fmt: skip
def test_the_time_of_a_request_by_its_cases(cases, took, here, foreseen):
    assert forecast._paced(cases, took, here) == pytest.approx(foreseen)
