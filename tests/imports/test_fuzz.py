"""Whatever stands in a file: no crash, a clear error or a whole import, nothing half-written."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from core.exports.base import exports
from core.imports.base import File, ImportFailed
from core.imports.mapping import MappingError, from_yaml
from core.protocol import ProtocolError
from core.services import exports as out
from core.services import transfer
from core.services.access import Identity
from core.services.exports import Choice
from core.services.studies import NoStudy
from storage.database import Database

OWNER = Identity("owner")
MAPPING = """
study: {name: fuzz, title: F, questions: [{kind: rating, name: good, title: G}]}
items: {key: id, fields: {prompt: text}, meta: [topic]}
judgments: [{question: good, kind: person, raters: {ann: score}}]
"""
GOOD = {
    "a.csv": b"id,text,topic,score\n1,one,x,3\n2,two,y,5\n",
    "a.tsv": b"id\ttext\ttopic\tscore\n1\tone\tx\t3\n",
    "a.jsonl": b'{"id": 1, "text": "one", "topic": ["x"], "score": 3}\n{"id": 2, "text": "two"}\n',
    "a.json": b'[{"id": 1, "text": "one", "topic": {"x": 1}, "score": 3}]',
}


def table():
    opened = io.BytesIO()
    pq.write_table(pa.table({"id": [1], "text": ["one"], "topic": [[1]], "score": [3]}), opened)
    return opened.getvalue()


GOOD["a.parquet"] = table()
FAR = st.tuples(st.integers(0, 10**4), st.integers(0, 6), st.binary(max_size=12))
EDIT = st.tuples(st.integers(0, 400), st.integers(0, 6), st.binary(max_size=12))


def bent(data, edits):
    """The bytes with small pieces replaced."""
    for at, length, new in edits:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


def counts(db):
    with db.read() as connection:
        return [
            connection.exec_driver_sql(f"select count(*) from {name}").scalar()
            for name in ("study", "item", "unit", "rater", "judgment", "assignment", "event")
        ]


def attempt(db, files, mapping, number):
    before = counts(db)
    try:
        transfer.run_import(db, OWNER, files, mapping, f"fuzz-{number}")
    except (ImportFailed, MappingError, ProtocolError, NoStudy) as error:
        assert str(error)
        assert counts(db) == before


@pytest.fixture(scope="module")
def scratch(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "c.db"
    path.write_bytes(sqlite_template.read_bytes())
    db = Database(f"sqlite:///{path}")
    yield db
    db.close()


@pytest.mark.parametrize("name", GOOD)
def test_bent_files(scratch, name, nightly):
    number = iter(range(10**9))
    mapping = from_yaml(MAPPING)

    @seed(8)
    @settings(
        max_examples=100_000 if nightly else 120, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(EDIT, min_size=1, max_size=4))
    def run(edits):
        files = [File(name, bent(GOOD[name], edits))]
        attempt(scratch, files, mapping, f"{name.replace('.', '-')}-{next(number)}")

    run()


@pytest.mark.parametrize("name", GOOD)
def test_any_bytes(scratch, name, nightly):
    mapping = from_yaml(MAPPING)

    @seed(9)
    @settings(max_examples=100_000 if nightly else 120, deadline=None, database=None)
    @given(st.binary(max_size=300))
    def run(data):
        before = counts(scratch)
        with pytest.raises(ImportFailed):
            transfer.run_import(scratch, OWNER, [File(name, data)], mapping, "never")
        assert counts(scratch) == before

    run()


def test_bent_exports(scratch, nightly):
    files = [File("a.csv", GOOD["a.csv"])]
    transfer.run_import(scratch, OWNER, files, from_yaml(MAPPING), "whole")
    with out.opened(scratch, OWNER, "whole", Choice("jsonl")) as material:
        whole = "".join(exports["jsonl"].lines(material)).encode()
    number = iter(range(10**9))

    @seed(10)
    @settings(max_examples=100_000 if nightly else 200, deadline=None, database=None)
    @given(st.lists(FAR, max_size=4))
    def run(edits):
        attempt(scratch, [File("a.jsonl", bent(whole, edits))], None, f"back-{next(number)}")

    run()
