"""Reading files: every row with its place, every mistake with its line."""

import io
import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.imports import parquet_rows
from core.imports.base import File, ImportFailed, Problems
from core.imports.readers import rows


def read(name, data, limit=1_000_000):
    problems = Problems()
    found = [(place.line, row) for place, row in rows(File(name, data), problems, limit)]
    return found, problems.found


def only_problem(name, data, **options):
    _, problems = read(name, data, **options)
    assert len(problems) == 1, problems
    return problems[0]


def test_csv_with_bom_crlf_and_quoted_newlines_counts_physical_lines():
    found, problems = read("a.csv", b'\xef\xbb\xbfid,text\r\n1,"two\r\nlines"\r\n2,\r\n')
    assert not problems
    assert found == [(2, {"id": "1", "text": "two\r\nlines"}), (4, {"id": "2", "text": None})]


def test_semicolons_and_tabs():
    assert read("a.csv", b"id;text\n1;x,y\n")[0] == [(2, {"id": "1", "text": "x,y"})]
    assert read("a.tsv", b"id\ttext\n1\tx\n")[0] == [(2, {"id": "1", "text": "x"})]


def test_json_array_and_lines_know_their_lines():
    array = b'[\n {"id": 1},\n\n {"id": 2,\n  "a": [1]}\n]\n'
    assert read("a.json", array)[0] == [(2, {"id": 1}), (4, {"id": 2, "a": [1]})]
    lines = b'\xef\xbb\xbf{"id": 1}\r\n\r\n{"id": 2}'
    for name in ("a.json", "a.jsonl"):
        assert read(name, lines)[0] == [(1, {"id": 1}), (3, {"id": 2})]


def test_a_line_separator_inside_a_text_is_no_new_line():
    found, problems = read("a.jsonl", '{"t": "a\u2028b"}\n{"t": "c"}'.encode())
    assert [line for line, _ in found] == [1, 2] and not problems


def test_parquet_with_nested_values(tmp_path):
    table = pa.table(
        {
            "id": [1, 2],
            "turns": [[{"role": "user", "content": "hi"}], None],
            "score": [0.5, float("nan")],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found, problems = read("a.parquet", tmp_path / "a.parquet")
    assert not problems
    assert found[0] == (
        1, {"id": 1, "turns": [{"role": "user", "content": "hi"}], "score": 0.5}
    )  # fmt: skip
    assert found[1] == (2, {"id": 2, "turns": None, "score": None})


@pytest.mark.parametrize(
    ("name", "data", "line", "said"),
    [
        ("a.csv", b"id,text\n1,ok\n2,\xff\xfe\n", 3, "UTF-8"),
        ("a.csv", b"id,text\n1,caf\xe9\n", 2, "save the file as UTF-8"),
        ("a.csv", "id,text\n1,a\n".encode("utf-16"), 0, "UTF-16 text; save the file as UTF-8"),
        ("a.csv", b"id,text\n1,a,b\n", 2, "2 columns"),
        ("a.csv", b'id,text\n1,"never closed\n', 2, "CSV"),
        ("a.csv", b"id,id\n1,2\n", 1, "once"),
        ("a.csv", b"id,\n1,2\n", 1, "name in the header"),
        ("a.csv", b"id,text\n", 0, "at least one row"),
        ("a.jsonl", b'{"id": 1}\n{"id": 2,}\n', 2, "JSON"),
        ("a.jsonl", b'{"id": 1}\n{"id": 2, "id": 3}\n', 2, "once"),
        ("a.jsonl", b'{"id": NaN}\n', 1, "null"),
        ("a.jsonl", b"[1]\n", 1, "object"),
        ("a.jsonl", b"null\n", 1, "object"),
        ("a.jsonl", b"9" * 5000, 1, "reason a number of thousands of digits"),
        ("a.jsonl", b'{"a":' * 100_000, 1, "nesting"),
        ("a.json", b'[\n{"id": 1}\n{"id": 2}]', 3, "comma"),
        ("a.json", b'[{"id": 1},\n', 2, "JSON"),
        ("a.json", b'[{"id": 1}] x', 1, "comma"),
        ("a.json", b"[1]", 1, "object"),
        ("a.json", b"[]", 0, "at least one row"),
        ("a.json", b"[" * 100_000, 1, "nesting"),
        ("a.csv", b"", 0, "at least one row"),
        ("a.jsonl", b"\n\n", 0, "at least one row"),
        ("a.parquet", b"PAR1 this is no table PAR1", 0, "Parquet"),
        ("a.csv", b"\x80\x04\x95", 0, "JSON lines"),
        ("a.json", b"PK\x03\x04", 0, "JSON lines"),
        ("a.pkl", b"anything", 0, ".parquet"),
    ],
)
def test_a_mistake_names_file_and_line(name, data, line, said):
    found, problems = read(name, data)
    assert problems, found
    assert problems[0].place.file == name and problems[0].place.line == line
    assert said in f"{problems[0].expected} {problems[0].found}"


def test_a_row_that_cannot_be_read_is_not_missing_as_well():
    assert "UTF-8" in only_problem("a.csv", b"id,text\n1,caf\xe9\n").expected


def test_missing_file_folder_and_too_large(tmp_path):
    assert only_problem("gone.csv", tmp_path / "gone.csv").found == "no such file"
    assert only_problem("folder.csv", tmp_path).found == "a folder"
    assert "split the file" in only_problem("big.csv", b"a\n" * 10, limit=5).expected


def test_a_huge_cell_is_read():
    found, problems = read("a.csv", b"id,text\n1," + b"x" * 3_000_000 + b"\n", limit=10_000_000)
    assert not problems and len(found[0][1]["text"]) == 3_000_000


def test_reading_stops_at_twenty_problems():
    with pytest.raises(ImportFailed) as failed:
        read("a.csv", b"id,text\n" + b"1\n" * 100)
    assert len(failed.value.problems) == 20
    assert "a.csv, line 2: expected 2 columns; found 1 columns" in str(failed.value)


def test_what_was_found_is_shortened():
    problem = only_problem("a.jsonl", json.dumps(["x" * 5000]).encode())
    assert len(problem.found) <= 80


def test_a_parquet_text_that_stands_in_every_row_is_unpacked_a_few_rows_at_a_time(monkeypatch):
    opened = io.BytesIO()
    pq.write_table(pa.table({"id": range(50), "text": ["a" * 1_000_000] * 50}), opened)
    asked = []
    whole = pq.ParquetFile.iter_batches
    monkeypatch.setattr(parquet_rows, "AT_ONCE", 3_000_000)
    monkeypatch.setattr(
        pq.ParquetFile, "iter_batches",
        lambda self, batch_size: asked.append(batch_size) or whole(self, batch_size),
    )  # fmt: skip
    found, problems = read("a.parquet", opened.getvalue())
    assert len(found) == 50 and not problems and 1 <= asked[0] <= 3


def test_a_lone_carriage_return_is_said():
    for data in (b"id,text\r1,one\r", b"id,text\r\n1,one\r2,two\n"):
        assert "a lone carriage return" in str(only_problem("a.csv", data))


def test_many_columns_are_read_in_no_time():
    names = ",".join(f"c{n}" for n in range(30_000)).encode()
    begun = time.process_time()
    read("a.csv", names + b"\n" + names + b"\n", limit=10_000_000)
    assert time.process_time() - begun < 10, "it grows with the square of the columns"
