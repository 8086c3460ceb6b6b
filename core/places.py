"""Places in the texts that a unit shows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.content.base import Segment
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


def parts_of(unit: Unit, of: str) -> Iterator[tuple[str, str, Segment]]:
    """Key, letter and segment of each part of the field `of`, or of the outputs of that role.

    Without `of`, of all outputs, in the study's own order. Of several outputs the output's key
    leads, and the letter is that under which the output is shown; else the letter is empty.
    """
    if of in unit.fields:
        yield from ((part.key, "", part) for part in unit.fields[of].segments())
        return
    place = {key: n for n, key in enumerate(unit.order)}
    shown = unit.of_role(of) if of else unit.outputs
    several = len(shown) > 1
    for output in sorted(shown, key=lambda o: place.get(o.key, 0)):
        letter = unit.letter(output.key) if several and output.key in unit.shown else ""
        for part in output.content.segments():
            yield f"{output.key}/{part.key}" if several else part.key, letter, part


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
