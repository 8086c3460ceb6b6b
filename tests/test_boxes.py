"""Boxes and matches: distances by hand, what is refused, what is said of an edit."""

import pytest

from core.content.canvas import Canvas
from core.content.image import Image
from core.content.text import TextContent
from core.questions.box import Box
from core.questions.match import Match
from core.ui import Recorder
from core.units import Invalid, Shown, Unit
from tests.contracts.specimens import unit

BOX = Box(name="things", title="Draw", labels=["cat", "dog"], relations=True)
PLAN = Canvas.parse(
    {
        "entities": [
            {"id": "sun", "label": "Sun", "box": [0, 0, 20, 20]},
            {"id": "leaf", "label": "Leaf", "box": [90, 90, 20, 20]},
        ],
        "relations": [{"from": "sun", "to": "leaf"}],
    }
)
EMPTY = Unit("u", "i", {})
PLANNED = Unit("u", "i", {"plan": PLAN})


def box(x, y, w, h, label="cat", key="b1"):
    return {"id": key, "label": label, "x": x, "y": y, "w": w, "h": h}


def value(*boxes, relations=()):
    return {"boxes": list(boxes), "relations": list(relations)}


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([box(0, 0, 10, 10)], [box(5, 0, 10, 10)], 1 - 50 / 150),
        ([box(0, 0, 10, 10)], [box(0, 0, 10, 10, "dog")], 1.0),
        ([box(0, 0, 10, 10)], [], 1.0),
        ([], [], 0.0),
        ([box(0, 0, 10, 10), box(50, 50, 10, 10)], [box(50, 50, 10, 10)], 0.5),
        # taking the best pair first (0.6 at x = 0) would leave the other two without a share
        ([box(0, 0, 8, 10), box(6, 0, 8, 10)], [box(2, 0, 8, 10), box(100 - 8, 0, 8, 10)],
         1 - (60 / 100) / 2),
        ([box(0, 0, 10, 10), box(4, 0, 10, 10)], [box(3, 0, 10, 10), box(-3 + 3, 0, 10, 10)],
         1 - (1 + 90 / 110) / 2),
    ],
)  # fmt: skip
def test_boxes_are_compared_by_their_best_matching(one, two, expected):
    assert BOX.distance(value(*one), value(*two)) == pytest.approx(expected)
    assert BOX.distance(value(*two), value(*one[::-1])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (box(-1, 0, 10, 10), "box 1, x"), (box(0, 95, 10, 5.01), "box 1, h"),
        (box(91, 0, 10, 10), "box 1, w"), (box(0, 0, 0.4, 10), "w and h"),
        (box(float("nan"), 0, 1, 1), "box 1, x"), (box(True, 0, 9, 9), "box 1, x"),
        (box(0, 10**400, 9, 9), "box 1, y"), (box(0, 0, 9, 9, "cow"), "box 1, label"),
        (box(0, 0, 9, 9, "cat", ""), "box 1, id"), ({**box(0, 0, 9, 9), "z": 1}, "box 1"),
    ],
)  # fmt: skip
def test_a_box_that_is_none_is_refused_by_name(wrong, named):
    with pytest.raises(Invalid, match=f"^things: .*{named}"):
        BOX.check(value(wrong), EMPTY)


def test_the_edge_itself_is_inside_and_coordinates_are_rounded():
    kept = BOX.check(value(box(33.333333, 0, 66.666667, 100)), EMPTY)
    assert kept["boxes"][0] == box(33.33, 0, 66.67, 100)
    assert BOX.check(kept, EMPTY) == kept


def test_relations_lead_from_box_to_box():
    both = [box(0, 0, 9, 9), box(20, 0, 9, 9, "dog", "b2")]
    kept = BOX.check(value(*both, relations=[{"from": "b1", "to": "b2", "label": "sees"}]), EMPTY)
    assert BOX.describe(kept, EMPTY).endswith("cat → dog: sees")
    assert BOX.codes(kept, EMPTY) == {"": 2, "cat": 1, "dog": 1}
    for wrong in ({"from": "b1", "to": "b9", "label": ""}, {"from": "b1", "to": [], "label": ""}):
        with pytest.raises(Invalid, match=r"^things: relation 1, to"):
            BOX.check(value(*both, relations=[wrong]), EMPTY)
    with pytest.raises(Invalid, match="not asked for"):
        BOX.model_copy(update={"relations": False}).check(kept, EMPTY)


def test_overlap_is_noted_or_refused():
    both = value(box(0, 0, 10, 10), box(5, 0, 10, 10, "dog", "b2"))
    kept = BOX.check(both, EMPTY)
    assert BOX.warnings(kept) == ["cat and dog overlap by 50%"]
    with pytest.raises(Invalid, match="cat and dog overlap"):
        BOX.model_copy(update={"overlap": "refuse"}).check(both, EMPTY)
    assert BOX.model_copy(update={"overlap": "allow"}).warnings(kept) == []
    within = value(box(0, 0, 50, 50), box(5, 5, 10, 10, "dog", "b2"))
    assert BOX.warnings(BOX.check(within, EMPTY)) == []


