"""Runs: planned once, stored once, honest about what failed, and resumable."""

import asyncio
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import func, select, update

from core.apart import apart
from core.calls import CallFailed
from core.llm import LLM
from core.patience import Patience
from core.pretence import pretended, pretending
from core.services import runner, runner_process, runs, shift, studies
from core.services.access import Denied, Identity
from core.services.group_commit import GroupCommit
from core.services.outcomes import Finished
from core.services.runs import NothingToDo, Refused
from core.settings import settings
from core.units import Draft
from core.workers.base import load as load_worker
from storage import calls, judgments
from storage import runs as run_rows
from storage.database import Database, now
from storage.tables import Call, Judgment, Task, Unit
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers, work_on

T, J, C, U = (table.__table__ for table in (Task, Judgment, Call, Unit))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Short waits between tries."""
    quick = Patience(tries=2, refusals=50, connects=2, asks=2, first_wait=0.01)
    monkeypatch.setattr(LLM.__init__, "__kwdefaults__",
                        {**LLM.__init__.__kwdefaults__, "patience": quick})  # fmt: skip


def rows(db):
    with db.read() as connection:
        return connection.execute(select(J).order_by(J.c.sequence)).all()


def holds(db, study):
    with db.read() as connection:
        return all(isinstance(n, int) for n in judgments.verify(connection, study.id))


def start_and_work(db, worker, study="pairs", **options):
    run = runs.start(db, OWNER, study, worker, **options)
    asyncio.run(runner.execute(db, run))
    return runs.status(db, OWNER, run)


def test_a_run_stores_both_orders_once(db):
    study = pairs(db)
    with OpenAIServer(lambda body: prefers("A")) as server:
        worker = judge(server.url, prompt_price=1.0, completion_price=1.0)
        assert runs.plan(db, OWNER, "pairs", worker).work == 12
        status = start_and_work(db, worker)
    assert (status.state, status.done, status.failed, status.calls) == ("done", 12, 0, 12)
    assert (status.prompt_tokens, status.completion_tokens) == (1440, 480)
    assert status.cost == pytest.approx(12 * 160 / 1e6)
    stored = rows(db)
    assert sorted((r.unit, r.repeat) for r in stored) == sorted(
        (u, r) for u in {s.unit for s in stored} for r in (0, 1)
    )
    for row in stored:
        assert row.value == ('{"winner":"a"}' if row.repeat == 0 else '{"winner":"b"}')
        assert (row.code, row.shown) == ((0, ["a", "b"]) if row.repeat == 0 else (1, ["b", "a"]))
        assert row.rationale == "I say A." and row.call and row.run == status.id
    assert holds(db, study)


def test_again_adds_nothing_and_new_items_add_only_themselves(db):
    study = pairs(db, units=3)
    with OpenAIServer(lambda body: prefers("A")) as server:
        worker = judge(server.url)
        start_and_work(db, worker)
        with pytest.raises(NothingToDo):
            runs.start(db, OWNER, "pairs", worker)
        pairs(db, units=2, start=3, made=study)
        planned = runs.plan(db, OWNER, "pairs", worker)
        assert (planned.work, planned.judged) == (4, 6)
        start_and_work(db, worker)
    assert len(rows(db)) == 10 and len(server.requests) == 10


def test_a_limit_counts_units(db):
    pairs(db)
    with OpenAIServer(lambda body: prefers("B")) as server:
        status = start_and_work(db, judge(server.url), limit=2)
    assert status.done == status.total == 4


def test_the_same_call_in_another_study_is_free(db):
    pairs(db)
    studies.clone(db, OWNER, "pairs", "copy")
    with OpenAIServer(lambda body: prefers("A")) as server:
        start_and_work(db, judge(server.url))
        status = start_and_work(db, judge(server.url), "copy")
    assert status.done == 12 and status.calls == 0
    assert len(server.requests) == 12


def test_asking_anew_replaces_and_keeps_the_old(db):
    study = pairs(db, units=2)
    letters = iter("AAAABBBB")
    with OpenAIServer(lambda body: prefers(next(letters))) as server:
        start_and_work(db, judge(server.url))
        start_and_work(db, judge(server.url), fresh=True)
    stored = rows(db)
    assert len(stored) == 8
    assert {r.replaces for r in stored[4:]} == {r.id for r in stored[:4]}
    with db.read() as connection:
        assert judgments.count(connection, study.id) == 4
    assert holds(db, study)


def test_an_invalid_reply_is_no_value_and_can_be_retried(db):
    pairs(db)
    broken = True

    def reply(body):
        return "no idea" if broken and "number 3." in str(body) else prefers("A")

    with OpenAIServer(reply) as server:
        status = start_and_work(db, judge(server.url))
        assert (status.state, status.done, status.failed) == ("done", 10, 2)
        [(kind, n, message)] = status.failures
        assert (kind, n) == ("invalid_reply", 2) and "not valid" in message
        assert len(rows(db)) == 10
        assert runs.plan(db, OWNER, "pairs", judge(server.url)).work == 2
        broken = False
        assert runs.retry_failed(db, OWNER, status.id) == 2
        after = work_on(db, status.id)
    assert (after.done, after.failed, after.total) == (12, 0, 12)
    with db.read() as connection:
        failed = connection.execute(select(C.c.error).where(C.c.reply.is_(None))).all()
    assert [r.error for r in failed] == ["invalid_reply"] * 2


def test_a_missing_endpoint_pauses_and_the_run_goes_on_later(db):
    pairs(db, units=40)
    with OpenAIServer() as gone:
        pass
    status = start_and_work(db, judge(gone.url))
    assert (status.state, status.done, status.failed, status.waiting) == ("paused", 0, 0, 80)
    assert "Nothing answers" in status.message
    with OpenAIServer(lambda body: prefers("A"), port=gone.port):
        runs.resume(db, OWNER, status.id)
        after = work_on(db, status.id)
    assert (after.state, after.done, after.message) == ("done", 80, "")


@pytest.mark.parametrize(
    ("server", "words"),
    [({"key": "right"}, "refused the key"), ({"models": ("other",)}, "no model called 'm'"),
     ({"reply": lambda body: Fault(status=500)}, "failed with 500"),
     ({"reply": lambda body: Fault(cut=True, text="x" * 999)}, "broke off")],
)  # fmt: skip
def test_an_endpoint_at_fault_pauses_before_it_burns_through_the_tasks(db, server, words):
    pairs(db, units=40)
    with OpenAIServer(**server) as endpoint:
        status = start_and_work(db, judge(endpoint.url))
    assert (status.state, status.done, status.failed, status.waiting) == ("paused", 0, 0, 80)
    assert words in status.message
    assert endpoint.count < 60


def test_a_run_smaller_than_a_handful_pauses_as_well(db):
    pairs(db, units=1)
    with OpenAIServer(models=("other",)) as server:
        status = start_and_work(db, judge(server.url))
    assert (status.state, status.failed, status.waiting) == ("paused", 0, 2)
    assert "no model called" in status.message


def test_a_model_that_never_answers_in_json_pauses(db):
    pairs(db, units=40)
    with OpenAIServer(lambda body: "hm") as server:
        status = start_and_work(db, judge(server.url), concurrency=4)
    assert status.state == "paused" and "in a row failed" in status.message
    assert 20 <= status.failed < 40 and status.done == 0


def test_a_storm_of_429_is_weathered(db):
    pairs(db, units=20)
    lock, seen = threading.Lock(), []

    def reply(body):
        with lock:
            seen.append(time.monotonic())
            crowd = sum(moment > seen[-1] - 0.1 for moment in seen)
        return Fault(status=429, headers={"Retry-After": "0.1"}) if crowd > 4 else prefers("A")

    with OpenAIServer(reply, latency=0.02) as server:
        status = start_and_work(db, judge(server.url), concurrency=32)
    assert (status.state, status.done, status.failed) == ("done", 40, 0)
    assert len(rows(db)) == 40
    assert server.count > 40


def test_pause_resume_and_stop(db):
    pairs(db, units=60)
    with OpenAIServer(lambda body: prefers("A"), latency=0.01) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=2)
        with pytest.raises(Refused, match="let it finish"):
            runs.start(db, OWNER, "pairs", judge(server.url))
        tell = iter([*[lambda: None] * 9, lambda: runs.pause(db, OWNER, run)])
        asyncio.run(runner.execute(db, run, lambda n: next(tell, lambda: None)()))
        rested = runs.status(db, OWNER, run)
        assert rested.state == "paused" and 10 <= rested.done < 120
        assert rested.done + rested.waiting == 120
        runs.resume(db, OWNER, run)
        runs.stop(db, OWNER, run)
        assert work_on(db, run).done == rested.done
        runs.resume(db, OWNER, run)
        runs.set_concurrency(db, OWNER, run, 16)
        after = work_on(db, run)
    assert (after.state, after.done) == ("done", 120)
    with pytest.raises(Refused, match="cannot become"):
        runs.pause(db, OWNER, run)


def test_two_runners_share_a_run(db):
    study = pairs(db, units=30)
    with OpenAIServer(lambda body: prefers("A"), latency=0.01) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=4)

        async def both():
            await asyncio.gather(runner.execute(db, run), runner.execute(db, run))

        asyncio.run(both())
    assert runs.status(db, OWNER, run).state == "done"
    assert len(rows(db)) == 60 and server.count == 60
    assert holds(db, study)


def test_a_lease_taken_over_leaves_nothing_of_the_first(db):
    study = pairs(db, units=1)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1", orders="one"))
    one = shift.Shift(db, run)
    with db.write() as connection:
        [first] = one.claims.take(connection, 5)
        assert run_rows.claim(connection, run, 5) == []  # leased
        connection.execute(update(T).values(lease_until=1))
        [second] = one.claims.take(connection, 5)
    assert first.id == second.id and first.owner != second.owner
    draft = Draft(question="better", value={"winner": "a"}, shown=("a", "b"))
    outcome = lambda c: Finished(c.id, c.owner, c.unit_id, c.unit, "done", drafts=[draft])
    with db.write() as connection:
        assert one.outcomes.store(connection, [outcome(first)]) == [False]
        with pytest.raises(run_rows.LostLease):
            run_rows.done(connection, {first.id: first.owner})
    assert rows(db) == []
    with db.write() as connection:
        assert one.outcomes.store(connection, [outcome(second)]) == [True]
        assert one.outcomes.store(connection, [outcome(second)]) == [False]
    assert len(rows(db)) == 1 and holds(db, study)


def test_a_lease_is_renewed_while_the_work_goes_on(db):
    pairs(db, units=1)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    with db.write() as connection:
        claimed = run_rows.claim(connection, run, 5)
        connection.execute(update(T).values(lease_until=1))
        run_rows.renew(connection, {row.id: row.owner for row in claimed})
        assert run_rows.claim(connection, run, 5) == []
        run_rows.renew(connection, {row.id: "somebody else" for row in claimed})


def test_a_runner_that_is_full_of_slow_work_takes_over_what_a_dead_one_held(db):
    pairs(db, units=20)

    async def go(server, run):
        working = asyncio.create_task(runner.execute(db, run))
        until, dead = time.monotonic() + 30, []
        while not dead and time.monotonic() < until:
            await asyncio.sleep(0.05)
            if server.under_way == 2 and states(db)["leased"] == 12:  # 2 at once, 8 + 2 in hand
                dead = die_with(db, 5)
        begun = time.monotonic()
        while holders(db, dead) == {"dead"} and time.monotonic() < until:
            await asyncio.sleep(0.05)
        taken, under_way = time.monotonic() - begun, server.count
        assert len(dead) == 5 and holders(db, dead) != {"dead"}
        runs.stop(db, OWNER, run)
        working.cancel()
        return taken, under_way

    with OpenAIServer(lambda body: prefers("A"), latency=60) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=2)
        with suppress(asyncio.CancelledError):
            taken, under_way = asyncio.run(go(server, run))
    assert taken < 4 and under_way == 2


class Gated(OpenAIServer):
    """Answers nothing before its gate is opened."""

    gate = False

    async def _answer(self, request, body):
        while not self.gate:
            await asyncio.sleep(0.02)
        return await super()._answer(request, body)


def test_what_a_dead_runner_held_is_asked_before_what_is_held_already(db, monkeypatch):
    study = pairs(db, units=20)
    monkeypatch.setattr("core.services.claims.LOOK", 0.05)

    async def go(server, run):
        working = asyncio.create_task(runner.execute(db, run))
        while not (server.under_way == 2 and states(db)["leased"] == 12):
            await asyncio.sleep(0.02)
        dead = die_with(db, 5, last=True)
        while "dead" in holders(db, dead):
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)  # what was taken has joined the line
        server.gate = True
        await working
        return dead

    with Gated(lambda body: prefers("A")) as server:
        run = runs.start(db, OWNER, "pairs", judge(server.url), concurrency=2)
        dead = asyncio.run(asyncio.wait_for(go(server, run), 60))
    asked = [int(re.search(r"Prompt number (\d+)", str(b)).group(1)) for b in server.requests]
    assert sorted(asked[2:7]) == sorted(numbers(db, dead)) and len(asked) == 40
    assert runs.status(db, OWNER, run).state == "done" and holds(db, study)


def numbers(db, tasks):
    """The numbers of the prompts that these tasks are about."""
    with db.read() as connection:
        keys = connection.execute(
            select(U.c.key).join(T, T.c.unit == U.c.id).where(T.c.id.in_(tasks))
        ).scalars()
        return [int(key.partition("/")[0][1:]) for key in keys]


def test_what_failed_in_a_streak_waits_again_when_somebody_else_pauses_the_run(db):
    """Two runners at an endpoint that is down: one pauses the run, the other has a streak too."""
    pairs(db, units=2)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    one = shift.Shift(db, run)

    async def go():
        failing = asyncio.create_task(one.work())
        while not one.streak:
            await asyncio.sleep(0.01)
        runs.pause(db, OWNER, run)
        await failing

    asyncio.run(asyncio.wait_for(go(), 60))
    status = runs.status(db, OWNER, run)
    assert (status.state, status.failed, status.waiting) == ("paused", 0, 4)


def test_a_run_that_is_resumed_goes_on_where_its_worker_is_now(db):
    pairs(db)
    wrong = judge("http://127.0.0.1:9/v1")
    runs.add_worker(db, OWNER, "pairs", wrong)
    run = runs.start(db, OWNER, "pairs", wrong)
    asyncio.run(runner.execute(db, run))
    assert runs.status(db, OWNER, run).state == "paused"
    with OpenAIServer(lambda body: prefers("A")) as server:
        right = judge(server.url)
        runs.add_worker(db, OWNER, "pairs", right)
        with pytest.raises(Refused, match="resume it, and it goes on with the address"):
            runs.start(db, OWNER, "pairs", right)
        runs.resume(db, OWNER, run)
        asyncio.run(runner.execute(db, run))
        assert runs.status(db, OWNER, run).done == 12
        runs.add_worker(db, OWNER, "pairs", judge(server.url, temperature=1.0))  # somebody else
        before = run_rows_of(db, run)
        with db.write() as connection:
            run_rows.change(connection, run, state="paused")
        runs.resume(db, OWNER, run)
    assert run_rows_of(db, run) == before


def run_rows_of(db, run):
    with db.read() as connection:
        return run_rows.by_id(connection, run).worker


def test_the_rate_counts_from_the_first_call_and_what_is_left_by_calls_a_task(db):
    """16 calls for 4 tasks in 8 s, long after the start: 2 a second, and 8 tasks take 16 s more."""
    pairs(db)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    moment = now()
    with db.write() as connection:
        row = {"run": run, "model": "m", "attempts": 1, "request": "{}", "reply": "{}",
               "prompt_tokens": 1, "completion_tokens": 1, "cost": None, "error": ""}  # fmt: skip
        calls.keep(connection, [{**row, "key": str(n), "seconds": 0.5} for n in range(16)])
        for n in range(16):
            when = moment - 7_500_000 + n * 500_000
            connection.execute(update(C).where(C.c.key == str(n)).values(created_at=when))
        done = select(T.c.id).where(T.c.run == run).limit(4)
        connection.execute(update(T).where(T.c.id.in_(done)).values(state="done"))
        run_rows.change(connection, run, state="running", created_at=moment - 3_600_000_000)
    status = runs.status(db, OWNER, run)
    assert status.rate == pytest.approx(2.0, rel=0.1)
    assert status.eta == pytest.approx(8 * 4 / 2.0, rel=0.1)


def test_a_paused_run_is_not_over_while_calls_are_under_way(db):
    pairs(db, units=1)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    with db.write() as connection:
        run_rows.change(connection, run, state="running", heartbeat=now())
        held = {row.id: row.owner for row in run_rows.claim(connection, run, 1)}
    runs.pause(db, OWNER, run)
    status = runs.status(db, OWNER, run)
    assert (status.under_way, status.over) == (1, False)
    with db.write() as connection:
        run_rows.done(connection, held)
    assert runs.status(db, OWNER, run).over


class Started:
    """A process that lives until it is told not to."""

    def __init__(self):
        self.pid, self.ended = 7, None

    def poll(self):
        return self.ended


def test_no_second_runner_is_started_while_one_lives(sqlite_url, monkeypatch):
    db, clock, made = Database(sqlite_url), [1000.0], []
    monkeypatch.setattr(settings(), "runner", True)
    monkeypatch.setattr(runner_process.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(runner_process, "_start", lambda db: made.append(Started()) or made[-1])
    pairs(db, units=1)
    ensure = lambda after: (clock.__setitem__(0, clock[0] + after), runner_process.ensure(db))[1]
    assert ensure(0) is None  # nothing to do
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    assert [ensure(0), ensure(2), ensure(10), ensure(7)] == [7, None, None, None]
    assert ensure(5) == 7  # it lives and does nothing: not counted on any more
    runs.stop(db, OWNER, run)
    assert ensure(100) is None
    runs.resume(db, OWNER, run)
    assert ensure(0) is None  # idle: it will see the run at once
    made[-1].ended = 0
    assert ensure(1) == 7 and len(made) == 3
    db.close()


def states(db):
    with db.read() as connection:
        rows = connection.execute(select(T.c.state, func.count()).group_by(T.c.state))
        return Counter(dict(tuple(row) for row in rows))


def die_with(db, many, last=False):
    """Let another runner hold some tasks, and its lease run out; their ids."""
    with db.write() as connection:
        order = T.c.id.desc() if last else T.c.id
        ready = connection.execute(
            select(T.c.id).where(T.c.state == "ready").order_by(order).limit(many)
        )
        ids = list(ready.scalars())
        lost = {"state": "leased", "owner": "dead", "lease_until": 1}
        connection.execute(update(T).where(T.c.id.in_(ids)).values(**lost))
    return ids


def holders(db, ids):
    with db.read() as connection:
        return set(connection.execute(select(T.c.owner).where(T.c.id.in_(ids))).scalars())


def test_an_offline_rater_runs_here_and_says_what_it_passed_by(db):
    pairs(db)
    longer = load_worker({"kind": "longer", "name": "longer"})
    run = runner.run_now(db, OWNER, "pairs", longer)
    status = runs.status(db, OWNER, run)
    assert (status.state, status.done, status.calls) == ("done", 6, 0)
    assert all(r.rationale.startswith("Rule:") for r in rows(db))
    like = load_worker({"kind": "similarity", "name": "like"})
    status = runs.status(db, OWNER, runner.run_now(db, OWNER, "pairs", like))
    assert (status.done, status.skipped, status.state) == (0, 6, "done")
    assert status.skips == [("the item has no field or fact called 'reference'", 6)]


def test_nothing_to_do_says_why(db):
    pairs(db)
    with pytest.raises(NothingToDo, match="asks nothing that this worker can answer"):
        runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1", mode="pointwise"))


def test_an_error_in_a_worker_is_a_failed_task(db, monkeypatch):
    pairs(db)
    longer = load_worker({"kind": "longer", "name": "longer"})

    async def broken(self, unit, llm, repeat=0):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(type(longer), "work", broken)
    status = runs.status(db, OWNER, runner.run_now(db, OWNER, "pairs", longer))
    assert (status.done, status.failed) == (0, 6)
    assert status.failures[0][0] == "worker_error" and "oops" in status.failures[0][2]
    assert rows(db) == []


def test_a_rater_carries_what_it_is(db):
    pairs(db, gold={"better": {"winner": "a"}})
    made = load_worker({"kind": "simulate", "name": "Simulated 1"})
    runner.run_now(db, OWNER, "pairs", made)
    from storage import studies as study_rows

    with db.read() as connection:
        [rater] = study_rows.raters(connection, rows(db)[0].study)
    assert (rater.kind, rater.key, rater.name) == ("rule", made.digest, "Simulated 1")
    assert rater.spec["simulated"] is True and rater.spec["kind"] == "simulate"


def test_a_key_that_is_not_set_is_said_before_the_start(db, monkeypatch):
    pairs(db)
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(Refused, match="NO_SUCH_KEY"):
        runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1", key="NO_SUCH_KEY"))


def test_the_key_is_sent_and_stored_nowhere(db, monkeypatch):
    pairs(db)
    monkeypatch.setenv("TEST_KEY", "very-secret-value")
    with OpenAIServer(lambda body: prefers("A"), key="very-secret-value") as server:
        status = start_and_work(db, judge(server.url, key="TEST_KEY"))
    assert status.done == 12
    with db.read() as connection:
        for table in Judgment.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                assert "very-secret-value" not in str(row)


def test_a_worker_is_saved_into_the_protocol_once(db):
    pairs(db)
    made = judge("http://127.0.0.1:9/v1")
    version = runs.add_worker(db, OWNER, "pairs", made).version
    assert runs.add_worker(db, OWNER, "pairs", made).version == version
    changed = runs.add_worker(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1", model="n"))
    assert [w.model for w in changed.protocol.workers] == ["n"]
    assert runs.worker_of(changed, "judge").model == "n"
    with pytest.raises(Refused, match="there are: judge"):
        runs.worker_of(changed, "nobody")


def test_an_annotator_may_not_run_models(db):
    pairs(db)
    guest = Identity("guest", frozenset({"annotator"}))
    made = judge("http://127.0.0.1:9/v1")
    for act in (
        lambda: runs.start(db, guest, "pairs", made), lambda: runs.plan(db, guest, "pairs", made),
        lambda: runs.listing(db, guest, "pairs"), lambda: runs.pause(db, guest, 1),
        lambda: asyncio.run(runner.serve(db, guest, once=True)),
    ):  # fmt: skip
        with pytest.raises(Denied):
            act()


def test_an_unknown_run_is_said(db):
    with pytest.raises(runs.NoRun, match="no run 99"):
        runs.status(db, OWNER, 99)


def test_serve_does_every_run_and_leaves(db):
    pairs(db)
    pairs(db, "more", 4)
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = [runs.start(db, OWNER, s, judge(server.url)) for s in ("pairs", "more")]
        assert runner_process.wanted(db)
        asyncio.run(runner.serve(db, OWNER, once=True))
    assert [runs.status(db, OWNER, run).state for run in made] == ["done", "done"]
    assert not runner_process.wanted(db)


def test_threads_that_are_busy_keep_no_run_waiting(db):
    """The loop's own threads look up addresses; a runner and code in the sandbox have others."""
    pairs(db, units=2)
    longer = load_worker({"kind": "longer", "name": "longer"})
    run, free = runs.start(db, OWNER, "pairs", longer), threading.Event()

    async def go():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, free.wait)
        try:
            with pretending():
                seen = await asyncio.wait_for(apart(pretended), 20)
            await asyncio.wait_for(runner.serve(db, OWNER, once=True), 20)
        finally:
            free.set()
            await busy
        return seen

    assert asyncio.run(go()) is True
    assert runs.status(db, OWNER, run).state == "done"


