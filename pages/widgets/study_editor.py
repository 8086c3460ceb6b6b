"""Writing a study: form beside file, what is wrong, what saving would do, and a preview."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.protocol import StudyProtocol
from core.services import admission, drafts, studies, unit_preview
from core.services.access import Identity
from core.services.drafts import Problem
from core.services.store import Database
from core.services.studies import Edit, Refused
from core.units import Invalid
from pages.widgets import look, workspace
from pages.widgets.draft import STUDY
from pages.widgets.form import Form
from pages.widgets.offers import offers
from pages.widgets.protocol_form import protocol_form
from pages.widgets.ui import StreamlitUi, ask, show_material
from pages.widgets.words import plain


def editor(db: Database, who: Identity, now: dict[str, Any]) -> None:
    """The whole editor of the session's draft."""
    protocol, problems = drafts.examine(now["text"])
    _verdict(db, who, now, protocol, problems)
    form_side, file_side = st.columns([11, 9], gap="medium")
    with file_side:
        _file(now)
    with form_side:
        data = drafts.read(now["text"])
        if data is None:
            st.warning("The file can't be read as YAML. Mend it first; then the form comes back.")
        else:
            protocol_form(Form(STUDY, problems, offers(data)), data, new=now["key"] is None)
    if protocol is not None:
        _preview(db, who, now, protocol)
    _bar(db, who, now, protocol)


def _file(now: dict[str, Any]) -> None:
    """The protocol's text; what is typed here moves the form, and the other way round."""
    st.session_state["draft-file"] = now["text"]
    st.text_area(
        "The same study as a file (YAML)", key="draft-file", height=560, on_change=_typed,
        help="Press Ctrl+Enter, or leave the field, to take the change over into the form.",
    )  # fmt: skip
    name = (drafts.read(now["text"]) or {}).get("name", "study")
    st.download_button("Download", now["text"], f"{name}.yaml", "text/yaml", key="draft-download")


def _typed() -> None:
    STUDY.retype(st.session_state["draft-file"])


def _verdict(
    db: Database, who: Identity, now: dict[str, Any], protocol: StudyProtocol | None,
    problems: Sequence[Problem],
) -> None:  # fmt: skip
    """What keeps the draft from being saved, or what saving does."""
    if problems:
        st.error("Not ready to save:\n\n" + "\n".join(f"- {plain(p.line)}" for p in problems))
    elif protocol is not None and now["key"] is not None:
        st.info(consequences(studies.preview_edit(studies.load(db, now["key"]), protocol)))
        for warning in admission.warnings(db, who, now["key"], protocol):
            st.warning(plain(warning), icon=":material/warning:")
    if now["error"]:
        st.error(plain(now["error"]))


def _bar(db: Database, who: Identity, now: dict[str, Any], protocol: StudyProtocol | None) -> None:
    """Save or leave, always in view."""
    with st.container(key="action-bar-draft", horizontal=True):
        label = "Create the study" if now["key"] is None else "Save a new version"
        st.button("Leave without saving", key="draft-drop", on_click=STUDY.drop)
        st.button(
            label, key="draft-save", type="primary", disabled=protocol is None, on_click=_save,
            args=(db, who, protocol),
        )  # fmt: skip


def consequences(edit: Edit) -> str:
    """What saving would do to the answers there are, in plain words."""
    if not edit.answers:
        return "No answers yet: every question may still change freely."
    parts = [f"The log holds {edit.answers:,} entries; all of them stay."]
    for names, words in (
        (edit.kept, "still count"),
        (edit.anew, "start without answers, because the wording is new"),
        (edit.dropped, "are no longer asked; their answers stay in the log"),
    ):
        if names:
            parts.append(f"**{plain(', '.join(names))}**: {words}.")
    return " ".join(parts)


def _save(db: Database, who: Identity, protocol: StudyProtocol) -> None:
    """Create or edit; on success the study is in hand and the draft is gone."""
    now = st.session_state[STUDY.slot]
    try:
        if now["key"] is None:
            saved = studies.create(db, who, protocol)
        else:
            saved = studies.edit(db, who, now["key"], protocol, now["seen"])
    except Refused as error:
        now["error"] = str(error)
        return
    workspace.choose(saved.key)
    STUDY.drop()
    fresh = "" if now["key"] else " Next: bring its material in on the Data page."
    st.session_state["studies-said"] = f"Saved: {saved.title}, version {saved.version}.{fresh}"


def _preview(db: Database, who: Identity, now: dict[str, Any], protocol: StudyProtocol) -> None:
    """The unit as an annotator would see it; answers given here go nowhere."""
    with st.container(key="panel-preview", border=True):
        st.markdown("#### Preview", anchors=False)
        place = int(st.session_state.get("preview-place", 0))
        unit = unit_preview.preview(db, who, protocol, now["key"], place)
        made_up = unit.key == "example"
        look.caption("A made-up unit." if made_up else "A unit of this study, as people see it.")
        ui = StreamlitUi(f"preview-{now['turn']}", keys=False)
        show_material(ui, unit)
        try:
            ask(ui, unit, {})
        except Invalid as error:
            st.warning(plain(f"This unit can't be asked: {error}."))
        if not made_up:
            st.button("Another unit", key="preview-next", on_click=_next, args=(place,))


def _next(place: Any) -> None:
    st.session_state["preview-place"] = place + 1
