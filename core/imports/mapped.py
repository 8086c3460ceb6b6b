"""Tables by a mapping: CSV, TSV, JSON lines, JSON arrays and Parquet, joined by key columns."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from core.content.base import ReadFile
from core.digest import digest
from core.imports import cells
from core.imports.attached import beside, tables
from core.imports.base import (
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
from core.imports.judged import judged, question_of
from core.imports.mapping import Items, Judgments, Mapped, MappingError, ResponseList, cell
from core.imports.readers import rows
from core.protocol import StudyProtocol


class Tables(Importer):
    """Rows by a mapping that says which column is what."""

    kind = "mapped"
    title = "Tables with a mapping: JSON lines, JSON, CSV, TSV, Parquet"

    def protocol(self, reading: Reading) -> StudyProtocol | None:
        return _mapping(reading).protocol()

    def items(self, reading: Reading) -> Iterator[ItemRow]:
        plan = _mapping(reading).items
        if plan is None:
            return
        file = pick(tables(reading.files), plan.file)
        used = [*plan.key, *plan.where, *_item_columns(plan)]
        seen: dict[str, Place] = {}
        read = beside(reading.files, file)
        for place, row in _watched(reading, file, plan.key, used):
            if not cells.matches(row, plan.where):
                continue
            item = _item(plan, row, place, reading, read)
            if item is None:
                continue
            if item.key in seen:
                column = ", ".join(plan.key) or "content"
                expected = f"a key of its own (line {seen[item.key].line} has it too)"
                reading.problems.add(place, column, expected, item.key)
                continue
            seen[item.key] = place
            yield item

    def judgments(self, reading: Reading, units: Units) -> Iterator[JudgmentRow]:
        mapping = _mapping(reading)
        plans: dict[str, list[Judgments]] = {}
        for plan in mapping.judgments:
            default = mapping.items.file if mapping.items else ""
            plans.setdefault(pick(tables(reading.files), plan.file or default).name, []).append(
                plan
            )
        for name, own in plans.items():
            keys = {n: plan.key or (mapping.items.key if mapping.items else ())
                    for n, plan in enumerate(own)}  # fmt: skip
            used = [c for n, plan in enumerate(own) for c in (*keys[n], *_judged_columns(plan))]
            for place, row in _watched(reading, pick(tables(reading.files), name), keys[0], used):
                for n, plan in enumerate(own):
                    if cells.matches(row, plan.where):
                        yield from judged(plan, keys[n], row, place, reading, units)


imports.register(Tables())


def _mapping(reading: Reading) -> Mapped:
    if reading.mapping is None:
        raise MappingError("these files need a mapping that says which column is what")
    return reading.mapping


def pick(files: Sequence[File], pattern: str) -> File:
    """The file that a name or pattern means, the first one for ''; raises `MappingError`."""
    found = [f for f in files if not pattern or f.name == pattern]
    found = found or [f for f in files if fnmatchcase(f.name, pattern)]
    if not found:
        names = ", ".join(f.name for f in files) or "none"
        raise MappingError(f"the mapping names the file {pattern!r}; given are: {names}")
    return found[0]


def _item_columns(plan: Items) -> Iterator[str]:
    yield from (source.column for source in (*plan.fields.values(), *plan.meta.values()))
    yield from (gold.column for gold in plan.gold.values())
    if isinstance(plan.responses, ResponseList):
        yield plan.responses.column
        return
    for response in plan.responses.values():
        yield response.column
        yield response.source.column if response.source else ""


def _judged_columns(plan: Judgments) -> Iterator[str]:
    yield from plan.where
    yield from plan.raters.values()
    yield from cells.SLOT.findall(plan.rater)
    yield from (o.column for o in plan.outputs)
    yield from (plan.value, plan.rationale, plan.confidence, plan.seconds)
    yield from (plan.question.column, plan.repeat.column)


def _watched(
    reading: Reading, file: File, key: Sequence[str], used: Sequence[str]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The rows of a file; columns that the mapping names and no row has are problems."""
    wanted = {column for column in used if column}
    names: set[str] = set()
    for place, row in rows(file, reading.problems, reading.limit):
        if not names and (gone := [c for c in key if not _has(c, row)]):
            found = f"the columns {', '.join(row)}"
            reading.problems.add(Place(file.name), gone[0], "a column of this name (key)", found)
            return
        names.update(row)
        yield place, row
    for column in sorted(wanted):
        if names and not _has(column, names):
            found = f"the columns {', '.join(sorted(names))}"
            reading.problems.add(Place(file.name), column, "a column of this name", found)


