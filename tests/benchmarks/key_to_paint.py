"""From a key press to the next unit's text on the screen, in a real Chromium.

`python -m tests.benchmarks.key_to_paint [--items 1000] [--presses 60]`

Prints median and 95th percentile in milliseconds for the fast lane and for the desk of native
widgets, and their ratio: the time from the key event until the frame after the one in which the
next prompt's text is in the page.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.services import store
from storage.database import Database
from tests.benchmarks.annotate import build
from tests.browser.conftest import find_chromium
from tests.servers.app_server import AppServer

WATCH = """
() => {
  window.times = [];
  const inside = document.querySelector('[data-testid=stBidiComponentIsolated]')?.parentNode
    && [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
      .map(host => host.shadowRoot).find(shadow => shadow?.querySelector('.queue'));
  const root = inside || document;
  const texts = () => [...root.querySelectorAll('[class*=st-key-field-] p, .fields p')]
    .map(p => p.textContent).filter(t => t.startsWith('Question'));
  let before = [], start = 0;
  document.addEventListener('keydown', () => {
    start = performance.now();
    before = texts();
  }, true);
  new MutationObserver(() => {
    if (!start || !texts().some(t => !before.includes(t))) return;
    const begun = start;
    start = 0;
    requestAnimationFrame(() => setTimeout(() => window.times.push(performance.now() - begun), 0));
  }).observe(inside || document.body, {subtree: true, childList: true, characterData: true});
}
"""


def measure(browser: Browser, url: str, presses: int) -> list[float]:
    """Milliseconds from key to paint, sorted, after ten presses to warm up."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(url)
    page.get_by_text("Which is better").wait_for(timeout=60_000)
    page.locator("[data-test-script-state=notRunning]").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    for number in range(presses + 10):
        page.keyboard.press("1")
        for _ in range(500):
            if page.evaluate("window.times.length") > number:
                break
            page.wait_for_timeout(20)
        else:
            raise SystemExit(f"press {number + 1} showed nothing within ten seconds")
        page.wait_for_timeout(100)
    times = sorted(page.evaluate("window.times")[10:])
    page.close()
    return times


def main() -> None:
    """Build a study, press keys on each lane, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--presses", type=int, default=60)
    options = parser.parse_args()
    middle = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        db = Database(url)
        store.ensure(db)
        build(db, "pairs", options.items, options.items)
        with AppServer(url, Path(folder) / "log") as server, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            for lane in ("fast", "native"):
                address = f"{server.url}/annotate?study=pairs&who={lane}&lane={lane}"
                times = measure(browser, address, options.presses)
                middle[lane] = statistics.median(times)
                print(
                    f"{lane} lane, {len(times)} presses: median {middle[lane]:.0f} ms, "
                    f"95th percentile {times[int(len(times) * 0.95)]:.0f} ms"
                )
            browser.close()
    print(f"native / fast: {middle['native'] / middle['fast']:.1f}")


if __name__ == "__main__":
    main()
