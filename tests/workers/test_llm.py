"""The model client against a real server that does everything wrong in turn."""

import asyncio
import itertools
import json
import time

import pytest

from core.calls import CallFailed, Endpoint, Kept, call_key
from core.llm import LLM
from core.patience import Patience
from core.throttle import Throttle
from core.units import Invalid
from tests.servers.openai_server import Fault, OpenAIServer

SCHEMA = {
    "type": "object", "properties": {"score": {"enum": [1, 2, 3]}}, "required": ["score"],
    "additionalProperties": False,
}  # fmt: skip
ASK = [{"role": "user", "content": "How good?"}]
QUICK = Patience(tries=3, refusals=4, connects=2, asks=3, first_wait=0.01)


class Memory:
    """A ledger in memory."""

    def __init__(self):
        self.records, self.kept = [], {}

    async def find(self, key):
        return self.kept.get(key)

    async def keep(self, record):
        self.records.append(record)
        if record.answer is None:
            return None
        return self.kept.setdefault(record.key, Kept(len(self.kept) + 1, record.answer))


def ask(
    server, *, ledger=None, endpoint=None, times=1, patience=QUICK, llm_options=None, **options
):
    """The last of some replies, or the failure."""

    async def go():
        given = {"base_url": server.url, "model": "m", "timeout": 5.0, **(endpoint or {})}
        llm = LLM(Endpoint(**given), ledger, patience=patience, **(llm_options or {}))
        try:
            for _ in range(times):
                reply = await llm.ask(ASK, **{"schema": SCHEMA, **options})
            return reply, llm
        finally:
            await llm.close()

    return asyncio.run(go())


def failure(server, **options):
    with pytest.raises(CallFailed) as caught:
        ask(server, **options)
    return caught.value


def script(*replies):
    """Replies in turn; the last one again and again."""
    line = itertools.chain(replies, itertools.repeat(replies[-1]))
    return lambda body: next(line)


def test_a_reply_is_validated_and_counted():
    with OpenAIServer(lambda body: {"score": 2}) as server:
        memory = Memory()
        reply, _ = ask(
            server, ledger=memory, endpoint={"prompt_price": 1.0, "completion_price": 2.0}
        )
    assert reply.value == {"score": 2}
    assert (reply.prompt_tokens, reply.completion_tokens, reply.attempts) == (120, 40, 1)
    assert reply.cost == pytest.approx((120 + 80) / 1e6)
    assert server.requests[0]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert memory.records[0].request["messages"] == ASK


def test_an_endpoint_hears_nothing_of_the_machine():
    with OpenAIServer(lambda body: {"score": 2}, key="k") as server:
        ask(server, endpoint={"key": "k", "base_url": server.url + "/"})
    names = {name.lower() for name in server.heard[0]}
    assert not [name for name in names if name.startswith("x-stainless")]
    assert {"authorization", "content-type", "host", "user-agent"} <= names


def test_the_same_question_again_is_free():
    with OpenAIServer(script({"score": 2}, {"score": 3})) as server:
        reply, _ = ask(server, ledger=Memory(), times=2)
    assert (reply.value, reply.cached, reply.prompt_tokens) == ({"score": 2}, True, 0)
    assert len(server.requests) == 1


def test_freshness_asks_anew():
    with OpenAIServer(script({"score": 2}, {"score": 3})) as server:
        memory = Memory()
        ask(server, ledger=memory)
        reply, _ = ask(server, ledger=memory, llm_options={"freshness": "7"})
    assert reply.value == {"score": 3}


def test_the_first_stored_reply_wins():
    first = json.dumps({"score": 1})

    class Beaten(Memory):
        async def keep(self, record):
            return Kept(9, {"text": first, "finish": "stop", "model": "m"})

    with OpenAIServer(lambda body: {"score": 3}) as server:
        reply, _ = ask(server, ledger=Beaten())
    assert (reply.value, reply.call) == ({"score": 1}, 9)


def test_the_key_depends_on_everything_that_was_asked():
    base = {"endpoint": Endpoint("http://a/v1", "m"), "messages": ASK, "parameters": {},
            "schema": SCHEMA, "repeat": 0, "freshness": ""}  # fmt: skip
    changes = [
        {}, {"endpoint": Endpoint("http://b/v1", "m")}, {"endpoint": Endpoint("http://a/v1", "n")},
        {"messages": []}, {"parameters": {"temperature": 1}}, {"schema": None}, {"repeat": 1},
        {"freshness": "1"},
    ]  # fmt: skip
    assert len({call_key(**{**base, **change}) for change in changes}) == len(changes)
    assert call_key(**base) == call_key(
        **{**base, "endpoint": Endpoint("http://a/v1/", "m", key="secret")}
    )


def test_json_in_a_fence_is_read_and_prose_is_not():
    with OpenAIServer(lambda body: '```json\n{"score": 1}\n```') as server:
        assert ask(server)[0].value == {"score": 1}
    with OpenAIServer(lambda body: 'I say {"score": 1}') as server:
        assert failure(server).kind == "invalid_reply"


