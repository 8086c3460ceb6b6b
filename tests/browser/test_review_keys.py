"""The Review page by keys alone: causes, decisions, guidelines, what all agree on, asking again."""

import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import answering, assignment, cases, review, settling, studies
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
    tab_to(page, "Put it into the guidelines")
    press("Enter", "In the guidelines since version 2")
    press("n", "Case 2 of 2")
    tab_to(page, "slip")
    press("Enter", "✓ slip")
    expect(page.locator(":focus")).to_contain_text("slip")
    see("2 of 2 decided")
    press("p", "Case 1 of 2")
    tab_to(page, "Accept what all agree on")
    press("Enter", "Accept 2 units on which all agree")
    see("Cohen's kappa before")
    see("Cohen's kappa after")
    tab_to(page, "Accept 2 units")
    press("Enter", "Accept 0 units on which all agree")
    found = review.detail(db, REA, "review-keys", "better", first)
    assert found.cause == "rubric gap" and found.adjudicated.rater == "rea"
    assert review.causes(db, REA, "review-keys")["slip"] == 1
    assert "Take the shorter one." in studies.load(db, "review-keys").protocol.guidelines
