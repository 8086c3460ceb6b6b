"""The desk behind the Annotate page, and the picker: what a press means when it comes late."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from core.protocol import from_yaml
from core.services import studies
from pages.widgets import desk, digits
from pages.widgets.workspace import labels
from storage.database import Database, Unavailable
from storage.tables import Event, Judgment
from tests.services.conftest import ANA, PROTOCOL, fill

A = {"winner": "a"}


@pytest.fixture
def session(monkeypatch):
    """A browser session."""
    monkeypatch.setattr(desk.st, "session_state", {})


def stored(db, table=Judgment):
    with db.read() as connection:
        return connection.execute(select(table.__table__)).all()


def taken(db, study):
    """The desk with the first unit on it."""
    found = desk.state(study, ANA)
    desk.fetch(db, ANA, study, found)
    return found


def test_a_late_press_lands_on_no_other_unit(session, workspace, small):
    here = taken(workspace, small)
    first = here["held"].id
    desk.answered(workspace, ANA, small, first, "better", A)
    desk.submit(workspace, ANA, small, first)
    second = here["held"]
    assert second.id != first and len(stored(workspace)) == 1
    desk.answered(workspace, ANA, small, first, "better", A)
    desk.submit(workspace, ANA, small, first)
    desk.skip(workspace, ANA, small, first, "unclear")
    desk.flag(workspace, ANA, small, first)
    desk.forward(workspace, ANA, small, first)
    assert here["held"] is second and here["answers"] == {} and here["panel"] == ""
    assert here["missed"]
    assert len(stored(workspace)) == 1
    assert not [e for e in stored(workspace, Event) if e.kind in {"skip", "flag"}]


def test_a_digit_that_follows_the_key_to_skip_answers_nothing(session, workspace, small):
    here = taken(workspace, small)
    desk.skip(workspace, ANA, small, here["held"].id, "unclear")  # no reasons are in sight
    assert not digits.meant_to_skip(here, small, "better", "")
    desk.toggle(here, "skip")
    assert digits.meant_to_skip(here, small, "better", "") and here["missed"]
    assert not digits.meant_to_skip(here, small, "why", "")  # a text that was being typed
    assert not digits.meant_to_skip(here, small, "better", "skip")  # pressed by mouse, in sight
    assert not stored(workspace) and "skip" not in {e.kind for e in stored(workspace, Event)}


def test_the_desk_says_of_a_late_press_that_it_was_not_taken_until_the_next_one(
    session, workspace, small
):
    here = taken(workspace, small)
    first = here["held"].id
    desk.answered(workspace, ANA, small, first, "better", A)
    desk.submit(workspace, ANA, small, first)
    assert not here["missed"]
    desk.answered(workspace, ANA, small, first, "why", "typed before, kept with what was sent")
    assert not here["missed"]
    desk.answered(workspace, ANA, small, first, "better", A)
    assert here["missed"]
    desk.answered(workspace, ANA, small, here["held"].id, "better", A)
    assert not here["missed"] and here["answers"] == {"better": A}


def test_a_late_press_at_the_end_of_the_queue_does_nothing(session, workspace, small):
    here = taken(workspace, small)
    while here["held"] is not None:
        at = here["held"].id
        desk.answered(workspace, ANA, small, at, "better", A)
        desk.submit(workspace, ANA, small, at)
    desk.submit(workspace, ANA, small, at)
    desk.answered(workspace, ANA, small, at, "better", A)
    assert here["held"] is None and len(stored(workspace)) == 6


def test_moves_that_answer_nothing_go_step_by_step(session, workspace, small):
    here = taken(workspace, small)
    for _ in range(2):
        at = here["held"].id
        desk.answered(workspace, ANA, small, at, "better", A)
        desk.submit(workspace, ANA, small, at)
    desk.back(workspace, ANA, small)
    desk.back(workspace, ANA, small)
    assert here["held"].place == 1 and here["answers"] == {"better": A}
    desk.back(workspace, ANA, small)
    assert "first one" in here["error"] and here["held"].place == 1
    desk.undo(workspace, ANA, small)
    assert here["held"].state == "reserved" and here["answers"] == {"better": A}


def test_why_a_move_was_not_made_goes_with_the_next_move(session, workspace, small):
    here = taken(workspace, small)
    at = here["held"].id
    for move in (
        lambda: desk.toggle(here, "guidelines"),
        lambda: desk.flag(workspace, ANA, small, at),
        lambda: desk.answered(workspace, ANA, small, at, "better", A),
    ):
        desk.undo(workspace, ANA, small)
        assert "no stored answer" in here["error"]
        move()
        assert here["error"] == ""


def test_a_study_closed_meanwhile_is_said_and_breaks_nothing(session, workspace, small):
    here = taken(workspace, small)
    at = here["held"].id
    studies.set_state(workspace, ANA, "small", "closed")
    desk.answered(workspace, ANA, small, at, "better", A)
    for move in (desk.submit, desk.flag):
        move(workspace, ANA, small, at)
        assert "closed" in here["error"]
    assert stored(workspace) == []


def test_an_edit_meanwhile_puts_the_new_wording_on_the_desk(session, workspace, small):
    here = taken(workspace, small)
    at = here["held"].id
    desk.answered(workspace, ANA, small, at, "better", A)
    text = PROTOCOL.replace("Which is better", "Which is worse")
    studies.edit(workspace, ANA, "small", from_yaml(text), small.version)
    desk.submit(workspace, ANA, small, at)
    assert "changed while" in here["error"] and stored(workspace) == []
    assert here["held"].unit.questions[0].title == "Which is worse" and here["answers"] == {}


def test_studies_of_one_title_are_told_apart():
    rows = [SimpleNamespace(key=k, title=t, state=s) for k, t, s in (
        ("one", "Same", "open"), ("two", "Same", "draft"), ("three", "Other", "open"),
        ("four", "Last", "closed"),
    )]  # fmt: skip
    assert labels(rows) == {
        "one": "Same (one)", "two": "Same (two, draft)", "three": "Other", "four": "Last (closed)",
    }  # fmt: skip


def test_help_texts_of_a_study_load_nothing(workspace, opened):
    hostile = "![x](https://elsewhere.example/p.png)"
    text = PROTOCOL.replace("both_bad: true", f'both_bad: true, help: "{hostile}"')
    studies.create(
        workspace, ANA, from_yaml(text.replace("title: Why", f'title: Why, help: "{hostile}"'))
    )
    fill(workspace, studies.load(workspace, "small"))
    studies.set_state(workspace, ANA, "small", "open")
    page = opened("annotate", who="ana", study="small")
    helps = [e.proto.help for e in page.markdown if e.proto.help]
    assert len([h for h in helps if "elsewhere" in h]) == 1  # that of the text is never markdown
    assert not [h for h in helps if "![" in h]


def test_time_away_is_taken_off(session, workspace, small, monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(desk.time, "monotonic", lambda: clock.now)
    here = taken(workspace, small)
    clock.now += 100
    desk.away(small, ANA, 70)
    desk.answered(workspace, ANA, small, here["held"].id, "better", A)
    desk.submit(workspace, ANA, small, here["held"].id)
    assert [row.seconds for row in stored(workspace)] == [30.0]
    clock.now += 5
    desk.away(small, ANA, 500)  # never less than nothing
    desk.answered(workspace, ANA, small, here["held"].id, "better", A)
    desk.submit(workspace, ANA, small, here["held"].id)
    assert stored(workspace)[-1].seconds == 0.0


def test_a_database_in_trouble_takes_nothing_from_the_desk(
    session, workspace, small, monkeypatch
):  # fmt: skip
    here = taken(workspace, small)
    first = here["held"].id

    def full(*_, **__):
        raise Unavailable("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "write", full)
        desk.answered(workspace, ANA, small, first, "better", A)
        assert here["error"] == "The disk is full."
        desk.submit(workspace, ANA, small, first)
    assert here["error"].startswith("The disk is full. Your answers stand here")
    assert here["held"].id == first and here["answers"] == {"better": A}
    assert stored(workspace) == []
    desk.submit(workspace, ANA, small, first)
    assert len(stored(workspace)) == 1 and here["error"] == ""
