"""Boxes and matches in a real browser: drawn, moved and sized by mouse and by keys."""

import re

import pytest
from playwright.sync_api import expect

from core.content.canvas import Canvas
from core.content.image import Image
from core.content.table import Table
from core.content.tree import Tree
from core.services import assignment
from core.services.access import Identity
from storage.database import Database
from tests.browser.conftest import darken
from tests.browser.test_accessibility import grave
from tests.browser.test_contents import made

pytestmark = pytest.mark.browser
ANSWERS = ("Rinse the rice.\nCool it fast.\nKeep it cold.", "Cool it.\nNever reheat twice.")
BOXES = """
questions:
  - {kind: box, name: things, title: Draw what you see, about: item, within: photo,
     labels: {plant: "", tool: ""}, relations: true}
  - {kind: box, name: plan, title: Correct the plan, about: item, within: layout, edit: true}
"""
PAIRS = """
questions:
  - {kind: match, name: same, title: "Which lines say the same?", low_words: near,
     high_words: equal}
"""


@pytest.fixture
def desk(app, visit):
    """Opens the desk of a new study; gives the page and what reads the draft on the server."""
    opened = []

    def open_desk(name, fields, questions, outputs=()):
        made(app, name, fields, questions, outputs)
        db = Database(app.database_url)
        opened.append(db)
        page = visit(f"{app.url}/annotate?study={name}&who=tia")

        def kept(question, ready=lambda _: True):
            for _ in range(10):  # the server may lag behind many presses
                page.wait_for_timeout(600)
                found = assignment.current(db, Identity("tia"), name).draft.get(question)
                if ready(found):
                    break
            return found

        return page, kept

    yield open_desk
    for db in opened:
        db.close()


