"""The chain names the first row that was altered, removed or inserted."""

import pytest
from sqlalchemy import delete, insert, select, text, update

from storage.chain import J, S
from storage.database import Database
from tests.storage.written_log import written


@pytest.fixture
def five(log):
    """A log of five rows: four answers, and a correction of the second."""
    stored = log.append(*(log.new(f"u{n}", "ana", n, rationale="because") for n in range(4)))
    old = stored[1]
    log.append(log.new("u1", "ana", 9, replaces=(old.id, old.sequence), confidence=0.1 + 0.2))
    assert log.verdict() == (5, None)
    return log


def bend(log, statement):
    with log.db.write() as connection:
        assert connection.execute(statement).rowcount == 1


ALTERED = {
    "value": "7", "code": 6, "rationale": "another reason", "confidence": 0.5, "shown": ["b", "a"],
    "revealed": ["x"], "stage": "retest", "repeat": 1, "condition": "probe", "withdrawn": True,
    "seconds": 1.5, "key": "another key", "salt": "another salt", "payload_digest": "0" * 64,
    "hash": "0" * 64, "created_at": 1,
}  # fmt: skip


@pytest.mark.parametrize("column", sorted(ALTERED))
def test_an_altered_row_is_named(five, column):
    bend(five, update(J).where(J.c.sequence == 3).values({column: ALTERED[column]}))
    holding, broken = five.verdict()
    assert (holding, broken.sequence) == (2, 3)
    assert "altered" in broken.reason


def test_a_row_moved_to_another_unit_question_or_rater_is_named(five):
    bend(five, update(J).where(J.c.sequence == 3).values(unit=five.units["u9"]))
    assert five.verdict()[1].sequence == 3


def test_a_correction_that_points_elsewhere_is_named(five):
    with five.db.read() as connection:
        other = connection.execute(select(J.c.id).where(J.c.sequence == 3)).scalar_one()
    bend(five, update(J).where(J.c.sequence == 5).values(replaces=other))
    assert five.verdict()[1].sequence == 5


@pytest.mark.parametrize("row", [1, 3])
def test_a_removed_row_is_named(five, row):
    bend(five, delete(J).where(J.c.sequence == row))
    holding, broken = five.verdict()
    assert (holding, broken.sequence, broken.reason) == (row - 1, row, "the row is missing")


def test_a_missing_tail_is_named(five):
    bend(five, delete(J).where(J.c.sequence == 5))
    holding, broken = five.verdict()
    assert (holding, broken.sequence) == (4, 5) and "end of the log" in broken.reason


def copied(log, source, **changes):
    """Insert a copy of a row, as someone with the database in their hands could."""
    with log.db.write() as connection:
        row = dict(connection.execute(select(J).where(J.c.sequence == source)).one()._mapping)
        del row["id"]
        connection.execute(insert(J), {**row, "key": "new", "condition": "new", **changes})


def test_an_inserted_row_at_the_end_is_named(five):
    copied(five, 3, sequence=6)
    assert five.verdict()[1].sequence == 6


def test_an_inserted_row_with_a_valid_hash_is_named(five):
    """Someone who writes a row that follows the chain still forgets the study's own count."""
    stored = five.append(five.new("u7", "ana", 1))
    with five.db.write() as connection:
        head = connection.execute(select(J.c.hash).where(J.c.sequence == 5)).scalar_one()
        connection.execute(update(S).values(revision=5, head=head))
    assert stored[0].sequence == 6
    broken = five.verdict()[1]
    assert broken.sequence == 6 and "inserted" in broken.reason


def test_an_inserted_row_in_the_middle_is_named(five):
    with five.db.write() as connection:
        connection.execute(update(J).where(J.c.sequence > 2).values(sequence=J.c.sequence + 100))
        connection.execute(update(J).where(J.c.sequence > 2).values(sequence=J.c.sequence - 99))
        connection.execute(update(S).values(revision=6))
    copied(five, 2, sequence=3, replaces=None)
    holding, broken = five.verdict()
    assert (holding, broken.sequence) == (2, 3) and "inserted" in broken.reason


def test_a_row_before_the_first_is_named(five):
    copied(five, 3, sequence=0)
    assert "inserted" in five.verdict()[1].reason


def test_a_replaced_last_row_is_named(five):
    bend(five, update(S).values(head="0" * 64))
    assert five.verdict()[1].sequence == 5


def test_erased_words_leave_the_chain_whole(five):
    bend(
        five,
        update(J).where(J.c.sequence == 3).values(value="null", rationale="", shown=[], salt=""),
    )
    assert five.verdict() == (5, None)


def test_a_chain_is_its_studys_own(five):
    """Two studies with equal answers have different chains."""
    other = written(five.db, key="other")
    other.append(*(other.new(f"u{n}", "ana", n) for n in range(4)))
    with five.db.read() as connection:
        firsts = connection.execute(select(J.c.hash).where(J.c.sequence == 1)).scalars().all()
    assert len(set(firsts)) == 2
    assert five.verdict() == (5, None) and other.verdict() == (4, None)


def test_settings_of_the_file(sqlite_url):
    """SQLite reaches the disk on every commit, enforces row references, and logs ahead."""
    db = Database(sqlite_url)
    with db.write() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("synchronous", "foreign_keys", "journal_mode", "busy_timeout")
        }
    db.close()
    full = 2
    assert found["synchronous"] == full and found["foreign_keys"] == 1
    assert found["journal_mode"] == "wal" and found["busy_timeout"] >= 10_000


def test_words_put_where_a_row_was_erased_are_named(five):
    bend(five, update(J).where(J.c.sequence == 3).values(value="7", salt=""))
    holding, broken = five.verdict()
    assert (holding, broken.sequence) == (2, 3) and "erased" in broken.reason
