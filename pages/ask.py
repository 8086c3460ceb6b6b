"""Ask: questions over the study's own data, with the query that answers them."""

from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.calls import CallFailed
from core.charts.asked import asked
from core.protocol import explain
from core.query import Found
from core.services import asking
from core.services.access import Denied
from core.services.studies import Refused, Study
from core.units import Invalid
from core.workers.ask import Answered, Ask
from pages.widgets import figures, identity, look, workspace
from pages.widgets.inert import inert
from pages.widgets.speech import speaking
from pages.widgets.words import plain

OTHER, OWN = "Another model", "My own query"
WRONG = (Invalid, Refused, Denied, CallFailed)

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


def asker(study: Study) -> Ask | str | None:
    """The worker that is asked, `OWN` for one's own query; None while the form is not complete."""
    known = {worker.name: worker for worker in asking.askers(study)}
    name = st.selectbox("Who writes the query", [OWN, *known, OTHER], key="ask-worker")
    if name != OTHER:
        return known.get(name, OWN)
    one, two, three = st.columns(3)
    given = {
        "base_url": one.text_input("Base URL", key="ask-url", placeholder="http://host:8000/v1"),
        "model": two.text_input("Model", key="ask-model"),
        "key": three.text_input(
            "Name of the key", key="ask-key",
            help="The NAME of an environment variable or secret, never the key itself.",
        ),
    }  # fmt: skip
    if not (given["base_url"] and given["model"]):
        st.caption("Base URL and model are needed.")
        return None
    try:
        return Ask(name="asker", **given)
    except ValidationError as error:
        st.error(plain(explain(error)))
        return None


def found_by(study: Study, made: Ask | str) -> None:
    """Ask, and keep what came of it for this session."""
    words = str(st.session_state.get("ask-words") or "")
    try:
        found: Any = (
            asking.ask(db, who, study.key, made, words) if isinstance(made, Ask)
            else asking.query(db, who, study.key, words)
        )  # fmt: skip
    except WRONG as error:
        st.session_state["ask-found"] = (study.key, words, str(error))
        return
    st.session_state["ask-found"] = (study.key, words, found)


def show(found: Found, drawing: dict[str, str]) -> None:
    """The query, its rows, and the drawing where there is one."""
    st.code(found.sql, language="sql")
    if not found.rows:
        st.caption("The query gave no rows.")
        return
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    if drawing:
        figures.chart(asked(found, drawing), "ask-chart")
    figures.table(rows, "ask-rows", f"{len(rows)} rows of {', '.join(found.columns)}")
    more = "; there are more, which are not shown" if found.more else ""
    look.caption(f"{len(rows):,} rows in {found.seconds:.2f} s{more}.")
    figures.download(rows, "answer", "ask-download")


look.header(said("page_ask"), study, who)
if study is None:
    look.no_study()
elif not who.may("see_results"):
    st.info(said("ask_is_for"))
else:
    st.caption(
        "A query runs on a copy that can only be read, with people numbered. A model is shown the "
        "tables' columns, the values of short ones, and at most thirty rows of the result."
    )
    made = asker(study)
    if made is not None:
        with st.form("ask-form", border=False):
            st.text_area(
                "Query (one SELECT)" if made == OWN else "Question", key="ask-words", height=110
            )
            if st.form_submit_button("Run" if made == OWN else "Ask", type="primary"):
                found_by(study, made)
    with st.expander("What can be asked", key="ask-tables"):
        if st.toggle("Show the tables", key="ask-described"):
            st.code(asking.described(db, who, study.key), language=None)
    kept = st.session_state.get("ask-found")
    if kept and kept[0] == study.key:
        if isinstance(kept[2], str):
            st.error(plain(kept[2]))
        elif isinstance(kept[2], Answered):
            st.markdown(inert(kept[2].words), anchors=False)
            show(kept[2].found, dict(kept[2].drawing))
        else:
            show(kept[2], {})
