"""Potato answering the same items, in an environment of its own.

Used by `python -m tests.benchmarks.key_to_paint --potato`. A study of one radio question is made
for it: A, B or Tie by the keys 1 to 3, then the right arrow key for the next item. The time runs
from the second of the two keys, so that it holds Potato's saving and its next page.
"""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as Late

from tests import environments
from tests.servers.app_server import free_port

PACKAGE = "potato-annotation==2.12.1"
STUDY = {
    "annotation_task_name": "Pairs",
    "task_dir": ".",
    "output_annotation_dir": "out",
    "output_annotation_format": "jsonl",
    "data_files": ["items.jsonl"],
    "item_properties": {"id_key": "id", "text_key": "text"},
    "user_config": {"allow_all_users": True, "users": []},
    "require_password": False,
    "site_dir": "default",
    "annotation_schemes": [
        {"annotation_type": "radio", "name": "better", "description": "Which is better?",
         "labels": ["A", "B", "Tie"], "sequential_key_binding": True},
    ],
}  # fmt: skip
# Each item is a page of its own: the press is kept across pages, on the clock that they share.
WATCH = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const text = () => document.querySelector('#instance-text')?.innerText.trim() || '';
  document.addEventListener('keydown', event => {
    if (event.key !== 'ArrowRight') return;
    sessionStorage.before = text();
    sessionStorage.start = now();
  }, true);
  const look = () => {
    const start = Number(sessionStorage.start || 0);
    if (!start || !text().startsWith('Question') || text() === sessionStorage.before) return;
    sessionStorage.removeItem('start');
    requestAnimationFrame(() => setTimeout(() => {
      const kept = JSON.parse(sessionStorage.times || '[]');
      sessionStorage.times = JSON.stringify([...kept, now() - start]);
    }, 0));
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
})();
"""


class PotatoServer:
    """Potato over a study of `count` items, on the loopback interface."""

    def __init__(self, folder: Path, count: int) -> None:
        try:
            self.program = environments.python("potato", PACKAGE).with_name("potato")
        except (OSError, subprocess.SubprocessError) as error:
            raise SystemExit(
                f"Potato cannot be installed, so it is not measured: {error}. Look at what pip "
                "says above, or name a folder that holds it in CONCORD_CACHE."
            ) from error
        self.folder = folder
        lines = (json.dumps({"id": f"i{n}", "text": f"Question {n}"}) for n in range(count))
        (folder / "items.jsonl").write_text("\n".join(lines), "utf-8")
        (folder / "study.yaml").write_text(yaml.safe_dump(STUDY), "utf-8")

    def __enter__(self) -> "PotatoServer":
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        log = self.folder / "log"
        command = [self.program, "start", "study.yaml", "-p", str(self.port)]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "--host", "127.0.0.1"], cwd=self.folder, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + 300
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url, timeout=5):
                    return self
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise SystemExit(f"Potato did not start:\n{log.read_text('utf-8')[-2000:]}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def stored(self) -> int:
        """How many items have an answer in Potato's own files."""
        found = self.folder.glob("out/*/user_state.json")
        states = [json.loads(path.read_text("utf-8")) for path in found]
        return sum(len(state["instance_id_to_label_to_value"]) for state in states)


def open_page(browser: Browser, url: str) -> Page:
    """The first item, opened by somebody who has logged in."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.add_init_script(WATCH)
    page.goto(url)
    page.fill("#login-email", "kim")
    page.click("button[type=submit]")
    page.wait_for_selector("input[type=radio]", timeout=60_000)
    page.wait_for_timeout(1000)
    return page


def press(page: Page, number: int) -> None:
    """Answer one item and wait until the next one is painted."""
    page.keyboard.press("1")
    page.wait_for_selector("input[type=radio]:checked", state="attached")
    page.keyboard.press("ArrowRight")
    try:
        page.wait_for_function(
            f"JSON.parse(sessionStorage.times || '[]').length > {number}",
            polling=20,
            timeout=10_000,
        )
    except Late as error:
        raise SystemExit(f"Potato's press {number + 1} showed nothing in ten seconds") from error
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(100)


def times(page: Page) -> list[float]:
    """Milliseconds of all presses so far, in order."""
    found: list[float] = page.evaluate("JSON.parse(sessionStorage.times)")
    return found
