"""Time at work: shown in the browser, and what nobody was there for is told to the desk."""

from collections.abc import Callable

import streamlit as st

from pages.widgets.components import part

KEY = "timer"


def timer(label: str, on_idle: Callable[[float], None]) -> None:
    """Draw the clock of active time; `on_idle(seconds)` hears what has to be taken off.

    Idle is a page that is hidden for more than five seconds, or in view without a key, a click or a
    movement for a minute and a half. Working costs no message: only coming back from a pause does.
    """

    def heard() -> None:
        on_idle(idle())

    part("timer")(key=KEY, on_idle_change=heard, data={"key": KEY, "label": label})


def idle() -> float:
    """Seconds of idle time that came since this was last asked; 0 without any.

    The key that ends a pause may submit too, and its callback runs before the clock's.
    """
    state = st.session_state.get(KEY)
    told = state.get("idle") if isinstance(state, dict) else None
    total = told.get("total") if isinstance(told, dict) else None
    if not isinstance(total, int | float) or isinstance(total, bool):
        return 0.0
    known = st.session_state.get("timer-idle", 0.0)
    st.session_state["timer-idle"] = float(total)
    return float(total - known) if 0 < total - known < 86_400 else 0.0
