"""The Review page by keys alone: causes, decisions, guidelines, what all agree on, asking again."""

import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import (
    answering,
    assignment,
    cases,
    preferences,
    review,
    settling,
    studies,
)
from core.services.access import Identity
from storage.database import Database
from tests.browser.conftest import settled
from tests.browser.test_keyboard_only import tab_to
from tests.services.conftest import ANA, BEN, fill

pytestmark = pytest.mark.browser
REA = Identity("rea")
PROTOCOL = """
name: review-keys
title: Reviewed by keys
assignment: {overlap: 2}
questions:
  - {kind: pairwise, name: better, title: Which is better}
"""
SAID = ("ab", "ab", "aa", "aa")  # by Ana and Ben, of each unit


def answered(db, letters):
    """Ana and Ben answer the unit that each has in hand."""
    for who, winner in zip((ANA, BEN), letters, strict=True):
        held = assignment.current(db, who, "review-keys")
        answering.submit(db, who, held, {"better": {"winner": winner}}, 2.0)


@pytest.fixture
def reviewed(app):
    """Four units: two answered differently, one of these again, and two alike."""
    db = Database(app.database_url)
    fill(db, studies.create(db, REA, from_yaml(PROTOCOL)), len(SAID))
    studies.set_state(db, REA, "review-keys", "open")
    for letters in SAID:
        answered(db, letters)
    first = cases.queue(db, REA, "review-keys", "better", "all").cases[0].unit_id
    settling.ask_again(db, REA, "review-keys", "better", first)
    answered(db, "aa")
    yield db, first
    db.close()


def test_a_review_is_done_by_keys_alone(app, visit, reviewed):
    db, first = reviewed
    page = visit(f"{app.url}/review?who=rea&study=review-keys")
    see = lambda words: expect(page.get_by_text(re.compile(words)).first).to_be_visible()

    def press(key, words):
        page.keyboard.press(key)
        see(words)
        settled(page)

    see("Case 1 of 2")
    press("g", "✓ rubric gap")
    see("1 of 2 decided")
    press("1", "Decided by rea, saved as")
    tab_to(page, "Go to the questions", most=1)
    page.keyboard.press("Enter")
    tab_to(page, "(?<!Help for )What the guidelines should say", most=16)
    page.keyboard.press("Control+a")
    page.keyboard.type("Take the shorter one.")
    page.keyboard.press("Tab")  # out of the text: keys are letters there
    expect(page.get_by_role("button", name="Put it into the guidelines")).to_contain_text("E")
    press("e", "In the guidelines since version 2")
    press("n", "Case 2 of 2")
    tab_to(page, "slip")
    press("Enter", "✓ slip")
    expect(page.locator(":focus")).to_contain_text("slip")
    see("2 of 2 decided")
    press("p", "Case 1 of 2")
    page.keyboard.press("y")  # closed: nothing is accepted unseen
    press("m", "Accept 2 units on which all agree")
    see("Cohen's kappa before")
    see("Cohen's kappa after")
    press("y", "Accept 0 units on which all agree")
    press("m", "Accept what all agree on")
    expect(page.get_by_text("Accept 0 units")).to_have_count(0)
    found = review.detail(db, REA, "review-keys", "better", first)
    assert found.cause == "rubric gap" and found.adjudicated.rater == "rea"
    assert review.causes(db, REA, "review-keys")["slip"] == 1
    assert "Take the shorter one." in studies.load(db, "review-keys").protocol.guidelines


PARTS = """
name: review-parts
title: Decided in parts
assignment: {overlap: 2}
questions:
  - {kind: multilabel, name: faults, title: What is wrong, labels: [cold, long, rude]}
"""


@pytest.fixture(scope="module")
def in_parts(app):
    """One unit on which Ana and Ben see different faults."""
    db = Database(app.database_url)
    fill(db, studies.create(db, REA, from_yaml(PARTS)), 1)
    studies.set_state(db, REA, "review-parts", "open")
    for who, faults in ((ANA, ["cold"]), (BEN, ["rude"])):
        held = assignment.current(db, who, "review-parts")
        answering.submit(db, who, held, {"faults": faults}, 2.0)
    yield db
    db.close()


def test_an_answer_of_several_parts_holds_and_is_taken_back_by_keys(app, visit, in_parts):
    page = visit(f"{app.url}/review?who=rea&study=review-parts")
    holds = page.get_by_role("button", name="This answer holds")
    expect(holds).to_contain_text("H")
    page.keyboard.press("2")
    expect(page.get_by_role("button", name=re.compile("✓ long"))).to_be_visible()
    settled(page)
    page.keyboard.press("h")
    expect(page.get_by_text(re.compile("Decided by rea, saved as"))).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_text(re.compile("Decided by rea"))).to_have_count(0)
    settled(page)


def test_keys_of_the_review_page_are_the_persons_own(app, visit, in_parts):
    mine = {"answer holds": "x", "next case": "f4"}
    preferences.save(in_parts, Identity("kay"), "review-parts", {"review": mine})
    preferences.save(in_parts, Identity("lou"), "review-parts", {"single_keys": False})
    page = visit(f"{app.url}/review?who=kay&study=review-parts")
    expect(page.get_by_role("button", name="This answer holds")).to_contain_text("X")
    page = visit(f"{app.url}/review?who=lou&study=review-parts")
    expect(page.get_by_role("button", name="This answer holds")).to_be_visible()
    expect(page.get_by_test_id("stMain").locator("kbd")).to_have_count(0)
