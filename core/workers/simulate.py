"""A simulated rater: the known answer with noise, for demonstrations and for trying a design."""

import random
from typing import Any

from pydantic import Field, field_validator

from core.digest import digest
from core.questions.base import Question
from core.questions.label import Label
from core.questions.pairwise import Pairwise
from core.questions.rating import Rating
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, Worker, workers


@workers.register
class Simulate(Worker):
    """Gives the item's gold answer with probability `accuracy`, otherwise another one.

    Where answers have an order the wrong one is a neighbour. The same rater gives the same answer
    to the same unit every time; `seed` makes another rater of the same accuracy. Its name must say
    that it is simulated.
    """

    kind = "simulate"
    rater = "rule"
    simulated = True
    accuracy: float = Field(default=0.8, ge=0, le=1)
    seed: int = 0

    @field_validator("name")
    @classmethod
    def _says_so(cls, name: str) -> str:
        if "simulated" not in name.lower():
            raise ValueError("the name of a simulated rater must contain the word 'simulated'")
        return name

    @classmethod
    def sample(cls) -> "Simulate":
        return cls(name="Simulated example")

    def can(self, question: Question, unit: Unit) -> bool:
        return listed(question) and question.name in unit.gold

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        why = f"Simulated: the known answer with probability {self.accuracy:g}, otherwise another."
        return [
            Draft(question=q.name, value=self._noisy(q, unit, repeat), rationale=why,
                  repeat=repeat, shown=unit.shown)
            for q in self.asked(unit)
        ]  # fmt: skip

    def _noisy(self, question: Question, unit: Unit, repeat: int) -> Any:
        try:
            gold = question.check(unit.gold[question.name], unit)
        except Invalid as error:
            raise CannotAnswer(f"the gold answer is not valid: {error}") from None
        chance = random.Random(digest([self.digest, unit.key, question.name, repeat]))  # noqa: S311
        if chance.random() < self.accuracy:
            return gold
        others = neighbours(question, unit, gold)
        return chance.choice(others) if others else gold


def neighbours(question: Question, unit: Unit, value: Any) -> list[Any]:
    """The other answers that a rater who slips would give: next to `value` where there is order."""
    every = every_answer(question, unit)
    others = [v for v in every if v != value]
    if question.scale(unit).level == "nominal" or value not in every:
        return others
    nearest = min((question.distance(v, value) for v in others), default=0.0)
    return [v for v in others if question.distance(v, value) <= nearest + 1e-9]


def listed(question: Question) -> bool:
    """Whether every answer to a question can be listed."""
    if isinstance(question, Pairwise):
        return not question.dimensions
    return isinstance(question, Rating | Label)


def every_answer(question: Question, unit: Unit) -> list[Any]:
    """All answers to a rating, label or pair, in the order of the scale (as shown, for a pair)."""
    if isinstance(question, Rating):
        return list(question.points)
    if isinstance(question, Label):
        return list(question.labels)
    return [question.read(reply, unit) for reply in question.reply_schema(unit)["enum"]]
