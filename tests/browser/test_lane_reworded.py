"""A unit asked again in other words: the fast lane says so, with what was answered before."""

import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_data, from_yaml
from core.services import answering, assignment, rewording, studies
from core.services.access import Identity
from storage.database import Database
from tests.browser.conftest import settled
from tests.browser.test_accessibility import both_themes
from tests.browser.test_lane import PROTOCOL, status
from tests.services.conftest import ANA, EVA, fill

pytestmark = pytest.mark.browser
NAME = "reworded-lane"
TITLE = "Which is better for *a child*"


@pytest.fixture(scope="module")
def asked_anew(app):
    """A study of one press; Kim and Lou answered three units before its question was reworded."""
    db = Database(app.database_url)
    fill(db, studies.create(db, ANA, from_yaml(PROTOCOL.format(name=NAME))), 9)
    studies.set_state(db, ANA, NAME, "open")
    for who in (Identity("kim"), Identity("lou")):
        for winner in ("a", "b", "a"):
            held = assignment.current(db, who, NAME)
            answering.submit(db, who, held, {"better": {"winner": winner}}, 2.0)
    study = studies.load(db, NAME)
    data = study.protocol.data()
    data["questions"][0]["title"] = TITLE
    studies.edit(db, EVA, NAME, from_data(data), study.version)
    assert rewording.ask_anew(db, EVA, NAME).given == 6
    yield db
    db.close()


def tops(page):
    """Where the notice, the responses and the questions begin."""
    parts = [page.locator(f".queue {part}").first for part in (".notice", ".responses", ".asked")]
    return [round(one.bounding_box()["y"]) for one in parts]


def test_the_fast_lane_says_what_was_reworded_and_what_was_answered(app, visit, asked_anew):
    page = visit(f"{app.url}/annotate?study={NAME}&who=kim")
    notice = page.locator(".queue .notice")
    expect(notice).to_have_count(1)
    page.wait_for_timeout(300)  # the page draws itself a second time when the session begins
    settled(page)
    expect(notice).to_contain_text("A question here was reworded since you answered.")
    expect(notice).to_have_text(re.compile(r"Before, to “Which is better”: [AB] is better$"))
    expect(page.locator(".queue [aria-live]")).to_contain_text("Before, to “Which is better”")
    assert both_themes(page) == []
    before = tops(page)
    page.wait_for_timeout(1500)
    assert tops(page) == before
    shown = page.locator(".item").inner_text()
    page.keyboard.press("1")
    expect(page.locator(".item")).not_to_have_text(shown)
    expect(notice).to_contain_text("Before, to")
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(notice).to_have_count(0)
    expect(status(page)).to_contain_text("saved #9", timeout=10_000)


def test_on_a_phone_nothing_is_wider_than_the_window(app, visit, asked_anew):
    page = visit(f"{app.url}/annotate?study={NAME}&who=lou", "phone")
    expect(page.locator(".queue .notice")).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth")
