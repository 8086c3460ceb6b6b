"""Embeddings from an endpoint: several texts in a request, none paid twice, failures told."""

import asyncio
import json

import numpy as np
import pytest
from pydantic import ValidationError

from core.calls import CallFailed, Endpoint
from core.embedding_calls import MOST
from core.llm import LLM, Patience
from core.questions.base import load as question
from core.workers.attack import Attack
from core.workers.base import CannotAnswer
from core.workers.classify import Classify
from core.workers.evolve import Evolve
from core.workers.nearest import Nearest
from core.workers.probe import Probe
from core.workers.reverse import Reverse
from core.workers.similarity import Similarity
from tests.servers.openai_server import Fault, OpenAIServer
from tests.workers.scripted import unit
from tests.workers.test_llm import Memory

BETTER = question({"kind": "pairwise", "name": "better", "title": "Which?"})
QUALITY = question({"kind": "rating", "name": "quality", "title": "How good?"})
AT = {"model": "e", "base_url": "http://127.0.0.1:9/v1"}


def embed(server, *wishes, ledger=None, prices=(None, None), **more):
    """What each wish (a list of texts, all asked at once) comes to: an array or the failure."""

    async def go():
        place = Endpoint(server.url, "e", prompt_price=prices[0], completion_price=prices[1])
        llm = LLM(place, ledger or Memory(), **more,
                  patience=Patience(tries=2, refusals=5, first_wait=0.01))  # fmt: skip
        try:
            return await asyncio.gather(*map(llm.embed, wishes), return_exceptions=True)
        finally:
            await llm.close()

    return asyncio.run(go())


def server(**options):
    return OpenAIServer(**{"extras": ("embeddings",), **options})


def test_vectors_come_in_the_order_asked_and_have_length_one():
    with server() as there:
        [found] = embed(there, ["aab", "b", "aab", "zzz"])
    assert found.shape == (4, 8) and found.dtype == np.float32
    assert found[0][:2] == pytest.approx([2 / 5**0.5, 1 / 5**0.5]) and found[1][1] == 1
    assert (found[2] == found[0]).all() and not found[3].any()  # a row of zeros stays one
    assert [body["input"] for body in there.requests] == [["aab", "b", "zzz"]]
    assert there.requests[0]["model"] == "e"


def test_texts_that_are_asked_for_at_once_share_requests():
    wishes = [[f"a{n}", "shared"] for n in range(MOST + 6)]
    with server() as there:
        found = embed(there, *wishes)
    assert all(len(one) == 2 for one in found)
    sizes = sorted(len(body["input"]) for body in there.requests)
    assert sum(sizes) == MOST + 7 and max(sizes) == MOST and len(sizes) == 2


def test_no_text_is_paid_twice():
    ledger = Memory()
    with server() as there:
        [first] = embed(there, ["a", "b"], ledger=ledger)
        [second] = embed(there, ["b", "c"], ledger=ledger, freshness="7")
    assert [body["input"] for body in there.requests] == [["a", "b"], ["c"]]
    assert (first[1] == second[0]).all() and len(ledger.records) == 3


def test_each_text_bears_its_share_of_tokens_and_cost():
    ledger = Memory()
    with server() as there:  # its tokens are words
        embed(there, ["a b c d e f", "g"], ledger=ledger, prices=(1e6, 0.0))
    shares = {r.request["messages"][0]["content"]: r.spent.prompt_tokens for r in ledger.records}
    assert sum(shares.values()) == 7 and shares["a b c d e f"] > shares["g"]
    assert sum(r.cost for r in ledger.records) == pytest.approx(7.0)
    assert all(r.spent.completion_tokens == 0 for r in ledger.records)
    assert len({r.key for r in ledger.records}) == 2


def test_a_busy_endpoint_is_asked_again():
    faults = [Fault(429, headers={"retry-after": "0.01"}), Fault(500)]
    with server(embed=lambda body: faults.pop(0) if faults else None) as there:
        [found] = embed(there, ["a"])
    assert len(found) == 1 and len(there.requests) == 3


