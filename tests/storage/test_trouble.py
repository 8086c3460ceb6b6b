"""A database that is full, locked or read-only says so, keeps nothing half, and recovers."""

import sqlite3

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError

from storage import database, studies
from storage.database import Database, Unavailable
from storage.tables import Study
from storage.trouble import reason


def made(db, name, title="A study"):
    with db.write() as connection:
        return studies.create(connection, name, title, {"name": name})


def names(db):
    with db.read() as connection:
        return list(connection.execute(select(Study.key)).scalars())


def test_a_full_disk_is_named_and_leaves_nothing_half(sqlite_url):
    db = Database(sqlite_url)
    made(db, "before")
    room = {"pages": 1}
    event.listen(
        db.engine, "begin",
        lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={room['pages']}"),
    )  # fmt: skip
    with pytest.raises(Unavailable, match="the disk that holds it is full; make room"):
        made(db, "big", "x" * 500_000)
    assert names(db) == ["before"]
    room["pages"] = 1_000_000
    made(db, "after")
    assert sorted(names(db)) == ["after", "before"]
    db.close()


def test_a_locked_file_is_named(sqlite_url, monkeypatch):
    monkeypatch.setattr(database, "BUSY_MS", 50)
    db = Database(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program holds it"):
        made(db, "mine")
    assert names(db) == []
    other.execute("ROLLBACK")
    made(db, "mine")
    assert names(db) == ["mine"]
    other.close()
    db.close()


def test_a_file_that_can_only_be_read_is_named(sqlite_url):
    db = Database(sqlite_url)
    event.listen(db.engine, "begin", lambda c: c.exec_driver_sql("PRAGMA query_only=ON"))
    with pytest.raises(Unavailable, match="cannot be written to"):
        made(db, "mine")
    db.close()


def test_no_database_at_all_is_named(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("these are my notes, not a database" * 40)
    db = Database(f"sqlite:///{path}")
    with pytest.raises(Unavailable, match="no SQLite database"), db.read() as connection:
        connection.execute(text("SELECT 1 FROM study"))
    db.close()


def test_a_server_out_of_reach_is_named():
    db = Database("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(Unavailable, match="cannot be reached"), db.read():
        pass
    db.close()


def test_other_errors_stay_what_they_are_and_hold_no_stored_text(db):
    made(db, "one", "a secret title")
    with pytest.raises(IntegrityError) as found:
        made(db, "one", "a secret title")
    assert "secret" not in str(found.value)
    assert reason(found.value) == ""
