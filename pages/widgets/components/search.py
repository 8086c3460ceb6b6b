"""A search field that finds while it is typed."""

import streamlit as st

from pages.widgets.components import part


def search(label: str, *, key: str) -> str:
    """Draw the field; returns what stands in it, a fifth of a second after the last key."""
    state = st.session_state.get(key)
    typed = state.get("text") if isinstance(state, dict) else None
    value = typed if isinstance(typed, str) else ""
    part("search")(
        key=key, data={"key": key, "label": label, "value": value}, on_text_change=_heard
    )
    return value


def _heard() -> None:
    """The page is drawn again by itself."""
