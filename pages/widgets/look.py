"""What every page looks like: use these, and the pages look alike.

- `page()` is called once, by the frame in main.py; nothing to do in a page.
- `header(said("page_agreement"), study, who)` is the first thing a page draws; `no_study()` stands
  below it where there is none.
- `caption(text)` says in plain words what a chart or number means, under it.
- `empty_state(title, text, button=..., page=...)` stands where nothing is to be shown yet: what is
  missing and what to do next.
- `stat(label, value, interval=..., n=..., coverage=..., note=...)` is one number with what belongs
  to it; `stats([...])` a row of them in equal height.
- `estimate(label, found)` is the tile of a `core.statistics.base.Estimate`.
- `go("annotate")` leaves for another page.
- `chip(state)` is the state of a study or run in words and colour.

Texts of studies, items and models go through `plain` (labels) or `pages.widgets.inert.inert`
(markdown) before they are drawn. Our own CSS in look.css reaches elements through `st-key-*`
classes only: give a container a key there rather than styling it in a page.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.services.access import Identity
from core.services.studies import Study
from core.settings import ROOT
from core.statistics.base import Estimate
from pages.widgets.components.language import language as spoken
from pages.widgets.components.reading import reach
from pages.widgets.speech import speaking
from pages.widgets.texts import right_to_left
from pages.widgets.words import plain

HERE = Path(__file__).parent
FRAME = "[data-testid=stSidebarContent], .st-key-page-header"
MAIN = "[data-testid=stMainBlockContainer]"
MARK = ROOT / "pages" / "static" / "concord.svg"
CSS = "\n".join(
    (HERE / f"{name}.css").read_text(encoding="utf-8") for name in ("material", "fonts", "look")
)
DESK = (HERE / "desk.css").read_text(encoding="utf-8")
MIRRORED = (HERE / "mirrored.css").read_text(encoding="utf-8")
DESK_MIRRORED = "@media (min-width: 56rem) { .st-key-page-header { padding-inline: 1.75rem 0; } }"
COLOURS = {
    "draft": "gray", "pilot": "blue", "open": "green", "paused": "orange", "closed": "violet",
    "archived": "gray", "ready": "gray", "running": "blue", "done": "green", "failed": "red",
    "stopped": "orange",
}  # fmt: skip


def page() -> None:
    """Set up the browser page and bring in our own CSS."""
    st.set_page_config(page_title="Concord", page_icon=str(MARK), layout="wide")
    st.logo(str(MARK), size="large")
    st.html(f"<style>{CSS}</style>")


def direction(language: str, *, whole: bool) -> None:
    """Tell the browser the language, and lay the page out from right to left where it runs so.

    A page that is not in the person's language as a `whole` keeps its own direction: what stands
    around it, sidebar and header, runs the other way.
    """
    with st.sidebar:
        spoken(language, whole=whole)
    if right_to_left(language):
        mirrored = f"{FRAME}, {MAIN}" if whole else FRAME
        st.html(
            f"<style>:is({mirrored}) {{ direction: rtl; text-align: start; {MIRRORED} }}</style>"
        )


def chip(state: str) -> str:
    """The state as a coloured badge, in markdown."""
    return f":{COLOURS.get(state, 'gray')}-badge[{plain(speaking().told(state))}]"


def header(
    title: str, study: Study | None = None, who: Identity | None = None, *, desk: bool = False
) -> None:
    """The page's title, and under it the study with its state and the person's name.

    Whatever scrolls below can be reached by Tab; the `desk` sees to that by its own part.
    """
    with st.container(key="page-header"):
        st.title(plain(title), anchor=False)
        facts = []
        if study is not None and study.title == title:
            facts.append(chip(study.state))
        elif study is not None:
            facts.append(f"{plain(study.title)} {chip(study.state)}")
        if who is not None:
            facts.append(speaking()("header_as", name=plain(who.name)))
        if facts:
            st.markdown(" · ".join(facts), anchors=False)
        if desk:
            mirrored = right_to_left(speaking().code)
            st.html(f"<style>{DESK}{DESK_MIRRORED * mirrored}</style>")
        else:
            reach(speaking())


def caption(text: str) -> None:
    """Plain words under a chart or number: what it says and what it does not."""
    st.caption(text)


def empty_state(
    title: str, text: str, *, button: str = "", page: str = "", key: str = "empty"
) -> bool:
    """What is missing and what to do next; True when its button was pressed.

    With `page` ("studies") the button leads there instead.
    """
    with st.container(key=f"empty-state-{key}"):
        st.markdown(f"#### {title}", anchors=False)
        st.markdown(text, anchors=False)
        pressed = bool(button) and st.button(button, key=f"{key}-next", type="primary")
    if pressed and page:
        go(page)
    return pressed


def no_study(more: str = "no_study_more", **looks: str) -> None:
    """What stands on a page while there is no study; `more` names the text that says what to do."""
    said = speaking()
    empty_state(said("no_study"), said(more), **looks)


def go(page: str) -> None:
    """Leave for another page of the app: `go("annotate")`."""
    st.switch_page(f"{page}.py")


def stat(
    label: str, value: str, *, interval: str = "", n: int | None = None,
    coverage: float | None = None, note: str = "", key: str = "",
) -> None:  # fmt: skip
    """One number as a tile: its interval, how many it rests on, and which share that is of all.

    `note` says why there is no number; it takes the place of the interval.
    """
    with st.container(key=f"stat-{key or _slug(label)}", border=True):
        st.caption(plain(label))
        st.markdown(f"### {plain(value)}", anchors=False)
        parts = [note or interval]
        if n is not None:
            parts.append(f"n = {n:,}")
        if coverage is not None:
            parts.append(speaking()("coverage", share=f"{coverage:.0%}"))
        st.caption(plain(" · ".join(part for part in parts if part)) or "\u00a0")


def estimate(label: str, found: Estimate, key: str = "") -> None:
    """The tile of an estimate: value, interval, n and coverage, or why it is undefined."""
    interval, said = "", speaking()
    if found.low is not None and found.high is not None:
        interval = said(
            "interval", level=f"{found.level:.0%}", low=number(found.low), high=number(found.high)
        )
    told = said.of(found.note)
    note = told if not found.defined else ""
    stat(
        label, number(found.value), interval=interval or told, n=found.n,
        coverage=found.coverage, note=note, key=key,
    )  # fmt: skip


def number(value: float | None, places: int = 2) -> str:
    """A statistic as text: .72, −.05, 1.00; an en dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{places}f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 and "0." in text else text


def stats(tiles: Sequence[dict[str, Any]], key: str = "stats") -> None:
    """A row of `stat` tiles of equal height."""
    with st.container(key=f"tiles-{key}"):
        for tile in tiles:
            stat(**{"key": f"{key}-{_slug(tile['label'])}", **tile})


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())[:40]
