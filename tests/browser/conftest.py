"""The real app on a small study, and Chromium to look at it."""

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from core.protocol import from_yaml
from core.services import answering, assignment, demo, preferences, studies
from core.services.access import Identity
from storage.database import Database
from storage.migrate import upgrade
from tests.conftest import missing
from tests.servers.app_server import ROOT, AppServer
from tests.services.conftest import ANA, BEN, fill

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
SIZES = {"desktop": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
PROTOCOL = """
name: small
title: A small study
description: Six pairs of answers, made for a test.
guidelines: Read both answers first.
assignment: {overlap: 99}  # so that no test finds it finished by the others
questions:
  - {kind: pairwise, name: better, title: "Which is better?", both_bad: true}
  - {kind: rating, name: clear, title: "How clear is it?", anchors: {1: muddy, 5: clear}}
  - {kind: label, name: tone, title: "What is the tone?", labels: {warm: "", cold: ""}}
  - {kind: text, name: why, title: "Why?"}
"""
ANSWERS = {"better": {"winner": "a"}, "clear": 4, "tone": "warm"}


def find_chromium():
    """The path of a Chromium: the CHROMIUM variable, else where systems put it; '' without."""
    known = [os.environ.get("CHROMIUM", ""), "/usr/bin/chromium", "/usr/bin/chromium-browser"]
    found = [path for path in known if path and Path(path).exists()]
    return next(iter(found), "") or shutil.which("google-chrome") or ""


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium; skips, or fails under CI=true, where there is none."""
    path = find_chromium()
    if not path:
        missing("Chromium: install it, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def prepare(url):
    """The demo study, and a small open study with two raters' answers to three units."""
    db = Database(url)
    upgrade(db)
    demo.load(db)
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    fill(db, made)
    studies.set_state(db, ANA, made.key, "open")
    for who, better in ((ANA, "a"), (BEN, "b")):
        for _ in range(3):
            held = assignment.current(db, who, made.key)
            answering.submit(db, who, held, ANSWERS | {"better": {"winner": better}}, 2.0)
    for name, language in (("dora", "de"), ("amir", "ar")):
        preferences.save(db, Identity(name), made.key, {"language": language})
    db.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory, chromium):
    """The app, serving the demo study and a small one."""
    folder = tmp_path_factory.mktemp("app")
    url = f"sqlite:///{folder / 'concord.db'}"
    with ThreadPoolExecutor(1) as apart:  # Playwright keeps an event loop in this thread
        apart.submit(prepare, url).result()
    with AppServer(url, folder / "app.log") as server:
        yield server


@pytest.fixture(scope="session")
def empty_app(tmp_path_factory, chromium):
    """The app on a workspace without any study."""
    folder = tmp_path_factory.mktemp("empty")
    with AppServer(f"sqlite:///{folder / 'concord.db'}", folder / "app.log") as server:
        yield server


@pytest.fixture
def visit(chromium):
    """Opens a page in a fresh browser session; `visit(url, size=, scheme=)`; closed at the end."""
    contexts = []

    def open_page(url, size="desktop", scheme="light"):
        context = chromium.new_context(viewport=SIZES[size], color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def settled(page):
    """Wait until the page has its title and its script has finished."""
    expect(page.locator("h1").first).to_be_visible(timeout=30_000)
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute(
        "data-test-script-state", re.compile("notRunning"), timeout=30_000
    )
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=30_000)


def press(page, key):
    """Press a key that answers the unit on the native desk, and wait until its buttons are gone.

    Between the text of the next unit and its buttons a press is not taken: it would be for the
    unit before.
    """
    buttons = page.locator("[class*='st-key-r']:has(button)")
    old = re.search(r"st-key-r\d+-\d+", buttons.first.get_attribute("class")).group()
    page.keyboard.press(key)
    expect(page.locator(f"[class*='{old}-']")).to_have_count(0, timeout=20_000)


def darken(page):
    """Switch an open page to the dark theme."""
    page.emulate_media(color_scheme="dark")
    expect(page.locator("[data-testid=stApp]")).to_have_css("color-scheme", "dark")


def every_page():
    """Names of the app's pages, as addresses: '' is the first one."""
    found = sorted(path.stem for path in (ROOT / "pages").glob("[a-z]*.py"))
    return ["" if name == "home" else name for name in found if name != "main"]
