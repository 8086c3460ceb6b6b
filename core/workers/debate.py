"""Several personas that discuss a unit before they judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.content.base import Content
from core.content.text import TextContent
from core.prompts import prompt
from core.questions.base import Question
from core.questions.pairwise import Pairwise
from core.units import Draft, Unit
from core.workers.base import CannotAnswer, Endpointed, Model, workers
from core.workers.briefing import brief, responses, surroundings
from core.workers.endpoint import PLACE, AtEndpoint, ModelWorker
from core.workers.injected import quoted
from core.workers.reply_form import Form, Said, an_object, clean
from core.workers.verdicts import verdict
from core.workers.voting import Rule, is_number, tally

TURN, FINAL = "debate_turn", "debate_final"


class Persona(BaseModel):
    """Who speaks: a name, a role in words, and a model of its own where it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=60, description="what the persona is called")
    role: str = Field(min_length=1, description="who speaks, in words to the model")
    at: AtEndpoint | None = Field(default=None, description="a model of its own; else the worker's")


PUBLIC = Persona(
    name="General Public",
    role="You speak for the people who would use the work: no specialist, short of time, honest "
    "about what you did not understand. You ask whether it does what was wanted.",
)
CRITIC = Persona(
    name="Critic",
    role="You look for what is wrong: false claims, gaps, steps that do not follow, work that only "
    "seems to do what was wanted. You name the place of each fault, and say so when there is none.",
)


