"""What every content kind keeps to, whoever writes it."""

import copy
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.content.base import contents, restore
from core.digest import canonical
from core.ui import Recorder
from core.units import Invalid
from tests.conftest import NIGHTLY
from tests.contracts.hostile import FUZZ, TEXTS, VALUES
from tests.contracts.specimens import every_content

EVERY = every_content()
ALL = pytest.mark.parametrize("content", EVERY.values(), ids=EVERY.keys())
NAMING = {"id", "key", "parent", "from", "to", "role", "kind", "outcome", "language", "type"}
TURNS = st.lists(
    st.fixed_dictionaries({"role": TEXTS, "content": st.one_of(TEXTS, VALUES)}), max_size=4
)


def leaves(value):
    """Every text inside plain JSON."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return (
        [t for v in inner for t in leaves(v)] if isinstance(inner, list | type({}.values())) else []
    )


def keys(value):
    """Every name inside plain JSON, with the short values that name things."""
    if isinstance(value, dict):
        return [*value, *(keys(v) if n not in NAMING else v for n, v in value.items())]
    return [keys(v) for v in value] if isinstance(value, list) else []


@st.composite
def mutated(draw, data):
    """Valid data with one or two of its values replaced by anything, taken out, or given twice."""
    data = {"": copy.deepcopy(data)}
    for _ in range(draw(st.integers(1, 2))):
        place, within = draw(st.sampled_from(places(data)))
        what = draw(st.sampled_from(["replace", "replace", "drop", "double"]))
        if what == "replace" or "" in place:
            place[within] = copy.deepcopy(draw(VALUES))  # tricky values are shared
        elif what == "drop":
            place.pop(within)
        elif isinstance(place, list):
            place.append(place[within])
    return data[""]


def places(value):
    """Every container inside plain JSON with a name or number of what it holds."""
    if not isinstance(value, dict | list):
        return []
    inner = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [(value, n) for n, _ in inner] + [p for _, v in inner for p in places(v)]


def whole(content, parsed=True):
    """What holds for any content that could be made."""
    kind = type(content)
    if parsed:
        assert kind.parse(content.data) == content
    assert restore(content.stored()) == content
    canonical(content.stored()).encode("utf-8")
    text = content.text()
    end = 0
    for segment in content.segments():
        assert text[segment.start : segment.end] == segment.text
        assert end <= segment.start <= segment.end
        end = segment.end
    keys = [segment.key for segment in content.segments()]
    assert len(set(keys)) == len(keys)
    ui = Recorder()
    content.show(ui)
    canonical(ui.blocks).encode("utf-8")
    canonical(content.messages()).encode("utf-8")


@ALL
def test_the_example_is_whole(content):
    whole(content)
    assert content.text().strip() and content.segments() and content.messages()


@ALL
def test_it_draws_all_of_its_text(content):
    ui = Recorder()
    content.show(ui)
    drawn = "\n".join(leaves(ui.blocks)) + "\n" + "".join(leaves(ui.blocks))
    assert all(line.strip() in drawn for text in content.texts() for line in text.splitlines())


@ALL
def test_a_model_reads_all_of_its_text(content):
    read = content.text()
    assert all(line.strip() in read for text in content.texts() for line in text.splitlines())
    said = "".join(part["text"] for part in content.messages() if part["type"] == "text")
    assert all(line in said for line in read.splitlines())


@ALL
def test_every_text_can_be_changed_in_one_place(content):
    """What masks rely on: no word is shown or sent that did not go through the function."""
    assert content.mapped(lambda text: text) == content
    marked = content.mapped(lambda text: re.sub(r"[^\W\d_]+", "masked", text))
    whole(marked, parsed=False)
    assert type(marked).parse(marked.data) == marked
    assert set(re.findall(r"[^\W\d_]+", " ".join(marked.texts()))) <= {"masked"}
    assert [s.key for s in marked.segments()] == [s.key for s in content.segments()]
    ui = Recorder()
    marked.show(ui)
    words = {w for t in content.texts() for w in re.findall(r"[^\W\d_]{4,}", t)}
    words -= set(re.findall(r"[^\W\d_]+", str(keys(content.data))))
    shown = "\n".join(leaves(ui.blocks)) + marked.text()
    assert [word for word in words if re.search(rf"\b{word}\b", shown)] == []


@ALL
def test_its_kind_is_its_name(content):
    assert contents[content.kind] is type(content)


@ALL
@pytest.mark.timeout(3600)
@settings(FUZZ, max_examples=10_000 if NIGHTLY else 120)
@given(data=st.data())
def test_hostile_input_is_refused_or_whole(content, data):
    raw = data.draw(st.one_of(VALUES, TEXTS, TURNS, mutated(content.data)))
    try:
        made = type(content).parse(raw)
    except Invalid as error:
        assert error.field and error.message
        return
    whole(made)
    whole(made.mapped(str.swapcase), parsed=False)
