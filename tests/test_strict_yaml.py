"""YAML that was made to do harm, or by mistake: an error that names line and what is wrong."""

import pytest

from core.imports.mapping import MappingError
from core.imports.mapping import from_yaml as mapping
from core.protocol import ProtocolError
from core.protocol import from_yaml as protocol

NINE = ", ".join(["*{0}"] * 9)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{NINE.format(old)}]\n" for old, new in zip("abcde", "bcdef", strict=True)
)
HARM = {
    "aliases": (BOMB, "unfold"),
    "itself": ("study: &a [*a]", "unfold"),
    "deep": ("study: " + "[" * 3000 + "]" * 3000, "too deep"),
    "code": ("study: !!python/object/apply:os.system [id]", "line 1"),
    "long": ("study: {name: " + "x" * 1_000_001 + "}", "characters, and may have 1,000,000"),
    "number": ("\nstudy: " + "9" * 5000, "line 2, column 8: '999"),
    "date": ("study: {name: 2020-99-99}", "'2020-99-99' looks like a number or date"),
    "nul": ("study: \x00", "special characters"),
    "twice": ("a: 1\na: 2", "twice"),
    "yes": ("yes: 1\nname: x", "True"),
}


@pytest.mark.parametrize("name", HARM)
@pytest.mark.parametrize("read", [mapping, protocol], ids=["mapping", "protocol"])
def test_it_is_refused_in_words(name, read):
    text, words = HARM[name]
    with pytest.raises((MappingError, ProtocolError)) as caught:
        read(text)
    assert words in str(caught.value)
