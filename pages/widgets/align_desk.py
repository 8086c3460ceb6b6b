"""Aligning a judge on the page: lock, see what is wrong, make a version, compare, open the test."""

from datetime import datetime
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.protocol import explain
from core.services import alignment, judge_versions, runner_process, runs
from core.services.access import Denied, Identity
from core.services.studies import Refused, Study
from core.workers.judge import Judge
from pages.widgets import figures, look
from pages.widgets.database import db
from pages.widgets.ui import StreamlitUi, show_material
from pages.widgets.words import plain

SHOWN = 20
WORDS = {"train": "examples come from here", "dev": "versions are compared here",
         "test": "opened once, at the end"}  # fmt: skip


def align(who: Identity, study: Study, question: str) -> None:
    """The steps one under another; each says what it needs."""
    named = [w.name for w in study.protocol.workers if isinstance(w, Judge)]
    if not named:
        look.empty_state(
            "No judge to align", "Start a judge on the Model runs page, review what it says "
            "against people on the Review page, and come back.", button="Model runs", page="runs",
            key="align-none",
        )  # fmt: skip
        return
    if alignment.locked(db(), who, study.key, question) is None:
        _lock(who, study, question)
        return
    said = st.session_state.pop("align-said", None)
    if said:
        (st.success if said[0] else st.error)(plain(said[1]))
    _sizes(who, study, question)
    name = st.selectbox("Judge", named, key=f"align-judge-{study.key}", index=len(named) - 1)
    try:
        _misses(who, study, question, name)
        _revise(who, study, question, name)
        _compare(who, study, question, named)
        _test(who, study, question, named)
    except Refused as reason:
        st.info(plain(str(reason)))


def _do(action: Any, *args: Any, good: str, **options: Any) -> Any:
    """Do it, and keep what came of it for the next run of the page."""
    try:
        found = action(db(), *args, **options)
    except (Refused, Denied, ValidationError) as error:
        words = explain(error) if isinstance(error, ValidationError) else str(error)
        st.session_state["align-said"] = (False, words)
        return None
    st.session_state["align-said"] = (True, good)
    return found


def _lock(who: Identity, study: Study, question: str) -> None:
    st.markdown("#### First: lock the parts", anchors=False)
    st.markdown(
        "A judge that is tuned on the cases it is measured by looks better than it is. So the "
        "items are put into three parts once and for all: **train**, from which examples and edits "
        "are made; **dev**, on which versions are compared; **test**, which is opened once, at the "
        "end."
    )
    one, two = st.columns(2)
    train = one.slider("Train, %", 10, 80, 40, key="align-train")
    dev = two.slider("Dev, %", 10, 80, 40, key="align-dev")
    look.caption(f"Test: {100 - train - dev} %. The parts cannot be drawn again.")
    st.button(
        "Lock the parts", key="align-lock", type="primary", disabled=train + dev >= 100,
        on_click=lambda: _do(alignment.lock, who, study.key, question, train=train / 100,
                             dev=dev / 100, good="The parts are locked."),
    )  # fmt: skip


def _sizes(who: Identity, study: Study, question: str) -> None:
    found = judge_versions.sizes(db(), who, study.key, question)
    look.stats(
        [{"label": part.capitalize(), "value": f"{n:,}",
          "note": f"{decided:,} adjudicated; {WORDS[part]}"} for part, (n, decided) in
         found.items()], key="align-parts",
    )  # fmt: skip
    look.caption(
        "A judge is held against the answer that was decided on the Review page, and where nothing "
        "was decided against the majority of people. A unit on which people are split counts as "
        "soon as it is decided. Of a judge asked in both orders the study's own order counts."
    )


