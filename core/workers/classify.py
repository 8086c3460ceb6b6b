"""Codes texts by a taxonomy, after the coded examples that are most like each of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.content.base import Content
from core.questions.base import Question
from core.units import Draft, Unit
from core.workers import embedder as by_embeddings
from core.workers.base import CannotAnswer, Model, workers
from core.workers.embedder import ByEmbeddings
from core.workers.similarity import cosines
from core.workers.thinker import Thinker, a_text, of


class Coded(BaseModel):
    """A coded example: its text, and the codes that it was given, as a person would say them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str = Field(min_length=1, description="the text that was coded")
    codes: str = Field(min_length=1, description="the codes that it was given")


@workers.register
class Classify(ByEmbeddings, Thinker):
    """Answers questions by label (one or several) with a codebook and the nearest examples.

    `meanings` says what each code stands for, `examples` are coded texts; of these the `nearest`
    to the material, by TF-IDF or with an `embedder` by its embeddings, are shown, so that a
    codebook may have many. Zhang et al. (2024).
    """

    kind = "classify"
    words = ("classify",)
    meanings: Mapping[str, str] = Field(default_factory=dict)
    examples: tuple[Coded, ...] = ()
    nearest: int = Field(default=5, ge=0, le=50)

    def can(self, question: Question, unit: Unit) -> bool:
        return question.kind in {"label", "multilabel"}

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        asked = self.asked(unit)
        material = [
            *self.seen(unit),
            *((self._title(unit, o.key), o.content) for o in unit.outputs),
        ]
        examples = await self.like(llm, " ".join(content.text() for _, content in material))
        shown: list[tuple[str, Content]] = [
            (f"example {n}", a_text(example.text)) for n, example in enumerate(examples, 1)
        ]
        reply = await self.think(
            llm, "classify", shown + material, self._closing(asked, unit, examples),
            of(**{q.name: _entry(q, unit) for q in asked}), repeat=repeat,
            check=lambda value: {q.name: q.read(value[q.name]["codes"], unit) for q in asked}
            | {f"{q.name} because": value[q.name]["reasoning"] for q in asked},
        )  # fmt: skip
        return [
            Draft(question=q.name, value=reply.value[q.name], repeat=repeat, shown=unit.shown,
                  rationale=reply.value[f"{q.name} because"], call=reply.call)
            for q in asked
        ]  # fmt: skip

    async def like(self, llm: Model | None, text: str) -> list[Coded]:
        """The examples nearest to a text, the nearest last, where it counts most."""
        if not self.examples or not self.nearest:
            return []
        try:
            if self.embedder is not None:
                found = await by_embeddings.cosines(llm, text, [e.text for e in self.examples])
                near = {str(n): one for n, one in enumerate(found)}
            else:
                near = cosines(text, {str(n): e.text for n, e in enumerate(self.examples)})
        except CannotAnswer:
            return []
        best = sorted(near, key=lambda n: (-near[n], int(n)))[: self.nearest]
        return [self.examples[int(n)] for n in reversed(best)]

    def _title(self, unit: Unit, key: str) -> str:
        return "response" if len(unit.outputs) == 1 else f"response {unit.letter(key)}"

    def _closing(self, asked: Sequence[Question], unit: Unit, examples: Sequence[Coded]) -> str:
        lines = [f"Example {n} was coded: {e.codes}" for n, e in enumerate(examples, 1)]
        if self.meanings:
            lines += ["What the codes stand for:", *(f"{c}: {m}" for c, m in self.meanings.items())]
        lines += ["Questions:", *(f'"{q.name}": {q.instruct(unit)}' for q in asked)]
        form = ", ".join(f'"{q.name}": {{"reasoning": "...", "codes": ...}}' for q in asked)
        return "\n".join([*lines, f"Reply in this form: {{{form}}}"])


def _entry(question: Question, unit: Unit) -> dict[str, Any]:
    return of(reasoning={"type": "string"}, codes=question.reply_schema(unit))
