"""After a disagreement: asking again, mending the guidelines, accepting what all say."""

import pytest
from sqlalchemy import select

from core.services import (
    accepting,
    ahead,
    analysis,
    answering,
    assignment,
    review,
    settling,
    studies,
    team,
)
from core.services.access import Denied, Identity
from core.services.studies import Refused
from core.units import Invalid
from storage import judgments
from storage.tables import Assignment, Event, Judgment
from tests.services.answers import answer, better
from tests.services.conftest import ANA, BEN, EVA

A, B, TIE = {"winner": "a"}, {"winner": "b"}, {"winner": None, "verdict": "tie"}
S, J = Assignment.__table__, Judgment.__table__
NOA = Identity("noa", frozenset({"annotator"}))


def rows(db, table):
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


@pytest.fixture
def differing(db, study):
    """Two people who answered all six units: alike on three, unlike on three."""
    ids = {}
    for who, values in ((ANA, [A, A, A, B, B, A]), (BEN, [A, B, B, B, A, A])):
        held = assignment.current(db, who, "small")
        while held:
            ids[held.unit.key] = held.unit_id
            given = values[int(held.unit.key[-1])]
            held = answering.submit(db, who, held, {"better": given}, 2.0, follow=True).next
    return ids


def test_who_is_paused_is_not_given_what_is_asked_again(db, differing):
    settling.ask_again(db, EVA, "small", "better", differing["item-1"])
    team.block(db, EVA, "small", "ana", True)
    assert assignment.current(db, ANA, "small") is None
    assert assignment.why_nothing(db, ANA, "small") == "blocked"
    assert ahead.reserve_ahead(db, ANA, "small", 5) == []
    assert len(ahead.reserve_ahead(db, BEN, "small", 5)) == 1
    assert assignment.current(db, BEN, "small").stage == "revised"
    team.block(db, EVA, "small", "ana", False)
    assert assignment.current(db, ANA, "small").stage == "revised"


def test_people_are_asked_again_and_agreement_is_set_beside_the_first(db, differing):
    for key in ("item-1", "item-2", "item-4"):
        assert settling.ask_again(db, EVA, "small", "better", differing[key], "read it anew") == 2
    with pytest.raises(Refused, match="asked already"):
        settling.ask_again(db, EVA, "small", "better", differing["item-1"])
    empty = settling.again(db, EVA, "small", "better")
    assert (empty.waiting, empty.answers) == (6, 0) and not empty.kappa[0].defined
    before = analysis.agreement(db, EVA, "small").groups["people"]["alpha"].value
    for who, values in ((ANA, [A, B, A]), (BEN, [A, B, B])):
        for value in values:
            held = assignment.current(db, who, "small")
            assert held.stage == "revised" and held.verdicts == () and not held.draft
            answering.submit(db, who, held, {"better": value}, 2.0)
        assert assignment.current(db, who, "small") is None
    found = settling.again(db, EVA, "small", "better")
    assert (found.waiting, found.units, found.answers, found.changed) == (0, 3, 6, 4)
    assert found.kappa[0].value < 0 < found.kappa[1].value
    assert found.alpha[0].value < found.alpha[1].value
    assert analysis.agreement(db, EVA, "small").groups["people"]["alpha"].value == before
    stages = [(r.stage, r.repeat) for r in rows(db, J)]
    assert stages.count(("revised", 1)) == 6 and stages.count(("first", 0)) == 12
    assert settling.ask_again(db, EVA, "small", "better", differing["item-4"]) == 2
    assert {r.repeat for r in rows(db, S) if r.stage == "revised"} == {1, 2}


def test_nobody_is_asked_again_who_is_paused_or_has_not_answered(db, differing):
    team.block(db, EVA, "small", "ana")
    assert settling.ask_again(db, EVA, "small", "better", differing["item-1"]) == 1
    with pytest.raises(Denied):
        settling.ask_again(db, NOA, "small", "better", differing["item-1"])


def test_what_all_say_is_accepted_once(db, study, differing):
    answer(db, study, "better", "model", "m", better(item_0="a", item_3="a"))
    assert len(accepting.agreed(db, EVA, "small", "better", models=False)) == 3
    assert accepting.agreed(db, EVA, "small", "better") == [
        differing["item-0"], differing["item-5"]
    ]  # fmt: skip
    assert accepting.accept_agreed(db, EVA, "small", "better") == 2
    assert accepting.accept_agreed(db, EVA, "small", "better") == 0
    assert accepting.accept_agreed(db, EVA, "small", "better", models=False) == 1
    held = review.detail(db, EVA, "small", "better", differing["item-5"]).adjudicated
    assert held.rater == "eva" and held.rationale == accepting.AGREED and held.value == A
    assert accepting.agreed(db, EVA, "small", "better", least=3) == []
    with db.read() as connection:
        found = list(judgments.verify(connection, study.id))
    assert not any(isinstance(step, judgments.Break) for step in found)
    with pytest.raises(Denied):
        accepting.accept_agreed(db, NOA, "small", "better")


def test_a_change_of_the_guidelines_is_drafted_from_the_case(db, differing):
    seen = review.detail(db, EVA, "small", "better", differing["item-1"])
    assert "…" in settling.proposal(seen)
    with pytest.raises(Invalid, match="whole sentence"):
        settling.propose(db, EVA, "small", seen, settling.proposal(seen))
    review.adjudicate(db, EVA, "small", seen, A, "It names its source.")
    chosen = review.detail(db, EVA, "small", "better", differing["item-1"])
    assert "the one to choose is the one that …" in settling.proposal(chosen)
    review.adjudicate(db, EVA, "small", chosen, TIE, "Both name a source.")
    seen = review.detail(db, EVA, "small", "better", differing["item-1"])
    text = settling.proposal(seen)
    assert text == (
        "**Which is better** In a case like “Prompt 1”, the answer is “tie”, because both name "
        "a source."
    )
    wording = studies.load(db, "small").wordings
    assert settling.propose(db, EVA, "small", seen, text) == 1
    assert settling.propose(db, EVA, "small", seen, text, apply=True) == 2
    study = studies.load(db, "small")
    assert study.protocol.guidelines.endswith(f"{text}\n") and study.wordings == wording
    events = [e.data for e in rows(db, Event.__table__) if e.kind == "proposal"]
    assert [(e["applied"], e["version"]) for e in events] == [(False, 1), (True, 2)]
    with pytest.raises(Denied):
        settling.propose(db, NOA, "small", seen, text)
