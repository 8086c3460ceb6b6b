"""A run that compares by embeddings: its calls, forecast, budget, and what a probe found."""

import json

import pytest

from core.llm import LLM
from core.patience import Patience
from core.protocol import from_data
from core.services import capabilities, dry_run, forecast, prices, runs, studies
from core.services.budget import Budget
from core.services.runs import Refused
from core.services.terms import Terms
from core.settings import settings
from core.workers.attack import Attack
from core.workers.classify import Classify
from core.workers.similarity import Similarity
from storage.tables import Call, Judgment
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.pairs import OWNER, pairs, rows, work_on

C, J = Call.__table__, Judgment.__table__


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Short waits, and a price table of the test's own."""
    quick = Patience(tries=2, refusals=5, connects=2, asks=2, first_wait=0.01)
    monkeypatch.setattr(LLM.__init__, "__kwdefaults__",
                        {**LLM.__init__.__kwdefaults__, "patience": quick})  # fmt: skip
    monkeypatch.setenv("CONCORD_PRICES", str(tmp_path / "prices.yaml"))
    settings.cache_clear()
    yield
    settings.cache_clear()


def there(**options):
    return OpenAIServer(**{"extras": ("embeddings",), **options})


def near(url, **options):
    at = {"model": "e", "base_url": url, **options.pop("at", {})}
    return Similarity(name="near", reference="prompt", margin=0, embedder=at, **options)


def test_a_run_pays_each_text_once_and_its_forecast_says_so(db):
    """Six pairs: six prompts and twelve responses."""
    pairs(db)
    with there() as server:
        made = near(server.url, at={"prompt_price": 1.0})
        before = forecast.forecast(db, OWNER, "pairs", made)
        status = work_on(db, runs.start(db, OWNER, "pairs", made))
    assert (status.state, status.done, status.failed) == ("done", 6, 0)
    assert before.calls == status.calls == 18 and before.completion_tokens == 0
    sent = [text for body in server.requests for text in body["input"]]
    assert len(sent) == len(set(sent)) == 18 and len(server.requests) <= 3
    assert status.cost == pytest.approx(status.prompt_tokens / 1e6) and before.cost > 0
    assert before.prompt_tokens == pytest.approx(status.prompt_tokens, rel=0.6)
    assert any("each text that e embeds is a call" in note for note in before.notes)
    kept = {r.key: json.loads(r.reply) for r in rows(db, C)}
    assert all(set(reply) == {"embedding", "model"} for reply in kept.values())
    assert "embeddings (e cosine)" in rows(db, J)[0].rationale


def test_what_was_embedded_before_is_free_also_when_it_is_asked_anew(db):
    pairs(db)
    studies.clone(db, OWNER, "pairs", "copy")
    with there() as server:
        made = near(server.url)
        work_on(db, runs.start(db, OWNER, "pairs", made))
        for study, fresh in (("copy", False), ("pairs", True)):
            found = forecast.forecast(db, OWNER, study, made, fresh=fresh)
            assert (found.calls, found.free) == (0, 18)
            sent = len(server.requests)
            status = work_on(db, runs.start(db, OWNER, study, made, fresh=fresh))
            assert (status.done, status.calls, len(server.requests)) == (6, 0, sent)


def test_texts_that_every_task_has_are_counted_once(db):
    """Sixty texts to code and three coded examples; the forecast looks at 24 of the tasks."""
    asked = [{"kind": "label", "name": "code", "title": "Code", "labels": ["x", "y"]}]
    made = studies.create(
        db, OWNER, from_data({"name": "pairs", "title": "Texts", "questions": asked})
    )
    pairs(db, units=60, made=made)
    examples = [{"text": f"Coded {n}", "codes": "x"} for n in range(3)]
    told = {"code": {"reasoning": "So.", "codes": "x"}}
    with there(reply=lambda body: told) as server:
        worker = Classify(name="coder", model="m", base_url=server.url, examples=examples,
                          embedder={"model": "e", "base_url": server.url})  # fmt: skip
        found = forecast.forecast(db, OWNER, "pairs", worker)
        status = work_on(db, runs.start(db, OWNER, "pairs", worker))
    assert status.done == 60 and found.calls == status.calls == 60 + 60 + 3


def test_a_budget_counts_texts_to_embed(db):
    pairs(db)
    with there() as server:
        made = near(server.url)
        terms = Terms(budget=Budget(tokens=40))
        status = work_on(db, runs.start(db, OWNER, "pairs", made, terms=terms, concurrency=1))
        assert status.state == "paused" and "budget of 40 tokens" in status.message
        assert not status.failed
        runs.set_budget(db, OWNER, status.id, Budget(tokens=4000))
        runs.resume(db, OWNER, status.id)
        status = work_on(db, status.id)
    assert (status.state, status.done) == ("done", 6)
    money = Terms(budget=Budget(money=1.0))
    with pytest.raises(Refused, match="needs prices; there is none of e"):
        runs.start(db, OWNER, "pairs", made, terms=money, fresh=True)
    prices.save(OWNER, [{"model": "e", "prompt": 2.0}])
    assert prices.of_worker(made) == {"embedder": [2.0, 0.0]}
    assert prices.of_worker(made, "batch") == {"embedder": [2.0, 0.0]}
    assert runs.start(db, OWNER, "pairs", made, terms=money, fresh=True)


def test_an_embedding_model_is_probed_for_embeddings_alone(db):
    pairs(db)
    chat = lambda body: Fault(400, "this is no chat model")
    with there(reply=chat) as server:
        [found] = capabilities.probe(db, OWNER, near(server.url))
        assert [(one.name, one.offered) for one in found.found] == [("embeddings", True)]
        assert all("input" in body for body in server.requests)
        assert runs.start(db, OWNER, "pairs", near(server.url))


def test_a_run_is_refused_where_a_probe_found_no_embeddings(db):
    pairs(db)
    with there(extras=()) as server:
        made = near(server.url)
        capabilities.probe(db, OWNER, made)
        with pytest.raises(Refused, match="gave no embeddings with e when it was probed"):
            runs.start(db, OWNER, "pairs", made)


def test_a_run_without_a_probe_fails_clearly_and_scores_nothing(db):
    pairs(db)
    with there(extras=()) as server:
        status = work_on(db, runs.start(db, OWNER, "pairs", near(server.url)))
    assert (status.done, status.failed) == (0, 6) and not rows(db, J)
    kind, count, message = status.failures[0]
    assert (kind, count) == ("not_offered", 6) and "gives no embeddings with e" in message
    assert len(server.requests) <= 2  # what is known is not asked again


def test_the_dry_run_shows_the_texts(db):
    pairs(db)
    looks = dry_run.dry_run(db, OWNER, "pairs", near("http://127.0.0.1:9/v1"), items=1)
    assert [r.messages[0]["content"] for r in looks[0].requests] == [
        "Prompt number 0.", "Text a of 0", "Text b of 0",
    ]  # fmt: skip
    made = Attack(name="w", model="m", count=2, embedder={"model": "e"})
    [look] = dry_run.dry_run(db, OWNER, "pairs", made, items=1)
    assert {r.to for r in look.requests} >= {""}
