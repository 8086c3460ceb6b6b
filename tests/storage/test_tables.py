"""The tables as modules and as rows."""

import importlib
import subprocess
import sys
from pathlib import Path

from sqlalchemy import BigInteger, inspect

ROOT = Path(__file__).resolve().parents[2]
AGAIN = """
import importlib
from storage import tables
before = tables.Study
for _ in range(2):
    importlib.reload(tables)
assert tables.Study is not before
assert len(tables.Base.metadata.tables) == 14
from sqlalchemy import create_engine, insert, select
engine = create_engine("sqlite://")
tables.Base.metadata.create_all(engine)
with engine.begin() as connection:
    S = tables.Study.__table__
    connection.execute(insert(S), {"key": "a", "title": "A", "state": "draft", "version": 1,
        "protocol": {}, "seed": 0, "revision": 0, "head": "", "created_at": 0})
    assert connection.execute(select(S.c.key)).scalar_one() == "a"
engine.dispose()
"""


def test_the_module_can_be_imported_again():
    """The app's server imports changed modules anew inside one process."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", AGAIN], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_there_are_fourteen_tables():
    tables = importlib.import_module("storage.tables")
    assert len(tables.TABLES) == len(tables.Base.metadata.tables) == 14


def test_row_references_are_as_wide_as_ids(db):
    kinds = {"INTEGER", "BIGINT"} if db.sqlite else {"BIGINT"}
    look = inspect(db.engine)
    for table in look.get_table_names():
        types = {column["name"]: column["type"] for column in look.get_columns(table)}
        for reference in look.get_foreign_keys(table):
            kind = types[reference["constrained_columns"][0]]
            assert str(kind) in kinds, (table, reference)
            assert db.sqlite or isinstance(kind, BigInteger)
