"""Review: the disagreements that matter most, one at a time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.services import cases, preferences, review
from core.services.access import Denied
from core.services.review import Conflict
from core.services.studies import Refused
from core.units import Invalid
from pages.widgets import docket, figures, identity, look, settle, workspace
from pages.widgets.boxed import show_boxes
from pages.widgets.components.announce import announce
from pages.widgets.speech import speaking
from pages.widgets.ui import StreamlitUi, show_material
from pages.widgets.words import plain

KINDS = {"people-models": "People vs models", "people": "People", "all": "All"}

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


@st.fragment
def work() -> None:
    """Filters, one case, and the bar; only this part runs again at a key press."""
    aspect, kind, queue = chosen()
    question = queue.question.name
    desk = docket.desk(st.session_state, f"{study.key}/{aspect}", queue)
    if not queue.cases:
        nothing(kind)
        settle.together(db, who, study, question, partial(attempt, desk), key)
        return
    case = desk.case(queue)
    status(desk, queue, case)
    seen = review.detail(db, who, study.key, question, case.unit_id)
    with st.container(key="review-material"):
        ui = StreamlitUi(
            f"r{case.unit_id}", active=question, keys=single, on_answer=decide(desk, seen)
        )
        show_material(ui, seen.unit)
    answers(seen)
    verdict(desk, seen, ui)
    settle.settle(db, who, study, seen, partial(attempt, desk), key)
    bar(desk)
    record(question)
    settle.together(db, who, study, question, partial(attempt, desk), key)


def key(move: str) -> str | None:
    """The key of a move, as the person has chosen it; None while single keys are off."""
    return keys[move] if single else None


def chosen() -> tuple[str, cases.Kind, cases.Queue]:
    """The filters (question or slot, who differs), and the cases that they leave."""
    asked = {q.name: q.title for q in cases.questions(study)}
    with st.container(key="review-filters", horizontal=True, vertical_alignment="bottom"):
        question = st.selectbox(
            "Question", list(asked), key="review-question", format_func=asked.get, width=230
        )
        first = cases.queue(db, who, study.key, question)
        st.session_state.setdefault("review-kind", "people-models" if first.cases else "all")
        kind = st.segmented_control(
            "Who differs", list(KINDS), key="review-kind", format_func=KINDS.get, required=True
        )
        rater = one_model(first.raters) if kind == "people-models" else None
        audit = cases.has_audit(db, who, study.key) and st.checkbox(
            "Audit slice only", key="review-audit",
            help="Pairs drawn at random from those that the study's rule left out.",
        )  # fmt: skip
    return question, kind, cases.queue(db, who, study.key, question, kind, rater, audit=audit)


def one_model(names: Mapping[int, str]) -> int | None:
    """The model or rule to set against the people; None for all together."""
    if len(names) < 2:
        return None
    chosen = st.selectbox(
        "Model or rule", [0, *names], key="review-rater", width=180,
        format_func=lambda i: names[i] if i else "All together",
    )  # fmt: skip
    return chosen or None


def nothing(kind: cases.Kind) -> None:
    """No case to show: say what would make one."""
    wider = ["choose **All** above to compare every rater"] * (kind != "all")
    wider += ["leave *Audit slice only*"] * bool(st.session_state.get("review-audit"))
    more = ", or ".join(["Answer some units on the Annotate page, start a model run", *wider])
    look.empty_state(
        "No disagreement to review",
        f"A case appears when two raters answer the same unit differently. {more}.",
        key="review-none",
    )


def status(desk: docket.Desk, queue: cases.Queue, case: cases.Case) -> None:
    """Where the case stands in the queue, why it stands there, and what is decided."""
    with st.container(key="review-status"):
        st.progress(queue.decided / len(queue.cases))
        facts = [
            f"**Case {desk.place + 1} of {len(desk.order)}**",
            f"{queue.decided} of {len(queue.cases)} decided",
            f"distance {case.gap:.2f}",
            f"{case.people} from people, {case.models} from models and rules",
        ]
        if case.places > 1:
            facts.append(f"{case.places} places differ")
        if case.contested:
            facts.append(":orange-badge[contested: people have no majority]")
        if case.decided:
            facts.append(":green-badge[decided]")
        st.markdown(
            " · ".join(facts), anchors=False,
            help="Distance: 0 when both sides answer alike, 1 when they have nothing in common. "
            "Cases are sorted by distance, by how sure people are, and by how many answered.",
        )  # fmt: skip
    if desk.error:
        st.error(plain(desk.error))


def answers(seen: review.Detail) -> None:
    """Who said what and why: one card for each different answer."""
    st.markdown("##### Who said what", anchors=False)
    groups = docket.grouped(seen.answers)
    with st.container(key="review-answers"):
        for start in range(0, len(groups), 3):
            row = groups[start : start + 3]
            for place, (column, (words, given)) in enumerate(
                zip(st.columns(len(row)), row, strict=True), start
            ):
                with (
                    column,
                    st.container(key=f"review-said-{place}", border=True, height="stretch"),
                ):
                    card(words, given)
                    show_boxes(seen, given[0].value, f"boxed{place}")
    parts(seen)
    if seen.gold:
        st.caption(f"The study's key says: {plain(seen.gold)}")
    with st.expander("Every answer with order shown, time and date"):
        st.dataframe(docket.table(seen.answers), hide_index=True, width="stretch")


def parts(seen: review.Detail) -> None:
    """Where raters change a content differently: each such part, and what everybody put there."""
    found = review.sides(seen)
    if not found:
        return
    st.markdown("##### What each put, where they differ", anchors=False)
    figures.table(
        docket.side_rows(seen, found), "review-sides", "Each part that differs, side by side"
    )


def card(words: str, given: list[review.Answer]) -> None:
    """One answer: who gave it, and their reasons."""
    st.markdown(f"**{plain(words)}**", anchors=False)
    st.markdown(" ".join(docket.chip(answer) for answer in given), anchors=False)
    ui = StreamlitUi("said")
    for answer in given:
        if answer.rationale and not answer.simulated:
            st.caption(f"{plain(answer.rater)}:")
            ui.prose(answer.rationale)
        beside(answer)


def beside(answer: review.Answer) -> None:
    """What the rater told beside its answer, and a warning where it quotes an instruction."""
    if answer.told:
        st.caption(plain(f"{answer.rater}: {answer.told}"))
    if answer.quotes:
        quotes = plain(" / ".join(answer.quotes))
        st.warning(
            f"{plain(answer.rater)} quotes an instruction that is hidden in the material: {quotes}",
            icon=":material/flag:",
        )


def verdict(desk: docket.Desk, seen: review.Detail, ui: StreamlitUi) -> None:
    """The cause, and the answer that holds."""
    with st.container(key="review-verdict", border=True):
        st.markdown("**Why do they differ?**", anchors=False)
        with st.container(key="review-causes", horizontal=True, gap="xsmall"):
            for cause, meaning in review.CAUSES.items():
                given = cause == seen.cause
                st.button(
                    f"✓ {cause}" if given else cause, key=f"cause-{seen.unit_id}-{cause}",
                    help=f"{meaning}{'; press again to take it back' if given else ''}",
                    type="primary" if given else "secondary", shortcut=key(cause),
                    on_click=give, args=(desk, seen, "" if given else cause),
                )  # fmt: skip
        held = seen.adjudicated
        st.caption("And the answer that holds:")
        seen.question.ask(ui, seen.unit, docket.draft(st.session_state, seen))
        if seen.question.entry() != "press":
            st.button("This answer holds", key=f"hold-{seen.unit_id}", on_click=hold,
                      args=(desk, seen, ui), shortcut=key("answer holds"))  # fmt: skip
        st.text_input(
            "Note (optional, kept with what you press next)", key=note_key(seen), max_chars=2000
        )
        if held:
            note = f": {plain(held.rationale)}" if held.rationale else ""
            st.caption(f"Decided by {plain(held.rater)}, saved as #{held.sequence}{note}")
        if held and held.rater == who.name:
            st.button("Take my decision back", on_click=decide(desk, seen), args=("", None),
                      shortcut=key("decision back"))  # fmt: skip


def note_key(seen: review.Detail) -> str:
    """Where the note on a case is kept while the page is open."""
    return f"review-note-{seen.unit_id}-{seen.question.name}"


def give(desk: docket.Desk, seen: review.Detail, cause: str) -> None:
    """Store a cause."""
    note = st.session_state.get(note_key(seen)) or ""
    attempt(
        desk, review.give_cause, db, who, study.key, seen.question.name, seen.unit_id, cause, note
    )


def decide(desk: docket.Desk, seen: review.Detail) -> Any:
    """What hears the adjudicated answer."""

    def hear(name: str, value: Any) -> None:
        if name and seen.question.entry() != "press":
            docket.keep(st.session_state, seen, name, value)
            return
        note = st.session_state.get(note_key(seen)) or ""
        attempt(desk, review.adjudicate, db, who, study.key, seen, value, note)

    return hear


def hold(desk: docket.Desk, seen: review.Detail, ui: StreamlitUi) -> None:
    """Adjudicate the whole answer that was put together."""
    ui.tray.gather()
    value = docket.draft(st.session_state, seen)
    if value is None:
        desk.error = "Answer the question first, then press again."
    else:
        decide(desk, seen)("", value)


def attempt(desk: docket.Desk, act: Any, *args: Any, **options: Any) -> None:
    """Do it; what went wrong is said on the page."""
    desk.error = ""
    try:
        act(*args, **options)
    except (Conflict, Refused, Invalid, Denied) as error:
        desk.error = str(error)


def bar(desk: docket.Desk) -> None:
    """The way through the queue, always in view."""
    last = len(desk.order) - 1
    with st.container(key="action-bar", horizontal=True):
        st.button("Previous", key="review-previous", shortcut=key("previous case"),
                  on_click=desk.move, args=(-1,), disabled=desk.place == 0)  # fmt: skip
        st.button(
            "Undecided", key="review-first", shortcut=key("undecided case"), on_click=desk.again
        )
        st.button("Next", key="review-next", shortcut=key("next case"), on_click=desk.move,
                  args=(1,), disabled=desk.place == last, type="primary")  # fmt: skip


def record(question: str) -> None:
    """What the causes given so far add up to."""
    found = review.causes(db, who, study.key, question)
    given = sum(found.values())
    with st.expander(f"Causes so far on this question: {given}"):
        rows = [
            {"cause": c, "cases": n, "share": n / given if given else None, "meaning": meaning}
            for (c, n), meaning in zip(found.items(), review.CAUSES.values(), strict=True)
        ]
        st.dataframe(
            rows, hide_index=True, width="stretch",
            column_config={"share": st.column_config.NumberColumn(format="percent")},
        )  # fmt: skip


look.header(said("page_review"), study, who)
announce()
if study is None:
    look.no_study()
elif not who.may("review"):
    look.empty_state(said("for_researchers"), said("for_researchers_more"))
elif not cases.questions(study):
    look.empty_state(said("nothing_to_compare"), said("free_text_only"))
else:
    settings = preferences.load(db, who, study.key)
    keys, single = settings.review, settings.single_keys
    work()
