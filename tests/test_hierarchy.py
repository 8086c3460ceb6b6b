"""Corrections of a hierarchy."""

import pytest

from core.content.text import TextContent
from core.content.tree import Tree
from core.questions.hierarchy import Hierarchy
from core.units import Invalid, Shown, Unit

LINKS = Hierarchy(name="links", title="Put it right")
TREE = Tree.parse({"nodes": [
    {"id": "food", "label": "Food"}, {"id": "fruit", "label": "Fruit", "parent": "food"},
    {"id": "pear", "label": "Pear", "parent": "fruit"},
    {"id": "spoon", "label": "Spoon", "parent": "fruit"}, {"id": "tool", "label": "Tool"},
]})  # fmt: skip
UNIT = Unit("u", "i", {"text": TextContent("One. Two.")}, (Shown("a", TREE),), ("a",))


def change(node, parent):
    return {"node": node, "parent": parent}


def changes(*found):
    return {"changes": list(found)}


def test_changes_are_kept_in_the_order_of_the_content_and_only_real_ones():
    given = changes(change("tool", "food"), change("spoon", "tool"), change("pear", "fruit"))
    value = LINKS.check(given, UNIT)
    assert value == changes(change("spoon", "tool"), change("tool", "food"))
    assert LINKS.check(value, UNIT) == value
    assert LINKS.codes(value, UNIT) == {
        "": 6, "link @ food": 0, "link @ fruit": 0, "link @ pear": 0, "link @ spoon": 1,
        "link @ tool": 1,
    }  # fmt: skip
    assert LINKS.describe(value, UNIT) == "“Spoon” moved below “Tool”; “Tool” moved below “Food”"
    assert LINKS.describe(changes(), UNIT) == "every link is right"


def test_what_hangs_below_something_taken_out_goes_with_it():
    value = LINKS.check(changes(change("fruit", None), change("spoon", "")), UNIT)
    assert value == changes(change("fruit", None), change("pear", None), change("spoon", ""))
    assert LINKS.codes(value, UNIT)["link @ pear"] == 2
    assert LINKS.check(value, UNIT) == value
    below = LINKS.check(changes(change("food", None), change("tool", "pear")), UNIT)
    assert [one["parent"] for one in below["changes"]] == [None] * 5


@pytest.mark.parametrize(
    ("value", "words"),
    [(changes(change("food", "pear")), "circle"), (changes(change("pear", "pear")), "circle"),
     (changes(change("no", "")), "change 1, node"), (changes(change([], "")), "change 1, node"),
     (changes(change("pear", "no")), "change 1, parent"), (changes({"node": "pear"}), "change 1"),
     (changes(change("pear", ""), change("pear", "tool")), "change 2, node: 'pear' is changed"),
     ({"changes": "pear"}, "a list"), ({}, "expected `changes`"), (None, "expected `changes`")],
)  # fmt: skip
def test_what_is_no_correction(value, words):
    with pytest.raises(Invalid, match=f"^links: .*{words}"):
        LINKS.check(value, UNIT)


def test_nothing_is_taken_out_where_that_is_not_offered():
    kept = LINKS.model_copy(update={"removals": False})
    with pytest.raises(Invalid, match="can't be taken out"):
        kept.check(changes(change("pear", None)), UNIT)
    parent = kept.reply_schema(UNIT)["properties"]["changes"]["items"]["properties"]["parent"]
    assert parent == {"type": "integer", "minimum": 0, "maximum": 5}
    assert "null" not in kept.instruct(UNIT) and "null" in LINKS.instruct(UNIT)


def test_models_see_numbers():
    [(title, shown)] = LINKS.material(UNIT)
    assert shown.text().splitlines()[3] == "[4] Spoon (below 2)" and title in LINKS.instruct(UNIT)
    value = LINKS.check(changes(change("spoon", "tool"), change("tool", None)), UNIT)
    reply = LINKS.reply(value, UNIT)
    assert reply == changes(change(4, None), change(5, None))
    assert LINKS.read(changes(change(4, 5), change(2, 0)), UNIT) == changes(
        change("fruit", ""), change("spoon", "tool")
    )
    for wrong in (0, 6, True, "4", None):
        with pytest.raises(Invalid, match="change 1, node"):
            LINKS.read(changes(change(wrong, 0)), UNIT)
    with pytest.raises(Invalid, match="change 1, parent"):
        LINKS.read(changes(change(1, -1)), UNIT)


def test_answers_are_compared_by_their_changes():
    one = changes(change("spoon", "tool"), change("pear", ""))
    assert LINKS.distance(one, changes(change("spoon", "tool"))) == pytest.approx(1 - 2 / 3)
    assert LINKS.distance(one, changes()) == 1 and LINKS.distance(changes(), changes()) == 0
    assert LINKS.distance(changes(change("pear", "")), changes(change("pear", None))) == 1


def test_a_list_becomes_a_hierarchy():
    listed = Hierarchy(name="links", title="Sort", within="text")
    nodes = listed.nodes(UNIT)
    assert [(node.label, node.parent) for node in nodes] == [("One.", ""), ("Two.", "")]
    value = listed.check(changes(change(nodes[1].id, nodes[0].id)), UNIT)
    assert listed.codes(value, UNIT)[""] == 5
    with pytest.raises(Invalid, match="no hierarchy here"):
        Hierarchy(name="links", title="Sort", within="nothing").nodes(UNIT)
    with pytest.raises(Invalid, match="has 5 nodes"):
        Hierarchy(name="links", title="Sort", most=4).nodes(UNIT)
