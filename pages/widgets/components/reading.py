"""The reader's part of the desk: room for responses, keys to scroll by, search in long texts."""

from pages.widgets.components import part


def reading() -> None:
    """Fit the desk to the window, and offer a search field while the material is long.

    Draw it once, outside the fragment that an answer reruns: it watches the page by itself, so an
    answer costs nothing more. What it sets is read by `desk.css`.
    """
    part("reading")(key="reading", data={"key": "reading"}, width="content")
