"""The whole annotate path by keyboard alone, in a window of 320 pixels."""

import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import studies
from storage.database import Database
from tests.browser.conftest import PROTOCOL, settled
from tests.services.conftest import ANA, fill

pytestmark = pytest.mark.browser
FOCUSED = """() => {
    let e = document.activeElement;
    while (e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
    const own = [e.getAttribute('aria-label'), ...[...(e.labels || [])].map(l => l.textContent)];
    const text = e.querySelector('button, input, textarea') ? '' : e.textContent;  // no control
    return [...own, text].join(' ');
}"""  # the name of what has the focus


@pytest.fixture
def narrow(app, visit):
    """The Annotate page of a newcomer in a window of 320 pixels; the mouse is never used."""
    db = Database(app.database_url)
    fill(db, studies.create(db, ANA, from_yaml(PROTOCOL.replace("name: small", "name: narrow"))))
    studies.set_state(db, ANA, "narrow", "open")
    db.close()
    page = visit(f"{app.url}/annotate?who=keyboard&study=narrow")
    page.set_viewport_size({"width": 320, "height": 640})
    settled(page)
    return page


def status(page):
    """The line that says where the person stands."""
    return page.get_by_test_id("stProgress")


def tab_to(page, words, most=80):
    """Press Tab until the control with these words in its name has the focus; says how often."""
    for count in range(1, most + 1):
        page.keyboard.press("Tab")
        if re.search(words, page.evaluate(FOCUSED)):
            return count
    raise AssertionError(f"no control called {words!r} is reached by Tab")


def press(page, key):
    """Press a key and wait for what it does."""
    page.keyboard.press(key)
    page.wait_for_timeout(150)
    settled(page)


def chosen(page, words):
    """Wait until an option is marked as chosen."""
    expect(page.get_by_role("button", name=re.compile(f"✓ {words}"))).to_be_visible()


def test_everything_is_done_by_keys_in_320_pixels(narrow):
    page = narrow
    expect(status(page)).to_contain_text("1 of up to 6")
    assert page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()
    for key, words in (("1", "A is better"), ("4", "4"), ("2", "cold")):
        press(page, key)
        chosen(page, words)
    tab_to(page, "Why")
    page.keyboard.type("It answers what was asked.")
    press(page, "Control+Enter")
    expect(status(page)).to_contain_text(re.compile(r"2 of up to 6.*saved #\d+"))
    press(page, "g")
    expect(page.get_by_text("Read both answers first.")).to_be_visible()
    press(page, "g")
    press(page, "f")
    tab_to(page, "What should the researcher look at")
    page.keyboard.type("cut off")
    page.keyboard.press("Tab")
    tab_to_or_here(page, "Send")
    press(page, "Enter")
    expect(page.get_by_text("Flagged for the researcher.")).to_be_visible()
    press(page, "s")
    expect(page.get_by_text("Skip because it is")).to_be_visible()
    press(page, "1")
    expect(status(page)).to_contain_text("3 of up to 6")
    press(page, "b")
    press(page, "b")
    expect(status(page)).to_contain_text("answered before")
    press(page, "u")
    expect(status(page)).to_contain_text("taken back")


def tab_to_or_here(page, words):
    """The control with these words has the focus, now or after some more Tabs."""
    here = page.evaluate("document.activeElement.textContent")
    if words not in here:
        tab_to(page, words)


def test_the_focus_is_never_lost(app, visit):
    """Chosen by Enter, submitted by Enter: the focus stays on the choice, then goes to the unit."""
    page = visit(f"{app.url}/annotate?who=focus&study=small&lane=native")
    focused = page.locator(":focus")
    tab_to(page, "A is better")
    page.keyboard.press("Enter")
    chosen(page, "A is better")
    expect(focused).to_contain_text("A is better")
    for key, words in (("4", "4"), ("2", "cold")):
        press(page, key)
        chosen(page, words)
    tab_to(page, "Submit")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("2 of up to 6")
    expect(focused).to_contain_text(re.compile("Prompt|Answer"))
