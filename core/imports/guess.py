"""A first mapping from what the columns are called and hold; a person then corrects it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.content.image import SUFFIXES
from core.imports.attached import tables as rows_of
from core.imports.base import File, ImportFailed, Problems
from core.imports.mapping import Mapped, as_text, from_plain
from core.imports.readers import rows

LOOKED = 400
KEYS = re.compile(r"(?i)(idx|index|id|key|uid|uuid|item|item_?id|example_?id|question_?id|.*_id)")
FIELDS = re.compile(
    r"(?i)(prompt|instruction|question|input|context|query|source|document|article|text|post|"
    r"messages|conversation|task)"
)
RESPONSES = re.compile(
    r"(?i)(?:model_?)?(response|output|answer|completion|candidate|generation|reply|summary)"
    r"[_ ]?(\d+|[a-h])?|chosen|rejected"
)
RATERS = re.compile(
    r"(?i)(annotator|rater|judge|worker|labell?er|human|person|expert|observer|coder)[_ ]?\w{1,12}"
)
PEOPLE = re.compile(
    r"(?i)(annotator|rater|worker|judge|user|labell?er|person|expert|observer|coder)(_?(id|name))?"
)
MODEL = re.compile(r"(?i)model(_?(id|name))?")
VALUE = re.compile(r"(?i)(label|value|rating|score|winner|preference|verdict|vote|choice|answer)")
GOLD = re.compile(r"(?i)(gold|gold_?label|label|correct|truth|ground_?truth|reference_?label)")
PAIR = {"1": 0, "2": 1, "0": "tie", "3": "tie", "tie": "tie", "a": 0, "b": 1, "model_a": 0,
        "model_b": 1, "first": 0, "second": 1, "left": 0, "right": 1, "both_bad": "both_bad",
        "both bad": "both_bad", "tie (bothbad)": "both_bad"}  # fmt: skip
NUMBER = re.compile(r"-?\d{1,3}(\.0+)?")
MOST_LABELS = 12


def guess(files: Sequence[File], limit: int = 200_000_000) -> tuple[Mapped, list[str]]:
    """A mapping that can be tried, and what was guessed, in words.

    Raises `ImportFailed` when a file cannot be read at all.
    """
    tables = {file.name: _columns(file, limit) for file in rows_of(files)}
    main = max(tables, key=lambda name: (_texts(tables[name]), -list(tables).index(name)))
    table = tables[main]
    key = [name for name in table if KEYS.fullmatch(name)][:1]
    told = {name: _told(columns) for name, columns in tables.items()}
    responses = [n for n in table if RESPONSES.fullmatch(n) and not RATERS.fullmatch(n)]
    responses = [n for n in responses if n not in told[main]]
    if len(responses) == 1 and not any(FIELDS.fullmatch(n) for n in table):
        responses = []
    fields = [n for n in table if FIELDS.fullmatch(n) and n not in (*key, *responses)]
    fields = fields or [n for n in table if n not in (*key, *responses)][:1]
    wide = [n for n in table if RATERS.fullmatch(n) and 0 < len(_kinds(table[n])) <= MOST_LABELS]
    held = {*key, *responses, *fields}
    known = [n for n in table if GOLD.fullmatch(n) and n not in (*held, *wide)]
    answers = [tables[f][n] for f, of in told.items() for n in of if f != main or n not in held]
    seen = [table[n] for n in wide] or answers or [table[n] for n in known]
    question, values = _question(seen, responses)
    gold = [n for n in known if _answers(_kinds(table[n]), question, values)]
    meta = [n for n in table if n not in (*held, *wide, *gold) and _plain(table[n])]
    judged = [_wide(main, wide, values)] if wide else []
    judged += [
        j for n, t in tables.items()
        if (n != main or not wide) and (j := _long(n, t, told[n], key, values))
    ]  # fmt: skip
    data: dict[str, Any] = {
        "study": {"name": _name(main), "title": main, "questions": [question],
                  "fields": {_name(n, "_"): _content(table[n]) for n in fields}},
        "items": {"file": main, "key": key, "fields": {_name(n, "_"): n for n in fields},
                  "responses": {_name(n, "_"): n for n in responses}, "meta": meta,
                  "gold": {"verdict": _part(gold[0], values)} if gold else {}},
        "judgments": judged,
    }  # fmt: skip
    return from_plain(data), _said(main, key, fields, responses, judged, gold)


def _columns(file: File, limit: int) -> dict[str, list[Any]]:
    """The first values of every column of a file."""
    problems, found = Problems(), dict[str, list[Any]]()
    for count, (_, row) in enumerate(rows(file, problems, limit)):
        for name, value in row.items():
            found.setdefault(name, []).append(value)
        if count >= LOOKED:
            break
    if not found:
        raise ImportFailed(problems.found)
    return found


def _texts(table: Mapping[str, Sequence[Any]]) -> int:
    return sum(bool(FIELDS.fullmatch(n) or RESPONSES.fullmatch(n)) for n in table)


def _kinds(values: Sequence[Any]) -> list[str]:
    """The different values of a column as texts, missing ones left out."""
    plain = [v for v in values if isinstance(v, str | int | float) and v != ""]
    return sorted({as_text(v).strip() for v in plain})


def _plain(values: Sequence[Any]) -> bool:
    """Whether a column holds short facts rather than texts."""
    return all(v is None or (not isinstance(v, list | dict) and len(str(v)) <= 80) for v in values)


def _fits(values: Sequence[Any], known: Mapping[str, Any] | None) -> bool:
    kinds = _kinds(values)
    return 0 < len(kinds) <= MOST_LABELS and (known is None or set(kinds) <= set(known))


def _answers(
    kinds: Sequence[str], question: Mapping[str, Any], values: Mapping[str, Any] | None
) -> bool:
    """Whether the values of a column are answers to the question."""
    if values is not None or not kinds:
        return bool(kinds) and set(kinds) <= set(values or ())
    if question["kind"] == "label":
        return set(kinds) <= set(question["labels"])
    points = range(question.get("low", 0), question.get("high", -1) + 1)
    return all(NUMBER.fullmatch(k) and int(float(k)) in points for k in kinds)


def _question(
    columns: Sequence[Sequence[Any]], responses: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A question that fits the answers in these columns, and the value map that goes with it."""
    kinds = sorted({k for values in columns for k in _kinds(values)})
    base = {"name": "verdict"}
    if len(responses) == 2 and (not kinds or all(k.lower() in PAIR for k in kinds)):
        names = [_name(n, "_") for n in responses]
        meaning = {k: PAIR[k.lower()] for k in kinds}
        values = {k: names[m] if isinstance(m, int) else m for k, m in meaning.items()}
        both = {"both_bad": True} if "both_bad" in values.values() else {}
        title = "Which response is better?"
        return {**base, "kind": "pairwise", "title": title, **both}, values or None
    numbers = [int(float(k)) for k in kinds if NUMBER.fullmatch(k)]
    if kinds and len(numbers) == len(kinds) and 1 <= max(numbers) - min(numbers) <= 10:
        scale = {"low": min(numbers), "high": max(numbers)}
        return {**base, "kind": "rating", "title": "How good is it?", **scale}, None
    if 2 <= len(kinds) <= MOST_LABELS:
        return {**base, "kind": "label", "title": "Which label fits?", "labels": kinds}, None
    return {**base, "kind": "rating", "title": "How good is it?", "low": 1, "high": 5}, None


