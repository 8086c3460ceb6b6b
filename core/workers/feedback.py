"""A generator and its reviewers: answer, feedback, better answer, for a few rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, model_validator

from core.content.base import Content
from core.units import Draft, Unit
from core.workers.asking import Asking, words
from core.workers.base import CannotAnswer, Model, workers
from core.workers.generate import turns
from core.workers.thinker import WORDS, a_text, of

TEXT = {"type": "string"}
SCORE = {"type": "number", "minimum": 0, "maximum": 10}
CLOSING = 'Reply in this form: {"evaluation": "...", "score": 0 to 10, "feedback": "..."}'


@dataclass(frozen=True, slots=True)
class Review:
    """What one reviewer said of one response."""

    reviewer: str
    evaluation: str
    score: float
    feedback: str
    call: int | None

    def text(self) -> str:
        """The review as its author reads it."""
        return f"{self.evaluation}\n\nScore: {self.score:g}/10\n\n{self.feedback}".strip()


@workers.register
class FeedbackLoop(Asking):
    """Writes up to `responses` responses to an item, each by the reviews of the one before it.

    `reviewers` names models among `others`; none means that the model reviews itself. A reviewer
    gives a score out of ten and feedback; the loop ends early when the mean score is `enough`. Each
    response is an output of the role `writes` that hangs on the one before it; the reviews have the
    role feedback and hang on what they are about. Compare the responses in pairs to find the best.
    Arif et al. (2024).
    """

    kind = "feedback"
    words = ("feedback_review", "feedback_again")
    writes: str = "answer"
    reviewers: tuple[str, ...] = ()
    responses: int = Field(default=3, ge=2, le=10)
    enough: float | None = Field(default=None, ge=0, le=10)
    system: str = Field(default="", description="system prompt of the writer")

    @model_validator(mode="after")
    def _known(self) -> "FeedbackLoop":
        odd = sorted(set(self.reviewers) - set(self.others))
        if odd:
            raise ValueError(f"reviewers names no model among `others`: {odd[0]!r}")
        if self.reads:
            raise ValueError("a feedback loop begins with the item and reads no outputs")
        return self

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        text, call = await self._first(unit, llm, repeat)
        drafts: list[Draft] = []
        for number in range(1, self.responses + 1):
            drafts.append(self._draft(number, text, call, repeat))
            if number == self.responses:
                break
            reviews = [await self._review(unit, llm, text, name, repeat, number)
                       for name in self.reviewers or ("",)]  # fmt: skip
            drafts += [self._reviewed(number, n, one, repeat) for n, one in enumerate(reviews, 1)]
            mean = sum(one.score for one in reviews) / len(reviews)
            if self.enough is not None and mean >= self.enough:
                break
            text, call = await self._again(unit, llm, text, reviews, repeat, number)
        return drafts

    async def _first(self, unit: Unit, llm: Model, repeat: int) -> tuple[str, int | None]:
        system = "\n\n".join(part for part in (self.system, self.guidelines) if part.strip())
        head = [{"role": "system", "content": system}] if system else []
        messages = head + turns([content for _, content in self.seen(unit)])
        reply = await llm.ask(messages, repeat=repeat, check=words, **self.parameters())
        return words(reply.text), reply.call

    async def _review(
        self, unit: Unit, llm: Model, text: str, name: str, repeat: int, number: int
    ) -> Review:
        reply = await self.think(
            llm, "feedback_review", [*self.seen(unit), ("answer", a_text(text))], CLOSING,
            of(evaluation=TEXT, score=SCORE, feedback=WORDS), to=name,
            repeat=repeat * self.responses + number,
        )  # fmt: skip
        told: Mapping[str, Any] = reply.value
        return Review(self.named(name), told["evaluation"], float(told["score"]), told["feedback"],
                      reply.call)  # fmt: skip

    async def _again(
        self, unit: Unit, llm: Model, text: str, reviews: Sequence[Review], repeat: int, number: int
    ) -> tuple[str, int | None]:
        said: list[tuple[str, Content]] = [
            (f"feedback {n}", a_text(review.text())) for n, review in enumerate(reviews, 1)
        ]
        reply = await self.think(
            llm, "feedback_again", [*self.seen(unit), ("answer", a_text(text)), *said],
            'Reply in this form: {"answer": "..."}', of(answer=WORDS),
            repeat=repeat * self.responses + number,
            check=lambda value: {"answer": words(value["answer"], "answer")},
        )  # fmt: skip
        return reply.value["answer"], reply.call

    def _draft(self, number: int, text: str, call: int | None, repeat: int) -> Draft:
        return Draft(
            role=self.writes, content=a_text(text), key=f"response {number}", call=call,
            parent=f"response {number - 1}" if number > 1 else "", repeat=repeat,
            facts={"response": number},
        )  # fmt: skip

    def _reviewed(self, number: int, place: int, review: Review, repeat: int) -> Draft:
        return Draft(
            role="feedback", content=a_text(review.text()), key=f"feedback {number}.{place}",
            parent=f"response {number}", source=review.reviewer, repeat=repeat, call=review.call,
            facts={"response": number, "score": review.score},
        )  # fmt: skip
