"""migrate, verify, parts, and the ways a verb can end."""

import pytest
from sqlalchemy import text

from storage.database import Database
from tests.cli.run_concord import Concord
from tests.storage.written_log import written

NOT_WHOLE, BAD_INPUT, NOT_FOUND, NOT_ALLOWED = 1, 2, 3, 4


@pytest.fixture
def log(concord):
    """A log of three rows in the command's database."""
    db = Database(concord.url)
    found = written(db)
    found.append(*(found.new(f"u{n}", "ana", n) for n in range(3)))
    yield found
    db.close()


def test_migrate_says_from_what_to_what(tmp_path):
    concord = Concord(f"sqlite:///{tmp_path / 'new.db'}", tmp_path)
    first = concord.json("migrate")
    assert first["from"] == "" and first["to"] >= "0001"
    assert concord.json("migrate")["from"] == first["to"]
    assert "Schema" in concord("migrate")


def test_migrate_check_tells_a_difference(concord):
    assert concord.json("migrate", "--check")["differences"] == []
    db = Database(concord.url)
    with db.write() as connection:
        connection.execute(text("ALTER TABLE study ADD COLUMN extra TEXT"))
    db.close()
    assert "extra" in concord.json("migrate", "--check", code=NOT_WHOLE)["differences"][0]


def test_a_newer_database_is_refused_plainly(concord):
    db = Database(concord.url)
    with db.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    db.close()
    concord("verify", "--all", code=NOT_ALLOWED)
    assert "update Concord" in concord.error


def test_verify_passes_a_whole_log(concord, log):
    found = concord.json("verify", "--study", "log")
    assert found == {
        "whole": True,
        "studies": [{"study": "log", "rows": 3, "row": None, "reason": "", "whole": True}],
    }
    assert "all 3 rows hold" in concord("verify", "--all")


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE judgment SET value = '9' WHERE sequence = 2", 2),
        ("DELETE FROM judgment WHERE sequence = 1", 1),
        ("DELETE FROM judgment WHERE sequence = 3", 3),
        ("UPDATE judgment SET sequence = 4 WHERE sequence = 3", 3),
    ],
)
def test_verify_names_the_row_that_does_not_hold(concord, log, statement, row):
    with log.db.write() as connection:
        connection.execute(text(statement))
    found = concord.json("verify", "--all", code=NOT_WHOLE)
    assert not found["whole"] and found["studies"][0]["row"] == row
    assert f"row #{row}" in concord("verify", "--study", "log", code=NOT_WHOLE)


def test_verify_of_nothing(concord):
    assert concord.json("verify", "--all") == {"whole": True, "studies": []}
    concord("verify", "--study", "nobody", code=NOT_FOUND)
    assert "nobody" in concord.error
    concord("verify", code=BAD_INPUT)
    concord("verify", "--all", "--study", "log", code=BAD_INPUT)


@pytest.mark.parametrize(
    "verb",
    [["stats"], ["export", "--format", "csv"], ["run", "--worker", "x"], ["verify"]],
    ids=lambda verb: verb[0],
)
def test_an_unknown_study_ends_with_its_own_code(concord, verb):
    concord(*verb, "--study", "nobody", code=NOT_FOUND)
    assert "no study is called 'nobody'" in concord.error


def test_an_unknown_verb_or_option_is_bad_input(concord):
    concord("nothing", code=BAD_INPUT)
    concord("parts", "--nothing", code=BAD_INPUT)


def test_the_demo_loads_once(demo):
    assert demo.loaded["added"] == demo.loaded["judgments"] > 0
    assert demo.json("demo")["added"] == 0
    assert demo.json("verify", "--all")["whole"]
