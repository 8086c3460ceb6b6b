"""Ordering and marking in a real browser: by mouse, by keys, with offsets as Python counts."""

import json
import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import assignment, material, studies
from core.services.access import Identity
from storage import items
from storage.database import Database
from tests.browser.conftest import darken
from tests.browser.test_accessibility import grave
from tests.services.conftest import ANA

pytestmark = pytest.mark.browser
TEXTS = {"a": "😀 Ångström cafe\u0301 is good", "b": "שלום עולם, twice", "c": "Plain"}
PROTOCOL = """
name: {name}
title: Tools
questions:
  - {{kind: ranking, name: order, title: Put them in order}}
  - kind: span
    name: errors
    title: Mark what is wrong
    types: {{wrong: not so, vague: ""}}
    missing: {{detail: ""}}
    evidence: true
"""
EXTREMES = """
name: {name}
title: Tools
language: de
questions:
  - {{kind: ranking, name: order, title: Put them in order, mode: best_worst}}
"""


@pytest.fixture
def tools(app, visit, request):
    """The page of a study that ranks and marks three texts, its database and its name."""
    db = Database(app.database_url)
    name = re.sub("[^a-z]+", "-", request.node.name)[:40].strip("-")
    protocol = EXTREMES if "best-and-worst" in name else PROTOCOL
    study = studies.create(db, ANA, from_yaml(protocol.format(name=name)))
    with db.write() as connection:
        items.add_items(connection, study.id, [{"key": "i", "content": {}, "meta": {}}])
        (item,) = items.item_ids(connection, study.id).values()
        items.add_outputs(
            connection, study.id,
            ({"item": item, "key": k, "content": {"kind": "text", "data": t}}
             for k, t in TEXTS.items()),
        )  # fmt: skip
        material.add_missing_units(connection, study)
    studies.set_state(db, ANA, name, "open")
    page = visit(f"{app.url}/annotate?study={name}&who=tia")
    expect(page.get_by_text("Put them in order")).to_be_visible(timeout=20_000)
    yield page, db, name
    db.close()


def kept(page, db, name, question):
    """The draft on the server, once the page is at rest."""
    page.wait_for_timeout(600)
    return assignment.current(db, Identity("tia"), name).draft.get(question)


def test_both_by_keys_alone(tools):
    page, db, name = tools
    page.get_by_role("button", name="Place all as shown").focus()
    page.keyboard.press("Enter")
    ranked = page.get_by_role("list", name="Ranked, best first").get_by_role("listitem")
    expect(ranked).to_have_count(3)
    before = [one.get_attribute("data-key") for one in ranked.all()]
    ranked.nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("=")
    first, second, third = before
    tied = sorted([first, third])
    order = kept(page, db, name, "order")["order"]
    assert [sorted(tier) for tier in order] == [tied, [second]]
    shown = assignment.current(db, Identity("tia"), name).unit.shown
    text = page.locator("[role=textbox]").nth(shown.index("a"))
    text.focus()
    page.keyboard.press("Control+ArrowRight")  # the emoji: one code point, two units
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Shift+ArrowRight")
    page.keyboard.press("1")
    span = {"output": "a", "start": 2, "end": 10, "quote": "Ångström", "type": "wrong"}
    assert kept(page, db, name, "errors")["spans"] == [span]
    page.keyboard.press("End")
    for _ in range(len(" is good")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")  # e with its accent goes together
    page.keyboard.press("2")
    found = kept(page, db, name, "errors")["spans"][1]
    assert found["quote"] == "e\u0301" and TEXTS["a"][found["start"] : found["end"]] == "e\u0301"
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing left for you here").first).to_be_visible(timeout=10_000)
    assert assignment.at(db, Identity("tia"), name, 1).answers["errors"]["spans"][0] == span


def test_marking_by_mouse_in_a_text_from_right_to_left(tools):
    page, db, name = tools
    shown = assignment.current(db, Identity("tia"), name).unit.shown
    text = page.locator("[role=textbox]").nth(shown.index("b"))
    text.dblclick(position={"x": text.bounding_box()["width"] - 25, "y": 22})
    page.get_by_role("button", name="vague").click()
    (found,) = kept(page, db, name, "errors")["spans"]
    assert found["output"] == "b" and found["type"] == "vague" and found["quote"].strip()
    assert TEXTS["b"][found["start"] : found["end"]] == found["quote"]
    page.get_by_role("button", name="+ detail").click()
    assert kept(page, db, name, "errors")["missing"] == [{"type": "detail"}]
    page.get_by_role("button", name=re.compile("^Remove “")).click()
    assert kept(page, db, name, "errors")["spans"] == [], json.dumps(found)


def test_axe_finds_nothing_grave_in_the_tools(tools):
    page, *_ = tools
    page.get_by_role("button", name="Place all as shown").click()
    found = grave(page)
    darken(page)
    assert found + grave(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_dragging_by_mouse(tools):
    page, db, name = tools
    page.get_by_role("button", name="Place all as shown").click()
    ranked = page.get_by_role("list", name="Ranked, best first").get_by_role("listitem")
    expect(ranked).to_have_count(3)
    first, second, third = (one.get_attribute("data-key") for one in ranked.all())
    ranked.nth(2).drag_to(ranked.nth(0))
    expect(ranked.nth(0)).to_have_attribute("data-key", third)
    assert kept(page, db, name, "order")["order"] == [[third], [first], [second]]


def test_best_and_worst_in_another_language(tools):
    page, db, name = tools
    shown = assignment.current(db, Identity("tia"), name).unit.shown
    page.get_by_role("button", name="Antwort A ist am besten").click()
    page.get_by_role("button", name="Antwort B ist am schlechtesten").click()
    assert kept(page, db, name, "order") == {"best": shown[0], "worst": shown[1]}
    page.get_by_role("button", name="Antwort B ist am besten").click()
    expect(page.get_by_role("button", name="Antwort B ist am schlechtesten")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert kept(page, db, name, "order") == {"best": shown[1]}
