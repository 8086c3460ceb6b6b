"""Aligning a judge: parts locked by item, versions compared without leaks, one look at the test."""

import asyncio

import pytest

from core.services import alignment, judge_versions, review, runner, runs, studies
from core.services.access import Denied, Identity
from core.services.alignment import Leak, Split
from core.services.studies import Refused
from core.workers.judge import Judge
from tests.servers.openai_server import OpenAIServer
from tests.services.answers import answer
from tests.services.pairs import OWNER, judge, pairs, prefers

UNITS = 60
A, B = {"winner": "a"}, {"winner": "b"}


@pytest.fixture
def study(db):
    """Sixty pairs on which two people say a; every third was looked at and is b in truth."""
    made = pairs(db, units=UNITS)
    every = {f"i{n}": A for n in range(UNITS)}
    for name in ("ann", "bob"):
        ids = answer(db, made, "better", "person", name, every)
    for n in range(0, UNITS, 3):
        seen = review.detail(db, OWNER, "pairs", "better", ids[f"i{n}"])
        review.adjudicate(db, OWNER, "pairs", seen, B, f"Number {n} is b, look closely.")
        review.give_cause(db, OWNER, "pairs", "better", ids[f"i{n}"],
                          "rubric gap" if n % 2 else "slip")  # fmt: skip
    runs.add_worker(db, OWNER, "pairs", judge("http://127.0.0.1:9/v1", name="v1", orders="one"))
    return studies.load(db, "pairs")


def said(db, study, name, values):
    """Stored answers of a judge of the study."""
    found = {w.name: w for w in study.protocol.workers}[name]
    answer(db, study, "better", "model", found.digest, values)


def lock(db):
    return alignment.lock(db, OWNER, "pairs", "better", seed=5)


def test_the_parts_are_locked_by_item_and_seed(db, study):
    split = lock(db)
    assert alignment.locked(db, OWNER, "pairs", "better") == split
    with pytest.raises(Refused, match="locked"):
        alignment.lock(db, OWNER, "pairs", "better", seed=6)
    sizes = judge_versions.sizes(db, OWNER, "pairs", "better")
    assert sum(n for n, _ in sizes.values()) == UNITS and sum(a for _, a in sizes.values()) == 20
    assert all(n for n, _ in sizes.values())


def test_an_item_keeps_its_part_whatever_arrives_later():
    split = Split(7, (0.4, 0.4, 0.2))
    parts = [split.part(f"item {n}") for n in range(2000)]
    assert parts == [split.part(f"item {n}") for n in range(2000)]
    assert 700 < parts.count("train") < 900 and 320 < parts.count("test") < 480
    assert parts != [Split(8, split.shares).part(f"item {n}") for n in range(2000)]


@pytest.mark.parametrize(("train", "dev"), [(0, 0.5), (0.5, 0.5), (0.9, 0.2), (0.5, 0)])
def test_every_part_must_hold_something(db, study, train, dev):
    with pytest.raises(Refused):
        alignment.lock(db, OWNER, "pairs", "better", train=train, dev=dev)


def test_nothing_is_measured_before_the_lock(db, study):
    with pytest.raises(Refused, match="lock the parts"):
        alignment.compare(db, OWNER, "pairs", "better", ["v1"])


def test_the_truth_is_what_was_decided_or_what_most_people_say(db, study):
    lock(db)
    with db.read() as connection:
        found = alignment.bench(connection, db, "pairs", "better")
        truths = {t.item: t for t in found.truths.values()}
    assert truths["i0"].value == B and truths["i0"].adjudicated
    assert truths["i1"].value == A and not truths["i1"].adjudicated
    assert truths["i0"].why == "Number 0 is b, look closely."


def test_a_better_version_is_measured_beside_the_old_one(db, study):
    lock(db)
    said(db, study, "v1", {f"i{n}": A for n in range(UNITS)})
    wrong = judge_versions.misses(db, OWNER, "pairs", "better", "v1")
    decided = judge_versions.decisions(db, OWNER, "pairs", "better", "v1")
    assert wrong and all(m.truth == "B is better" and m.judge == "A is better" for m in wrong)
    assert decided and all(d.wrong for d in decided)
    edit = judge_versions.proposed_edit(decided)
    assert "look closely. (there the answer is: B is better)" in edit
    made = judge_versions.revise(
        db, OWNER, "pairs", "better", "v1", "v2", guidelines=edit,
        examples=[d.unit_id for d in decided[:2]],
    )  # fmt: skip
    study = studies.load(db, "pairs")
    assert len(made.examples) == 2 and made.guidelines == edit and made.name == "v2"
    assert made.examples[0].answer == "B is better" and "Text a of" in str(made.examples[0])
    said(db, study, "v2", {f"i{n}": B if n % 3 == 0 else A for n in range(UNITS)})
    seen = alignment.compare(db, OWNER, "pairs", "better", ["v1", "v2"])
    old, new = seen.versions
    judge_versions.revise(db, OWNER, "pairs", "better", "v2", "v3", guidelines="Not run yet.")
    besides = alignment.compare(db, OWNER, "pairs", "better", ["v3", "v1", "v2"]).versions
    assert [v.shared.n for v in besides] == [0, seen.units, seen.units]
    assert (besides[0].mended, besides[2].mended) == (0, len(wrong))
    assert new.percent.value == 1.0 and old.percent.value < 0.8
    assert old.kappa.value == 0 and new.kappa.value == 1.0
    assert old.percent.n == new.percent.n == seen.units and not seen.excluded
    assert (old.mended, old.spoilt) == (0, 0) and (new.mended, new.spoilt) == (len(wrong), 0)
    worse, _ = alignment.compare(db, OWNER, "pairs", "better", ["v2", "v1"]).versions[::-1]
    assert (worse.mended, worse.spoilt) == (0, len(wrong))
    assert judge_versions.next_name("v1", ["v1", "v1 b"]) == "v1 c"
    assert judge_versions.next_name("v1 b", ["v1", "v1 b"]) == "v1 c"
    assert judge_versions.proposed_edit(decided + decided) == edit
    step, _ = judge_versions.lineage(db, OWNER, "pairs", "better")
    assert (step["to"], step["by"]) == (made.digest, "owner") and len(step["examples"]) == 2


