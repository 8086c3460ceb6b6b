"""The look: every page fits its window, uses our type, and loads nothing from elsewhere."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, every_page, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def shots(tmp_path_factory):
    """Where screenshots go: the folder in CONCORD_SHOTS, else a temporary one."""
    named = os.environ.get("CONCORD_SHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("name", every_page())
def test_page_fits_its_window(app, visit, shots, name, size):
    page = visit(f"{app.url}/{name}?who=ana&study=small", size)
    page.screenshot(path=shots / f"{name or 'home'}-{size}.png")
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_nothing_is_loaded_from_elsewhere(app, visit):
    page = visit(f"{app.url}/?who=ana&study=small")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    settled(page)
    assert asked
    assert [url for url in asked if not url.startswith((app.url, "data:", "blob:"))] == []


def test_own_type_and_mark(app, visit):
    page = visit(f"{app.url}/?who=ana&study=small")
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)"
    )
    assert {"Newsreader", "Atkinson Hyperlegible Next"} <= {name.strip('"') for name in loaded}
    expect(page.get_by_test_id("stSidebarLogo")).to_be_visible()


def test_no_developer_chrome(app, visit):
    page = visit(f"{app.url}/?who=ana&study=small")
    expect(page.get_by_text("Deploy", exact=True)).to_have_count(0)
    expect(page.get_by_text("Made with Streamlit")).to_have_count(0)


@pytest.mark.parametrize("size", list(SIZES))
def test_action_bar_is_always_in_view(app, visit, size):
    page = visit(f"{app.url}/annotate?who=eva&study=small", size)
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()


def test_responses_are_equally_high(app, visit):
    page = visit(f"{app.url}/annotate?who=eva&study=small")
    cards = page.locator("[class*='st-key-card-']")
    expect(cards).to_have_count(2)
    heights = [cards.nth(place).bounding_box()["height"] for place in range(2)]
    assert heights[0] == pytest.approx(heights[1], abs=1)


def test_reading_measure(app, visit):
    page = visit(f"{app.url}/?who=ana&study=demo")
    width = page.locator(".st-key-lead p").first.evaluate(
        "e => e.getBoundingClientRect().width / parseFloat(getComputedStyle(e).fontSize)"
    )
    assert width < 45


def test_home_starts_with_one_key(app, visit):
    page = visit(f"{app.url}/?who=fay&study=demo")  # the small one may be finished by now
    expect(page.get_by_role("button", name="Start judging")).to_be_in_viewport()
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text("Annotate")
    assert "who=fay" in page.url


def test_form_and_file_stay_the_same_study(app, visit):
    page = visit(f"{app.url}/studies?who=ana&study=small")
    page.get_by_role("button", name="Edit").click()
    file = page.get_by_role("textbox", name="The same study as a file (YAML)")
    title = page.get_by_label("Title", exact=True).locator("visible=true")
    title.fill("A renamed study")
    title.press("Tab")
    expect(file).to_have_value(re.compile("title: A renamed study"))
    typed = file.input_value().replace("A renamed study", "Named in the file")
    file.fill(typed)
    file.press("Control+Enter")
    expect(page.get_by_label("Title", exact=True).locator("visible=true")).to_have_value(
        "Named in the file"
    )
    file.fill(typed.replace("kind: rating", "kind: ratin"))
    file.press("Control+Enter")
    expect(page.get_by_text("no questions part is called 'ratin'").first).to_be_visible()
    expect(page.get_by_role("button", name="Save a new version")).to_be_disabled()
