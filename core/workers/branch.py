"""Trees of generator, verifier and refiner: what each of them adds to the end."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.content.base import Content
from core.statistics.roles import node_values
from core.units import Draft, Unit
from core.workers.answers import same
from core.workers.base import Endpointed, Model, workers
from core.workers.endpoint import AtEndpoint
from core.workers.thinker import WORDS, Thinker, a_text, given, of

ROLES = ("generator", "verifier", "refiner")
Node = tuple[int, ...]


@workers.register
class Branch(Thinker):
    """Every answer is verified several times, every verdict refined several times: one tree.

    Leaves are final answers, right (1) or wrong (0) by the field or fact `reference`; the value of
    a node is the mean of the leaves below it. `verifier` and `refiner` may be models of their own.
    Each node is an output that hangs on the one before it, with its part and value in its facts.
    Motwani et al. (2024).
    """

    kind = "branch"
    words = ("branch_generator", "branch_verifier", "branch_refiner")
    writes: str = "branch"
    generators: int = Field(default=2, ge=1, le=8, description="answers to each item")
    verifiers: int = Field(default=2, ge=1, le=8, description="verdicts on each answer")
    refiners: int = Field(default=2, ge=1, le=8, description="refinements of each verdict")
    verifier: AtEndpoint | None = None
    refiner: AtEndpoint | None = None
    reference: str = "reference"
    temperature: float | None = Field(default=0.7, ge=0, le=2)

    def scope(self) -> Any:
        return "item"

    def models(self) -> Mapping[str, Endpointed]:
        others = {"verifier": self.verifier, "refiner": self.refiner}
        return {"": self, **{name: model for name, model in others.items() if model is not None}}

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        wanted = given(unit, self.reference)
        task = self.seen(unit, without=[self.reference])
        widths = (self.generators, self.verifiers, self.refiners)
        grown: dict[Node, tuple[str, str, int | None]] = {}
        level: list[Node] = [()]
        for role, width in zip(ROLES, widths, strict=True):
            below = [(*node, n) for node in level for n in range(width)]
            for node in below:
                grown[node] = await self._node(role, node, task, grown, llm, repeat)
            level = below
        leaves = {node: float(same(grown[node][1], wanted)) for node in level}
        values = node_values(leaves)
        return [
            self.wrote(text, None, key=_key(node), parent=_key(node[:-1]), repeat=repeat,
                       facts={"part": ROLES[len(node) - 1], "answer": answer, "call": call,
                              "value": values[node], "leaves": _below(node, level)})
            for node, (text, answer, call) in grown.items()
        ]  # fmt: skip

    async def _node(
        self, role: str, node: Node, task: Sequence[tuple[str, Content]],
        grown: Mapping[Node, tuple[str, str, int | None]], llm: Model | None, repeat: int,
    ) -> tuple[str, str, int | None]:  # fmt: skip
        """What a role wrote: its text, the final answer in it, and the call."""
        before = [grown[node[:depth]] for depth in range(1, len(node))]
        titles = ("solution", "verdict")
        material = [*task, *((t, a_text(b[0])) for t, b in zip(titles, before, strict=False))]
        salt = repeat * 1000 + node[-1]
        to = role if role in self.models() else ""
        if role == "verifier":
            form, schema = '{"verdict": "..."}', of(verdict=WORDS)
        else:
            form, schema = '{"solution": "...", "answer": "..."}', of(solution=WORDS, answer=WORDS)
        reply = await self.think(
            llm, f"branch_{role}", material, f"Reply in this form: {form}", schema,
            repeat=salt, to=to,
        )  # fmt: skip
        if role == "verifier":
            return reply.value["verdict"], before[0][1], reply.call
        return reply.value["solution"], reply.value["answer"], reply.call


def _key(node: Node) -> str:
    return "".join(f"{role[0]}{n + 1}" for role, n in zip(ROLES, node, strict=False))


def _below(node: Node, leaves: Sequence[Node]) -> int:
    return sum(leaf[: len(node)] == node for leaf in leaves)
