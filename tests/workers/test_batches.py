"""The batch lane against a real server with files and batches."""

import asyncio

import pytest

from core.batches import BatchLane, Sent
from core.calls import CallFailed, Endpoint
from core.llm import LLM
from core.patience import Patience
from core.throttle import Throttle
from tests.servers.openai_extras import Batches
from tests.servers.openai_server import Fault, OpenAIServer
from tests.workers.test_llm import SCHEMA, Memory

QUICK = Patience(tries=2, refusals=2, connects=2, asks=2, first_wait=0.01)


class Notes:
    """What was sent, in memory; it can stop before a batch is begun, as a killed runner does."""

    def __init__(self, die=False):
        self.rows, self.die = {}, die

    async def sent(self):
        return list(self.rows.values())

    async def uploaded(self, file, ids):
        self.rows[file] = Sent(len(self.rows), file, tuple(ids))
        if self.die:
            raise KeyboardInterrupt
        return self.rows[file]

    async def begun(self, sent, batch):
        self.rows[sent.file] = Sent(sent.number, sent.file, sent.ids, batch)
        return self.rows[sent.file]


def ask(server, questions, notes, ledger=None, until=None, **options):
    """Replies or failures to questions asked at once in the batch lane."""

    async def go():
        lane = lambda wire: BatchLane(wire, notes, quiet=0.05, polls=(0.05, 0.1), **options)
        llm = LLM(
            Endpoint(server.url, "m"), ledger, patience=QUICK, throttle=Throttle(999, 999),
            lane=lane,
        )  # fmt: skip
        calls = [
            asyncio.create_task(llm.ask([{"role": "user", "content": q}], schema=SCHEMA))
            for q in questions
        ]
        try:
            if until is not None:
                await until(llm)
                return None
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await llm.close()

    return asyncio.run(go())


def test_many_calls_travel_in_one_file_and_each_gets_its_own_reply():
    reply = lambda body: {"score": int(body["messages"][0]["content"][-1]) % 3 + 1}
    memory, notes = Memory(), Notes()
    with OpenAIServer(reply, batches=Batches()) as server:
        found = ask(server, [f"q{n}" for n in range(9)], notes, memory)
        assert [r.value["score"] for r in found] == [n % 3 + 1 for n in range(9)]
        assert len(server.batches.made) == 1 and server.count == 9
        assert {r.key for r in memory.records} == set(notes.rows["file-0"].ids)
        again = ask(server, ["q3"], notes, memory)
        assert again[0].cached and server.count == 9
    assert found[0].prompt_tokens == 120


def test_what_is_too_much_for_one_file_is_split():
    with OpenAIServer(lambda body: {"score": 1}, batches=Batches()) as server:
        found = ask(server, [f"q{n}" for n in range(7)], Notes(), most=3)
        assert [r.value["score"] for r in found] == [1] * 7
        assert len(server.batches.made) >= 3


def test_a_line_that_failed_is_a_failed_call_and_the_others_are_not():
    faults = {"bad": Fault(status=400, message="no"), "busy": Fault(status=500),
              "odd": "not json"}  # fmt: skip
    reply = lambda body: faults.get(body["messages"][0]["content"].split("\n")[0], {"score": 2})
    with OpenAIServer(reply, batches=Batches()) as server:
        found = ask(server, ["good", "bad", "busy", "odd"], Notes())
    assert found[0].value == {"score": 2}
    assert [error.kind for error in found[1:]] == ["bad_request", "server_error", "invalid_reply"]


@pytest.mark.parametrize(("batches", "kind"), [
    (Batches(ends="failed", lose=2), "batch_failed"),
    (Batches(ends="expired", lose=1), "batch_failed"),
])  # fmt: skip
def test_lines_without_a_reply_fail_and_say_so(batches, kind):
    with OpenAIServer(lambda body: {"score": 2}, batches=batches) as server:
        found = ask(server, ["one", "two"], Notes())
    kinds = [getattr(r, "kind", "") for r in found]
    assert kinds == (["", kind] if batches.lose == 1 else [kind] * 2)
    assert batches.ends in found[1].message


def test_a_killed_runner_is_answered_from_the_batch_that_it_sent():
    notes = Notes()
    with OpenAIServer(lambda body: {"score": 3}, batches=Batches(seconds=0.3)) as server:

        async def sent(llm):
            while not any(row.batch for row in notes.rows.values()):
                await asyncio.sleep(0.01)

        ask(server, ["a", "b"], notes, until=sent)
        assert server.count == 0
        found = ask(server, ["a", "b"], notes)
        assert [r.value["score"] for r in found] == [3, 3]
        later = ask(server, ["b", "c"], notes)
        assert [r.value["score"] for r in later] == [3, 3]
    assert server.count == 3 and len(server.batches.made) == 2


def test_a_file_without_a_batch_becomes_one():
    """Killed between the upload and the batch: the file is used, not sent again."""
    notes = Notes()
    with OpenAIServer(lambda body: {"score": 3}, batches=Batches()) as server:
        ask(server, ["a"], notes)
        [row] = notes.rows.values()
        notes.rows[row.file] = Sent(0, row.file, row.ids)
        server.batches.made.clear()
        found = ask(server, ["a"], notes)
    assert found[0].value == {"score": 3} and len(server.batches.made) == 1
    uploads = [f for f in server.batches.files.values() if "custom_id" in f and '"url"' in f]
    assert len(uploads) == 1


def test_an_endpoint_without_batches_says_so():
    with OpenAIServer(lambda body: {"score": 3}) as server:
        [error] = ask(server, ["a"], Notes())
    assert isinstance(error, CallFailed) and error.kind in {"unknown_model", "broken_reply"}


def test_a_paused_run_waits_for_nothing():
    with OpenAIServer(lambda body: {"score": 3}, batches=Batches(seconds=60)) as server:

        async def pause(llm):
            while not server.batches.made:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            await llm.lane.abandon()
            llm.lane.shut()

        ask(server, ["a"], Notes(), until=pause)
        assert server.batches.cancelled == ["batch-0"]
