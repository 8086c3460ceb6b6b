"""The frame and the pages of annotators in other languages; Arabic runs from right to left."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import every_page
from tests.browser.test_accessibility import grave

pytestmark = pytest.mark.browser
PEOPLE = {"de": "dora", "ar": "amir"}
WHOLE = ("", "annotate", "work", "messages")


def links(page):
    found = page.get_by_test_id("stSidebarNavLink")
    return {
        found.nth(n).get_attribute("href").split("?")[0].rsplit("/", 1)[1]: found.nth(
            n
        ).inner_text()
        for n in range(found.count())
    }


def test_pages_keep_their_addresses_in_every_language(app, visit):
    english = links(visit(f"{app.url}/annotate?who=ana&study=small"))
    assert set(english) == set(every_page()) and english["work"].endswith("My work")
    for who, title in (("dora", "Meine Arbeit"), ("amir", "عملي")):
        page = visit(f"{app.url}/annotate?who={who}&study=small")
        other = links(page)
        assert set(other) == set(english) and other["work"].endswith(title)
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        expect(page.locator("h1")).to_have_text(title)
        assert "/work?" in page.url


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("code", PEOPLE)
def test_pages_of_annotators_fit_and_say_their_language(app, visit, code, name, size):
    page = visit(f"{app.url}/{name}?who={PEOPLE[code]}&study=small", size)
    expect(page.locator("html")).to_have_attribute("lang", code)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    runs = page.get_by_test_id("stMainBlockContainer").evaluate(
        "e => getComputedStyle(e).direction"
    )
    assert runs == ("rtl" if code == "ar" else "ltr")
    assert grave(page) == []


def test_a_page_in_english_keeps_its_direction_under_an_arabic_header(app, visit):
    page = visit(f"{app.url}/agreement?who=amir&study=small")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".st-key-page-header")).to_have_attribute("lang", "ar")
    expect(page.locator("h1")).to_have_text("الاتفاق")
    directions = [
        page.locator(where).first.evaluate("e => getComputedStyle(e).direction")
        for where in (".st-key-page-header", "[data-testid=stSidebarContent]",
                      "[data-testid=stMainBlockContainer]")
    ]  # fmt: skip
    assert directions == ["rtl", "rtl", "ltr"]
