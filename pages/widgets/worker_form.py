"""The form of a new worker of any kind, its file beside it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.services import drafts
from core.services.studies import Study
from core.workers.base import Worker, workers
from pages.widgets.draft import WORKER
from pages.widgets.form import Form
from pages.widgets.form_rows import part
from pages.widgets.kind_picker import explanation, group_of, pick, place_of
from pages.widgets.offers import offers, raters_of
from pages.widgets.words import plain

PICKER = "run-new"


def new_worker(study: Study) -> Worker | None:
    """The worker that the form describes, once it is whole; None before."""
    known = study.protocol.data()
    kind = pick(PICKER)
    with st.expander(f"What {kind} does, and what its settings mean", key="run-new-about"):
        st.caption(explanation(workers[kind]))
    now = WORKER.now()
    if now is None or now["key"] != f"{study.key}/{kind}":
        rows = known.get("workers", [])
        taken = [str(row["name"]) for row in rows]
        begin(study, drafts.fresh_worker(kind, taken, place_of(rows), raters_of(rows)))
        now = st.session_state[WORKER.slot]
    worker, problems = drafts.examine_worker(now["text"], known)
    form_side, file_side = st.columns([11, 9], gap="medium")
    with file_side:
        _file(now["text"])
    with form_side:
        data = drafts.read(now["text"])
        if data is None:
            st.warning("The file can't be read as YAML. Mend it first; then the form comes back.")
        else:
            part(Form(WORKER, problems, offers(known)), (), workers, data)
    if worker is None:
        lines = "\n".join(f"- {plain(problem.line)}" for problem in problems)
        st.info(f"Before the exact prompt and the forecast can show, mend this:\n\n{lines}")
    return worker


def begin(study: Study, data: Mapping[str, Any]) -> None:
    """Start writing a worker of a study from these settings."""
    WORKER.begin(drafts.write(data), f"{study.key}/{data['kind']}")


def copy_of(study: Study, worker: Worker) -> None:
    """Start a new worker from one that there is, under a name of its own."""
    taken = {w.name for w in study.protocol.workers}
    name = next(n for n in (f"{worker.name} {i}" for i in range(2, 10_000)) if n not in taken)
    begin(study, {**worker.definition(), "name": name})
    group = group_of(type(worker))
    st.session_state[f"{PICKER}-group"] = group
    st.session_state[f"{PICKER}-kind-{group}"] = worker.kind


def _file(text: str) -> None:
    """The worker's text; what is typed here moves the form, and the other way round."""
    st.session_state["worker-file"] = text
    st.text_area(
        "The same worker as a file (YAML)", key="worker-file", height=420, on_change=_typed,
        help="As it stands under `workers` of the study. Press Ctrl+Enter, or leave the field, to "
        "take the change over into the form. A key is named here, never written.",
    )  # fmt: skip


def _typed() -> None:
    WORKER.retype(st.session_state["worker-file"])
