"""Charts and tables of results: the figure, its caption, its numbers, and the file of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.charts.style import CONFIG, Chart
from core.services.result_rows import csv_text
from core.statistics.base import Estimate
from pages.widgets import look
from pages.widgets.words import plain

LONG = 60
GROUPS = {"people": "People", "models": "Models and rules", "all": "All raters"}


def chart(found: Chart, key: str) -> None:
    """A chart with its caption under it."""
    st.plotly_chart(found.figure, key=key, config=CONFIG, alt=found.alt)
    look.caption(plain(found.caption))


def table(rows: Sequence[Mapping[str, Any]], key: str, alt: str) -> None:
    """Rows as a table: in the page itself while it is short, in a scrolling grid when it is long.

    Texts are shown as they are, marks and all.
    """
    frame = pd.DataFrame(list(rows))
    if len(frame) > LONG:
        st.dataframe(frame, hide_index=True, key=key, alt=alt)
        return
    safe = frame.map(lambda cell: plain(cell) if isinstance(cell, str) else cell)
    with st.container(key=f"table-{key}"):
        st.table(safe.set_index(safe.columns[0]))


def cell(estimate: Estimate, *, percent: bool = False) -> str:
    """A value with its interval, n and coverage; a dash where it does not apply."""
    if estimate.value is None:
        return "–"
    scale, unit, digits = (100, " %", 1) if percent else (1, "", 2)
    text = f"{estimate.value * scale:.{digits}f}{unit}"
    if estimate.low is not None and estimate.high is not None:
        text += f" [{estimate.low * scale:.{digits}f}, {estimate.high * scale:.{digits}f}]"
    share = "–" if estimate.coverage is None else f"{estimate.coverage:.1%}"
    return f"{text}, n\u00a0=\u00a0{estimate.n:,} ({share})"


def download(rows: Sequence[Mapping[str, Any]], file: str, key: str) -> None:
    """A button that hands out all rows, unrounded, as CSV."""
    st.download_button(
        "Download CSV", csv_text(rows), file_name=f"{file}.csv", mime="text/csv", key=key,
        on_click="ignore", icon=":material/download:", type="tertiary",
    )  # fmt: skip
