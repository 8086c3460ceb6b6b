"""Tools that make an answer in the browser: an order of responses, marked spans."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.widgets.components import part


def draw(
    tool: str, key: str, facts: Mapping[str, Any], value: Any, on_value: Callable[[Any], None]
) -> Any:
    """Draw a tool; returns the value that the desk has now.

    The browser keeps the answer in the making and sends it again until `value` equals it.
    """

    def heard() -> None:
        state = st.session_state.get(key)
        made = state.get("made") if isinstance(state, dict) else None
        if isinstance(made, dict):
            on_value(made.get("value"))

    data = {**facts, "key": key, "value": value}
    part(tool, "tool")(key=key, data=data, on_made_change=heard)
    return value