def test_boxes_by_mouse_and_by_keys(desk):
    page, kept = desk("boxed", {"photo": Image.example(), "layout": Canvas.example()}, BOXES)
    ground = page.locator(".ground.pictured")
    expect(ground.get_by_role("img")).to_be_visible(timeout=20_000)
    ground.scroll_into_view_if_needed()
    frame = ground.bounding_box()

    def at(x, y):
        return frame["x"] + frame["width"] * x / 100, frame["y"] + frame["height"] * y / 100

    def pull(start, end):
        page.mouse.move(*at(*start))
        page.mouse.down()
        page.mouse.move(*at(*end), steps=4)
        page.mouse.up()

    pull((10, 20), (40, 60))
    (drawn,) = kept("things")["boxes"]
    assert drawn["label"] == "plant"
    assert [drawn[s] for s in "xywh"] == pytest.approx([10, 20, 30, 40], abs=1)
    frame = ground.bounding_box()
    pull((25, 40), (35, 40))
    assert kept("things")["boxes"][0]["x"] == pytest.approx(20, abs=1)
    frame = ground.bounding_box()
    pull((49.6, 59.6), (59.6, 69.6))
    assert kept("things")["boxes"][0]["h"] == pytest.approx(50, abs=1.5)

    page.get_by_role("button", name="New box").first.focus()
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight", "Alt+ArrowUp", "2"):
        page.keyboard.press(key)
    found = kept("things", lambda v: v["boxes"][1:] and v["boxes"][1]["label"] == "tool")["boxes"][
        1
    ]
    assert found == {"id": "b2", "label": "tool", "x": 41, "y": 40.9, "w": 21, "h": 20}
    expect(page.get_by_role("list", name="What to look at").first).to_contain_text("overlap by")
    page.get_by_role("group", name="New relation").get_by_label("To").select_option("b2")
    page.get_by_role("button", name="Relate").click()
    assert kept("things")["relations"] == [{"from": "b1", "label": "", "to": "b2"}]
    page.locator(".box[data-id=b2]").focus()
    page.keyboard.press("Delete")
    held = kept("things")
    assert [one["id"] for one in held["boxes"]] == ["b1"] and held["relations"] == []

    page.get_by_role("button", name="As proposed").click()
    sun = page.locator(".box[data-id=sun]")
    sun.focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    expect(sun).to_have_attribute("aria-label", "Sun: x 0, y 10, 22 by 22")
    expect(sun).to_be_focused()
    assert kept("plan", lambda v: v["boxes"][0]["x"] == 0)["boxes"][0]["id"] == "sun"
    found = grave(page)
    darken(page)
    assert found + grave(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing left for you here").first).to_be_visible(timeout=10_000)


def test_pairs_by_keys_alone(desk):
    page, kept = desk("matched", {}, PAIRS, ANSWERS)
    columns = page.locator(".column")
    expect(columns).to_have_count(2, timeout=20_000)
    columns.nth(0).get_by_role("button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("0")
    (pair,) = kept("same")["pairs"]
    assert pair["strength"] == 10
    page.get_by_label("Strength of pair 1").select_option("7")
    page.get_by_label("Note on pair 1").fill("cooling")
    page.keyboard.press("Tab")
    (pair,) = kept("same")["pairs"]
    assert (pair["strength"], pair["note"]) == (7, "cooling")
    found = grave(page)
    darken(page)
    assert found + grave(page) == []
    page.get_by_role("button", name=re.compile("^Remove pair 1")).click()
    assert kept("same") is None
    page.get_by_role("button", name="Nothing matches").click()
    assert kept("same") == {"pairs": []}


TREE = """
questions:
  - {kind: hierarchy, name: links, title: Put the outline right}
"""
OUTLINE = Tree.parse({"nodes": [
    {"id": "food", "label": "Food"}, {"id": "fruit", "label": "Fruit", "parent": "food"},
    {"id": "pear", "label": "Pear", "parent": "fruit"},
    {"id": "spoon", "label": "Spoon", "parent": "fruit", "text": "Of wood."},
    {"id": "tool", "label": "Tool"},
]})  # fmt: skip


def test_a_hierarchy_put_right_by_keys_and_by_mouse(desk):
    page, kept = desk("outline", {"outline": OUTLINE}, TREE)
    row = lambda name: page.locator(f".hierarchy li[data-key={name}]")
    expect(row("food")).to_be_visible()
    row("food").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(row("spoon")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(row("spoon")).to_be_focused()
    expect(row("spoon")).to_have_attribute("aria-label", "Spoon, level 2, moved, now below Tool")
    page.keyboard.press("Alt+ArrowLeft")
    page.keyboard.press("Alt+ArrowRight")  # below the one before it, which is Tool again
    row("fruit").get_by_role("button", name="Take out: Fruit").click()
    expect(row("pear")).to_have_class("out")
    moved = [{"node": "fruit", "parent": None}, {"node": "pear", "parent": None},
             {"node": "spoon", "parent": "tool"}]  # fmt: skip
    assert kept("links", lambda d: d and len(d["changes"]) == 3) == {"changes": moved}
    row("pear").get_by_role("button", name="Bring back: Pear").click()
    row("fruit").drag_to(row("tool"))
    expect(row("fruit")).to_have_attribute("aria-label", "Fruit, level 2, moved, now below Tool")
    expect(row("pear")).to_have_attribute("aria-label", "Pear, level 3")
    page.get_by_role("button", name="Undo all changes (2)").click()
    page.get_by_role("button", name="Everything stands where it belongs").click()
    assert kept("links", lambda d: d == {"changes": []}) == {"changes": []}


FIELDS = """
questions:
  - {kind: correction, name: record, title: Put the record right, within: record}
"""
RECORD = Table.parse([
    {"day": "Monday", "visit": "Castle", "cost": 18, "note": None},
    {"day": "Tuesday", "visit": "Cellars, then the bridge", "cost": 12.5, "note": "book"},
])  # fmt: skip


def test_a_record_corrected_field_by_field_by_keys(desk):
    page, kept = desk("record", {"record": RECORD}, FIELDS)
    cost, below = (page.get_by_role("textbox", name=f"{n}, cost") for n in (1, 2))
    expect(cost).to_have_value("18")
    cost.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("20")
    page.keyboard.press("ArrowDown")
    expect(below).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.type("1")
    expect(page.get_by_text("was: 12.5")).to_be_visible()
    page.keyboard.press("Escape")
    expect(below).to_have_value("12.5")
    expect(page.get_by_text("was: 12.5")).to_have_count(0)
    cell = {"cell": "1/cost", "value": "20"}
    assert kept("record", lambda d: d == {"cells": [cell]}) == {"cells": [cell]}
    page.reload()
    expect(cost).to_have_value("20")
    found = grave(page)
    darken(page)
    assert found + grave(page) == []
    page.get_by_role("button", name="Put back what was there: 1, cost").click()
    expect(cost).to_have_value("18")
    page.get_by_role("button", name="Every field is right").click()
    assert kept("record", lambda d: d == {"cells": []}) == {"cells": []}
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_role("textbox", name="2, note").focus()
    page.keyboard.type(" now")
    page.keyboard.press("Control+Enter")  # what was typed last goes along
    expect(page.get_by_text("Nothing left for you here").first).to_be_visible()
