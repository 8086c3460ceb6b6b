"""What our own CSS may ask of the browser."""

import re

import pytest

from pages.widgets.look import CSS, DESK, MIRRORED

# Looked at anew whenever anything inside changes, which is everything that an answer draws.
WIDE = r"(\.stApp|stAppViewContainer\"\]|stMain\"\]|stMainBlockContainer\"\]|st-key-desk)\s*:has\("


@pytest.mark.parametrize("css", [CSS, DESK, MIRRORED], ids=["everywhere", "desk", "mirrored"])
def test_no_rule_looks_through_the_whole_page(css):
    assert "{" in css
    assert re.findall(WIDE, css) == []
