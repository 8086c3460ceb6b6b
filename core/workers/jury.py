"""A panel of raters whose stored votes are put together: no call is made."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from core.questions.base import Question
from core.units import Draft, Unit, Vote
from core.workers.base import CannotAnswer, Model, Worker, workers
from core.workers.voting import Rule, Tally, Ties, own_tie, tally


@workers.register
class Jury(Worker):
    """The answer of several raters together, from the votes that are stored.

    `jurors` names them. `rule` majority takes the most frequent answer, mean and median numbers.
    With `ties` missing (the default) a tie has no answer and coverage shows it; with `ties` tie it
    is the question's own tie. A juror who judged in both orders has one vote: what both say, a tie
    where they differ (`orders` first takes the first order alone). Every juror must have voted,
    unless `quorum` is any: then two are enough. `families` (juror -> family) corrects what is
    guessed from the names of models when the panel is checked for relatives.
    """

    kind = "jury"
    rater = "panel"
    silent = Worker.silent | {"families"}
    jurors: tuple[str, ...] = Field(min_length=2)
    rule: Rule = "majority"
    ties: Ties = "missing"
    orders: Literal["both", "first"] = "both"
    quorum: Literal["all", "any"] = "all"
    families: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("jurors")
    @classmethod
    def _each_once(cls, jurors: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(jurors)) < len(jurors):
            raise ValueError("a juror stands here twice; each has one vote")
        return jurors

    @classmethod
    def sample(cls) -> "Jury":
        return cls(name="example", jurors=("first juror", "second juror", "third juror"))

    def voters(self) -> tuple[str, ...]:
        return self.jurors

    def can(self, question: Question, unit: Unit) -> bool:
        return question.scale(unit).level != "none" or self.rule != "majority"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        drafts, reasons = [], []
        for question in self.asked(unit):
            votes = self.votes(question, unit)
            found = self.put_together(question, unit, votes)
            if found.value is None:
                reasons.append(f"{question.name}: {found.why}")
                continue
            said = "; ".join(
                f"{name}: {question.describe(value, unit)}" for name, value in votes.items()
            )
            drafts.append(
                Draft(question=question.name, value=found.value, repeat=repeat, shown=unit.shown,
                      rationale=f"Panel, {found.why}. {said}", facts={**found.facts, "by": votes})
            )  # fmt: skip
        if not drafts:
            raise CannotAnswer("; ".join(reasons))
        return drafts

    def put_together(self, question: Question, unit: Unit, votes: Mapping[str, Any]) -> Tally:
        """What the votes (juror -> value) come to under the panel's rules."""
        missing = [name for name in self.jurors if name not in votes]
        if (missing and self.quorum == "all") or len(votes) < 2:
            return Tally(None, f"no vote of {', '.join(missing)}")
        return tally(question, unit, list(votes.values()), self.rule, self.ties)

    def votes(self, question: Question, unit: Unit) -> dict[str, Any]:
        """Each juror's one vote on a question, in the order of `jurors`."""
        found: dict[str, Any] = {}
        for name in self.jurors:
            own = [v for v in unit.votes if v.rater == name and v.question == question.name]
            value = self._one(question, unit, own)
            if value is not None:
                found[name] = value
        return found

    def _one(self, question: Question, unit: Unit, own: Sequence[Vote]) -> Any:
        """A juror's vote from its answers in both orders; samples beyond them do not count."""
        orders = {v.repeat: v.value for v in own if v.repeat in (0, 1)}
        if self.orders == "first" or len(orders) < 2:
            return orders.get(0, orders.get(1) if self.orders == "both" else None)
        if orders[0] == orders[1]:
            return orders[0]
        return own_tie(question, unit)
