"""Questions asked in turns: later ones open when earlier ones are in the log, which then stay."""

import pytest

from core.protocol import ProtocolError, from_yaml
from core.services import answering, assignment, studies
from core.services.studies import Refused
from core.units import Invalid
from tests.services.conftest import ANA, fill

PROTOCOL = """
name: small
title: In turns
questions:
  - {kind: label, name: first, title: First, labels: ["yes", "no"]}
  - {kind: text, name: why, title: Why, turn: 1, required: true}
  - {kind: label, name: again, title: Again, labels: ["yes", "no"], turn: 2}
"""


@pytest.fixture
def held(db):
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    fill(db, made)
    studies.set_state(db, ANA, "small", "open")
    return assignment.current(db, ANA, "small")


def test_a_unit_is_whole_after_its_last_turn(db, held):
    with pytest.raises(Invalid, match="once the questions before it"):
        answering.submit(db, ANA, held, {"first": "yes", "again": "no"})
    one = answering.submit(db, ANA, held, {"first": "yes"}, follow=True)
    assert one.stored == 1 and one.next.id == held.id and one.next.state == "reserved"
    two = answering.submit(db, ANA, one.next, {"first": "yes", "why": "so"}, follow=True)
    assert two.stored == 1 and two.next.id == held.id
    said = two.next.answers | {"again": "no"}
    three = answering.submit(db, ANA, two.next, said, follow=True)
    assert three.stored == 1 and three.next.id != held.id
    done = assignment.at(db, ANA, "small", held.place)
    assert done.state == "submitted" and done.answers == said


def test_an_earlier_answer_stays(db, held):
    later = answering.submit(db, ANA, held, {"first": "yes"}, follow=True).next
    with pytest.raises(Invalid, match="settled"):
        answering.submit(db, ANA, later, {"first": "no", "why": "so"})
    with pytest.raises(Refused, match="stay as they are"):
        answering.undo(db, ANA, "small", later)
    after = answering.submit(db, ANA, later, {"why": "so"}, follow=True).next
    assert after.answers == {"first": "yes", "why": "so"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("turn: 1", "turn: 3", "no question has turn 1"), (", required: true", "", "turn 1 needs")],
)
def test_turns_that_could_not_go_on_are_refused(old, new, said):
    with pytest.raises(ProtocolError, match=said):
        from_yaml(PROTOCOL.replace(old, new))
