"""The whole study as JSON lines: how units were given out and what else happened comes back too."""

import json
from collections import Counter

from core.imports.base import File
from core.protocol import from_data
from core.services import (
    answering,
    assignment,
    comments,
    effects,
    exports,
    review,
    studies,
    transfer,
)
from core.services.exports import Choice
from core.services.store import ensure
from storage.database import Database
from tests.services.conftest import ANA, BEN
from tests.services.test_rounds import A, B, opened, work
from tests.services.test_transfer import OWNER

CHECKS = "{gold_share: 0.2, attention_share: 0.2}"
EXPERIMENT = "experiment: {arms: [{name: plain}, {name: bare, hide: [prompt]}]}"


def told(db):
    """A study with drawn units, arms, checks, a questionnaire and everything people write."""
    study = opened(db, CHECKS, ["gold"] * 3 + ["attention"] * 3, 10, more=EXPERIMENT)
    data = study.protocol.data()
    data["assignment"] = {**data["assignment"], "order": "uncertain", "epsilon": 0.3}
    data["questions"] = [*data["questions"], {"kind": "number", "name": "age", "title": "Age"}]
    data["questionnaire"] = {"before": ["age"]}
    studies.edit(db, ANA, "small", from_data(data), study.version)
    for who, value in ((ANA, A), (BEN, B)):
        held = assignment.current(db, who, "small")
        answering.submit(db, who, held, {"age": 30}, 9.0)
        work(db, who, value, most=9)
        held = assignment.current(db, who, "small")
        answering.flag(db, who, held, "odd")
        comments.comment(db, who, held, "What is meant?")
        answering.skip(db, who, held, "no idea")
        assignment.current(db, who, "small")
    first, *_ = comments.threads(db, OWNER, "small")
    comments.reply(db, OWNER, "small", first.id, "Take the first.")
    comments.resolve(db, OWNER, "small", first.id)
    unit = first.unit_id
    review.give_cause(db, OWNER, "small", "better", unit, next(iter(review.CAUSES)), "see above")


def lines(db, path, **options):
    exports.write(db, OWNER, "small", Choice("jsonl", **options), path)
    return [json.loads(line) for line in path.read_text().splitlines()]


def plain(rows):
    """The lines without the numbers that a database gives its own events."""
    found = []
    for row in rows:
        row.pop("number", None)
        if isinstance(row.get("data"), dict):
            row["data"].pop("of", None)
        found.append(row)
    return found[1:]


def test_everything_comes_back_and_the_same_again_adds_nothing(db, tmp_path):
    told(db)
    before = lines(db, tmp_path / "one.jsonl")
    kinds = Counter(row["kind"] for row in before if row["type"] == "event")
    assert kinds == {"flag": 2, "comment": 2, "skip": 2, "reply": 1, "resolved": 1, "cause": 1}
    drawn = [r["assignment"] for r in before if r["type"] == "judgment"]
    assert {a["policy"].split("/")[0] for a in drawn} == {
        "uncertain", "gold", "attention", "questionnaire",
    }  # fmt: skip
    assert all(0 < a["propensity"] <= 1 for a in drawn)
    assert {a["arm"] for a in drawn} >= {"plain", "bare"}
    assert "ana" not in (tmp_path / "one.jsonl").read_text()
    other = Database(str(tmp_path / "other.db"))
    ensure(other)
    files = [File("one.jsonl", tmp_path / "one.jsonl")]
    transfer.run_import(other, OWNER, files, None)
    assert transfer.run_import(other, OWNER, files, None).new_judgments == 0
    assert plain(lines(other, tmp_path / "two.jsonl")) == plain(before)
    (thread,) = [t for t in comments.threads(other, OWNER, "small") if t.resolved]
    assert [m.text for m in thread.messages][-1] == "Take the first."
    assert sum(review.causes(other, OWNER, "small").values()) == 1
    arms = [effects.of_arms(d, OWNER, "small", "better") for d in (db, other)]
    assert [(a.arm, a.answers, a.people) for a in arms[0]] == [
        (a.arm, a.answers, a.people) for a in arms[1]
    ]
    assert sum(a.answers for a in arms[0]) > 10
    other.close()


def test_an_answer_to_nothing_is_left_out_and_a_strange_event_is_named(db, tmp_path):
    told(db)
    rows = lines(db, tmp_path / "one.jsonl")
    cut = [r for r in rows if r.get("kind") not in {"comment", "flag"}]
    text = "\n".join(json.dumps(r) for r in cut).replace('"small"', '"cut"')
    transfer.run_import(db, OWNER, [File("cut.jsonl", text.encode())], None)
    assert comments.threads(db, OWNER, "cut") == []
    strange = text.replace('"cut"', '"third"') + '\n{"type": "event", "kind": "vote", "data": 1}'
    seen = transfer.preview(db, OWNER, [File("odd.jsonl", strange.encode())], None)
    assert [p.column for p in seen.problems][:2] == ["kind", "data"]
    bad = text.replace('"cut"', '"third"').replace('"propensity": ', '"propensity": -', 1)
    seen = transfer.preview(db, OWNER, [File("odd.jsonl", bad.encode())], None)
    assert [p.column for p in seen.problems] == ["assignment"]