def test_an_edit_of_a_plan_says_what_changed():
    edit = Box(name="plan", title="Correct", edit=True, relations=True)
    proposed = edit.proposed(PLANNED)
    with pytest.raises(Invalid, match="Leaf reaches beyond the edge"):
        edit.check(proposed, PLANNED)
    moved = value(box(10, 0, 20, 20, "Sun", "sun"), box(60, 60, 20, 20, "Bird", "b3"))
    words = edit.describe(edit.check(moved, PLANNED), PLANNED)
    assert words == ("Bird added at (60, 60, 20 × 20); "
                     "Sun moved to (10, 0, 20 × 20) (IoU 0.33); Leaf removed")  # fmt: skip
    fine = Unit("u", "i", {"plan": Canvas.parse({"entities": PLAN.data["entities"][:1]})})
    assert edit.describe(edit.check(edit.proposed(fine), fine), fine) == "boxes as proposed"


def test_a_picture_goes_to_the_tool_as_its_own_bytes():
    ui = Recorder()
    BOX.ask(ui, Unit("u", "i", {"text": TextContent("t"), "photo": Image.example()}))
    ground = ui.blocks[0]["facts"]["ground"]
    assert ground["kind"] == "image" and ground["url"].startswith("data:image/png;base64,")
    assert "the picture" in BOX.instruct(Unit("u", "i", {"photo": Image.example()}))
    assert "an empty canvas" in BOX.instruct(EMPTY)


MATCH = Match(name="same", title="Same?")
LISTS = Unit(
    "u", "i", {"source": TextContent("One. Two. Three.")},
    (Shown("a", TextContent("Uno. Dos.")), Shown("b", TextContent("Un. Deux. Trois."))), ("b", "a"),
)  # fmt: skip


def pair(left, right, strength=7, **more):
    return {"left": left, "right": right, "strength": strength, **more}


def test_matches_are_compared_by_their_pairs():
    keys = MATCH._keys(LISTS)
    (x, y, _), (p, q) = keys["left"], keys["right"]
    assert keys["left"][x].startswith("Un.")  # the study's own order, not the one shown
    one = MATCH.check({"pairs": [pair(y, q), pair(x, p, 10, note="n")]}, LISTS)
    assert one["pairs"][0]["left"] == x
    other = MATCH.check({"pairs": [pair(x, p, 5)]}, LISTS)
    assert MATCH.distance(one, other) == pytest.approx(1 - 2 / 3)
    assert MATCH.distance({"pairs": []}, {"pairs": []}) == 0
    assert MATCH.distance(one, {"pairs": []}) == 1
    assert MATCH.codes(one, LISTS) == {
        "": 2,
        f"strength @ {x} ~ {p}": 5,
        f"strength @ {y} ~ {q}": 2,
    }
    reply = MATCH.reply(one, LISTS)
    assert reply["pairs"][0] == {"list_1": 1, "list_2": 1, "strength": 10, "note": "n"}
    assert MATCH.read(MATCH.reply(one, LISTS.reversed()), LISTS.reversed()) == one
    assert next(name for name, _ in MATCH.material(LISTS)).endswith("(Response A)")


def test_matches_that_are_none():
    keys = MATCH._keys(LISTS)
    (x, _, _), (p, q) = keys["left"], keys["right"]
    for wrong, named in (
        (pair("z", p), "left"), (pair(x, []), "right"), (pair(x, p, 4), "strength"),
        (pair(x, p, True), "strength"), (pair(x, p, note=3), "note"), ("no", "pair 1"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=f"^same: pair 1.*{named}|^same: pair 1"):
            MATCH.check({"pairs": [wrong]}, LISTS)
    with pytest.raises(Invalid, match="given twice"):
        MATCH.check({"pairs": [pair(x, p), pair(x, p, 9)]}, LISTS)
    alone = MATCH.model_copy(update={"several": False})
    with pytest.raises(Invalid, match="left is in two pairs"):
        alone.check({"pairs": [pair(x, p), pair(x, q)]}, LISTS)
    for wrong in (0, 4, True, "1"):
        with pytest.raises(Invalid, match="list_2"):
            MATCH.read({"pairs": [{"list_1": 1, "list_2": wrong, "strength": 7}]}, LISTS)


def test_a_field_and_an_output_are_matched():
    one = Unit("u", "i", LISTS.fields, LISTS.outputs[:1], ("a",))
    named = Match(name="same", title="Same?", about="output", left="answer", right="source")
    assert [side[0] for side in MATCH.sides(one)] == ["source", "Response"]
    assert [side[0] for side in named.sides(one)] == ["Response", "source"]
    with pytest.raises(Invalid, match="no two lists"):
        named.sides(Unit("u", "i", {}))
    assert MATCH.describe({"pairs": [pair("1", "2")]}, Unit("u", "i", {})) == "“1” ~ “2” (7)"
    assert unit(MATCH).gold
