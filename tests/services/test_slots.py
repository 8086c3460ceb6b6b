"""Parts of answers as statistics read them: labels, dimensions, segments."""

import pytest

from core.content.base import restore
from core.protocol import from_data, from_yaml
from core.services import analysis, cases, material, review, studies, whole_answers
from core.services.access import Denied, Identity
from core.services.findings import NoAnswer
from core.units import Unit
from storage import items
from tests.services.answers import answer
from tests.services.conftest import ANA, fill
from tests.written_study import OWNER

PROTOCOL = """
name: small
title: Parts
questions:
  - {kind: text, name: why, title: Why}
  - {kind: multilabel, name: faults, title: Faults, labels: [unclear, form > spelling], none: true}
  - {kind: pairwise, name: better, title: Better, strength: 2, dimensions: [style]}
  - kind: segments
    name: steps
    title: Steps
    of: prompt
    questions: [{kind: label, name: right, title: "Right?", labels: ["yes", "no"]}]
"""


@pytest.fixture
def parts(db):
    """Six units, of which two people have answered three, each in all parts."""
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    fill(db, made)
    return studies.set_state(db, ANA, "small", "open")


def named(db, question, where=None):
    return analysis.agreement(db, OWNER, "small", question, where=where)


def test_every_slot_is_offered(db, parts):
    assert [a.name for a in analysis.coded(parts)] == [
        "faults.unclear", "faults.form", "faults.form > spelling", "better", "better.style",
        "better.strength", "steps.right",
    ]  # fmt: skip
    assert analysis.coded(parts)[2].title == "Faults: form > spelling"
    with pytest.raises(NoAnswer, match="no such question"):
        named(db, "faults")


def test_a_label_agrees_by_itself_and_with_those_below_it(db, parts):
    spelling, unclear = ["form > spelling"], ["unclear"]
    ana = {"item-0": spelling, "item-1": [*unclear, *spelling], "item-2": []}
    ben = {"item-0": unclear, "item-1": spelling, "item-2": []}
    answer(db, parts, "faults", "person", "ana", ana)
    answer(db, parts, "faults", "person", "ben", ben)
    found = named(db, "faults.unclear")
    assert (found.units, found.labels, found.pairs[0].percent.n) == (6, ("no", "yes"), 3)
    assert found.pairs[0].percent.value == pytest.approx(1 / 3)
    assert named(db, "faults.form").pairs[0].percent.value == pytest.approx(2 / 3)
    first = named(db, "faults.unclear", {"half": ["first"]})
    assert (first.units, first.pairs[0].percent.n) == (3, 3)
    answer(db, parts, "faults", "person", "ben", {"item-3": unclear})
    answer(db, parts, "faults", "person", "ana", {"item-3": unclear})
    found = named(db, "faults.unclear")
    assert found.pairs[0].percent.value == pytest.approx(2 / 4) and found.raters[0].n == 4


def test_dimensions_and_strength_are_compared_each_by_itself(db, parts):
    def told(winner, style, strength):
        return {"winner": winner, "strength": strength, "dimensions": {"style": {"winner": style}}}

    answer(db, parts, "better", "person", "ana", {"item-0": told("a", "b", 2)})
    answer(db, parts, "better", "model", "judge", {"item-0": told("a", "a", 1)})
    assert named(db, "better").pairs[0].percent.value == 1
    assert named(db, "better.style").pairs[0].percent.value == 0
    strength = named(db, "better.strength")
    assert strength.labels == ("-2", "-1", "0", "+1", "+2") and strength.level == "ordinal"
    assert strength.pairs[0].percent.value == 0


def test_each_segment_is_a_unit(db, parts):
    def said(*words):
        return {"answers": {str(n): {"right": w} for n, w in enumerate(words) if w}}

    ana = {"item-0": said("yes", "no", "no"), "item-1": said("yes")}
    answer(db, parts, "steps", "person", "ana", ana)
    answer(db, parts, "steps", "person", "ben", {"item-0": said("yes", "no", "yes")})
    found = named(db, "steps.right")
    assert found.units == 4 and found.pairs[0].percent.n == 3
    assert found.pairs[0].percent.value == pytest.approx(2 / 3)
    assert [r.n for r in found.raters] == [4, 3]
    counts = analysis.confusion(db, OWNER, "small", "steps.right", "ana", "ben").counts
    assert counts == [[1, 0], [1, 1]]


