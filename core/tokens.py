"""How many tokens a request has, before any tokenizer has seen it."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.digest import canonical

BYTES_PER_TOKEN = 4
PER_MESSAGE = 4
PER_REPLY = 3
PER_IMAGE = 1000


def of_text(text: str) -> int:
    """One token for every four bytes of UTF-8, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def of_messages(
    messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None
) -> int:
    """Tokens of a request: its texts, 4 for every message, 3 for the reply's start, its schema.

    An image counts 1,000, whatever its size: providers' own rules lie between 85 and 1,600.
    """
    found = PER_REPLY + (of_text(canonical(schema)) if schema else 0)
    for message in messages:
        found += PER_MESSAGE + _of_content(message.get("content"))
    return found


def _of_content(content: Any) -> int:
    if isinstance(content, str):
        return of_text(content)
    parts = content if isinstance(content, list | tuple) else []
    return sum(
        of_text(str(part.get("text", ""))) if part.get("type") == "text" else PER_IMAGE
        for part in parts
    )
