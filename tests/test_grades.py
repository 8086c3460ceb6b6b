"""Answers held against known ones: each kind by its own measure, counted on paper."""

import pytest

from core.content.base import contents
from core.content.plain import Plain
from core.content.text import TextContent
from core.questions.base import load
from core.questions.grades import Grade
from core.units import Shown, Unit

TEXT = "Cooked rice keeps for weeks."
LINES = {"one": Plain("alpha\nbeta\ngamma"), "two": Plain("A\nB\nC")}
TREE = contents["tree"].parse({"nodes": [
    {"id": "food", "label": "Food"}, {"id": "rice", "label": "Rice"},
    {"id": "soup", "label": "Soup"},
]})  # fmt: skip
PLAN = contents["table"].parse([{"day": "Mon", "cost": 18}, {"day": "Tue", "cost": 12}])


def made(kind, **more):
    return load({"kind": kind, "name": "q", "title": "Which", **more})


def unit(*outputs, **fields):
    shown = tuple(Shown(key, TextContent(text)) for key, text in outputs)
    return Unit("u", "i", fields, shown, tuple(key for key, _ in outputs))


def grade(question, here, known, value):
    """The grade of a value, both made canonical as they would be stored."""
    found = question.grade(question.check(value, here), question.check(known, here), here)
    assert isinstance(found, Grade) and 0 <= found.credit <= 1
    perfect = question.grade(question.check(known, here), question.check(known, here), here)
    assert perfect == Grade(1.0)
    return found


def words(found):
    return [str(one) for one in found.differs]


def link(left, right, strength=7):
    return {"left": left, "right": right, "strength": strength}


def test_a_match_is_graded_by_f1_over_its_pairs():
    here = unit(**LINES)
    match = made("match", left="one", right="two")
    keys = match._keys(here)
    (a, b, c), (x, y, z) = keys["left"], keys["right"]
    known = {"pairs": [link(a, x), link(b, y), link(c, z, 10)]}
    given = {"pairs": [link(a, x, 5), link(b, z)]}
    found = grade(match, here, known, given)
    assert found.credit == pytest.approx(2 * 1 / (3 + 2)) and not found.right
    assert words(found) == ["missing: “beta” ~ “B”", "missing: “gamma” ~ “C”",
                            "too much: “beta” ~ “C”"]  # fmt: skip
    nothing = grade(match, here, {"pairs": []}, {"pairs": [link(a, x)]})
    assert nothing.credit == 0


def test_strengths_are_graded_where_the_question_says_so():
    here = unit(**LINES)
    match = made("match", left="one", right="two", grade_strength=True)
    keys = match._keys(here)
    a, x = next(iter(keys["left"])), next(iter(keys["right"]))
    found = grade(match, here, {"pairs": [link(a, x, 10)]}, {"pairs": [link(a, x, 8)]})
    assert found.credit == pytest.approx(1 - 2 / 5)
    assert words(found) == ["“alpha” ~ “A”: 10 is right, not 8"]
    plain = made("match", left="one", right="two")
    assert plain.digest == load({**plain.definition()}).digest != match.digest
    assert grade(plain, here, {"pairs": [link(a, x, 10)]}, {"pairs": [link(a, x, 8)]}).right


def test_segments_are_graded_by_the_share_of_parts_judged_as_known():
    here = unit(text=Plain("one\ntwo\nthree\nfour"))
    inner = [{"kind": "label", "name": "ok", "title": "Right?", "labels": ["yes", "no"]},
             {"kind": "text", "name": "note", "title": "Why"}]  # fmt: skip
    lines = made("segments", of="text", questions=inner)
    keys = list(lines.parts(here))
    said = lambda *marks: {"answers": {k: {"ok": m, "note": f"{m} because"}
                                       for k, m in zip(keys, marks, strict=True)}}  # fmt: skip
    found = grade(lines, here, said("yes", "yes", "no", "no"), said("yes", "no", "no", "yes"))
    assert found.credit == 0.5
    assert words(found) == ["2. two: Right?: yes is right, not no",
                            "4. four: Right?: no is right, not yes"]  # fmt: skip


def test_what_an_optional_inner_question_leaves_open_counts_nothing():
    here = unit(text=Plain("one\ntwo"))
    inner = [{"kind": "multilabel", "name": "bad", "title": "Bad", "labels": ["a", "b"],
              "required": False}]  # fmt: skip
    lines = made("segments", of="text", questions=inner)
    first, second = lines.parts(here)
    known = {"answers": {first: {"bad": ["a", "b"]}, second: {"bad": ["b"]}}}
    found = grade(lines, here, known, {"answers": {first: {"bad": ["a"]}}})
    assert found.credit == pytest.approx((2 / 3 + 0) / 2)
    more = grade(lines, here, {"answers": {first: {"bad": ["a"]}}}, known)
    assert more.credit == pytest.approx(2 / 3)


