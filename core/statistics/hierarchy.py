"""Hierarchies of topics: how much they place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Coverage:
    """The texts that have a place in a hierarchy, and their share; None when there are no texts."""

    places: frozenset[int]
    value: float | None


def coverage(topics: Sequence[Mapping[str, Any]], texts: int) -> Coverage:
    """The share of `texts` that some topic, or part of one, holds. Hsu et al. (2024).

    A topic has `texts` (places from 0) and `parts`, which are made alike.

    >>> tree = [{"texts": [0], "parts": [{"texts": [1, 2]}]}, {"texts": [2]}]
    >>> coverage(tree, 4).value
    0.75
    """
    found = frozenset(_held(topics))
    return Coverage(found, len(found) / texts if texts else None)


def _held(topics: Sequence[Mapping[str, Any]]) -> set[int]:
    found: set[int] = set()
    for topic in topics:
        found |= set(topic.get("texts", ())) | _held(topic.get("parts", ()))
    return found
