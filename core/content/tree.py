"""A hierarchy with names for its nodes."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.content.base import Content, Segment, contents
from core.content.reading import MOST_PARTS, apart, first, key, listed, record, text, without_empty
from core.ui import Ui
from core.units import Invalid

DEEPEST = 50


@contents.register
class Tree(Content):
    """Nodes; `data` is `{"nodes": [{id, label, parent, text}], "links": [{from, to, label}]}`.

    Nodes stand parents first, each branch together; roots have no parent. In files they may also be
    nested: `{"label": ..., "children": [...]}`, numbered 1, 1.1, 1.2 where they have no id. `links`
    are edges beside the hierarchy. Segments are nodes.
    """

    kind = "tree"
    fixed = frozenset({"id", "parent", "from", "to"})

    @classmethod
    def parse(cls, raw: Any) -> "Tree":
        raw = {"children": raw} if isinstance(raw, list) else record(raw, "tree", "nodes")
        if "nodes" in raw:
            given = listed(raw["nodes"], "tree", "nodes")
            nodes = _ordered([_node(n, f"node {p}") for p, n in enumerate(given, 1)])
        else:
            roots = [raw] if first(raw, "label", "id") is not None else raw.get("children")
            nodes = _flat(roots, "", 1)
        apart([n["id"] for n in nodes], "tree, nodes")
        known = {n["id"] for n in nodes}
        edges = listed(first(raw, "links", "edges") or [], "tree", "links", empty=True)
        links = [_link(e, n, known) for n, e in enumerate(edges, 1)]
        return cls({"nodes": nodes} | ({"links": links} if links else {}))

    def depths(self) -> list[int]:
        """How deep each node stands, in order; roots at 0."""
        found: dict[str, int] = {}
        for node in self.data["nodes"]:
            found[node["id"]] = found[node["parent"]] + 1 if "parent" in node else 0
        return list(found.values())

    def show(self, ui: Ui) -> None:
        ui.tree(self.data["nodes"], self.data.get("links", []))

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        lines, found, start = [], [], 0
        for node, depth in zip(self.data["nodes"], self.depths(), strict=True):
            head = f"{'  ' * depth}- [{node['id']}] "
            words = node["label"] + (f": {node['text']}" if node.get("text") else "")
            start += len(head)
            found.append(Segment(node["id"], words, start, start + len(words)))
            lines.append(head + words)
            start += len(words) + 1
        labels = {n["id"]: n["label"] for n in self.data["nodes"]}
        for link in self.data.get("links", []):
            words = f": {link['label']}" if link.get("label") else ""
            lines.append(f"{labels[link['from']]} -> {labels[link['to']]}{words}")
        return "\n".join(lines), found

    @classmethod
    def example(cls) -> "Tree":
        return cls.parse(
            {
                "nodes": [
                    {"id": "food", "label": "Food safety"},
                    {"id": "rice", "label": "Rice", "parent": "food", "text": "Cool it quickly."},
                    {"id": "eggs", "label": "Eggs", "parent": "food"},
                ],
                "links": [{"from": "eggs", "to": "rice", "label": "fried together"}],
            }
        )


def _node(raw: Any, where: str) -> dict[str, Any]:
    raw = record(raw, where, "id and label")
    name = key(first(raw, "id", "key"), f"{where}, id")
    label = text(first(raw, "label", "title", "name"), f"{where}, label")
    parent = raw.get("parent")
    return {"id": name, "label": label if label.strip() else name} | without_empty(
        {
            "parent": None if parent in (None, "") else key(parent, f"{where}, parent"),
            "text": text(raw.get("text"), f"{where}, text"),
        }
    )


def _ordered(nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes with every branch together; raises `Invalid` for unknown parents and circles."""
    known = {n["id"] for n in nodes}
    below: dict[str, list[dict[str, Any]]] = {}
    for place, node in enumerate(nodes, 1):
        if node.get("parent", node["id"]) not in known:
            raise Invalid(f"node {place}, parent", f"no node has the id {node['parent']!r}")
        below.setdefault(node.get("parent", ""), []).append(node)
    found: list[dict[str, Any]] = []
    waiting = [(node, 0) for node in reversed(below.get("", []))]
    while waiting and len(found) <= len(nodes):
        node, depth = waiting.pop()
        _deep(depth)
        found.append(node)
        waiting += [(n, depth + 1) for n in reversed(below.get(node["id"], []))]
    apart([n["id"] for n in nodes], "tree, nodes")
    if len(found) < len(nodes):
        lost = sorted(known - {n["id"] for n in found})[0]
        raise Invalid("tree, nodes", f"the node {lost!r} hangs in a circle, below itself")
    return found


def _flat(raw: Any, above: str, depth: int, parent: str = "") -> list[dict[str, Any]]:
    """Nested nodes as a list."""
    _deep(depth)
    where = f"below node {above}" if above else "tree"
    found: list[dict[str, Any]] = []
    for place, given in enumerate(listed(raw, where, "nodes"), 1):
        number = f"{above}.{place}" if above else str(place)
        given = {"label": given} if isinstance(given, str) else given
        given = record(given, f"node {number}", "label and children")
        named: Mapping[str, Any] = given | {
            "id": first(given, "id", "key") or number, "parent": parent
        }  # fmt: skip
        node = _node(named, f"node {number}")
        found.append(node)
        if given.get("children"):
            found += _flat(given["children"], number, depth + 1, node["id"])
        if len(found) > MOST_PARTS:
            raise Invalid("tree", f"at most {MOST_PARTS:,} nodes; split it")
    return found


def _deep(depth: int) -> None:
    if depth > DEEPEST:
        raise Invalid("tree", f"at most {DEEPEST} levels")


def _link(raw: Any, place: int, known: set[str]) -> dict[str, Any]:
    where = f"link {place}"
    raw = record(raw, where, "from, to and label")
    ends = {side: key(raw.get(side), f"{where}, {side}") for side in ("from", "to")}
    for side, end in ends.items():
        if end not in known:
            raise Invalid(f"{where}, {side}", f"no node has the id {end!r}")
    return ends | without_empty({"label": text(raw.get("label"), f"{where}, label")})
