"""Concord's own JSON lines: what the `jsonl` export writes, brought back without loss."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.imports import cells
from core.imports.base import (
    EventRow,
    File,
    Importer,
    ItemRow,
    JudgmentRow,
    OutputRow,
    Place,
    Problems,
    Reading,
    Units,
    imports,
)
from core.imports.events import assigned, event, rater, whole
from core.imports.readers import rows
from core.protocol import StudyProtocol, from_data
from core.questions.base import Question, load
from core.registry import UnknownPart
from core.units import Invalid, Unit

FORMAT = "concord-1"
STAGES = frozenset(
    {"first", "revised", "retest", "training", "adjudicated", "attention", "participant"}
)
LINES = frozenset({"study", "item", "judgment", "event"})


class Concord(Importer):
    """A first line about the study, then items, judgments in order of the log, and events."""

    kind = "concord"
    title = "Concord JSON lines (what the jsonl export writes)"

    def knows(self, files: Sequence[File]) -> bool:
        return len(files) == 1 and _head(files[0]) is not None

    def protocol(self, reading: Reading) -> StudyProtocol | None:
        head = _head(reading.files[0])
        return None if head is None else from_data(head.get("protocol"))

    def items(self, reading: Reading) -> Iterator[ItemRow]:
        seen: set[str] = set()
        for place, row in self._rows(reading, "item"):
            item = _item(row, place, reading)
            if item is not None and item.key in seen:
                reading.problems.add(place, "key", "a key of its own", item.key)
            elif item is not None:
                seen.add(item.key)
                yield item

    def judgments(self, reading: Reading, units: Units) -> Iterator[JudgmentRow]:
        wordings = {q.digest: q for q in reading.study().questions}
        wordings.update(_wordings(_head(reading.files[0]) or {}, reading))
        for place, row in self._rows(reading, "judgment"):
            found = _judgment(row, place, reading, units, wordings)
            if found is not None:
                yield found

    def events(self, reading: Reading, units: Units) -> Iterator[EventRow]:
        for place, row in self._rows(reading, "event"):
            found = event(row, place, reading, units)
            if found is not None:
                yield found

    def _rows(self, reading: Reading, sort: str) -> Iterator[tuple[Place, dict[str, Any]]]:
        for place, row in rows(reading.files[0], reading.problems, reading.limit):
            if row.get("type") == sort:
                yield place, row
            elif row.get("type") not in LINES and sort == "item":
                expected = "study, item, judgment or event"
                reading.problems.add(place, "type", expected, row.get("type"))


imports.register(Concord())


def _head(file: File) -> dict[str, Any] | None:
    """The first line of a file of this format; None for other files."""
    if isinstance(file.data, Path) and not file.data.is_file():
        return None
    if isinstance(file.data, bytes):
        start = file.data[: file.data.find(b"\n") + 1 or None]
    else:
        with file.data.open("rb") as stream:
            start = stream.readline(10_000_000)
    try:
        found = json.loads(start)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None


def _wordings(head: Mapping[str, Any], reading: Reading) -> dict[str, Question]:
    """Earlier wordings of questions that judgments in the file refer to."""
    found = {}
    for spec in head.get("wordings") or ():
        try:
            question = load(spec)
            found[question.digest] = question
        except (UnknownPart, ValidationError, TypeError, AttributeError) as error:
            place = Place(reading.files[0].name, 1)
            reading.problems.add(place, "wordings", "questions", str(error).split("\n")[0])
    return found


def _item(row: Mapping[str, Any], place: Place, reading: Reading) -> ItemRow | None:
    problems, before = reading.problems, len(reading.problems.found)
    key = row.get("key")
    name = cells.name_of(key, "key", place, problems) if isinstance(key, str) and key else None
    if name is None:
        problems.add(place, "key", "the key of an item", key)
    for column, sort in (("fields", dict), ("meta", dict), ("gold", dict), ("outputs", list)):
        if not isinstance(row.get(column), sort):
            problems.add(place, column, f"a JSON {'list' if sort is list else 'object'}", column)
    if len(problems.found) > before:
        return None
    content = {
        str(field): _content(raw, f"fields.{field}", place, reading)
        for field, raw in row["fields"].items()
    }
    outputs = [_output(raw, place, reading) for raw in row["outputs"]]
    _hanging(outputs, place, problems)
    meta = cells.fact(row["meta"], "meta", place, problems)
    gold = cells.fact(row["gold"], "gold", place, problems)
    if len(problems.found) > before:
        return None
    return ItemRow(name or "", content, outputs, meta, gold, place)


def _content(raw: Any, column: str, place: Place, reading: Reading) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("kind"), str) or "data" not in raw:
        reading.problems.add(place, column, "content with kind and data", raw)
        return {}
    return cells.content_of(raw["kind"], raw["data"], column, place, reading.problems) or {}


def _output(raw: Any, place: Place, reading: Reading) -> OutputRow:
    if not isinstance(raw, dict) or not isinstance(raw.get("key"), str):
        reading.problems.add(place, "outputs", "outputs with key and content", raw)
        return OutputRow("", {})
    problems = reading.problems
    content = _content(raw.get("content"), f"outputs.{raw['key']}", place, reading)
    if content and isinstance(raw["content"].get("facts"), dict):
        facts = cells.fact(raw["content"]["facts"], f"outputs.{raw['key']}.facts", place, problems)
        content = {**content, "facts": facts}
    cells.name_of(raw["key"], "outputs", place, problems)
    source = cells.words(raw.get("source"), "outputs.source", place, problems)
    role = cells.words(raw.get("role", "answer"), "outputs.role", place, problems)
    parent = cells.words(raw.get("parent", ""), "outputs.parent", place, problems)
    return OutputRow(raw["key"], content, source, role, parent)


def _hanging(outputs: Sequence[OutputRow], place: Place, problems: Problems) -> None:
    """Note outputs that hang on one that is not there, or on themselves in the end."""
    above = {output.key: output.parent for output in outputs}
    for output in outputs:
        seen, at = {output.key}, output.parent
        while at and at in above and at not in seen:
            seen.add(at)
            at = above[at]
        if at:
            problems.add(place, "outputs.parent", "the key of another output of the item", at)


def _judgment(
    row: Mapping[str, Any], place: Place, reading: Reading, units: Units,
    wordings: Mapping[str, Question],
) -> JudgmentRow | None:  # fmt: skip
    problems, before = reading.problems, len(reading.problems.found)
    names = row.get("outputs")
    names = [str(n) for n in names] if isinstance(names, list) else None
    unit = units(str(row.get("item")), names)
    question = wordings.get(str(row.get("wording")))
    who = rater(row, place, reading)
    if unit is None:
        problems.add(place, "item", "an item of this file or of the study", row.get("item"))
    if question is None:
        problems.add(place, "wording", "the digest of a question's wording", row.get("wording"))
    if row.get("stage") not in STAGES:
        problems.add(place, "stage", f"one of {', '.join(sorted(STAGES))}", row.get("stage"))
    if unit is None or question is None or who is None or len(problems.found) > before:
        return None
    withdrawn, value = row.get("withdrawn") is True, None
    if not withdrawn:
        value = _value(row.get("value"), question, unit, place, reading)
    shown = row.get("shown") or []
    found = JudgmentRow(
        unit, question, who, value,
        None if value is None else cells.code_of(question, value, unit), place,
        stage=str(row["stage"]),
        repeat=cells.whole(row.get("repeat", 0), "repeat", place, problems) or 0,
        condition=cells.words(row.get("condition"), "condition", place, problems),
        rationale=cells.words(row.get("rationale"), "rationale", place, problems),
        confidence=cells.number(row.get("confidence"), "confidence", place, problems),
        seconds=cells.number(row.get("seconds"), "seconds", place, problems),
        shown=[str(k) for k in shown] if isinstance(shown, list) else (),
        revealed=[str(k) for k in row.get("revealed") or ()], withdrawn=withdrawn,
        created_at=whole(row, "created_at", place, reading),
        number=whole(row, "sequence", place, reading),
        replaces=whole(row, "replaces", place, reading), assigned=assigned(row, place, reading),
    )  # fmt: skip
    return found if len(problems.found) == before else None


def _value(raw: Any, question: Question, unit: Unit, place: Place, reading: Reading) -> Any:
    try:
        return question.check(raw, unit)
    except Invalid as error:
        expected = error.message.removeprefix("expected ")
        reading.problems.add(place, f"value ({question.name})", expected, raw)
    except (TypeError, KeyError, AttributeError):
        reading.problems.add(place, f"value ({question.name})", "an answer", raw)
    return None
