"""axe finds nothing serious on any page, in light and in dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import darken, every_page, settled

pytestmark = pytest.mark.browser
GRAVE = {"serious", "critical"}
AXE = Axe()


def grave(page):
    """What axe calls serious or critical: rule, elements and what is wrong with them.

    Looked for again after a while where there is something: colours change one after the other.
    """
    for pause in (1500, 0):
        violations = AXE.run(page).response["violations"]
        found = [
            (v["id"], node["target"], node["failureSummary"])
            for v in violations
            if v["impact"] in GRAVE
            for node in v["nodes"]
        ]
        if not found:
            break
        page.wait_for_timeout(pause)
    return found


def test_axe_can_find_something(app, visit):
    page = visit(f"{app.url}/?who=ana&study=small")
    page.locator("h1").evaluate("e => { e.style.color = '#eee'; e.style.background = '#fff' }")
    assert [rule for rule, _, _ in grave(page)] == ["color-contrast"]


def both_themes(page):
    """The grave findings in light and in dark."""
    found = grave(page)
    darken(page)
    return found + grave(page)


@pytest.mark.parametrize("name", every_page())
def test_pages(app, visit, name):
    assert both_themes(visit(f"{app.url}/{name}?who=ana&study=small")) == []


def test_choice_of_a_name(app, visit):
    assert both_themes(visit(f"{app.url}/?study=small")) == []


def test_empty_workspace(empty_app, visit):
    assert both_themes(visit(f"{empty_app.url}/?who=ana")) == []


def test_study_editor(app, visit):
    page = visit(f"{app.url}/studies?who=ana&study=small")
    page.get_by_role("button", name="Edit").click()
    found = {}
    for tab in ("About", "Material", "Questions", "Workers", "Policy"):
        page.get_by_role("tab", name=tab).click()
        settled(page)
        found[tab] = grave(page)
    darken(page)
    found["dark"] = grave(page)
    assert {tab: wrong for tab, wrong in found.items() if wrong} == {}


def test_settings_of_ones_own(app, visit):
    page = visit(f"{app.url}/work?who=ana&study=small")
    page.get_by_role("tab", name="Settings").click()
    settled(page)
    assert both_themes(page) == []


def test_tables_that_scroll_are_reached_by_keys(app, visit):
    page = visit(f"{app.url}/agreement?who=ana&study=small", "phone")
    page.set_viewport_size({"width": 280, "height": 640})
    settled(page)
    table = page.locator("[data-testid=stTable]").first
    expect(table).to_be_visible()
    wide = "e => [e, ...e.children].some(x => x.scrollWidth > x.clientWidth + 1)"
    assert table.evaluate(wide), "on a phone the table of raters is wider than the page"
    expect(
        page.locator("[data-testid=stTable][tabindex], [data-testid=stTable] > [tabindex]").first
    ).to_be_visible()
    assert grave(page) == []