def _misses(who: Identity, study: Study, question: str, name: str) -> None:
    found = judge_versions.misses(db(), who, study.key, question, name)
    seen = alignment.compare(db(), who, study.key, question, [name])
    answered = seen.versions[0].percent.n
    st.markdown("#### What is misaligned on dev", anchors=False)
    if answered:
        look.caption(plain(
            f"{name} has answered {answered:,} of the {seen.units:,} dev units, {len(found):,} of "
            "them otherwise than was decided or most people say."
        ))  # fmt: skip
    else:
        look.caption(plain(f"{name} has answered no dev unit yet: let it, with the button below."))
    for miss in found[:SHOWN]:
        held = "decided" if miss.adjudicated else "people"
        with st.expander(plain(f"{miss.unit.key}: {held} {miss.truth}; {name} {miss.judge}")):
            show_material(StreamlitUi(f"miss{miss.unit_id}"), miss.unit)
            if miss.decided_why:
                st.caption("Note of who decided:")
                StreamlitUi(f"note{miss.unit_id}").prose(miss.decided_why)
            if miss.cause:
                st.caption(f"Cause given: {plain(miss.cause)}")
            st.caption(f"{plain(name)} said why:")
            StreamlitUi(f"why{miss.unit_id}").prose(miss.why or "nothing")
    if len(found) > SHOWN:
        look.caption(f"{len(found) - SHOWN} more are not shown.")
    st.button(
        "Let this judge answer dev", key="align-run", on_click=_run,
        args=(who, study, question, name, "dev"),
    )  # fmt: skip
    _under_way(who, study, name)


def _under_way(who: Identity, study: Study, name: str) -> None:
    """How far the judge's newest run is; once it is over the page is drawn anew."""
    own = next((r for r in runs.listing(db(), who, study.key) if r.worker == name), None)
    if own is None:
        return
    if not own.over:
        _live(who, own.id)
    elif own.state == "paused" or own.failed:
        st.warning(plain(
            f"Run {own.id} of {name} is {own.state}: {own.done:,} of {own.total:,} done, "
            f"{own.failed:,} failed. {own.message} See the Model runs page."
        ))  # fmt: skip


@st.fragment(run_every=2.0)
def _live(who: Identity, run: int) -> None:
    status = runs.status(db(), who, run)
    if status.over:
        st.rerun()
    done = status.done + status.failed + status.skipped
    st.progress(min(1.0, done / max(1, status.total)),
                text=f"Run {run}: {done:,} of {status.total:,} done")  # fmt: skip


def _run(who: Identity, study: Study, question: str, name: str, part: str) -> None:
    run = _do(judge_versions.run_part, who, study.key, question, name, (part,),
              good="The run has started; see it on the Model runs page.")  # fmt: skip
    if run is not None:
        st.session_state["run-shown"] = run
        runner_process.ensure(db())


def _revise(who: Identity, study: Study, question: str, name: str) -> None:
    st.markdown("#### Make another version", anchors=False)
    judge = next(w for w in study.protocol.workers if w.name == name)
    if not isinstance(judge, Judge):
        return
    decided = judge_versions.decisions(db(), who, study.key, question, name)
    words = {d.unit_id: f"{'✗ ' if d.wrong else ''}{d.unit.key}: {d.answer}"
             + (f" ({d.cause})" if d.cause else "") for d in decided}  # fmt: skip
    shown = {example.item for example in judge.examples}
    key = f"{study.key}-{question}-{judge.digest[:12]}"
    chosen = st.multiselect(
        "Examples, out of the adjudicated train cases", list(words), format_func=words.get,
        default=[d.unit_id for d in decided if d.item in shown], key=f"align-examples-{key}",
        help="✗ marks those that this judge gets wrong.",
    )  # fmt: skip
    text = st.text_area("Guidelines", judge.guidelines, key=f"align-words-{key}", height=180)
    edit = judge_versions.proposed_edit(decided)
    if edit:
        with st.expander("An edit made of the notes on train cases, to take over what fits"):
            st.code(edit, language=None, wrap_lines=True)
            st.button(
                "Put it under the guidelines", key="align-edit", disabled=edit in text,
                on_click=_take_over, args=(f"align-words-{key}", text, edit),
            )  # fmt: skip
    taken = [worker.name for worker in study.protocol.workers]
    proposed = judge_versions.next_name(name, taken)
    new = st.text_input("Name of the version", proposed, key=f"align-name-{key}", max_chars=120)

    def save() -> None:
        """The new version is the judge in hand from then on, and compared with the others."""
        made = _do(judge_versions.revise, who, study.key, question, name, new, guidelines=text,
                   examples=chosen, good=f"{new} is saved. Let it answer dev now.")  # fmt: skip
        if made is not None:
            st.session_state[f"align-judge-{study.key}"] = new
            beside = st.session_state.get(f"align-versions-{study.key}", [name])
            st.session_state[f"align-versions-{study.key}"] = [*beside, new]

    st.button("Save the version", key="align-save", type="primary", on_click=save)


