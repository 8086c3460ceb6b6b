"""The reader's part of the desk: room for responses, keys to scroll by, search in long texts."""

from pages.widgets.components import part, texts
from pages.widgets.texts import Words


def reading(said: Words) -> None:
    """Fit the desk to the window, show each unit from its beginning, search in long material.

    Draw it once, outside the fragment that an answer reruns: it watches the page by itself, so an
    answer costs nothing more. What it sets is read by `desk.css`.
    """
    data = {"key": f"reading-{said.code}", "words": said.raw(*texts("reading", "skip"))}
    files = ("reading", "reachable", "skip", "sight", "refused", "past")
    part(*files)(key="reading", data=data, width="content")


def reach(said: Words) -> None:
    """Let whatever scrolls on a page be reached by the Tab key; for pages without `reading`.

    Both begin a page that asks something with a link to its questions, seen in the focus, and see
    to it that the browser's Back leads to the page before.
    """
    data = {"key": f"reach-{said.code}", "words": said.raw(*texts("reach", "skip"))}
    part("reach", "reachable", "skip", "past", isolated=False)(key="reach", data=data)
