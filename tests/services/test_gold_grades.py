"""Known answers that name parts of a text: rounds read them, and people are graded by them."""

import pytest
from sqlalchemy import update

from core.content.base import contents
from core.protocol import from_data
from core.services import (
    answering,
    assignment,
    material,
    quality,
    result_rows,
    studies,
    whole_answers,
)
from core.services.studies import Refused
from core.statistics.intervals import wilson
from storage import items
from storage.tables import Study
from tests.services.answers import answer
from tests.services.conftest import ANA, BEN
from tests.written_study import OWNER

INNER = [{"kind": "label", "name": "ok", "title": "Right?", "labels": ["yes", "no"]}]
MATCH = {"kind": "match", "name": "same", "title": "Same", "left": "one", "right": "two"}
LINES = {"kind": "segments", "name": "lines", "title": "Lines", "of": "one", "questions": INNER}
RECORD = {"kind": "correction", "name": "record", "title": "Record", "within": "plan"}


def pairs(*ends):
    return {"pairs": [{"left": a, "right": b, "strength": 7} for a, b in ends]}


def marks(*said):
    return {"answers": {str(n): {"ok": mark} for n, mark in enumerate(said)}}


KNOWN = {
    "same": pairs(("0", "0"), ("1", "1")), "lines": marks("yes", "no"),
    "record": {"cells": [{"cell": "1/cost", "value": 20}]},
}  # fmt: skip


def build(db, question, uses, **more):
    """A study of two lists of two lines and a table, one item for each of `uses`; '' is plain."""
    fields = {"one": "plain", "two": "plain", "plan": "table"}
    data = {"name": "small", "title": "S", "fields": fields, "questions": [question], **more}
    made = studies.create(db, OWNER, from_data(data))
    raw = {"one": "first\nsecond", "two": "third\nfourth", "plan": [{"day": "Mon", "cost": 18}]}
    content = {name: {"kind": kind, "data": contents[kind].parse(raw[name]).data}
               for name, kind in fields.items()}  # fmt: skip
    with db.write() as connection:
        items.add_items(connection, made.id, [
            {"key": f"i{n}", "content": content, "meta": {"use": use} if use else {},
             "gold": {one["name"]: KNOWN[one["name"]] for one in data["questions"]}
             if use else None}
            for n, use in enumerate(uses)
        ])  # fmt: skip
        material.add_missing_units(connection, made)
    return studies.load(db, "small")


def entry(kind="qualification", **more):
    return {"checks": {"rounds": [{"name": "entry", "kind": kind, **more}]}}


def submit(db, who, name, value):
    held = assignment.current(db, who, "small")
    return answering.submit(db, who, held, {name: value}, 9.0)


@pytest.mark.parametrize(
    ("question", "half"),
    [(MATCH, pairs(("0", "0"), ("1", "0"))), (LINES, marks("yes", "yes")),
     (RECORD, {"cells": [{"cell": "1/cost", "value": "20"}, {"cell": "1/day", "value": "Tue"}]})],
)  # fmt: skip
def test_a_round_is_passed_by_the_mean_grade(db, question, half):
    """Each half answer is right by half (the correction by 2/3), which .5 lets in and .7 not."""
    build(db, question, ["entry", "", ""], **entry(mark=0.5, attempts=1))
    studies.set_state(db, OWNER, "small", "open")
    submit(db, ANA, question["name"], half)
    assert assignment.current(db, ANA, "small") is not None
    study = studies.load(db, "small")
    stricter = from_data(study.protocol.data() | entry(mark=0.7, attempts=1))
    studies.edit(db, OWNER, "small", stricter, study.version)
    submit(db, BEN, question["name"], half)
    assert assignment.why_nothing(db, BEN, "small") == "not_admitted"
    row = next(one for one in quality.table(db, OWNER, "small") if one.name == "ben")
    credit = 2 / 3 if question is RECORD else 0.5
    assert row.rounds["entry"].value == pytest.approx(credit) and row.rounds["entry"].n == 1


def test_a_round_whose_answers_fit_no_text_still_keeps_the_study_closed(db):
    made = build(db, MATCH, ["entry"], **entry(mark=0.5))
    with db.write() as connection:
        wrong = {"same": pairs(("7", "7"))}
        connection.execute(items.I.update().where(items.I.c.study == made.id).values(gold=wrong))
    with pytest.raises(Refused, match="has no item with a known answer"):
        studies.set_state(db, OWNER, "small", "open")


