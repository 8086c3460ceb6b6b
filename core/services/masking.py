"""Responses as a rater sees them: what tells who wrote them is hidden, and what was is known."""

from collections.abc import Iterable
from dataclasses import replace

from core.masking import Masked, masker
from core.units import Shown


def masked(output: Shown, names: Iterable[str]) -> tuple[Shown, list[Masked]]:
    """The output with names hidden in its texts, and what was hidden. What is stored stays."""
    heard: list[Masked] = []
    content = output.content.mapped(masker(names, heard))
    return (replace(output, content=content), heard) if heard else (output, heard)
