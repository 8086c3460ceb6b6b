"""Goes on from the beginning of a solution, again and again, to see where it goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from core.content.base import Content
from core.statistics.intervals import wilson
from core.units import Draft, Shown, Unit
from core.workers.answers import same
from core.workers.base import CannotAnswer, Model, workers
from core.workers.thinker import WORDS, Thinker, a_text, given, of


@workers.register
class Continuation(Thinker):
    """Monte Carlo values of a solution's steps: the share of `rollouts` from there that end right.

    A rollout goes on after the first k steps (segments of the output) to a final answer, which
    counts when it is that of the field or fact `reference`. `search` binary halves the solution
    until it has the first step after which no rollout ends right; `every` values all steps; `none`
    goes on once from the whole text and values nothing. Luo et al. (2024).
    """

    kind = "continuation"
    words = ("continue",)
    reads: tuple[str, ...] = ("answer",)
    writes: str = "continuation"
    search: Literal["binary", "every", "none"] = "binary"
    rollouts: int = Field(default=8, ge=1, le=100)
    reference: str = "reference"
    temperature: float | None = Field(default=0.7, ge=0, le=2)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        return [await self._continued(unit, output, llm, repeat) for output in self.read(unit)]

    async def _continued(self, unit: Unit, output: Shown, llm: Model | None, repeat: int) -> Draft:
        place: dict[str, Any] = {"parent": output.key, "key": output.key, "repeat": repeat}
        if self.search == "none":
            rest, answer, call = await self._rollout(unit, output.content.text(), llm, repeat)
            return Draft(
                role=self.writes, content=a_text(rest), call=call, facts={"answer": answer}, **place
            )
        wanted = given(unit, self.reference)
        steps = steps_of(output.content)
        if not steps:
            raise CannotAnswer("the solution has no step to go on from")

        async def value(count: int) -> float:
            return await self._value(unit, steps[:count], wanted, llm, repeat)

        tried = Tried()
        first = await (
            first_wrong(len(steps), value, tried) if self.search == "binary"
            else every(len(steps), value, tried)
        )  # fmt: skip
        facts = {
            "first_wrong": first, "hopeless": tried.hopeless, "steps": len(steps),
            "rollouts": self.rollouts,
            "values": [
                {"after": n, "value": v, "interval": wilson(v * self.rollouts, self.rollouts)}
                for n, v in sorted(tried.values.items())
            ],
        }  # fmt: skip
        return self.wrote(_said(steps, tried, first, self.rollouts), facts=facts, **place)

    async def _value(
        self, unit: Unit, steps: Sequence[str], wanted: str, llm: Model | None, repeat: int
    ) -> float:
        begun, first = "\n".join(steps), repeat * self.rollouts
        ends = await asyncio.gather(
            *(self._rollout(unit, begun, llm, first + number) for number in range(self.rollouts))
        )
        return sum(same(answer, wanted) for _, answer, _ in ends) / self.rollouts

    async def _rollout(
        self, unit: Unit, begun: str, llm: Model | None, repeat: int
    ) -> tuple[str, str, int | None]:
        return await rollout(self, unit, begun, llm, repeat, reference=self.reference)


async def rollout(
    worker: Thinker, unit: Unit, begun: str, llm: Model | None, repeat: int, *, reference: str
) -> tuple[str, str, int | None]:
    """How a model goes on from a beginning: the rest, its final answer, and the call."""
    material: list[tuple[str, Content]] = worker.seen(unit, without=[reference])
    reply = await worker.think(
        llm, "continue", [*material, ("beginning", a_text(begun))],
        'Reply in this form: {"rest": "...", "answer": "..."}',
        of(rest=WORDS, answer=WORDS), repeat=repeat,
    )  # fmt: skip
    return reply.value["rest"], reply.value["answer"], reply.call


def steps_of(content: Content) -> list[str]:
    """The steps of a solution: its segments that are not empty."""
    return [s.text.strip() for s in content.segments() if s.text.strip()]


@dataclass(slots=True)
class Tried:
    """The values that were found: after so many steps, the share of rollouts that ended right."""

    values: dict[int, float] = field(default_factory=dict)

    @property
    def hopeless(self) -> bool:
        """Whether no rollout ends right even without any of the steps."""
        return self.values.get(0) == 0


Value = Callable[[int], Awaitable[float]]


async def first_wrong(steps: int, value: Value, tried: Tried) -> int | None:
    """The place (from 0) of the first step after which no rollout ends right, by halving.

    None when some still do after the last step, and when none do from the start either: then no
    step is to blame. It takes about log2(steps) values, and supposes that what is lost stays lost.
    Luo et al. (2024).
    """
    tried.values[steps] = await value(steps)
    if tried.values[steps] > 0:
        return None
    good, bad = 0, steps
    while bad - good > 1:
        middle = (good + bad) // 2
        tried.values[middle] = await value(middle)
        if tried.values[middle] > 0:
            good = middle
        else:
            bad = middle
    if bad == 1:
        tried.values[0] = await value(0)
    return None if tried.hopeless else bad - 1


async def every(steps: int, value: Value, tried: Tried) -> int | None:
    """The same with the value after every step, and before the first."""
    for count in range(steps + 1):
        tried.values[count] = await value(count)
    lost = [n for n in range(1, steps + 1) if tried.values[n] == 0]
    return lost[0] - 1 if lost and not tried.hopeless else None


def _said(steps: Sequence[str], tried: Tried, first: int | None, rollouts: int) -> str:
    lines = [
        f"After {count} of {len(steps)} steps {value:.0%} of {rollouts} rollouts end right."
        for count, value in sorted(tried.values.items())
    ]
    if tried.hopeless:
        lines.append("None ends right even from the start, so no step is to blame.")
    elif first is None:
        lines.append("There is no step after which none ends right.")
    else:
        lines.append(f"First wrong step: {first + 1}. {steps[first]}")
    return "\n".join(lines)
