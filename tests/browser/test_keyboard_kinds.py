"""Every kind of question answered and submitted by keys alone, on the native desk."""

import json

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.content.canvas import Canvas
from core.content.plain import Plain
from core.content.table import Table
from core.content.tree import Tree
from core.protocol import from_yaml
from core.services import material, studies
from storage import items
from storage.database import Database
from storage.tables import Judgment, Question, Study
from tests.browser.conftest import settled
from tests.browser.test_keyboard_only import tab_to
from tests.services.conftest import ANA

pytestmark = pytest.mark.browser
TITLE = "What do you say?"
TEXT = {"text": Plain("Rice keeps.\nCool it fast.\nNever reheat.")}
TREE = {"tree": Tree.parse({"nodes": [
    {"id": "food", "label": "Food"}, {"id": "pear", "label": "Pear", "parent": "food"},
]})}  # fmt: skip
PLAN = {"plan": Canvas.parse({"entities": [{"id": "sun", "label": "Sun", "box": [8, 10, 22, 22]}]})}
ROWS = {"rows": Table.parse([{"day": "Monday", "cost": 18}, {"day": "Tuesday", "cost": 12}])}
NOTES = {"notes": Plain("Keep it.\nCool it."), **TEXT}
TWO = {"one": Plain("Cool it."), "two": Plain("Keep it cold.")}

# Of each kind: the question, its fields, its outputs, the keys, and the value in the database, with
# the outputs by the letters shown. Of the keys, ">words" is Tab until the control of that name has
# the focus, "'words" are typed, "✓3" waits until three options are chosen. N and SEND submit.
N, SEND = "n", "Control+Enter"
LABELS = {"kind": "label", "labels": ["right", "wrong"]}
KINDS = {
    "label": (LABELS, TEXT, {}, ["2"], "wrong"),
    "rating": ({}, TEXT, {}, ["4"], 4),
    "choice": ({}, {}, TWO, ["2"], {"winner": "B"}),
    "pairwise": ({}, {}, TWO, ["1"], {"winner": "A"}),
    "strength": (
        {"kind": "pairwise", "strength": 2, "dimensions": ["style"]}, {}, TWO,
        ["1", "✓1", "2", "✓2", N],
        {"winner": "A", "strength": 2, "dimensions": {"style": {"winner": "B"}}},
    ),
    "multilabel": (
        {"labels": ["vague", "long", "false"]}, TEXT, {}, ["1", "✓1", "3", "✓2", N],
        ["vague", "false"],
    ),
    "checklist": (
        {"lines": ["short", "true"]}, TEXT, {}, ["1", "✓1", "2", "✓2", N],
        {"answers": {"short": "yes", "true": "no"}},
    ),
    "first_error": (
        {"of": "text"}, TEXT, {}, ["1", "✓1", "2", "✓2", N], {"first_error": 1},
    ),
    "segments": (
        {"of": "text", "questions": [{**LABELS, "name": "it", "title": "Is it?"}]}, TEXT, {},
        ["1", "✓1", "2", "✓2", "1", "✓3", N],
        {"answers": {str(n): {"it": word} for n, word in enumerate(["right", "wrong", "right"])}},
    ),
    "number": ({"whole": True}, TEXT, {}, [f">{TITLE}", "'3", SEND], 3),
    "slider": (
        {"kind": "number", "low": 0, "high": 10, "whole": True, "slider": True}, TEXT, {},
        [f">{TITLE}", "ArrowRight", SEND], 6,
    ),
    "slid": (
        {"kind": "number", "low": 0, "high": 1, "slider": True}, TEXT, {}, ["4", "✓1", SEND], 0.75,
    ),
    "constant_sum": (
        {"options": ["question", "answer"]}, TEXT, {},
        [">question", "'60", ">answer", "'40", SEND], {"question": 60, "answer": 40},
    ),
    "text": ({}, TEXT, {}, [f">{TITLE}", "'It keeps.", SEND], "It keeps."),
    "edited": (
        {"kind": "text", "edits": "text"}, TEXT, {},
        ["2", "✓1", ">Your version", "Control+End", "' Ever.", SEND],
        {"verdict": "edit", "text": f"{TEXT['text'].text()} Ever.", "distance": 0.25},
    ),
    "ranking": (
        {}, {}, TWO, [">Place all", "Enter", "Alt+ArrowDown", SEND], {"order": [["B"], ["A"]]},
    ),
    "span": (
        {"types": ["wrong", "vague"]}, TEXT, {},
        [">Rice keeps", "Control+Shift+ArrowRight", "2", SEND],
        {"spans": [{"field": "text", "start": 0, "end": 4, "quote": "Rice", "type": "vague"}],
         "missing": []},
    ),
    "match": (
        {"about": "item", "left": "notes", "right": "text"}, NOTES, {},
        [">Keep it", "ArrowDown", "Enter", "ArrowRight", "Enter", "9", ">Note on", "'near", SEND],
        {"pairs": [{"left": "1", "right": "1", "strength": 9, "note": "near"}]},
    ),
    "hierarchy": (
        {}, TREE, {}, [">Food, level 1", "ArrowDown", "Delete", SEND],
        {"changes": [{"node": "pear", "parent": None}]},
    ),
    "box": (
        {"labels": ["plant", "tool"]}, TEXT, {},
        [">New box", "Enter", "ArrowRight", "Shift+ArrowDown", "2", SEND],
        {"boxes": [{"id": "b1", "label": "tool", "x": 41, "y": 40, "w": 20, "h": 21}],
         "relations": []},
    ),
    "correction": (
        {}, ROWS, {}, [">1, cost", "Control+a", "'20", SEND],
        {"cells": [{"cell": "1/cost", "value": 20}]},
    ),
    "proposed": (
        {"kind": "box", "edit": True}, PLAN, {}, [">As proposed", "Enter", SEND],
        {"boxes": [{"id": "sun", "label": "Sun", "x": 8, "y": 10, "w": 22, "h": 22}],
         "relations": []},
    ),
}  # fmt: skip


