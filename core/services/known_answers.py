"""Known answers as statistics read them, beside the texts where the question needs those."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from core.content.base import restore
from core.questions.base import Question
from core.services import material
from core.services.studies import Study
from core.units import Invalid, Shown, Unit, own_gold


def outline(row: Any) -> Unit:
    """A unit with keys, facts and empty texts: enough to check and code most known answers."""
    blank = restore({"kind": "text", "data": ""})
    outputs = tuple(Shown(key, blank) for key in row.outputs)
    return Unit(
        key=row.key, item=row.item_key, fields={}, outputs=outputs,
        order=tuple(row.outputs), meta=row.meta,
    )  # fmt: skip


def codes(
    connection: Connection, study: Study, question: Question, known: Iterable[Any]
) -> tuple[dict[int, Mapping[str, int]], int]:
    """The codes of the known answers by unit, every slot, and how many answers do not fit.

    `known` are rows of `frames.known_answers`. An answer that names parts of a text (a match, a
    segment) fits only beside the text: such units are read whole.
    """
    found: dict[int, Mapping[str, int]] = {}
    open_: dict[int, Any] = {}
    for row in known:
        value = own_gold(row.gold or {}, row.outputs).get(question.name)
        if value is None:
            continue
        if question.reads_contents():
            open_[row.id] = value
            continue
        unit = outline(row)
        try:
            found[row.id] = question.codes(question.check(value, unit), unit)
        except Invalid:
            open_[row.id] = value
    refused = 0
    for place, unit in material.some_units(connection, study, open_) if open_ else ():
        try:
            found[place] = question.codes(question.check(open_[place], unit), unit)
        except Invalid:
            refused += 1
    return found, refused
