"""Corrections of a hierarchy: where each node belongs, and what does not belong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from core.content.base import Content
from core.content.plain import Plain
from core.digest import canonical
from core.questions import grades
from core.questions.base import PLACE, Scale, questions, schema_of, tenth
from core.questions.changes import Changes
from core.questions.grades import told
from core.telling import Told, several
from core.ui import Ui
from core.units import Invalid, Unit

TOP = ""
KEPT, MOVED, OUT = 0, 1, 2
LINK = Scale(level="nominal", labels=("kept", "moved", "taken out"))
Parents = dict[str, str | None]  # TOP for a root, None for what is taken out


@dataclass(frozen=True, slots=True)
class Node:
    """A node as the content has it; `parent` is TOP for a root."""

    id: str
    label: str
    parent: str = TOP
    text: str = ""


@questions.register
class Hierarchy(Changes):
    """What is to be changed in a hierarchy, or in a list that is to become one.

    The value is `{"changes": [{"node": id, "parent": id}]}`: the nodes that belong elsewhere, in
    the order of the content; parent "" puts one at the top, null takes it out with all that still
    hangs below it. An empty list says that every link is right. The parts of a content that is no
    tree start as roots. Coded by the share of links kept, in tenths; slot `link` codes each node:
    kept, moved, taken out.
    """

    kind = "hierarchy"
    within: str = Field(
        default="", description="field or role to correct; the first hierarchy when empty"
    )
    removals: bool = Field(default=True, description="whether nodes may be taken out")
    most: int = Field(default=300, ge=2, le=2000, description="how many nodes it may have")

    def nodes(self, unit: Unit) -> list[Node]:
        """The nodes in their order; raises `Invalid` where there are none, or too many."""
        content = self.start(unit, "tree")
        if content is None:
            found = []
        elif content.kind == "tree":
            found = [
                Node(n["id"], n["label"], n.get("parent", TOP), n.get("text", ""))
                for n in content.data["nodes"]
            ]
        else:
            found = [Node(part.key, part.text.strip()) for part in content.segments()]
        if not found:
            raise self.refuse(
                Told("there is no hierarchy here; name its field or role in `within`")
            )
        if len(found) > self.most:
            words = "the hierarchy has {n} nodes; set `most` of the question"
            raise self.refuse(Told(words, n=len(found)))
        return found

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        nodes = [
            {"id": n.id, "label": n.label, "parent": n.parent, "text": n.text}
            for n in self.nodes(unit)
        ]
        return ui.tool(
            "hierarchy", name=self.name, title=self.title, help=self.help, required=self.required,
            value=draft, facts={"nodes": nodes, "removals": self.removals},
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [
            self.heading(),
            f"The nodes under “{self._title()}” have a number each, and name the one they stand "
            "below. List those that belong elsewhere, each with the number of its right parent, "
            "or 0 for the top. An empty list means that every node stands where it belongs.",
        ]
        if self.removals:
            lines.append(
                "The parent null takes a node out, with everything that still hangs below it."
            )
        return "\n".join(lines)

    def _title(self) -> str:
        return f"{self.name}: nodes"

    def material(self, unit: Unit) -> Sequence[tuple[str, Content]]:
        nodes = self.nodes(unit)
        number = {node.id: n for n, node in enumerate(nodes, 1)}
        lines = [
            f"[{number[n.id]}] {n.label}"
            + (f" (below {number[n.parent]})" if n.parent else " (at the top)")
            + (f": {n.text}" if n.text else "")
            for n in nodes
        ]
        return [(self._title(), Plain("\n".join(lines)))]

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        many = len(self.nodes(unit))
        parent: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": many}
        if self.removals:
            parent = {"anyOf": [parent, {"type": "null"}]}
        one = schema_of({"node": {"type": "integer", "minimum": 1, "maximum": many},
                         "parent": parent})  # fmt: skip
        return schema_of({"changes": {"type": "array", "items": one, "maxItems": many}})

    def read(self, reply: Any, unit: Unit) -> Any:
        ids = [TOP, *(node.id for node in self.nodes(unit))]
        changes = self._changes(reply)
        found = []
        for place, one in enumerate(changes, 1):
            for end, least in (("node", 1), ("parent", 0)):
                if end == "parent" and one[end] is None:
                    continue
                if type(one[end]) is not int or not least <= one[end] < len(ids):
                    raise self.refuse(
                        f"change {place}, {end}: expected a whole number, {least} to {len(ids) - 1}"
                    )
            parent = one["parent"]
            found.append({"node": ids[one["node"]],
                          "parent": None if parent is None else ids[parent]})  # fmt: skip
        return self.check({"changes": found}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        number = {TOP: 0} | {node.id: n for n, node in enumerate(self.nodes(unit), 1)}
        return {"changes": [
            {"node": number[one["node"]],
             "parent": None if one["parent"] is None else number[one["parent"]]}
            for one in value["changes"]
        ]}  # fmt: skip

    def _changes(self, value: Any) -> list[Mapping[str, Any]]:
        return self.listed(value, "changes", "change", ("node", "parent"), self.most)

    def check(self, value: Any, unit: Unit) -> Any:
        nodes = self.nodes(unit)
        first: Parents = {node.id: node.parent for node in nodes}
        parents = dict(first)
        seen: set[str] = set()
        for place, one in enumerate(self._changes(value), 1):
            node, parent = one["node"], one["parent"]
            if not isinstance(node, str) or node not in first:
                raise self.refuse(f"change {place}, node: expected the id of a node")
            if node in seen:
                raise self.refuse(f"change {place}, node: {node!r} is changed twice")
            if parent is None and not self.removals:
                raise self.refuse(f"change {place}, parent: nodes can't be taken out here")
            if parent is not None and parent != TOP and parent not in first:
                raise self.refuse(f"change {place}, parent: expected the id of a node, or ''")
            seen.add(node)
            parents[node] = parent
        self._settle(parents)
        return {"changes": [{"node": key, "parent": parents[key]}
                            for key in first if parents[key] != first[key]]}  # fmt: skip

    def _settle(self, parents: Parents) -> None:
        """Take out what hangs below something taken out; raises `Invalid` for circles."""
        for node in parents:
            chain, at = [], node
            while (above := parents[at]) not in (TOP, None):
                chain.append(at)
                at = str(above)
                if len(chain) > len(parents):
                    raise self.refuse(f"the node {node!r} would hang in a circle, below itself")
            if above is None:
                parents.update(dict.fromkeys(chain, None))

    def form(self) -> str:
        return '{"changes": [{"node": "rice", "parent": "food"}]}'

    def slots(self) -> Mapping[str, Scale]:
        return {"link": LINK}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        nodes = self.nodes(unit)
        changed = {c["node"]: OUT if c["parent"] is None else MOVED for c in value["changes"]}
        links = {f"link{PLACE}{n.id}": changed.get(n.id, KEPT) for n in nodes}
        return {"": tenth(1 - len(changed) / len(nodes)), **links}

    def parts(self, unit: Unit) -> dict[str, str]:
        return {node.id: node.label for node in self.nodes(unit)}

    def before(self, unit: Unit) -> dict[str, str]:
        nodes = self.nodes(unit)
        labels = {node.id: node.label for node in nodes}
        return {node.id: str(_where(node.parent, labels)) for node in nodes}

    def put(self, value: Any) -> dict[str, str]:
        return {one["node"]: canonical(one["parent"]) for one in value["changes"]}

    def put_words(self, value: Any, unit: Unit) -> dict[str, str]:
        return {node: str(words) for node, words in self.told_puts(value, unit).items()}

    def told_puts(self, value: Any, unit: Unit) -> Mapping[str, Any]:
        labels = self.parts(unit)
        return {one["node"]: _where(one["parent"], labels) for one in value["changes"]}

    def describe(self, value: Any, unit: Unit) -> str:
        try:
            labels = {node.id: node.label for node in self.nodes(unit)}
        except Invalid:  # a unit without its contents
            labels = {}

        def called(key: str) -> str:
            return labels.get(key, key)[:40]

        said = []
        for one in value["changes"]:
            node, parent = called(one["node"]), one["parent"]
            if parent is None:
                said.append(Told("“{node}” taken out", node=node))
            elif parent:
                words = "“{node}” moved below “{parent}”"
                said.append(Told(words, node=node, parent=called(parent)))
            else:
                said.append(Told("“{node}” moved to the top", node=node))
        return several(said or [Told("every link is right")])

    def example(self, unit: Unit) -> Any:
        nodes = self.nodes(unit)
        if len(nodes) < 2 or nodes[-1].parent == nodes[0].id:
            return {"changes": []}
        return {"changes": [{"node": nodes[-1].id, "parent": nodes[0].id}]}


def _where(parent: str | None, labels: Mapping[str, str]) -> grades.Told:
    """Where a node hangs, in words."""
    if parent is None:
        return told("taken out")
    if parent == TOP:
        return told("at the top")
    return told("below “{parent}”", parent=labels.get(parent, parent)[:60])
