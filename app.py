"""The app: `streamlit run app.py`.

The script that runs for each visitor is pages/main.py. It lies inside pages/ because a main script
beside a pages/ folder would make the server show that folder's files by itself until somebody has
opened the front page.
"""

import logging
from pathlib import Path

import streamlit as st

log = logging.getLogger("concord")


def record(error: Exception) -> None:
    """Log what broke, by kind and place only: messages may hold what people wrote."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "unknown"
    log.error("%s at %s", type(error).__name__, where)


app = st.App(Path(__file__).parent / "pages" / "main.py", on_script_error=record)
