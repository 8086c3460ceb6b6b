"""Workers that compare texts by the embeddings of a model at an endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from core.workers.base import CannotAnswer, Endpointed, Model, Worker
from core.workers.endpoint import AtEndpoint, placeless

NAME = "embedder"


class Embedder(AtEndpoint):
    """An embedding model behind an OpenAI-compatible endpoint; it writes no replies."""

    embeds: ClassVar[bool] = True
    completion_price: float | None = Field(
        default=None, ge=0, description="leave it empty: an embedding model writes nothing"
    )


class ByEmbeddings(Worker):
    """A worker that may compare texts by embeddings: the model is then part of who it is."""

    embedder: Embedder | None = Field(
        default=None, description="an embedding model at an endpoint, to compare texts by"
    )

    def needs_model(self) -> bool:
        return super().needs_model() or self.embedder is not None

    def models(self) -> Mapping[str, Endpointed]:
        return {**super().models(), **({NAME: self.embedder} if self.embedder else {})}

    def identity(self) -> dict[str, Any]:
        return {name: placeless(value) for name, value in super().identity().items()}


async def cosines(llm: Model | None, text: str, others: Sequence[str]) -> list[float]:
    """The cosine (0 to 1; below 0 counts as 0) of each text's embedding to that of the first.

    Raises `CannotAnswer` for a text without words, `CallFailed` where the endpoint has none.
    """
    if llm is None:
        raise CannotAnswer("this worker asks an endpoint for embeddings, and none was given")
    if not all(one.strip() for one in (text, *others)):
        raise CannotAnswer("a text that is to be compared is empty")
    rows = await llm.embed([text, *others], to=NAME)
    return [min(1.0, max(0.0, float(x))) for x in rows[1:] @ rows[0]]
