"""The rule for pairs at work: units, what is recorded, and what is passed by."""

import re

import pytest

from core.imports.base import File
from core.protocol import ProtocolError, from_data
from core.services import analysis, cases, exports, material, paired, studies, transfer
from core.services.access import Denied, Identity
from core.services.exports import Choice
from core.services.store import ensure
from storage import items
from storage import studies as study_rows
from storage.database import Database
from tests.services.answers import answer

OWNER = Identity("owner")
SCORES = {"a": 1.0, "b": 1.2, "c": 4.0}


def protocol(**options):
    asked = [{"kind": "pairwise", "name": "better", "title": "Which is better"}]
    return from_data(
        {"name": "pairs", "title": "Pairs", "questions": asked, "units": "pairs", **options}
    )


def fill(db, study, names, scores=SCORES, meta=None):
    text = lambda words, **more: {"kind": "text", "data": words, **more}
    with db.write() as connection:
        items.add_items(connection, study.id, (
            {"key": name, "meta": meta or {}, "content": {"prompt": text(name)}} for name in names
        ))  # fmt: skip
        ids = items.item_ids(connection, study.id)
        items.add_outputs(connection, study.id, (
            {"item": ids[name], "key": key, "source": f"model {key}",
             "content": text(f"Text {key}", facts={} if score is None else {"reward": score})}
            for name in names for key, score in scores.items()
        ))  # fmt: skip
        material.add_missing_units(connection, study)
    return studies.load(db, study.key)


def shown(db, study):
    with db.read() as connection:
        return [(u.item, "".join(u.order)) for _, u in material.all_units(connection, study)]


def told(db, study, kind):
    with db.read() as connection:
        return study_rows.events(connection, study.id, [kind])


def test_every_pair_has_the_key_that_it_had_and_nothing_is_recorded(db):
    study = fill(db, studies.create(db, OWNER, protocol()), ["one"])
    with db.read() as connection:
        assert set(items.unit_ids(connection, study.id)) == {"one/a+b", "one/a+c", "one/b+c"}
    assert not told(db, study, "pairs") and paired.chosen(db, OWNER, "pairs") is None
    assert "pairs" not in protocol().data()


def test_a_margin_leaves_pairs_out_and_names_the_items_without_scores(db):
    rule = {"rule": "margin", "score": "reward", "most": 0.5}
    study = fill(db, studies.create(db, OWNER, protocol(pairs=rule)), ["one", "two"])
    study = fill(db, study, ["three"], {**SCORES, "c": None})
    assert shown(db, study) == [("one", "ab"), ("two", "ab")]
    found = paired.chosen(db, OWNER, "pairs")
    assert found.taken == {"margin": 2} and (found.audit, found.left) == (0, 4)
    assert found.passed_by == {"three": "no score of c"}
    each = told(db, study, "pair")
    assert [e.data["margin"] for e in each] == pytest.approx([0.2, 0.2])
    assert {e.data["batch"] for e in each} == {told(db, study, "pairs")[0].id}
    with db.write() as connection:
        assert material.add_missing_units(connection, study) == 0
    assert len(told(db, study, "pairs")) == 2
    with pytest.raises(Denied):
        paired.chosen(db, Identity("ana", frozenset({"annotator"})), "pairs")


@pytest.mark.parametrize(
    "meta", [{"reward": {"a": 1, "b": 2, "c": 9}}, {"reward/a": "1", "reward/b": 2, "reward/c": 9}]
)
def test_scores_may_be_facts_of_the_item(db, meta):
    rule = {"rule": "margin", "score": "reward", "least": 5}
    bare = dict.fromkeys("abc")
    study = fill(db, studies.create(db, OWNER, protocol(pairs=rule)), ["one"], bare, meta)
    assert shown(db, study) == [("one", "ac"), ("one", "bc")]


def test_the_audit_is_known_unit_by_unit_and_is_the_seeds(db):
    rule = {"rule": "margin", "score": "reward", "most": 0.5, "audit": 0.3}
    names = [f"i{n}" for n in range(60)]
    study = fill(db, studies.create(db, OWNER, protocol(pairs=rule)), names)
    found = paired.chosen(db, OWNER, "pairs")
    assert found.taken == {"margin": 60} and 0.2 < found.audit / 120 < 0.4
    audited = [e for e in told(db, study, "pair") if e.data["audit"]]
    assert len(audited) == found.audit and all(e.data["margin"] > 0.5 for e in audited)
    with db.write() as connection:
        assert material.add_missing_units(connection, study) == 0
    again = told(db, study, "pairs")
    assert len(again) == 1 and again[0].data["seed"] == study.seed


