"""Taking data out: tidy, whole, and as training pairs; and bringing the whole back."""

import csv
import io
import json

import pytest

from core.exports.csv import safe
from core.imports.base import File
from core.protocol import from_data
from core.services import analysis, answering, assignment, exports, review, studies, transfer
from core.services.access import Denied, Identity
from core.services.exports import Choice
from core.services.store import ensure
from core.units import Invalid
from storage import chain
from storage.database import Database
from tests.services.answers import answer as write
from tests.services.conftest import ANA, fill
from tests.services.test_transfer import OWNER, bring

A, B = {"winner": "a"}, {"winner": "b"}
TIE = {"winner": None, "verdict": "tie"}


def answer(db, who, value, key="pairs"):
    held = assignment.current(db, who, key)
    answering.submit(db, who, held, {"better": value}, 1.5)
    return assignment.at(db, who, key, held.place)


@pytest.fixture
def lived(db):
    """A study with imported, given, corrected, withdrawn and adjudicated answers."""
    bring(db)
    studies.set_state(db, OWNER, "pairs", "open")
    held = answer(db, ANA, A)
    answering.submit(db, ANA, held, {"better": TIE}, 2.0)
    seen = review.detail(db, OWNER, "pairs", "better", held.unit_id)
    review.adjudicate(db, OWNER, "pairs", seen, B, "=SUM(A1)")
    return db


def text(db, **choice):
    with exports.opened(db, OWNER, "pairs", Choice(**choice)) as material:
        return "".join(exports.formats()[choice["format"]].lines(material)), material.counts


def test_csv_has_a_row_per_judgment_and_no_formula(lived):
    written, counts = text(lived, format="csv")
    rows = list(csv.DictReader(io.StringIO(written)))
    assert len(rows) == counts["judgments"] == 8
    assert [r["sequence"] for r in rows] == [str(n) for n in range(1, 9)]
    assert rows[0]["rater"] == "person-1" and rows[0]["label"] == "a better"
    assert rows[5]["status"] == "replaced" and rows[6]["replaces"] == "6"
    assert rows[7]["rationale"] == "'=SUM(A1)" and rows[7]["stage"] == "adjudicated"
    assert "ana" not in written and "owner" not in written
    assert rows[0]["created_at"].endswith("+00:00")
    named, _ = text(lived, format="csv", names=True)
    assert ",ana," in named


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\r=x"])
def test_formulas_are_texts(cell):
    assert safe(cell) == f"'{cell}"
    assert safe(-1) == -1 and safe("a=b") == "a=b"


def test_preference_pairs_have_the_layout_that_trainers_read(lived):
    written, counts = text(lived, format="preference")
    rows = [json.loads(line) for line in written.splitlines()]
    assert counts == {"written": 2, "tie": 0, "both_bad": 0, "no_majority": 0, "unjudged": 0}
    assert {k: rows[0][k] for k in ("prompt", "chosen", "rejected", "margin")} == {
        "prompt": "Why?", "chosen": "Because.", "rejected": "It is.", "margin": 1.0,
    }  # fmt: skip
    assert rows[1]["chosen"] == "Thus." and rows[1]["decided_by"] == "adjudicated"
    assert rows[1]["votes_other"] == 1 and rows[0]["chosen_source"] == "model one"
    judged, counts = text(lived, format="preference", rater="m/p")
    assert not judged and counts["no_majority"] == 1 and counts["unjudged"] == 1


def test_preference_leaves_ties_out(db):
    bring(db, pairs=b"id,prompt,one,two,topic,gold,ann,ben\ni1,W,x,y,t,,0,0\n", votes=b"{}",
          mapping=only_people())  # fmt: skip
    written, counts = text(db, format="preference")
    assert not written and counts["tie"] == 1


def only_people():
    from tests.services.test_transfer import MAPPING

    return MAPPING.split("  - file: votes")[0]


