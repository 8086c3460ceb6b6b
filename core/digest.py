"""The one text of a JSON value, and its fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel

COMPACT: dict[str, Any] = {
    "separators": (",", ":"), "ensure_ascii": False, "allow_nan": False,
}  # fmt: skip
ENCODE = json.JSONEncoder(sort_keys=True, **COMPACT).encode  # once: making it costs more than using
IN_ORDER = json.JSONEncoder(**COMPACT).encode


def canonical(value: Any) -> str:
    """Sorted keys, no spaces, Unicode as it is; NaN and infinity are refused (ValueError)."""
    return ENCODE(value)


def encode(value: Any) -> str:
    """The JSON text with keys in the order given: a model answers a schema in its order."""
    return IN_ORDER(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


class Identified(BaseModel):
    """Base of frozen models with a cached `digest`: a changed copy gets a digest of its own."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed, unvalidated as always."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("digest", None)
        return copy