def test_another_rule_adds_units_and_keeps_those_there_are(db):
    against = {"rule": "against", "one": ["model a"], "other": ["model b"]}
    study = fill(db, studies.create(db, OWNER, protocol(pairs=against)), ["one"])
    assert shown(db, study) == [("one", "ab")]
    edited = protocol(pairs={"rule": "against", "one": ["model a"], "other": ["model c"]})
    study = studies.edit(db, OWNER, "pairs", edited, study.version)
    assert shown(db, study) == [("one", "ab"), ("one", "ac")]
    assert paired.chosen(db, OWNER, "pairs").taken == {"against": 2}


def test_the_first_round_of_every_item_comes_before_the_second(db):
    study = studies.create(db, OWNER, protocol(pairs={"rule": "round_robin"}))
    study = fill(db, study, ["one", "two", "three"])
    assert [name for name, _ in shown(db, study)] == ["one", "two", "three"] * 3
    assert len(set(shown(db, study))) == 9


def test_a_rule_without_pairs_is_refused():
    with pytest.raises(ProtocolError, match="say units: pairs"):
        protocol(units="each", pairs={"rule": "round_robin"})


def test_answers_to_pairs_left_out_come_back_with_an_import(db, tmp_path):
    rule = {"rule": "margin", "score": "reward", "most": 0.5, "audit": 1}
    study = fill(db, studies.create(db, OWNER, protocol(pairs=rule)), ["one"])
    a, c = {"winner": "a"}, {"winner": "c"}
    answer(db, study, "better", "person", "ana", {"one/a+b": a, "one/a+c": c})
    lines = exports.write(db, OWNER, "pairs", Choice("jsonl"), tmp_path / "all.jsonl").path
    words = re.sub(r'(audit"?: ?)1(\.0)?', r"\g<1>0", lines.read_text())
    other = Database(str(tmp_path / "other.db"))
    ensure(other)
    files = [File("all.jsonl", words.encode())]
    assert transfer.run_import(other, OWNER, files, None).new_judgments == 2
    back = studies.load(other, "pairs")
    assert back.protocol.pairs.audit == 0
    assert shown(other, back) == [("one", "ab"), ("one", "ac")]
    assert transfer.run_import(other, OWNER, files, None).new_judgments == 0
    other.close()


def test_the_audit_slice_is_a_filter_and_a_column(db):
    rule = {"rule": "margin", "score": "reward", "most": 0.5, "audit": 0.4}
    study = fill(db, studies.create(db, OWNER, protocol(pairs=rule)), [f"i{n}" for n in range(9)])
    drawn = {u for e in told(db, study, "pair") if e.data["audit"] for u in [e.unit]}
    with db.read() as connection:
        keys = {i: key for key, i in items.unit_ids(connection, study.id).items()}
    first = {key: {"winner": key.split("/")[1][0]} for key in keys.values()}
    last = {key: {"winner": key[-1]} for key in keys.values()}
    answer(db, study, "better", "person", "ana", first)
    answer(db, study, "better", "model", "m", last)
    assert analysis.facts(db, OWNER, "pairs")["audit slice"] == ["no", "yes"]
    for value, units in (("yes", len(drawn)), ("no", len(keys) - len(drawn))):
        found = analysis.agreement(db, OWNER, "pairs", where={"audit slice": [value]})
        assert found.units == units and found.pairs[0].percent.n == units
    assert cases.has_audit(db, OWNER, "pairs")
    queue = cases.queue(db, OWNER, "pairs", "better", audit=True)
    assert {case.unit_id for case in queue.cases} == drawn
    assert len(cases.queue(db, OWNER, "pairs", "better").cases) == len(keys)
    with exports.opened(db, OWNER, "pairs", Choice("csv")) as material:
        lines = list(exports.formats()["csv"].lines(material))
    assert [line.strip().endswith(",yes") for line in lines[1:]].count(True) == 2 * len(drawn)
