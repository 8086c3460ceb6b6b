"""From a key press to the next unit's text on the screen, in a real Chromium.

`python -m tests.benchmarks.key_to_paint [--items 1000] [--presses 60] [--potato]`

Prints median and 95th percentile in milliseconds for the fast lane and for the desk of native
widgets, the server's CPU per answer, and ratios to the fast lane: the time from the key event
until the frame after the one in which the next prompt's text is in the page; and the time from that
text to the buttons of its unit. `--potato` drives Potato over as many items in the same Chromium;
it is installed on the first call, into the folder of tests/environments.py. CPU is that of the
server and all that it starts, over the presses. The load of the machine is printed, as all of this
depends on it.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from core.services import store
from storage.database import Database
from tests.benchmarks import potato
from tests.benchmarks.annotate import build
from tests.browser.conftest import find_chromium
from tests.servers.app_server import AppServer

WATCH = r"""
() => {
  window.times = [];
  window.gaps = [];
  const inside = document.querySelector('[data-testid=stBidiComponentIsolated]')?.parentNode
    && [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
      .map(host => host.shadowRoot).find(shadow => shadow?.querySelector('.queue'));
  const root = inside || document;
  const texts = () => [...root.querySelectorAll('[class*=st-key-field-] p, .fields p')]
    .map(p => p.textContent).filter(t => t.startsWith('Question'));
  const room = () => document.querySelector("[class*='st-key-r']:has(button)")
    ?.className.match(/st-key-(r\d+-\d+)/)?.[1];
  let before = [], start = 0, old = '', shown = 0;
  document.addEventListener('keydown', () => {
    start = performance.now();
    before = texts();
    old = room();
    shown = 0;
  }, true);
  new MutationObserver(() => {
    if (!shown && start && texts().some(t => !before.includes(t))) shown = performance.now();
    if (shown && old && room() && room() !== old) {
      window.gaps.push(performance.now() - shown);
      old = '';
    }
    if (!start || !texts().some(t => !before.includes(t))) return;
    const begun = start;
    start = 0;
    requestAnimationFrame(() => setTimeout(() => window.times.push(performance.now() - begun), 0));
  }).observe(inside || document.body, {subtree: true, childList: true, characterData: true});
}
"""


WARM = 10


@dataclass(frozen=True)
class Found:
    """Milliseconds of each press, sorted, and milliseconds of server CPU per press.

    `gaps` are milliseconds, sorted, from the next unit's text to its buttons, where these are drawn
    by themselves: a press between the two is for the unit before, and is not taken.
    """

    times: list[float]
    cpu: float
    gaps: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle of the presses."""
        return statistics.median(self.times)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, of what it has running and of what has ended."""
    root = psutil.Process(pid)
    spent = [one.cpu_times() for one in (root, *root.children(recursive=True))]
    return sum(s.user + s.system for s in spent) + sum(
        s.children_user + s.children_system for s in spent
    )


def run(page: Page, press: Callable[[Page, int], None], pid: int, presses: int) -> float:
    """Presses to warm up, then those that count; returns milliseconds of CPU for each of these."""
    for number in range(WARM):
        press(page, number)
    before = cpu_seconds(pid)
    for number in range(WARM, WARM + presses):
        press(page, number)
    return (cpu_seconds(pid) - before) * 1e3 / presses


def press(page: Page, number: int) -> None:
    """Answer one unit and wait until the next one is painted."""
    page.keyboard.press("1")
    for _ in range(500):
        if page.evaluate("window.times.length") > number:
            break
        page.wait_for_timeout(20)
    else:
        raise SystemExit(f"press {number + 1} showed nothing within ten seconds")
    page.wait_for_timeout(100)


def ours(browser: Browser, url: str, pid: int, presses: int) -> Found:
    """One lane of our own desk."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(url)
    page.get_by_text("Which is better").wait_for(timeout=60_000)
    page.locator("[data-test-script-state=notRunning]").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    cpu = run(page, press, pid, presses)
    times, gaps = (sorted(page.evaluate(f"window.{name}")[WARM:]) for name in ("times", "gaps"))
    page.close()
    return Found(times, cpu, gaps)


def theirs(browser: Browser, folder: Path, items: int, presses: int) -> Found:
    """Potato on as many items; ends the benchmark where it stored less than was pressed."""
    with potato.PotatoServer(folder, items) as server:
        page = potato.open_page(browser, server.url)
        cpu = run(page, potato.press, server.process.pid, presses)
        times = sorted(potato.times(page)[WARM:])
        page.close()
        if server.stored() < presses:
            raise SystemExit(f"Potato stored {server.stored()} of {presses + WARM} answers")
    return Found(times, cpu)


def say(name: str, found: Found, fast: Found) -> None:
    """A line of figures, with ratios to the fast lane."""
    print(
        f"{name}, {len(found.times)} presses: median {found.median:.0f} ms, 95th percentile "
        f"{found.times[int(len(found.times) * 0.95)]:.0f} ms, server CPU {found.cpu:.1f} ms; "
        f"to the fast lane: time {found.median / fast.median:.1f}, CPU {found.cpu / fast.cpu:.1f}"
    )
    if found.gaps:
        print(
            f"{name}, buttons after the text: median {statistics.median(found.gaps):.0f} ms, "
            f"95th percentile {found.gaps[int(len(found.gaps) * 0.95)]:.0f} ms, at most "
            f"{found.gaps[-1]:.0f} ms; none in {sum(gap < 1 for gap in found.gaps)} of "
            f"{len(found.gaps)} presses"
        )


def compare(browser: Browser, url: str, folder: Path, options: argparse.Namespace) -> None:
    """Measure each lane, and Potato where it is asked for; print as they come."""
    found = {}
    with AppServer(url, folder / "log") as server:
        assert server.process is not None
        for lane in ("fast", "native"):
            address = f"{server.url}/annotate?study=pairs&who={lane}&lane={lane}"
            found[lane] = ours(browser, address, server.process.pid, options.presses)
            say(f"{lane} lane", found[lane], found["fast"])
    if options.potato:
        (folder / "potato").mkdir()
        other = theirs(browser, folder / "potato", options.items, options.presses)
        say("Potato", other, found["fast"])


def main() -> None:
    """Build a study, press keys on each lane, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--potato", action="store_true", help="measure Potato beside")
    options = parser.parse_args()
    if options.items <= options.presses + WARM:
        parser.error(f"--items must be more than --presses and {WARM} to warm up")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        url = f"sqlite:///{folder}/bench.db"
        db = Database(url)
        store.ensure(db)
        build(db, "pairs", options.items, options.items)
        db.close()
        print(f"{options.items} items, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            compare(browser, url, folder, options)
            browser.close()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
