"""How an endpoint is told what form a reply must have."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.digest import canonical

Messages = Sequence[Mapping[str, Any]]
FORMATS = ("json_schema", "json_object", "text")
PROBED = ("json_schema", "json_object_schema", "json_object")


def known(offers: Mapping[str, bool]) -> tuple[str, ...]:
    """The formats that a probed endpoint keeps to, the strictest first; plain text always works.

    Without a probe: those that are tried in turn.
    """
    if not any(name in offers for name in PROBED):
        return FORMATS
    return (*(name for name in PROBED if offers.get(name)), "text")


def wanted(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a request that asks for the format."""
    if name == "json_schema":
        form = {"name": "reply", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    if name == "json_object_schema":
        return {"response_format": {"type": "json_object", "schema": schema}}
    return {"response_format": {"type": "json_object"}} if name == "json_object" else {}


def enforced(name: str) -> bool:
    """Whether the format itself carries the schema, so that no words need to."""
    return name in {"json_schema", "json_object_schema"}


def described(messages: Messages, schema: Mapping[str, Any]) -> Messages:
    """The messages with the schema in words at the end, for endpoints that enforce none."""
    note = f"\n\nReply with one JSON object that meets this JSON schema:\n{canonical(schema)}"
    last = dict(messages[-1])
    words = last["content"]
    last["content"] = (
        words + note if isinstance(words, str) else [*words, {"type": "text", "text": note}]
    )
    return [*messages[:-1], last]
