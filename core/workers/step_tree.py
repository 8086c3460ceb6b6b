"""A tree of solutions to a question, searched where a hopeful beginning went wrong."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from core.statistics.intervals import wilson
from core.units import Draft, Unit
from core.workers.answers import same
from core.workers.base import Model, workers
from core.workers.continuation import rollout, steps_of
from core.workers.thinker import Thinker, a_text, given

Prefix = tuple[str, ...]
BEGINNING = "(nothing yet)"


@dataclass(slots=True)
class State:
    """The beginning of a solution: the share of rollouts from it that end right, its wrong ones.

    `visits` counts how often one of its rollouts was searched; those that were are taken out.
    """

    prefix: Prefix
    value: float
    wrong: list[Prefix] = field(default_factory=list)
    visits: int = 0


@workers.register
class StepTree(Thinker):
    """Monte Carlo values of steps, found by OmegaPRM's search over a pool of wrong rollouts.

    From the question itself, and from every beginning that is found, `rollouts` solutions are
    written; a beginning is worth the share of them that ends in the field or fact `reference`. The
    pool holds the wrong ones from beginnings worth more than 0 and less than 1. `searches` times
    the one with the highest `alpha ** (1 - value) * beta ** (words / length) + explore *
    sqrt(visits of all) / (1 + visits of its beginning)` is halved until its first hopeless step is
    found, and the beginnings met on the way join the tree. Luo et al. (2024); the defaults of the
    constants are theirs as commonly reported, lengths are counted in words. Each beginning is an
    output that hangs on the longest one before it.
    """

    kind = "step_tree"
    words = ("continue",)
    writes: str = "step tree"
    reference: str = "reference"
    rollouts: int = Field(default=8, ge=2, le=100)
    searches: int = Field(default=10, ge=1, le=1000)
    alpha: float = Field(default=0.5, gt=0, le=1, description="how much a high value draws")
    beta: float = Field(default=0.9, gt=0, le=1, description="how much length puts off")
    length: int = Field(default=500, ge=1, description="words that count as one length")
    explore: float = Field(default=0.125, ge=0, description="how much the little searched draws")
    temperature: float | None = Field(default=0.7, ge=0, le=2)

    def scope(self) -> Any:
        return "item"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        wanted = given(unit, self.reference)
        self.seen(unit, without=[self.reference])

        async def value(prefix: Prefix) -> State:
            return await self._state(unit, prefix, wanted, llm, repeat)

        tree: dict[Prefix, State] = {(): await value(())}
        found: list[dict[str, Any]] = []
        for _ in range(self.searches):
            chosen = self.chosen(list(tree.values()))
            if chosen is None:
                break
            state, rest = chosen
            state.visits += 1
            state.wrong.remove(rest)
            place = await _halved(state.prefix, rest, tree, value)
            found.append({"after": len(state.prefix), "first_wrong": len(state.prefix) + place,
                          "step": rest[place]})  # fmt: skip
        return self._drafts(tree, found, repeat)

    def chosen(self, states: Sequence[State]) -> tuple[State, Prefix] | None:
        """The rollout of the pool that is searched next; None when the pool is empty."""
        visits = sum(state.visits for state in states)
        pool = [
            (self.quality(state.value, rest) + self.novelty(visits, state.visits), state, rest)
            for state in states if 0 < state.value < 1 for rest in state.wrong
        ]  # fmt: skip
        if not pool:
            return None
        _, state, rest = max(pool, key=lambda one: one[0])
        return state, rest

    def quality(self, value: float, rest: Prefix) -> float:
        """How much a rollout promises: from a hopeful beginning, and short."""
        words = sum(len(step.split()) for step in rest)
        return float(self.alpha ** (1 - value) * self.beta ** (words / self.length))

    def novelty(self, all_visits: int, own: int) -> float:
        """What is added for a beginning that was searched seldom."""
        return self.explore * math.sqrt(all_visits) / (1 + own)

    async def _state(
        self, unit: Unit, prefix: Prefix, wanted: str, llm: Model | None, repeat: int
    ) -> State:
        begun = "\n".join(prefix) or BEGINNING
        ends = await asyncio.gather(*(
            rollout(self, unit, begun, llm, repeat * self.rollouts + n, reference=self.reference)
            for n in range(self.rollouts)
        ))  # fmt: skip
        right = [same(answer, wanted) for _, answer, _ in ends]
        wrong = [
            tuple(steps_of(a_text(rest)))
            for (rest, *_), well in zip(ends, right, strict=True) if not well
        ]  # fmt: skip
        unlike = [rest for rest in dict.fromkeys(wrong) if rest]
        return State(prefix, sum(right) / len(right), unlike)

    def _drafts(
        self, tree: dict[Prefix, State], found: Sequence[dict[str, Any]], repeat: int
    ) -> list[Draft]:
        names = {prefix: f"s{n}" for n, prefix in enumerate(sorted(tree, key=len))}
        drafts = []
        for prefix, name in names.items():
            state = tree[prefix]
            above = max((p for p in names if p != prefix and p == prefix[: len(p)]), key=len,
                        default=None)  # fmt: skip
            facts: dict[str, Any] = {
                "after": len(prefix), "value": state.value, "visits": state.visits,
                "rollouts": self.rollouts,
                "interval": wilson(round(state.value * self.rollouts), self.rollouts),
            }  # fmt: skip
            if not prefix:
                facts |= {"searches": len(found), "found": list(found), "states": len(tree)}
            drafts.append(self.wrote(
                "\n".join(prefix) or BEGINNING, key=name, repeat=repeat, facts=facts,
                parent="" if above is None else names[above],
            ))  # fmt: skip
        return drafts


async def _halved(prefix: Prefix, rest: Prefix, tree: dict[Prefix, State], value: Any) -> int:
    """The place in `rest` of the first step after which no rollout ends right, by halving.

    It supposes, as the search does, that none ends right after the whole of it. The states that
    are met are put into the tree.
    """
    good, bad = 0, len(rest)
    while bad - good > 1:
        middle = (good + bad) // 2
        reached = (*prefix, *rest[:middle])
        if reached not in tree:
            tree[reached] = await value(reached)
        if tree[reached].value > 0:
            good = middle
        else:
            bad = middle
    return bad - 1