def _wide(file: str, names: Sequence[str], values: Any) -> dict[str, Any]:
    return {"file": file, "question": "verdict", "kind": "person", "values": values,
            "raters": {name: name for name in names}}  # fmt: skip


def _long(
    name: str, table: Mapping[str, Sequence[Any]], told: Sequence[str], key: Sequence[str],
    values: Any,
) -> dict[str, Any] | None:  # fmt: skip
    """Judgments in rows: a column with the rater's name beside one with the answer."""
    who = [n for n in table if PEOPLE.fullmatch(n)] or [n for n in table if MODEL.fullmatch(n)]
    fit = [n for n in told if VALUE.fullmatch(n) and n not in who and _fits(table[n], values)]
    if not who or not fit or not set(key) <= set(table):
        return None
    kind = "model" if who[0].lower().startswith(("model", "judge")) else "person"
    return {"file": name, "key": list(key), "question": "verdict", "kind": kind,
            "rater": f"{{{who[0]}}}", "value": fit[0], "values": values}  # fmt: skip


def _told(table: Mapping[str, Sequence[Any]]) -> list[str]:
    """Columns that may hold judgments.

    One whose name may stand for a response too (`answer`) is a judgment only beside the name of a
    person, and with few different values.
    """
    people = any(PEOPLE.fullmatch(name) for name in table)
    named = [name for name in table if VALUE.fullmatch(name) or name.startswith("winner")]
    return [n for n in named if not RESPONSES.fullmatch(n) or (people and _fits(table[n], None))]


def _part(column: str, values: Any) -> dict[str, Any]:
    return {"column": column, "values": values} if values else {"column": column}


def _name(text: str, joint: str = "-") -> str:
    plain = re.sub(r"[^a-z0-9]+", joint, text.rsplit(".", 1)[0].lower()).strip(joint)[:60]
    return plain or "study"


def _said(
    main: str, key: Sequence[str], fields: Sequence[str], responses: Sequence[str],
    judged: Sequence[Mapping[str, Any]], gold: Sequence[str],
) -> list[str]:  # fmt: skip
    said = [f"items come from {main}, known by {', '.join(key) or 'their content'}"]
    said.append(f"shown: {', '.join((*fields, *responses))}")
    for part in judged:
        who = ", ".join(part.get("raters", ())) or part["rater"]
        said.append(f"judgments of {part['kind']}s in {part['file']}: {who}")
    return said + [f"known answers: {name}" for name in gold[:1]]


def _content(values: Sequence[Any]) -> str:
    """The kind of content that a column holds: turns, names of pictures, else text."""
    held = [value for value in values if value not in (None, "")][:20]
    if held and all(_turns(value) for value in held):
        return "chat"
    if held and all(isinstance(v, str) and v.lower().endswith(tuple(SUFFIXES)) for v in held):
        return "image"
    return "text"


def _turns(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and ("role" in turn or "from" in turn) for turn in value)
    )