def _has(column: str, names: Any) -> bool:
    return column in names or column.split(".")[0] in names


def _item(
    plan: Items, row: Mapping[str, Any], place: Place, reading: Reading, read: ReadFile
) -> ItemRow | None:
    problems, study = reading.problems, reading.study()
    before = len(problems.found)
    content = _fields(plan, row, place, reading, read)
    outputs = list(_outputs(plan, row, place, reading, read))
    meta = {
        name: cells.fact(value, source.column or name, place, problems)
        for name, source in plan.meta.items()
        if (value := source.of(row)) is not None
    }
    if plan.key:
        key = cells.key_of(row, plan.key, place, problems)
    else:
        key = digest([content, [[o.key, o.content] for o in outputs]])[:12]
    if len(problems.found) > before or key is None:
        return None
    bare = ItemRow(key, content, outputs, meta, {}, place)
    gold = _gold(plan, bare, row, study, reading)
    return ItemRow(key, content, outputs, meta, gold, place)


def _fields(
    plan: Items, row: Mapping[str, Any], place: Place, reading: Reading, read: ReadFile
) -> dict[str, dict[str, Any]]:
    """The fields that hold something; an item without any is a problem."""
    found = {}
    kinds = reading.study().fields
    for name, source in plan.fields.items():
        raw = source.of(row)
        if name not in kinds:
            expected = f"a field of the study ({', '.join(kinds)})"
            reading.problems.add(place, source.column or name, expected, name)
        elif empty := cells.empty(raw):
            reading.missing[name] = reading.missing.get(name, 0) + empty
        else:
            content = cells.content_of(
                kinds[name], raw, source.column or name, place, reading.problems, read
            )
            if content is not None:
                found[name] = content
    if not found and all(cells.empty(source.of(row)) for source in plan.fields.values()):
        columns = ", ".join(s.column or n for n, s in plan.fields.items())
        reading.problems.add(place, columns, "something to judge", "only empty cells")
    return found


def _outputs(
    plan: Items, row: Mapping[str, Any], place: Place, reading: Reading, read: ReadFile
) -> Iterator[OutputRow]:
    kind, keys = reading.study().responses, set()
    for key, column, raw, source in _responses(plan, row, place, reading.problems):
        if raw is None:
            reading.missing[column] = reading.missing.get(column, 0) + 1
            continue
        content = cells.content_of(kind, raw, column, place, reading.problems, read)
        name = cells.name_of(key, column, place, reading.problems)
        if name in keys:
            reading.problems.add(place, column, "responses with keys of their own", name)
        elif content is not None and name is not None:
            keys.add(name)
            made = cells.words(source, column, place, reading.problems)
            yield OutputRow(name, content, made)


def _responses(
    plan: Items, row: Mapping[str, Any], place: Place, problems: Problems
) -> Iterator[tuple[str, str, Any, Any]]:
    """Key, column, raw content and maker of each response."""
    if not isinstance(plan.responses, ResponseList):
        for key, part in plan.responses.items():
            yield key, part.column or key, part.of(row), part.source.of(row) if part.source else ""
        return
    listed = plan.responses
    found = cell(row, listed.column)
    if not isinstance(found, list):
        problems.add(place, listed.column, "a list of responses", found)
        return
    for number, entry in enumerate(found, 1):
        key = f"response_{number}"
        if not isinstance(entry, dict):
            yield key, listed.column, entry, ""
            continue
        named = entry.get(listed.key) if listed.key else key
        yield str(named), listed.column, entry.get(listed.content), entry.get(listed.source) or ""


def _gold(
    plan: Items, item: ItemRow, row: Mapping[str, Any], study: StudyProtocol, reading: Reading
) -> dict[str, Any]:
    found = {}
    every = [o.key for o in item.outputs]
    for name, source in plan.gold.items():
        asked, _, output = name.partition("/")
        question = question_of(study, asked, item.place, source.column, reading.problems)
        if question is None or (output and output not in every):
            continue
        unit = cells.unit_of(study, item, [output] if output else every, item.key)
        raw = cell(row, source.column)
        value = cells.answer(
            question, raw, source.values, unit, source.column, item.place, reading.problems
        )
        if value is not None:
            found[name] = value
        elif cells.empty(raw):
            reading.missing[source.column] = reading.missing.get(source.column, 0) + 1
    return found