def test_a_run_that_cannot_be_worked_on_is_paused_with_the_reason(db, monkeypatch):
    pairs(db)
    run = runs.start(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1"))
    monkeypatch.setattr(shift, "load_worker", lambda spec: 1 / 0)
    asyncio.run(runner.serve(db, OWNER, once=True))
    status = runs.status(db, OWNER, run)
    assert status.state == "paused" and "division by zero" in status.message


def test_a_group_commit_fails_only_the_piece_that_is_wrong(db):
    def handler(connection, pieces):
        if 3 in pieces:
            raise CallFailed("bad_request", "three")
        return [piece * 2 for piece in pieces]

    async def go():
        commits = GroupCommit(db)
        found = await asyncio.gather(
            *[commits.do(handler, n) for n in range(6)], return_exceptions=True
        )
        await commits.close()
        return found

    found = asyncio.run(go())
    assert isinstance(found.pop(3), CallFailed)
    assert found == [0, 2, 4, 8, 10]


def test_a_plan_is_remembered_until_something_changes(db):
    study = pairs(db)
    rule = load_worker({"kind": "longer", "name": "longer"})
    first = runs.plan(db, OWNER, "pairs", rule)
    assert runs.plan(db, OWNER, "pairs", rule) is first and first.work == 6
    assert runs.plan(db, OWNER, "pairs", rule, limit=2).work == 2
    runner.run_now(db, OWNER, study.key, rule)
    assert runs.plan(db, OWNER, "pairs", rule).work == 0


def test_a_plan_holds_for_a_judge_that_is_asked_the_same_until_either_has_answered(db):
    pairs(db)
    one = judge("http://127.0.0.1:1/v1")
    first = runs.plan(db, OWNER, "pairs", one)
    told = one.model_copy(update={"name": "other", "model": "b", "temperature": 1.0, "samples": 3})
    assert one.digest != told.digest
    assert runs.plan(db, OWNER, "pairs", told) is first
    alone = one.model_copy(update={"orders": "one"})
    assert runs.plan(db, OWNER, "pairs", alone).work == first.work / 2
    nobody = one.model_copy(update={"mode": "pointwise"})
    assert runs.plan(db, OWNER, "pairs", nobody).work == 0
    again = runs.plan(db, OWNER, "pairs", one)
    assert again is not first and again.tasks == first.tasks
    runner.run_now(db, OWNER, "pairs", load_worker({"kind": "longer", "name": "longer"}))
    assert runs.plan(db, OWNER, "pairs", told) is again


def test_the_plan_of_a_judge_that_has_answered_is_its_own(db):
    pairs(db)
    with OpenAIServer() as server:
        one = judge(server.url)
        run = runs.start(db, OWNER, "pairs", one, limit=1)
        asyncio.run(runner.execute(db, run))
        left = runs.plan(db, OWNER, "pairs", one)
        whole = runs.plan(db, OWNER, "pairs", one.model_copy(update={"model": "b"}))
        runner.run_now(db, OWNER, "pairs", load_worker({"kind": "longer", "name": "longer"}))
        runs.plan(db, OWNER, "pairs", one.model_copy(update={"model": "b"}))
        again = runs.plan(db, OWNER, "pairs", one)
        runner.run_now(db, OWNER, "pairs", load_worker({"kind": "baseline", "name": "first"}))
        assert runs.plan(db, OWNER, "pairs", one) is again and again == left
        asyncio.run(runner.execute(db, runs.start(db, OWNER, "pairs", one, limit=1)))
        assert runs.plan(db, OWNER, "pairs", one).judged == 4
    assert left.judged == 2 and whole.judged == 0
    assert whole.work == left.work + 2
