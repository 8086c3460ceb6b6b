"""Responses as a rater sees them: what tells who wrote them is hidden, and what was is known."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from core.content.base import Content, restore
from core.masking import Masked, masker
from core.units import Shown


def masked(output: Shown, names: Iterable[str]) -> tuple[Shown, list[Masked]]:
    """The output with names hidden in its texts, and what was hidden. What is stored stays."""
    heard: list[Masked] = []
    content = mapped(output.content, masker(names, heard))
    return (replace(output, content=content), heard) if heard else (output, heard)


def mapped(content: Content, function: Any) -> Content:
    """The content with every text in it changed by the function."""
    return restore({"kind": content.kind, "data": _through(content.data, function)})


def _through(data: Any, function: Any) -> Any:
    if isinstance(data, str):
        return function(data)
    if isinstance(data, list):
        return [_through(one, function) for one in data]
    if isinstance(data, dict):
        return {
            key: value if key in {"role", "kind", "id", "type"} else _through(value, function)
            for key, value in data.items()
        }
    return data
