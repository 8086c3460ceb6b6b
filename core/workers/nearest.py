"""The score of the nearest answer that was scored before, to the same problem."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.questions.base import Question
from core.units import Draft, Invalid, Unit
from core.workers import embedder as by_embeddings
from core.workers.base import CannotAnswer, Model, workers
from core.workers.embedder import ByEmbeddings
from core.workers.voting import tally

CLOSE = 1e-9


class Past(BaseModel):
    """An answer that was scored before: its unit's key, its problem, its words, its scores.

    `values` maps names of questions to the values given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str = Field(description="key of its unit, which is never scored by itself")
    problem: str = Field(description="what was asked")
    answer: str = Field(description="what was answered")
    values: Mapping[str, Any]


@workers.register
class Nearest(ByEmbeddings):
    """Copies the score of the nearest past answer to the same problem; a distance, no judgment.

    Nearness is Canberra distance between TF-IDF vectors of the answers to that problem, or with an
    `embedder` 1 - the cosine of its embeddings. `problem`
    names the field that holds the problem: the same words are the same problem. The answer's own
    unit is left out of its past, so that running over scored answers measures it leave-one-out.
    Without a `past` it is given that of the study when a run starts.
    Of several equally near the most frequent score counts.
    """

    kind = "nearest"
    rater = "rule"
    problem: str = "prompt"
    past: tuple[Past, ...] = Field(
        default=(), max_length=5000, description="answers that were scored before"
    )

    @classmethod
    def sample(cls) -> "Nearest":
        words = "Cooked rice keeps for three days in the fridge."
        past = Past(key="past", problem="How long does rice keep?", answer=words,
                    values={"example": 5})  # fmt: skip
        return cls(name="example", past=(past,))

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        if not self.past:
            raise CannotAnswer(
                f"nothing is scored yet that it could copy: no single response to {self.problem!r} "
                "has answers by people, a decision, or a known answer"
            )
        return super().asked(unit)

    def can(self, question: Question, unit: Unit) -> bool:
        return any(question.name in one.values for one in self.past)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        asked = self.asked(unit)
        if len(unit.outputs) != 1:
            raise CannotAnswer(f"scores one response, but this unit has {len(unit.outputs)}")
        field = unit.fields.get(self.problem)
        if field is None:
            raise CannotAnswer(f"the item has no field called {self.problem!r}")
        problem, answer = _same(field.text()), unit.outputs[0].content.text()
        drafts = []
        for question in asked:
            known = [
                one for one in self.past
                if one.key != unit.key and _same(one.problem) == problem
                and question.name in one.values
            ]  # fmt: skip
            drafts.append(await self._copied(question, unit, answer, known, repeat, llm))
        return drafts

    async def _copied(
        self, question: Question, unit: Unit, answer: str, known: Sequence[Past], repeat: int,
        llm: Model | None,
    ) -> Draft:  # fmt: skip
        if not known:
            raise CannotAnswer("no other answer to this problem has been scored")
        others = [one.answer for one in known]
        if self.embedder is None:
            apart, how = canberra(answer, others), "Canberra distance"
        else:
            apart = [1.0 - near for near in await by_embeddings.cosines(llm, answer, others)]
            how = f"cosine distance by {self.embedder.model}"
        near = [one for one, d in zip(known, apart, strict=True) if d <= min(apart) + CLOSE]
        try:
            votes = [question.check(one.values[question.name], unit) for one in near]
        except Invalid as error:
            raise CannotAnswer(f"a past score is not valid: {error}") from None
        found = tally(question, unit, votes)
        if found.value is None:
            raise CannotAnswer(f"{len(near)} past answers are equally near and score differently")
        why = f"Rule: copied from {near[0].key}, at {how} {min(apart):.2f}."
        return Draft(question=question.name, value=found.value, rationale=why, repeat=repeat,
                     shown=unit.shown)  # fmt: skip


def canberra(answer: str, others: Sequence[str]) -> list[float]:
    """The Canberra distance of an answer's TF-IDF vector to that of each other answer.

    Vectors are weighted within these texts alone. Raises `CannotAnswer` when none holds a word.
    """
    from scipy.spatial.distance import cdist  # slow to import
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors: Any = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b")
    try:
        matrix = vectors.fit_transform([answer, *others]).toarray()
    except ValueError:
        raise CannotAnswer("there are no words to compare") from None
    found = cdist(matrix[:1], matrix[1:], "canberra")[0]
    return [float(d) for d in found]


def _same(text: str) -> str:
    return " ".join(text.split()).casefold()
