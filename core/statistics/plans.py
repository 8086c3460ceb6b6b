"""How near a plan comes to the right one."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

LINK = re.compile(r"<node-(\d+)(?:\.\w+)?>")


def f1(found: Iterable[Hashable], wanted: Iterable[Hashable]) -> float | None:
    """F1 of two bags; None when both are empty.

    >>> f1(["a", "b"], ["a", "c", "c"]), f1([], [])
    (0.4, None)
    """
    first, second = Counter(found), Counter(wanted)
    whole = first.total() + second.total()
    return 2 * (first & second).total() / whole if whole else None


def plan_f1(
    plan: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> dict[str, float | None]:
    """F1 of tools, of argument names (with their tool) and of edges (tool to tool).

    A node has `id`, `name` and `args` (name -> value); an edge is a value that holds
    `<node-j.text>`. Ma et al. (2024).
    """
    return {
        "tool_f1": f1((n["name"] for n in plan), (n["name"] for n in wanted)),
        "argument_f1": f1(_arguments(plan), _arguments(wanted)),
        "edge_f1": f1(_edges(plan), _edges(wanted)),
    }


def _arguments(plan: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(node["name"], name) for node in plan for name in node["args"]]


def _edges(plan: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    names = {node["id"]: node["name"] for node in plan}
    return [
        (names.get(int(link), ""), node["name"])
        for node in plan
        for value in node["args"].values()
        for link in LINK.findall(str(value))
    ]
