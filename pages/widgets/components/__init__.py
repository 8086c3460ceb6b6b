"""Browser parts that Streamlit lacks, each one JavaScript file beside its Python face.

`part("ranking")` is the component of `ranking.js` and `ranking.css`, with `base.js` and `base.css`
before them. What they keep to: every text of a study goes in by `textContent`; a `key` always; one
instance per place on the page, whatever the number of redraws; state that is sent again until the
server shows that it has it, never triggers; each works by keys alone and says what it does to a
screen reader.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
TR = re.compile(r'\btr\("([^"]+)"')


@cache
def part(name: str, *more: str, isolated: bool = True) -> Any:
    """The mounting command of a component, made once; `more` names files that it builds upon."""
    files = ("base", *more, name)
    return st.components.v2.component(
        f"concord-{name}",
        js="\n".join(_text(f"{file}.js") for file in files),
        css="\n".join(_text(f"{file}.css") for file in files),
        isolate_styles=isolated,
    )


@cache
def texts(*names: str) -> tuple[str, ...]:
    """The desk's own texts that these parts say by `tr("...")`, named by their English words."""
    return tuple(sorted({text for name in names for text in TR.findall(_text(f"{name}.js"))}))


def _text(name: str) -> str:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""
