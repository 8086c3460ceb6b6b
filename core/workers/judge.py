"""A model that judges: one response, two against each other in both orders, or several at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from core.content.base import Content
from core.content.text import TextContent
from core.prompts import Prompt, prompt
from core.questions.base import Question
from core.questions.pairwise import Pairwise
from core.units import Draft, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.briefing import Example, brief, given, responses, surroundings
from core.workers.endpoint import ModelWorker
from core.workers.injected import quoted
from core.workers.opinions import expecting, together
from core.workers.reply_form import Form, Said, an_object, clean
from core.workers.verdicts import verdict
from core.workers.voting import Rule

OWN = "(the judge's own answer, which it writes first, stands here)"


@workers.register
class Judge(ModelWorker):
    """A model behind an OpenAI-compatible endpoint that answers a unit's questions in one reply.

    `mode` pointwise judges one response, or an item by itself; pairwise compares two, listwise any
    number, by default in both orders: repeat 0 in the study's order, repeat 1 the other way round.
    `reference` names the field (or fact about the item) that is given as correct, `anchor` one that
    is given as a yardstick worth `anchor_score`. `guidelines` are further instructions of the
    study, `examples` decided cases. With `self_reference` the judge answers the request itself
    first. `rubric` names dimensions that are scored before the answer.

    `scoring` of pairs: direct asks which is better; combined asks for a score of each in one reply,
    independent in a reply of its own; the higher score wins. `expectation` logprob asks each
    question by itself and reads the expected score from the token probabilities; where there are
    none the unit is passed by, or with `fallback` raw keeps the plain score and says so.
    `samples` asks so many times; `aggregate` puts the answers together, and each is stored as well
    (repeats 2, 4, ... in the first order, 3, 5, ... in the other).
    """

    kind = "judge"
    unplanned = ModelWorker.unplanned | {
        "aggregate", "anchor_score", "confidence", "examples", "expectation", "fallback",
        "logprobs", "points", "rubric", "samples", "self_reference",
    }  # fmt: skip
    mode: Literal["pointwise", "pairwise", "listwise"] = "pointwise"
    orders: Literal["both", "one"] = Field(
        default="both", description="both orders of what is compared, or one"
    )
    reference: str = ""
    logprobs: bool = Field(default=False, description="keep the token probabilities in the ledger")
    anchor: str = ""
    anchor_score: float = 8
    self_reference: bool = False
    rubric: Mapping[str, str] = Field(default_factory=dict)
    scoring: Literal["direct", "combined", "independent"] = "direct"
    points: int = Field(default=10, ge=2, le=100, description="scores go from 1 to this")
    expectation: Literal["", "logprob", "samples"] = ""
    fallback: Literal["", "raw"] = ""
    samples: int = Field(default=1, ge=1, le=100)
    aggregate: Rule = "majority"
    confidence: bool = Field(default=False, description="ask how sure it is, 0 to 100")
    examples: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _fitting(self) -> "Judge":
        if self.scoring != "direct" and self.mode != "pairwise":
            raise ValueError(f"scoring {self.scoring} is for pairs: set mode to pairwise")
        if self.scoring != "direct" and self.expectation == "logprob":
            raise ValueError("expectation logprob reads one score of an answer: use scoring direct")
        if self.expectation == "samples" and self.samples < 2:
            raise ValueError("expectation samples needs samples of 2 or more")
        return self

    def repeats(self) -> int:
        return 2 if self.mode != "pointwise" and self.orders == "both" else 1

    def present(self, unit: Unit, repeat: int) -> Unit:
        return unit.reversed() if self.mode != "pointwise" and repeat % 2 else unit

    def can(self, question: Question, unit: Unit) -> bool:
        if self.scoring != "direct":
            return isinstance(question, Pairwise) and question.simple
        if self.mode == "listwise":
            return question.about != "pair" or len(unit.outputs) == 2
        return self.mode == "pairwise" or question.about != "pair"

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        found = super().asked(unit)
        many = len(unit.outputs)
        if self.mode == "pairwise" and many != 2:
            raise CannotAnswer(f"compares two responses, but this unit has {many}")
        if self.mode == "listwise" and many < 2:
            raise CannotAnswer(f"compares several responses, but this unit has {many}")
        for name in filter(None, (self.reference, self.anchor)):
            given(unit, name)
        return found

    def prompts(self) -> Sequence[str]:
        own = [prompt("judge_own_answer").digest] if self.self_reference else []
        return [p.digest for p in self._prompts] + own

    @cached_property
    def _prompts(self) -> tuple[Prompt, ...]:
        first = "judge_score" if self.scoring == "independent" else f"judge_{self.mode}"
        extra = {
            "judge_reference": self.reference, "judge_anchor": self.anchor,
            "judge_self_reference": self.self_reference,
        }  # fmt: skip
        return tuple(prompt(name) for name in (first, *(n for n, on in extra.items() if on)))

    @cached_property
    def _form(self) -> Form:
        return Form(self.rubric, self.points, self.confidence, self.scoring == "combined")

    def _fields(self, unit: Unit) -> list[tuple[str, Content]]:
        apart = {self.reference, self.anchor} - {""}
        return [(n, c) for n, c in surroundings(unit) if n not in apart]

    def _material(self, unit: Unit, own: str) -> list[tuple[str, Content]]:
        found = self._fields(unit)
        if self.reference:
            found.append(("reference", given(unit, self.reference)))
        if self.anchor:
            found.append(("anchor", given(unit, self.anchor)))
        if self.self_reference:
            found.append(("your own answer", TextContent(own)))
        return found + responses(unit)

    def messages(
        self, unit: Unit, repeat: int = 0, *, own: str = OWN, asked: Sequence[Question] = (),
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The exact messages for a unit, as that repeat sends them."""
        wanted, shown = asked or self.asked(unit), self.present(unit, repeat)
        if self.scoring == "independent":
            shown = alone(shown, shown.shown[0])
        return self._messages(wanted, shown, own)

    def _messages(self, asked: Sequence[Question], shown: Unit, own: str) -> list[dict[str, Any]]:
        closing = self._form.words(asked, shown)
        if self.scoring == "independent":
            closing = score_words(asked, self.points)
        more = [part for question in asked for part in question.material(shown)]
        return brief(
            self._prompts, [*self._material(shown, own), *more], closing, salt=self.digest,
            guidelines=self.guidelines, examples=self.examples,
            values={"anchor_score": f"{self.anchor_score:g}", "points": str(self.points)},
        )  # fmt: skip

    def reply_schema(self, unit: Unit, repeat: int = 0) -> dict[str, Any]:
        """The schema of a reply: per question the reasoning, and then the answer."""
        asked = self.asked(unit)
        if self.scoring == "independent":
            return score_schema(asked, self.points)
        return self._form.schema(asked, self.present(unit, repeat))

    def parameters(self) -> dict[str, Any]:
        wanted = self.logprobs or self.expectation == "logprob"
        return super().parameters() | ({"logprobs": True, "top_logprobs": 20} if wanted else {})

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        asked, shown = self.asked(unit), self.present(unit, repeat)
        taken = [
            await self._opinion(asked, shown, llm, 2 * n + repeat) for n in range(self.samples)
        ]
        drafts = []
        for question in asked:
            said = [self._watched(question, shown, opinion[question.name]) for opinion in taken]
            places = [repeat + 2 * (n + 1) for n in range(len(said))]
            if len(said) == 1:
                places = [repeat]
            else:
                whole = together(question, shown, said, self.aggregate, self.expectation)
                if whole is not None:
                    said, places = [whole, *said], [repeat, *places]
            drafts += [_draft(question, s, p, shown) for s, p in zip(said, places, strict=True)]
        return drafts

    async def _opinion(
        self, asked: Sequence[Question], shown: Unit, llm: Model, number: int
    ) -> dict[str, Said]:
        """One answer to each question; `number` is that of the sample and order in the ledger."""
        own = await self._own_answer(shown, llm, number // 2) if self.self_reference else ""
        if self.scoring == "independent":
            return await self._independent(asked, shown, llm, number, own)
        if self.expectation != "logprob":
            return await self._replied(asked, shown, llm, number, own)
        found: dict[str, Said] = {}
        for question in asked:
            found |= await self._replied((question,), shown, llm, number, own)
        return found

    async def _replied(
        self, asked: Sequence[Question], shown: Unit, llm: Model, number: int, own: str
    ) -> dict[str, Said]:
        def read(value: Mapping[str, Any]) -> dict[str, Said]:
            return {q.name: self._form.read(q, value[q.name], shown) for q in asked}

        reply = await llm.ask(
            self._messages(asked, shown, own), schema=self._form.schema(asked, shown),
            repeat=number, check=read, **self.parameters(),
        )  # fmt: skip
        read_probabilities = self.expectation == "logprob"
        return {
            q.name: expecting(q, shown, reply.value[q.name], reply, self.fallback == "raw")
            if read_probabilities else reply.value[q.name].of(reply.call)
            for q in asked
        }  # fmt: skip

    async def _own_answer(self, unit: Unit, llm: Model, sample: int) -> str:
        messages = brief(
            [prompt("judge_own_answer")], self._fields(unit),
            'Reply in this form: {"answer": "..."}', salt=self.digest,
        )  # fmt: skip
        reply = await llm.ask(
            messages, schema=an_object({"answer": {"type": "string"}}), repeat=sample,
            **ModelWorker.parameters(self),
        )  # fmt: skip
        return str(reply.value["answer"])

    async def _independent(
        self, asked: Sequence[Question], shown: Unit, llm: Model, number: int, own: str
    ) -> dict[str, Said]:
        """The answers that follow from a score of each response, given without the other."""
        whys: dict[str, list[str]] = {q.name: [] for q in asked}
        scores: dict[str, dict[str, float]] = {q.name: {} for q in asked}
        call = None
        for key in shown.shown:
            reply = await llm.ask(
                self._messages(asked, alone(shown, key), own), repeat=number,
                schema=score_schema(asked, self.points), **self.parameters(),
            )  # fmt: skip
            call = reply.call
            for q in asked:
                given_here = reply.value[q.name]
                scores[q.name][key] = given_here["score"]
                why = clean(q.name, given_here["reasoning"])
                whys[q.name].append(f"{shown.letter(key)} ({given_here['score']:g}): {why}")
        return {
            q.name: Said(
                verdict(q, shown, scores[q.name]), "\n\n".join(whys[q.name]), None,
                {"scores": scores[q.name]}, call,
            )
            for q in asked
        }  # fmt: skip

    def _watched(self, question: Question, unit: Unit, said: Said) -> Said:
        """The same, with the instructions hidden in the material that its reasoning quotes."""
        texts = [c.text() for _, c in self._fields(unit) + responses(unit)]
        found = quoted(texts, said.why, f"{question.instruct(unit)}\n{self.guidelines}")
        return said.told(quoted=found) if found else said


def alone(unit: Unit, key: str) -> Unit:
    """The unit with one output only."""
    only = tuple(o for o in unit.outputs if o.key == key)
    return replace(unit, outputs=only, order=(key,))


def score_words(asked: Sequence[Question], points: int) -> str:
    """What a judge that scores one response of several is asked."""
    lines = ["The scores decide between several responses, which are judged one by one:"]
    lines += [f'\n"{q.name}": {q.heading()}' for q in asked]
    names = ", ".join(f'"{q.name}": {{"reasoning": "...", "score": 1-{points}}}' for q in asked)
    return "\n".join(lines) + f"\n\nReply in this form: {{{names}}}"


def score_schema(asked: Sequence[Question], points: int) -> dict[str, Any]:
    """The schema of such a reply."""
    score = {"type": "number", "minimum": 1, "maximum": points}
    one = an_object({"reasoning": {"type": "string"}, "score": score})
    return an_object(dict.fromkeys((q.name for q in asked), one))


def _draft(question: Question, said: Said, repeat: int, unit: Unit) -> Draft:
    return Draft(
        question=question.name, value=said.value, rationale=said.why, confidence=said.confidence,
        repeat=repeat, shown=unit.shown, call=said.call, facts=said.facts,
    )  # fmt: skip
