"""The boxes of an answer where they lie: on the picture or the canvas that they were drawn on."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import streamlit as st
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from core.boxes import overlaps
from core.questions.box import Box
from core.services.review import Detail
from pages.widgets.ui import StreamlitUi
from pages.widgets.words import plain

LONGEST_SIDE = 480  # pixels: a card holds no more
HUES = ("#c2410c", "#0f766e", "#4338ca", "#be185d", "#4d7c0f", "#0369a1", "#7e22ce", "#a16207")


def show_boxes(seen: Detail, value: Any, key: str) -> None:
    """Draw an answer that is boxes; of other questions nothing is drawn."""
    asked = seen.question
    if not isinstance(asked, Box) or not value["boxes"]:
        return
    boxes, ground = value["boxes"], asked.ground(seen.unit)
    if ground is None or ground.kind != "image":
        entities = [
            {"id": b["id"], "label": b["label"], "box": [b["x"], b["y"], b["w"], b["h"]]}
            for b in boxes
        ]
        wrong = [str(told) for told in overlaps(boxes)]
        StreamlitUi(key).canvas(entities, value.get("relations", []), wrong)
        return
    named = ", ".join(f"{n} {box['label']}" for n, box in enumerate(boxes, 1))
    st.image(_drawn(ground.data["url"], boxes), alt=f"The picture with boxes: {named}")
    st.caption(plain(named))


@st.cache_data(max_entries=200, show_spinner=False)
def _drawn(url: str, boxes: Sequence[Mapping[str, Any]]) -> bytes:
    """The picture, no larger than a card, with numbered boxes; one hue for each label, as PNG."""
    picture: Any = Picture.open(BytesIO(base64.b64decode(url.partition(",")[2])))
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture = picture.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    labels = list(dict.fromkeys(box["label"] for box in boxes))
    for number, box in enumerate(boxes, 1):
        hue = HUES[labels.index(box["label"]) % len(HUES)]
        left, top = (box[s] / 100 * size for s, size in zip("xy", picture.size, strict=True))
        wide, high = (box[s] / 100 * size for s, size in zip("wh", picture.size, strict=True))
        pen.rectangle((left, top, left + wide, top + high), outline="white", width=4)
        pen.rectangle((left, top, left + wide, top + high), outline=hue, width=3)
        tag = pen.textbbox((left + 4, top + 2), str(number), font=font)
        pen.rectangle((left, top, tag[2] + 4, tag[3] + 3), fill=hue)
        pen.text((left + 4, top + 2), str(number), fill="white", font=font)
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()
