"""From the body of an HTTP reply to a value that meets its schema, or to a clear failure."""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from core.calls import Answer, CallFailed, Kept, Reply, Spent
from core.digest import canonical
from core.units import Invalid

FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*)\n\s*```\s*$", re.DOTALL | re.IGNORECASE)
HALVES = re.compile("[\ud800-\udfff]")
MOST_TOKENS = 10**9
ANY: Mapping[str, Any] = {"type": "object"}
Check = Callable[[Any], Any]


class Repeated(ValueError):
    """A JSON object gives one name twice."""


class Unreadable(Exception):
    """A reply that does not meet its schema; the text says why, for the model and for people."""


def answer(body: bytes, spent: Spent) -> Answer:
    """The first choice in the body of a chat completion; adds its tokens to `spent`.

    Raises `CallFailed` (broken_reply) when the body is cut off or is no chat completion.
    """
    try:
        data = json.loads(body)
        choice = data["choices"][0]
        message = choice["message"]
        told, refusal, usage = message.get("content"), message.get("refusal"), data.get("usage")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise CallFailed(
            "broken_reply",
            "The endpoint's reply broke off or is no chat completion; check that the base URL is "
            "right (it often ends in /v1) and that no proxy cuts replies short, then resume.",
        ) from None
    spent.prompt_tokens += told_tokens(usage, "prompt_tokens")
    spent.completion_tokens += told_tokens(usage, "completion_tokens")
    logprobs = choice.get("logprobs")
    return Answer(
        text=_text(told), finish=str(choice.get("finish_reason") or ""),
        refusal=str(refusal or ""), model=str(data.get("model") or ""),
        logprobs=logprobs.get("content") if isinstance(logprobs, Mapping) else None,
    )  # fmt: skip


def told_tokens(usage: Any, name: str) -> int:
    """A count of tokens as an endpoint reports it; 0 where it is no count within reason."""
    told = usage.get(name) if isinstance(usage, Mapping) else None
    return int(told) if isinstance(told, int | float) and 0 <= told <= MOST_TOKENS else 0


def _text(content: Any) -> str:
    """The text of a message; half a pair, which is no character, becomes U+FFFD."""
    if isinstance(content, list):
        parts = [p.get("text") for p in content if isinstance(p, Mapping)]
        content = "".join(part for part in parts if isinstance(part, str))
    text = "" if content is None else str(content)
    return HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def complete(given: Answer) -> Answer:
    """The answer if the model finished it; raises `CallFailed` (truncated, refused)."""
    if given.finish == "length":
        raise CallFailed(
            "truncated",
            "The model ran out of room before its answer was complete; make a changed copy of the "
            "worker with a larger max_tokens (or none), or give the server more room, then retry.",
        )
    if given.refusal or given.finish == "content_filter":
        raise CallFailed(
            "refused",
            "The model or its provider refused to answer; look at the unit, and judge it by hand "
            "or with another model.",
        )
    return given


def value(text: str, schema: Mapping[str, Any] | None, check: Check | None = None) -> Any:
    """The JSON value in a reply's text, checked; None without a schema.

    A code fence around the whole text is accepted, anything else around the JSON is not. Raises
    `Unreadable`.
    """
    if schema is None:
        return _checked(text, check)
    fenced = FENCE.match(text)
    try:
        found = json.loads(
            fenced.group(1) if fenced else text,
            parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once,
        )  # fmt: skip
        problem = next(validator(canonical(schema)).iter_errors(found), None)
    except RecursionError:
        raise Unreadable("it is nested too deep") from None
    except Repeated as error:
        raise Unreadable(f"it gives {str(error)[:100]!r} twice") from None
    except ValueError:
        raise Unreadable("it is not one JSON object and nothing else") from None
    if problem is not None:
        where = ".".join(str(part) for part in problem.absolute_path)
        raise Unreadable(f"{where or 'the object'}: {problem.message}"[:300])
    return _checked(found, check or (lambda value: value))


def _checked(found: Any, check: Check | None) -> Any:
    try:
        return check(found) if check else None
    except Invalid as error:
        raise Unreadable(str(error)[:300]) from None


def again(kept: Kept, schema: Mapping[str, Any] | None, check: Check | None) -> Any:
    """The value in a stored reply; raises `CallFailed` when it is not valid (any more)."""
    try:
        return value(kept.answer["text"], schema, check)
    except Unreadable as error:
        raise CallFailed(
            "invalid_reply", f"The stored reply is not valid ({error}); ask anew."
        ) from None


def reply(kept: Kept, found: Any, spent: Spent | None = None, cost: float | None = None) -> Reply:
    """The reply that a worker is given; without `spent` it came from the ledger."""
    used = spent or Spent()
    return Reply(
        kept.answer["text"], found, kept.id or None, kept.answer.get("logprobs"),
        used.prompt_tokens, used.completion_tokens, cost, used.seconds, used.attempts,
        cached=spent is None,
    )  # fmt: skip


@lru_cache(maxsize=512)
def validator(schema: str) -> Draft202012Validator:
    """The validator of a schema's canonical text; made once."""
    return Draft202012Validator(json.loads(schema))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits} is too large a number")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name is given twice: two answers to one question are none."""
    found: dict[str, Any] = {}
    for name, told in pairs:
        if name in found:
            raise Repeated(name)
        found[name] = told
    return found
