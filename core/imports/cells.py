"""Single values out of rows: keys, contents, answers and numbers, or a problem that names them."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.content.base import ReadFile, contents, restore, storable
from core.digest import canonical
from core.imports.base import ItemRow, OutputRow, Place, Problems
from core.imports.mapping import Values, as_text, cell
from core.protocol import StudyProtocol
from core.questions.base import Question
from core.registry import UnknownPart
from core.units import Invalid, Shown, Unit

SLOT = re.compile(r"\{([^{}]+)\}")
LONGEST_NAME = 200


def empty(value: Any) -> bool:
    """Whether a cell holds nothing: no value, or a text of blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def matches(row: Mapping[str, Any], where: Mapping[str, Sequence[Any]]) -> bool:
    """Whether a row has, in every named column, one of the listed values."""
    return all(
        as_text(cell(row, column)) in {as_text(v) for v in values}
        for column, values in where.items()
    )


def key_of(
    row: Mapping[str, Any], columns: Sequence[str], place: Place, problems: Problems
) -> str | None:
    """The natural key that key columns give, joined by `#`; None after noting a problem."""
    parts = []
    for column in columns:
        value = cell(row, column)
        if empty(value) or isinstance(value, bool | list | dict):
            problems.add(place, column, "a text or number as the key", value)
            return None
        parts.append(as_text(value).strip())
    return name_of("#".join(parts), columns[0], place, problems)


def name_of(text: str, column: str, place: Place, problems: Problems) -> str | None:
    """A short text that names something; None after noting a problem."""
    try:
        if len(storable(text)) > LONGEST_NAME:
            problems.add(place, column, f"at most {LONGEST_NAME} characters", text)
            return None
    except Invalid as error:
        problems.add(place, column, "characters that can be stored", error.message)
        return None
    return text


def rater_name(
    template: str, row: Mapping[str, Any], place: Place, problems: Problems
) -> str | None:
    """The rater's name that a template gives, columns in braces; None after noting a problem."""
    for column in SLOT.findall(template):
        if empty(cell(row, column)):
            problems.add(place, column, "the name of the rater", "nothing")
            return None
    name = SLOT.sub(lambda slot: as_text(cell(row, slot[1])).strip(), template)
    return name_of(name, template, place, problems)


def content_of(
    kind: str, raw: Any, column: str, place: Place, problems: Problems,
    read: ReadFile | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """The content as stored; in CSV it may be written as JSON. None after noting a problem.

    `read` gives the pictures that the value names.
    """
    wrong: Invalid | UnknownPart | None = None
    for given in _forms(raw):
        try:
            whole = contents[kind].attach(given, read) if read else given
            return contents[kind].parse(whole).stored()
        except (Invalid, UnknownPart) as error:
            wrong = wrong or error
    problems.add(place, column, f"{kind} content ({wrong})", raw)
    return None


def _forms(raw: Any) -> list[Any]:
    """What a cell may stand for: the JSON that it is, where it is an object or list, and itself."""
    if isinstance(raw, str) and raw.lstrip()[:1] in {"[", "{"}:
        try:
            return [json.loads(raw), raw]
        except (ValueError, RecursionError):
            pass
    return [raw]


def fact(value: Any, column: str, place: Place, problems: Problems) -> Any:
    """A JSON value that every store accepts; None after noting a problem."""
    try:
        text = canonical(value)
        if "\\u0000" not in text and not any("\ud800" <= c <= "\udfff" for c in text):
            return value
        problems.add(place, column, "characters that can be stored", "NUL or half a pair")
    except (ValueError, TypeError, RecursionError):
        problems.add(place, column, "plain JSON", value)
    return None


def words(value: Any, column: str, place: Place, problems: Problems) -> str:
    """A text, '' where there is none."""
    if empty(value):
        return ""
    try:
        return storable(value if isinstance(value, str) else canonical(value))
    except (Invalid, ValueError, TypeError, RecursionError):
        problems.add(place, column, "a text that can be stored", value)
        return ""


def number(value: Any, column: str, place: Place, problems: Problems) -> float | None:
    """A finite number that is not negative; None where there is none."""
    if empty(value):
        return None
    try:
        found = float(value)
    except (ValueError, TypeError, OverflowError):
        found = math.nan
    if isinstance(value, bool) or not math.isfinite(found) or found < 0:
        problems.add(place, column, "a number from 0 up", value)
        return None
    return found


def whole(value: Any, column: str, place: Place, problems: Problems) -> int | None:
    """A whole number from 0 to 9999; None after noting a problem."""
    found = number(value, column, place, problems)
    if found is None or found != int(found) or found > 9999:
        problems.add(place, column, "a whole number from 0 to 9999", value)
        return None
    return int(found)


def answer(
    question: Question, raw: Any, values: Values | None, unit: Unit, column: str, place: Place,
    problems: Problems,
) -> Any:  # fmt: skip
    """The answer that a cell stands for; None where it is missing, or after noting a problem."""
    if empty(raw):
        return None
    if values is not None:
        text = as_text(raw).strip() if isinstance(raw, str | bool | int | float) else ""
        if text not in values:
            problems.add(place, column, f"one of: {', '.join(values)} (see `values`)", raw)
            return None
        raw = values[text]
        if raw is None:
            return None
    try:
        return question.cell(raw, unit)
    except Invalid as error:
        problems.add(place, column, error.message.removeprefix("expected "), raw)
    except (TypeError, KeyError, AttributeError, RecursionError):
        problems.add(place, column, f"an answer to {question.name!r}", raw)
    return None


def code_of(question: Question, value: Any, unit: Unit) -> int | None:
    """The code of a checked answer; None for free text."""
    return question.codes(value, unit).get("")


def unit_of(protocol: StudyProtocol, item: ItemRow, outputs: Sequence[str], key: str) -> Unit:
    """The unit of an item that shows these outputs, with the questions that apply to it."""
    known: dict[str, OutputRow] = {o.key: o for o in item.outputs}
    shown = tuple(
        Shown(k, restore(dict(known[k].content)), known[k].role, known[k].source, known[k].parent)
        for k in outputs
    )
    fields = {name: restore(dict(c)) for name, c in item.content.items()}
    bare = Unit(key, item.key, fields, shown, tuple(outputs), meta=item.meta, gold=item.gold)
    asked = tuple(q for q in protocol.questions if q.applies(bare))
    return Unit(key, item.key, fields, shown, tuple(outputs), asked, item.meta, item.gold)