def test_one_text_that_is_refused_fails_alone():
    refused = lambda body: Fault(413, "too long") if "long" in body["input"] else None
    with server(embed=refused) as there:
        found = embed(there, ["a", "b"], ["long"], ["c"], ["a", "long"])
    assert [type(one) is CallFailed for one in found] == [False, True, False, True]
    assert found[1].kind == "too_long" and len(there.requests) < 12


@pytest.mark.parametrize("way", ["no path", "no such ability"])
def test_an_endpoint_without_embeddings_says_so_and_is_not_asked_on(way):
    options = {"extras": ()} if way == "no path" else {"models": ("chat",)}

    async def go(url):
        llm = LLM(Endpoint(url, "e"), Memory(), patience=Patience(tries=2, first_wait=0.01))
        try:
            first = await asyncio.gather(
                llm.embed(["a", "b"]), llm.embed(["c"]), return_exceptions=True
            )
            sent = len(there.requests)
            return [*first, *await asyncio.gather(llm.embed(["d"]), return_exceptions=True)], sent
        finally:
            await llm.close()

    with server(**options) as there:
        found, sent = asyncio.run(go(there.url))
    assert {one.kind for one in found} == {"not_offered"} and sent == len(there.requests) <= 2
    assert f"{there.url} gives no embeddings with e" in found[0].message
    assert "name an embedding model" in found[2].message
    assert all("chat/completions" not in str(body) and "messages" not in body
               for body in there.requests)  # fmt: skip


def test_what_a_probe_has_found_spares_the_request():
    with server() as there:
        [found] = embed(there, ["a"], offers={"embeddings": False})
    assert found.kind == "not_offered" and not there.requests


