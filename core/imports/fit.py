"""A first mapping for a study that is there: its own fields and questions are looked for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.imports.base import File
from core.imports.form import columns
from core.imports.guess import guess
from core.imports.mapping import Mapped, from_plain
from core.protocol import StudyProtocol


def fitted(
    files: Sequence[File], protocol: StudyProtocol, limit: int = 200_000_000
) -> tuple[Mapped, list[str]]:
    """A mapping into a study, and what was guessed, in words.

    A field takes the column of its name; where no field has one, the guessed columns in their
    order. Answers and known answers go to the first question of the kind that they look like;
    a column `gold_<question>` holds the known answers of that question. Raises `ImportFailed` when
    a file cannot be read at all.
    """
    first, _ = guess(files, limit)
    data: dict[str, Any] = first.model_dump(mode="json", exclude_defaults=True)
    [kind] = {q["kind"] for q in data.pop("study")["questions"]}
    items = data["items"]
    held = columns(next(f for f in files if f.name == items["file"]), limit)
    found = {_plain(column): column for column in reversed(held)}
    fields = {name: found[_plain(name)] for name in protocol.fields if _plain(name) in found}
    if not fields:
        fields = dict(zip(protocol.fields, (f["column"] for f in items["fields"].values())))  # noqa: B905
    taken = {*fields.values(), *items.get("key", ())}
    like = next((q.name for q in protocol.questions if q.kind == kind), None)
    gold = {q.name: found[f"gold_{q.name}"] for q in protocol.questions
            if f"gold_{q.name}" in found}  # fmt: skip
    if like and not gold and items.get("gold"):
        gold = {like: next(iter(items["gold"].values()))}
    items |= {
        "fields": fields, "gold": gold, "responses": _free(items.get("responses", {}), taken),
        "meta": _free(items.get("meta", {}), {*taken, *map(str, gold.values())}),
    }  # fmt: skip
    judged = data.pop("judgments", [])
    data["judgments"] = [{**part, "question": like} for part in judged if like]
    return from_plain(data), _said(items, protocol, like, bool(judged))


def _free(parts: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    """The parts whose columns are not taken by something else."""
    return {name: part for name, part in parts.items() if part.get("column") not in taken}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _said(
    items: Mapping[str, Any], protocol: StudyProtocol, like: str | None, judged: bool
) -> list[str]:
    known = ", ".join(items.get("key", ())) or "their content"
    said = [f"items come from {items['file']}, known by {known}"]
    said.append("fields: " + ", ".join(f"{n} from {c}" for n, c in items["fields"].items()))
    empty = [name for name in protocol.fields if name not in items["fields"]]
    if empty:
        said.append(f"no column is called {', '.join(empty)}")
    if items["responses"]:
        said.append(f"responses: {', '.join(items['responses'])}")
    if judged:
        said.append(f"answers to {like}" if like else "no question fits the answers there are")
    if items["gold"]:
        said.append(f"known answers of {', '.join(items['gold'])}")
    return said
