"""Writes the same question in other words, for an audit of how steadily a model answers."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.units import Draft, Invalid, Unit
from core.workers.base import Model, workers
from core.workers.novelty import Comparing
from core.workers.thinker import WORDS, a_text, given, many, of


@workers.register
class Probe(Comparing):
    """`count` rephrasings of a question that keep its answer, worded as by different people.

    The question is the field or fact called `question`. `template` names the prompt that is used:
    a changed prompt is another worker, so probes can be told apart by the version that wrote them.
    `cosine` in the facts is the likeness to the question, by shared words or with an `embedder` by
    its embeddings. Amirizaniani et al. (2024).
    """

    kind = "probe"
    writes: str = "probe"
    question: str = "prompt"
    count: int = Field(default=5, ge=1, le=20)
    template: str = Field(default="probe", pattern=r"^probe(_[a-z0-9]+)*$")

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        """The prompt that the template names."""
        return (self.template,)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        real = given(unit, self.question)
        reply = await self.think(
            llm, self.template, [("question", a_text(real))],
            f"Write {self.count} of them. Reply in this form: "
            '{"questions": ["...", "..."]}',
            of(questions=many(WORDS, self.count, self.count)), repeat=repeat,
            check=lambda value: distinct(value["questions"], [real]),
        )  # fmt: skip
        return [
            self.wrote(text, reply, key=f"probe {number}", repeat=repeat,
                       facts=await self._facts(llm, real, text))
            for number, text in enumerate(reply.value, 1)
        ]  # fmt: skip

    async def _facts(self, llm: Model | None, real: str, text: str) -> Mapping[str, Any]:
        return {
            "cosine": await self.nearest(llm, real, [text]), "by": self.by(),
            "template": self.template, "prompt": self.prompts()[0],
        }  # fmt: skip


def distinct(texts: list[str], known: list[str]) -> list[str]:
    """The texts, if each differs from all others and from the known ones; raises `Invalid`."""
    seen = {" ".join(text.casefold().split()) for text in known}
    for number, text in enumerate(texts, 1):
        plain = " ".join(text.casefold().split())
        if not plain or plain in seen:
            raise Invalid(
                f"text {number}", "it is empty, or the same as one before or the original"
            )
        seen.add(plain)
    return texts
