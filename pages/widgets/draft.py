"""The protocol being written in this session. Its text is the truth; the form changes the text."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.services import drafts

SLOT = "concord_draft"
Draft = dict[str, Any]


def begin(text: str, key: str | None = None, seen: int = 0) -> None:
    """Start writing: a new study, or a new version of the study `key` whose version was `seen`."""
    st.session_state[SLOT] = {"text": text, "key": key, "seen": seen, "turn": 0, "error": ""}


def current() -> Draft | None:
    """The draft of this session, or None."""
    return st.session_state.get(SLOT)


def drop() -> None:
    """Stop writing; what was not saved is gone."""
    st.session_state.pop(SLOT, None)


def retype(text: str) -> None:
    """Take the text as it was typed; the form is drawn anew from it."""
    draft = st.session_state[SLOT]
    draft["text"] = text
    draft["turn"] += 1
    draft["error"] = ""


def put(path: Sequence[str | int], value: Any) -> None:
    """Set one setting of the draft; None takes it out. The text follows."""
    data, draft = drafts.read(st.session_state[SLOT]["text"]) or {}, st.session_state[SLOT]
    holder: Any = data
    for step in path[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    if value is None and isinstance(holder, dict):
        holder.pop(path[-1], None)
    else:
        holder[path[-1]] = value
    draft["text"], draft["error"] = drafts.write(data), ""


def reshape(path: str, rows: Any) -> None:
    """Replace a whole list or mapping of the draft, and draw the form anew."""
    put([path], rows)
    st.session_state[SLOT]["turn"] += 1
