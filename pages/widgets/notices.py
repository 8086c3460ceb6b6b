"""What the desk says around a unit: the round it belongs to, the models' answer, what was right."""

import streamlit as st

from core import turns
from core.questions.grades import filled
from core.services.grading import Feedback
from core.services.tickets import Ticket
from core.services.verdicts import Verdict
from core.ui import Reordered, Ui
from pages.widgets.desk import State, Words
from pages.widgets.inert import inert
from pages.widgets.words import plain, short

MOST = 8  # differences that are listed
LONGEST = 200  # letters of an earlier answer


def notices(desk: State, held: Ticket) -> None:
    """Everything there is to say about the unit on the desk; nothing for ordinary work."""
    said = desk["words"]
    if held.stage == "training" and not desk["feedback"]:
        st.caption(said("practice"))
    if desk["feedback"]:
        with st.container(key="panel-feedback", border=True):
            for line in desk["feedback"]:
                heard(line, said)
    lines = told(held, said)
    if lines:
        with st.container(key="desk-told", gap="xsmall"):
            for line in lines:
                st.caption(line)
    if held.verdicts:
        with st.container(key="panel-verdict", border=True):
            st.markdown(f"**{said('models_say')}**", anchors=False)
            titles = {q.name: q.title for q in held.unit.questions}
            for verdict in held.verdicts:
                st.markdown(line_of(titles[verdict.question], verdict, said), anchors=False)
            if held.stage == "revised":
                st.caption(said("revise"))


def barred(held: Ticket, said: Words) -> list[str]:
    """Which questions are not asked of a unit and why, in lines of plain markdown; [] for none."""
    lines = [
        said("not_asked", title=plain(one.title), why=plain(said.of(one.why)))
        for one in held.barred
    ]
    if not lines:
        return []
    return [*lines, said("not_asked_more" if held.unit.questions else "nothing_asked")]


def not_asked(desk: State, held: Ticket) -> None:
    """After the questions: those that this unit can't be asked, so that nobody looks for them."""
    lines = barred(held, desk["words"])
    if lines:
        with st.container(key="panel-not-asked", border=True, gap="xsmall"):
            for line in lines:
                st.markdown(line, anchors=False)


def told(held: Ticket, said: Words) -> list[str]:
    """Why a person meets a unit once more, and that more parts follow, in lines of plain markdown.

    [] for ordinary work.

    Where a question was reworded, what they answered before is said with the words it was asked in.
    """
    turn, last = parts_of(held)
    part = [said("part_stays", n=turn, of=last)] if turn < last else []
    if held.stage == "revised" and not held.verdicts:
        return [said("asked_again"), *part]
    if held.stage != "reworded":
        return part
    before = [
        said(
            "earlier_answer",
            title=plain(one.title),
            answer=plain(short(said.of(one.words), LONGEST)),
        )
        for one in held.earlier
    ]
    return [said("asked_anew"), *before, *part]


def parts_of(held: Ticket) -> tuple[int, int]:
    """Which part of a unit that is asked in turns is open, counted from 1, and how many it has.

    (1, 1) for a unit that asks everything at once, and for one that is answered.
    """
    asked = held.unit.questions
    every = sorted({question.turn for question in asked if question.required})
    now = turns.open_turn(asked, held.answers)
    if now not in every or turns.whole(asked, held.answers):
        return 1, 1
    return every.index(now) + 1, len(every)


def line_of(title: str, verdict: Verdict, said: Words) -> str:
    """One question's verdict, and how many of how many say so."""
    votes = said("votes", n=verdict.votes, of=verdict.of, by=plain(said.of(verdict.by)))
    return f"{plain(title)} **{plain(said.of(verdict.words))}** ({votes})"


def heard(line: Feedback, said: Words) -> None:
    """How much of one answer was right, the known one, what differs, and the study's reason."""
    mark = ":green-badge[✓]" if line.right else ":orange-badge[✗]"
    known = plain(said.of(line.known))
    verdict = said("was_right") if line.right else said("was_wrong", known=known)
    share = int(line.grade.credit * 100)  # never 100 for what is not wholly right
    if not line.right and line.grade.differs and share:
        verdict = f"{said('was_partly', share=share)} {verdict}"
    st.markdown(f"{mark} {plain(line.title)} {verdict}", anchors=False)
    differs = [] if line.right else [
        filled(one, said.told, lambda fact: plain(str(fact))) for one in line.grade.differs
    ]  # fmt: skip
    if len(differs) > MOST:
        differs[MOST:] = [said.told("and {n} more", n=len(differs) - MOST)]
    if differs:
        st.markdown("\n".join(f"- {' '.join(words.split())}" for words in differs), anchors=False)
    if line.why:
        st.markdown(inert(line.why), anchors=False)


def face(ui: Ui, held: Ticket) -> Ui:
    """The face that asks: with options in the person's own order where the study draws one."""
    return ui if held.options is None else Reordered(ui, held.options, held.unit.shown)