def test_the_first_wrong_part_is_the_same_or_not():
    here = unit(text=Plain("one\ntwo\nthree"))
    first = made("first_error", of="text", noun="line")
    assert grade(first, here, {"first_error": 1}, {"first_error": 1}).right
    wrong = grade(first, here, {"first_error": 1}, {"first_error": 2})
    assert wrong.credit == 0 and words(wrong) == ["the first wrong line: 2. two"]
    none = grade(first, here, {"first_error": -1}, {"first_error": 0})
    assert words(none) == ["every line is right"]


def span(start, end, kind, text=TEXT):
    return {"output": "a", "start": start, "end": end, "quote": text[start:end], "type": kind}


def test_spans_are_graded_by_f1_over_typed_characters():
    here = unit(("a", TEXT))
    spans = made("span", types=["wrong", "vague"], missing={"a source": ""})
    known = {"spans": [span(12, 17, "wrong")], "missing": [{"type": "a source"}]}
    half = grade(spans, here, known, {"spans": [span(12, 21, "wrong")], "missing": []})
    assert half.credit == pytest.approx(2 * 5 / (6 + 9))
    assert words(half) == ["wrong: “keeps” is right, not “keeps for”", "missing: a source"]
    other = grade(spans, here, known,
                  {"spans": [span(12, 17, "vague"), span(0, 6, "wrong")]} )  # fmt: skip
    assert other.credit == 0
    assert words(other) == ["“keeps”: wrong is right, not vague", "too much: wrong: “Cooked”",
                            "missing: a source"]  # fmt: skip


def test_blanks_at_the_ends_of_a_span_do_not_count():
    here = unit(("a", TEXT))
    spans = made("span", types=["wrong"])
    found = grade(spans, here, {"spans": [span(12, 17, "wrong")]},
                  {"spans": [span(11, 18, "wrong")]})  # fmt: skip
    assert found == Grade(1.0)


def box(key, label, x, y, w=20, h=20):
    return {"id": key, "label": label, "x": x, "y": y, "w": w, "h": h}


def test_boxes_are_graded_by_f1_at_an_overlap_of_half():
    """One near enough (18 x 20 shared of 440: .82), one too far (5 x 20 of 700: .14), one extra."""
    here = unit(("a", "x"))
    boxes = made("box", labels=["plant", "tool"], overlap="allow")
    known = {"boxes": [box("k1", "plant", 10, 10), box("k2", "tool", 50, 50)]}
    given = {"boxes": [box("g1", "plant", 12, 10), box("g2", "tool", 65, 50),
                       box("g3", "tool", 0, 80)]}  # fmt: skip
    found = grade(boxes, here, known, given)
    assert found.credit == pytest.approx(2 * 1 / (2 + 3))
    assert words(found) == ["tool: (50, 50, 20 × 20) is right, not (65, 50, 20 × 20)",
                            "too much: tool: (0, 80, 20 × 20)"]  # fmt: skip
    label = grade(boxes, here, known, {"boxes": [box("g", "tool", 10, 10),
                                                 box("h", "tool", 50, 50)]})  # fmt: skip
    assert label.credit == 0.5
    assert words(label) == ["(10, 10, 20 × 20): plant is right, not tool"]


def test_relations_are_right_where_their_boxes_are_paired():
    here = unit(("a", "x"))
    boxes = made("box", labels=["plant", "tool"], overlap="allow", relations=True)
    pair = [box("k1", "plant", 10, 10), box("k2", "tool", 50, 50)]
    known = {"boxes": pair, "relations": [{"from": "k1", "to": "k2", "label": "touches"}]}
    given = {"boxes": [box("a", "tool", 50, 50), box("b", "plant", 10, 10)],
             "relations": [{"from": "a", "to": "b", "label": "touches"}]}  # fmt: skip
    found = grade(boxes, here, known, given)
    assert found.credit == pytest.approx(2 * 2 / (3 + 3))
    assert words(found) == ["missing: plant → tool: touches", "too much: tool → plant: touches"]
    turned = given | {"relations": [{"from": "b", "to": "a", "label": "touches"}]}
    assert grade(boxes, here, known, turned).right


def test_a_ranking_is_graded_by_the_pairs_it_orders_alike():
    here = unit(("a", "1"), ("b", "2"), ("c", "3"))
    ranks = made("ranking", partial=True)
    known = {"order": [["a"], ["b"], ["c"]]}
    found = grade(ranks, here, known, {"order": [["b"], ["a", "c"]]})
    assert found.credit == pytest.approx((0 + 0.5 + 1) / 3)  # ab turned, ac tied, bc alike
    assert words(found) == ["A belongs before B", "A belongs before C"]
    part = grade(ranks, here, known, {"order": [["a"], ["b"]]})
    assert part.credit == pytest.approx(1 / 3)
    tied = grade(ranks, here, {"order": [["a", "b"], ["c"]]}, known)
    assert tied.credit == pytest.approx(2.5 / 3) and words(tied) == ["A and B are equal"]
    ends = made("ranking", mode="best_worst")
    half = grade(ends, here, {"best": "a", "worst": "c"}, {"best": "a", "worst": "b"})
    assert half.credit == 0.5 and words(half) == ["the worst response: C is right, not B"]


