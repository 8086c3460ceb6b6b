"""Material of every kind out of files, and pictures that come with them."""

import base64
import csv
import io
import json

import pytest

from core.content.base import contents, restore
from core.content.image import MOST_BYTES, Image
from core.imports.base import File, ImportFailed, Reading, imports
from core.imports.guess import guess
from core.imports.mapping import from_plain

PNG = Image.example().messages()[1]["image_url"]["url"]
BYTES = base64.b64decode(PNG.partition(",")[2])
QUESTIONS = [{"kind": "rating", "name": "ok", "title": "Fine"}]


def read(files, kind, **more):
    """The items that files give, the column `it` being of this kind."""
    study = {"name": "s", "title": "S", "questions": QUESTIONS, "fields": {"it": kind}} | more
    mapping = from_plain({"study": study, "items": {"key": "id", "fields": {"it": "it"}}})
    reading = Reading(files, mapping=mapping, protocol=mapping.protocol())
    found = list(imports["mapped"].items(reading))
    reading.problems.settle()
    return found


def lines(*values):
    """JSON lines with a column `it`."""
    rows = [json.dumps({"id": n, "it": v}) for n, v in enumerate(values, 1)]
    return File("items.jsonl", "\n".join(rows).encode())


def table(*values):
    """A CSV with a column `it`."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["id", "it"], *([n, v] for n, v in enumerate(values, 1))])
    return File("items.csv", out.getvalue().encode())


@pytest.mark.parametrize("kind", list(contents))
def test_a_kind_is_read_from_json_lines_and_from_a_csv_cell(kind):
    example = contents[kind].example()
    written = example.data if isinstance(example.data, str) else json.dumps(example.data)
    for file in (lines(example.data), table(written)):
        (item,) = read([file], kind)
        assert restore(item.content["it"]) == example


@pytest.mark.parametrize("kind", sorted(set(contents) - {"text", "plain", "code", "checklist"}))
def test_bad_material_names_file_line_column_and_place(kind):
    with pytest.raises(ImportFailed) as caught:
        read([lines(contents[kind].example().data, 17)], kind)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"items.jsonl, line 2, it: expected {kind} content (")


def test_the_place_inside_is_named():
    with pytest.raises(ImportFailed, match=r"line 2, it: .*turn 2, role: expected a text"):
        read([table('[{"role": "user", "content": "a"}, {"role": 3, "content": "b"}]')], "chat")


@pytest.mark.parametrize("raw", ["cat.png", {"file": "cat.png", "alt": "A cat"}, {"url": PNG}, PNG])
def test_pictures_come_from_files_given_or_data_urls(raw):
    (item,) = read([lines(raw), File("cat.png", BYTES)], "image")
    assert item.content["it"]["data"]["url"] == PNG
    assert item.content["it"]["data"]["width"] == 160


def test_pictures_lie_in_the_folder_of_the_table(tmp_path):
    (tmp_path / "in" / "pics").mkdir(parents=True)
    (tmp_path / "in" / "pics" / "cat.png").write_bytes(BYTES)
    (tmp_path / "secret.png").write_bytes(BYTES)
    (tmp_path / "in" / "linked.png").symlink_to(tmp_path / "secret.png")

    def given(name):
        path = tmp_path / "in" / "items.jsonl"
        path.write_bytes(lines(name).data)
        return read([File(path.name, path)], "image")

    assert given("pics/cat.png")[0].content["it"]["data"]["url"] == PNG
    outside = ["../secret.png", str(tmp_path / "secret.png"), "linked.png", "pics/../../secret.png",
               "..\\secret.png", "file:///etc/x.png", "pics/none.png"]  # fmt: skip
    for name in outside:
        with pytest.raises(ImportFailed, match=r"items\.jsonl, line 1, it: .*image content \(file"):
            given(name)


def test_an_upload_reads_no_file_of_the_server(tmp_path, monkeypatch):
    (tmp_path / "cat.png").write_bytes(BYTES)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImportFailed, match=r"no picture called 'cat\.png' was given"):
        read([lines("cat.png")], "image")


@pytest.mark.parametrize(
    ("found", "said"),
    [(b"GIF89a", "picture"), (b"<svg onload='x'/>", "PNG, JPEG, WebP or GIF"), (b"", "PNG"),
     (BYTES + b"0" * MOST_BYTES, "at most 5 MB"), (BYTES[:60], "broken")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(found, said):
    with pytest.raises(ImportFailed, match=said):
        read([lines("cat.png"), File("cat.png", found)], "image")


def test_an_address_is_never_fetched():
    with pytest.raises(ImportFailed, match="never fetched"):
        read([lines({"url": "http://127.0.0.1:9/cat.png"})], "image")
    parts = [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/cat.png"}}]
    (item,) = read([lines([{"role": "user", "content": parts}])], "chat")
    assert [p["type"] for p in restore(item.content["it"]).messages()] == ["text"]


def test_pictures_inside_sets_and_chats():
    part = {"key": "a", "kind": "image", "data": "cat.png"}
    (item,) = read([lines([part, "words"]), File("cat.png", BYTES)], "set")
    assert item.content["it"]["data"]["parts"][0]["data"]["url"] == PNG
    turn = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "cat.png"}}]}
    (item,) = read([lines([turn]), File("cat.png", BYTES)], "chat")
    assert restore(item.content["it"]).messages()[2]["image_url"]["url"] == PNG


def test_a_first_mapping_knows_pictures_and_conversations():
    turns = [{"role": "user", "content": "Hello"}]
    row = json.dumps({"id": 1, "prompt": "cat.png", "messages": turns, "answer_a": "a"})
    mapping, _ = guess([File("cat.png", BYTES), File("items.jsonl", row.encode())])
    assert mapping.study["fields"] == {"prompt": "image", "messages": "chat"}
