"""Workers that make outputs: stored once, seen by nobody before their time, in their order."""

import asyncio

import pytest
from sqlalchemy import select

from core.imports.base import File, ImportFailed
from core.protocol import ProtocolError, from_data
from core.services import (
    analysis,
    assignment,
    chain,
    drafted,
    dry_run,
    exports,
    forecast,
    overview,
    runner,
    runs,
    studies,
    transfer,
)
from core.services.access import Identity
from core.services.exports import Choice
from core.services.outcomes import Finished
from core.services.runs import NothingToDo, Refused
from core.services.shift import Shift
from core.units import Draft
from core.workers.base import load as load_worker
from core.workers.thinker import a_text as text_of
from storage import assignments, frames, items, progress
from storage import studies as study_rows
from storage.tables import Output, Unit
from tests.servers.openai_server import Fault, OpenAIServer
from tests.services.chains import ASKED, OWNER, generator, outputs, study, units, work, work_all

MADE, U = Output.__table__, Unit.__table__
ANA = Identity("ana")


def spoken(body):
    """A reply that tells model, temperature and request apart."""
    return f"{body['model']}@{body.get('temperature')}: {body['messages'][-1]['content']}"


@pytest.fixture
def server():
    """Models that answer with what they were asked."""
    with OpenAIServer(spoken) as found:
        yield found


def test_answers_are_written_once_and_judged_from_then_on(db, server):
    made = study(db, [generator(server.url)])
    assert units(db) == []  # the items wait for what is to be judged
    status = work(db, "writer")
    assert (status.state, status.done, status.failed, status.calls) == ("done", 4, 0, 4)
    rows = outputs(db)
    assert [(r[0], r[2], r[3], r[4]) for r in rows] == [
        (f"q{n}", "answer", "", "m") for n in range(4)
    ]
    assert rows[0][5] == {
        "kind": "text", "data": "m@0.0: What is 0 plus 0?",
        "facts": {"model": "m", "setting": "default", "sample": 0, "temperature": 0.0},
    }  # fmt: skip
    assert [(u.key, len(u.outputs), u.outputs[0].content.text()) for u in units(db)] == [
        (f"q{n}", 1, f"m@0.0: What is {n} plus {n}?") for n in range(4)
    ]
    with pytest.raises(NothingToDo, match="done all that there is"):
        work(db, "writer")
    with db.read() as connection:
        row = connection.execute(select(MADE)).first()
        rater = study_rows.raters(connection, made.id)[0]
    assert (row.rater, row.run, rater.kind) == (rater.id, status.id, "model")


def test_a_grid_of_models_settings_and_samples(db, server):
    other = {"model": "n", "base_url": server.url}
    settings = [{"name": "cold", "temperature": 0.0}, {"name": "warm", "temperature": 1.0,
                 "system": "Be brief."}]  # fmt: skip
    study(db, [generator(server.url, samples=2, settings=settings, others={"other": other})],
          count=1)  # fmt: skip
    assert work(db, "writer").done == 8
    assert len({r[1] for r in outputs(db)}) == 8
    assert sorted({r[4] for r in outputs(db)}) == ["m (cold)", "m (warm)", "n (cold)", "n (warm)"]
    [shown] = units(db)
    assert len(shown.outputs) == 8 and shown.key == "q0"
    systems = [b["messages"][0]["content"] for b in server.requests if len(b["messages"]) > 1]
    assert systems == ["Be brief."] * 4


def test_where_a_model_is_reached_is_no_part_of_who_the_rater_is():
    made = lambda **place: load_worker(
        generator("http://a/v1", others={"other": {"model": "n", **place}})
    )
    first = made(base_url="http://b/v1", key="KEY_B", prompt_price=1.0)
    assert first.digest == made(base_url="http://c/v1").digest
    assert first.digest != load_worker(generator("http://a/v1", others={})).digest


def test_every_model_needs_its_key_and_has_a_client_of_its_own(db, server, monkeypatch):
    other = {"model": "n", "base_url": server.url, "key": "KEY_OF_THE_OTHER"}
    same = {"model": "m", "base_url": server.url}
    study(db, [generator(server.url, others={"other": other, "same": same})], count=1)
    monkeypatch.delenv("KEY_OF_THE_OTHER", raising=False)
    with pytest.raises(Refused, match="KEY_OF_THE_OTHER"):
        work(db, "writer")
    monkeypatch.setenv("KEY_OF_THE_OTHER", "secret")
    run = runs.start(db, OWNER, "made", runs.worker_of(studies.load(db, "made"), "writer"))
    shift = Shift(db, run)
    assert len(shift.llm.clients) == 2 and shift.llm.names["same"] is shift.llm.names[""]
    asyncio.run(runner.execute(db, run))
    assert runs.status(db, OWNER, run).done == 3


