"""The main things of a mapping as a short form: key, what is shown, responses, who judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.imports.base import File, Problems
from core.imports.mapping import Mapped, ResponseList, from_plain
from core.imports.readers import rows

PARTS = ("key", "fields", "responses", "people", "models")


@dataclass(frozen=True, slots=True)
class Form:
    """Columns of the file of the items: its key, what is shown, responses, a column per rater."""

    key: Sequence[str] = ()
    fields: Sequence[str] = ()
    responses: Sequence[str] = ()
    people: Sequence[str] = ()
    models: Sequence[str] = ()


def columns(file: File, limit: int) -> list[str]:
    """The columns that the first rows of a file have; none when it cannot be read."""
    found: dict[str, None] = {}
    for count, (_, row) in enumerate(rows(file, Problems(), limit)):
        found.update(dict.fromkeys(row))
        if count >= 20:
            break
    return list(found)


def form_of(mapping: Mapped) -> Form:
    """The form that says what a mapping says, as far as a form can."""
    items = mapping.items
    if items is None:
        return Form()
    parts = {} if isinstance(items.responses, ResponseList) else items.responses
    responses = [part.column for part in parts.values() if part.column]
    judged: dict[str, list[str]] = {"person": [], "model": []}
    for part in mapping.judgments:
        if part.file in ("", items.file) and part.kind in judged:
            judged[part.kind] += part.raters.values()
    fields = [f.column for f in items.fields.values() if f.column]
    return Form(items.key, fields, responses, judged["person"], judged["model"])


def with_form(mapping: Mapped, form: Form) -> Mapped:
    """The mapping with what the form says; names, facts and value maps stay where they can.

    Raises `MappingError` when the form leaves nothing to show.
    """
    data = mapping.model_dump(mode="json", exclude_defaults=True)
    items: dict[str, Any] = data.setdefault("items", {})
    items["key"] = list(form.key)
    items["fields"] = _named(items.get("fields", {}), form.fields)
    if "column" not in items.get("responses", {}):
        items["responses"] = _named(items.get("responses", {}), form.responses)
    taken = {*form.key, *form.fields, *form.responses, *form.people, *form.models}
    items["meta"] = {n: c for n, c in items.get("meta", {}).items() if c.get("column") not in taken}
    if data.get("study"):
        kinds = data["study"].get("fields", {})
        data["study"]["fields"] = {name: kinds.get(name, "text") for name in items["fields"]}
    data["judgments"] = _judged(data.get("judgments", []), items.get("file", ""), form, data)
    return from_plain(data)


def _named(old: dict[str, Any], chosen: Sequence[str]) -> dict[str, Any]:
    """Parts by name for the chosen columns; a column that had a name keeps it."""
    names = {part.get("column"): (name, part) for name, part in old.items()}
    found = {}
    for column in chosen:
        name, part = names.get(column, (_name(column), {"column": column}))
        found[name] = part
    return found


def _name(column: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in column.lower()).split()) or "text"


def _judged(
    old: Sequence[dict[str, Any]], file: str, form: Form, data: dict[str, Any]
) -> list[dict[str, Any]]:
    """Judgments of other files and in rows stay; columns per rater are as the form says."""
    here = [p for p in old if p.get("raters") and p.get("file", "") in ("", file)]
    found = [p for p in old if p not in here]
    asked = (data.get("study") or {}).get("questions") or [{"name": "verdict"}]
    for kind, chosen in (("person", form.people), ("model", form.models)):
        if chosen:
            like = next((p for p in here if p["kind"] == kind), here[0] if here else {})
            part = {"file": file, "question": asked[0].get("name"), **like, "kind": kind}
            names = {column: name for name, column in like.get("raters", {}).items()}
            found.append({**part, "raters": {names.get(c, c): c for c in chosen}})
    return found
