"""A checklist written by one worker, edited by people, is the one that another judges by."""

import json

import pytest

from core.services import chain, runs, studies
from core.services.planning import waiting
from storage import details
from tests.servers.openai_server import OpenAIServer, schema_of
from tests.services.answers import answer
from tests.services.chains import OWNER, generator, study, units, work, work_all

GOOD = [{"kind": "rating", "name": "good", "title": "How good", "roles": ["answer"]}]
EDITS = {
    "checklist": {"kind": "checklist", "name": "list", "title": "Right?", "role": "checklist",
                  "edit": True, "roles": ["checklist"]},
    "text": {"kind": "text", "name": "list", "title": "Right?", "edits": "checklist",
             "roles": ["checklist"]},
}  # fmt: skip
WRITTEN = ["Is it a number?", "Is it even?"]
EDITED = ["Is it a number?", "Is it polite?", "Is it short?"]


def played(body):
    """The writer of answers, the writer of lists, and the judge, which says YES to all."""
    fields = (schema_of(body) or {"properties": {}})["properties"]
    if not fields:
        return "It is 4."
    if "questions" in fields:
        return {"analysis": "", "questions": [{"text": t, "required": True} for t in WRITTEN]}
    return {name: {"analysis": "Seen.", "answer": "YES"} for name in fields}


def prepared(db, url, edit="checklist", count=3, judged=("answer", "checklist")):
    """Judge and writers, given in the wrong order; units of answers, and of lists to edit."""
    at = {"model": "m", "base_url": url}
    made = [{"kind": "checklist_judge", "name": "judge", **at, "questions": ["good"]},
            {"kind": "checklist", "name": "lister", **at}, generator(url)]  # fmt: skip
    return study(db, made, count=count, questions=[*GOOD, EDITS[edit]], units="each",
                 judged=list(judged))  # fmt: skip


def lists(db):
    """Per unit the list that the judge went by, and where that came from."""
    made = studies.load(db, "made")
    with db.read() as connection:
        rows = details.of_kind(connection, made.id, "detail")
    facts = {row.unit_key: row.data["facts"] for row in rows if "checklist" in row.data["facts"]}
    return {key: (one["checklist"], one["from"]) for key, one in facts.items()}


def test_the_judge_comes_after_the_list_and_goes_by_it(db):
    with OpenAIServer(played) as server:
        prepared(db, server.url)
        stages = [(s.worker.name, list(s.waits)) for s in chain.stages(db, OWNER, "made")]
        assert [name for name, _ in stages][-1] == "judge"
        found = work_all(db)
    assert [(s.worker, s.done, s.failed) for s in found][-1] == ("judge", 3, 0)
    assert list(lists(db).values()) == [(WRITTEN, "output")] * 3
    assert sum("questions" in json.dumps(b.get("response_format")) for b in server.requests) == 3


@pytest.mark.parametrize("edit", list(EDITS))
def test_the_list_that_people_edited_counts(db, edit):
    value = {
        "checklist": {"lines": EDITED, "answers": dict.fromkeys(EDITED, "yes")},
        "text": {"verdict": "edit", "text": "1. " + "\n2. ".join(EDITED), "distance": 0.5},
    }[edit]
    same = {
        "checklist": {"lines": WRITTEN, "answers": dict.fromkeys(WRITTEN, "yes")},
        "text": {"verdict": "accept"},
    }[edit]
    with OpenAIServer(played) as server:
        prepared(db, server.url, edit)
        work(db, "writer")
        work(db, "lister")
        made = studies.load(db, "made")
        [one, other, third] = [u for u in units(db) if u.outputs[0].role == "checklist"]
        answer(db, made, "list", "person", "ann", {one.key: value, other.key: same})
        answer(db, made, "list", "model", "bot", {third.key: value})
        assert work(db, "judge").done == 3
    by_item = {key.split("/")[0]: told for key, told in lists(db).items()}
    assert by_item == {"q0": (EDITED, "edited"), "q1": (WRITTEN, "output"),
                       "q2": (WRITTEN, "output")}  # fmt: skip


def test_the_judge_waits_for_lists_that_are_still_to_be_written(db):
    with OpenAIServer(played) as server:
        made = prepared(db, server.url, judged=("answer",))
        work(db, "writer")
        work(db, "lister", limit=1)
        found = runs.plan(db, OWNER, "made", runs.worker_of(made, "judge"))
        assert (found.work, dict(found.waits)) == (1, {"checklist": 2})
        assert "wait for the role checklist, which lister writes" in waiting(made, found)[0]
        work_all(db)
    assert len(units(db)) == len(lists(db)) == 3  # lists are read, not judged
