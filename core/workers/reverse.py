"""Guesses the question from the answer, and measures how near the guess comes."""

from typing import Any

from core.content.base import Content
from core.units import Draft, Unit
from core.workers.base import Model, workers
from core.workers.novelty import Comparing
from core.workers.thinker import WORDS, given, of


@workers.register
class Reverse(Comparing):
    """The question that an answer seems to answer, guessed without seeing the real one.

    `cosine` in its facts is the likeness of guess and real question (the field or fact called
    `question`), by shared words or with an `embedder` by its embeddings: a stand-in for the
    probability of the question given the answer. None when they have no words to compare. Varun et
    al. (2024).
    """

    kind = "reverse"
    words = ("reverse",)
    reads: tuple[str, ...] = ("answer",)
    writes: str = "guess"
    question: str = "prompt"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        real, drafts = given(unit, self.question), []
        for answer in self.read(unit):
            material: list[tuple[str, Content]] = [("answer", answer.content)]
            reply = await self.think(
                llm, "reverse", material, "Reply in this form: {\"question\": \"...\"}",
                of(question=WORDS), repeat=repeat,
            )  # fmt: skip
            guess = str(reply.value["question"])
            near = await self.nearest(llm, real, [guess])
            facts: dict[str, Any] = {"cosine": near, "by": self.by()}
            drafts.append(self.wrote(
                guess, reply, parent=answer.key, key=answer.key, repeat=repeat, facts=facts
            ))  # fmt: skip
        return drafts