@pytest.mark.parametrize(
    "bad",
    [
        "prose", '{"score": 9}', "[1]", '{"score": NaN}', '{"score": 1, "more": 2}', "",
        '{"score": 1, "score": 2}', '{"score": 1e999}', "[" * 100_000, '{"score": ' * 100_000,
        '{"score": "\\ud800"}', "\ud800",
    ],
)  # fmt: skip
def test_an_invalid_reply_is_asked_again_and_then_fails(bad):
    with OpenAIServer(lambda body: bad) as server:
        memory = Memory()
        error = failure(server, ledger=memory)
    assert error.kind == "invalid_reply" and not error.pausing
    assert len(server.requests) == 3
    assert "cannot be used" in server.requests[1]["messages"][-1]["content"]
    record = memory.records[0]
    assert (record.answer, record.error) == (None, "invalid_reply")
    assert record.spent.prompt_tokens == 360
    assert memory.kept == {}


def test_a_second_valid_reply_is_taken_and_both_are_paid():
    with OpenAIServer(script("well", {"score": 3})) as server:
        reply, _ = ask(server)
    assert (reply.value, reply.prompt_tokens, reply.attempts) == ({"score": 3}, 240, 2)


def test_what_the_reader_refuses_is_invalid():
    def refuse(value):
        raise Invalid("score", "not today")

    with OpenAIServer(lambda body: {"score": 1}) as server:
        error = failure(server, check=refuse)
    assert error.kind == "invalid_reply" and "not today" in error.message


FAULTS = [
    (Fault(finish="length", text='{"sco'), "truncated", 1, "max_tokens"),
    (Fault(refusal="I will not"), "refused", 1, "refused"),
    (Fault(finish="content_filter", text=""), "refused", 1, "refused"),
    (Fault(status=500), "server_error", 3, "500"),
    (Fault(status=503, headers={"Retry-After": "0"}), "server_error", 3, "503"),
    (Fault(status=429, headers={"Retry-After": "0.01"}), "rate_limited", 4, "too many requests"),
    (Fault(status=429, headers={"Retry-After": "900"}), "rate_limited", 1, "quota"),
    (Fault(status=429, code="insufficient_quota"), "rate_limited", 1, "quota"),
    (Fault(status=404, message="no such model"), "unknown_model", 1, "'m'"),
    (Fault(status=403), "bad_key", 1, "key"),
    (Fault(status=400, message="bad temperature"), "bad_request", 3, "bad temperature"),
    (Fault(status=400, code="context_length_exceeded"), "too_long", 1, "too long"),
    (Fault(cut=True, text="x" * 4000), "broken_reply", 2, "broke off"),
    (Fault(body='{"choices": [{"mess'), "broken_reply", 2, "broke off"),
    (Fault(body="<html>gateway</html>"), "broken_reply", 2, "base URL"),
    (Fault(body='{"choices": []}'), "broken_reply", 2, "broke off"),
    (Fault(body='{"choices": [{"message": null}]}'), "broken_reply", 2, "broke off"),
    (Fault(body='{"choices": [{"message": "hi"}]}'), "broken_reply", 2, "broke off"),
    (Fault(body="[" * 100_000), "broken_reply", 2, "broke off"),
]


@pytest.mark.parametrize(("fault", "kind", "requests", "words"), FAULTS)
def test_every_fault_has_its_kind_and_its_advice(fault, kind, requests, words):
    with OpenAIServer(lambda body: fault) as server:
        error = failure(server)
    assert error.kind == kind
    assert words in error.message
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "usage", ["[1]", '"many"', '{"prompt_tokens": "x"}', '{"prompt_tokens": -5}',
              '{"prompt_tokens": 1e30}', '{"prompt_tokens": NaN}', '{"prompt_tokens": 1e999}']
)  # fmt: skip
def test_a_count_of_tokens_that_is_none_counts_nothing(usage):
    body = (
        '{"choices": [{"message": {"content": "{\\"score\\": 1}"}, "logprobs": [1]}], "usage": %s}'
    )
    with OpenAIServer(lambda _: Fault(body=body % usage)) as server:
        reply, _ = ask(server)
    assert (reply.value, reply.prompt_tokens, reply.logprobs) == ({"score": 1}, 0, None)


def test_a_wrong_key_is_said_without_the_key():
    with OpenAIServer(key="sk-right-key") as server:
        error = failure(server, endpoint={"key": "sk-wrong-key", "key_name": "MY_KEY"})
    assert error.kind == "bad_key" and "MY_KEY" in error.message
    assert "sk-wrong-key" not in error.message + repr(Endpoint("u", "m", key="sk-wrong-key"))


def test_an_endpoint_that_echoes_the_key_does_not_leak_it():
    with OpenAIServer(lambda body: Fault(status=500, message="got abc123secret")) as server:
        error = failure(server, endpoint={"key": "abc123secret"})
    assert "abc123secret" not in error.message