def test_asking_anew_adds_and_a_grown_item_gets_a_new_unit(db, server):
    study(db, [generator(server.url)], count=2)
    work(db, "writer")
    before = units(db)
    work(db, "writer", fresh=True)
    assert len(server.requests) == 4 and len(outputs(db)) == 4
    after = units(db)
    assert after[:2] == before  # a unit never changes
    assert [len(u.outputs) for u in after] == [1, 1, 2, 2]
    assert len({u.key for u in after}) == 4 and after[2].key.startswith("q0/")


def test_what_only_workers_are_given_is_seen_by_nobody(db, server):
    """Counts, orders, statistics, exports and the desk are as if those units were not there."""
    made = study(db, [generator(server.url)], assignment={"overlap": 1})
    worker = runs.worker_of(studies.load(db, "made"), "writer")
    run = runs.start(db, OWNER, "made", worker)
    with db.read() as connection:
        hidden = connection.execute(select(U)).all()
        assert len(hidden) == 4 and {(u.position, u.closed) for u in hidden} == {(items.HIDDEN, 1)}
        assert items.counts(connection, made.id) == (4, 0, 0)
        assert items.last_position(connection, made.id) == -1
        assert items.unit_ids(connection, made.id) == {} == items.unit_outputs(connection, made.id)
        assert items.unit_order(connection, made.id) == []
        assert list(items.units(connection, made.id)) == []
        assert progress.units(connection, made.id) == 0
        assert progress.nth_unit(connection, made.id, 0) is None
        assert len(frames.unit_places(connection, made.id)) == 0
        assert frames.known_answers(connection, made.id) == []
        assert [row.units for row in study_rows.every(connection)] == [0]
        assert list(assignments.free_units(connection, made.id, 1, -(10**17))) == []
    protocol = made.protocol.model_copy(update={"assignment": made.protocol.assignment.model_copy(
        update={"overlap": 3})})  # fmt: skip
    studies.edit(db, OWNER, "made", protocol, made.version)  # opens units that lack answers
    assert assignment.current(db, ANA, "made") is None
    asyncio.run(runner.execute(db, run))
    seen = overview.overview(db, ANA, "made")
    assert (seen.items, seen.units, seen.closed, seen.open) == (4, 4, 0, 4)
    assert {assignment.current(db, ANA, "made").unit.key} <= {f"q{n}" for n in range(4)}
    lines = exports.first_lines(db, OWNER, "made", Choice("jsonl"), 99)
    assert len(lines) == 5 and "\\u001f" not in "".join(lines)
    assert studies.clone(db, OWNER, "made", "copy").id
    assert [len(u.outputs) for u in units(db, "copy")] == [1] * 4


def test_statistics_count_only_what_people_see(db, server):
    rule = {"kind": "rules", "name": "rule", "rules": [{"rule": "has_number"}],
            "thresholds": {"no": 0.0, "yes": 1.0}}  # fmt: skip
    study(db, [generator(server.url), rule])
    work(db, "writer")
    work(db, "rule", limit=3)
    found = analysis.agreement(db, OWNER, "made", "right")
    assert (found.units, found.raters[0].n) == (4, 3)


def test_workers_follow_each_other_by_what_they_read(server):
    data = {"name": "x", "title": "X", "questions": ASKED}
    critic = {**generator(server.url), "name": "critic", "reads": ["answer"], "writes": "critique"}
    judge = {"kind": "judge", "name": "judge", "model": "m"}
    made = from_data({**data, "workers": [judge, critic, generator(server.url)]})
    assert [w.name for w in made.stages()] == ["writer", "judge", "critic"]
    circle = {**generator(server.url), "reads": ["critique"]}
    with pytest.raises(ProtocolError, match="wait for each other"):
        from_data({**data, "workers": [critic, circle]})
    with pytest.raises(ProtocolError, match="what it writes itself"):
        from_data({**data, "workers": [{**critic, "reads": ["critique"]}]})


def test_a_worker_says_what_it_waits_for(db, server):
    critic = {**generator(server.url), "name": "critic", "reads": ["answer"], "writes": "critique"}
    study(db, [critic, generator(server.url)])
    with pytest.raises(NothingToDo, match="4 wait for the role answer, which writer writes"):
        work(db, "critic")
    assert [(s.worker.name, s.work) for s in chain.stages(db, OWNER, "made")] == [
        ("writer", 4), ("critic", 0),
    ]  # fmt: skip
    work(db, "writer", limit=3)
    planned = runs.plan(db, OWNER, "made", runs.worker_of(studies.load(db, "made"), "critic"))
    assert (planned.work, planned.waits) == (3, {"answer": 1})


def test_what_will_be_asked_is_seen_before_anything_is_made(db, server):
    critic = {**generator(server.url), "name": "critic", "reads": ["answer"], "writes": "critique",
              "system": "You criticise."}  # fmt: skip
    study(db, [critic, generator(server.url)])
    worker = lambda name: runs.worker_of(studies.load(db, "made"), name)
    looks = dry_run.dry_run(db, OWNER, "made", worker("writer"))
    assert [look.requests[0].messages[0]["content"] for look in looks] == [
        f"What is {n} plus {n}?" for n in range(3)
    ]
    assert forecast.forecast(db, OWNER, "made", worker("writer")).calls == 4
    work(db, "writer")
    assert len(dry_run.dry_run(db, OWNER, "made", worker("critic"))) == 3
    assert server.count == 4


