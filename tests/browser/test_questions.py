"""Questions on the native desk at a phone's width: nothing is cut off, and a slider waits."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.protocol import from_yaml
from core.services import studies
from storage.database import Database
from storage.tables import Judgment, Study
from tests.browser.conftest import settled
from tests.services.conftest import ANA, fill

pytestmark = pytest.mark.browser
LABELS = """
name: phone-labels
title: Labels
assignment: {fast_lane: false}
questions:
  - kind: multilabel
    name: bad
    title: "What is wrong with it?"
    none: true
    labels:
      - contradicts what it said before, or what its own source says, more than once
      - style of officials and their offices > stiff phrases that nobody would ever use in talking
      - Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichenverordnung
  - {kind: pairwise, name: better, title: Better, strength: 3, dimensions: [accuracy, style]}
"""
SLIDER = """
name: slider
title: A slider
questions:
  - {kind: number, name: sure, title: "How sure are you?", low: 0, high: 1, slider: true}
  - {kind: number, name: easy, title: "How easy is it?", low: 0, high: 100, whole: true,
     slider: true}
"""
CUT = """() => {
  const past = (e) => e.getBoundingClientRect().right > innerWidth;
  const cut = (e) => e.scrollWidth > e.clientWidth + 1 || past(e);
  const row = "[class*=st-key-choices-]";
  const all = [...document.querySelectorAll(`${row} button, ${row} p`)];
  return {
    cut: all.filter(cut).map((e) => e.textContent),
    count: all.length,
    wide: document.documentElement.scrollWidth - innerWidth,
  };
}"""

AT_ONCE = """(slider, number) => {
  slider.value = number;
  slider.dispatchEvent(new Event("change", { bubbles: true }));
  const press = { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true, composed: true };
  document.body.dispatchEvent(new KeyboardEvent("keydown", press));
  document.body.dispatchEvent(new KeyboardEvent("keyup", press));
}"""


def made(app, text, pairs=2):
    """An open study of a few pairs that asks these questions; its database."""
    db = Database(app.database_url)
    study = studies.create(db, ANA, from_yaml(text))
    fill(db, study, pairs)
    studies.set_state(db, ANA, study.key, "open")
    return db


def test_long_labels_wrap_and_parts_stand_beside_their_choices(app, visit):
    made(app, LABELS).close()
    page = visit(f"{app.url}/annotate?study=phone-labels&who=pia", size="phone")
    expect(page.get_by_text("none of these")).to_be_visible()
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        found = page.evaluate(CUT)
        assert found["count"] > 10 and found["cut"] == [] and found["wide"] <= 0, found
    title = page.get_by_text("accuracy", exact=True)
    row = page.locator("[class*=st-key-asked-]", has=title)
    expect(row).to_have_count(1)
    expect(row.get_by_role("button")).to_have_count(3)


def test_a_slider_chooses_nothing_before_it_is_moved_or_confirmed(app, visit):
    db = made(app, SLIDER)
    page = visit(f"{app.url}/annotate?study=slider&who=pia")
    sure = page.get_by_role("slider", name="How sure are you?")
    easy = page.get_by_role("slider", name="How easy is it?")
    expect(sure).to_have_attribute(
        "aria-valuetext", "No answer yet: press a number, or move the slider."
    )
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("2 questions still need an answer")).to_be_visible()
    sure.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(sure).to_have_attribute("aria-valuetext", "0.53")
    expect(page.get_by_text("“How easy is it?” needs an answer")).to_be_visible()
    expect(sure).to_be_focused()
    easy.focus()
    page.keyboard.press("Enter")
    expect(easy).to_have_attribute("aria-valuetext", "50")
    expect(page.get_by_text("needs an answer")).to_have_count(0)
    settled(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("2 of up to 2")
    with db.read() as connection:
        own = select(Judgment.value).join(Study, Study.id == Judgment.study)
        rows = connection.execute(own.where(Study.key == "slider").order_by(Judgment.sequence))
        assert list(rows.scalars()) == ["0.53", "50"]
    expect(page.get_by_text("No answer yet")).to_have_count(2)
    page.get_by_role("button", name="100").click()
    expect(easy).to_have_attribute("aria-valuetext", "100")
    db.close()


def test_what_was_moved_last_is_in_the_answer_that_is_submitted_with_it(app, visit):
    db = made(app, SLIDER.replace("slider\n", "quick\n", 1), 6)
    page = visit(f"{app.url}/annotate?study=quick&who=pia")
    sure = page.get_by_role("slider", name="How sure are you?")
    easy = page.get_by_role("slider", name="How easy is it?")
    for number in range(1, 6):
        expect(page.get_by_text("No answer yet")).to_have_count(2)
        settled(page)
        sure.press("ArrowRight")
        easy.evaluate(AT_ONCE, 10 * number)
        expect(page.locator("[data-testid=stProgress]")).to_contain_text(f"{number + 1} of up to 6")
    with db.read() as connection:
        own = select(Judgment.value).join(Study, Study.id == Judgment.study)
        rows = connection.execute(own.where(Study.key == "quick").order_by(Judgment.sequence))
        given = [("0.51", str(10 * number)) for number in range(1, 6)]
        assert list(rows.scalars()) == [value for pair in given for value in pair]
    db.close()