def test_whole_answers_agree_by_their_distance(db, parts):
    one, two = ["unclear"], ["form > spelling"]
    ana = {f"item-{n}": one for n in range(4)}
    answer(db, parts, "faults", "person", "ana", ana)
    answer(db, parts, "faults", "model", "judge", ana | {"item-0": two, "item-1": one + two})
    assert [q.name for q in whole_answers.compared(parts)] == ["faults", "better", "steps"]
    (found,) = whole_answers.agreement(db, OWNER, "small", question="faults.form")
    assert (found.question, found.units) == ("faults", 6)
    assert found.groups["people"].note == "undefined: needs at least one unit judged by two raters"
    both = found.groups["all"]
    faults = parts.protocol.question("faults")
    near = faults.distance(one, one + two)
    observed = (1 + near) / 4
    expected = (6 * 1 + 6 * near + faults.distance(two, one + two)) / (8 * 7 / 2)
    assert both.value == pytest.approx(1 - observed / expected)
    assert (both.n, both.coverage) == (4, pytest.approx(4 / 6))
    (half,) = whole_answers.agreement(db, OWNER, "small", {"half": ["first"]}, "faults")
    assert (half.units, half.groups["all"].n) == (3, 3)
    answer(db, parts, "faults", "person", "ben", {"item-0": one})
    again = whole_answers.agreement(db, OWNER, "small")
    assert [w.question for w in again] == ["faults", "better", "steps"]
    assert again[0].groups["people"].n == 1 and again[2].groups["all"].value is None
    with pytest.raises(Denied):
        whole_answers.agreement(db, Identity("x", frozenset({"annotator"})), "small")


def test_review_has_the_cases_of_a_slot_and_decides_the_whole_answer(db, parts):
    one, two = ["unclear"], ["form > spelling"]
    ids = answer(db, parts, "faults", "person", "ana", {"item-0": one, "item-1": one})
    answer(db, parts, "faults", "person", "ben", {"item-0": one + two, "item-1": one})
    names = [aspect.name for aspect in cases.questions(parts)]
    assert names == ["faults.unclear", "faults.form", "faults.form > spelling", "better",
                     "steps.right"]  # fmt: skip
    assert not cases.queue(db, OWNER, "small", "faults.unclear", "people").cases
    queue = cases.queue(db, OWNER, "small", "faults.form", "people")
    (case,) = queue.cases
    assert (case.unit_id, case.people, case.decided) == (ids["item-0"], 2, False)
    seen = review.detail(db, OWNER, "small", queue.question.name, case.unit_id)
    review.adjudicate(db, OWNER, "small", seen, [*one, *two])
    for slot in ("faults.form", "faults.form > spelling"):
        assert [c.adjudicated for c in cases.queue(db, OWNER, "small", slot, "people").cases] == [
            True
        ]
    held = review.detail(db, OWNER, "small", "faults", case.unit_id).adjudicated
    assert held.value == [*one, *two]


def test_review_of_segments_has_one_case_per_unit_at_its_worst_place(db, parts):
    def said(*words):
        return {"answers": {str(n): {"right": w} for n, w in enumerate(words)}}

    ids = answer(db, parts, "steps", "person", "ana", {"item-0": said("yes", "no", "no")})
    answer(db, parts, "steps", "person", "ben", {"item-0": said("yes", "no", "yes")})
    (case,) = cases.queue(db, OWNER, "small", "steps.right", "people").cases
    assert (case.unit_id, case.place, case.gap) == (ids["item-0"], "2", 1)
    with pytest.raises(KeyError):
        cases.queue(db, OWNER, "small", "steps.wrong", "people")


def test_known_answers_that_name_parts_of_a_text_are_read_beside_it(db):
    asked = [
        {"kind": "match", "name": "same", "title": "Which say the same", "left": "one",
         "right": "two"},
        {"kind": "segments", "name": "lines", "title": "Each line", "of": "one",
         "questions": [{"kind": "label", "name": "ok", "title": "Is it", "labels": ["y", "n"]}]},
    ]  # fmt: skip
    fields = {"one": "plain", "two": "plain"}
    plan = {"name": "points", "title": "P", "fields": fields, "questions": asked}
    made = studies.create(db, OWNER, from_data(plan))
    content = {name: {"kind": "plain", "data": "first\nsecond"} for name in fields}
    unit = Unit("u", "u", {name: restore(c) for name, c in content.items()}, ())
    match, lines = made.protocol.questions
    (a, b), keys = match._keys(unit).values(), list(lines.parts(unit))
    pairs = [{"left": x, "right": y, "strength": 7} for x, y in zip(a, b, strict=True)]
    right = {"same": {"pairs": pairs}, "lines": {"answers": {k: {"ok": "y"} for k in keys}}}
    wrong = {"same": {"pairs": [{"left": "nowhere", "right": "nowhere", "strength": 7}]}}
    with db.write() as connection:
        items.add_items(connection, made.id, [
            {"key": key, "content": content, "meta": {}, "gold": gold}
            for key, gold in (("i0", right), ("i1", right), ("i2", wrong))
        ])  # fmt: skip
        material.add_missing_units(connection, made)
    answer(db, made, "same", "person", "ana", {"i0": right["same"], "i1": {"pairs": []}})
    answer(db, made, "lines", "person", "ana", {"i0": right["lines"]})
    found = analysis.agreement(db, OWNER, "points", "same")
    (ana,) = found.raters
    gold = ana.statistics["gold_accuracy"]
    assert (gold.value, gold.n, found.gold_refused) == (0.5, 2, 1)
    parts = analysis.agreement(db, OWNER, "points", "lines.ok")
    assert parts.gold_refused == 0
    assert parts.raters[0].statistics["gold_accuracy"].n == len(keys)
