"""A checklist of rules given as data: which of them a response meets, and what follows."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.content.base import Content
from core.questions.base import Question
from core.units import Draft, Unit
from core.workers import patterns
from core.workers.base import Model, Worker, workers
from core.workers.verdicts import answers, decided, fitting


class Rule(BaseModel):
    """One rule about a response. `weight` is its share of the score."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weight: float = Field(default=1.0, gt=0)

    def met(self, response: Content, unit: Unit) -> bool:
        """Whether the response meets the rule."""
        raise NotImplementedError

    def said(self) -> str:
        """The rule in words."""
        raise NotImplementedError


class Contains(Rule):
    """The response contains one of `words`, whatever their case."""

    rule: Literal["contains"]
    words: tuple[str, ...] = Field(min_length=1)

    def met(self, response: Content, unit: Unit) -> bool:
        text = response.text().casefold()
        return any(word.casefold() in text for word in self.words)

    def said(self) -> str:
        return "contains " + " or ".join(repr(word) for word in self.words)


class Avoids(Contains):
    """The response contains none of `words`."""

    rule: Literal["avoids"]  # type: ignore[assignment]

    def met(self, response: Content, unit: Unit) -> bool:
        return not super().met(response, unit)

    def said(self) -> str:
        return "avoids " + ", ".join(repr(word) for word in self.words)


class Pattern(Rule):
    """A sentence or line of the response matches `pattern`.

    The regular expression cannot run away: see `core.workers.patterns`.
    """

    rule: Literal["pattern"]
    pattern: str

    @field_validator("pattern")
    @classmethod
    def _safe(cls, pattern: str) -> str:
        return patterns.checked(pattern)

    def met(self, response: Content, unit: Unit) -> bool:
        return patterns.found(self.pattern, response)

    def said(self) -> str:
        return f"matches {self.pattern!r}"


class Words(Rule):
    """The response has at least `low` and at most `high` words."""

    rule: Literal["words"]
    low: int = Field(default=0, ge=0)
    high: int | None = Field(default=None, ge=0)

    def met(self, response: Content, unit: Unit) -> bool:
        count = len(response.text().split())
        return count >= self.low and (self.high is None or count <= self.high)

    def said(self) -> str:
        return f"has {self.low} to {self.high} words" if self.high else f"has {self.low}+ words"


class HasNumber(Rule):
    """The response has a digit in it."""

    rule: Literal["has_number"]

    def met(self, response: Content, unit: Unit) -> bool:
        return any(c.isdigit() for c in response.text())

    def said(self) -> str:
        return "gives a number"


class Mentions(Rule):
    """The response uses at least `share` of the longer words (4 letters up) of a field."""

    rule: Literal["mentions"]
    field: str = Field(default="prompt", description="the field whose words are looked for")
    share: float = Field(default=0.2, gt=0, le=1)

    def met(self, response: Content, unit: Unit) -> bool:
        asked = unit.fields.get(self.field)
        wanted = patterns.long_words(asked.text()) if asked is not None else set()
        return len(wanted & patterns.long_words(response.text())) >= self.share * len(wanted) > 0

    def said(self) -> str:
        return f"takes up words of the {self.field}"


AnyRule = Annotated[
    Contains | Avoids | Pattern | Words | HasNumber | Mentions, Field(discriminator="rule")
]


@workers.register
class Rules(Worker):
    """The weighted share of rules that a response meets, as a rating, a label or a comparison."""

    kind = "rules"
    rater = "rule"
    rules: tuple[AnyRule, ...] = Field(
        min_length=1, max_length=50, description="what a response should meet"
    )
    margin: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="difference of shares within which two responses are equal",
    )
    thresholds: Mapping[str, float] = Field(
        default_factory=dict, description="lowest share for each label of a label question"
    )

    @classmethod
    def sample(cls) -> "Rules":
        return cls(name="example", rules=(HasNumber(rule="has_number"),))

    def can(self, question: Question, unit: Unit) -> bool:
        return answers(question)

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        return fitting(super().asked(unit), len(unit.outputs), self.thresholds)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        asked = self.asked(unit)
        met = {o.key: [r for r in self.rules if r.met(o.content, unit)] for o in unit.outputs}
        whole = sum(rule.weight for rule in self.rules)
        scores = {key: sum(r.weight for r in rules) / whole for key, rules in met.items()}
        why = "Rules met. " + " ".join(
            f"{unit.letter(key)}: {'; '.join(r.said() for r in rules) or 'none'} "
            f"({len(rules)} of {len(self.rules)})."
            for key, rules in met.items()
        )
        return [
            Draft(question=q.name, rationale=why, repeat=repeat, shown=unit.shown, value=value)
            for q, value in decided(
                asked, unit, scores, margin=self.margin, thresholds=self.thresholds
            )
        ]
