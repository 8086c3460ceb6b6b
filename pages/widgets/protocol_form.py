"""The form of a study's protocol, beside its text."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.fields import Setting, settings_of
from core.protocol import StudyProtocol
from core.questions.base import questions
from core.workers.base import workers
from pages.widgets.form import Form
from pages.widgets.form_rows import adds, moves, part, settings_form
from pages.widgets.kind_picker import add_worker, explanation
from pages.widgets.material_form import material
from pages.widgets.words import plain

ABOUT = ("name", "title", "description", "guidelines", "examples", "consent", "sensitive",
         "language")  # fmt: skip
POLICIES = {
    "assignment": "Who gets what next", "reveal": "What people see of the models",
    "checks": "Checks: known answers, attention, units again, rounds",
    "experiment": "Experiment: arms that see or are asked different things",
    "questionnaire": "Questionnaire: questions about the person",
}  # fmt: skip
RESULTS = ("statistics", "exports")
KNOWN: Mapping[str, Setting] = {s.name: s for s in settings_of(StudyProtocol)}


def protocol_form(form: Form, data: Mapping[str, Any], *, new: bool) -> None:
    """Draw the form of the draft, whose text reads as `data`."""
    about, stuff, asked, judges, policy = st.tabs(
        ["About", "Material", "Questions", "Workers", "Policy"]
    )
    with about:
        settings_form(form, (), [KNOWN[name] for name in (ABOUT if new else ABOUT[1:])], data)
    with stuff:
        material(form, data, KNOWN)
    with asked:
        form.say(("questions",))
        found = _panels(form, "questions", data)
        adds(form, ("questions",), list(questions), found)
    with judges:
        st.caption("Models and rules that judge the same units. Start them on the page Model runs.")
        form.say(("workers",))
        add_worker(form, _panels(form, "workers", data))
    with policy:
        for name, title in POLICIES.items():
            _policy(form, data, name, title)
        with st.expander("Results: statistics and exports"):
            settings_form(form, (), [KNOWN[name] for name in RESULTS], data)


def _policy(form: Form, data: Mapping[str, Any], name: str, title: str) -> None:
    """One policy: what it is about, in the words of its class, and its settings."""
    [model] = KNOWN[name].models
    with st.expander(title, expanded=name == "assignment"):
        st.caption(explanation(model))
        settings_form(form, (), [KNOWN[name]], data)


def _panels(form: Form, slot: str, data: Mapping[str, Any]) -> Sequence[Any]:
    """The questions or workers of the draft: one panel each."""
    found = data.get(slot)
    found = list(found) if isinstance(found, list) else []
    registry = questions if slot == "questions" else workers
    for place, row in enumerate(found):
        given = row if isinstance(row, Mapping) else {}
        title = plain(str(given.get("title") or given.get("name") or f"{slot} {place + 1}"))
        label = f"{title} ({plain(str(given.get('kind', '?')))})"
        with st.expander(label, key=f"panel-{slot}-{place}"):
            part(form, (slot, place), registry, given)
            moves(form, (slot,), found, place)
    return found
