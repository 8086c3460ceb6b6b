"""How near texts come to each other, and how new one is, by the words that they share."""

from collections.abc import Sequence

from core.workers.base import CannotAnswer
from core.workers.similarity import cosines


def nearest(text: str, others: Sequence[str]) -> float | None:
    """The highest TF-IDF cosine of a text to the others; None where there is nothing to compare."""
    if not others or not text.strip():
        return None
    try:
        return max(cosines(text, {str(n): other for n, other in enumerate(others)}).values())
    except CannotAnswer:
        return None


def novelty(text: str, others: Sequence[str]) -> float:
    """1 - the highest cosine to the others (0 to 1); 1 when there are none to compare with.

    Hong et al. (2024), with words in place of sentence embeddings.
    """
    near = nearest(text, others)
    return 1.0 if near is None else 1.0 - near
