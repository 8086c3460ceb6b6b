"""The desk's small parts in a real browser: the search that finds while typing, and the clock."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_guidelines_are_found_while_typing(app, visit):
    page = visit(f"{app.url}/annotate?who=seeker&study=demo")
    page.keyboard.press("g")
    guide = page.locator(".st-key-guidelines")
    expect(guide).to_contain_text("Facts: is the answer right?")
    page.get_by_label("Search the guidelines").press_sequentially("critique says", delay=20)
    expect(guide).not_to_contain_text("Facts: is the answer right?")
    expect(guide).to_contain_text("Critiques: is the remark")
    expect(page.get_by_label("Search the guidelines")).to_have_value("critique says")
    expect(page.get_by_label("Search the guidelines")).to_be_focused()
    page.get_by_label("Search the guidelines").fill("zebra")
    expect(guide).to_contain_text("Nothing in the guidelines")


def test_time_away_is_not_time_at_work(app, visit):
    page = visit(f"{app.url}/?who=clock&study=small")
    page.clock.install()
    page.goto(f"{app.url}/annotate?who=clock&study=small")
    clock = page.locator(".timer")
    expect(clock).to_have_text(re.compile(r"Active 0:\d\d"), timeout=30_000)
    page.clock.run_for(40_000)
    page.mouse.move(300, 300)
    expect(clock).to_have_text(re.compile(r"Active 0:4\d"))
    page.clock.run_for(600_000)
    page.mouse.move(320, 320)
    page.clock.run_for(2_000)
    expect(clock).to_have_text(re.compile(r"Active 0:4\d"))
