"""The annotator's path: reserve, answer, correct, take back, skip, flag."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from core.protocol import from_yaml
from core.services import answering, assignment, studies
from core.services.access import Denied, Identity
from core.services.studies import Refused
from core.units import Invalid
from storage import judgments
from storage.tables import Assignment, Event, Judgment, Unit
from tests.services.conftest import ANA, BEN, EVA, fill

A, B, TIE = {"winner": "a"}, {"winner": "b"}, {"winner": None, "verdict": "tie"}
J, U, S = Judgment.__table__, Unit.__table__, Assignment.__table__


def rows(db, table):
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def holds(db, study):
    """The chain verifies, and how many rows it has."""
    with db.read() as connection:
        found = list(judgments.verify(connection, study.id))
    assert not any(isinstance(step, judgments.Break) for step in found)
    return len(found)


def test_an_answer_is_stored_and_the_next_unit_follows(db, study):
    held = assignment.current(db, ANA, "small")
    receipt = answering.submit(db, ANA, held, {"better": A, "why": "clearer"}, 4.5, follow=True)
    assert receipt.sequence == 2 and receipt.stored == 2
    assert receipt.next.place == 2 and receipt.next.unit_id != held.unit_id
    stored = rows(db, J)
    assert [r.code for r in stored] == [0, None]
    assert stored[0].shown == list(held.unit.shown) and stored[0].seconds == 4.5
    assert rows(db, S)[0].state == "submitted" and holds(db, study) == 2


def test_the_same_submit_twice_stores_once(db, study):
    held = assignment.current(db, ANA, "small")
    first = answering.submit(db, ANA, held, {"better": A})
    again = answering.submit(db, ANA, held, {"better": A})
    assert again.sequence == first.sequence and again.stored == 0
    assert holds(db, study) == 1


def test_two_windows_with_different_answers_conflict(db, study):
    held = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, held, {"better": A})
    with pytest.raises(judgments.Conflict, match="#1"):
        answering.submit(db, ANA, held, {"better": B})
    assert holds(db, study) == 1


def test_a_correction_is_a_new_row_that_replaces_the_old(db, study):
    held = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, held, {"better": A, "why": "first thought"})
    seen = assignment.at(db, ANA, "small", 1)
    assert seen.answers == {"better": A, "why": "first thought"}
    answering.submit(db, ANA, seen, {"better": TIE})
    stored = rows(db, J)
    assert [(r.replaces, r.withdrawn) for r in stored] == [
        (None, False), (None, False), (stored[0].id, False), (stored[1].id, True)
    ]  # fmt: skip
    assert assignment.at(db, ANA, "small", 1).answers == {"better": TIE}


def test_undo_withdraws_and_keeps_the_answer_as_a_draft(db, study):
    held = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, held, {"better": A}, follow=True)
    opened = answering.undo(db, ANA, "small", assignment.at(db, ANA, "small", 1))
    assert opened.answers == {} and opened.draft == {"better": A} and opened.state == "reserved"
    assert assignment.current(db, ANA, "small").place == 1
    with db.read() as connection:
        assert judgments.count(connection, study.id) == 0
    answering.submit(db, ANA, opened, {"better": A})
    assert holds(db, study) == 3
    with db.read() as connection:
        assert judgments.count(connection, study.id) == 1


def test_sides_are_drawn_per_person_and_codes_do_not_depend_on_them(db, study):
    orders = {}
    for who in (ANA, BEN):
        held = assignment.current(db, who, "small")
        while held:
            orders[who.name, held.unit.key] = held.unit.shown
            held = answering.submit(db, who, held, {"better": A}, follow=True).next
    assert len(set(orders.values())) == 2
    assert {r.code for r in rows(db, J)} == {0}


def test_the_overlap_is_kept(db, study):
    for who in (ANA, BEN):
        held = assignment.current(db, who, "small")
        while held:
            held = answering.submit(db, who, held, {"better": B}, follow=True).next
    assert assignment.current(db, EVA, "small") is None
    assert {(u.taken, u.closed) for u in rows(db, U)} == {(2, 1)}


def test_many_people_at_once_never_pass_the_overlap(db, study):
    errors = []

    def work(who):
        try:
            held = assignment.current(db, who, "small")
            while held:
                held = answering.submit(db, who, held, {"better": A}, follow=True).next
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(Identity(f"p{n}"),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {u.taken for u in rows(db, U)} == {2} and holds(db, study) == 12


def test_a_lapsed_reservation_goes_to_somebody_else_and_comes_back_as_late(db, study):
    held = {}
    for who in (ANA, BEN):
        held[who.name] = assignment.current(db, who, "small")
    with db.write() as connection:
        connection.execute(update(S).values(lease_until=1))
    taken = assignment.current(db, EVA, "small")
    assert taken.unit_id == held["ana"].unit_id
    answering.submit(db, EVA, taken, {"better": A})
    answering.submit(db, ANA, held["ana"], {"better": A})
    answering.submit(db, BEN, held["ben"], {"better": A})
    states = {r.rater: r.state for r in rows(db, S) if r.unit == taken.unit_id}
    assert sorted(states.values()) == ["late", "submitted", "submitted"]
    assert rows(db, U)[0].taken == 2 and holds(db, study) == 3


def test_a_skip_needs_a_reason_and_frees_the_unit(db, study):
    held = assignment.current(db, ANA, "small")
    with pytest.raises(Invalid, match="say why"):
        answering.skip(db, ANA, held, "  ")
    answering.skip(db, ANA, held, "unclear")
    assert rows(db, U)[0].taken == 0
    assert assignment.current(db, ANA, "small").unit_id != held.unit_id
    assert [(e.kind, e.data["reason"]) for e in rows(db, Event.__table__) if e.kind == "skip"] == [
        ("skip", "unclear")
    ]


def test_a_skipped_unit_can_still_be_answered(db, study):
    held = assignment.current(db, ANA, "small")
    answering.skip(db, ANA, held, "unclear")
    answering.submit(db, ANA, assignment.at(db, ANA, "small", 1), {"better": B})
    assert rows(db, U)[0].taken == 1 and rows(db, S)[0].state == "submitted"


def test_a_flag_is_an_event(db, study):
    held = assignment.current(db, ANA, "small")
    answering.flag(db, ANA, held, "the second answer is cut off")
    event = rows(db, Event.__table__)[-1]
    assert (event.kind, event.unit, event.actor) == ("flag", held.unit_id, "ana")


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "better"),
        ({"better": {"winner": "c"}}, "better"),
        ({"better": "A"}, "better"),
        ({"better": A, "why": 7}, "why"),
        ({"better": A, "why": "x" * 10_001}, "why"),
        ({"better": A, "other": 1}, "other"),
    ],
)
def test_a_wrong_answer_names_its_field_and_stores_nothing(db, study, answers, field):
    held = assignment.current(db, ANA, "small")
    with pytest.raises(Invalid) as error:
        answering.submit(db, ANA, held, answers)
    assert error.value.field == field
    assert rows(db, J) == []


@pytest.mark.parametrize("value", ["lots", 1e300, 10**400, float("nan")])
def test_a_refusal_says_which_question_it_is_about(db, value):
    asked = "questions: [{kind: number, name: size, title: How large is it}]"
    made = studies.create(db, ANA, from_yaml(f"name: sized\ntitle: Sized\n{asked}"))
    fill(db, made, 1)
    studies.set_state(db, ANA, "sized", "open")
    held = assignment.current(db, ANA, "sized")
    with pytest.raises(Invalid) as error:
        answering.submit(db, ANA, held, {"size": value})
    assert error.value.message.startswith("“How large is it”: expected a number")


def test_nobody_answers_for_somebody_else(db, study):
    held = assignment.current(db, ANA, "small")
    with pytest.raises(Refused, match="somebody else"):
        answering.submit(db, BEN, held, {"better": A})
    with pytest.raises(Refused, match="somebody else"):
        answering.submit(db, BEN, replace(held, rater_key="person:ben", rater=999), {"better": A})
    assert rows(db, J) == []


def test_a_role_without_annotate_is_denied(db, study):
    with pytest.raises(Denied, match="annotate"):
        assignment.current(db, Identity("guest", frozenset()), "small")


def test_a_paused_study_takes_nothing(db, study):
    held = assignment.current(db, ANA, "small")
    studies.set_state(db, ANA, "small", "paused")
    with pytest.raises(Refused, match="paused"):
        answering.submit(db, ANA, held, {"better": A})
    with pytest.raises(Refused, match="paused"):
        assignment.current(db, ANA, "small")


def test_drafts_live_on_the_server(db, study):
    held = assignment.current(db, ANA, "small")
    assignment.save_draft(db, ANA, held, {"why": "half a thou"})
    db.cache.clear()
    assert assignment.current(db, ANA, "small").draft == {"why": "half a thou"}


@pytest.mark.parametrize("order", ["shared", "shuffled", "per_rater"])
def test_every_order_reaches_every_unit_once(db, order):
    from core.protocol import from_yaml
    from tests.services.conftest import PROTOCOL, fill

    text = PROTOCOL.replace("{overlap: 2}", f"{{overlap: 2, order: {order}}}")
    made = studies.create(db, ANA, from_yaml(text))
    fill(db, made, 20)
    studies.set_state(db, ANA, "small", "open")
    seen = []
    held = assignment.current(db, ANA, "small")
    while held:
        seen.append(held.unit.key)
        held = answering.submit(db, ANA, held, {"better": A}, follow=True).next
    assert sorted(seen) == sorted({f"item-{n}" for n in range(20)})
    assert (seen == [f"item-{n}" for n in range(20)]) == (order == "shared")