BAD = (
    {"data": []}, {"data": [{"embedding": [1.0]}]}, {"data": [{"embedding": []}] * 2}, [],
    {"data": [{"index": 0, "embedding": [1, 2]}, {"index": 0, "embedding": [1, 2]}]},
    {"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1]}]},
    {"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1, "x"]}]},
    {"data": [{"index": 0, "embedding": [1, 1e999]}, {"index": 1, "embedding": [1, 1]}]},
)  # fmt: skip


@pytest.mark.parametrize("body", BAD)
def test_a_reply_that_holds_no_vector_for_each_text_is_none(body):
    ledger = Memory()
    with server(embed=lambda _: Fault(body=json.dumps(body))) as there:
        [found] = embed(there, ["a", "b"], ledger=ledger)
    assert found.kind == "broken_reply" and "embedding" in found.message and not ledger.kept


class Here:
    """What a worker is given: chat and embeddings at one server, by any name."""

    def __init__(self, llm):
        self.llm, self.names = llm, []

    async def ask(self, messages, *, to="", **more):
        return await self.llm.ask(messages, **more)

    async def embed(self, texts, *, to=""):
        self.names.append(to)
        return await self.llm.embed(texts)


def work(worker, shown, reply=None):
    with OpenAIServer(reply, extras=("embeddings",)) as there:

        async def go():
            llm = LLM(Endpoint(there.url, "e"), Memory(), patience=Patience(asks=1))
            here = Here(llm)
            try:
                return await worker.work(shown, here), here.names
            finally:
                await llm.close()

        return (*asyncio.run(go()), there.requests)


def test_similarity_by_embeddings():
    made = Similarity(name="near", margin=0, embedder=AT)
    shown = unit({"reference": "aaaa b"}, {"x": "cccc", "y": "aaaaa"}, [BETTER])
    drafts, names, sent = work(made, shown)
    assert drafts[0].value == {"winner": "y"} and set(names) == {"embedder"}
    assert "by embeddings (e cosine): A 0.00, B 0.97" in drafts[0].rationale
    assert sent[0]["input"] == ["aaaa b", "cccc", "aaaaa"]
    with pytest.raises(CannotAnswer, match="empty"):
        work(made, unit({"reference": "a"}, {"x": " ", "y": "a"}, [BETTER]))
    with pytest.raises(CannotAnswer, match="none was given"):
        asyncio.run(made.work(shown, None))


def test_the_embedding_model_is_part_of_who_the_rater_is_and_its_place_is_not():
    plain = Similarity(name="near")
    made = Similarity(name="near", embedder=AT)
    moved = Similarity(name="near", embedder={**AT, "base_url": "http://x/v1", "key": "K",
                                              "prompt_price": 1})  # fmt: skip
    other = Similarity(name="near", embedder={**AT, "model": "f"})
    assert made.digest == moved.digest and len({plain.digest, made.digest, other.digest}) == 3
    assert made.needs_model() and not plain.needs_model() and made.models()["embedder"].embeds
    assert made.rater == "rule"
    with pytest.raises(ValidationError, match="exclude each other"):
        Similarity(name="near", embedder=AT, embeddings="minilm")
    for kind in (Nearest, Evolve, Attack, Probe, Reverse, Classify):
        without = kind.sample()
        having = kind(**{**without.model_dump(), "embedder": AT})
        assert having.digest != without.digest and "embedder" in having.models()
        assert set(without.models()) == set(having.models()) - {"embedder"}


def test_the_nearest_answer_by_embeddings():
    past = [{"key": k, "problem": "Why?", "answer": a, "values": {"quality": v}}
            for k, a, v in (("p", "aaaa", 2), ("q", "bbbb a", 5))]  # fmt: skip
    made = Nearest(name="near", past=past, embedder=AT)
    drafts, _, sent = work(made, unit({"prompt": "Why?"}, {"x": "bbb"}, [QUALITY]))
    assert drafts[0].value == 5 and "cosine distance by e 0.03" in drafts[0].rationale
    assert len(sent) == 1


def test_novelty_and_likeness_by_embeddings():
    spec = {"name": "w", "model": "m", "embedder": AT}
    told = {"cases": [{"weakness": "w", "text": "aaa"}, {"weakness": "w", "text": "bbb"}]}
    drafts, _, _ = work(Attack(**spec, count=2), unit({"prompt": "a"}), lambda body: told)
    assert [round(d.facts["novelty"], 3) for d in drafts] == [0, 1]
    assert [d.facts["accepted"] for d in drafts] == [False, True]
    assert drafts[0].facts["by"] == "1 - highest cosine of embeddings by e to accepted cases"
    told = {"questions": ["aab", "b"]}
    drafts, _, _ = work(Probe(**spec, count=2), unit({"prompt": "a"}), lambda body: told)
    assert [round(d.facts["cosine"], 3) for d in drafts] == [0.894, 0]
    drafts, _, _ = work(Reverse(**spec), unit({"prompt": "ab"}, {"x": "y"}),
                        lambda body: {"question": "a"})  # fmt: skip
    assert drafts[0].facts["cosine"] == pytest.approx(0.707, abs=1e-3)
    assert drafts[0].facts["by"] == "cosine of embeddings by e"
    told = {"reflection": "hm", "text": "hhh", "reasoning": "so", "fitness": 5}

    def evolved(body):
        names = body["response_format"]["json_schema"]["schema"]["properties"]
        return {name: told[name] for name in names}

    made = Evolve(**spec, generations=1, children=1)
    drafts, _, _ = work(made, unit({"prompt": "ab"}, {"x": "aaa", "y": "bbb"}), evolved)
    assert drafts[0].facts["novelty"] == 1 and drafts[0].facts["kept"]


def test_the_nearest_coded_examples_by_embeddings():
    label = question({"kind": "label", "name": "code", "title": "C", "labels": ["x", "y"]})
    examples = [{"text": "aaaa", "codes": "x"}, {"text": "bbbb", "codes": "y"}]
    made = Classify(name="w", model="m", embedder=AT, examples=examples, nearest=1)
    told = {"code": {"reasoning": "so", "codes": "y"}}
    _, _, sent = work(made, unit({"prompt": "bb"}, {}, [label]), lambda body: told)
    words = sent[-1]["messages"][1]["content"]
    assert "bbbb" in words and "aaaa" not in words
