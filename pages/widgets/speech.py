"""The words that the pages speak in: found by the frame in `tongue.py`, used by all that draws."""

import streamlit as st

from pages.widgets.texts import Words, known

KEPT = "concord_language"


def keep(code: str) -> None:
    """Speak this language from now on, in this session; English where there is no catalogue."""
    st.session_state[KEPT] = known(code)


def speaking() -> Words:
    """The words of the language that the session speaks; the browser's before it is known."""
    return Words(st.session_state.get(KEPT) or st.context.locale or "en")
