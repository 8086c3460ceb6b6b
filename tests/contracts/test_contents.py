"""What every content kind keeps to, whoever writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.content.base import contents, restore
from core.digest import canonical
from core.ui import Recorder
from core.units import Invalid
from tests.contracts.hostile import FUZZ, TEXTS, VALUES
from tests.contracts.specimens import every_content

EVERY = every_content()
ALL = pytest.mark.parametrize("content", EVERY.values(), ids=EVERY.keys())
TURNS = st.lists(
    st.fixed_dictionaries({"role": TEXTS, "content": st.one_of(TEXTS, VALUES)}), max_size=4
)


def whole(content):
    """What holds for any content that could be made."""
    kind = type(content)
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
    drawn = " ".join(str(v) for block in ui.blocks for v in block.values())
    assert all(segment.text.strip() in drawn for segment in content.segments())


@ALL
def test_its_kind_is_its_name(content):
    assert contents[content.kind] is type(content)


@ALL
@pytest.mark.timeout(3600)
@FUZZ
@given(raw=st.one_of(VALUES, TEXTS, TURNS))
def test_hostile_input_is_refused_or_whole(content, raw):
    try:
        made = type(content).parse(raw)
    except Invalid as error:
        assert error.message
        return
    whole(made)
