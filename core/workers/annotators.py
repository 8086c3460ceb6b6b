"""A pool of simulated annotators: personas and ways of asking over given models, with noise."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.digest import digest
from core.prompts import prompt
from core.questions.base import Question
from core.questions.pairwise import Pairwise
from core.units import Draft, Unit
from core.workers.base import CannotAnswer, Endpointed, Model, workers
from core.workers.briefing import brief, responses, surroundings
from core.workers.endpoint import PLACE, AtEndpoint, ModelWorker
from core.workers.reply_form import Form, an_object
from core.workers.simulate import every_answer, listed

LAZY = (
    "You are Max. You do this for pocket money and want to be done: you skim, you like short "
    "answers and lists, and when two look much alike you take the first."
)
BOOKISH = (
    "You are Ines. You have read much, you enjoy long and well-built sentences, and wrong grammar "
    "spoils an answer for you."
)
HURRIED = "You have many of these to do today and trust your first impression."
CAREFUL = "You read everything twice and check each claim that you can check."


class Annotator(BaseModel):
    """One annotator: a name, who it pretends to be, how it is asked, and which model it is.

    `style` reasoned asks for the reasoning first, bare for the choice alone. `model` names one of
    the pool's models; '' is the worker's own. `bias` makes tokens more or less likely (token number
    as the endpoint counts them -> -100 to 100), where the endpoint takes `logit_bias`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=60, description="what the annotator is called")
    persona: str = Field(default="", description="who the model is told that it is")
    style: Literal["reasoned", "bare"] = "reasoned"
    model: str = ""
    bias: Mapping[str, float] = Field(default_factory=dict)

    @field_validator("bias")
    @classmethod
    def _within(cls, bias: Mapping[str, float]) -> Mapping[str, float]:
        if any(not -100 <= weight <= 100 for weight in bias.values()):
            raise ValueError("a token's bias goes from -100 to 100")
        return bias


VARIANTS: Sequence[tuple[str, Literal["reasoned", "bare"]]] = (
    ("", "reasoned"), ("", "bare"), (LAZY, "bare"), (BOOKISH, "reasoned"), (CAREFUL, "reasoned"),
)  # fmt: skip


def thirteen(models: Sequence[str]) -> tuple[Annotator, ...]:
    """Five annotators on the first model, four on the second, four on the third.

    With fewer models they come round again, and then differ in persona and way of asking only.
    """
    found = []
    later = (*VARIANTS[1:4], (HURRIED, VARIANTS[1][1]))
    for place, variants in enumerate((VARIANTS, later, later)):
        model = models[place % len(models)]
        for number, (persona, style) in enumerate(variants, 1):
            name = f"{'abc'[place]}{number}"
            found.append(Annotator(name=name, persona=persona, style=style, model=model))
    return tuple(found)


