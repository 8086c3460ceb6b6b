"""What comes next is in view: a unit from its beginning, what a key opens, the page before."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled

pytestmark = pytest.mark.browser
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"


def down(page):
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 9999)")
    page.wait_for_function(f"{SCROLLED} > 100")


def led_to(page, name):
    """The focus is in this question, and all of the question is seen."""
    where = page.locator(f"[class*='st-key-question-'][class*='-{name} ']")
    expect(where.locator("button:focus")).to_have_count(1)
    expect(where).to_have_attribute("role", "group")
    page.wait_for_function(
        """(one) => {
        const [at, over, bar] = [one, document.querySelector("[class*=st-key-refused-]"),
            document.querySelector(".st-key-action-bar")].map((e) => e.getBoundingClientRect());
        return at.top >= over.bottom - 1 && at.bottom <= bar.top + 1;
    }""",
        arg=where.element_handle(),
    )


def test_a_unit_begins_at_its_beginning_and_what_opens_is_in_view(app, visit):
    page = visit(f"{app.url}/annotate?who=thumb&study=small", size="phone")
    page.set_viewport_size({"width": 390, "height": 560})
    submit = page.locator("[class*='st-key-submit-'] button:visible")
    expect(submit).to_be_visible()
    down(page)
    submit.click()
    expect(page.get_by_text("3 questions still need an answer")).to_be_in_viewport(ratio=0.9)
    led_to(page, "better")
    page.keyboard.press("1")
    led_to(page, "better")  # an answer moves nobody; the mark goes on to what is open
    expect(page.locator("[data-open]")).to_have_class(re.compile("-clear"))
    page.get_by_text("cold", exact=True).locator("visible=true").click()
    settled(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("“How clear is it?” needs an answer")).to_be_in_viewport(ratio=0.9)
    led_to(page, "clear")
    for name, box in (("Guidelines", "guidelines"), ("Comment", "flag-note")):
        down(page)
        page.get_by_role("button", name=name).locator("visible=true").click()
        expect(page.locator(f".st-key-{box}")).to_be_in_viewport(ratio=0.9)
        settled(page)
    down(page)
    page.get_by_role("button", name="Skip").locator("visible=true").click()
    expect(page.locator(".st-key-skip-reasons")).to_be_in_viewport(ratio=0.9)
    page.locator(".st-key-skip-reasons button:visible").first.click()
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("2 of up to")
    page.wait_for_function(f"{SCROLLED} === 0")


def test_back_leads_to_the_page_before(app, visit):
    page = visit(f"{app.url}/annotate?who=thumb&study=small")
    for name in ("Agreement", "Messages"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(name, timeout=30_000)
        page.wait_for_url("**who=thumb&study=small*")
        settled(page)
    for name in ("Agreement", "Annotate"):
        page.go_back()
        expect(page.locator("h1")).to_have_text(name, timeout=30_000)
        settled(page)
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("of up to")
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Agreement", timeout=30_000)
