"""The longer answer wins: the baseline that every judge should beat."""

from pydantic import Field

from core.questions.base import Question
from core.questions.pairwise import Pairwise
from core.units import Draft, Unit
from core.workers.base import Model, Worker, workers
from core.workers.verdicts import fitting, verdict


@workers.register
class Longer(Worker):
    """Picks the response with more words.

    `margin` is the share of the longer one within which two lengths count as equal.
    """

    kind = "longer"
    rater = "rule"
    margin: float = Field(default=0.1, ge=0, lt=1)

    def can(self, question: Question, unit: Unit) -> bool:
        return isinstance(question, Pairwise) and question.simple

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        return fitting(super().asked(unit), len(unit.outputs))

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        words = {o.key: len(o.content.text().split()) for o in unit.outputs}
        room = self.margin * max(words.values(), default=0)
        counted = ", ".join(f"{unit.letter(key)} has {n} words" for key, n in words.items())
        why = f"Rule: the longer response wins. {counted}; within {room:.0f} words is a tie."
        return [
            Draft(question=q.name, value=verdict(q, unit, words, margin=room), rationale=why,
                  repeat=repeat, shown=unit.shown)
            for q in self.asked(unit)
        ]  # fmt: skip
