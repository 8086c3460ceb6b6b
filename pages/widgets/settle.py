"""What a reviewer does about a case beyond deciding it: ask again, mend the guidelines, accept."""

from collections.abc import Callable

import streamlit as st

from core.services import accepting, settling
from core.services.access import Identity
from core.services.review import Detail
from core.services.store import Database
from core.services.studies import Study
from pages.widgets import look
from pages.widgets.words import plain

Attempt = Callable[..., None]
Key = Callable[[str], str | None]
OPEN = "review-together-open"


def settle(
    db: Database, who: Identity, study: Study, seen: Detail, attempt: Attempt, key: Key
) -> None:  # fmt: skip
    """Asking the people of a case again, and what the guidelines should say about it."""
    people = {answer.rater for answer in seen.answers if answer.kind == "person"}
    free = max(0, len(people) - seen.waiting)
    note = st.session_state.get(f"review-note-{seen.unit_id}-{seen.question.name}") or ""
    place = f"again-{seen.unit_id}"

    def ask() -> None:
        many = settling.ask_again(
            db, who, study.key, seen.question.name, seen.unit_id, note
        )  # fmt: skip
        st.session_state[f"{place}-done"] = f"Asked again: {many}."

    with st.container(key="review-settle", horizontal=True, vertical_alignment="center"):
        st.button(
            f"Ask again ({free})", key=place, shortcut=key("ask again"),
            disabled=not free, on_click=attempt, args=(ask,),
            help="Everybody who answered gets the unit once more, without their earlier answer. "
            "Both answers are kept.",
        )  # fmt: skip
        done(place)
        if seen.waiting:
            look.caption(f"{seen.waiting} of {len(people)} are asked again and have not answered.")
    if seen.cause == "rubric gap":
        gap(db, who, study, seen, attempt, key, note)


def gap(
    db: Database, who: Identity, study: Study, seen: Detail, attempt: Attempt, key: Key, note: str
) -> None:  # fmt: skip
    """The sentence that the guidelines lack, drafted from the case."""
    place = f"proposal-{seen.unit_id}-{seen.question.name}"
    drafted, before = settling.proposal(seen, note), st.session_state.get(f"{place}-draft")
    if st.session_state.get(place) in (None, before):  # nobody has changed it: draft it anew
        st.session_state[place] = drafted
    st.session_state[f"{place}-draft"] = drafted
    st.text_area(
        "What the guidelines should say", key=place, height=92, max_chars=4000,
        help="Drafted from the case, the answer that holds and the note. Change it as you like.",
    )  # fmt: skip

    def put(apply: bool) -> None:
        text = st.session_state.get(place) or ""
        version = settling.propose(db, who, study.key, seen, text, apply=apply)
        words = f"In the guidelines since version {version}." if apply else "Kept as a proposal."
        st.session_state[f"{place}-done"] = words

    with st.container(horizontal=True, key="review-proposal"):
        st.button("Put it into the guidelines", key=f"{place}-apply", on_click=attempt,
                  args=(put, True), shortcut=key("into guidelines"))  # fmt: skip
        st.button("Keep it as a proposal", key=f"{place}-keep", on_click=attempt,
                  args=(put, False), shortcut=key("keep proposal"))  # fmt: skip
        done(place)


def done(place: str) -> None:
    """What the press at this place came to, said once."""
    words = st.session_state.pop(f"{place}-done", "")
    if words:
        look.caption(words)


def together(
    db: Database, who: Identity, study: Study, question: str, attempt: Attempt, key: Key
) -> None:  # fmt: skip
    """The queue as a whole: what may be accepted at once, and what asking again came to.

    It opens by a key of its own, so that no single press decides many units. Nothing for a question
    whose whole answer has no code to compare.
    """
    if study.protocol.question(question).scale().level == "none":
        return
    now = bool(st.session_state.get(OPEN))
    st.button(
        "Accept what all agree on, and what asking again changed", key="review-together",
        icon=f":material/{'expand_less' if now else 'expand_more'}:", type="tertiary",
        shortcut=key("what all agree on"), on_click=st.session_state.update,
        args=({OPEN: not now},),
    )  # fmt: skip
    if not now:
        return
    with st.container(key="panel-together", border=True):
        models = st.toggle("Models and rules must agree too", value=True, key="accept-models")
        units = accepting.agreed(db, who, study.key, question, models=models)
        st.button(
            f"Accept {len(units):,} units on which all agree", key="accept-agreed",
            disabled=not units, on_click=attempt,
            args=(accepting.accept_agreed, db, who, study.key, question),
            kwargs={"models": models}, shortcut=key("accept all"),
            help="Where two people or more answered and all say the same, that answer holds.",
        )  # fmt: skip
        asked(settling.again(db, who, study.key, question))


def asked(found: settling.Again) -> None:
    """Agreement before and after asking again."""
    if not found.answers:
        look.caption(f"Asked again: {found.waiting} waiting, none answered yet.")
        return
    with st.container(key="tiles-again"):
        for title, pair in (("Alpha", found.alpha), ("Cohen's kappa", found.kappa)):
            for when, estimate in zip(("before", "after"), pair, strict=True):
                look.estimate(f"{title} {when}", estimate, key=f"again-{title[:1]}-{when}")
    look.caption(
        plain(
            f"Over the {found.units:,} units that people answered twice: {found.changed:,} of "
            f"{found.answers:,} answers changed, {found.waiting:,} still wait. These units were "
            "chosen because people differed, so agreement on them says nothing of the others."
        )
    )
