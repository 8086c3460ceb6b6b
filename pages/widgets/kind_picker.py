"""Choosing the kind of a worker: grouped by what it does, each kind in one line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.services import drafts
from core.workers.base import Worker, workers
from pages.widgets.form import Form
from pages.widgets.offers import raters_of

GROUPS = {
    "judge": "Models that judge",
    "write": "Models that write",
    "rule": "Rules, without a model",
    "panel": "Panels and stand-ins",
}
FIRST = ("judge", "generate", "rules", "jury")


def group_of(kind: type[Worker]) -> str:
    """The group of a kind of worker: by who answers, and whether it answers or writes."""
    sample = kind.sample()
    if kind.rater == "panel" or kind.simulated:
        return "panel"
    if not sample.needs_model():
        return "rule"
    return "write" if sample.writes else "judge"


def grouped() -> dict[str, list[str]]:
    """The kinds of each group."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for kind in [*FIRST, *(kind for kind in workers if kind not in FIRST)]:
        found[group_of(workers[kind])].append(kind)
    return found


def in_one_line(kind: str) -> str:
    """What a kind of worker does: the first sentence that its class says of itself."""
    said = " ".join((workers[kind].__doc__ or "").split())
    return re.split(r"(?<=[.;:]) ", said)[0].rstrip(".;:").replace("`", "")


def explanation(model: type) -> str:
    """What the class says of itself, as paragraphs."""
    said = (model.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in said)


def pick(key: str) -> str:
    """The kind chosen, out of a group chosen."""
    found = grouped()
    group = st.segmented_control(
        "What it does", list(GROUPS), format_func=GROUPS.__getitem__, default="judge",
        required=True, key=f"{key}-group",
    )  # fmt: skip
    return st.selectbox(
        "Kind", found[group or "judge"], key=f"{key}-kind-{group or 'judge'}",
        format_func=lambda kind: f"{kind}: {in_one_line(kind)}",
    )  # fmt: skip


def add_worker(form: Form, found: Sequence[Any]) -> None:
    """Choose the kind of a further worker, and add it."""
    rows = [row for row in found if isinstance(row, Mapping)]
    with st.container(border=True, key="worker-add"):
        st.markdown("**Add a worker**", anchors=False)
        kind = pick("worker-add")
        taken = [str(row.get("name")) for row in rows]
        start = drafts.fresh_worker(kind, taken, place_of(rows), raters_of(rows))
        st.button(
            "Add", key=form.slot(["workers", "add"]), icon=":material/add:",
            on_click=form.draft.reshape, args=(("workers",), [*found, start]),
        )  # fmt: skip


def place_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The endpoint of the last worker that has one, to begin the next one with."""
    last = next((row for row in reversed(rows) if row.get("model")), {})
    return {name: last[name] for name in drafts.PLACE if name in last}
