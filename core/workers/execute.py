"""Runs code against its tests, in a sandbox."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core import sandbox
from core.apart import apart
from core.content.tests import Tests
from core.questions.base import Question
from core.sandbox import Limits
from core.units import Draft, Shown, Unit
from core.workers.base import CannotAnswer, Model, Scope, Worker, workers
from core.workers.testing import Outcome, code_in, outcomes, read_tests
from core.workers.verdicts import answers, decided, fitting


@workers.register
class Execute(Worker):
    """How the code in each output fares in the item's tests (a field or fact called `tests`).

    It writes a result per output, with each test and its trace; without `writes` it answers
    questions instead, by the share of tests that pass (`thresholds` gives the lowest share of each
    label). Code runs in a sandbox with the limits given here, or not at all.
    """

    kind = "execute"
    rater = "rule"
    reads: tuple[str, ...] = ("answer",)
    writes: str = "result"
    tests: str = "tests"
    entry: str = Field(
        default="entry_point", description="fact with the name of the function that the tests call"
    )
    seconds: float = Field(default=10.0, gt=0, le=600, description="how long each run may take")
    memory_mb: int = Field(
        default=512, ge=32, le=16384, description="memory of each run, in megabytes"
    )
    thresholds: Mapping[str, float] = Field(default_factory=dict)

    def scope(self) -> Scope:
        return "item" if self.writes else "unit"

    def can(self, question: Question, unit: Unit) -> bool:
        return answers(question)

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        return fitting(super().asked(unit), len(unit.outputs), self.thresholds)

    @property
    def limits(self) -> Limits:
        """What a run may use."""
        cpu = max(1, round(self.seconds))
        return Limits(seconds=self.seconds, cpu=cpu, memory=self.memory_mb * 2**20)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        lacking = await apart(sandbox.missing)
        if lacking:
            raise CannotAnswer(lacking)
        shown = unit.of_role(*self.reads) if self.writes else unit.outputs
        asked = () if self.writes else self.asked(unit)
        if not shown:
            raise CannotAnswer(f"the item has no output of {' or '.join(map(repr, self.reads))}")
        found = {o.key: await apart(self._outcomes, unit, o) for o in shown}
        if self.writes:
            return [self._result(o, found[o.key], repeat) for o in shown]
        scores = {key: share(tested) for key, tested in found.items()}
        why = " ".join(f"{unit.letter(k)}: {_counted(t)}." for k, t in found.items())
        return [
            Draft(question=q.name, rationale=f"Tests run. {why}", repeat=repeat, shown=unit.shown,
                  value=value)
            for q, value in decided(asked, unit, scores, thresholds=self.thresholds)
        ]  # fmt: skip

    def _outcomes(self, unit: Unit, output: Shown) -> list[Outcome]:
        tests = read_tests(unit, self.tests, self.entry)
        return outcomes(code_in(output.content.text()), tests, self.limits)

    def _result(self, output: Shown, tested: Sequence[Outcome], repeat: int) -> Draft:
        facts: dict[str, Any] = {
            "passed": all(t.passed for t in tested), "right": sum(t.passed for t in tested),
            "asked": len(tested), "tests": [t.data() for t in tested],
        }  # fmt: skip
        code = code_in(output.content.text())
        content = Tests.parse({"code": code, "tests": [t.shown() for t in tested]})
        return Draft(
            role=self.writes, content=content, parent=output.key, key=output.key, repeat=repeat,
            facts=facts,
        )  # fmt: skip


def share(tested: Sequence[Outcome]) -> float:
    """The share of tests that passed."""
    return sum(t.passed for t in tested) / len(tested)


def _counted(tested: Sequence[Outcome]) -> str:
    return f"{sum(t.passed for t in tested)} of {len(tested)} tests pass"