def made(url, name, kinds):
    """A study with a unit for each of these kinds, asked in this order."""
    db = Database(url)
    asked = [
        {"kind": kind, "name": kind, "title": TITLE, "about": "item", "only": {"asks": [kind]},
         "required": True, **KINDS[kind][0]}
        for kind in kinds
    ]  # fmt: skip
    fields = {n: c.kind for kind in kinds for n, c in KINDS[kind][1].items()}
    plan = {"name": name, "title": "By keys", "fields": fields, "questions": asked}
    study = studies.create(db, ANA, from_yaml(json.dumps(plan)))
    with db.write() as connection:
        items.add_items(
            connection, study.id,
            ({"key": kind, "content": {n: c.stored() for n, c in KINDS[kind][1].items()},
              "meta": {"asks": kind}} for kind in kinds),
        )  # fmt: skip
        ids = items.item_ids(connection, study.id)
        items.add_outputs(
            connection, study.id,
            [{"item": ids[kind], "key": key, "content": content.stored()}
             for kind in kinds for key, content in KINDS[kind][2].items()],
        )  # fmt: skip
        material.add_missing_units(connection, study)
    studies.set_state(db, ANA, name, "open")
    return db


def play(page, keys):
    """Press the keys, and wait for what they show."""
    for key in keys:
        if key[0] == ">":
            tab_to(page, key[1:], most=12)
        elif key[0] == "'":
            page.keyboard.type(key[1:])
        elif key[0] == "✓":
            expect(page.get_by_role("button", name="✓")).to_have_count(int(key[1:]))
            settled(page)
        else:
            page.keyboard.press(key)


def ready(page, kind, place):
    """Wait until the unit is there with its buttons."""
    expect(page.locator(f"[class*=st-key-question-][class*='-{kind}']")).to_be_visible()
    presses = f"[class*='-{place}-{kind}'], [class*=st-key-submit-r][class*='-{place}']"
    expect(page.locator(presses).first).to_be_attached()
    settled(page)
    if place > 1:
        own = page.locator("[class*=st-key-field-]:focus, [class*=st-key-card-]:focus")
        expect(own).to_have_count(1)  # the focus has gone to the unit that came


def stored(db, name):
    """The answers of the study by question, with the outputs by the letters shown."""
    own = select(Question.name, Judgment.value, Judgment.shown).where(
        Study.key == name, Judgment.study == Study.id, Judgment.question == Question.id
    )
    with db.read() as connection:
        rows = connection.execute(own).all()
    found = {}
    for kind, value, shown in rows:
        for letter, key in zip("AB", shown or (), strict=False):
            value = value.replace(f'"{key}"', f'"{letter}"')
        found[kind] = json.loads(value)
    return found


def test_every_kind_is_answered_and_submitted_by_keys_alone(app, visit):
    db = made(app.database_url, "by-keys", KINDS)
    page = visit(f"{app.url}/annotate?who=kay&study=by-keys")
    ready(page, next(iter(KINDS)), 1)
    tab_to(page, "Go to the questions", most=1)
    page.keyboard.press("Enter")
    for place, (kind, (*_, keys, _value)) in enumerate(KINDS.items(), 1):
        try:
            ready(page, kind, place)
            play(page, keys)
        except AssertionError as error:
            error.add_note(f"while answering {kind}")
            raise
    expect(page.get_by_text("Nothing left for you here").first).to_be_visible()
    found = stored(db, "by-keys")
    db.close()
    assert found == {kind: value for kind, (*_, value) in KINDS.items()}
