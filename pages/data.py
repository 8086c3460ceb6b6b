"""Data: bring files in, take results out."""

from typing import Any

import streamlit as st

from core.imports.base import ImportFailed
from core.imports.mapping import MappingError
from core.protocol import ProtocolError
from core.services import exports, paired, studies, transfer
from core.services.exports import Choice
from core.services.studies import NoStudy, Refused
from core.ui import Recorder
from core.units import Invalid
from pages.widgets import bench, identity, look, workspace
from pages.widgets.inert import inert
from pages.widgets.speech import speaking
from pages.widgets.ui import StreamlitUi, show_material
from pages.widgets.words import plain

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()
WRONG = (MappingError, ProtocolError, NoStudy, Refused, Invalid)


def import_panel() -> None:
    """Upload, map, look, import."""
    done = st.session_state.pop("data-done", None)
    if done:
        report(done)
    files = bench.files()
    if not files:
        st.caption(
            "Give one file, or several that share key columns: items in one, judgments in others. "
            "A file that Concord exported as JSON lines needs no mapping."
        )
        return
    try:
        taken = bench.target(db, who, study)
        plan = bench.mapping(files, taken)
        into = taken.key if taken else None
        if taken is None:
            bench.names_another(db, who, plan)
        found = bench.previewed(db, who, files, plan, into)
    except WRONG as error:
        st.error(plain(str(error)))
        return
    except ImportFailed as error:
        problems(error.problems)
        return
    if found.problems:
        problems(found.problems)
    else:
        look_at(found)
        st.button(
            "Import", type="primary", key="data-import", on_click=bring, args=(files, plan, into),
            disabled=not (found.new_items or found.new_judgments),
        )  # fmt: skip
        if not (found.new_items or found.new_judgments):
            st.caption("Everything in these files is in the study already.")


def bring(files: Any, plan: Any, into: str | None) -> None:
    """Import; what came of it is shown at the next run."""
    try:
        found = transfer.run_import(db, who, files, plan, into)
    except (*WRONG, ImportFailed) as error:
        st.session_state["data-done"] = str(error)
        return
    workspace.choose(found.study)
    st.session_state["data-done"] = found
    bench.clear()


def report(done: Any) -> None:
    """What an import did, and where to go next."""
    if isinstance(done, str):
        st.error(plain(done))
        return
    st.success(plain(done.words().capitalize()) + ".")
    if done.new_judgments and st.button("See how far raters agree", key="data-next"):
        st.switch_page("agreement.py")
    else:
        state = studies.load(db, done.study).state
        if state == "draft" and st.button("Open it on the Studies page", key="data-open"):
            st.switch_page("studies.py")


def problems(found: Any) -> None:
    """What is wrong, one row per place."""
    more = " The first twenty are shown." if len(found) >= 20 else ""
    many = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    st.error(f"Nothing can be imported yet: {many}.{more}")
    st.dataframe(
        [
            {"file": p.place.file, "line": p.place.line or None, "column": p.column,
             "expected": p.expected, "found": p.found}
            for p in found
        ],
        key="data-problems", hide_index=True, width="stretch",
    )  # fmt: skip


def look_at(found: Any) -> None:
    """Counts, and the first units as people will see them."""
    gone = sum(found.missing.values())
    look.stats(
        [
            {"label": "Items", "value": f"{found.items:,}", "note": f"{found.new_items:,} new"},
            {"label": "Judgments", "value": f"{found.judgments:,}",
             "note": f"{found.new_judgments:,} new"},
            {"label": "Raters", "value": f"{len(found.raters):,}"},
            {"label": "Known answers", "value": f"{found.gold:,}"},
            {"label": "Empty cells left out", "value": f"{gone:,}"},
        ],
        key="data",
    )  # fmt: skip
    if found.raters:
        who_judged = ", ".join(f"{plain(r)} ({n:,})" for r, n in list(found.raters.items())[:12])
        st.caption(f"Judgments by {who_judged}")
    if found.missing:
        listed = ", ".join(f"{plain(c)} ({n:,})" for c, n in found.missing.items())
        st.caption(f"Empty or mapped to nothing: {listed}")
    lacking(found)
    if found.units:
        st.markdown("**The first units as people will see them**", anchors=False)
        for place, unit in enumerate(found.units):
            with st.expander(inert(plain(unit.key)), expanded=place == 0):
                show_material(StreamlitUi(f"preview{place}"), unit)
                for question in unit.questions:
                    if question.name in unit.gold:
                        words = question.describe(unit.gold[question.name], unit)
                        st.caption(f"Known answer to {plain(question.name)}: {plain(words)}")


