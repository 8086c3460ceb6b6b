"""My work: one's own units and answers, the way back to each, and how one likes to work."""

from datetime import datetime

import streamlit as st

from core.services import consent, history, preferences
from core.services.history import Entry
from core.services.studies import Study
from core.units import Invalid
from pages.widgets import desk, identity, look, texts, workspace
from pages.widgets.words import plain

COLOURS = {"pending": "gray", "draft": "orange", "submitted": "green", "skipped": "violet"}
MOVES = {
    "submit": "Submit", "back": "Back", "undo": "Undo", "skip": "Skip", "flag": "Flag",
    "comment": "Comment", "guidelines": "Guidelines", "show": "Show what is covered",
    "next_question": "Next question",
}  # fmt: skip
SENSITIVE = {
    "cover": "Cover it until I ask", "show": "Show it at once", "skip": "Pass such units by",
}  # fmt: skip

who = identity.who()
study = workspace.study_picker(who)
db = workspace.db()


def units(study: Study) -> None:
    """One's own units, filtered and searched."""
    found = history.counts(db, who, study.key)
    if not sum(found.values()):
        if look.empty_state(
            "Nothing of yours yet",
            "Units that you are given stand here, with your answers and a way back to each.",
            button="Start judging", key="work-none",
        ):  # fmt: skip
            look.go("annotate")
        return
    with st.container(key="work-filters", horizontal=True, vertical_alignment="bottom"):
        status = st.segmented_control(
            "Status", list(history.STATUSES), key="work-status",
            format_func=lambda s: f"{s.capitalize()} {found[s]:,}",
        )  # fmt: skip
        text = st.text_input(
            "Search", key="work-text", placeholder="in what was shown or answered", width=320
        )
    begun = st.session_state.setdefault("work-before", [])
    mark = (study.key, status, text)
    if st.session_state.get("work-mark") != mark:
        st.session_state.update({"work-mark": mark, "work-before": (begun := [])})
    page = history.mine(
        db, who, study.key, status=status or "", text=text,
        before=begun[-1] if begun else history.LAST,
    )  # fmt: skip
    for entry in page.entries:
        row(study, entry)
    if not page.entries:
        st.info("No unit of yours matches. Take the status or the search away to see all.")
    with st.container(key="work-pages", horizontal=True):
        if begun:
            st.button("Newer", key="work-newer", on_click=begun.pop)
        if page.before:
            st.button("Older", key="work-older", on_click=begun.append, args=(page.before,))


def row(study: Study, entry: Entry) -> None:
    """One unit: what it began with, what was answered, and the way back to it."""
    with st.container(key=f"row-work-{entry.place}", horizontal=True, vertical_alignment="center"):
        with st.container():
            when = datetime.fromtimestamp(entry.at / 1e6).strftime("%d %b, %H:%M")  # noqa: DTZ006
            st.markdown(
                f"**{entry.place}** :{COLOURS[entry.status]}-badge[{entry.status}] "
                f"{plain(entry.excerpt)}",
                anchors=False,
            )
            said = [f"{title}: {words}" for title, words in entry.answers.items()]
            st.caption(plain(" · ".join([*said, when])[:400]))
        if st.button("Open", key=f"work-open-{entry.place}", help=f"Unit {entry.place}"):
            desk.lay(db, who, study, entry.place)
            look.go("annotate")


def settings(study: Study) -> None:
    """Keys, language, and what is done with sensitive content."""
    present = preferences.load(db, who, study.key)
    with st.form("work-settings", border=True):
        st.markdown("#### How you work", anchors=False)
        single = st.toggle(
            "Answer by single keys", present.single_keys,
            help="Turn this off if single keys get in the way of how you use the browser.",
        )  # fmt: skip
        language = st.selectbox(
            "Language of the desk", ["", *texts.languages()],
            index=["", *texts.languages()].index(present.language)
            if present.language in texts.languages() else 0,
            format_func=lambda code: texts.languages().get(code, "As the study says"),
        )  # fmt: skip
        sensitive = present.sensitive
        if study.protocol.sensitive:
            sensitive = st.radio(
                "Sensitive content", list(SENSITIVE), list(SENSITIVE).index(present.sensitive),
                format_func=SENSITIVE.get,
            )  # fmt: skip
        st.caption("Keys: a letter (not C or R), or F2 to F12. Digits stay with the answers.")
        with st.container(key="work-keys", horizontal=True):
            keys = {
                move: st.text_input(title, present.keys[move], key=f"key-{move}", width=130,
                                    max_chars=3)
                for move, title in MOVES.items()
            }  # fmt: skip
        if st.form_submit_button("Save settings", type="primary"):
            save(study, {"keys": keys, "single_keys": single, "language": language,
                         "sensitive": sensitive})  # fmt: skip


def save(study: Study, changes: dict[str, object]) -> None:
    """Store the settings, or say which one cannot work."""
    try:
        preferences.save(db, who, study.key, changes)
    except Invalid as error:
        st.error(plain(error.message))
        return
    desk.state(study, who)["settings"] = None
    st.success("Saved. The desk follows from the next unit on.")


def leaving(study: Study) -> None:
    """Taking all answers back."""
    with st.container(key="panel-leave", border=True):
        st.markdown("#### Leave this study", anchors=False)
        st.markdown(
            "All your answers are withdrawn: they count no more, in any figure. That you had "
            "answered stays in the log, which is never rewritten. You may come back later.",
            anchors=False,
        )
        sure = st.checkbox("I want to withdraw all my answers", key="leave-sure")
        if st.button("Withdraw", key="leave-go", disabled=not sure):
            count = consent.withdraw(db, who, study.key)
            desk.hold(desk.state(study, who), None)
            st.success(f"{count:,} answers withdrawn.")


look.header("My work", study, who)
if study is None:
    look.empty_state("No study yet", "Create one on the Studies page, or bring data in.")
else:
    now, how = st.tabs(["Units", "Settings"])
    with now:
        units(study)
    with how:
        settings(study)
        leaving(study)
