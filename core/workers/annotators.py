"""A pool of simulated annotators: personas and ways of asking over given models, with noise."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from core.digest import digest
from core.prompts import prompt
from core.questions.base import Question
from core.questions.pairwise import Pairwise
from core.units import Draft, Invalid, Shown, Unit
from core.workers import worked_cases
from core.workers.annotator_pool import Annotator, original, thirteen
from core.workers.base import CannotAnswer, Endpointed, Model, workers
from core.workers.endpoint import PLACE, AtEndpoint, ModelWorker
from core.workers.several import Several
from core.workers.simulate import every_answer, listed
from core.workers.worked_cases import WorkedCase


@workers.register
class Annotators(ModelWorker):
    """One of a pool of simulated annotators answers each unit; the pool stands in for a crowd.

    Who answers is drawn by what is shown, the same every time, and so is the order in which that
    annotator sees the responses (`order`: study leaves them as they are); `seed` draws both anew.
    Answers name responses, so that they stay the same whichever came first. `noise` is the
    probability that an answer between two is turned over: with probability 2 x noise the answer is
    replaced by a fair draw among the possible ones (AlpacaFarm's p_label_flip = 0.25 is a fair coin
    half of the time). `others` are further models by name; without `annotators` there are thirteen
    over the worker's own and the first two others: with `layout` single one unit at a time, with
    original asked as AlpacaFarm's were, some four or five units in one request and some after
    worked cases. `examples` are these cases; without any, pairs have Concord's own. Made up, so its
    name must say simulated.
    """

    kind = "annotators"
    simulated = True
    temperature: float | None = Field(default=1.0, ge=0, le=2)
    others: Mapping[str, AtEndpoint] = Field(default_factory=dict)
    annotators: tuple[Annotator, ...] = ()
    layout: Literal["single", "original"] = Field(
        default="single", description="of the thirteen: one unit at a time, or as AlpacaFarm did"
    )
    examples: tuple[WorkedCase, ...] = Field(
        default=(), max_length=20, description="worked cases for annotators with a history"
    )
    noise: float = Field(default=0.25, ge=0, le=0.5)
    order: Literal["drawn", "study"] = Field(
        default="drawn",
        description="the responses in an order drawn for each annotator, or always as they are",
    )
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
        if self.annotators and self.layout != "single":
            raise ValueError("layout is of the thirteen: leave it single, or give no annotators")
        return self

    @classmethod
    def sample(cls) -> "Annotators":
        return cls(name="Simulated example", model="example-model")

    @cached_property
    def pool(self) -> tuple[Annotator, ...]:
        """The annotators that there are."""
        made = original if self.layout == "original" else thirteen
        return self.annotators or made(["", *list(self.others)[:2]])

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self, **self.others}

    def identity(self) -> dict[str, Any]:
        apart: dict[str, Any] = {"others": {"__all__": set(PLACE)}}
        silent = dict.fromkeys((*self.silent, "order"), True)
        return self.model_dump(mode="json", exclude={**silent, **apart}, exclude_defaults=True)

    def parser(self) -> str:
        return "2" if self.order == "drawn" else "1"

    def prompts(self) -> Sequence[str]:
        cases = [prompt("annotator_cases").digest] if self.gathers() else []
        if any(who.history for who in self.pool) and not self.examples:
            cases.append(digest([repr(case) for case in worked_cases.OWN]))
        return [prompt("annotator").digest, *cases]

    def can(self, question: Question, unit: Unit) -> bool:
        return listed(question)

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        found = super().asked(unit)
        try:
            worked_cases.fitting(self.examples, found, unit)
        except Invalid as error:
            raise CannotAnswer(str(error)) from None
        return found

    def gathers(self) -> bool:
        return any(who.cases > 1 for who in self.pool)

    def company(self, unit: Unit) -> tuple[str, int]:
        self._unworked(unit)
        who = self.drawn(unit)
        return who.name, who.cases

    def _unworked(self, unit: Unit) -> None:
        """Raise `CannotAnswer` for an item that is a worked case: it is never judged."""
        if any(case.item and case.item == unit.item for case in self.examples):
            raise CannotAnswer("the item is one of this worker's worked cases")

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        """The drafts for a unit, out of the reply to all that are asked together.

        A unit whose verdict is missing in that reply, or no valid answer, is asked again with the
        others of which that is so. What was answered is in the ledger and is not asked again.
        """
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        self._unworked(unit)
        asked, who, left = self.asked(unit), self.drawn(unit), unit.together or (unit,)
        while True:
            form = self._form(left, who)
            reply = await llm.ask(
                self._messages(form, who), schema=form.schema(), repeat=repeat, to=who.model,
                check=partial(Several.read, form), lenient=len(left) > 1,
                **self._parameters(who, len(left)),
            )  # fmt: skip
            if unit.key in reply.value:
                break
            left = tuple(one for one in left if one.key not in reply.value)
        place = [one.key for one in left].index(unit.key) + 1
        beside = {"cases": len(left), "case": place} if len(left) > 1 else {}
        told, shown = reply.value[unit.key], self.seen(unit, who).shown
        drafts = [self._draft(q, unit, who, told[q.name], reply.call) for q in asked]
        return [replace(d, repeat=repeat, shown=shown, facts={**d.facts, **beside}) for d in drafts]

    def _parameters(self, who: Annotator, cases: int) -> dict[str, Any]:
        """What is sent along; `max_tokens` is the room for one case."""
        found = self.parameters()
        if self.max_tokens is not None:
            found["max_tokens"] = self.max_tokens * cases
        return {**found, **({"logit_bias": dict(who.bias)} if who.bias else {})}

    def drawn(self, unit: Unit) -> Annotator:
        """Who answers this unit: the same for the same material."""
        chance = random.Random(digest(["who", self.seed, _inputs(unit)]))  # noqa: S311
        return chance.choice(self.pool)

    def seen(self, unit: Unit, who: Annotator) -> Unit:
        """The unit as that annotator sees it: its responses in the order drawn for them both.

        Any order is as likely as another; of a pair, half come the other way round.
        """
        if self.order == "study" or len(unit.outputs) < 2:
            return unit
        chance = random.Random(digest(["order", self.seed, who.name, _inputs(unit)]))  # noqa: S311
        return replace(unit, outputs=tuple(chance.sample(_outputs(unit), len(unit.outputs))))

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

    def messages(self, units: Sequence[Unit], who: Annotator) -> list[dict[str, Any]]:
        """What this annotator is sent about these units."""
        return self._messages(self._form(units, who), who)

    def _form(self, units: Sequence[Unit], who: Annotator) -> Several:
        shown = tuple(self.seen(unit, who) for unit in units)
        return Several(shown, self.asked, who.style == "reasoned")

    def _messages(self, form: Several, who: Annotator) -> list[dict[str, Any]]:
        return form.messages(
            salt=self.digest, guidelines=self.guidelines, persona=who.persona,
            worked=self._worked(form.units) if who.history else (),
        )  # fmt: skip

    def _worked(self, units: Sequence[Unit]) -> Sequence[WorkedCase]:
        """The worked cases that answer all that the units are asked; () when there are none."""
        asked = list({q.name: q for unit in units for q in self.asked(unit)}.values())
        cases = self.examples or worked_cases.own(asked)
        return [case for case in cases if all(q.name in case.answers for q in asked)]

    def _draft(
        self, question: Question, unit: Unit, who: Annotator, told: tuple[Any, str],
        call: int | None,
    ) -> Draft:  # fmt: skip
        given, why = told
        value, replaced = self.noisy(question, unit, given)
        noise = ", its answer replaced by chance" if replaced else ""
        facts = {"annotator": who.name, "replaced": replaced, "given": given}
        return Draft(
            question=question.name, value=value, call=call, facts=facts,
            rationale=f"Simulated annotator {who.name}{noise}. {why}".strip(),
        )  # fmt: skip


def _inputs(unit: Unit) -> list[Any]:
    """What there is to see, as text and in the study's own order: the draws are seeded by it."""
    fields = [[name, content.text()] for name, content in sorted(unit.fields.items())]
    return [fields, [output.content.text() for output in _outputs(unit)]]


def _outputs(unit: Unit) -> list[Shown]:
    """The outputs in the study's own order, however they are shown."""
    by_key = {output.key: output for output in unit.outputs}
    return [by_key[key] for key in unit.order or unit.shown]