def lacking(found: Any) -> None:
    """What the first units lack: fields that the study shows, and what its questions need."""
    shown = {name for unit in found.units for name in unit.fields}
    empty = [name for name in found.protocol.fields if name not in shown] if found.units else []
    wrong = [f"Nothing fills the field {name}." for name in empty]
    for unit in found.units:
        for question in unit.questions:
            try:
                question.ask(Recorder(), unit)
            except Invalid as error:
                wrong.append(f"{unit.key}: “{question.title}” can’t be asked: {error.message}.")
    if wrong:
        listed = "\n".join(f"- {plain(line)}" for line in dict.fromkeys(wrong))
        st.warning(
            "Material can’t be replaced once it is in. In the first units:\n\n" + listed,
            icon=":material/warning:",
        )  # fmt: skip


def export_panel() -> None:
    """A format, its first lines, and the download."""
    if study is None:
        look.no_study("no_study_data", key="export")
        return
    kinds = exports.formats()
    name = st.selectbox(
        "Format", list(kinds), format_func=lambda k: kinds[k].title, key="export-format"
    )
    names = who.may("administer") and st.toggle(
        "Keep people's names", key="export-names", help="Without it people are person-1, person-2…"
    )
    rater = question = ""
    if name == "preference":
        pairwise = {q.name: q.title for q in study.protocol.questions if q.kind == "pairwise"}
        if len(pairwise) > 1:
            question = st.selectbox(
                "Question", list(pairwise), format_func=pairwise.get, key="export-question"
            )
        rater = st.text_input(
            "Rater who decides (optional)", key="export-rater",
            help="Else the adjudicated answer, else the majority of people.",
        ).strip()  # fmt: skip
    choice = Choice(name, bool(names), question=question, rater=rater)
    try:
        lines = exports.first_lines(db, who, study.key, choice)
    except Invalid as error:
        st.info(f"{plain(error.message).capitalize()}.")
        return
    if not lines:
        st.info("There is nothing of this kind in the study yet.")
        return
    st.code("".join(line[:600] for line in lines), language=None, wrap_lines=True)
    st.caption("The first lines. In CSV, texts that a spreadsheet would run get a leading '.")
    st.download_button(
        "Download", data=lambda: bench.download(db, who, study.key, choice),
        file_name=f"{study.key}-{name}{kinds[name].suffix}", mime=kinds[name].mime,
        key="export-download", type="primary", on_click="ignore",
    )  # fmt: skip


def pairs_made(key: str) -> None:
    """Which pairs the study's rule has made, and the items that it passed by, with the reason."""
    found = paired.chosen(db, who, key)
    if found is None:
        return
    taken = ", ".join(f"{n:,} by {rule}" for rule, n in found.taken.items() if n) or "none yet"
    st.caption(
        f"Pairs: {taken}; {found.audit:,} drawn for the audit; {found.left:,} left out at the last "
        "look."
    )
    if found.passed_by:
        many = len(found.passed_by)
        st.warning(
            "1 item has no pairs." if many == 1 else f"{many:,} items have no pairs.",
            icon=":material/warning:",
        )
        st.dataframe(
            [{"item": item, "why": why} for item, why in list(found.passed_by.items())[:200]],
            key="data-passed-by", hide_index=True, width="stretch",
        )  # fmt: skip


look.header(said("page_data"), study, who)
if not who.may("transfer"):
    look.empty_state(said("not_your_role"), said("not_your_role_more"))
else:
    if study is not None:
        pairs_made(study.key)
    bring_in, take_out = st.tabs(["Import", "Export"])
    with bring_in:
        import_panel()
    with take_out:
        export_panel()