def test_nothing_listens():
    with OpenAIServer() as server:
        pass
    error = failure(server)
    assert error.kind == "endpoint_down" and server.url in error.message and error.pausing


def test_a_stall_is_a_timeout():
    with OpenAIServer(lambda body: Fault(stall=2.0)) as server:
        error = failure(server, endpoint={"timeout": 0.2})
    assert error.kind == "timeout" and "0.2 s" in error.message


def test_errors_that_pass_are_waited_out():
    faults = [Fault(status=500), Fault(status=429, headers={"Retry-After": "0.01"}), {"score": 3}]
    with OpenAIServer(script(*faults)) as server:
        reply, _ = ask(server)
    assert (reply.value, reply.attempts) == ({"score": 3}, 3)


def test_retry_after_is_honoured():
    faults = [Fault(status=429, headers={"Retry-After": "0.6"}), {"score": 3}]
    with OpenAIServer(script(*faults)) as server:
        begun = time.monotonic()
        ask(server)
    assert time.monotonic() - begun >= 0.6


def test_an_endpoint_without_schemas_is_found_out_once():
    with OpenAIServer(lambda body: {"score": 1}, json_schema=False) as server:
        _, llm = ask(server, ledger=None, times=3)
    kinds = [r.get("response_format", {}).get("type") for r in server.requests]
    assert kinds == ["json_schema", "json_object", "json_object", "json_object"]
    assert llm.format == "json_object"
    assert "JSON schema" in server.requests[1]["messages"][-1]["content"]


def test_an_endpoint_that_takes_plain_text_only():
    with OpenAIServer(lambda body: {"score": 1}, json_schema=False, json_object=False) as server:
        reply, llm = ask(server)
    assert (reply.value, llm.format) == ({"score": 1}, "text")
    assert "response_format" not in server.requests[-1]


def test_a_request_that_no_format_mends_leaves_the_format_alone():
    with OpenAIServer(script(*[Fault(status=400)] * 3, {"score": 1})) as server:

        async def go():
            llm = LLM(Endpoint(server.url, "m"), patience=QUICK)
            with pytest.raises(CallFailed):
                await llm.ask(ASK, schema=SCHEMA)
            reply = await llm.ask(ASK, schema=SCHEMA)
            await llm.close()
            return reply, llm.format

        reply, form = asyncio.run(go())
    assert (reply.value, form) == ({"score": 1}, "json_schema")


def test_logprobs_are_kept():
    tokens = [{"token": "1", "logprob": -0.1, "top_logprobs": []}]
    with OpenAIServer(lambda body: {"score": 1}, logprobs=tokens) as server:
        reply, _ = ask(server, ledger=Memory(), logprobs=True)
        assert ask(server)[0].logprobs is None
    assert reply.logprobs == tokens


def test_text_without_a_schema():
    with OpenAIServer(lambda body: "just words") as server:
        reply, _ = ask(server, schema=None)
    assert (reply.text, reply.value) == ("just words", None)


def test_the_throttle_starts_low_grows_and_halves():
    async def go():
        throttle = Throttle(32, start=4)
        for _ in range(4):
            throttle.succeeded()
        assert throttle.limit == 8
        throttle.refused(0.05)
        throttle.refused(0.05)
        assert throttle.limit == 4  # once per waiting time
        begun = time.monotonic()
        async with throttle.place():
            assert time.monotonic() - begun >= 0.04
        for _ in range(4):
            throttle.succeeded()
        assert throttle.limit == 5
        throttle.allow(2)
        assert throttle.limit == 2

    asyncio.run(go())


def test_never_more_under_way_than_allowed():
    with OpenAIServer(lambda body: {"score": 1}, latency=0.02) as server:

        async def go():
            llm = LLM(Endpoint(server.url, "m"), throttle=Throttle(5))
            await asyncio.gather(*[llm.ask(ASK, schema=SCHEMA, repeat=n) for n in range(40)])
            await llm.close()

        asyncio.run(go())
    assert server.count == 40
    assert 2 <= server.most_under_way <= 5


def test_nothing_begins_after_the_end():
    async def go():
        throttle = Throttle(1)
        async with throttle.place():
            waiting = asyncio.create_task(throttle._enter())
            await asyncio.sleep(0)
            throttle.shut()
            for late in (waiting, throttle._enter()):
                with pytest.raises(CallFailed) as caught:
                    await late
                assert caught.value.kind == "stopped" and not caught.value.pausing
        assert throttle.active == 0

    asyncio.run(go())


def test_a_cancelled_wait_gives_its_place_back():
    async def go():
        throttle = Throttle(1)
        async with throttle.place():
            waiting = asyncio.create_task(throttle._enter())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with asyncio.timeout(1), throttle.place():
            assert throttle.active == 1

    asyncio.run(go())