@workers.register
class Annotators(ModelWorker):
    """One of a pool of simulated annotators answers each unit; the pool stands in for a crowd.

    Who answers is drawn by what is shown, the same every time; `seed` draws anew. `noise` is the
    probability that an answer between two is turned over: with probability 2 x noise the answer is
    replaced by a fair draw among the possible ones (AlpacaFarm's p_label_flip = 0.25 is a fair coin
    half of the time). `others` are further models by name; without `annotators` there are thirteen
    over the worker's own and the first two others. Made up, so its name must say simulated.
    """

    kind = "annotators"
    simulated = True
    temperature: float | None = Field(default=1.0, ge=0, le=2)
    others: Mapping[str, AtEndpoint] = Field(default_factory=dict)
    annotators: tuple[Annotator, ...] = ()
    noise: float = Field(default=0.25, ge=0, le=0.5)
    seed: int = 0

    @field_validator("name")
    @classmethod
    def _says_so(cls, name: str) -> str:
        if "simulated" not in name.lower():
            raise ValueError("the name of simulated annotators must contain the word 'simulated'")
        return name

    @field_validator("annotators")
    @classmethod
    def _apart(cls, annotators: tuple[Annotator, ...]) -> tuple[Annotator, ...]:
        names = [a.name for a in annotators]
        if len(set(names)) < len(names):
            raise ValueError("two annotators have the same name")
        return annotators

    @model_validator(mode="after")
    def _known(self) -> "Annotators":
        unknown = {a.model for a in self.annotators} - {"", *self.others}
        if unknown:
            raise ValueError(f"others has no model called {', '.join(sorted(unknown))}")
        return self

    @classmethod
    def sample(cls) -> "Annotators":
        return cls(name="Simulated example", model="example-model")

    @cached_property
    def pool(self) -> tuple[Annotator, ...]:
        """The annotators that there are."""
        return self.annotators or thirteen(["", *list(self.others)[:2]])

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self, **self.others}

    def identity(self) -> dict[str, Any]:
        apart: dict[str, Any] = {"others": {"__all__": set(PLACE)}}
        silent = dict.fromkeys(self.silent, True)
        return self.model_dump(mode="json", exclude={**silent, **apart}, exclude_defaults=True)

    def prompts(self) -> Sequence[str]:
        return [prompt("annotator").digest]

    def can(self, question: Question, unit: Unit) -> bool:
        return listed(question)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        asked = self.asked(unit)
        who = self.drawn(unit)
        reply = await llm.ask(
            self.messages(unit, who), schema=self._schema(asked, unit, who), repeat=repeat,
            check=lambda told: _read(asked, unit, who, told), to=who.model, **self.parameters(),
            **({"logit_bias": dict(who.bias)} if who.bias else {}),
        )  # fmt: skip
        drafts = [self._draft(q, unit, who, reply.value[q.name], reply.call) for q in asked]
        return [replace(draft, repeat=repeat) for draft in drafts]

    def drawn(self, unit: Unit) -> Annotator:
        """Who answers this unit: the same for the same material."""
        chance = random.Random(digest(["who", self.seed, _inputs(unit)]))  # noqa: S311
        return chance.choice(self.pool)

    def noisy(self, question: Question, unit: Unit, value: Any) -> tuple[Any, bool]:
        """The answer, or a fair draw in its place, and whether it was drawn."""
        place = ["noise", self.seed, _inputs(unit), question.name]
        chance = random.Random(digest(place))  # noqa: S311
        if chance.random() >= 2 * self.noise:
            return value, False
        choices = every_answer(question, unit)
        if isinstance(question, Pairwise):
            choices = [choice for choice in choices if choice["winner"] is not None]
        return chance.choice(choices), True

    def messages(self, unit: Unit, who: Annotator) -> list[dict[str, Any]]:
        """What this annotator is sent."""
        asked = self.asked(unit)
        if who.style == "reasoned":
            closing = Form().words(asked, unit)
        else:
            lines = [f'"{q.name}": {q.instruct(unit)}' for q in asked]
            names = ", ".join(f'"{q.name}": ...' for q in asked)
            closing = "\n\n".join([*lines, f"Reply in this form: {{{names}}}"])
        return brief(
            [prompt("annotator")], [*surroundings(unit), *responses(unit)], closing,
            salt=self.digest, guidelines=self.guidelines, values={"persona": who.persona},
        )  # fmt: skip

    def _schema(self, asked: Sequence[Question], unit: Unit, who: Annotator) -> dict[str, Any]:
        if who.style == "reasoned":
            return Form().schema(asked, unit)
        return an_object({q.name: q.reply_schema(unit) for q in asked})

    def _draft(
        self, question: Question, unit: Unit, who: Annotator, told: tuple[Any, str],
        call: int | None,
    ) -> Draft:  # fmt: skip
        given, why = told
        value, replaced = self.noisy(question, unit, given)
        noise = ", its answer replaced by chance" if replaced else ""
        facts = {"annotator": who.name, "replaced": replaced, "given": given}
        return Draft(
            question=question.name, value=value, shown=unit.shown, call=call, facts=facts,
            rationale=f"Simulated annotator {who.name}{noise}. {why}".strip(),
        )  # fmt: skip


def _read(
    asked: Sequence[Question], unit: Unit, who: Annotator, told: Mapping[str, Any]
) -> dict[str, tuple[Any, str]]:
    if who.style == "bare":
        return {q.name: (q.read(told[q.name], unit), "") for q in asked}
    said = {q.name: Form().read(q, told[q.name], unit) for q in asked}
    return {name: (one.value, one.why) for name, one in said.items()}


def _inputs(unit: Unit) -> list[Any]:
    """What is shown, as text: by this the draws are seeded."""
    fields = [[name, content.text()] for name, content in sorted(unit.fields.items())]
    return [fields, [output.content.text() for output in unit.outputs]]
