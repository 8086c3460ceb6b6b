"""Plans as data: nodes that call tools, and what can be wrong with them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.workers.base import CannotAnswer

LINK = re.compile(r"<node-(\d+)(?:\.(\w+))?>")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: the types of its arguments by name, and of what it returns ('' for any)."""

    name: str
    args: Mapping[str, str]
    returns: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A step of a plan: it calls a tool. Values may hold `<node-j.text>`, the result of node j."""

    id: int
    name: str
    args: Mapping[str, str]

    def data(self) -> dict[str, Any]:
        """The node as plain data."""
        return {"id": self.id, "name": self.name, "args": dict(self.args)}

    def links(self) -> list[tuple[int, str]]:
        """The nodes whose results it takes, each with the argument that takes it."""
        return [
            (int(found.group(1)), name)
            for name, value in self.args.items()
            for found in LINK.finditer(value)
        ]


def tools_of(text: str) -> dict[str, Tool]:
    """The tools that a JSON text lists; raises `CannotAnswer` for anything else."""
    try:
        found = {
            str(one["name"]): Tool(
                str(one["name"]), {str(n): str(t) for n, t in dict(one.get("args") or {}).items()},
                str(one.get("returns") or ""),
            )
            for one in json.loads(text)
        }  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CannotAnswer(
            "the tools are no JSON list of objects with name, args (name -> type) and returns"
        ) from None
    if not found:
        raise CannotAnswer("the list of tools is empty")
    return found


def nodes_of(given: Any) -> list[Node] | str:
    """The nodes of a plan; a text that says why it is none.

    Arguments are a mapping, or a list of `name` and `value`.
    """
    found: list[Node] = []
    try:
        for one in given:
            args = one.get("args") or {}
            if isinstance(args, list):
                args = {arg["name"]: arg["value"] for arg in args}
            plain = {str(name): str(value) for name, value in args.items()}
            found.append(Node(int(one["id"]), str(one["name"]), plain))
    except (TypeError, KeyError, ValueError, AttributeError):
        return "a node has id, name and args"
    if not found:
        return "the plan has no node"
    if len({node.id for node in found}) != len(found):
        return "two nodes have the same id"
    return found


def problems(plan: Sequence[Node], tools: Mapping[str, Tool]) -> list[str]:
    """What a verifier finds in a plan, one line each; [] when nothing.

    Every tool exists, has the arguments that it takes and no others, takes results only of nodes
    before it, and of types that fit. Ma et al. (2024).
    """
    found: list[str] = []
    done: dict[int, Node] = {}
    for node in plan:
        where, tool = f"node {node.id}", tools.get(node.name)
        if tool is None:
            found.append(f"{where}: there is no tool called {node.name!r}")
        else:
            found += [
                f"{where}: {node.name} takes no {a!r}" for a in node.args if a not in tool.args
            ]
            found += [f"{where}: {node.name} lacks {a!r}" for a in tool.args if a not in node.args]
        for source, argument in node.links():
            if source not in done:
                found.append(
                    f"{where}: it takes the result of node {source}, which is not before it"
                )
            elif tool is not None:
                made = tools.get(done[source].name)
                wanted = tool.args.get(argument, "")
                if made is not None and made.returns and wanted and made.returns != wanted:
                    found.append(
                        f"{where}: {argument!r} takes {wanted}, node {source} gives {made.returns}"
                    )
        done[node.id] = node
    return found