def test_conversations_stay_lists_of_turns(db):
    talk = [{"role": "user", "content": "Hi"}]
    row = {"id": "i1", "prompt": talk, "one": "Hello.", "two": "Go.", "topic": "t", "gold": None,
           "ann": 1, "ben": 1}  # fmt: skip
    mapping = only_people().replace("  assignment", "  fields: {prompt: chat}\n  assignment")
    files = [File("pairs.jsonl", json.dumps(row).encode())]
    from core.imports.mapping import from_yaml

    plan = from_yaml(mapping.replace("pairs.csv", "pairs.jsonl"))
    transfer.run_import(db, OWNER, files, plan)
    pair = json.loads(text(db, format="preference")[0])
    assert pair["prompt"] == talk
    assert pair["chosen"] == [{"role": "assistant", "content": "Hello."}]


def test_a_study_without_pairs_says_so(db):
    from core.protocol import from_yaml

    plan = "name: rated\ntitle: R\nquestions: [{kind: rating, name: q, title: Q}]"
    studies.create(db, OWNER, from_yaml(plan))
    with pytest.raises(Invalid, match="pairwise"):
        exports.first_lines(db, OWNER, "rated", Choice("preference"))


@pytest.mark.parametrize("names", [False, True])
def test_jsonl_comes_back_with_the_same_statistics(lived, tmp_path, names):
    done = exports.write(
        lived, OWNER, "pairs", Choice("jsonl", names=names), tmp_path / "all.jsonl"
    )
    assert done.counts == {"items": 2, "judgments": 8}
    other = Database(str(tmp_path / "other.db"))
    ensure(other)
    files = [File("all.jsonl", tmp_path / "all.jsonl")]
    back = transfer.run_import(other, OWNER, files, None)
    assert (back.created, back.new_judgments) == (True, 8)
    assert transfer.run_import(other, OWNER, files, None).new_judgments == 0
    with other.read() as connection:
        study = studies.load(other, "pairs", connection)
        assert not [b for b in chain.verify(connection, study.id) if isinstance(b, chain.Break)]
    again = exports.write(
        other, OWNER, "pairs", Choice("jsonl", names=names), tmp_path / "again.jsonl"
    )
    assert again.counts == done.counts
    lines = [p.read_text().splitlines() for p in (done.path, again.path)]
    assert lines[0][1:] == lines[1][1:]
    assert statistics(lived, names) == statistics(other, names)
    other.close()


def statistics(db, names):
    found = analysis.agreement(db, OWNER, "pairs")
    return [
        found.groups,
        sorted((str(p.measure), str(p.percent)) for p in found.pairs),
        sorted((r.kind, r.n, str(r.statistics)) for r in found.raters),
    ]


def test_who_may_export(lived, tmp_path):
    for who in (Identity("x", frozenset({"annotator"})), Identity("x", frozenset({"auditor"}))):
        with pytest.raises(Denied):
            exports.first_lines(lived, who, "pairs", Choice("csv"))
    researcher = Identity("x", frozenset({"researcher"}))
    assert exports.first_lines(lived, researcher, "pairs", Choice("csv"))
    with pytest.raises(Denied):
        exports.write(lived, researcher, "pairs", Choice("csv", names=True), tmp_path / "x")
    assert not list(tmp_path.glob("x*"))


def test_a_comparison_with_strength_is_a_pair_by_its_winner(sqlite_url):
    db = Database(sqlite_url)
    asked = {"kind": "pairwise", "name": "better", "title": "Better", "strength": 3}
    made = studies.create(db, OWNER, from_data({"name": "pairs", "title": "P",
                                                "questions": [asked]}))  # fmt: skip
    fill(db, made, 1)
    for who, by in (("ana", 1), ("ben", 3)):
        write(db, made, "better", "person", who, {"item-0": {"winner": "b", "strength": by}})
    written, counts = text(db, format="preference")
    assert counts["written"] == 1
    row = json.loads(written)
    assert (row["chosen"], row["margin"], row["votes_chosen"]) == ("Answer b to item-0", 1.0, 2)
    db.close()
