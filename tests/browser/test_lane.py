"""The fast lane in a real browser: quick keys, a cut line, the way back, a lost session."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.protocol import from_yaml
from core.services import assignment, studies
from core.services.access import Identity
from storage.database import Database
from storage.tables import Assignment, Event, Judgment
from tests.browser.conftest import settled
from tests.browser.test_accessibility import both_themes
from tests.servers.cut_proxy import CutProxy
from tests.services.conftest import ANA, fill

pytestmark = pytest.mark.browser
PROTOCOL = """
name: {name}
title: One question
assignment: {{overlap: 9}}
questions:
  - {{kind: pairwise, name: better, title: Which is better, both_bad: true}}
"""
MORE = """
  - {{kind: rating, name: clear, title: How clear is it, anchors: {{1: muddy, 5: clear}}}}
"""


@pytest.fixture
def study(app, request):
    """An open study of eighty pairs, made for one test, and its database."""
    db = Database(app.database_url)
    name = re.sub("[^a-z]+", "-", request.node.name)[:40].strip("-")
    text = PROTOCOL + (MORE if "several" in name else "")
    fill(db, studies.create(db, ANA, from_yaml(text.format(name=name))), 80)
    studies.set_state(db, ANA, name, "open")
    yield name, db
    db.close()


def desk(visit, url, name, who):
    page = visit(f"{url}/annotate?study={name}&who={who}")
    expect(page.get_by_text("Which is better")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(300)  # the page draws itself a second time when the session begins
    settled(page)
    return page


def rows(db, name, who):
    """The rows of a person in a study's log: (position of the unit, value, withdrawn), in order."""
    rater = assignment.rater_id(db, studies.load(db, name), Identity(who))
    found = (
        select(Assignment.place, Judgment.value, Judgment.withdrawn)
        .join(Assignment, Assignment.id == Judgment.assignment)
        .where(Judgment.rater == rater)
        .order_by(Judgment.sequence)
    )
    with db.read() as connection:
        return [tuple(row) for row in connection.execute(found)]


def status(page):
    return page.locator(".status")


def test_twenty_quick_presses_are_twenty_answers_to_twenty_units(app, visit, study):
    name, db = study
    page = desk(visit, app.url, name, "kim")
    shown = []
    for _ in range(20):
        shown.append(page.locator(".item").inner_text().split("Prompt ")[1].split()[0])
        page.keyboard.press("1")
        page.wait_for_timeout(60)
    expect(status(page)).to_contain_text("saved #20", timeout=10_000)
    found = rows(db, name, "kim")
    assert [place for place, _, _ in found] == list(range(1, 21))
    assert shown == [str(n) for n in range(20)]


def test_answers_given_offline_arrive_once(app, visit, study):
    name, db = study
    with CutProxy(app.port) as proxy:
        page = desk(visit, proxy.url, name, "lea")
        page.keyboard.press("1")
        expect(status(page)).to_contain_text("saved #1")
        proxy.cut()
        for key in ("2", "3", "4"):
            page.keyboard.press(key)
            page.wait_for_timeout(80)
        expect(status(page)).to_contain_text("3 waiting", timeout=10_000)
        expect(status(page)).to_contain_text("5 of up to 80")
        assert len(rows(db, name, "lea")) == 1
        proxy.mend()
        expect(status(page)).to_contain_text("saved #4", timeout=40_000)
    values = [value for _, value, _ in rows(db, name, "lea")]
    assert len(values) == 4 and values[2:] == [
        '{"verdict":"tie","winner":null}', '{"verdict":"both_bad","winner":null}'
    ]  # fmt: skip


def test_an_outbox_survives_the_tab_and_a_second_delivery(app, visit, study):
    """Answers of a closed tab are sent by the next one; what was stored is not stored again."""
    name, db = study
    with CutProxy(app.port) as proxy:
        page = desk(visit, proxy.url, name, "mia")
        proxy.cut()
        page.keyboard.press("1")
        page.keyboard.press("2")
        expect(status(page)).to_contain_text("2 waiting", timeout=10_000)
        kept = page.evaluate("Object.entries(localStorage).filter(([k]) => k.includes('queue'))")
        assert len(kept) == 2
        proxy.mend()
        page.reload()
        settled(page)
        expect(status(page)).to_contain_text("saved #2", timeout=20_000)
        page.evaluate("kept => kept.forEach(([k, v]) => localStorage.setItem(k, v))", kept)
        page.reload()
        settled(page)
        expect(page.locator(".item")).to_contain_text("Prompt 2")
        page.wait_for_function("!Object.keys(localStorage).some(k => k.includes('queue'))")
    assert [place for place, _, _ in rows(db, name, "mia")] == [1, 2]


