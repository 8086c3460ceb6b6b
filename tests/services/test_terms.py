"""The terms of a run: a budget that holds, the batch lane, and runners that keep pace."""

import asyncio
import time

import pytest
from sqlalchemy import select

from core import batches
from core.services import presence, prices, runner, runs
from core.services.budget import Budget, most_of, used_by
from core.services.runs import Refused
from core.services.shift import Shift
from core.services.terms import Terms
from core.settings import settings
from core.throttle import Pace
from core.workers.base import load as load_worker
from storage import accounts
from storage.tables import Call, Judgment
from tests.servers.openai_extras import Batches
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers

J, C = Judgment.__table__, Call.__table__


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Short waits for batches."""
    monkeypatch.setattr(batches.BatchLane.__init__, "__kwdefaults__", {
        **batches.BatchLane.__init__.__kwdefaults__, "quiet": 0.05, "polls": (0.05, 0.1),
    })  # fmt: skip


def count(db, column):
    with db.read() as connection:
        return len(connection.execute(select(column)).all())


def several(db, run, runners):
    """Let so many runners work on a run."""

    async def work():
        await asyncio.gather(*[runner.execute(db, run) for _ in range(runners)])

    asyncio.run(work())
    return runs.status(db, OWNER, run)


@pytest.mark.parametrize("runners", [1, 3])
def test_a_budget_of_calls_is_never_broken_and_can_be_raised(db, runners):
    pairs(db, units=20)
    with OpenAIServer(lambda body: prefers("A"), latency=0.01) as server:
        terms = Terms(budget=Budget(calls=15))
        run = runs.start(db, OWNER, "pairs", judge(server.url), terms=terms, concurrency=4)
        status = several(db, run, runners)
        assert (status.state, status.done, status.failed) == ("paused", 15, 0)
        assert server.count == 15 and status.budget == [("calls", 15, 15)]
        assert "budget of 15 calls" in status.message and status.waiting == 25
        runs.set_budget(db, OWNER, run, Budget(calls=40))
        runs.resume(db, OWNER, run)
        status = several(db, run, runners)
    assert (status.state, status.done, server.count) == ("done", 40, 40)


def test_a_budget_of_tokens_holds_for_the_longest_reply_there_could_be(db):
    """120 + 40 tokens a call; each may take up to its prompt bound and 100 of reply."""
    pairs(db, units=20)
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = judge(server.url, max_tokens=100)
        terms = Terms(budget=Budget(tokens=4000))
        run = runs.start(db, OWNER, "pairs", made, terms=terms)
        status = several(db, run, 2)
    spent = status.prompt_tokens + status.completion_tokens
    [(name, taken, most)] = status.budget
    assert status.state == "paused" and (name, most) == ("tokens", 4000) and taken == spent <= 4000
    assert spent == 160 * server.count and server.count >= 10


def test_a_budget_of_money_needs_prices_and_holds(db, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_PRICES", str(tmp_path / "prices.yaml"))
    settings.cache_clear()
    pairs(db, units=20)
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = judge(server.url, max_tokens=50)
        terms = Terms(budget=Budget(money=0.01))
        with pytest.raises(Refused, match="there is none of m"):
            runs.start(db, OWNER, "pairs", made, terms=terms)
        prices.save(OWNER, [{"model": "m", "prompt": 5.0, "completion": 5.0}])
        status = several(db, runs.start(db, OWNER, "pairs", made, terms=terms), 1)
        assert status.state == "paused" and 0 < status.cost <= 0.01
        assert "budget of 0.01 in money" in status.message
        assert "max_tokens" not in status.message
        free = judge(server.url, name="free", temperature=1.0)  # may take 4,096 tokens a reply
        status = several(db, runs.start(db, OWNER, "pairs", free, terms=terms), 1)
    assert status.calls == 0 and "no max_tokens, so 4,096 tokens are put aside" in status.message
    settings.cache_clear()


def test_what_a_dead_runner_held_counts_as_spent(db):
    pairs(db, units=4)
    with OpenAIServer(lambda body: prefers("A")) as server:
        terms = Terms(budget=Budget(calls=6))
        run = runs.start(db, OWNER, "pairs", judge(server.url), terms=terms)
        with db.write() as connection:
            account = accounts.load(connection, run)
            account["runners"]["dead"] = {"seen": 1, "held": {"calls": 2}, "paces": {}}
            accounts.store(connection, run, account)
        status = several(db, run, 1)
    assert (status.done, server.count) == (4, 4) and status.budget == [("calls", 6, 6)]


def test_failed_attempts_are_paid_only_where_the_endpoint_may_have_answered(db):
    pairs(db, units=3)
    faults = iter([Fault(status=429, headers={"Retry-After": "0"}), "no json"])
    with OpenAIServer(lambda body: next(faults, prefers("A"))) as server:
        terms = Terms(budget=Budget(calls=100))
        run = runs.start(db, OWNER, "pairs", judge(server.url), terms=terms, concurrency=1)
        status = several(db, run, 1)
    assert status.done == 6 and server.count == 8
    assert status.budget == [("calls", 7, 100)]  # the invalid reply was one, the refusal was none


def test_what_a_call_may_take_is_more_than_it_takes():
    endpoint = type("E", (), {"prompt_price": 1.0, "completion_price": 2.0})()
    body = {"messages": [{"role": "user", "content": "x" * 400}], "max_tokens": 50}
    most = most_of(body, endpoint)
    assert most["tokens"] == (400 + 4 * 7) // 2 + 1 + 50 and most["calls"] == 1
    assert most_of({"messages": []}, endpoint)["tokens"] > 4096
    reply = b'{"usage": {"prompt_tokens": 100, "completion_tokens": 20}}'
    assert used_by(reply, most, endpoint) == {
        "calls": 1, "tokens": 120, "money": pytest.approx(140 / 1e6),
    }  # fmt: skip
    assert used_by(b"{}", most, endpoint) == most
    for usage in (b'{"prompt_tokens": -9}', b'{"prompt_tokens": 1e999}', b"[1]", b"[" * 99_999):
        assert used_by(b'{"usage": %s}' % usage, most, endpoint) == most


def test_terms_that_make_no_sense_are_refused(db):
    pairs(db)
    longer = load_worker({"kind": "longer", "name": "longer"})
    made = judge("http://127.0.0.1:9/v1")
    for worker, terms, words in (
        (longer, Terms(lane="batch"), "works offline"), (made, Terms(lane="fast"), "lane is"),
        (made, Terms(objective="joy"), "objective"),
        (made, Terms(budget=Budget(calls=0)), "more than 0"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            runs.start(db, OWNER, "pairs", worker, terms=terms)
    run = runs.start(db, OWNER, "pairs", made)
    with pytest.raises(Refused, match="pause it"):
        runs.set_budget(db, OWNER, run, Budget(calls=1))


@pytest.mark.parametrize("budget", [Budget(), Budget(calls=20)])
def test_a_run_in_the_batch_lane(db, budget):
    pairs(db, units=10)
    with OpenAIServer(lambda body: prefers("A"), batches=Batches()) as server:
        made = judge(server.url, prompt_price=1.0, completion_price=1.0)
        terms = Terms(lane="batch", budget=budget)
        status = several(db, runs.start(db, OWNER, "pairs", made, terms=terms), 1)
    assert (status.state, status.done, status.lane) == ("done", 20, "batch")
    assert status.calls == 20 and status.cost == pytest.approx(20 * 160 / 1e6 / 2)
    assert len(server.batches.made) == 1
    lines = server.batches.files["file-0"].splitlines()
    with db.read() as connection:
        keys = set(connection.execute(select(C.c.key).where(C.c.run == status.id)).scalars())
    assert len(lines) == 20 and all(any(key in line for line in lines) for key in keys)


def test_a_batch_outlives_the_runner_that_sent_it(db):
    """The runner is gone before the replies come: the next one takes them, nothing is sent anew."""
    pairs(db, units=5)
    with OpenAIServer(lambda body: prefers("A"), batches=Batches(seconds=3)) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), terms=Terms(lane="batch"))

        async def killed():
            task = asyncio.create_task(runner.execute(db, run))
            while not server.batches.made:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            runs.pause(db, OWNER, run)
            await task

        asyncio.run(killed())
        assert count(db, J.c.id) == 0
        while server.batches.made["batch-0"]["status"] != "completed":
            time.sleep(0.05)
        runs.resume(db, OWNER, run)
        status = several(db, run, 1)
    assert (status.state, status.done) == ("done", 10)
    assert len(server.batches.made) == 1 and server.count == 10


def test_a_stopped_run_cancels_its_batch(db):
    pairs(db, units=2)
    with OpenAIServer(lambda body: prefers("A"), batches=Batches(seconds=60)) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), terms=Terms(lane="batch"))

        async def stopped():
            task = asyncio.create_task(runner.execute(db, run))
            while not server.batches.made:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            runs.stop(db, OWNER, run)
            await task

        asyncio.run(stopped())
    assert server.batches.cancelled == ["batch-0"]


def test_runners_tell_each_other_how_it_goes(db):
    pairs(db, units=2)
    pairs(db, "other", units=2)
    made = judge("http://127.0.0.1:9/v1")
    first, second = (runs.start(db, OWNER, study, made) for study in ("pairs", "other"))
    place = presence.place(made.base_url, made.key)
    with db.write() as connection:
        assert presence.share(connection, first, "one", {place: Pace(16, True, 5.0)}) == {place: []}
    assert runs.status(db, OWNER, first).pace == (16, 0.0)
    assert runs.status(db, OWNER, second).pace is None
    with db.write() as connection:
        waits = Pace(4, True, time.time() + 30)
        presence.share(connection, second, "two", {place: waits, "elsewhere": Pace(2)})
    limit, left = runs.status(db, OWNER, second).pace
    assert limit == 6 and 20 < left <= 30
    with db.write() as connection:
        found = presence.share(connection, second, "two", {place: Pace(8), "elsewhere": Pace(1)})
    assert found == {place: [Pace(16, True, 5.0)], "elsewhere": []}
    with db.write() as connection:
        presence.leave(connection, first, "one")
        assert presence.share(connection, second, "two", {place: Pace(8)}) == {place: []}


def test_a_runner_waits_when_another_was_told_to(db, monkeypatch):
    """The beat carries one runner's waiting time to the other."""
    monkeypatch.setattr("core.services.shift.BEAT", 0.05)
    pairs(db, units=200)
    with OpenAIServer(lambda body: prefers("A"), latency=0.2) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=4)

        async def both():
            one, two = Shift(db, run), Shift(db, run)
            work = asyncio.gather(one.work(), two.work())
            while not (one.llm.throttles and two.llm.throttles):
                await asyncio.sleep(0.02)
            [first], [second] = one.llm.throttles.values(), two.llm.throttles.values()
            first.refused(60.0)
            until = time.monotonic() + 60.0
            while second.pace().resume == 0 or second.sharers + first.sharers < 4:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)
            assert second.pace().steady
            runs.stop(db, OWNER, run)
            await work

        asyncio.run(both())
    status = runs.status(db, OWNER, run)
    assert status.state == "stopped" and status.done < 400


def test_the_objective_reaches_the_throttle(db):
    pairs(db)
    made = judge("http://127.0.0.1:9/v1")
    terms = Terms(objective="latency", target=0.4, target_of="mean")
    run = runs.start(db, OWNER, "pairs", made, terms=terms)
    [throttle] = Shift(db, run).llm.throttles.values()
    assert (throttle.objective, throttle.target, throttle.of) == ("latency", 0.4, "mean")
    status = runs.status(db, OWNER, run)
    assert (status.objective, status.target, status.target_of) == ("latency", 0.4, "mean")
    assert status.latency is None
    for wrong in (Terms(target=1.0), Terms(objective="latency", target=-1.0)):
        with pytest.raises(Refused, match="a target is more than 0 seconds"):
            wrong.check(made)


def test_a_run_with_a_target_says_how_long_its_replies_take(db):
    pairs(db)
    with OpenAIServer(lambda body: prefers("A"), latency=0.02) as server:
        terms = Terms(objective="latency", target=30.0)
        status = several(db, runs.start(db, OWNER, "pairs", judge(server.url), terms=terms), 1)
    mean, high, n = status.latency
    assert n == 12 and 0.02 <= mean <= high
