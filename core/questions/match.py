"""Pairs between the parts of two contents, each with a strength."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from core.content.base import Content, storable
from core.content.plain import Plain
from core.places import name_of
from core.questions.base import PLACE, About, Entry, Parted, Scale, questions, schema_of
from core.questions.grades import Grade, f1, instead, of_sets
from core.telling import Told
from core.ui import Ui
from core.units import Invalid, Unit

MANY = 10
COUNTS = Scale(level="ordinal", labels=(*map(str, range(MANY)), f"{MANY} or more"))
TWICE = {
    "left": Told("a part on the left is in two pairs"),
    "right": Told("a part on the right is in two pairs"),
}
LONGEST_NOTE = 2000
Side = tuple[str, str, Content]  # what it is called on the screen, the output's key or '', content


@questions.register
class Match(Parted):
    """Which part of one content corresponds to which part of another, and how closely.

    The value is `{"pairs": [{"left": key, "right": key, "strength": 7, "note": "..."}]}`, keys of
    segments; an empty list says that nothing matches. Left and right are two outputs in the study's
    own order, or the first field and the output, unless named. Slot '' codes how many pairs there
    are, up to ten or more; slot `strength` the strength of each pair that was made.
    """

    kind = "match"
    about: About = "pair"
    left: str = Field(default="", description="field, or role of an output, on the left")
    right: str = Field(default="", description="field, or role of an output, on the right")
    low: int = Field(default=5, ge=1, le=9, description="weakest strength")
    high: int = Field(default=10, ge=2, le=10, description="greatest strength")
    low_words: str = Field(default="", description="what the weakest strength means")
    high_words: str = Field(default="", description="what the greatest strength means")
    several: bool = Field(default=True, description="whether a part may be in several pairs")
    notes: bool = Field(default=True, description="whether a pair may have a note")
    grade_strength: bool = Field(
        default=False, description="whether known answers are held against the strength as well"
    )
    most: int = Field(default=200, ge=1, le=2000, description="how many pairs may be made")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        if bool(self.left) != bool(self.right):
            raise ValueError("name both left and right, or neither")
        return self

    def sides(self, unit: Unit) -> tuple[Side, Side]:
        """What stands on the left and on the right; raises `Invalid` where a unit has no two."""
        by_key = {o.key: o for o in unit.outputs}
        ordered = [by_key[key] for key in (unit.order or unit.shown) if key in by_key]
        outputs = [
            (o.role, (name_of(unit, "output", o.key), o.key, o.content)) for o in ordered
        ] + [(o.role, (o.role, o.key, o.content)) for o in unit.context]
        fields = [(name, (name, "", content)) for name, content in unit.fields.items()]
        if self.left:
            found: list[Side] = []
            for wanted in (self.left, self.right):
                named = [side for name, side in (*fields, *outputs) if name == wanted]
                found += [side for side in named if side not in found][:1]
        elif len(ordered) > 1:
            found = [side for _, side in outputs[:2]]
        else:
            found = [side for _, side in (*fields[:1], *outputs[:1])]
        if len(found) != 2:
            raise self.refuse(Told("there are no two lists here; name their fields or roles"))
        return found[0], found[1]

    def _keys(self, unit: Unit) -> dict[str, dict[str, str]]:
        """The words of each part by key, for `left` and `right`."""
        return {
            end: {part.key: part.text for part in side[2].segments()}
            for end, side in zip(("left", "right"), self.sides(unit), strict=True)
        }

    def _shown(self, unit: Unit) -> list[tuple[str, str, dict[str, str]]]:
        """End, name and parts of both sides, in the order in which they are shown."""
        named = zip(("left", "right"), self.sides(unit), strict=True)
        keys = self._keys(unit)
        both = [(end, side, keys[end]) for end, side in named]
        if all(side[1] in unit.shown for _, side, _ in both):
            both.sort(key=lambda one: unit.shown.index(one[1][1]))
        return [(end, side[0], parts) for end, side, parts in both]

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        columns = [
            {"side": end, "name": name[:1].upper() + name[1:].replace("_", " "),
             "entries": [{"key": key, "text": text} for key, text in parts.items()]}
            for end, name, parts in self._shown(unit)
        ]  # fmt: skip
        return ui.tool(
            "match", name=self.name, title=self.title, help=self.help, required=self.required,
            value=draft, facts={"columns": columns, "low": self.low, "high": self.high,
                                "ends": [self.low_words, self.high_words], "notes": self.notes,
                                "several": self.several, "most": self.most},
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        ends = [f"{n}: {w}" for n, w in ((self.low, self.low_words), (self.high, self.high_words))
                if w]  # fmt: skip
        lines = [
            self.heading(),
            f"Pair lines of {self._title(1)} with lines of {self._title(2)} that correspond, by "
            f"their numbers, each with a strength from {self.low} to {self.high}. Leave out what "
            "has no partner; an empty list means that nothing matches.",
            *ends,
        ]
        if not self.several:
            lines.append("No line may be in two pairs.")
        return "\n".join(lines)

    def _title(self, number: int) -> str:
        return f"{self.name}: list {number}"

    def material(self, unit: Unit) -> Sequence[tuple[str, Content]]:
        return [
            (f"{self._title(n)} ({name})",
             Plain("\n".join(f"[{m}] {text}" for m, text in enumerate(parts.values(), 1))))
            for n, (_, name, parts) in enumerate(self._shown(unit), 1)
        ]  # fmt: skip

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        whole = {"type": "integer", "minimum": 1}
        sizes = [len(parts) for _, _, parts in self._shown(unit)]
        one = {f"list_{n}": {**whole, "maximum": size} for n, size in enumerate(sizes, 1)}
        one["strength"] = {"type": "integer", "minimum": self.low, "maximum": self.high}
        if self.notes:
            one["note"] = {"type": "string", "maxLength": LONGEST_NOTE}
        item = schema_of(one)
        item["required"] = [name for name in item["required"] if name != "note"]
        return schema_of({"pairs": {"type": "array", "items": item, "maxItems": self.most}})

    def read(self, reply: Any, unit: Unit) -> Any:
        if not isinstance(reply, Mapping) or set(reply) != {"pairs"}:
            raise self.refuse("expected `pairs`")
        if not isinstance(reply["pairs"], list):
            raise self.refuse("expected `pairs`, a list")
        lists = {f"list_{n}": (end, list(parts))
                 for n, (end, _, parts) in enumerate(self._shown(unit), 1)}  # fmt: skip
        pairs = []
        for number, one in enumerate(reply["pairs"], 1):
            if not isinstance(one, Mapping) or not set(lists) <= set(one):
                raise self.refuse(f"pair {number}: expected list_1, list_2 and strength")
            pair = {name: part for name, part in one.items() if name not in lists}
            for name, (end, keys) in lists.items():
                if type(one[name]) is not int or not 1 <= one[name] <= len(keys):
                    raise self.refuse(f"pair {number}, {name}: expected 1 to {len(keys)}")
                pair[end] = keys[one[name] - 1]
            pairs.append(pair)
        return self.check({"pairs": pairs}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        lists = [(f"list_{n}", end, list(parts))
                 for n, (end, _, parts) in enumerate(self._shown(unit), 1)]  # fmt: skip
        return {"pairs": [
            {name: keys.index(pair[end]) + 1 for name, end, keys in lists}
            | {k: v for k, v in pair.items() if k not in ("left", "right")}
            for pair in value["pairs"]
        ]}  # fmt: skip

    def check(self, value: Any, unit: Unit) -> Any:
        if not isinstance(value, Mapping) or set(value) != {"pairs"}:
            raise self.refuse("expected `pairs`, nothing else")
        pairs = value["pairs"]
        if not isinstance(pairs, list | tuple) or len(pairs) > self.most:
            raise self.refuse(f"expected `pairs`, a list of at most {self.most}")
        keys = self._keys(unit)
        places = {end: {key: n for n, key in enumerate(parts)} for end, parts in keys.items()}
        found = [self._pair(one, n, keys) for n, one in enumerate(pairs, 1)]
        if len({_ends(pair) for pair in found}) < len(found):
            raise self.refuse(Told("a pair is given twice"))
        if not self.several:
            for end in keys:
                if len({pair[end] for pair in found}) < len(found):
                    raise self.refuse(TWICE[end])
        return {"pairs": sorted(found, key=lambda one: [places[e][one[e]] for e in keys])}

    def _pair(self, one: Any, number: int, keys: Mapping[str, Any]) -> dict[str, Any]:
        where = f"pair {number}"
        if not isinstance(one, Mapping) or set(one) - {"note"} != {"left", "right", "strength"}:
            raise self.refuse(f"{where}: expected left, right, strength and, if wanted, note")
        for end in keys:
            if not isinstance(one[end], str) or one[end] not in keys[end]:
                raise self.refuse(f"{where}, {end}: expected the key of a part on the {end}")
        strength, note = one["strength"], one.get("note", "")
        if type(strength) is not int or not self.low <= strength <= self.high:
            raise self.refuse(f"{where}, strength: expected {self.low} to {self.high}, whole")
        if not isinstance(note, str) or len(note) > LONGEST_NOTE or (note and not self.notes):
            words = "{where}, note: expected at most {most} characters, if any"
            raise self.refuse(Told(words, where=where, most=LONGEST_NOTE))
        pair = {"left": one["left"], "right": one["right"], "strength": strength}
        return pair | ({"note": storable(note, self.name)} if note else {})

    def form(self) -> str:
        return f'{{"pairs": [{{"left": "1", "right": "2", "strength": {self.high}}}]}}'

    def entry(self) -> Entry:
        return "typing"

    def scale(self, unit: Unit | None = None) -> Scale:
        return COUNTS

    def slots(self) -> Mapping[str, Scale]:
        labels = tuple(str(n) for n in range(self.low, self.high + 1))
        return {"strength": Scale(level="interval", labels=labels)}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        pairs = value["pairs"]
        strengths = {f"strength{PLACE}{one['left']} ~ {one['right']}": one["strength"] - self.low
                     for one in pairs}  # fmt: skip
        return {"": min(len(pairs), MANY), **strengths}

    def distance(self, a: Any, b: Any) -> float:
        """1 - F1 of the pairs, whatever their strength; two empty lists are 0 apart."""
        one, two = ({_ends(pair) for pair in value["pairs"]} for value in (a, b))
        return 1 - 2 * len(one & two) / (len(one) + len(two)) if one or two else 0.0

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """F1 over the pairs; with `grade_strength` a pair counts by how near its strength is."""
        right, given = ({_ends(pair): pair for pair in one["pairs"]} for one in (known, value))
        words = self._words(unit)
        found = of_sets({e: words(e) for e in right}, {e: words(e) for e in given})
        if not self.grade_strength:
            return found
        hits, differs = 0.0, list(found.differs)
        for ends in right.keys() & given.keys():
            one, two = right[ends]["strength"], given[ends]["strength"]
            hits += 1 - abs(one - two) / (self.high - self.low)
            differs += [instead(words(ends), one, two)] if one != two else []
        return Grade(f1(hits, len(right), len(given)), tuple(differs))

    def _words(self, unit: Unit) -> Callable[[tuple[str, str]], str]:
        """What a pair of keys is called: the words of both parts, where the unit has them."""
        try:
            keys = self._keys(unit)
        except Invalid:  # a unit without its contents
            keys = {}

        def quoted(end: str, key: str) -> str:
            return f"“{' '.join(keys.get(end, {}).get(key, key).split())[:40]}”"

        return lambda ends: f"{quoted('left', ends[0])} ~ {quoted('right', ends[1])}"

    def describe(self, value: Any, unit: Unit) -> str:
        words = self._words(unit)
        said = [f"{words(_ends(one))} ({one['strength']})" for one in value["pairs"]]
        return "; ".join(said) or Told("nothing matches")

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name, "title": self.title}

    @classmethod
    def sample(cls) -> "Match":
        return cls(name="example", title="An example")

    def example(self, unit: Unit) -> Any:
        keys = self._keys(unit)
        if not keys["left"] or not keys["right"]:
            return {"pairs": []}
        left, right = next(iter(keys["left"])), next(iter(keys["right"]))
        return {"pairs": [{"left": left, "right": right, "strength": self.high}]}


def _ends(pair: Mapping[str, Any]) -> tuple[str, str]:
    return pair["left"], pair["right"]