def test_a_comparison_is_graded_by_its_strength_and_each_dimension():
    here = unit(("a", "1"), ("b", "2"))
    won = lambda key, by=None: {"winner": key} | ({"strength": by} if by else {})
    even = {"winner": None, "verdict": "tie"}
    plain = made("pairwise")
    assert not plain.partly() and not grade(plain, here, even, won("a")).credit
    strong = made("pairwise", strength=4, both_bad=True)
    near = grade(strong, here, won("a", 2), won("a", 3))
    assert near.credit == pytest.approx(1 - 1 / 4)
    assert words(near) == ["Overall: A +2 is right, not A +3"]
    assert grade(strong, here, even, won("b", 1)).credit == pytest.approx(1 - 1 / 4)
    assert grade(strong, here, won("a", 1), won("b", 1)).credit == 0  # two steps, another winner
    assert grade(strong, here, even, {"winner": None, "verdict": "both_bad"}).credit == 0
    one = made("pairwise", strength=1)
    assert grade(one, here, won("a", 1), even).credit == 0
    parts = made("pairwise", strength=4, dimensions=["accuracy", "style"])
    told = lambda all_, accuracy, style: {**all_, "dimensions": {"accuracy": accuracy,
                                                                 "style": style}}  # fmt: skip
    known = told(won("a", 2), won("a"), even)
    found = grade(parts, here, known, told(won("a", 4), won("b"), even))
    assert found.credit == pytest.approx((0.5 + 0 + 1) / 3)
    assert words(found) == ["Overall: A +2 is right, not A +4", "accuracy: A is right, not B"]
    assert parts.distance(known, told(won("b", 4), won("b"), won("a"))) == 1


def test_checklists_points_and_labels_count_by_the_part_that_is_right():
    here = unit(("a", "1"), ("b", "2"))
    lines = made("checklist", lines=["source", "number", "short"])
    answers = lambda *said: {"answers": dict(zip(lines.lines, said, strict=True))}
    found = grade(lines, here, answers("yes", "no", "n/a"), answers("yes", "yes", "n/a"))
    assert found.credit == pytest.approx(2 / 3)
    assert words(found) == ["number: No is right, not Yes"]
    shares = made("constant_sum", total=10)
    found = grade(shares, here, {"a": 7, "b": 3}, {"a": 4, "b": 6})
    assert found.credit == pytest.approx(1 - 3 / 10)
    assert words(found)[0] == "Response A: 7 is right, not 4"
    labels = made("multilabel", labels=["unclear", "form > spelling", "form > grammar"])
    found = grade(labels, here, ["form > spelling"], ["form > grammar", "unclear"])
    assert found.credit == pytest.approx(2 * 1 / (2 + 3))  # only `form` is common
    assert words(found) == ["missing: form > spelling", "too much: unclear",
                            "too much: form > grammar"]  # fmt: skip


def test_corrections_and_moves_are_graded_by_f1_of_what_they_put():
    here = unit(plan=PLAN, tree=TREE)
    record = made("correction", within="plan")
    fix = lambda **cells: {"cells": [{"cell": k[1:].replace("_", "/"), "value": v}
                                     for k, v in cells.items()]}  # fmt: skip
    known = fix(r1_cost=20, r2_day="Wed", r2_cost=None)
    found = grade(record, here, known, fix(r1_cost="20.0", r2_day="Thu", r1_day="Sun"))
    assert found.credit == pytest.approx(2 * 1 / (3 + 3))
    assert words(found) == ["too much: 1 day: “Sun”", "2 day: “Wed” is right, not “Thu”",
                            "missing: 2 cost: empty"]  # fmt: skip
    assert grade(record, here, fix(), fix(r1_cost=1)).credit == 0
    links = made("hierarchy", within="tree")
    move = lambda **nodes: {"changes": [{"node": n, "parent": p} for n, p in nodes.items()]}
    found = grade(links, here, move(rice="food", soup="food"), move(rice="food", soup=None))
    assert found.credit == pytest.approx(2 * 1 / (2 + 2))
    assert words(found) == ["Soup: below “Food” is right, not taken out"]


def test_texts_numbers_and_single_choices():
    here = unit(draft=TextContent("one two three four"))
    text = made("text")
    assert grade(text, here, "The Rialto bridge.", "rialto  Bridge").credit == pytest.approx(0.8)
    assert not grade(text, here, "C++", "C#").credit
    edit = made("text", edits="draft")
    told = lambda words: {"verdict": "edit", "text": words}
    assert grade(edit, here, told("one 2 three four"), told("one 2 3 four")).credit == 0.75
    wrong = grade(edit, here, {"verdict": "accept"}, {"verdict": "reject"})
    assert words(wrong) == ["the draft: Accept is right, not Reject"] and wrong.credit == 0
    slider = made("number", low=0, high=1, slider=True)
    assert grade(slider, here, 0.5, 0.549).right and not grade(slider, here, 0.5, 0.56).credit
    whole = made("number", low=0, high=100, whole=True)
    assert grade(whole, here, 50, 51) == Grade(0.0)
    rating = made("rating", low=1, high=5)
    assert grade(rating, here, 4, 5) == Grade(0.0)
