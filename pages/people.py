"""People: who works on the study, how much, how well; work given, moved and taken away."""

from typing import Any

import streamlit as st

from core.services import admission, quality, team
from core.services.access import Denied
from core.services.quality import Quality
from core.services.studies import Refused, Study
from core.statistics.base import Estimate
from core.units import Invalid
from pages.widgets import figures, identity, look, workspace
from pages.widgets.speech import speaking
from pages.widgets.words import plain

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()
DONE = "people-done"


def board(study: Study, found: list[Quality]) -> None:
    """Everybody as one line each."""
    figures.table([cells(one, study) for one in found], "people-table", "People of this study")
    look.caption(
        "Known answers and rounds: the mean grade over all questions; an answer that is right in "
        "part counts in part. Asked again: the share answered the same. Attention: the share of "
        "items passed, wholly right. Each with its n, in units, and 95 % interval. Calibrations: "
        "how many came, and the agreement with others that brought the last. Nobody is shown "
        "their own line."
    )
    figures.download(list(quality.rows(found)), f"{study.key}-people", "csv-people")


def cells(one: Quality, study: Study) -> dict[str, str]:
    """One line of the table."""
    marks = ["paused"] * one.blocked + ["not admitted"] * one.failed
    line = {
        "Person": f"{one.name} ({', '.join(marks)})" if marks else one.name,
        "Waiting": f"{one.work.waiting:,}", "Answered": f"{one.work.answered:,}",
        "Late": f"{one.work.late:,}", "Skipped": f"{one.work.skipped:,}",
        "Seconds": "–" if one.seconds is None else f"{one.seconds:.1f}",
        "Known answers": words(one.gold), "Asked again": words(one.retest),
    }  # fmt: skip
    checks = study.protocol.checks
    if checks.attention_share:
        line["Attention"] = words(one.attention)
    for name, estimate in one.rounds.items():
        line[name.replace("_", " ").capitalize()] = words(estimate)
    if any(entry.kind == "calibration" for entry in checks.rounds):
        came = "" if one.drifted is None else f" (last at\u00a0{one.drifted:.2f})"
        line["Calibrations"] = f"{one.calibrations}{came}"
    if checks.minimum_seconds:
        line["Too fast"] = f"{one.hurried:,}"
    if one.arm or study.protocol.experiment.arms:
        line["Arm"] = one.arm or "–"
    return line


def words(estimate: Estimate) -> str:
    """An estimate with interval and n; a dash where there is nothing to count."""
    if estimate.value is None:
        return "–"
    bounds = ""
    if estimate.low is not None and estimate.high is not None:
        bounds = f" [{estimate.low:.2f},\u00a0{estimate.high:.2f}]"
    return f"{estimate.value:.2f}{bounds}, n\u00a0=\u00a0{estimate.n:,}"


def act(said: str, function: Any, *args: Any, **options: Any) -> None:
    """Do it, and say what came of it on the next run."""
    try:
        result = function(db, who, study.key, *args, **options)
    except (Invalid, Refused, Denied) as error:
        st.session_state[DONE] = ("error", str(error))
        return
    counts = result if isinstance(result, dict) else {}
    told = ", ".join(f"{name} {n}" for name, n in counts.items()) if counts else result
    st.session_state[DONE] = ("done", said.format(result=told))


def told() -> None:
    """What the last action came to."""
    kind, text = st.session_state.pop(DONE, ("", ""))
    if text:
        (st.error if kind == "error" else st.success)(plain(text))


def one_person(study: Study, found: list[Quality]) -> None:
    """What can be done about one person."""
    names = [one.name for one in found]
    with st.container(key="people-act", border=True):
        name = st.selectbox("Person", names, key="people-who")
        one = next(o for o in found if o.name == name)
        with st.container(horizontal=True, vertical_alignment="bottom", key="people-pause"):
            label = "Let go on" if one.blocked else "Pause"
            st.button(
                label, key="people-block", on_click=act,
                args=(f"{name} {'goes on' if one.blocked else 'is paused'}.", team.block, name,
                      not one.blocked),
            )  # fmt: skip
            st.button(
                "Release what waits", key="people-release", on_click=act,
                args=("Released: {result}.", team.release, name), disabled=not one.work.waiting,
            )  # fmt: skip
            for entry in study.protocol.checks.rounds:
                if entry.kind == "calibration":
                    st.button(
                        f"Calibrate: {plain(entry.name)}", key=f"people-tune-{entry.name}",
                        on_click=act,
                        args=(f"{name} goes through {entry.name} next.", team.calibrate, name,
                              entry.name),
                    )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", key="people-limit"):
            most = st.number_input(
                "At most so many units (0: the study's own bound)", min_value=0, value=one.limit,
                key=f"people-most-{one.id}", width=320,
            )  # fmt: skip
            st.button("Set", key="people-set", on_click=act,
                      args=("The bound is set.", team.limit, name, int(most)))  # fmt: skip
        others = [n for n in names if n != name]
        with st.container(horizontal=True, vertical_alignment="bottom", key="people-move"):
            to = st.multiselect("Move what waits to", others, key=f"people-to-{one.id}")
            st.button(
                "Move", key="people-moves", disabled=not to or not one.work.waiting, on_click=act,
                args=("Moved: {result}.", team.move, name, to),
            )  # fmt: skip


def giving() -> None:
    """Reserve units for somebody, who may be new."""
    with st.form("people-give", border=True, clear_on_submit=True):
        st.markdown("**Give units to somebody**", anchors=False)
        with st.container(horizontal=True, vertical_alignment="bottom", key="people-give-row"):
            name = st.text_input("Name", max_chars=60, key="people-give-name")
            count = st.number_input("Units", 1, team.MOST, 10, key="people-give-count")
            days = st.number_input("Reserved for days", 1, 365, 7, key="people-give-days")
        picked = st.text_input(
            "Only these units, by name and parted by commas (optional)", key="people-give-units"
        )
        if st.form_submit_button("Give"):
            units = [u.strip() for u in picked.split(",") if u.strip()]
            act(f"{name} was given {{result}} units.", team.give, name, int(count),
                days=int(days), units=units)  # fmt: skip
            st.rerun()


look.header(said("page_people"), study, who)
if study is None:
    look.no_study()
elif not who.may("review"):
    look.empty_state(said("for_researchers"), said("for_researchers_more"))
else:
    told()
    for warning in admission.warnings(db, who, study.key):
        st.warning(plain(warning), icon=":material/warning:")
    everybody = quality.table(db, who, study.key)
    if everybody:
        board(study, everybody)
        one_person(study, everybody)
    else:
        look.empty_state(
            "Nobody has been here yet",
            "People appear here when they open the Annotate page, or when you give them units.",
            key="people-none",
        )  # fmt: skip
    giving()
