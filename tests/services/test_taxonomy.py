"""One hierarchy over a study: drawn, made, merged, and the same for all items, through runners."""

import json
import re

import pytest

from core.content.text import TextContent
from core.services import dry_run, material, measures, runs, studies
from core.units import Invalid
from core.workers.base import load
from core.workers.taxonomy import Topic, _distinct, _paths
from storage import items
from tests.servers.openai_server import OpenAIServer
from tests.services.chains import OWNER, outputs, study, work

KINDS = ("cost", "speed", "care")


class Readers:
    """Plays the models: sorts by the words of the texts, merges what it is shown, counts calls."""

    def __init__(self, breaks=None):
        self.drafts, self.merges, self.places, self.breaks = [], [], [], breaks

    def __call__(self, body):
        system, user = (m["content"] for m in body["messages"][:2])
        if system.startswith("You sort"):
            self.drafts.append(user)
            texts = re.findall(r"^(\d+)\. .*about (\w+)", user, re.M)
            names = list(dict.fromkeys(kind for _, kind in texts))
            return json.dumps({"topics": [
                {"name": name, "texts": [], "parts": [
                    {"name": f"{name} part", "texts": [int(n) for n, k in texts if k == name]}]}
                for name in names]})  # fmt: skip
        if system.startswith("Several readers"):
            self.merges.append(user)
            names = sorted(k for k in KINDS if f" {k}" in user)
            return json.dumps({"topics": [
                {"name": f"{n} ({len(self.merges)})", "about": f"all on {n}", "parts": ["a", "b"]}
                for n in names]})  # fmt: skip
        if self.breaks and self.breaks(len(self.places)):
            return "no JSON at all"
        self.places.append(user)
        kind = re.search(r"about (\w+) of", user).group(1)
        lines = re.findall(r"^(\d+)\. (\w+)", user, re.M)
        found = [int(n) for n, name in lines if name == kind]
        return json.dumps({"places": [{"topic": n, "part": 1} for n in found]})


def collection(db, server, count=12, **options):
    """A study of short texts about cost, speed and care, in turn."""
    worker = {"kind": "taxonomy", "name": "map", "model": "m", "base_url": server.url,
              "survey": 9, "batch": 2, **options}  # fmt: skip
    made = study(db, [worker], count=0)
    more(db, made, 0, count)
    return made


def more(db, made, first, last):
    with db.write() as connection:
        items.add_items(connection, made.id, (
            {"key": f"q{n}", "meta": {}, "gold": None, "content": {"prompt": TextContent(
                f"A text about {KINDS[n % 3]} of {n}").stored()}}
            for n in range(first, last)
        ))  # fmt: skip
        material.add_missing_units(connection, made)


def written(db):
    return {item: content for item, _, role, _, _, content in outputs(db) if role == "topics"}


def test_the_whole_study_gets_one_hierarchy_and_each_item_its_place(db):
    readers = Readers()
    with OpenAIServer(readers) as server:
        collection(db, server)
        done = work(db, "map")
    assert (done.state, done.done, done.failed) == ("done", 12, 0)
    assert len(readers.drafts) == 5 and len(readers.places) == 12, "nine drawn, two at a time"
    assert len(readers.merges) == 1, "one hierarchy, whoever came first"
    found = written(db)
    trees = {json.dumps(content["facts"]["taxonomy"]) for content in found.values()}
    assert len(trees) == 1 and found["q1"]["data"] == "speed (1) > a"
    assert found["q1"]["facts"]["paths"] == [["speed (1)", "a"]] and found["q1"]["facts"]["placed"]
    shares = {m.name: m.estimate for m in measures.measures(db, OWNER, "made")}
    assert shares["placed"].value == 1 and shares["in speed (1)"].value == pytest.approx(1 / 3)
    assert shares["in speed (1)"].n == 12 and shares["in speed (1)"].low < 1 / 3


def test_many_lists_are_merged_step_by_step(db):
    readers = Readers()
    with OpenAIServer(readers) as server:
        collection(db, server, count=40, survey=40, batch=2)
        assert work(db, "map").done == 40
    assert len(readers.drafts) == 20 and len(readers.merges) == 3 + 1


def test_a_run_that_broke_off_goes_on_from_the_ledger_and_later_items_fit_in(db):
    readers = Readers(breaks=lambda done: done >= 4)
    with OpenAIServer(readers) as server:
        made = collection(db, server)
        broke = work(db, "map", concurrency=1)
        assert broke.done == 4 and broke.failed >= 1
        readers.breaks = None
        again = work(db, "map")
        assert again.state == "done" and len(written(db)) == 12
        assert (len(readers.drafts), len(readers.merges)) == (5, 1), "nothing was asked twice"
        more(db, made, 12, 15)
        assert work(db, "map").done == 3
        assert (len(readers.drafts), len(readers.merges)) == (5, 1), "the hierarchy is settled"
        assert len({json.dumps(c["facts"]["taxonomy"]) for c in written(db).values()}) == 1
        fresh = work(db, "map", fresh=True)
        assert fresh.done == 15 and len(readers.merges) == 2, "asking anew makes another one"


def test_what_people_settled_is_used_as_it_is(db):
    readers = Readers()
    with OpenAIServer(readers) as server:
        collection(db, server, topics=[{"name": "speed", "parts": ["fast"]}, {"name": "cost"}])
        done = work(db, "map")
        assert (done.done, done.failed) == (8, 4), "a part that a topic has not is no place"
    assert readers.drafts == readers.merges == []
    assert written(db)["q1"]["data"] == "speed > fast"
    assert written(db)["q2"]["data"] == "Uncategorized"
    assert written(db)["q2"]["facts"]["placed"] is False


def test_the_dry_run_shows_the_first_batch_as_it_would_be_sent(db):
    with OpenAIServer(Readers()) as server:
        collection(db, server)
        worker = runs.worker_of(studies.load(db, "made"), "map")
        first = dry_run.dry_run(db, OWNER, "made", worker)[0]
        assert not server.requests
    assert str(first.requests[0].messages).count("A text about") == 2


def test_hierarchies_and_places_that_cannot_be_are_refused():
    tree = (Topic(name="cost", parts=("rent",)), Topic(name="care"))
    assert _paths([{"topic": 1, "part": 1}, {"topic": 2, "part": 0}, {"topic": 1, "part": 1}],
                  tree) == [["cost", "rent"], ["care"]]  # fmt: skip
    for place in ({"topic": 0, "part": 0}, {"topic": 3, "part": 0}, {"topic": 2, "part": 1}):
        with pytest.raises(Invalid):
            _paths([place], tree)
    for names in (["Cost", "cost "], [" "]):
        with pytest.raises(Invalid):
            _distinct([{"name": n, "about": "", "parts": []} for n in names])
    with pytest.raises(Invalid):
        _distinct([{"name": "cost", "about": "", "parts": ["Cost"]}])
    one = load({"kind": "taxonomy", "name": "t", "model": "m"})
    assert one.surveys() == 100 and one.digest != one.model_copy(update={"seed": 1}).digest
