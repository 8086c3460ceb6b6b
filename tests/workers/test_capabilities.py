"""What an endpoint can do, found by asking; scores of given texts; headers that set the pace."""

import asyncio
import math
import time

import pytest

from core.calls import CallFailed, Endpoint
from core.capabilities import NAMES, offers
from core.formats import FORMATS, known
from core.llm import LLM
from core.patience import Patience
from core.rate_headers import allowances, seconds
from core.scoring import Scored, gain
from core.throttle import Pace, Throttle
from tests.servers.openai_extras import Batches, tokens
from tests.servers.openai_server import Fault, OpenAIServer, example, schema_of
from tests.workers.test_llm import Memory

QUICK = Patience(tries=1, refusals=1, connects=1, first_wait=0.01)
ALL = ("tools", "seed", "prompt_logprobs", "echo", "embeddings")
PROBS = [{"token": "x", "logprob": -0.1, "top_logprobs": []}]


def run(server, act, ledger=None, **options):
    """What `act(llm)` comes to."""

    async def go():
        llm = LLM(Endpoint(server.url, "m"), ledger, patience=QUICK, **options)
        try:
            return await act(llm)
        finally:
            await llm.close()

    return asyncio.run(go())


def reply(body):
    """Keeps to schemas; says JSON when a JSON object is wanted."""
    schema = schema_of(body) if (body.get("response_format") or {}).get("json_schema") else None
    beside = (body.get("response_format") or {}).get("schema")
    if schema or beside:
        return example(schema or beside)
    return {"say": "hello"} if body.get("response_format") else "hello"


def test_a_server_that_can_do_everything():
    with OpenAIServer(reply, extras=ALL, logprobs=PROBS, batches=Batches()) as server:
        found = run(server, lambda llm: llm.probe())
    assert [one.name for one in found] == list(NAMES)
    assert {one.name: one.note for one in found if not one.offered} == {}
    assert server.count <= 12


def test_a_server_that_ignores_what_it_is_asked_for():
    """It accepts everything and answers with the same word: nothing is offered but the seed."""
    with OpenAIServer(lambda body: "hello", extras=("seed", "prompt_logprobs")) as server:
        found = {one.name: one for one in run(server, lambda llm: llm.probe())}
    assert not found["json_schema"].offered and "does not keep" in found["json_schema"].note
    assert not found["json_object"].offered and not found["json_object_schema"].offered
    assert not found["tools"].offered and "refused" in found["tools"].note
    assert not found["logprobs"].offered and not found["echo"].offered
    assert not found["embeddings"].offered and not found["batch"].offered
    assert found["seed"].offered and found["prompt_logprobs"].offered


def test_a_server_that_takes_a_request_for_scores_and_sends_none():
    with OpenAIServer(lambda body: "hello", extras=("ignores",)) as server:
        found = run(server, lambda llm: llm.probe(("echo", "prompt_logprobs")))
    assert [(one.offered, one.note[:8]) for one in found] == [(False, "accepted")] * 2


def test_a_refused_key_is_no_lack_of_capability():
    with OpenAIServer(key="right") as server, pytest.raises(CallFailed) as caught:
        run(server, lambda llm: llm.probe())
    assert caught.value.kind == "bad_key"


def test_the_format_follows_the_probe():
    assert known({}) == FORMATS
    assert known({"json_schema": False, "json_object_schema": True, "json_object": True}) == (
        "json_object_schema", "json_object", "text",
    )  # fmt: skip
    schema = {"type": "object", "properties": {"word": {"enum": ["a"]}}, "required": ["word"]}
    ask = lambda llm: llm.ask([{"role": "user", "content": "?"}], schema=schema)
    with OpenAIServer(lambda body: {"word": "a"}) as server:
        run(server, ask, offers={"json_schema": False, "json_object": True})
        run(server, ask, offers={"json_schema": False, "json_object_schema": True})
        run(server, ask, offers={"json_schema": False})
    first, second, third = server.requests
    assert first["response_format"] == {"type": "json_object"}
    assert "JSON schema" in first["messages"][0]["content"]
    assert second["response_format"]["schema"] == schema
    assert second["messages"][0]["content"] == "?"
    assert "response_format" not in third and "JSON schema" in third["messages"][0]["content"]


@pytest.mark.parametrize("way", ["echo", "prompt_logprobs"])
def test_a_given_text_is_scored_and_kept(way):
    memory = Memory()
    with OpenAIServer(extras=(way,)) as server:
        score = lambda llm: llm.score("A red fox ran.", " The red fox hid.")
        found = run(server, score, memory)
        assert [t for t in found.tokens] == [" The", " red", " fox", " hid", "."]
        expected = [math.log(p) for p in (0.05, 0.5, 0.5, 0.05, 0.5)]
        assert found.logprobs == pytest.approx(expected)
        assert found.perplexity == pytest.approx(math.exp(-sum(expected) / 5))
        before = len(server.requests)
        again = run(server, score, memory, offers={way: True, "echo": way == "echo"})
        assert len(server.requests) == before and again == found and found.call
        alone = run(server, lambda llm: llm.score("", " The red fox hid."))
        assert alone.logprobs[0] is None and len(alone.known) == 4
        assert (
            gain(alone, found) == pytest.approx(found.mean - alone.mean) and alone.mean < found.mean
        )
    assert memory.records[0].spent.prompt_tokens > 0
    with pytest.raises(ValueError, match="same text"):
        gain(found, Scored("other", (), ()))
    assert Scored("", (), ()).perplexity is None


