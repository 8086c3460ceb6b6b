"""Works on a task in turns: think, run code or propose a solution, hear what came of it."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from core import sandbox
from core.apart import apart
from core.content.base import Content
from core.content.trajectory import Trajectory
from core.sandbox import Limits
from core.units import Draft, Invalid, Unit
from core.workers.answers import same
from core.workers.base import CannotAnswer, Endpointed, Model, workers
from core.workers.endpoint import AtEndpoint
from core.workers.testing import code_in, outcomes, read_tests
from core.workers.thinker import WORDS, Thinker, a_text, given, of
from core.workers.turns import Turns, program

SHOWN = 2_000
FORM = 'Reply in this form: {"thought": "...", "act": "execute" or "solution", "content": "..."}'


@workers.register
class Act(Thinker):
    """A trajectory of up to `turns` turns in which at most `proposals` solutions are proposed.

    In each turn the actor thinks and then either runs Python in the sandbox, where what earlier
    turns defined is still there, or proposes a solution. A solution is right when it passes the
    item's `tests`, or else when it is the `reference`. `feedback` after each turn is none, textual
    or binary (good or bad), by `teacher` or the same model, who knows the reference when `gold` is
    set and may not give it away. `tools` names a field or fact with Python that the actor can call
    without seeing it; `signatures` one that says how. Wang et al. (2024), MINT.
    """

    kind = "act"
    words = ("act", "act_feedback", "act_verdict")
    writes: str = "trajectory"
    turns: int = Field(default=5, ge=1, le=50)
    proposals: int = Field(default=2, ge=1, le=20)
    feedback: Literal["none", "textual", "binary"] = "none"
    gold: bool = False
    teacher: AtEndpoint | None = None
    reference: str = "reference"
    tests: str = "tests"
    entry: str = Field(
        default="entry_point", description="fact with the name of the function that the tests call"
    )
    tools: str = ""
    signatures: str = ""
    seconds: float = Field(default=10.0, gt=0, le=600, description="how long code may run")

    def scope(self) -> Any:
        return "item"

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self} if self.teacher is None else {"": self, "teacher": self.teacher}

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        lacking = await apart(sandbox.missing)
        if lacking:
            raise CannotAnswer(lacking)
        self._task(unit)
        so_far = Turns()
        while so_far.ended is None:
            await self._turn(unit, so_far, llm, repeat)
            if so_far.ended is None and so_far.proposals >= self.proposals:
                so_far.ended = "max_proposals"
            if so_far.ended is None and len(so_far.turns) >= self.turns:
                so_far.ended = "max_turns"
            if so_far.ended is None and self.feedback != "none":
                so_far.turns[-1].feedback = await self._said(unit, so_far, llm, repeat)
        facts = {
            **so_far.data(), "k": self.turns, "feedback": self.feedback, "gold": self.gold,
            "item": unit.item,
        }  # fmt: skip
        return [Draft(
            role=self.writes, content=Trajectory.parse(so_far.steps()), repeat=repeat,
            call=so_far.turns[-1].call, facts=facts,
        )]  # fmt: skip

    def _task(self, unit: Unit) -> list[tuple[str, Content]]:
        """What the actor is shown of the item: neither reference nor tests nor the tools' code."""
        hidden = [self.reference, self.tests, self.tools, self.signatures]
        found = self.seen(unit, without=hidden)
        if self.tools:
            given(unit, self.tools)
        if self.signatures:
            found.append(("tools", a_text(given(unit, self.signatures))))
        return found

    async def _turn(self, unit: Unit, so_far: Turns, llm: Model | None, repeat: int) -> None:
        left = self.turns - len(so_far.turns)
        closing = f"{left} turns and {self.proposals - so_far.proposals} proposals are left. {FORM}"
        reply = await self.think(
            llm, "act", [*self._task(unit), *so_far.material()], closing,
            of(thought={"type": "string"}, act={"enum": ["execute", "solution"]}, content=WORDS),
            repeat=repeat,
        )  # fmt: skip
        value = reply.value
        turn = so_far.begin(value["thought"], value["act"], value["content"], reply.call)
        if value["act"] == "execute":
            turn.observation = await self._run(unit, so_far)
            return
        if await self._right(unit, value["content"]):
            turn.observation, so_far.ended = "The solution is right.", "solved"
        else:
            turn.observation = "The solution is wrong."

    async def _run(self, unit: Unit, so_far: Turns) -> str:
        tools = given(unit, self.tools) if self.tools else ""
        code, files = program([code_in(text) for text in so_far.blocks()], tools)
        ran = await apart(sandbox.python, code, files=files, limits=self._limits)
        if not ran.well:
            so_far.blocks_failed.add(len(so_far.turns) - 1)
        errors = "\n".join(
            line for line in ran.stderr.splitlines() if "/code/" not in line
        )[-SHOWN:]  # fmt: skip
        printed = ran.stdout[:SHOWN] + (" ..." if len(ran.stdout) > SHOWN else "")
        said = "" if ran.well else f"\n[{ran.said()}]"
        return (f"{printed}{errors}{said}".strip() or "[nothing was printed]").replace(
            "\x00", "\\0"
        )

    @property
    def _limits(self) -> Limits:
        return Limits(seconds=self.seconds, cpu=max(1, round(self.seconds)))

    async def _right(self, unit: Unit, solution: str) -> bool:
        if self.tests in unit.fields or self.tests in unit.meta:
            tests = await apart(read_tests, unit, self.tests, self.entry)
            done = await apart(outcomes, code_in(solution), tests, self._limits)
            return all(test.passed for test in done)
        return same(solution, given(unit, self.reference))

    async def _said(self, unit: Unit, so_far: Turns, llm: Model | None, repeat: int) -> str:
        """The teacher's feedback on the turn that has just been taken."""
        material = [*self._task(unit), *so_far.material()]
        secret = given(unit, self.reference) if self.gold else ""
        if secret:
            material.append(("right answer, secret", a_text(secret)))
        to = "teacher" if self.teacher is not None else ""
        if self.feedback == "binary":
            reply = await self.think(
                llm, "act_verdict", material, 'Reply in this form: {"good": true or false}',
                of(good={"type": "boolean"}), repeat=repeat, to=to,
            )  # fmt: skip
            return "This is good." if reply.value["good"] else "This is bad."
        known = "\n".join(content.text() for _, content in [*self._task(unit), *so_far.material()])
        reply = await self.think(
            llm, "act_feedback", material, 'Reply in this form: {"feedback": "..."}',
            of(feedback=WORDS), repeat=repeat, to=to,
            check=lambda value: _discreet(value, secret, known),
        )  # fmt: skip
        return str(reply.value["feedback"])


def _discreet(value: Mapping[str, Any], secret: str, known: str) -> Mapping[str, Any]:
    """The feedback, unless it gives away the right answer, which is not known yet."""
    word = re.compile(rf"(?<!\w){re.escape(secret.strip())}(?!\w)", re.IGNORECASE)
    if secret.strip() and word.search(value["feedback"]) and not word.search(known):
        raise Invalid("feedback", "it gives the right answer away; help without saying it")
    return value
