"""Who is here. Locally a person picks a name; it is kept in the session and in the address."""

import streamlit as st

from core.services import people
from core.services.access import Identity
from core.units import Invalid
from pages.widgets.database import db
from pages.widgets.speech import speaking
from pages.widgets.words import plain, sentence

NAME = "who"
SHOWN = 24
NOBODY = Identity("")


def known() -> Identity | None:
    """The person at this browser, or None while no name is chosen. Draws nothing."""
    name = st.session_state.get("concord_who") or _from_address()
    if not name:
        return None
    st.session_state["concord_who"] = name
    if st.query_params.get(NAME) != name:
        st.query_params[NAME] = name
    return Identity(name)


def who() -> Identity:
    """The person at this browser; until a name is chosen the page shows that choice and stops."""
    person = known()
    if person is None:
        ask()
        st.stop()
    return person


def _from_address() -> str:
    try:
        return people.name(st.query_params.get(NAME, ""))
    except Invalid:
        return ""


def _refusal() -> str:
    """Why the name in the address is not taken; '' where there is none or it is good."""
    text = st.query_params.get(NAME, "")
    try:
        people.name(text.strip() or "nobody")
    except Invalid as error:
        return speaking().of(error)
    return ""


def become(name: str) -> None:
    """Take a name for this session."""
    st.session_state["concord_who"] = people.name(name)


def leave() -> None:
    """Forget the name, so that somebody else can work at this browser."""
    st.session_state.pop("concord_who", None)
    st.query_params.pop(NAME, None)


def ask() -> None:
    """Draw the choice of a name: those seen before, or a new one."""
    said = speaking()
    with st.container(key="who-card", border=True):
        st.markdown(f"#### {said('who_title')}", anchors=False)
        wrong = _refusal()
        if wrong:
            st.error(said("who_refused", why=wrong))
        st.caption(said("who_more"))
        _names(people.known(db()))
        with st.form("who-form", border=False):
            entered = st.text_input(said("who_name"), key="who-entered", max_chars=people.LONGEST)
            if st.form_submit_button(said("go_on"), type="primary"):
                _enter(entered)


def _names(found: list[str]) -> None:
    if not found:
        return
    st.caption(speaking()("who_before"))
    with st.container(horizontal=True, key="who-known"):
        for place, name in enumerate(found[:SHOWN]):
            st.button(plain(name), key=f"who-known-{place}", on_click=become, args=(name,))


def _enter(text: str) -> None:
    try:
        become(text)
    except Invalid as error:
        st.error(sentence(speaking().of(error)))
        return
    st.rerun()
