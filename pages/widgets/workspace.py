"""Where a page works: the database, and the study in hand."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.services import studies
from core.services.access import Identity
from core.services.studies import Study
from pages.widgets import identity, look
from pages.widgets.database import db
from pages.widgets.speech import speaking
from pages.widgets.words import plain

STUDY = "study"
LONGEST, OFFERED = 80, 24  # letters of an unknown name that are shown; studies that are offered
__all__ = ["choose", "db", "study_picker"]


def study_picker(who: Identity) -> Study | None:
    """The study in hand, chosen in the sidebar; None while there is none.

    The choice is kept in the session and in the address (`?study=`). Without one it is the demo
    study, else the newest that is not archived. Where the address names a study that there is not,
    the page says so, offers those there are, and stops.
    """
    rows = _rows(who)
    key = _chosen(rows)
    _sidebar(who, rows, key)
    if key is None and rows:
        _offer(rows)
        st.stop()
    if key is None:
        return None
    if st.query_params.get(STUDY) != key:
        st.query_params[STUDY] = key
    return studies.load(db(), key)


def in_hand(who: Identity) -> str | None:
    """The study that `study_picker` will find; draws nothing."""
    return _chosen(_rows(who))


def _rows(who: Identity) -> Sequence[Any]:
    return studies.names(db(), who)


def choose(key: str) -> None:
    """Take a study in hand, from the next run of the page on."""
    st.session_state["concord_study"] = key


def _chosen(rows: Sequence[Any]) -> str | None:
    known = [row.key for row in rows]
    alive = [row.key for row in rows if row.state != "archived"]
    named = [st.session_state.get("concord_study"), st.query_params.get(STUDY)]
    if named[1] and not any(key in known for key in named):
        return None
    found = next((key for key in (*named, "demo", *alive, *known) if key in known), None)
    if found:
        choose(found)
    return found


def _offer(rows: Sequence[Any]) -> None:
    """Say that the address names no study, and offer those there are."""
    said = speaking()
    look.header(said("no_such_study"))
    wanted = plain(st.query_params.get(STUDY, "")[:LONGEST])
    st.error(said("no_such_study_more", name=wanted))
    look.caption(said("studies_there_are"))
    titles = labels([row for row in rows if row.state != "archived"] or rows)
    with st.container(horizontal=True, key="studies-known"):
        for place, (key, title) in enumerate(list(titles.items())[:OFFERED]):
            st.button(plain(title), key=f"study-known-{place}", on_click=choose, args=(key,))
    if len(titles) > OFFERED:
        look.caption(said("studies_at_side"))


def _sidebar(who: Identity, rows: Sequence[Any], key: str | None) -> None:
    said = speaking()
    if rows:
        with st.sidebar, st.container(key="sidebar-study"):
            st.session_state["study-choice"] = key
            titles = labels([r for r in rows if r.state != "archived" or r.key == key])
            st.selectbox(
                said("study"), list(titles), key="study-choice", on_change=_picked,
                index=None if key is None else 0, placeholder=said("choose_study"),
                format_func=lambda k: titles.get(k, k),
            )  # fmt: skip
    if not who.name:
        return
    with st.sidebar, st.container(key="sidebar-who"):
        st.caption(said("judging_as", name=plain(who.name)))
        st.button(said("change_person"), key="who-leave", type="tertiary", on_click=identity.leave)


def labels(rows: Sequence[Any]) -> dict[str, str]:
    """What the picker shows of each study: title and state, and the name where titles are equal."""
    titles, said = [row.title for row in rows], speaking()
    found = {}
    for row in rows:
        facts = [row.key] * (titles.count(row.title) > 1)
        facts += [said.told(row.state)] * (row.state != "open")
        found[row.key] = f"{row.title} ({said('comma').join(facts)})" if facts else row.title
    return found


def _picked() -> None:
    choose(st.session_state["study-choice"])
