"""My work: one's own units and answers, the way back to each, and how one likes to work."""

import streamlit as st

from core.services import consent, history, preferences
from core.services.history import Entry
from core.services.studies import Study
from core.units import Invalid
from pages.widgets import desk, identity, look, texts, workspace
from pages.widgets.speech import speaking
from pages.widgets.words import capital, plain, sentence, short

COLOURS = {"pending": "gray", "draft": "orange", "submitted": "green", "skipped": "violet"}
SENSITIVE = ("cover", "show", "skip")
SAVED, LEFT = "work-saved", "work-left"
MOST, LONGEST = 12, 160  # answers of a unit, and letters of a title or an answer

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


def units(study: Study) -> None:
    """One's own units, filtered and searched."""
    found = history.counts(db, who, study.key)
    if not sum(found.values()):
        if look.empty_state(
            said("work_none"), said("work_none_more"), button=said("start_judging"),
            key="work-none",
        ):  # fmt: skip
            look.go("annotate")
        return
    with st.container(key="work-filters", horizontal=True, vertical_alignment="bottom"):
        status = st.segmented_control(
            said("work_status"), list(history.STATUSES), key="work-status",
            format_func=lambda s: f"{capital(said(f'status_{s}'))} {found[s]:,}",
        )  # fmt: skip
        text = st.text_input(
            said("work_search"), key="work-text", placeholder=said("work_search_in"), width=320
        )
    begun = st.session_state.setdefault("work-before", [])
    mark = (study.key, status, text)
    if st.session_state.get("work-mark") != mark:
        st.session_state.update({"work-mark": mark, "work-before": (begun := [])})
    page = history.mine(
        db, who, study.key, status=status or "", text=text,
        before=begun[-1] if begun else history.LAST, said=said.of,
    )  # fmt: skip
    for entry in page.entries:
        row(study, entry)
    if not page.entries:
        st.info(said("work_no_match"))
    with st.container(key="work-pages", horizontal=True):
        if begun:
            st.button(said("work_newer"), key="work-newer", on_click=begun.pop)
        if page.before:
            st.button(
                said("work_older"), key="work-older", on_click=begun.append, args=(page.before,)
            )


def row(study: Study, entry: Entry) -> None:
    """One unit: what it began with, what was answered, and the way back to it."""
    with st.container(key=f"row-work-{entry.place}", horizontal=True, vertical_alignment="center"):
        with st.container():
            status = said(f"status_{entry.status}")
            again = (
                "" if entry.stage == "first" else f":blue-badge[{said(f'stage_{entry.stage}')}] "
            )
            st.markdown(
                f"**{entry.place}** :{COLOURS[entry.status]}-badge[{status}] {again}"
                f"{plain(entry.excerpt)}",
                anchors=False,
            )
            st.caption(" · ".join([*answered(entry), plain(said.moment(entry.at))]))
        if st.button(
            said("work_open"), key=f"work-open-{entry.place}",
            help=said("work_unit", n=entry.place),
        ):  # fmt: skip
            desk.lay(db, who, study, entry.place)
            look.go("annotate")


def answered(entry: Entry) -> list[str]:
    """What was answered, each with the title of its question; the ends of long ones left out."""
    parts = []
    for title, words in entry.answers[:MOST]:
        asked, given = short(title, LONGEST), short(words, LONGEST)
        mark = "" if asked.endswith((".", "!", "?", "؟", "…", ":")) else ":"
        parts.append(f"{plain(asked)}{mark} **{plain(given)}**")
    if len(entry.answers) > MOST:
        parts.append(said.told("and {n} more", n=len(entry.answers) - MOST))
    return parts