@dataclass(slots=True)
class Talk:
    """A discussion as it grows: who said what, and what each one would answer by now."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    stands: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rounds: int = 0

    def text(self) -> str:
        """Everything said so far."""
        return "\n\n".join(f"[{who}] {words}" for who, words in self.lines)


@workers.register
class Debate(ModelWorker):
    """Personas that speak one after another over a shared transcript, and then judge.

    At most `rounds` rounds; with `stop_early` it ends after one in which nobody's answer changed.
    Then each persona judges by itself: a pair by a score of 1 to `points` for each response,
    anything else (and a pair with strength or dimensions) by an answer. `aggregate` mean averages
    scores and numbers (and counts votes where there are none), majority and median put the answers
    together; a tie has no answer. With `mode` pairwise two responses are discussed, in both orders
    (repeat 1 the other way round); pointwise leaves out questions about a pair. Roles must differ.
    The transcript is kept as the reasoning.
    """

    kind = "debate"
    mode: Literal["pairwise", "pointwise"] = "pairwise"
    personas: tuple[Persona, ...] = Field(
        default=(PUBLIC, CRITIC), description="who takes part, in the order in which they speak"
    )
    rounds: int = Field(default=2, ge=1, le=10)
    points: int = Field(default=10, ge=2, le=100)
    aggregate: Rule = "mean"
    orders: Literal["both", "one"] = Field(
        default="both", description="both orders of a pair, or one"
    )
    stop_early: bool = True

    @field_validator("personas")
    @classmethod
    def _distinct(cls, personas: tuple[Persona, ...]) -> tuple[Persona, ...]:
        if len(personas) < 2:
            raise ValueError("a debate needs at least two personas")
        for what in ("name", "role"):
            said = [str(getattr(p, what)).strip().lower() for p in personas]
            if len(set(said)) < len(said):
                raise ValueError(f"personas need distinct {what}s: equal ones only repeat another")
        return personas

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self, **{p.name: p.at for p in self.personas if p.at is not None}}

    def identity(self) -> dict[str, Any]:
        apart: dict[str, Any] = {"personas": {"__all__": {"at": set(PLACE)}}}
        silent = dict.fromkeys(self.silent, True)
        return self.model_dump(mode="json", exclude={**silent, **apart}, exclude_defaults=True)

    def prompts(self) -> Sequence[str]:
        return [prompt(name).digest for name in (TURN, FINAL)]

    def repeats(self) -> int:
        return 2 if self.mode == "pairwise" and self.orders == "both" else 1

    def present(self, unit: Unit, repeat: int) -> Unit:
        return unit.reversed() if repeat % 2 else unit

    def can(self, question: Question, unit: Unit) -> bool:
        return self.mode == "pairwise" or question.about != "pair"

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        found = super().asked(unit)
        if self.mode == "pairwise" and len(unit.outputs) != 2:
            raise CannotAnswer(f"compares two responses, but this unit has {len(unit.outputs)}")
        return found

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        asked, shown = self.asked(unit), self.present(unit, repeat)
        talk = await self._discussed(asked, shown, llm, repeat)
        finals = {p.name: await self._final(p, asked, shown, talk, llm, repeat)
                  for p in self.personas}  # fmt: skip
        drafts, reasons = [], []
        for question in asked:
            said = {name: found[question.name] for name, found in finals.items()}
            draft, why = self._settled(question, shown, said, talk, repeat)
            drafts += [draft] if draft else []
            reasons += [] if draft else [f"{question.name}: {why}"]
        if not drafts:
            raise CannotAnswer("; ".join(reasons))
        return drafts

    async def _discussed(
        self, asked: Sequence[Question], shown: Unit, llm: Model, repeat: int
    ) -> Talk:
        talk = Talk()
        answers = an_object({q.name: q.reply_schema(shown) for q in asked})
        schema = an_object({"speech": {"type": "string"}, "answers": answers})
        while talk.rounds < self.rounds:
            before = dict(talk.stands)
            talk.rounds += 1
            for persona in self.personas:
                reply = await llm.ask(
                    self.turn(persona, asked, shown, talk), schema=schema, repeat=repeat,
                    check=lambda told: _spoken(asked, shown, told), to=self._to(persona),
                    **self.parameters(),
                )  # fmt: skip
                speech, stands = reply.value
                talk.lines.append((f"round {talk.rounds}, {persona.name}", speech))
                talk.stands[persona.name] = stands
            if self.stop_early and talk.stands == before:
                break
        return talk

    def _to(self, persona: Persona) -> str:
        return persona.name if persona.at is not None else ""

    def turn(
        self, persona: Persona, asked: Sequence[Question], shown: Unit, talk: Talk
    ) -> list[dict[str, Any]]:
        """The messages of a persona's next turn."""
        lines = [f'"{q.name}": {q.instruct(shown)}' for q in asked]
        names = ", ".join(f'"{q.name}": ...' for q in asked)
        lines.append(f'Reply in this form: {{"speech": "...", "answers": {{{names}}}}}')
        return self._messages(
            TURN, persona, asked, shown, talk, "\n\n".join(["Questions:", *lines])
        )

    async def _final(
        self, persona: Persona, asked: Sequence[Question], shown: Unit, talk: Talk, llm: Model,
        repeat: int,
    ) -> dict[str, Said]:  # fmt: skip
        scored = {q.name for q in asked if isinstance(q, Pairwise) and q.simple}
        forms = {q.name: Form(points=self.points, combined=q.name in scored) for q in asked}
        schema = an_object(
            {q.name: forms[q.name].schema((q,), shown)["properties"][q.name] for q in asked}
        )

        def read(told: Mapping[str, Any]) -> dict[str, Said]:
            return {q.name: forms[q.name].read(q, told[q.name], shown) for q in asked}

        words = "\n\n".join(forms[q.name].words((q,), shown) for q in asked)
        if len(asked) > 1:
            words += "\n\nPut the answers to all questions into one object."
        reply = await llm.ask(
            self._messages(FINAL, persona, asked, shown, talk, words), schema=schema, repeat=repeat,
            check=read, to=self._to(persona), **self.parameters(),
        )  # fmt: skip
        return {name: said.of(reply.call) for name, said in reply.value.items()}

    def _messages(
        self, name: str, persona: Persona, asked: Sequence[Question], shown: Unit, talk: Talk,
        closing: str,
    ) -> list[dict[str, Any]]:  # fmt: skip
        material: list[tuple[str, Content]] = [*surroundings(shown), *responses(shown)]
        material += [part for question in asked for part in question.material(shown)]
        if talk.lines:
            material.append(("discussion so far", TextContent(talk.text())))
        others = ", ".join(p.name for p in self.personas if p != persona)
        values = {"persona": persona.name, "role": persona.role, "others": others}
        return brief([prompt(name)], material, closing, salt=self.digest, values=values,
                     guidelines=self.guidelines)  # fmt: skip

    def _settled(
        self, question: Question, shown: Unit, said: Mapping[str, Said], talk: Talk, repeat: int
    ) -> tuple[Draft | None, str]:
        """The answer of all personas together, or the reason why there is none."""
        votes = [s.value for s in said.values()]
        scores = {name: s.facts["scores"] for name, s in said.items() if "scores" in s.facts}
        facts: dict[str, Any] = {"by": {n: s.value for n, s in said.items()}, "rounds": talk.rounds}
        rule: Rule = self.aggregate
        if rule == "mean" and not all(is_number(v) for v in votes):
            rule = "majority"
        found = tally(question, shown, votes, rule)
        value, why = found.value, found.why
        if scores:
            facts["scores"] = scores
        if scores and self.aggregate == "mean":
            means = {key: sum(s[key] for s in scores.values()) / len(scores) for key in shown.shown}
            facts["mean_scores"] = means
            value, why = verdict(question, shown, means), "the mean scores decide"
        if value is None:
            return None, why
        texts = [c.text() for _, c in (*surroundings(shown), *responses(shown))]
        ends = [(f"verdict, {name}", s.why) for name, s in said.items()]
        words = Talk([*talk.lines, *ends]).text()
        hidden = quoted(texts, words, f"{question.instruct(shown)}\n{self.guidelines}")
        facts = {**facts, **found.facts, **({"quoted": hidden} if hidden else {})}
        call = next(iter(said.values())).call
        draft = Draft(question=question.name, value=value, rationale=words, repeat=repeat,
                      shown=shown.shown, call=call, facts=facts)  # fmt: skip
        return draft, why


def _spoken(
    asked: Sequence[Question], shown: Unit, told: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    speech = clean("speech", told["speech"])
    return speech, {q.name: q.read(told["answers"][q.name], shown) for q in asked}
