"""Pictures judged by a model in a run: what it is sent, which boxes count, where they are seen."""

import base64
import json
from io import BytesIO

import pytest
from PIL import Image as Picture

from core.content.image import Image
from core.protocol import from_data
from core.services import material, runs, studies
from pages.widgets import boxed
from storage import items
from storage.tables import Judgment
from tests.servers.openai_server import OpenAIServer
from tests.services.answers import answer
from tests.services.pairs import OWNER, judge, rows, work_on

GOOD = {"id": "b1", "label": "ball", "x": 10, "y": 20, "w": 25, "h": 40}
WRONG = [
    ({**GOOD, "x": 90}, "ball reaches beyond the edge"),
    ({**GOOD, "w": 320}, "320 is greater than the maximum of 100"),
    ({**GOOD, "h": 0.1}, "0.1 is less than the minimum of 0.5"),
    ({**GOOD, "label": "bird"}, "'bird' is not one of"),
]


@pytest.fixture
def study(workspace):
    """One picture, on which boxes are asked for."""
    asked = [{"kind": "box", "name": "things", "title": "Box each thing", "labels": ["ball"]}]
    data = {"name": "pics", "title": "Pictures", "fields": {"photo": "image"}, "questions": asked}
    made = studies.create(workspace, OWNER, from_data(data))
    with workspace.write() as connection:
        content = {"photo": {"kind": "image", "data": Image.example().data}}
        items.add_items(connection, made.id,
                        [{"key": "i0", "meta": {}, "gold": None, "content": content}])  # fmt: skip
        material.add_missing_units(connection, made)
    return studies.load(workspace, "pics")


def boxes(*found):
    return {"things": {"reasoning": "A ball.", "answer": {"boxes": list(found)}}}


def test_wrong_boxes_are_asked_for_again_and_the_right_ones_are_seen(study, workspace, opened):
    told = iter([boxes(WRONG[0][0]), boxes(GOOD)])
    with OpenAIServer(lambda body: next(told)) as server:
        made = judge(server.url, name="eye", mode="pointwise")
        status = work_on(workspace, runs.start(workspace, OWNER, "pics", made))
        sent = server.requests
    assert (status.done, len(sent)) == (1, 2)
    parts = sent[0]["messages"][1]["content"]
    [picture] = [p["image_url"]["url"] for p in parts if p["type"] == "image_url"]
    assert picture == Image.example().data["url"] and picture.startswith("data:image/png;base64,")
    assert WRONG[0][1] in sent[1]["messages"][-1]["content"]
    [kept] = rows(workspace, Judgment.__table__)
    assert json.loads(kept.value)["boxes"] == [{**GOOD, "x": 10.0, "y": 20.0, "w": 25.0, "h": 40.0}]
    answer(workspace, study, "things", "person", "ann", {"i0": {"boxes": [], "relations": []}})
    page = opened("review", who="owner", study="pics")
    assert not page.exception and "1 ball" in [c.value for c in page.caption]


@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_no_value_comes_of_boxes_that_are_none(study, workspace, wrong, words):
    with OpenAIServer(lambda body: boxes(wrong)) as server:
        made = judge(server.url, name="eye", mode="pointwise")
        status = work_on(workspace, runs.start(workspace, OWNER, "pics", made))
    assert (status.done, status.failed) == (0, 1)
    [(kind, _, message)] = status.failures
    assert kind == "invalid_reply" and words in message


def test_the_drawing_is_small_and_has_each_box_in_its_place():
    made = BytesIO()
    Picture.new("RGB", (1200, 600), "white").save(made, "PNG")
    url = "data:image/png;base64," + base64.b64encode(made.getvalue()).decode()
    drawn = Picture.open(BytesIO(boxed._drawn(url, [GOOD])))
    assert drawn.size == (480, 240)
    assert drawn.getpixel((48, 120)) != (255, 255, 255)  # the left side, at 10 % of the width
    assert drawn.getpixel((168, 120)) != (255, 255, 255)  # the right one, at 35 %
    assert drawn.getpixel((300, 120)) == drawn.getpixel((100, 120)) == (255, 255, 255)
