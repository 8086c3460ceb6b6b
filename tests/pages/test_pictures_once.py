"""The picture that boxes are drawn on travels apart from the answer, so that it is sent once."""

import json

from core.content.image import Image
from core.questions.box import Box
from core.units import Unit
from pages.widgets.components import tools
from pages.widgets.ui import StreamlitUi

UNIT = Unit("u", "i", {"photo": Image.example()})
QUESTION = Box(name="things", title="Draw", labels=["cat"])


def mounted(monkeypatch, draft):
    """What is mounted for a draft: the name and data of each part."""
    found = []
    monkeypatch.setattr(
        tools, "part", lambda name, *more: lambda *, key, data, **_: found.append((name, key, data))
    )
    QUESTION.ask(StreamlitUi("a1"), UNIT, draft)
    return found


def test_only_the_picture_part_holds_the_picture_and_an_answer_leaves_it_as_it_is(monkeypatch):
    url = UNIT.fields["photo"].data["url"]
    one, other = (mounted(monkeypatch, draft) for draft in (None, QUESTION.example(UNIT)))
    (picture, tool), (picture_later, tool_later) = one, other
    assert picture == picture_later == ("picture", "ground-a1-things", picture[2])
    assert picture[2]["url"] == url
    assert tool != tool_later
    for name, _, data in (tool, tool_later):
        assert name == "box" and url not in json.dumps(data)
        assert data["ground"]["picture"] == picture[2]["key"] and data["ground"]["width"]