def test_a_message_is_scored_where_that_is_offered():
    with OpenAIServer(extras=("prompt_logprobs",)) as server:
        prompt = [{"role": "user", "content": "A red fox ran."}]
        found = run(server, lambda llm: llm.score(prompt, " The red fox hid."))
    assert found.tokens == (" The", " red", " fox", " hid", ".")
    assert found.logprobs[1] == pytest.approx(math.log(0.5))


def test_without_scores_it_says_why():
    with OpenAIServer(extras=("seed",)) as server, pytest.raises(CallFailed) as caught:
        run(server, lambda llm: llm.score("a", " b"))
    assert caught.value.kind == "not_offered" and "no log-probabilities" in caught.value.message
    assert not caught.value.pausing
    assert tokens("a b") == [("a", math.log(0.05)), (" b", math.log(0.05))]
    assert offers([]) == {}


def test_the_headers_of_a_rate_limit():
    assert [seconds(t) for t in ("1s", "6m0s", "120ms", "1h2m3.5s", "7.5", "", "soon", None)] == [
        1.0, 360.0, 0.12, 3723.5, 7.5, None, None, None,
    ]  # fmt: skip
    headers = {
        "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-tokens": "1000", "x-ratelimit-reset-tokens": "500ms",
    }  # fmt: skip
    assert list(allowances(headers, 160.0)) == [(3, 2.0), (6, 0.5)]
    assert list(allowances(headers, 0.0)) == [(3, 2.0)]
    assert list(allowances({"x-ratelimit-remaining-requests": "3"}, 1.0)) == []


def test_an_endpoint_that_allows_four_a_second_is_asked_no_more():
    """The server counts four requests a second and refuses the rest; by its headers none is."""
    seen, refused = [], []

    def room():
        return 4 - sum(moment > time.monotonic() - 1.0 for moment in seen)

    def answer(body):
        if room() <= 0:
            refused.append(1)
            return Fault(status=429, headers={"Retry-After": "1"})
        seen.append(time.monotonic())
        return "ok"

    left = lambda: {"x-ratelimit-remaining-requests": str(max(0, room())),
                    "x-ratelimit-reset-requests": "1s"}  # fmt: skip
    with OpenAIServer(answer, headers=left) as server:

        async def go(llm):
            ask = lambda n: llm.ask([{"role": "user", "content": str(n)}])
            await ask(0)
            await asyncio.gather(*[ask(n) for n in range(1, 10)])

        run(server, go, throttle=Throttle(4))
    assert server.count - len(refused) == 10 and len(refused) <= 1


def test_runners_at_one_endpoint_share_what_it_takes():
    """Worked through by hand: one has found 16; another comes, and each goes on with 8."""
    first, second = Throttle(64, start=32), Throttle(64)
    first.refused(0.0)
    assert first.pace() == Pace(16, True, 0.0)
    second.heed([first.pace()])
    first.heed([second.pace()])
    assert (first.limit, second.limit, second.sharers) == (8, 4, 2)
    first.heed([second.pace()])
    assert first.limit == 8  # nobody new
    for _ in range(4):
        second.succeeded()
    assert second.limit == 5  # no more doubling
    second.refused(30.0)
    first.heed([second.pace()])
    assert not first._open() and first._resume - time.monotonic() == pytest.approx(30, abs=1)
    first.heed([])
    assert first.sharers == 1


def test_for_latency_the_limit_shrinks_while_replies_take_longer():
    throttle = Throttle(64, start=4, objective="latency")
    for _ in range(4):
        throttle.succeeded(0.1)
    assert throttle.limit == 8
    for _ in range(60):
        throttle.succeeded(0.4)
    assert throttle.limit < 8
    quick = Throttle(64, start=4)
    for seconds_taken in [0.1] * 4 + [0.4] * 60:
        quick.succeeded(seconds_taken)
    assert quick.limit > 16


def test_a_target_in_seconds_is_met_by_the_95th_percentile_or_the_mean():
    """Replies take 20 ms for each that is under way; one in ten takes three times as long."""

    def limit(of):
        throttle = Throttle(64, start=4, objective="latency", target=0.5, of=of)
        for number in range(3000):
            throttle.succeeded(0.02 * throttle.limit * (3 if number % 10 == 0 else 1))
        return throttle.limit

    assert 7 <= limit("p95") <= 10  # 0.06 a call: 8
    assert 18 <= limit("mean") <= 23  # 0.024 a call: 20
