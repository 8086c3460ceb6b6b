"""Appending: once, corrected, taken back; never twice, never two different."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from storage import judgments
from storage.chain import J, S


def rows(log):
    with log.db.read() as connection:
        return connection.execute(select(J).order_by(J.c.sequence)).all()


def test_a_judgment_takes_the_next_place_and_moves_the_head(log):
    first, second = log.new("u0", "ana", 3), log.new("u1", "ana", 4)
    assert [s.sequence for s in log.append(first)] == [1]
    assert [s.sequence for s in log.append(second)] == [2]
    with log.db.read() as connection:
        state = connection.execute(select(S.c.revision, S.c.head)).one()
    assert state.revision == 2 and state.head == rows(log)[-1].hash
    assert log.verdict() == (2, None)


def test_many_at_once_keep_their_order(log):
    stored = log.append(*(log.new(f"u{n}", "ana", n) for n in range(10)))
    assert [s.sequence for s in stored] == list(range(1, 11))
    assert [r.value for r in rows(log)] == [str(n) for n in range(10)]
    assert [s.id for s in stored] == [r.id for r in rows(log)]
    assert log.verdict() == (10, None)


def test_the_same_judgment_again_is_stored_once(log):
    (first,) = log.append(log.new("u0", "ana", 3))
    (again,) = log.append(log.new("u0", "ana", 3))
    assert again.again and (again.id, again.sequence) == (first.id, first.sequence)
    assert log.verdict() == (1, None)


def test_again_and_new_in_one_append(log):
    log.append(log.new("u1", "ana", 3))
    stored = log.append(*(log.new(f"u{n}", "ana", 3) for n in range(3)))
    assert [s.again for s in stored] == [False, True, False]
    assert [s.sequence for s in stored] == [2, 1, 3]


def test_another_value_at_the_same_place_is_a_conflict_and_stores_nothing(log):
    log.append(log.new("u0", "ana", 3))
    with pytest.raises(judgments.Conflict, match="#1"):
        log.append(log.new("u1", "ana", 3), log.new("u0", "ana", 4))
    assert log.verdict() == (1, None)


def test_a_correction_is_a_new_row_and_the_old_one_no_longer_counts(log):
    (first,) = log.append(log.new("u0", "ana", 3))
    (second,) = log.append(log.new("u0", "ana", 5, replaces=(first.id, first.sequence)))
    assert [r.value for r in rows(log)] == ["3", "5"]
    assert rows(log)[1].replaces == first.id
    with log.db.read() as connection:
        assert judgments.count(connection, log.study) == 1
    assert second.sequence == 2 and log.verdict() == (2, None)


def test_a_row_is_replaced_only_once(log):
    (first,) = log.append(log.new("u0", "ana", 3))
    here = (first.id, first.sequence)
    log.append(log.new("u0", "ana", 4, replaces=here))
    with pytest.raises(judgments.Conflict):
        log.append(log.new("u0", "ana", 5, replaces=here))
    with pytest.raises(IntegrityError):
        log.append(log.new("u0", "ana", 5, replaces=here, stage="other"))
    assert log.verdict() == (2, None)


def test_a_withdrawal_leaves_nothing_that_counts(log):
    (first,) = log.append(log.new("u0", "ana", 3))
    log.append(log.new("u0", "ana", None, withdrawn=True, replaces=(first.id, first.sequence)))
    with log.db.read() as connection:
        assert judgments.count(connection, log.study) == 0
        unit, rater = log.units["u0"], rows(log)[0].rater
        newest = judgments.latest(connection, unit, rater)[log.question]
    assert newest.withdrawn and log.verdict() == (2, None)


def test_the_index_refuses_a_second_first_answer(log):
    log.append(log.new("u0", "ana", 3))
    again = log.new("u0", "ana", 3)
    with pytest.raises(IntegrityError), log.db.write() as connection:
        judgments.append(connection, log.study, [again], check=False)
    copy = text(
        "INSERT INTO judgment (study, sequence, unit, question, rater, stage, repeat, condition,"
        " value, rationale, withdrawn, key, salt, payload_digest, hash, created_at)"
        " SELECT study, 99, unit, question, rater, stage, repeat, condition, value, rationale,"
        " withdrawn, 'another key', salt, payload_digest, hash, created_at FROM judgment"
    )
    with pytest.raises(IntegrityError), log.db.write() as connection:
        connection.execute(copy)
    assert log.verdict() == (1, None)


def test_other_stages_repeats_and_conditions_stand_beside_the_first(log):
    log.append(
        log.new("u0", "ana", 3),
        log.new("u0", "ana", 4, stage="retest"),
        log.new("u0", "ana", 4, repeat=1),
        log.new("u0", "ana", 4, condition="paraphrase"),
    )
    assert log.verdict() == (4, None)


def test_an_error_inside_the_transaction_takes_everything_back(log):
    row = log.new("u0", "ana", 3)
    with pytest.raises(RuntimeError), log.db.write() as connection:
        judgments.append(connection, log.study, [row])
        raise RuntimeError
    assert log.verdict() == (0, None)
    assert [s.sequence for s in log.append(row)] == [1]


def test_a_row_that_names_nothing_is_refused(log):
    row = log.new("u0", "ana", 3)
    lost = judgments.NewJudgment(
        unit=10**6, unit_key="lost", question=row.question, question_digest=row.question_digest,
        rater=row.rater, rater_key=row.rater_key, value=3,
    )  # fmt: skip
    with pytest.raises(DatabaseError):
        log.append(lost)
    assert log.verdict() == (0, None)


def test_not_a_number_is_refused(log):
    with pytest.raises(ValueError, match="float"):
        log.append(log.new("u0", "ana", float("nan")))
    assert log.verdict() == (0, None)
