"""A live region: what a screen reader is told when an answer is stored and the next unit shows."""

from pages.widgets.components import part

WATCH = [
    {"select": "[data-testid=stProgress]", "longest": 200},
    {"select": ".st-key-desk-told", "longest": 600},
    {"select": "[class*=st-key-field-]", "longest": 160},
]


def announce() -> None:
    """Read out the desk's status line and the beginning of the unit whenever they change.

    Draw it once, outside the fragment that an answer reruns: it watches the page by itself, so an
    answer costs nothing more.
    """
    part("announce", isolated=False)(key="announce", data={"key": "announce", "watch": WATCH})
