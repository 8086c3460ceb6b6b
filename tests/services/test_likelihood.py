"""Scoring given texts in real runs: the heat maps, the figures beside them, and where none are."""

import math

import pytest
from pydantic import ValidationError

from core.content.base import restore
from core.content.text import TextContent
from core.services import capabilities, forecast, measures, runs, studies
from core.services.studies import Refused
from core.workers.base import load
from storage import items
from tests.servers.openai_extras import tokens
from tests.servers.openai_server import OpenAIServer
from tests.services.chains import OWNER, outputs, study, work

SOURCE = "Hens lay eggs all year."
ANSWER = "Hens lay eggs. 好的!"
KNOWN, NEW = math.log(0.5), math.log(0.05)


@pytest.fixture
def database_url(sqlite_url):
    """SQLite alone: the engine makes no difference here."""
    return sqlite_url


def worker(name, url, **more):
    return {"kind": "likelihood", "name": name, "model": "m", "base_url": url, "writes": name,
            **more}  # fmt: skip


def asked(db, workers, **options):
    """One item `q0` (What is 0 plus 0?) with a passage in its facts, and its answer."""
    made = study(db, workers, count=1, meta=lambda n: {"source": SOURCE}, **options)
    with db.write() as connection:
        ids = items.item_ids(connection, made.id)
        content = TextContent(ANSWER)
        items.add_outputs(connection, made.id, [
            {"item": ids["q0"], "key": "a", "content": {"kind": "text", "data": content.data}}
        ])  # fmt: skip


def made(db, role):
    """Parent, content and facts of the output of a role."""
    [(parent, content)] = [(p, c) for _, _, r, p, _, c in outputs(db) if r == role]
    return parent, restore({k: v for k, v in content.items() if k != "facts"}), content["facts"]


def expected(before, text):
    """What the server's small model gives the tokens of a text that follows another."""
    return [value for _, value in tokens(before + text)][len(tokens(before.rstrip())) :]


@pytest.mark.parametrize("way", ["echo", "prompt_logprobs"])
def test_perplexity_gain_and_reverse_of_a_run(db, way):
    with OpenAIServer(extras=(way,)) as server:
        asked(db, [
            worker("likelihood", server.url),
            worker("gain", server.url, measure="gain", passage="source"),
            worker("reverse", server.url, measure="reverse"),
        ])  # fmt: skip
        for name in ("likelihood", "gain", "reverse"):
            assert work(db, name).done == 1
        found = runs.worker_of(studies.load(db, "made"), "gain")
        told = forecast.forecast(db, OWNER, "made", found, fresh=True)
    assert told.calls == 2 and told.tasks == 1
    prompt = "What is 0 plus 0?\n\n"
    parent, heat, facts = made(db, "likelihood")
    rows = expected(prompt, ANSWER)
    assert parent == "a" and heat.words() == ANSWER and len(heat.segments()) == len(rows)
    assert [v for _, v in heat.data["tokens"]] == pytest.approx([-value for value in rows])
    assert heat.data["measure"] == "surprise, -log p (nats)"
    assert facts["mean_logprob"] == pytest.approx(sum(rows) / len(rows))
    assert facts["perplexity"] == pytest.approx(math.exp(-sum(rows) / len(rows)))
    _, heat, facts = made(db, "gain")
    helped = [word in {"Hens", " lay", " eggs", "."} for word, _ in heat.data["tokens"]]
    assert [v for _, v in heat.data["tokens"]] == pytest.approx(
        [KNOWN - NEW if known else 0.0 for known in helped]
    )
    assert sum(helped) == 4 and facts["gain"] == pytest.approx(4 * (KNOWN - NEW) / len(helped))
    assert facts["perplexity_without"] > facts["perplexity"]
    _, heat, facts = made(db, "reverse")
    rows = expected(f"{ANSWER}\n\nThe question was: ", "What is 0 plus 0?")
    assert heat.words() == "What is 0 plus 0?"
    assert facts["reverse"] == pytest.approx(sum(rows) / len(rows))
    listed = {(m.worker, m.name): m.estimate.value for m in measures.measures(db, OWNER, "made")}
    assert listed["gain", "gain"] == pytest.approx(made(db, "gain")[2]["gain"])


def test_a_message_comes_first_where_that_is_asked_for(db):
    with OpenAIServer(extras=("prompt_logprobs",)) as server:
        asked(db, [worker("likelihood", server.url, chat=True)])
        assert work(db, "likelihood").done == 1
        sent = server.requests[-1]["messages"]
    assert [m["content"] for m in sent] == ["What is 0 plus 0?", ANSWER]


def test_without_support_it_is_undefined_and_a_stand_in_says_that_it_is_one(db):
    with OpenAIServer(extras=("seed",)) as server:
        asked(db, [
            worker("likelihood", server.url),
            worker("gain", server.url, measure="gain", passage="source", stand_in="cosine"),
        ])  # fmt: skip
        done = work(db, "likelihood")
        assert (done.done, done.failed) == (0, 1)
        assert [kind for kind, *_ in done.failures] == ["not_offered"]
        assert "gives no log-probabilities of a given text" in done.failures[0][2]
        assert work(db, "gain").done == 1
        plain = runs.worker_of(studies.load(db, "made"), "likelihood")
        capabilities.probe(db, OWNER, plain)
        with pytest.raises(Refused, match="log-probabilities of a given text"):
            runs.start(db, OWNER, "made", plain, fresh=True)
    _, content, facts = made(db, "gain")
    assert 0 < facts["stand_in_cosine"] <= 1 and facts["undefined"] == "gain"
    assert "gain" not in facts and "perplexity" not in facts
    assert content.text().startswith("Stand-in for gain, likeness (TF-IDF cosine)")
    assert "gives no log-probabilities" in facts["reason"]
    names = {m.name for m in measures.measures(db, OWNER, "made")}
    assert "stand_in_cosine" in names and not names & {"gain", "perplexity"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "gain"}, "needs a passage"),
        ({"passage": "source"}, "needs a passage"),
        ({"measure": "reverse", "question": ""}, "name its field"),
        ({"stand_in": "cosine"}, "nothing stands in"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        load(worker("x", "http://127.0.0.1:9/v1", **options))
