"""The app: `streamlit run app.py`.

The script that runs for each visitor is pages/main.py. It lies inside pages/ because a main script
beside a pages/ folder would make the server show that folder's files by itself until somebody has
opened the front page.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from core.garbage import collected_seldom
from core.services.store import Behind, Unavailable
from pages.widgets.speech import speaking

log = logging.getLogger("concord")


def explain(error: Exception) -> bool:
    """Say on the page that something broke, and log its kind and place.

    The log keeps no message: it may hold what people wrote.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
    log.error("%s at %s", type(error).__name__, where)
    said = speaking()
    if isinstance(error, Unavailable | Behind):
        st.error(said("step_not_stored", why=said.of(error)))
        return True
    st.error(said("page_broke", error=type(error).__name__, where=where))
    return True


@asynccontextmanager
async def serving(_app: st.App) -> AsyncIterator[None]:
    """As long as the app serves, garbage is collected seldom."""
    with collected_seldom():
        yield


app = st.App(Path(__file__).parent / "pages" / "main.py", lifespan=serving, on_script_error=explain)
