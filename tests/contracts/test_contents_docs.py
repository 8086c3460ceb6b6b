"""docs/contents.md is true: each kind has a section, and every example in it is read and shown."""

import re

import pytest
import yaml

from core.content.base import contents
from core.protocol import StrictLoader
from core.settings import ROOT
from tests.contracts.test_contents import whole

PAGE = (ROOT / "docs" / "contents.md").read_text("utf-8")
SECTIONS = {
    name: re.findall(r"^```yaml\n(.*?)^```", body, re.M | re.S)
    for name, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
}
EXAMPLES = [(kind, n) for kind in contents for n in range(len(SECTIONS.get(kind, [])))]


def test_every_kind_has_an_example():
    assert [kind for kind in contents if not SECTIONS.get(kind)] == []


@pytest.mark.parametrize(("kind", "place"), EXAMPLES, ids=[f"{k}-{n}" for k, n in EXAMPLES])
def test_an_example_is_read(kind, place):
    raw = yaml.load(SECTIONS[kind][place], Loader=StrictLoader)
    made = contents[kind].parse(raw)
    whole(made)
    assert made.segments() and made.texts()
