"""Units taken ahead, and answers that may arrive twice or late."""

import pytest
from sqlalchemy import select, update

from core.protocol import from_yaml
from core.services import ahead, answering, assignment, studies
from core.services.answering import Conflict
from core.services.studies import Refused
from storage.tables import Assignment, Judgment
from tests.services.conftest import ANA, BEN, EVA, PROTOCOL, fill

A, B = {"better": {"winner": "a"}}, {"better": {"winner": "b"}}


@pytest.fixture
def large(db):
    """An open study of forty pairs."""
    made = studies.create(db, ANA, from_yaml(PROTOCOL.replace("name: small", "name: large")))
    fill(db, made, 40)
    return studies.set_state(db, ANA, "large", "open")


def rows(db):
    with db.read() as connection:
        return connection.execute(select(Judgment.value, Judgment.withdrawn)).all()


def leases(db):
    with db.read() as connection:
        return list(connection.execute(select(Assignment.lease_until)).scalars())


def test_units_are_taken_in_order_and_topped_up(db, large):
    held = ahead.reserve_ahead(db, ANA, "large", 5)
    assert [t.place for t in held] == [1, 2, 3, 4, 5]
    answering.submit(db, ANA, held[0], A)
    known = {t.id: t for t in held}
    again = ahead.reserve_ahead(db, ANA, "large", 5, known)
    assert [t.place for t in again] == [2, 3, 4, 5, 6]
    assert all(mine is known[mine.id] for mine in again[:4])
    assert assignment.current(db, ANA, "large").place == 2


def test_leases_are_made_new_together(db, large):
    ahead.reserve_ahead(db, ANA, "large", 4)
    with db.write() as connection:
        connection.execute(update(Assignment).values(lease_until=5))
    ahead.reserve_ahead(db, ANA, "large", 4)
    assert min(leases(db)) > 5


def test_nobody_goes_empty_while_others_hoard(db, study):
    """Six units, each to be answered twice: one ahead of need, however often it is asked for."""
    for who in (ANA, BEN, EVA):
        for _ in range(4):
            assert 1 <= len(ahead.reserve_ahead(db, who, "small", 16)) <= 2


def test_the_last_unit_and_then_nothing(db, study):
    while held := ahead.reserve_ahead(db, ANA, "small", 4):
        answering.submit(db, ANA, held[0], A)
    assert len(rows(db)) == 6


def test_a_paused_study_gives_nothing(db, large):
    studies.set_state(db, ANA, "large", "paused")
    with pytest.raises(Refused, match="paused"):
        ahead.reserve_ahead(db, ANA, "large", 3)


def test_an_answer_that_arrives_twice_is_stored_once(db, large):
    (held,) = ahead.reserve_ahead(db, ANA, "large", 1)
    first = ahead.submit_once(db, ANA, held, A)
    fetched = assignment.at(db, ANA, "large", 1)
    for ticket in (held, fetched):
        assert ahead.submit_once(db, ANA, ticket, A).sequence == first.sequence
    assert len(rows(db)) == 1


def test_a_late_repeat_does_not_undo_what_came_after_it(db, large):
    """The answer, its correction, and then word of the first answer once more."""
    (held,) = ahead.reserve_ahead(db, ANA, "large", 1)
    ahead.submit_once(db, ANA, held, A)
    ahead.submit_once(db, ANA, assignment.at(db, ANA, "large", 1), B, fresh=False)
    receipt = ahead.submit_once(db, ANA, assignment.at(db, ANA, "large", 1), A)
    assert receipt.stored == 0 and assignment.at(db, ANA, "large", 1).answers == B
    answering.undo(db, ANA, "large", assignment.at(db, ANA, "large", 1))
    assert ahead.submit_once(db, ANA, held, A).stored == 0
    assert assignment.at(db, ANA, "large", 1).answers == {}


def test_another_answer_from_elsewhere_is_a_conflict(db, large):
    (held,) = ahead.reserve_ahead(db, ANA, "large", 1)
    answering.submit(db, ANA, held, A)
    with pytest.raises(Conflict):
        ahead.submit_once(db, ANA, held, B)
    assert len(rows(db)) == 1


def test_nobody_answers_for_somebody_else(db, large):
    (held,) = ahead.reserve_ahead(db, ANA, "large", 1)
    with pytest.raises(Refused):
        ahead.submit_once(db, BEN, held, A)
    assert rows(db) == []