def test_what_a_version_has_not_answered_is_coverage_and_not_wrong(db, study):
    lock(db)
    said(db, study, "v1", {f"i{n}": A for n in range(0, UNITS, 2)})
    [version] = alignment.compare(db, OWNER, "pairs", "better", ["v1"]).versions
    assert 0.2 < version.percent.coverage < 0.8


def test_an_example_can_only_come_from_the_train_part(db, study):
    split = lock(db)
    ids = {d: d for d in ()}
    with db.read() as connection:
        found = alignment.bench(connection, db, "pairs", "better")
        for truth in found.truths.values():
            ids[truth.item] = truth.unit_id
    dev = next(f"i{n}" for n in range(0, UNITS, 3) if split.part(f"i{n}") == "dev")
    train = next(f"i{n}" for n in range(1, UNITS, 3) if split.part(f"i{n}") == "train")
    revise = lambda *examples, name="v2": judge_versions.revise(
        db, OWNER, "pairs", "better", "v1", name, examples=examples
    )
    with pytest.raises(Refused, match="not in the train part"):
        revise(ids[dev])
    with pytest.raises(Refused, match="decided"):
        revise(ids[train])
    with pytest.raises(Refused, match="nothing was changed"):
        revise()
    with pytest.raises(Refused, match="choose another name"):
        revise(name="v1")


def brought(db, item):
    """A judge with an example that was written into the protocol by hand."""
    example = {"item": item, "material": {"response": "x"}, "answer": "B is better"}
    made = Judge(name="by hand", model="m", mode="pairwise", examples=[example])
    runs.add_worker(db, OWNER, "pairs", made)
    return studies.load(db, "pairs")


def test_an_example_from_dev_is_left_out_for_every_version(db, study):
    split = lock(db)
    dev = next(f"i{n}" for n in range(UNITS) if split.part(f"i{n}") == "dev")
    brought(db, dev)
    whole = alignment.compare(db, OWNER, "pairs", "better", ["v1"]).units
    seen = alignment.compare(db, OWNER, "pairs", "better", ["v1", "by hand"])
    assert seen.units == whole - 1 and seen.excluded == (dev,)


def test_the_guard_stops_a_figure_over_an_example(db, study, monkeypatch):
    """Should the selection ever forget to leave the examples out, there is no figure."""
    split = lock(db)
    dev = next(f"i{n}" for n in range(UNITS) if split.part(f"i{n}") == "dev")
    brought(db, dev)
    plain = alignment.Bench.within
    monkeypatch.setattr(alignment.Bench, "within", lambda self, part, without=(): plain(self, part))
    with pytest.raises(Leak, match=dev):
        alignment.compare(db, OWNER, "pairs", "better", ["by hand"])


def test_the_test_part_is_opened_once_and_logged(db, study):
    lock(db)
    assert judge_versions.opening(db, OWNER, "pairs", "better") is None
    with pytest.raises(Refused, match="answered nothing"):
        judge_versions.open_test(db, OWNER, "pairs", "better", ["v1"])
    said(db, study, "v1", {f"i{n}": A for n in range(UNITS)})
    seen = judge_versions.open_test(db, OWNER, "pairs", "better", ["v1"])
    assert seen.part == "test" and seen.versions[0].percent.n == seen.units > 0
    with pytest.raises(Refused, match="opened before"):
        judge_versions.open_test(db, OWNER, "pairs", "better", ["v1"])
    stored = judge_versions.opening(db, OWNER, "pairs", "better")
    assert stored.by == "owner" and stored.names == ("v1",)
    assert stored.figures[0]["agreement"] == seen.versions[0].percent.value


def test_a_part_is_run_by_itself(db, study):
    """Only the decided units of the part are asked about."""
    split = lock(db)
    with OpenAIServer(lambda body: prefers("B")) as server:
        runs.add_worker(db, OWNER, "pairs", judge(server.url, name="v1", orders="one"))
        run = judge_versions.run_part(db, OWNER, "pairs", "better", "v1")
        asyncio.run(runner.execute(db, run))
    dev = [n for n in range(UNITS) if split.part(f"i{n}") == "dev"]
    assert len(server.requests) == len(dev) == runs.status(db, OWNER, run).done
    [version] = alignment.compare(db, OWNER, "pairs", "better", ["v1"]).versions
    assert version.percent.coverage == 1.0
    assert not judge_versions.decisions(db, OWNER, "pairs", "better", "v1")[0].wrong


def test_annotators_do_not_align(db, study):
    with pytest.raises(Denied):
        alignment.lock(db, Identity("ann", frozenset({"annotator"})), "pairs", "better")
