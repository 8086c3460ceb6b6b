"""What is typed into a form reads back as the value that it showed."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.fields import Setting, settings_of
from core.typed import read, shown

ODD = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " a",
        "a: b",
        '"quoted"',
        '"half',
        "a\nb",
        "a, b",
        "[1]",
        "null",
        "1",
        "- x",
        "\u2028",
        ":",
    ]
)


class Settings(BaseModel):
    line: str = ""
    maybe: str | None = None
    pairs: Mapping[str, str] = {}
    points: Mapping[int, str] = {}
    amounts: Mapping[str, float] = {}
    counts: Mapping[str, int] = {}
    lists: Mapping[str, tuple[str, ...]] = {}
    values: Mapping[str, Any] = {}
    several: tuple[str, ...] = ()


KNOWN: Mapping[str, Setting] = {s.name: s for s in settings_of(Settings)}
VALUES = {
    "line": ODD, "maybe": ODD | st.none(), "pairs": st.dictionaries(ODD, ODD),
    "points": st.dictionaries(st.integers(-99, 99), ODD),
    "amounts": st.dictionaries(ODD, st.floats(allow_nan=False, allow_infinity=False)),
    "counts": st.dictionaries(ODD, st.integers()), "several": st.lists(ODD, unique=True),
    "lists": st.dictionaries(ODD, st.lists(ODD, min_size=1)),
    "values": st.dictionaries(ODD, ODD | st.integers() | st.none() | st.lists(ODD)
                              | st.dictionaries(ODD, st.booleans())),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
@given(st.data())
def test_it_reads_back(name, data):
    value = data.draw(VALUES[name])
    assert read(KNOWN[name], shown(KNOWN[name], value)) == value


def test_lines_as_people_type_them():
    pairs, points = KNOWN["pairs"], KNOWN["points"]
    assert read(pairs, " good : it is: very \n\nbad\n") == {"good": "it is: very", "bad": ""}
    assert read(points, "1: worst\n5: best") == {1: "worst", 5: "best"}
    assert read(KNOWN["amounts"], "a: 2\nb: .5\nc: high") == {"a": 2, "b": 0.5, "c": "high"}
    assert read(KNOWN["lists"], "task: one, two") == {"task": ["one", "two"]}
    assert read(pairs, '"half: open') == {'"half': "open"}


def test_an_empty_field_is_none_where_it_may_be():
    assert read(KNOWN["maybe"], " ") is None and read(KNOWN["line"], " ") == ""
    assert read(KNOWN["maybe"], '""') == ""


def test_a_value_of_another_shape_is_shown_all_the_same():
    assert shown(KNOWN["pairs"], ["a", "b"]) == "a\nb"
    assert shown(KNOWN["pairs"], 7) == "" and shown(KNOWN["several"], "x") == []
    assert shown(KNOWN["line"], 7) == "7"
