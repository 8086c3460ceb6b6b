"""The form of a study's protocol, beside its text."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.content.base import contents
from core.fields import Setting, settings_of
from core.protocol import Assignment, StudyProtocol
from core.questions.base import questions
from core.registry import Registry
from core.workers.base import workers
from pages.widgets import draft, form
from pages.widgets.words import plain

ABOUT = ("name", "title", "description", "guidelines")
DESIGNS = ("together", "each", "pairs")
DESIGN_WORDS = {
    "together": "all responses of an item together",
    "each": "each response by itself",
    "pairs": "every pair of responses",
}
ORDER_WORDS = (
    "shared: everyone in the order imported; shuffled: everyone in one random order; "
    "per_rater: each in a random order of their own. The others draw units with a stored "
    "probability: random, least covered, most uncertain, where a jury or people and models differ, "
    "or duels of sources. Checks, reveals and experiments are set in the file."
)
STARTS: Mapping[str, Mapping[str, Any]] = {
    "label": {"labels": {"good": "", "bad": ""}},
    "rating": {"anchors": {1: "worst", 5: "best"}},
    "span": {"types": {"error": "", "doubtful": ""}},
    "multilabel": {"labels": {"one": "", "another": ""}},
    "checklist": {"lines": {"the first line": "", "the second line": ""}},
    "segments": {
        "questions": [
            {
                "kind": "label",
                "name": "verdict",
                "title": "Is it right?",
                "labels": {"right": "", "wrong": ""},
            }
        ]
    },
}


def protocol_form(data: Mapping[str, Any], *, new: bool) -> None:
    """Draw the form of the draft, whose text reads as `data`."""
    about, material, asked, judges, policy = st.tabs(
        ["About", "Material", "Questions", "Workers", "Policy"]
    )
    with about:
        known = {s.name: s for s in settings_of(StudyProtocol)}
        shown = [known[name] for name in (ABOUT if new else ABOUT[1:])]
        form.settings_form([], shown, data)
    with material:
        _material(data)
    with asked:
        _parts("questions", questions, data, "question")
    with judges:
        st.caption("Models and rules that judge the same units. Start them on the page Model runs.")
        _parts("workers", workers, data, "worker")
    with policy:
        st.caption(ORDER_WORDS)
        form.settings_form(["assignment"], settings_of(Assignment), _mapping(data, "assignment"))


def _mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _material(data: Mapping[str, Any]) -> None:
    """The fields of an item, the kind of its responses, and what one screen shows."""
    fields = {str(n): str(k) for n, k in (_mapping(data, "fields") or {"prompt": "text"}).items()}
    st.caption("The fields of an item, and what kind of content each holds.")
    for place, (name, kind) in enumerate(fields.items()):
        _field(fields, place, name, kind)
    if st.button("Add a field", key=form.slot(["field-add"]), icon=":material/add:"):
        draft.reshape("fields", {**fields, _unused("field", fields): "text"})
        st.rerun()
    kinds = tuple(contents)
    response = Setting("responses", "choice", "text", False, "kind of each response", kinds)
    form.settings_form([], [response], data)
    if isinstance(data.get("units"), Mapping):
        st.caption("What one screen shows differs by item: set in the file under units.")
        return
    design = Setting("units", "choice", "together", False, "", DESIGNS)
    form.settings_form([], [design], data)
    st.caption(" · ".join(f"{name}: {meaning}" for name, meaning in DESIGN_WORDS.items()))


def _field(fields: Mapping[str, str], place: int, name: str, kind: str) -> None:
    kinds = list(contents)
    rename, retype = form.slot(["field", place, "name"]), form.slot(["field", place, "kind"])
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"material-{place}"):
        st.text_input(
            "Field", name, key=rename, on_change=_refield, args=(fields, place, rename, retype)
        )
        st.selectbox(
            "Kind", kinds, kinds.index(kind) if kind in kinds else None, key=retype,
            on_change=_refield, args=(fields, place, rename, retype),
        )  # fmt: skip
        st.button(
            "Remove", key=form.slot(["field", place, "remove"]), on_click=draft.reshape,
            args=("fields", {n: k for n, k in fields.items() if n != name}),
            disabled=len(fields) == 1,
        )  # fmt: skip


def _refield(fields: Mapping[str, str], place: int, rename: str, retype: str) -> None:
    rows = list(fields.items())
    name = st.session_state[rename].strip() or rows[place][0]
    rows[place] = (name, st.session_state[retype] or rows[place][1])
    draft.reshape("fields", dict(rows))


def _unused(stem: str, taken: Any) -> str:
    return next(n for n in (f"{stem}{i}" for i in range(1, 1000)) if n not in taken)


def _parts(slot: str, registry: Registry[Any], data: Mapping[str, Any], noun: str) -> None:
    """The questions or workers of the draft: one panel each, and a button to add one."""
    rows = data.get(slot)
    rows = [r for r in rows if isinstance(r, Mapping)] if isinstance(rows, list) else []
    for place, row in enumerate(rows):
        title = plain(str(row.get("title") or row.get("name") or f"{noun} {place + 1}"))
        with st.expander(f"{title} ({plain(str(row.get('kind', '?')))})"):
            if row.get("kind") in registry:
                settings = settings_of(registry[row["kind"]])
                form.settings_form([slot, place], settings, row)
            _move(slot, rows, place)
    _add(slot, registry, rows, noun)


def _move(slot: str, rows: list[Any], place: int) -> None:
    """Buttons that move a part up or take it away."""
    up = [*rows[: place - 1], rows[place], rows[place - 1], *rows[place + 1 :]] if place else rows
    away = [*rows[:place], *rows[place + 1 :]]
    with st.container(horizontal=True, key=form.slot([slot, place, "moves"])):
        st.button(
            "Move up", key=form.slot([slot, place, "up"]), on_click=draft.reshape,
            args=(slot, up), disabled=place == 0, icon=":material/arrow_upward:",
        )  # fmt: skip
        st.button(
            "Remove", key=form.slot([slot, place, "away"]), on_click=draft.reshape,
            args=(slot, away), icon=":material/delete:",
        )  # fmt: skip


def _add(slot: str, registry: Registry[Any], rows: list[Any], noun: str) -> None:
    taken = {row.get("name") for row in rows}
    with st.container(horizontal=True, vertical_alignment="center", key=form.slot([slot, "adds"])):
        st.caption(f"Add a {noun}:", width="content")
        for kind in registry:
            name = _unused(f"{kind}_" if slot == "questions" else kind, taken)
            fresh = {"kind": kind, "name": name, "title": f"New {kind}", **STARTS.get(kind, {})}
            st.button(
                kind, key=form.slot([slot, "add", kind]), on_click=draft.reshape,
                args=(slot, [*rows, fresh]),
            )  # fmt: skip
