"""A model that improves a response from feedback: critique, failed requirements, test results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, model_validator

from core.content.base import Content, contents
from core.units import Draft, Shown, Unit
from core.workers.asking import Asking, words
from core.workers.base import CannotAnswer, Model, workers
from core.workers.thinker import WORDS, a_text, of

CLOSING = 'Reply in this form: {"changes": "...", "revision": "..."}'
TEXT = {"type": "string"}
SCORE = {"type": "number", "minimum": 0, "maximum": 10}


@dataclass(frozen=True, slots=True)
class Revision:
    """One attempt: the text, what was changed, and its review where there is one."""

    text: str
    changes: str
    call: int | None
    score: float | None = None
    feedback: str = ""


@workers.register
class Refine(Asking):
    """Rewrites an output of the role `improves` by the other outputs that it reads.

    Those are its feedback: critiques, failed items of a checklist, results of a run. Feedback that
    finds no fault leaves the response as it stands, without a call. In each of `rounds` it writes
    `candidates` revisions; where there are several, or further rounds, a reviewer (the model named
    by `reviewer`, else its own) scores each from 0 to 10 and says what to improve: the best goes
    on, and its review is the feedback of the next round, until its score is `enough`. The last one
    is the output of the role `writes`; earlier ones are kept as drafts of it.
    """

    kind = "refine"
    words = ("refine", "refine_review")
    reads: tuple[str, ...] = ("answer", "critique")
    writes: str = "revision"
    improves: str = "answer"
    rounds: int = Field(default=1, ge=1, le=10)
    candidates: int = Field(default=1, ge=1, le=20)
    enough: float | None = Field(default=None, ge=0, le=10)
    reviewer: str = ""
    content: str = Field(
        default="text", description="the kind of content that a revision is read as"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Refine":
        if self.improves not in self.reads or len(self.reads) < 2:
            raise ValueError("`reads` names the role that it improves, and its feedback")
        if self.reviewer and self.reviewer not in self.others:
            raise ValueError(f"reviewer names no model among `others`: {self.reviewer!r}")
        if self.content not in contents:
            raise ValueError(f"no content kind is called {self.content!r}")
        return self

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        about = unit.of_role(self.improves)
        feedback = [o for o in unit.outputs if o.role != self.improves]
        if len(about) != 1 or not feedback:
            raise CannotAnswer(f"needs one {self.improves} and feedback on it")
        parent = unit.of_role(self.reads[-1])[-1].key
        if all(faultless(output) for output in feedback):
            facts = {"unchanged": True}
            return [Draft(role=self.writes, content=about[0].content, parent=parent, facts=facts,
                          repeat=repeat)]  # fmt: skip
        given = [(output.role, output.content) for output in feedback]
        best = await self._round(unit, llm, about[0].content, given, repeat, 1)
        found = [best]
        while len(found) < self.rounds and not self._enough(best):
            review = [("feedback", a_text(best.feedback))]
            now = a_text(best.text)
            best = await self._round(unit, llm, now, review, repeat, len(found) + 1)
            found.append(best)
        return [self._draft(n, one, len(found), parent, repeat) for n, one in enumerate(found, 1)]

    def _enough(self, best: Revision) -> bool:
        return self.enough is not None and best.score is not None and best.score >= self.enough

    async def _round(
        self, unit: Unit, llm: Model | None, now: Content,
        feedback: Sequence[tuple[str, Content]], repeat: int, number: int,
    ) -> Revision:  # fmt: skip
        """The best of a round's candidates; of equal ones the first."""
        material = [*self.seen(unit), ("response", now), *feedback]
        made = []
        for place in range(self.candidates):
            turn = (repeat * self.rounds + number - 1) * self.candidates + place
            reply = await self.think(
                llm, "refine", material, CLOSING,
                of(changes=TEXT, revision=WORDS), repeat=turn, check=self._read,
            )  # fmt: skip
            one = Revision(reply.value["revision"], reply.value["changes"], reply.call)
            if self.candidates > 1 or number < self.rounds:
                one = await self._reviewed(unit, llm, one, turn)
            made.append(one)
        return max(made, key=lambda one: one.score or 0.0)

    def _read(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        text = words(value["revision"], "revision")
        contents[self.content].parse(text)
        return {**value, "revision": text}

    async def _reviewed(self, unit: Unit, llm: Model | None, one: Revision, turn: int) -> Revision:
        material = [*self.seen(unit), ("response", a_text(one.text))]
        reply = await self.think(
            llm, "refine_review", material,
            'Reply in this form: {"evaluation": "...", "score": 0 to 10, "feedback": "..."}',
            of(evaluation=TEXT, score=SCORE, feedback=WORDS), repeat=turn, to=self.reviewer,
        )  # fmt: skip
        score, feedback = float(reply.value["score"]), str(reply.value["feedback"])
        return Revision(one.text, one.changes, one.call, score, feedback)

    def _draft(self, number: int, one: Revision, count: int, parent: str, repeat: int) -> Draft:
        last = number == count
        facts: dict[str, Any] = {"round": number, "changes": one.changes}
        if one.score is not None:
            facts |= {"score": one.score, "feedback": one.feedback}
        return Draft(
            role=self.writes if last else f"{self.writes} draft", key=f"round {number}",
            content=contents[self.content].parse(one.text), facts=facts, repeat=repeat,
            parent=parent if number == 1 else f"round {number - 1}", call=one.call,
        )  # fmt: skip


def faultless(feedback: Shown) -> bool:
    """Whether feedback says itself that nothing failed: no claim, no item, no test."""
    return feedback.facts.get("failed") in ([], 0) or feedback.facts.get("passed") is True
