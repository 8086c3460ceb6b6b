"""Boxes on a picture or a canvas, with labels and relations."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator

from core.boxes import apart, changes, name, overlaps, place
from core.content.base import Content, storable
from core.content.canvas import SIZE
from core.questions.base import About, Entry, Parted, Scale, questions, schema_of
from core.questions.grades import Grade
from core.questions.marks import boxes_grade
from core.telling import Told, several
from core.ui import Ui
from core.units import Unit

LEAST = 0.5  # of a side: a smaller box could not be seen
MANY = 10
COUNTS = Scale(level="ordinal", labels=(*map(str, range(MANY)), f"{MANY} or more"))
LONGEST = 200
SIDES = ("x", "y", "w", "h")


@questions.register
class Box(Parted):
    """Boxes with labels on a picture, on a canvas, or on an empty canvas where a unit has neither.

    The value is `{"boxes": [{"id", "label", "x", "y", "w", "h"}], "relations": [{"from", "to",
    "label"}]}`. Coordinates are per cent of width and height, 0 to 100 from the upper left corner,
    with two decimals; a box beyond the edge is refused. Slot '' codes how many boxes there are, and
    each label of `labels` is a slot that codes how many have it, up to ten or more.
    """

    kind = "box"
    about: About = "output"
    labels: Mapping[str, str] = Field(
        default_factory=dict, description="labels and what each means; any words when empty"
    )
    within: str = Field(
        default="", description="field or role to draw on; the first picture or canvas when empty"
    )
    edit: bool = Field(default=False, description="start from the boxes that the canvas proposes")
    relations: bool = Field(default=False, description="whether boxes may be related")
    relation_labels: tuple[str, ...] = Field(
        default=(), description="labels of relations; any words when empty"
    )
    overlap: Literal["allow", "warn", "refuse"] = Field(
        default="warn", description="what is done about boxes that overlap"
    )
    most: int = Field(default=100, ge=1, le=500, description="how many boxes may be drawn")

    @field_validator("labels", mode="before")
    @classmethod
    def _named(cls, labels: Any) -> Any:
        if isinstance(labels, list | tuple):
            return {str(label): "" for label in labels}
        if isinstance(labels, Mapping):
            return {str(label): str(meaning or "") for label, meaning in labels.items()}
        return labels

    def ground(self, unit: Unit) -> Content | None:
        """The picture or canvas that is drawn on; None for an empty canvas."""
        places = [({name}, content) for name, content in unit.fields.items()]
        places += [({o.key, o.role}, o.content) for o in (*unit.outputs, *unit.context)]
        named = [c for names, c in places if not self.within or self.within in names]
        return next((c for c in named if c.kind in ("image", "canvas")), None)

    def proposed(self, unit: Unit) -> dict[str, Any]:
        """What the canvas proposes, in the form of a value; it may be no valid one."""
        ground = self.ground(unit)
        if not self.edit or ground is None or ground.kind != "canvas":
            return {"boxes": [], "relations": []}
        relations = [
            {"from": one["from"], "label": one.get("label", ""), "to": one["to"]}
            for one in ground.data["relations"]
        ]
        return {"boxes": _entities(ground), "relations": relations if self.relations else []}

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        ground = self.ground(unit)
        under: dict[str, Any] = {"kind": "blank"}
        if ground is not None:
            under = {"kind": ground.kind, "boxes": []}
            if ground.kind == "image":
                under |= ground.data
            elif not self.edit:
                under["boxes"] = _entities(ground)
        return ui.tool(
            "box", name=self.name, title=self.title, help=self.help, required=self.required,
            value=draft, facts={"ground": under, "labels": dict(self.labels),
                                "proposed": self.proposed(unit), "overlap": self.overlap,
                                "related": self.relations, "most": self.most, "least": LEAST,
                                "relation_labels": list(self.relation_labels)},
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        ground = self.ground(unit)
        where = "an empty canvas" if ground is None else {"image": "the picture"}.get(ground.kind)
        lines = [
            self.heading(),
            f"Place boxes on {where or 'the canvas'}. x and y are the upper left corner, w and h "
            "the size, in per cent of width and height: 0 to 100, from the upper left. No box may "
            "reach beyond the edge. An empty list means that there is nothing to draw.",
        ]
        if self.edit:
            lines.append("Start from the boxes that the canvas has, and keep the id of each.")
        lines += [f"{n}: {meaning}" if meaning else n for n, meaning in self.labels.items()]
        if self.relations:
            lines.append("Relations lead from one box to another, by id.")
            lines += self.relation_labels
        if self.overlap != "allow":
            lines.append("Boxes shall not overlap, unless one lies wholly in the other.")
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        words = {"type": "string", "maxLength": LONGEST}
        size = {"type": "number", "minimum": LEAST, "maximum": SIZE}
        corner = {"type": "number", "minimum": 0, "maximum": SIZE}
        label = {"enum": list(self.labels)} if self.labels else words
        box = schema_of({"id": {**words, "minLength": 1}, "label": label, "x": corner,
                         "y": corner, "w": size, "h": size})  # fmt: skip
        found = {"boxes": {"type": "array", "items": box, "maxItems": self.most}}
        if self.relations:
            holds = {"enum": list(self.relation_labels)} if self.relation_labels else words
            one = schema_of({"from": words, "to": words, "label": holds})
            found["relations"] = {"type": "array", "items": one}
        return schema_of(found)

    def reply(self, value: Any, unit: Unit) -> Any:
        return value if self.relations else {"boxes": value["boxes"]}

    def check(self, value: Any, unit: Unit) -> Any:
        if not isinstance(value, Mapping) or set(value) - {"boxes", "relations"}:
            raise self.refuse("expected `boxes` and `relations`, nothing else")
        boxes, related = value.get("boxes"), value.get("relations", [])
        if not isinstance(boxes, list | tuple) or len(boxes) > self.most:
            raise self.refuse(f"expected `boxes`, a list of at most {self.most}")
        if not isinstance(related, list | tuple) or len(related) > 4 * self.most:
            raise self.refuse(f"expected `relations`, a list of at most {4 * self.most}")
        if related and not self.relations:
            raise self.refuse("relations are not asked for here")
        found = [self._box(one, n) for n, one in enumerate(boxes, 1)]
        known = {box["id"] for box in found}
        if len(known) < len(found):
            raise self.refuse("two boxes have the same id")
        if self.overlap == "refuse" and (wrong := overlaps(found)):
            raise self.refuse(wrong[0])
        held = [self._relation(one, n, known) for n, one in enumerate(related, 1)]
        held.sort(key=lambda one: (one["from"], one["to"], one["label"]))
        if any(a == b for a, b in pairwise(held)):
            raise self.refuse(Told("a relation is given twice"))
        found.sort(key=lambda box: box["id"])
        return {"boxes": found, "relations": held}

    def _box(self, one: Any, number: int) -> dict[str, Any]:
        where = f"box {number}"
        if not isinstance(one, Mapping) or set(one) != {"id", "label", *SIDES}:
            raise self.refuse(f"{where}: expected id, label, x, y, w and h")
        key = self._words(one["id"], f"{where}, id")
        label = self._words(one["label"], f"{where}, label")
        if self.labels and label not in self.labels:
            words, able = "{where}, label: expected one of: {able}", ", ".join(self.labels)
            raise self.refuse(Told(words, where=where, able=able))
        if not key.strip():
            raise self.refuse(f"{where}, id: it is empty")
        x, y, w, h = (self._number(one[side], f"{where}, {side}") for side in SIDES)
        left, top, right, bottom = (round(v, 2) + 0.0 for v in (x, y, x + w, y + h))
        w, h = round(right - left, 2), round(bottom - top, 2)
        box = {"id": key, "label": label, "x": left, "y": top, "w": w, "h": h}
        if min(w, h) < LEAST:
            raise self.refuse(f"{where}, w and h: expected at least {LEAST}")
        for side, wrong in (("x", left < 0), ("y", top < 0), ("w", right > SIZE),
                            ("h", bottom > SIZE)):  # fmt: skip
            if wrong:
                words = "{where}, {side}: {name} reaches beyond the edge"
                raise self.refuse(Told(words, where=where, side=side, name=name(box)))
        return box

    def _relation(self, one: Any, number: int, known: set[str]) -> dict[str, str]:
        where = f"relation {number}"
        if not isinstance(one, Mapping) or set(one) - {"label"} != {"from", "to"}:
            raise self.refuse(f"{where}: expected from, to and label")
        for end in ("from", "to"):
            if not isinstance(one[end], str) or one[end] not in known:
                raise self.refuse(f"{where}, {end}: expected the id of a box")
        label = self._words(one.get("label", ""), f"{where}, label")
        if self.relation_labels and label not in self.relation_labels:
            raise self.refuse(f"{where}, label: expected one of: {', '.join(self.relation_labels)}")
        return {"from": one["from"], "to": one["to"], "label": label}

    def _words(self, text: Any, where: str) -> str:
        if not isinstance(text, str) or len(text) > LONGEST:
            raise self.refuse(f"{where}: expected a text of at most {LONGEST} characters")
        return storable(text, self.name)

    def _number(self, given: Any, where: str) -> float:
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if not number or not -SIZE <= given <= 2 * SIZE:
            raise self.refuse(f"{where}: expected a number from 0 to {SIZE}")
        return float(given)

    def form(self) -> str:
        return '{"boxes": [{"id": "b1", "label": "...", "x": 10, "y": 10, "w": 20, "h": 20}]}'

    def entry(self) -> Entry:
        return "typing"

    def scale(self, unit: Unit | None = None) -> Scale:
        return COUNTS

    def slots(self) -> Mapping[str, Scale]:
        return dict.fromkeys(self.labels, COUNTS)

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        held = [box["label"] for box in value["boxes"]]
        counts = {label: min(held.count(label), MANY) for label in self.labels}
        return {"": min(len(held), MANY), **counts}

    def distance(self, a: Any, b: Any) -> float:
        """1 - mean IoU of the best matching of boxes that have one label, without relations."""
        return apart(a["boxes"], b["boxes"])

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """F1 of boxes and relations: a box is right that shares half with one of its label."""
        return boxes_grade(known, value)

    def warnings(self, value: Any) -> list[str]:
        """What is doubtful about a valid value: boxes that overlap, where that is no error."""
        return [*overlaps(value["boxes"])] if self.overlap == "warn" else []

    def describe(self, value: Any, unit: Unit) -> str:
        before = self.proposed(unit)
        said: list[str]
        if before["boxes"]:
            said = [*changes(before["boxes"], value["boxes"])] or [Told("boxes as proposed")]
        else:
            said = [f"{name(box)} {place(box)}" for box in value["boxes"]] or [Told("no boxes")]
        names = {box["id"]: name(box) for box in value["boxes"]}
        for one in value["relations"]:
            words = f": {one['label']}" if one["label"] else ""
            said.append(f"{names[one['from']]} → {names[one['to']]}{words}")
        return several([*said, *self.warnings(value)])

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name, "title": self.title}

    @classmethod
    def sample(cls) -> "Box":
        return cls(name="example", title="An example", labels={"thing": ""}, relations=True)

    def example(self, unit: Unit) -> Any:
        label = next(iter(self.labels), "thing")
        corners = [("b1", 10, 10), ("b2", 60, 50)][: self.most]
        boxes = [{"id": n, "label": label, "x": x, "y": y, "w": 20, "h": 30} for n, x, y in corners]
        holds = {"from": "b1", "to": "b2", "label": next(iter(self.relation_labels), "beside")}
        related = [holds] if self.relations and self.most > 1 else []
        return self.check({"boxes": boxes, "relations": related}, unit)


def _entities(canvas: Content) -> list[dict[str, Any]]:
    """The entities of a canvas as boxes."""
    entities: Sequence[Mapping[str, Any]] = canvas.data["entities"]
    return [
        {"h": h, "id": one["id"], "label": one["label"], "w": w, "x": x, "y": y}
        for one in entities
        for x, y, w, h in [one["box"]]
    ]
