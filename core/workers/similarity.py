"""How close a response comes to a reference, by the words that they share or by what they say."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from core.apart import apart
from core.questions.base import Question
from core.units import Draft, Unit
from core.workers import embedder as by_embeddings
from core.workers.base import CannotAnswer, Model, Worker, workers
from core.workers.embedder import ByEmbeddings
from core.workers.verdicts import answers, decided, fitting


@workers.register
class Similarity(ByEmbeddings, Worker):
    """The cosine of each response to the field (or fact about the item) called `reference`.

    Of TF-IDF vectors, weighted within the unit; with `embeddings` minilm of sentence embeddings by
    all-MiniLM-L6-v2, where installed (`core.embeddings`); with an `embedder` of embeddings that an
    endpoint gives, each text paid once (`core.embedding_calls`). The nearer of two wins, within
    `margin` it is a tie; a rating is the cosine in equal bins; a label is the one whose threshold
    the cosine reaches. It measures likeness, not truth.
    """

    kind = "similarity"
    rater = "rule"
    reference: str = "reference"
    margin: float = Field(default=0.02, ge=0, lt=1)
    thresholds: Mapping[str, float] = Field(
        default_factory=dict, description="lowest cosine for each label of a label question"
    )
    embeddings: Literal["", "minilm"] = Field(
        default="",
        description="minilm compares sentence embeddings, where the model is installed",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Similarity":
        if self.embedder is not None and self.embeddings:
            raise ValueError("embedder and embeddings exclude each other: leave embeddings empty")
        return self

    def can(self, question: Question, unit: Unit) -> bool:
        return answers(question)

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        return fitting(super().asked(unit), len(unit.outputs), self.thresholds)

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        asked = self.asked(unit)
        reference, texts = self._reference(unit), {o.key: o.content.text() for o in unit.outputs}
        if self.embedder is not None:
            found = await by_embeddings.cosines(llm, reference, [*texts.values()])
            near = dict(zip(texts, found, strict=True))
            how = f"embeddings ({self.embedder.model}"
        elif self.embeddings:
            near, how = await apart(meanings, reference, texts), "meaning (MiniLM"
        else:
            near, how = cosines(reference, texts), "shared words (TF-IDF"
        said = ", ".join(f"{unit.letter(key)} {score:.2f}" for key, score in near.items())
        why = f"Rule: likeness to {self.reference!r} by {how} cosine): {said}."
        return [
            Draft(question=q.name, rationale=why, repeat=repeat, shown=unit.shown, value=value)
            for q, value in decided(
                asked, unit, near, margin=self.margin, thresholds=self.thresholds
            )
        ]

    def _reference(self, unit: Unit) -> str:
        field = unit.fields.get(self.reference)
        words = field.text() if field is not None else str(unit.meta.get(self.reference) or "")
        if not words.strip():
            raise CannotAnswer(f"the item has no field or fact called {self.reference!r}")
        return words


def cosines(reference: str, texts: Mapping[str, str]) -> dict[str, float]:
    """TF-IDF cosine (0 to 1) of each text to the reference, weighted within this unit alone.

    Raises `CannotAnswer` when there is no word in any of them.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # slow to import

    keys = sorted(texts)
    vectors: Any = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
    try:
        matrix = vectors.fit_transform([reference, *(texts[key] for key in keys)])
    except ValueError:
        raise CannotAnswer("there are no words to compare") from None
    near = (matrix[1:] @ matrix[0].T).toarray().ravel()
    found = {key: min(1.0, max(0.0, float(x))) for key, x in zip(keys, near, strict=True)}
    return {key: found[key] for key in texts}


def meanings(reference: str, texts: Mapping[str, str]) -> dict[str, float]:
    """Cosine (0 to 1; below 0 counts as 0) of each text's embedding to that of the reference.

    Raises `CannotAnswer`, saying what to install, where the model is not there.
    """
    from core.embeddings import NoModel, embed  # only where it is asked for

    try:
        found = embed([reference, *texts.values()])
    except NoModel as reason:
        raise CannotAnswer(str(reason)) from None
    near = found[1:] @ found[0]
    return {key: min(1.0, max(0.0, float(x))) for key, x in zip(texts, near, strict=True)}
