"""The main path in real browsers: answer by keys here, see the plot move there."""

import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import studies
from storage.database import Database
from tests.browser.conftest import press, settled
from tests.services.conftest import ANA, fill

pytestmark = pytest.mark.browser
PROTOCOL = """
name: {name}
title: One question
questions:
  - {{kind: pairwise, name: better, title: Which is better, both_bad: true}}
"""


@pytest.fixture
def fresh_study(app, request):
    """An open study of six pairs with one question, made for one test."""
    db = Database(app.database_url)
    name = re.sub("[^a-z]+", "-", request.node.name)[:40].strip("-")
    fill(db, studies.create(db, ANA, from_yaml(PROTOCOL.format(name=name))))
    studies.set_state(db, ANA, name, "open")
    yield name
    db.close()


def desk(visit, app, study, who):
    page = visit(f"{app.url}/annotate?study={study}&who={who}&lane=native")
    expect(page.get_by_text("Which is better")).to_be_visible(timeout=20_000)
    return page


def status(page):
    """The line that says where the person stands; a screen reader is told the same elsewhere."""
    return page.get_by_test_id("stProgress")


def test_a_second_browser_sees_an_answer_within_two_seconds(app, visit, fresh_study):
    plot = visit(f"{app.url}/agreement?study={fresh_study}&who=rita")
    first, second = (desk(visit, app, fresh_study, who) for who in ("ana", "ben"))
    for place in range(1, 4):
        for page in (first, second):
            press(page, "1")
            expect(status(page).get_by_text(f"{place + 1} of up to 6")).to_be_visible(
                timeout=10_000
            )
    number = plot.get_by_text(re.compile(r"n = 3\b")).first
    expect(number).to_be_visible(timeout=30_000)
    for page in (first, second):
        press(page, "2")
        expect(status(page).get_by_text("5 of up to 6")).to_be_visible(timeout=10_000)
    expect(plot.get_by_text(re.compile(r"n = 4\b")).first).to_be_visible(timeout=10_000)


def test_the_whole_task_by_keyboard(app, visit, fresh_study):
    page = desk(visit, app, fresh_study, "kay")
    press(page, "1")
    expect(status(page).get_by_text(re.compile(r"saved #\d+"))).to_be_visible()
    page.keyboard.press("b")
    expect(status(page).get_by_text("answered before; you may change it")).to_be_visible()
    page.keyboard.press("4")
    expect(status(page).get_by_text("2 of up to 6")).to_be_visible()
    page.keyboard.press("u")
    expect(status(page).get_by_text("answer taken back")).to_be_visible()
    expect(status(page).get_by_text("1 of up to 6")).to_be_visible()
    page.keyboard.press("3")
    expect(status(page).get_by_text("2 of up to 6")).to_be_visible()
    page.keyboard.press("g")
    expect(page.get_by_text("No guidelines yet.")).to_be_visible()
    page.keyboard.press("g")
    expect(page.get_by_text("No guidelines yet.")).to_be_hidden()
    page.keyboard.press("s")
    page.get_by_role("button", name="unclear").press("Enter")
    expect(status(page).get_by_text("3 of up to 6")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_text("Skip because it is")).to_be_visible()
    expect(page.get_by_role("button", name="too hard for me")).to_be_visible()
    settled(page)
    page.keyboard.press("2")
    expect(status(page).get_by_text("4 of up to 6")).to_be_visible()


def test_a_quick_reason_to_skip_is_never_an_answer(app, visit, fresh_study):
    page = desk(visit, app, fresh_study, "roy")
    for gap in (0, 15, 40):  # milliseconds
        expect(page.get_by_role("button", name="Tie")).to_be_visible()
        settled(page)
        page.keyboard.press("s")
        page.wait_for_timeout(gap)
        page.keyboard.press("2")
        page.wait_for_timeout(500)
        page.reload()
        settled(page)
    db = Database(app.database_url)
    assert studies.load(db, fresh_study).revision == 0
    db.close()


def test_a_reload_comes_back_to_the_same_unit(app, visit, fresh_study):
    page = desk(visit, app, fresh_study, "lou")
    page.keyboard.press("2")
    expect(status(page).get_by_text("2 of up to 6")).to_be_visible()
    page.reload()
    settled(page)
    expect(status(page).get_by_text("2 of up to 6")).to_be_visible()


def test_twenty_quick_presses_never_answer_the_same_unit_twice(app, visit, fresh_study):
    page = desk(visit, app, fresh_study, "max")
    for _ in range(20):
        page.keyboard.press("1")
        page.wait_for_timeout(60)
    expect(page.get_by_text("Nothing left for you here")).to_be_visible(timeout=20_000)
    db = Database(app.database_url)
    assert studies.load(db, fresh_study).revision == 6
    db.close()
