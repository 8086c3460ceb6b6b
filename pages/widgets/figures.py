"""Charts and tables of results: the figure, its caption, its numbers, and the file of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.charts.style import CONFIG, Chart
from core.services.result_rows import csv_text
from pages.widgets import look
from pages.widgets.words import plain

LONG = 60


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


def download(rows: Sequence[Mapping[str, Any]], file: str, key: str) -> None:
    """A button that hands out all rows, unrounded, as CSV."""
    st.download_button(
        "Download CSV", csv_text(rows), file_name=f"{file}.csv", mime="text/csv", key=key,
        on_click="ignore", icon=":material/download:", type="tertiary",
    )  # fmt: skip
