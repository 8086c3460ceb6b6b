"""Places in the texts that a unit shows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.units import Unit

Text = tuple[str, str]  # ("output" or "field", its key or name)


def texts_of(unit: Unit) -> dict[Text, str]:
    """Every text that a unit shows, by place: its fields, then its outputs in the order shown."""
    fields = {("field", name): content.text() for name, content in unit.fields.items()}
    return {**fields, **{("output", o.key): o.content.text() for o in unit.outputs}}


def place_of(place: Mapping[str, Any]) -> Text:
    """The text that a marked place lies in."""
    where = "output" if "output" in place else "field"
    key = place.get(where)
    return where, key if isinstance(key, str) else ""


def name_of(unit: Unit, where: str, key: str) -> str:
    """What the text is called on the screen and in a prompt; a lone response has no letter."""
    if where != "output":
        return key
    return "Response" if len(unit.outputs) == 1 else f"Response {unit.letter(key)}"


def overlap(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two spans, in order, share a character."""
    return place_of(a) == place_of(b) and bool(b["start"] < a["end"])


def points(value: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[tuple[Any, ...]]:
    """What a marked text consists of: (where, key, character, type), and each missing piece."""
    for span in value["spans"]:
        for place in range(span["start"], span["end"]):
            yield (*place_of(span), place, span["type"])
    counts: dict[str, int] = {}
    for one in value["missing"]:
        counts[one["type"]] = counts.get(one["type"], 0) + 1
        yield ("missing", one["type"], counts[one["type"]])
