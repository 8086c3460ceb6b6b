"""The schema: one way up, on both engines, however many start at once."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from storage import migrate
from storage.database import Database
from storage.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request, tmp_path):
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    request.getfixturevalue("postgres_url")  # says why where there is no server
    server = request.getfixturevalue("postgres")
    url = server.database()
    yield url
    server.drop(url)


@pytest.fixture
def empty(empty_url):
    """A database without tables."""
    db = Database(empty_url)
    yield db
    db.close()


def test_an_empty_database_gets_every_table(empty):
    assert migrate.upgrade(empty) == ("", migrate.head())
    names = set(inspect(empty.engine).get_table_names())
    assert names == {table.__tablename__ for table in TABLES} | {"alembic_version"}
    assert migrate.upgrade(empty) == (migrate.head(), migrate.head())


def test_the_migrations_make_what_the_tables_say(db):
    assert migrate.differences(db) == []


def test_a_difference_is_found(db):
    with db.write() as connection:
        connection.execute(text("DROP INDEX judgment_first"))
        connection.execute(text("ALTER TABLE study ADD COLUMN extra TEXT"))
    found = " ".join(migrate.differences(db))
    assert "judgment_first" in found and "extra" in found


def test_the_first_answer_index_is_partial_on_both_engines(db):
    indexes = {index["name"]: index for index in inspect(db.engine).get_indexes("judgment")}
    first = indexes["judgment_first"]
    where = first["dialect_options"][f"{db.engine.dialect.name}_where"]
    assert first["unique"] and "replaces IS NULL" in str(where)


def test_several_that_start_at_once_take_turns(empty, empty_url):
    script = (
        "import sys\nfrom storage.database import Database\nfrom storage.migrate import upgrade\n"
        "db = Database(sys.argv[1])\nprint(upgrade(db)[1])\ndb.close()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, empty_url], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    results, errors = [], []

    def here():
        own = Database(empty_url)
        try:
            results.append(migrate.upgrade(own)[1])
        except Exception as error:
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=here) for _ in range(4)]
    for thread in threads:
        thread.start()
    told = [process.communicate() for process in processes]
    for thread in threads:
        thread.join()
    assert errors == [] and [error for _, error in told if error] == []
    assert results + [out.strip() for out, _ in told] == [migrate.head()] * 8
    assert migrate.differences(empty) == []


def test_a_newer_database_is_left_alone(db):
    with db.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.Ahead, match="update Concord"):
        migrate.upgrade(db)


def test_files_and_revisions_agree():
    """The quick look at file names sees the head that Alembic sees, and one line of descent."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(migrate.FOLDER))
    assert scripts.get_heads() == [migrate.head()]
    assert all(
        Path(script.path).name.startswith(f"{script.revision}_")
        for script in scripts.walk_revisions()
    )
