"""Questions asked in turns: later ones open when earlier ones are in the log, which then stay."""

import pytest

from core.protocol import ProtocolError, from_data, from_yaml
from core.services import answering, assignment, rewording, studies
from core.services.studies import Refused
from core.units import Invalid
from storage.database import Database
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


def test_what_was_said_in_later_turns_stands_when_an_earlier_question_is_reworded(db, held):
    for said in ({"first": "yes"}, {"why": "so"}, {"again": "no"}):
        held = answering.submit(db, ANA, held, said, follow=True).next
    study = studies.load(db, "small")
    data = study.protocol.data()
    data["questions"][0]["title"] = "The first"
    studies.edit(db, ANA, "small", from_data(data), study.version)
    answering.skip(db, ANA, assignment.current(db, ANA, "small"), "unclear")
    assert rewording.ask_anew(db, ANA, "small").given == 1
    for _ in range(5):
        now = assignment.current(db, ANA, "small")
        if now.stage == "reworded":
            break
        answering.skip(db, ANA, now, "unclear")
    assert now.answers == {"why": "so", "again": "no"}
    with pytest.raises(Invalid, match="once the questions before it"):
        answering.submit(db, ANA, now, {**now.answers, "first": "no", "why": "other"})
    assert answering.submit(db, ANA, now, {**now.answers, "first": "no"}).stored == 1
    done = assignment.at(db, ANA, "small", now.place)
    assert done.state == "submitted" and done.answers == {**now.answers, "first": "no"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("turn: 1", "turn: 3", "no question has turn 1"), (", required: true", "", "turn 1 needs")],
)
def test_turns_that_could_not_go_on_are_refused(old, new, said):
    with pytest.raises(ProtocolError, match=said):
        from_yaml(PROTOCOL.replace(old, new))


def test_a_draft_in_another_form_than_the_answer_does_not_hold_up_the_next_turn(sqlite_url):
    db = Database(sqlite_url)
    text = PROTOCOL.replace(
        'kind: label, name: first, title: First, labels: ["yes", "no"]',
        "kind: first_error, name: first, title: First",
    )
    made = studies.create(db, ANA, from_yaml(text))
    fill(db, made)
    studies.set_state(db, ANA, "small", "open")
    held = assignment.current(db, ANA, "small")
    entered = {"first": {"marks": {next(iter(held.unit.questions[0].parts(held.unit))): "wrong"}}}
    held = assignment.save_draft(db, ANA, held, entered)
    later = answering.submit(db, ANA, held, entered, follow=True).next
    assert later.draft == {} and later.answers == {"first": {"first_error": 0}}
    after = answering.submit(db, ANA, later, {**entered, "why": "so"}, follow=True).next
    assert after.answers == {"first": {"first_error": 0}, "why": "so"}
    with pytest.raises(Invalid, match="settled"):
        answering.submit(db, ANA, after, {"first": {"first_error": -1}, "again": "no"})
    db.close()