def test_a_broken_reply_leaves_no_output(db):
    with OpenAIServer(lambda body: Fault(text="")) as server:
        study(db, [generator(server.url)], count=1)
        status = work(db, "writer")
    assert (status.done, status.failed) == (0, 1)
    assert status.failures[0][0] == "invalid_reply" and outputs(db) == []


def test_parents_and_twice_is_once(db, server):
    study(db, [generator(server.url)], count=1)
    worker = runs.worker_of(studies.load(db, "made"), "writer")
    run = runs.start(db, OWNER, "made", worker)
    one = Shift(db, run)
    with db.write() as connection:
        [task] = one.claims.take(connection, 5)
    drafts = [
        Draft(role="answer", content=text_of("One"), key="1", facts={"score": 7.5}),
        Draft(role="feedback", content=text_of("Better"), key="f", parent="1", source="reviewer"),
        Draft(role="answer", content=text_of("Two"), key="2", parent="1"),
    ]
    outcome = lambda drafts: Finished(
        task.id, task.owner, task.unit_id, task.unit, "done", drafts=drafts
    )
    with db.write() as connection:
        assert one.outcomes.store(connection, [outcome(drafts)]) == [True]
    rows = {row[5]["data"]: row for row in outputs(db)}
    assert rows["Better"][3] == rows["Two"][3] == rows["One"][1]
    assert (rows["Better"][4], rows["One"][4]) == ("reviewer", "m")
    assert rows["One"][5]["facts"] == {"score": 7.5}
    with db.write() as connection:
        drafted.store(connection, studies.load(db, "made").id, worker, one.rater, run, False,
                      [outcome(drafts)])  # fmt: skip
    assert len(outputs(db)) == 3
    lost = [Draft(role="answer", content=text_of("Three"), key="3", parent="nowhere")]
    with pytest.raises(ValueError, match="hangs on 'nowhere'"), db.write() as connection:
        drafted.store(connection, studies.load(db, "made").id, worker, one.rater, run, False,
                      [outcome(lost)])  # fmt: skip
    assert len(outputs(db)) == 3


def test_the_whole_chain_in_one_go(db, server):
    critic = {**generator(server.url), "name": "critic", "reads": ["answer"], "writes": "critique"}
    rule = {"kind": "rules", "name": "rule", "rules": [{"rule": "has_number"}],
            "thresholds": {"no": 0.0, "yes": 1.0}}  # fmt: skip
    study(db, [rule, critic, generator(server.url)])
    found = work_all(db)
    assert [(s.worker, s.state, s.done) for s in found] == [
        ("writer", "done", 4), ("rule", "done", 4), ("critic", "done", 4),
    ]  # fmt: skip
    roles = [r[2] for r in outputs(db)]
    assert roles.count("answer") == roles.count("critique") == 4
    assert [len(u.outputs) for u in units(db)] == [1] * 4  # critiques are not judged here
    with pytest.raises(NothingToDo):
        chain.start(db, OWNER, "made")


def test_outputs_come_back_from_an_export_with_what_they_hang_on(db, server, tmp_path):
    critic = {**generator(server.url), "name": "critic", "reads": ["answer"], "writes": "critique"}
    rule = {"kind": "rules", "name": "rule", "rules": [{"rule": "has_number"}],
            "thresholds": {"no": 0.0, "yes": 1.0}}  # fmt: skip
    study(db, [generator(server.url), critic, rule], count=2)
    work_all(db)
    work(db, "writer", fresh=True, limit=1)
    with pytest.raises(NothingToDo):  # it rates one response, and the new unit has two
        work(db, "rule")
    path = tmp_path / "made.jsonl"
    exports.write(db, OWNER, "made", Choice("jsonl"), path)
    file = File(path.name, path.read_bytes())
    again = transfer.run_import(db, OWNER, [file], None)
    assert (again.new_items, again.new_judgments) == (0, 0)
    other = transfer.run_import(db, OWNER, [file], None, "back")
    assert (other.new_items, other.new_judgments) == (2, again.judgments)
    assert outputs(db, "back") == outputs(db, "made")
    shape = lambda key: sorted([o.key for o in u.outputs] for u in units(db, key))
    assert shape("back") == shape("made") and len(shape("back")) == 3
    line = next(line for line in path.read_text("utf-8").splitlines() if '"parent"' in line)
    broken = line.replace('"parent": "answer-', '"parent": "lost-')
    wrong = File("x.jsonl", path.read_bytes().replace(line.encode(), broken.encode()))
    with pytest.raises(ImportFailed, match="another output of the item"):
        transfer.run_import(db, OWNER, [wrong], None, "third")
