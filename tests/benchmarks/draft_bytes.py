"""Bytes that a browser receives for each change of an answer of boxes on a picture.

`python -m tests.benchmarks.draft_bytes [--moves 20]`

Two studies, each with one picture of noise, the second much larger. Chromium opens each, draws a
box and moves it by keys; every move keeps a draft. Prints bytes per draft, and what the larger
picture costs beside the smaller one; near 1 when a picture is sent once.
"""

import argparse
import base64
import io
import os
import tempfile
from pathlib import Path

from PIL import Image as Pixels
from playwright.sync_api import Browser, sync_playwright

from core.content.image import Image
from core.services.store import open_store
from tests.browser.conftest import find_chromium
from tests.browser.test_contents import made
from tests.servers.app_server import AppServer

BOXES = "questions: [{kind: box, name: things, title: Draw, about: item, labels: [thing]}]"
SIDES = {"small": 60, "large": 600}


def noise(side: int) -> Image:
    """A picture that does not shrink: about three bytes a point."""
    drawn = io.BytesIO()
    Pixels.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(drawn, "PNG")
    url = "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()
    return Image.parse({"url": url, "alt": "Noise"})


def received(browser: Browser, url: str, moves: int) -> tuple[float, int]:
    """Bytes that come in for each move of a box, and for the page before."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    got: list[int] = []
    heard = lambda frame: got.append(len(frame))
    page.on("websocket", lambda socket: socket.on("framereceived", heard))
    page.goto(url)
    page.locator(".ground.pictured img").wait_for(timeout=60_000)
    page.get_by_role("button", name="New box").click()
    page.wait_for_timeout(1500)
    page.locator(".box[data-id=b1]").focus()
    before = len(got)
    for _ in range(moves):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(700)
    page.wait_for_timeout(2000)
    page.close()
    return sum(got[before:]) / moves, sum(got[:before])


def main() -> None:
    """Build, move, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/bench.db"
        open_store(database).close()
        found = {}
        with AppServer(database, Path(folder) / "log") as server, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            for name, side in SIDES.items():
                picture = noise(side)
                made(server, name, {"photo": picture}, BOXES)
                url = f"{server.url}/annotate?study={name}&who=bench"
                found[name], opened = received(browser, url, options.moves)
                print(
                    f"{name}: picture {len(picture.data['url']):,} bytes, page {opened:,}, "
                    f"each draft {found[name]:,.0f}",
                    flush=True,
                )
            browser.close()
        print(f"large / small: {found['large'] / found['small']:.2f}")


if __name__ == "__main__":
    main()