def settings(study: Study) -> None:
    """Keys, language, and what is done with sensitive content."""
    present = preferences.load(db, who, study.key)
    with st.form("work-settings", border=True):
        st.markdown(f"#### {said('how_you_work')}", anchors=False)
        single = st.toggle(said("single_keys"), present.single_keys, help=said("single_keys_help"))
        language = st.selectbox(
            said("desk_language"), ["", *texts.languages()],
            index=["", *texts.languages()].index(present.language)
            if present.language in texts.languages() else 0,
            format_func=lambda code: texts.languages().get(code, said("as_study_says")),
        )  # fmt: skip
        sensitive = present.sensitive
        if study.protocol.sensitive:
            sensitive = st.radio(
                said("sensitive_content"), SENSITIVE, SENSITIVE.index(present.sensitive),
                format_func=lambda choice: said(f"sensitive_{choice}"),
            )  # fmt: skip
        st.caption(said("keys_rule"))
        with st.container(key="work-keys", horizontal=True):
            keys = {
                move: st.text_input(
                    said("show_covered" if move == "show" else move), present.keys[move],
                    key=f"key-{move}", width=130, max_chars=3,
                )
                for move in preferences.MOVES
            }  # fmt: skip
        changes = {"keys": keys, "single_keys": single, "language": language,
                   "sensitive": sensitive}  # fmt: skip
        if who.may("review"):
            changes["review"] = review_keys(present)
        with st.container(key="work-save", horizontal=True):
            saved = st.form_submit_button(said("save_settings"), type="primary")
            st.form_submit_button(
                said("keys_back"), on_click=keys_back, args=(study,), key="keys-back"
            )
        if saved:
            save(study, changes)


def review_keys(present: preferences.Preferences) -> dict[str, str]:
    """The keys of the Review page."""
    st.caption(said("review_keys"))
    with st.container(key="work-review-keys", horizontal=True):
        return {
            move: st.text_input(
                capital(said.told(move)), present.review[move], key=f"review-key-{move}",
                width=200, max_chars=3,
            )
            for move in preferences.REVIEWING
        }  # fmt: skip


def save(study: Study, changes: dict[str, object]) -> None:
    """Store the settings, or say which one cannot work."""
    try:
        preferences.save(db, who, study.key, changes)
    except Invalid as error:
        st.error(sentence(plain(said.of(error))))
        return
    desk.state(study, who)["settings"] = None
    st.session_state[SAVED] = True
    st.rerun()  # the language may be another one: the frame is drawn in it too


def leaving(study: Study) -> None:
    """Taking all answers back."""
    with st.container(key="panel-leave", border=True):
        st.markdown(f"#### {said('leave_title')}", anchors=False)
        st.markdown(said("leave_more"), anchors=False)
        sure = st.checkbox(said("leave_sure"), key="leave-sure")
        st.button(
            said("withdraw"), key="leave-go", disabled=not sure, on_click=leave, args=(study,)
        )  # fmt: skip
        count = st.session_state.pop(LEFT, None)
        if count is not None:
            st.success(said("withdrawn", n=f"{count:,}"))


def leave(study: Study) -> None:
    """Take all answers back; to do it once more, it has to be meant once more."""
    st.session_state[LEFT] = consent.withdraw(db, who, study.key)
    st.session_state["leave-sure"] = False
    desk.hold(desk.state(study, who), None)


def keys_back(study: Study) -> None:
    """Give every move its first key again."""
    changes = {"keys": preferences.MOVES, "review": preferences.REVIEWING}
    preferences.save(db, who, study.key, changes)
    desk.state(study, who)["settings"] = None
    for move, key in preferences.MOVES.items():
        st.session_state[f"key-{move}"] = key
    for move, key in preferences.REVIEWING.items():
        st.session_state[f"review-key-{move}"] = key
    st.session_state[SAVED] = True


look.header(said("page_work"), study, who)
if study is None:
    look.no_study()
else:
    now, how = st.tabs([said("work_units"), said("work_settings")])
    with now:
        units(study)
    with how:
        settings(study)
        if st.session_state.pop(SAVED, False):
            st.success(said("settings_saved"))
        leaving(study)
