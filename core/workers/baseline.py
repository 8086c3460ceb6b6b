"""Raters that look at nothing: what any other rater must beat."""

import random
from typing import Any, Literal

from core.digest import digest
from core.questions.base import Question
from core.units import Draft, Unit
from core.workers.base import Model, Worker, workers
from core.workers.simulate import every_answer, listed


@workers.register
class Baseline(Worker):
    """The first answer every time, or one drawn by chance.

    `pick` first prefers the response shown first, the lowest point and the first label; random
    draws among all answers with equal chances, the same for the same unit; `seed` draws anew.
    """

    kind = "baseline"
    rater = "rule"
    pick: Literal["first", "random"] = "first"
    seed: int = 0

    def can(self, question: Question, unit: Unit) -> bool:
        return listed(question)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        return [
            Draft(question=q.name, value=self._picked(q, unit), repeat=repeat, shown=unit.shown,
                  rationale=f"Rule: the {self.pick} answer, whatever is shown.")
            for q in self.asked(unit)
        ]  # fmt: skip

    def _picked(self, question: Question, unit: Unit) -> Any:
        choices = every_answer(question, unit)
        if self.pick == "first":
            return choices[0]
        chance = random.Random(digest([self.seed, unit.key, question.name]))  # noqa: S311
        return chance.choice(choices)
