"""A long answer: its draft follows the typing, and a cut line or a dead server loses nothing."""

import re

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import assignment, studies
from core.services.access import Identity
from storage.database import Database
from tests.browser.conftest import settled
from tests.conftest import NIGHTLY
from tests.servers.app_server import AppServer
from tests.servers.cut_proxy import CutProxy
from tests.services.conftest import ANA, fill

pytestmark = pytest.mark.browser
PROTOCOL = """
name: {name}
title: A long answer
questions:
  - {{kind: pairwise, name: better, title: Which is better}}
  - {{kind: text, name: why, title: Why is it better, longest: 4000}}
"""
AWAY = 30_000 if NIGHTLY else 6_000


@pytest.fixture
def study(app, request):
    """An open study that asks for a text, made for one test, and its database."""
    db = Database(app.database_url)
    name = re.sub("[^a-z]+", "-", request.node.name)[:40].strip("-")
    fill(db, studies.create(db, ANA, from_yaml(PROTOCOL.format(name=name))))
    studies.set_state(db, ANA, name, "open")
    yield name, db
    db.close()


def draft(db, name, who):
    return assignment.current(db, Identity(who), name).draft.get("why")


def desk(visit, url, name, who):
    page = visit(f"{url}/annotate?study={name}&who={who}")
    area = page.get_by_label("Why is it better")
    expect(area).to_be_visible(timeout=20_000)
    return page, area


def test_a_draft_is_on_the_server_while_it_is_typed(app, visit, study):
    name, db = study
    page, area = desk(visit, app.url, name, "ada")
    area.press_sequentially("Because 1 is more than n 😀", delay=5)
    expect(page.get_by_text("Draft saved")).to_be_visible()
    assert draft(db, name, "ada") == "Because 1 is more than n 😀"
    page.reload()
    settled(page)
    expect(page.get_by_label("Why is it better")).to_have_value("Because 1 is more than n 😀")
    page.get_by_label("Why is it better").press_sequentially(" and so on")
    page.get_by_role("button", name="A is better").click()
    page.get_by_label("Why is it better").press("End")
    page.keyboard.type("!")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("2 of up to 6")).to_be_visible()
    held = assignment.at(db, Identity("ada"), name, 1)
    assert held.answers["why"] == "Because 1 is more than n 😀 and so on!"


def test_nothing_typed_is_lost_while_the_line_is_down(app, visit, study):
    name, db = study
    with CutProxy(app.port) as proxy:
        page, area = desk(visit, proxy.url, name, "bea")
        area.press_sequentially("Before the cut. ")
        expect(page.get_by_text("Draft saved")).to_be_visible()
        proxy.cut()
        area.press_sequentially("While it is down. ", delay=10)
        page.wait_for_timeout(AWAY)
        area.press_sequentially("Still down. ")
        expect(page.get_by_text("kept in this browser")).to_be_visible()
        proxy.mend()
        expect(page.get_by_text("Draft saved")).to_be_visible(timeout=40_000)
        area.press_sequentially("Up again.")
        expect(page.get_by_text("Saving")).to_be_hidden()
        whole = "Before the cut. While it is down. Still down. Up again."
        expect(area).to_have_value(whole)
    assert draft(db, name, "bea") == whole


def test_a_reload_without_a_line_brings_the_text_back(app, visit, study):
    name, db = study
    with CutProxy(app.port) as proxy:
        page, area = desk(visit, proxy.url, name, "cai")
        proxy.cut()
        area.press_sequentially("Typed with nobody listening")
        page.wait_for_timeout(200)
        proxy.mend()
        page.reload()
        settled(page)
        expect(page.get_by_label("Why is it better")).to_have_value("Typed with nobody listening")
        expect(page.get_by_text("Draft saved")).to_be_visible(timeout=10_000)
    assert draft(db, name, "cai") == "Typed with nobody listening"


def test_a_newer_text_on_the_server_is_not_overwritten(app, visit, study):
    name, db = study
    page = visit(f"{app.url}/?study={name}&who=dov")
    held = assignment.current(db, Identity("dov"), name)
    key = f"concord-text:{name}:dov:{held.id}:why"
    old = '{"text": "an older thought", "known": ["x"], "at": %d}'
    page.evaluate("([k, v]) => localStorage.setItem(k, v.replace('%d', Date.now()))", [key, old])
    assignment.save_draft(db, Identity("dov"), held, {"why": "written elsewhere"})
    page.goto(f"{app.url}/annotate?study={name}&who=dov")
    area = page.get_by_label("Why is it better")
    expect(area).to_have_value("written elsewhere", timeout=20_000)
    page.get_by_role("button", name="Use it").click()
    expect(area).to_have_value("an older thought")


@pytest.mark.skipif(not NIGHTLY, reason="nightly: a server is killed and started again")
def test_a_killed_server_loses_nothing(tmp_path, visit, sqlite_url, monkeypatch):
    db = Database(sqlite_url)
    fill(db, studies.create(db, ANA, from_yaml(PROTOCOL.format(name="killed"))))
    studies.set_state(db, ANA, "killed", "open")
    server = AppServer(sqlite_url, tmp_path / "log").start()
    page, area = desk(visit, server.url, "killed", "eli")
    area.press_sequentially("Before. ")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    server.kill()
    area.press_sequentially("After.")
    port = server.port
    monkeypatch.setattr("tests.servers.app_server.free_port", lambda: port)
    server.start()
    try:
        expect(page.get_by_text("Draft saved")).to_be_visible(timeout=60_000)
        expect(area).to_have_value("Before. After.")
        assert draft(db, "killed", "eli") == "Before. After."
    finally:
        server.stop()
        db.close()