def _take_over(place: str, text: str, edit: str) -> None:
    """The proposed lines below the guidelines, to be edited there."""
    st.session_state[place] = f"{text}\n\n{edit}".strip()


def _compare(who: Identity, study: Study, question: str, named: list[str]) -> None:
    st.markdown("#### Versions side by side, on dev", anchors=False)
    names = st.multiselect("Versions", named, named[-4:], key=f"align-versions-{study.key}")
    if not names:
        return
    seen = alignment.compare(db(), who, study.key, question, names)
    _table(judge_versions.figures(seen), "align-table")
    left = f"{len(seen.excluded)} dev items are examples of a version and are left out for all. "
    look.caption(
        f"{seen.units:,} units of dev, {seen.adjudicated:,} of them adjudicated. "
        + (left if seen.excluded else "No dev item is an example of a version. ")
        + "The last columns are over the units that all of these versions answered (but for those "
        "that answered none): compare there. "
        "Mended are those that the first of them got wrong and this one gets right; spoilt the "
        "other way round."
    )
    figures.download(judge_versions.figures(seen), f"{study.key}-{question}-versions", "align-csv")


def _table(rows: Any, key: str) -> None:
    lines = [
        {"Version": r["version"], "Criteria": r["digest"][:8], "Examples": str(r["examples"]),
         "Kappa": _cell(r, "kappa"), "Agreement": _cell(r, "agreement"),
         "n": f"{r['agreement_n']:,} of {r['units']:,}", "Kappa, same units":
         f"{_cell(r, 'kappa_shared')}, n = {r['kappa_shared_n']:,}",
         "Mended, spoilt": _changes(r)} for r in rows
    ]  # fmt: skip
    figures.table(lines, key, "Versions of a judge side by side")
    for note in dict.fromkeys(r["kappa_note"] for r in rows if r["kappa"] is not None):
        if note:
            look.caption(plain(f"{note[0].upper()}{note[1:]}."))


def _changes(row: Any) -> str:
    """What changed against the first version; looks at the test part once kept no such figures."""
    known = "mended" in row and row["kappa_shared_n"]
    return f"{row['mended']:,}, {row['spoilt']:,}" if known else "–"


def _cell(row: Any, name: str) -> str:
    if row[name] is None:
        return str(row[f"{name}_note"]) or "–"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    interval = f" [{low:.2f}, {high:.2f}]" if low is not None and high is not None else ""
    return f"{row[name]:.3f}{interval}"


def _test(who: Identity, study: Study, question: str, named: list[str]) -> None:
    st.markdown("#### The test part", anchors=False)
    seen = judge_versions.opening(db(), who, study.key, question)
    if seen is not None:
        when = datetime.fromtimestamp(seen.at / 1e6).strftime("%Y-%m-%d %H:%M")  # noqa: DTZ006
        look.caption(plain(f"Opened by {seen.by} on {when}. It cannot be opened again."))
        _table(seen.figures, "align-test-table")
        return
    names = st.multiselect("Versions to measure", named, key=f"align-final-{study.key}")
    with st.container(horizontal=True, key="align-test"):
        for name in names[:3]:
            st.button(f"Let {plain(name)} answer test", key=f"align-run-test-{name}",
                      on_click=_run, args=(who, study, question, name, "test"))  # fmt: skip
    sure = st.checkbox("I am done with tuning; this is the one look", key="align-sure")
    st.button(
        "Open the test part", key="align-open", disabled=not (names and sure),
        on_click=lambda: _do(judge_versions.open_test, who, study.key, question, names,
                             good="The test part is open."),
    )  # fmt: skip
