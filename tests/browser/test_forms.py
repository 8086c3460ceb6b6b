"""The forms of a study and of a worker, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import darken, settled
from tests.browser.test_accessibility import grave

pytestmark = pytest.mark.browser


def of_the_file(page, key):
    return page.locator(f".st-key-{key} textarea").input_value()


def test_a_worker_by_form_its_file_beside_it(app, visit):
    page = visit(f"{app.url}/runs?who=ana&study=small")
    page.get_by_role("combobox", name="Who works").click()
    page.get_by_text("A new worker of any kind").click()
    page.get_by_text("Models that write").click()
    expect(page.locator(".st-key-worker-file textarea")).to_have_value(
        "kind: generate\nname: generate\n", timeout=30_000
    )
    model = page.get_by_role("textbox", name="Model", exact=True)
    expect(model).to_be_visible(timeout=30_000)
    expect(page.get_by_text("this is missing", exact=True)).to_be_visible()
    found = grave(page)
    model.fill("m")
    model.press("Enter")
    expect(page.get_by_text("6 outputs to make")).to_be_visible(timeout=30_000)
    heat = page.get_by_label("Temperature", exact=True).locator("visible=true").first
    heat.fill("")
    heat.press("Enter")
    expect(page.locator(".st-key-worker-file textarea")).to_have_value(
        "kind: generate\nname: generate\nmodel: m\ntemperature: null\n", timeout=30_000
    )
    settled(page)
    darken(page)
    assert found + grave(page) == []


def test_an_open_panel_stays_open_and_errors_stand_at_their_field(app, visit):
    page = visit(f"{app.url}/studies?who=ana&study=small")
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("tab", name="Questions").click()
    page.get_by_text("Which is better? (pairwise)").click()
    title = page.get_by_role("textbox", name="Title", exact=True).first
    title.fill("Which one?")
    title.press("Enter")
    expect(page.get_by_text("Which one? (pairwise)")).to_be_visible(timeout=30_000)
    expect(title).to_be_visible()
    settled(page)
    page.get_by_role("tab", name="Policy").click()
    page.get_by_text("Experiment: arms").click()
    settled(page)
    wrong = page.get_by_text("an experiment needs two or more arms", exact=False)
    for _ in range(3):  # a press on a button that is drawn anew at that moment is not taken
        page.get_by_role("button", name="Add to arms").click()
        page.wait_for_timeout(3000)
        settled(page)
        if wrong.count():
            break
    expect(wrong.last).to_be_visible(timeout=30_000)
    settled(page)
    assert grave(page) == []
    page.get_by_role("button", name="Add to arms").click()
    expect(wrong).to_have_count(0, timeout=30_000)
