"""What the desk says around a unit: the round it belongs to, the models' answer, what was right."""

import streamlit as st

from core.services.grading import Feedback
from core.services.tickets import Ticket
from core.services.verdicts import Verdict
from core.ui import Reordered, Ui
from pages.widgets.desk import State, Words
from pages.widgets.inert import inert
from pages.widgets.words import plain


def notices(desk: State, held: Ticket) -> None:
    """Everything there is to say about the unit on the desk; nothing for ordinary work."""
    said = desk["words"]
    if held.stage == "training" and not desk["feedback"]:
        st.caption(said("practice"))
    if desk["feedback"]:
        with st.container(key="panel-feedback", border=True):
            for line in desk["feedback"]:
                heard(line, said)
    if held.stage == "reworded":
        st.caption(said("asked_anew"))
    if held.stage == "revised" and not held.verdicts:
        st.caption(said("asked_again"))
    if held.verdicts:
        with st.container(key="panel-verdict", border=True):
            st.markdown(f"**{said('models_say')}**", anchors=False)
            titles = {q.name: q.title for q in held.unit.questions}
            for verdict in held.verdicts:
                st.markdown(line_of(titles[verdict.question], verdict, said), anchors=False)
            if held.stage == "revised":
                st.caption(said("revise"))


def line_of(title: str, verdict: Verdict, said: Words) -> str:
    """One question's verdict, and how many of how many say so."""
    votes = said("votes", n=verdict.votes, of=verdict.of, by=plain(verdict.by))
    return f"{plain(title)} **{plain(verdict.words)}** ({votes})"


def heard(line: Feedback, said: Words) -> None:
    """Whether one answer was right, the known one, and the reason that the study gives."""
    mark = ":green-badge[✓]" if line.right else ":orange-badge[✗]"
    verdict = said("was_right") if line.right else said("was_wrong", known=plain(line.known))
    st.markdown(f"{mark} {plain(line.title)} {verdict}", anchors=False)
    if line.why:
        st.markdown(inert(line.why), anchors=False)


def face(ui: Ui, held: Ticket) -> Ui:
    """The face that asks: with options in the person's own order where the study draws one."""
    return ui if held.options is None else Reordered(ui, held.options, held.unit.shown)
