"""Rationales are judged by what students learn from them: how they do in an exam."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.content.base import Content
from core.units import Draft, Unit
from core.workers.answers import same
from core.workers.base import CannotAnswer, Endpointed, Model, workers
from core.workers.endpoint import AtEndpoint
from core.workers.thinker import WORDS, Thinker, a_text, given, of


@workers.register
class Teach(Thinker):
    """Several rationales for a question, each with the score of the students that it taught.

    Each of `students` (models) reads one rationale and then sits the exam: the field or fact
    `exam`, one question a line, with the right answers in `key`, line by line. A rationale's score
    is the share of exam answers that are right. `best` in the facts marks the highest (MAX, the
    first of equals), `vote` the answer to the question itself with the most score behind it; None
    when two have the same. Saha et al. (2023).
    """

    kind = "teach"
    words = ("teach", "study")
    writes: str = "rationale"
    rationales: int = Field(default=3, ge=1, le=20, description="how many rationales are written")
    students: tuple[AtEndpoint, ...] = Field(default=(), max_length=10)
    exam: str = "exam"
    answers: str = Field(
        default="exam_key", description="field or fact with the right answers, line by line"
    )
    temperature: float | None = Field(default=0.7, ge=0, le=2)

    def scope(self) -> Any:
        return "item"

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self, **{f"student {n}": s for n, s in enumerate(self.students, 1)}}

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        exam, key = _lines(given(unit, self.exam)), _lines(given(unit, self.answers))
        if len(exam) != len(key):
            raise CannotAnswer(f"the exam has {len(exam)} questions and {len(key)} right answers")
        material = self.seen(unit, without=[self.exam, self.answers])
        taught = []
        for number in range(self.rationales):
            reply = await self.think(
                llm, "teach", material, 'Reply in this form: {"rationale": "...", "answer": "..."}',
                of(rationale=WORDS, answer=WORDS), repeat=repeat * self.rationales + number,
            )  # fmt: skip
            marks = await self._marks(reply.value["rationale"], exam, key, llm, repeat)
            taught.append((reply, marks, sum(map(sum, marks.values()))))
        asked = len(exam) * max(1, len(self.students))
        scores = [right / asked for *_, right in taught]
        best = scores.index(max(scores))
        vote = weighted_vote([r.value["answer"] for r, *_ in taught], scores)
        return [
            self.wrote(
                reply.value["rationale"], reply, key=f"rationale {number + 1}", repeat=repeat,
                facts={"answer": reply.value["answer"], "score": scores[number], "right": right,
                       "asked": asked, "marks": marks, "best": number == best, "vote": vote},
            )
            for number, (reply, marks, right) in enumerate(taught)
        ]  # fmt: skip

    async def _marks(
        self, rationale: str, exam: Sequence[str], key: Sequence[str], llm: Model | None,
        repeat: int,
    ) -> dict[str, list[int]]:  # fmt: skip
        """Per student, for each question of the exam, 1 for right and 0 for wrong."""
        found: dict[str, list[int]] = {}
        for name in list(self.models())[1:] or [""]:
            found[name or "student"] = []
            for question, wanted in zip(exam, key, strict=True):
                material: list[tuple[str, Content]] = [
                    ("lesson", a_text(rationale)), ("exam question", a_text(question)),
                ]  # fmt: skip
                reply = await self.think(
                    llm, "study", material,
                    'Reply in this form: {"reasoning": "...", "answer": "..."}',
                    of(reasoning={"type": "string"}, answer=WORDS), repeat=repeat, to=name,
                )  # fmt: skip
                found[name or "student"].append(int(same(reply.value["answer"], wanted)))
        return found


def weighted_vote(answers: Sequence[str], weights: Sequence[float]) -> str | None:
    """The answer with the most weight behind it; None when two have as much, or none has any.

    >>> weighted_vote(["4", "5", "4.0"], [0.2, 0.5, 0.4]), weighted_vote(["4", "5"], [0.5, 0.5])
    ('4', None)
    """
    held: dict[str, float] = defaultdict(float)
    for answer, weight in zip(answers, weights, strict=True):
        held[next((known for known in held if same(answer, known)), answer)] += weight
    most = max(held.values(), default=0.0)
    leaders = [answer for answer, weight in held.items() if weight == most]
    return leaders[0] if most > 0 and len(leaders) == 1 else None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
