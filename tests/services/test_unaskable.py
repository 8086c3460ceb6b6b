"""Questions that a unit can't be asked, answers that are not ready, and how both are said."""

import pytest

from core.protocol import from_yaml
from core.services import answering, assignment, material, studies
from core.services.checking import Missing, Unready
from core.telling import Told
from core.units import Invalid
from pages.widgets.texts import Words
from storage import items
from tests.services.conftest import ANA

PROTOCOL = """
name: small
title: Some things are missing
questions:
  - {kind: pairwise, name: better, title: Which is better}
  - {kind: rating, name: clear, title: How clear is it}
  - {kind: label, name: tone, title: What is the tone, labels: [warm, cold]}
  - {kind: text, name: edit, title: Mend the draft, edits: draft, required: true, turn: 1}
  - {kind: text, name: why, title: Why, required: true, turn: 2}
"""


@pytest.fixture
def database_url(sqlite_url):
    """SQLite alone: the engine makes no difference here."""
    return sqlite_url


def opened(db, text, **more):
    """An open study with one item that has a single response."""
    made = studies.create(db, ANA, from_yaml(text))
    content = {"kind": "text", "data": "Leaves turn yellow."}
    with db.write() as connection:
        items.add_items(
            connection,
            made.id,
            [{"key": "one", "content": {"prompt": content}, "meta": {}, **more}],
        )
        (item,) = items.item_ids(connection, made.id).values()
        items.add_outputs(connection, made.id, [{"item": item, "key": "a", "content": content}])
        material.add_missing_units(connection, made)
    studies.set_state(db, ANA, made.key, "open")
    return assignment.current(db, ANA, made.key)


def test_what_a_unit_lacks_is_not_asked_and_the_rest_can_be_answered(db):
    held = opened(db, PROTOCOL)
    assert [one.title for one in held.barred] == ["Which is better", "Mend the draft"]
    assert held.barred[0].why == "compares two responses, but this unit has 1"
    assert "zwei Antworten" in Words("de").of(held.barred[0].why)
    assert [q.name for q in held.unit.questions] == ["clear", "tone", "why"]
    after = answering.submit(db, ANA, held, {"clear": 2, "tone": "warm"}, follow=True).next
    assert after.id == held.id and after.answers == {"clear": 2, "tone": "warm"}  # turn 1 is empty
    last = answering.submit(db, ANA, after, {**after.answers, "why": "so"}, follow=True)
    assert last.next is None and assignment.at(db, ANA, "small", 1).state == "submitted"


def test_every_answer_that_is_missing_or_wrong_is_named_in_order(db):
    held = opened(db, PROTOCOL)
    with pytest.raises(Unready) as several:
        answering.submit(db, ANA, held, {"tone": "loud"})
    assert [type(one) for one in several.value.every] == [Missing, Invalid]
    assert [one.field for one in several.value.every] == ["clear", "tone"]
    assert several.value.field == "clear"
    words = Words("de").of(several.value)
    assert words.startswith("2 Antworten fehlen oder sind falsch: „How clear is it“ braucht")
    with pytest.raises(Missing, match="“What is the tone” needs an answer"):
        answering.submit(db, ANA, held, {"clear": 2})


def test_a_unit_that_can_be_asked_nothing_is_skipped_and_never_answered(db):
    text = PROTOCOL.split("  - {kind: rating")[0]
    held = opened(db, text)
    assert held.unit.questions == () and len(held.barred) == 1
    with pytest.raises(Invalid, match="nothing can be asked about this unit; skip it"):
        answering.submit(db, ANA, held, {})
    answering.skip(db, ANA, held, "broken or empty")
    assert assignment.at(db, ANA, "small", 1).state == "skipped"


def test_a_round_lets_pass_a_unit_that_can_be_asked_nothing(db):
    rounds = "checks: {rounds: [{name: start, kind: training}]}\n"
    text = PROTOCOL.split("  - {kind: rating")[0] + rounds
    held = opened(db, text, meta={"use": "start"}, gold={"better": {"winner": "a"}})
    assert held.stage == "training"
    answering.skip(db, ANA, held, "broken or empty")
    assert assignment.current(db, ANA, "small") is None


def test_messages_in_a_message_are_said_in_its_language():
    told = Told("{n} answers are missing or wrong: {lines}", n=2,
                lines=(Told("every link is right"), "as it is"))  # fmt: skip
    assert told == "2 answers are missing or wrong: every link is right; as it is"
    assert Words("de").of(told).endswith("jede Verbindung stimmt; as it is")
