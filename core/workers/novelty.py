"""How near texts come to each other, and how new one is: by shared words, or by embeddings."""

from collections.abc import Sequence

from core.workers import embedder as by_embeddings
from core.workers.base import CannotAnswer, Model
from core.workers.embedder import ByEmbeddings
from core.workers.similarity import cosines
from core.workers.thinker import Thinker


class Comparing(ByEmbeddings, Thinker):
    """A worker that thinks about texts and measures how like they are.

    By TF-IDF cosine, or with an `embedder` by the cosine of its embeddings.
    """

    def by(self) -> str:
        """What likeness is measured by, in words."""
        if self.embedder is None:
            return "TF-IDF cosine"
        return f"cosine of embeddings by {self.embedder.model}"

    async def nearest(self, llm: Model | None, text: str, others: Sequence[str]) -> float | None:
        """The highest cosine of a text to the others; None where there is nothing to compare."""
        if self.embedder is None:
            return nearest(text, others)
        kept = [other for other in others if other.strip()]
        if not kept or not text.strip():
            return None
        return max(await by_embeddings.cosines(llm, text, kept))

    async def novelty(self, llm: Model | None, text: str, others: Sequence[str]) -> float:
        """1 - the highest cosine to the others (0 to 1); 1 when there are none to compare with.

        Hong et al. (2024), who take sentence embeddings.
        """
        near = await self.nearest(llm, text, others)
        return 1.0 if near is None else 1.0 - near


def nearest(text: str, others: Sequence[str]) -> float | None:
    """The highest TF-IDF cosine of a text to the others; None where there is nothing to compare."""
    if not others or not text.strip():
        return None
    try:
        return max(cosines(text, {str(n): other for n, other in enumerate(others)}).values())
    except CannotAnswer:
        return None
