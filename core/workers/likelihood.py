"""How likely a model finds a text: perplexity, what a passage adds, the question by its answer."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from core.calls import CallFailed
from core.content.base import Content, storable
from core.content.heat import Heat
from core.digest import digest
from core.scoring import CHAT_WAY, WAYS, gain
from core.units import Draft, Shown, Unit
from core.workers.base import CannotAnswer, Model, Scored, workers
from core.workers.novelty import Comparing
from core.workers.thinker import a_text, given

BETWEEN = "\n\n"
ASKED = "The question was: "
LEAST = -700.0  # the exponential of more is no number any longer
SURPRISE = "surprise, -log p (nats)"


@workers.register
class Likelihood(Comparing):
    """Log-probabilities of a given text, token by token, as a heat map with its figures beside it.

    `measure` perplexity scores each response after the field or fact `question` ('' scores it by
    itself); gain scores it with and without the field or fact `passage` before all else, so that
    the difference of the mean log-probabilities (nats per token) says how much the passage helps;
    reverse scores the question after the response. With `chat` what comes before goes as a message,
    else as plain text. Only some endpoints give such scores. Where one does not, the task fails and
    says so; with `stand_in` cosine the likeness of passage and response, or of question and
    response, is written down instead, under a name that says what it is. Perplexity has none.
    """

    kind = "likelihood"
    words = ()
    silent = Comparing.silent | {"temperature", "max_tokens", "guidelines", "shows", "hides"}
    reads: tuple[str, ...] = ("answer",)
    writes: str = "likelihood"
    measure: Literal["perplexity", "gain", "reverse"] = "perplexity"
    question: str = Field(default="prompt", description="the field, or fact, that comes first")
    passage: str = Field(default="", description="the field, or fact, whose gain is measured")
    chat: bool = Field(default=False, description="send what comes first as a message")
    stand_in: Literal["", "cosine"] = Field(
        default="", description="what is written down where the endpoint gives no scores"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Likelihood":
        if (self.measure == "gain") != bool(self.passage):
            raise ValueError("measure gain needs a passage, and the others take none")
        if self.measure == "reverse" and not self.question:
            raise ValueError("measure reverse scores the question: name its field")
        if self.measure == "perplexity" and self.stand_in:
            raise ValueError("nothing stands in for a perplexity: leave stand_in empty")
        return self

    @classmethod
    def sample(cls) -> "Likelihood":
        return cls(name="example", model="example-model")

    def prompts(self) -> Sequence[str]:
        return [digest([BETWEEN, ASKED])]

    def scored_by(self) -> tuple[str, ...]:
        if self.stand_in:
            return ()
        return (CHAT_WAY,) if self.chat else WAYS

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        asked = given(unit, self.question) if self.question else ""
        passage = given(unit, self.passage) if self.passage else ""
        return [await self._one(llm, asked, passage, answer, repeat) for answer in self.read(unit)]

    async def _one(
        self, llm: Model, asked: str, passage: str, answer: Shown, repeat: int
    ) -> Draft:  # fmt: skip
        text = answer.content.text()
        if not text.strip():
            raise CannotAnswer("the text that is to be scored is empty")
        try:
            content, facts, call = await self._scored(llm, asked, passage, text, repeat)
        except CallFailed as error:
            if error.kind != "not_offered" or not self.stand_in:
                raise
            near = await self.nearest(llm, text, [passage or asked])
            content, call = a_text(_instead(self.measure, self.by(), near, str(error))), None
            facts = {"stand_in_cosine": near, "by": self.by(), "undefined": self.measure,
                     "reason": str(error)}  # fmt: skip
        return Draft(
            role=self.writes, content=content, parent=answer.key, key=answer.key, repeat=repeat,
            facts={"measure": self.measure, **facts}, call=call,
        )  # fmt: skip

    async def _scored(
        self, llm: Model, asked: str, passage: str, text: str, repeat: int
    ) -> tuple[Content, dict[str, Any], int | None]:
        if self.measure == "reverse":
            found = await llm.score(self._before(text, ASKED), asked, repeat=repeat)
            facts = _figures(found)
            return _heat(found), {**facts, "reverse": facts["mean_logprob"]}, found.call
        found = await llm.score(self._before(asked), text, repeat=repeat)
        if self.measure == "perplexity":
            return _heat(found), _figures(found), found.call
        after = await llm.score(self._before(passage, asked), text, repeat=repeat)
        facts = {**_figures(after), "perplexity_without": found.perplexity}
        return _heat(after, found), {**facts, "gain": gain(found, after)}, after.call

    def _before(self, *parts: str) -> Any:
        """What comes before the text: a message, or plain text that ends where the text begins."""
        kept = [part for part in parts if part]
        if self.chat:
            words = BETWEEN.join(kept).strip()
            return [{"role": "user", "content": words}] if words else []
        last = kept[-1:] if kept[-1:] == [ASKED] else [*kept[-1:], ""] if kept else []
        return BETWEEN.join([*kept[:-1], *last])


def _figures(found: Scored) -> dict[str, Any]:
    """The figures beside a heat map; raises `CannotAnswer` where they are not finite."""
    if found.mean is None:
        raise CannotAnswer("the endpoint gave a probability to none of the text's tokens")
    if found.mean < LEAST:
        raise CannotAnswer("the model holds a token of the text impossible: nothing is finite")
    return {"perplexity": found.perplexity, "mean_logprob": found.mean,
            "tokens": len(found.tokens)}  # fmt: skip


def _heat(found: Scored, before: Scored | None = None) -> Heat:
    """Each token with its surprise, or with what it gained; null where there is none."""
    values = [None if v is None else -v for v in found.logprobs]
    measure = SURPRISE
    if before is not None:
        measure = "gain by the passage, log p after - before (nats)"
        alike = before.tokens == found.tokens
        values = [
            after - first if alike and after is not None and first is not None else None
            for after, first in zip(
                found.logprobs, before.logprobs if alike else found.logprobs, strict=True
            )
        ]
    known = [value for value in values if value is not None]
    tokens = [[storable(t), v] for t, v in zip(_cut(found), values, strict=True)]
    return Heat({
        "tokens": tokens, "low": min(known, default=0.0), "high": max(known, default=1.0),
        "measure": measure,
    })  # fmt: skip


def _cut(found: Scored) -> list[str]:
    """The tokens without what the first and the last reach beyond the text."""
    start = max("".join(found.tokens).find(found.text), 0)
    end, place, kept = start + len(found.text), 0, []
    for token in found.tokens:
        kept.append(token[max(start - place, 0) : max(end - place, 0)])
        place += len(token)
    return kept


def _instead(measure: str, by: str, near: float | None, reason: str) -> str:
    words = "undefined: there are no words to compare" if near is None else f"{near:.3f}"
    return f"Stand-in for {measure}, likeness ({by}): {words}.\n\n{measure} is undefined: {reason}"
