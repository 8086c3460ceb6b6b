"""A plan of a picture: boxes and what holds between them, on a canvas of 100 by 100."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from core.content.base import Content, Segment, contents
from core.content.reading import apart, first, key, listed, number, record, text, without_empty
from core.ui import Ui
from core.units import Invalid

MOST_ENTITIES = 500
SIZE = 100
LEAST_OVERLAP = 0.1
Box = Sequence[float]


@contents.register
class Canvas(Content):
    """A layout; `data` is `{"entities": [{id, label, box}], "relations": [{from, to, label}]}`.

    A box is [x, y, width, height], counted from the upper left corner of a canvas of 100 by 100. It
    may reach beyond the canvas: that is a mistake of the plan, and `problems()` says so. Segments
    are the entities (key `entity:id`) and the relations (`relation:number`).
    """

    kind = "canvas"
    fixed = frozenset({"id", "from", "to"})

    @classmethod
    def parse(cls, raw: Any) -> "Canvas":
        raw = record(raw, "canvas", "entities and relations")
        given = listed(raw.get("entities"), "canvas", "entities")
        if len(given) > MOST_ENTITIES:
            raise Invalid("canvas", f"at most {MOST_ENTITIES} entities, found {len(given)}")
        entities = [_entity(e, n) for n, e in enumerate(given, 1)]
        apart([e["id"] for e in entities], "canvas, entities")
        known = {e["id"] for e in entities}
        relations = [
            _relation(r, n, known)
            for n, r in enumerate(
                listed(raw.get("relations") or [], "canvas", "relations", empty=True), 1
            )
        ]
        return cls({"entities": entities, "relations": relations})

    def problems(self) -> list[str]:
        """What is wrong with the layout, in words: boxes beyond the canvas, and those that overlap.

        Two boxes overlap when they share more than a tenth of the smaller one and neither lies in
        the other.
        """
        found = []
        for one in self.data["entities"]:
            x, y, width, height = one["box"]
            if min(x, y) < 0 or x + width > SIZE or y + height > SIZE:
                found.append(f"{_name(one)} reaches beyond the canvas")
        for one, other in combinations(self.data["entities"], 2):
            share = overlap(one["box"], other["box"])
            if LEAST_OVERLAP < share < 1:
                found.append(f"{_name(one)} and {_name(other)} overlap by {share:.0%}")
        return found

    def show(self, ui: Ui) -> None:
        ui.canvas(self.data["entities"], self.data["relations"], self.problems())

    def text(self) -> str:
        return "\n".join(words for _, words in self._lines())

    def segments(self) -> Sequence[Segment]:
        found, start = [], 0
        for name, words in self._lines():
            found.append(Segment(name, words, start, start + len(words)))
            start += len(words) + 1
        return found

    def _lines(self) -> list[tuple[str, str]]:
        labels = {e["id"]: e["label"] for e in self.data["entities"]}
        entities = [
            (f"entity:{e['id']}", f"[{e['id']}] {e['label']} at {_place(e['box'])}")
            for e in self.data["entities"]
        ]  # fmt: skip
        relations = [
            (f"relation:{n}", f"{labels[r['from']]} -> {labels[r['to']]}"
             + (f": {r['label']}" if r.get("label") else ""))
            for n, r in enumerate(self.data["relations"], 1)
        ]  # fmt: skip
        return entities + relations

    @classmethod
    def example(cls) -> "Canvas":
        return cls.parse(
            {
                "entities": [
                    {"id": "sun", "label": "Sun", "box": [8, 10, 22, 22]},
                    {"id": "leaf", "label": "Leaf", "box": [60, 45, 30, 25]},
                    {"id": "root", "label": "Root", "box": [66, 62, 16, 34]},
                ],
                "relations": [{"from": "sun", "to": "leaf", "label": "light"}],
            }
        )


def overlap(a: Box, b: Box) -> float:
    """The part of the smaller box that two boxes share, 0 to 1."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    smaller = min(a[2] * a[3], b[2] * b[3])
    return max(wide, 0) * max(high, 0) / smaller if smaller > 0 else 0.0


def _place(box: Box) -> str:
    return "x={:g} y={:g} width={:g} height={:g}".format(*box)


def _name(entity: Mapping[str, Any]) -> str:
    return str(entity["label"])


def _entity(raw: Any, place: int) -> dict[str, Any]:
    where = f"entity {place}"
    raw = record(raw, where, "id, label and box")
    name = key(first(raw, "id", "key", "name"), f"{where}, id")
    box = first(raw, "box", "bbox")
    if not isinstance(box, list) or len(box) != 4:
        raise Invalid(f"{where}, box", "expected [x, y, width, height]")
    x, y = (number(v, f"{where}, box", -1000, 1000) for v in box[:2])
    width, height = (number(v, f"{where}, box, size", 0, 1000) for v in box[2:])
    label = text(first(raw, "label", "name"), f"{where}, label")
    return {"id": name, "label": label if label.strip() else name, "box": [x, y, width, height]}


def _relation(raw: Any, place: int, known: set[str]) -> dict[str, Any]:
    where = f"relation {place}"
    raw = record(raw, where, "from, to and label")
    ends = {
        "from": key(first(raw, "from", "source"), f"{where}, from"),
        "to": key(first(raw, "to", "target"), f"{where}, to"),
    }
    for side, end in ends.items():
        if end not in known:
            raise Invalid(f"{where}, {side}", f"no entity has the id {end!r}")
    return ends | without_empty({"label": text(raw.get("label"), f"{where}, label")})