def test_several_questions_back_undo_skip_flag(app, visit, study):
    name, db = study
    page = desk(visit, app.url, name, "noa")
    page.keyboard.press("n")
    expect(page.get_by_role("alert")).to_contain_text("2 questions still need an answer: “")
    expect(page.locator(".question button:focus")).to_have_attribute(
        "data-option", re.compile("/0$")
    )
    page.keyboard.press("1")
    expect(page.locator(".alert")).to_be_empty()
    page.keyboard.press("u")
    expect(page.get_by_role("alert")).to_contain_text("no stored answer to undo")
    page.keyboard.press("g")
    expect(page.locator(".alert")).to_be_empty()
    for key in ("g", "4", "n"):
        page.keyboard.press(key)
    expect(status(page)).to_contain_text("saved #2")
    page.keyboard.press("b")
    expect(status(page)).to_contain_text("answered before")
    page.get_by_role("button", name="Tie").click()
    page.keyboard.press("Control+Enter")
    expect(status(page)).to_contain_text("saved #3")
    page.keyboard.press("u")
    expect(status(page)).to_contain_text("answer taken back")
    expect(page.get_by_role("button", name="Tie")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("n")
    expect(status(page)).to_contain_text("saved #7")
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(status(page)).to_contain_text("item 2 skipped")
    page.keyboard.press("f")
    page.keyboard.type("cut off at 1")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Flagged")
    page.keyboard.press("1")  # half an answer: a draft
    expect(status(page)).to_contain_text("saved #7")
    page.wait_for_function("!Object.keys(localStorage).some(k => k.includes('queue'))")
    with db.read() as connection:
        events = connection.execute(select(Event.kind, Event.data)).all()
        assert ("flag", {"note": "cut off at 1"}) in [tuple(e) for e in events]
    page.reload()
    settled(page)
    expect(page.get_by_role("button", name="A is better")).to_have_attribute(
        "aria-pressed", "true", timeout=10_000
    )
    page.keyboard.press("b")
    expect(status(page)).to_contain_text("skipped before")
    page.keyboard.press("b")
    expect(status(page)).to_contain_text("1 of up to 80 · answered before")


def test_a_lapsed_lease_is_stored_and_marked_late(app, visit, study):
    """Two others have taken the unit's last places while the answer waited in the browser."""
    name, db = study

    def lapse():
        own = Database(app.database_url)
        rater = assignment.rater_id(own, studies.load(own, name), Identity("pia"))
        with own.write() as connection:
            table = Assignment.__table__
            connection.execute(
                table.update().where(table.c.rater == rater).values(state="released", lease_until=1)
            )
            unit = select(table.c.unit).where(table.c.rater == rater, table.c.place == 1)
            found = connection.execute(unit).scalar_one()
            connection.exec_driver_sql(f"UPDATE unit SET taken = 9, closed = 1 WHERE id = {found}")
        own.close()

    with CutProxy(app.port) as proxy:
        page = desk(visit, proxy.url, name, "pia")
        proxy.cut()
        page.keyboard.press("2")
        with ThreadPoolExecutor(1) as apart:
            apart.submit(lapse).result()
        proxy.mend()
        expect(status(page)).to_contain_text("saved #1", timeout=40_000)
    with db.read() as connection:
        states = connection.execute(
            select(Assignment.state).where(Assignment.place == 1, Assignment.unit.in_(
                select(Judgment.unit).where(Judgment.study == studies.load(db, name).id)))
        ).scalars().all()  # fmt: skip
    assert states == ["late"]


def test_axe_on_several_questions(app, visit, study):
    name, _ = study
    page = desk(visit, app.url, name, "axl")
    page.keyboard.press("n")
    expect(page.get_by_role("alert")).to_contain_text("need an answer")
    page.keyboard.press("1")
    page.keyboard.press("f")
    expect(page.locator(".panel input")).to_be_visible()
    assert both_themes(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def reword(db, name, title):
    """Give the study's first question another wording."""
    made = studies.load(db, name)
    first, *rest = made.protocol.questions
    asked = (first.model_copy(update={"title": title}), *rest)
    studies.edit(db, ANA, name, made.protocol.model_copy(update={"questions": asked}), made.version)


def test_an_edit_while_somebody_answers_renews_what_stands_on_the_desk(app, visit, study):
    name, db = study
    page = desk(visit, app.url, name, "ria")
    page.keyboard.press("1")
    expect(status(page)).to_contain_text(re.compile(r"2 of up to 80.*saved"))
    reword(db, name, "Which is worse")
    page.keyboard.press("1")
    expect(page.locator(".alert")).to_contain_text("Item 2: the questions were changed")
    expect(page.locator(".asked")).to_contain_text("Which is worse")
    assert len(rows(db, name, "ria")) == 1
    page.keyboard.press("2")
    expect(status(page)).to_contain_text("saved")
    expect(status(page)).to_contain_text(re.compile("[2-9] of up to 80"))
    with db.read() as connection:
        log = select(Judgment.question).order_by(Judgment.sequence)
        asked = list(connection.execute(log.where(Judgment.study == studies.load(db, name).id)))
    assert len(asked) == 2 and asked[0] != asked[1], "the second is an answer to the new wording"
