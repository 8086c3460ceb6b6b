"""Probes are kept once, shown, and used by the next run."""

import asyncio

import pytest
from sqlalchemy import select

from core.calls import CallFailed
from core.content.text import TextContent
from core.services import capabilities, runner, runs
from core.services.ledger import light
from core.services.runs import Refused
from core.workers.base import load as load_worker
from storage.tables import Call
from tests.servers.openai_server import OpenAIServer, example, schema_of
from tests.services.pairs import OWNER, judge, pairs, prefers


def objects_only(body):
    """Takes a schema without keeping to it; keeps to JSON objects."""
    form = (body.get("response_format") or {}).get("type")
    if form == "json_object" and "meets this JSON schema" in str(body["messages"]):
        return example(schema_of(body))
    return {"say": "hello"} if form == "json_object" else "hello"


def test_a_probe_is_kept_and_the_next_run_goes_by_it(db):
    pairs(db, units=2)
    with OpenAIServer(objects_only) as server:
        made = judge(server.url)
        assert [one.found for one in capabilities.of_worker(db, OWNER, made)] == [[]]
        for _ in range(2):
            [one] = capabilities.probe(db, OWNER, made)
        seen = {c.name: c.offered for c in one.found}
        assert (seen["json_schema"], seen["json_object"]) == (False, True)
        assert (one.base_url, one.model, one.name) == (server.url, "m", "")
        server.requests.clear()
        run = runs.start(db, OWNER, "pairs", made)
        asyncio.run(runner.execute(db, run))
    assert runs.status(db, OWNER, run).done == 4
    forms = {request["response_format"]["type"] for request in server.requests}
    assert forms == {"json_object"} and len(server.requests) == 4


def test_what_cannot_be_probed_says_so(db):
    with pytest.raises(Refused, match="works offline"):
        capabilities.probe(db, OWNER, load_worker({"kind": "longer", "name": "longer"}))
    with OpenAIServer(models=("other",)) as server, pytest.raises(CallFailed, match="no model"):
        capabilities.probe(db, OWNER, judge(server.url))
    assert capabilities.of_worker(db, OWNER, judge(server.url))[0].found == []


def test_an_image_reaches_the_model_whole_and_the_ledger_as_a_fingerprint(db, monkeypatch):
    """The judge's key, the request and the reply are those of the whole image."""
    study = pairs(db, units=2)
    url = "data:image/png;base64," + "QUJD" * 3000
    part = {"type": "image_url", "image_url": {"url": url}}
    monkeypatch.setattr(TextContent, "messages", lambda self: [part])
    with OpenAIServer(lambda body: prefers("A")) as server:
        made = judge(server.url, orders="one")
        for fresh in (False, True):
            asyncio.run(runner.execute(db, runs.start(db, OWNER, study.key, made, fresh=fresh)))
    assert len(server.requests) == 2  # the two units read alike: one call a run serves both
    parts = server.requests[0]["messages"][1]["content"]
    assert [p["type"] for p in parts].count("image_url") == 3 and part in parts
    assert parts[0]["type"] == "text" and "BEGIN" in parts[0]["text"]
    with db.read() as connection:
        kept = connection.execute(select(Call.__table__.c.request)).scalars().all()
    assert kept and all("sha256=" in text and len(text) < 6000 for text in kept)


def test_only_images_given_in_full_are_shortened():
    short = {"a": ["data:text/plain,x", "data:" + "x" * 2000, 3, None], "b": "y" * 5000}
    found = light(short)
    assert found["a"][0] == "data:text/plain,x" and found["a"][2:] == [3, None]
    assert found["b"] == "y" * 5000 and found["a"][1].endswith(";characters=2005")