def test_training_says_how_much_was_right_and_what_differs(db):
    build(db, MATCH, ["entry"], **entry("training"))
    studies.set_state(db, OWNER, "small", "open")
    (said,) = submit(db, ANA, "same", pairs(("0", "0"), ("1", "0"))).feedback
    assert not said.right and said.grade.credit == 0.5
    assert [str(one) for one in said.grade.differs] == [
        "missing: “second” ~ “fourth”", "too much: “second” ~ “third”"
    ]  # fmt: skip


def test_people_are_graded_by_what_they_paired_and_not_by_how_many(db):
    made = build(db, MATCH, ["gold"] * 2)
    answer(db, made, "same", "person", "ana", {"i0": KNOWN["same"], "i1": KNOWN["same"]})
    wrong = pairs(("0", "1"), ("1", "0"))
    answer(db, made, "same", "person", "ben", {"i0": wrong, "i1": pairs(("0", "0"))})
    gold = shown(db)
    assert (gold["ana"].value, gold["ana"].n) == (1, 2) and gold["ana"].low is not None
    assert gold["ben"].value == pytest.approx((0 + 2 / 3) / 2)
    assert (gold["ben"].low, gold["ben"].high) == pytest.approx(wilson(2 / 3, 2))
    answer(db, made, "same", "person", "eva", {"i0": wrong})
    assert shown(db)["eva"].value == 0


def test_what_is_asked_of_one_unit_counts_as_one(db):
    """Two questions, of which one is right: half of each unit, and no attention item is passed."""
    checks = {"gold_share": 0.2, "attention_share": 0.2}
    uses = ["gold"] * 2 + ["attention"] * 2
    made = build(db, MATCH, uses, questions=[MATCH, LINES], checks=checks)
    for place, stage in enumerate(["first", "first", "attention", "attention"]):
        answer(db, made, "same", "person", "ana", {f"i{place}": KNOWN["same"]}, stage=stage)
        wrong = marks("no", "yes") if place < 3 else KNOWN["lines"]
        answer(db, made, "lines", "person", "ana", {f"i{place}": wrong}, stage=stage)
    (row,) = quality.table(db, OWNER, "small")
    assert (row.gold.value, row.gold.n) == (0.5, 2)
    assert (row.gold.low, row.gold.high) == pytest.approx(wilson(1, 2))
    assert (row.attention.value, row.attention.n) == (0.5, 2)


def test_every_rater_is_graded_on_the_agreement_page_by_the_same_measure(db):
    """Of three units with a known answer, two answered by the judge: right by 1 and by 2/3."""
    made = build(db, MATCH, ["gold"] * 3 + [""], checks={"gold_share": 0.2})
    given = {"i0": KNOWN["same"], "i1": pairs(("0", "0")), "i3": pairs()}
    answer(db, made, "same", "model", "judge", given)
    (found,) = whole_answers.agreement(db, OWNER, "small", question="same.strength")
    graded = found.graded["judge"]
    assert graded.value == pytest.approx((1 + 2 / 3) / 2)
    assert (graded.n, graded.coverage) == (2, pytest.approx(2 / 3))
    rows = result_rows.whole_rows(found)
    assert rows[-1]["group"] == "judge" and rows[-1]["statistic"] == "mean_grade"
    some = whole_answers.agreement(db, OWNER, "small", {"use": ["nothing"]}, "same")[0]
    assert some.graded == {}


def test_segments_without_a_code_of_their_own_are_graded_too(db):
    made = build(db, LINES, ["gold"])
    answer(db, made, "lines", "person", "ana", {"i0": marks("yes", "yes")})
    assert shown(db)["ana"].value == 0.5


def shown(db):
    """What the People page says of known answers, for everybody."""
    return {one.name: one.gold for one in quality.table(db, OWNER, "small")}


def test_attention_is_passed_only_by_what_is_wholly_right(db):
    """Half right is half a grade, and no attention item passed."""
    made = build(db, MATCH, ["attention"] * 8 + [""] * 4, checks={"attention_share": 0.5})
    with db.write() as connection:
        connection.execute(update(Study.__table__).where(Study.id == made.id).values(seed=3))
    studies.set_state(db, OWNER, "small", "open")
    while held := assignment.current(db, ANA, "small"):
        answering.submit(db, ANA, held, {"same": pairs(("0", "0"))}, 9.0)
    (row,) = quality.table(db, OWNER, "small")
    assert row.attention.value == 0 and row.attention.n >= 1
