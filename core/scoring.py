"""How likely a model finds a given text: its log-probability, token by token."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.calls import CallFailed, Endpoint, Kept, Spent
from core.formats import Messages
from core.replies import told_tokens

WAYS = ("echo", "prompt_logprobs")
CHAT_WAY = "chat_prompt_logprobs"
Prompt = str | Messages


@dataclass(frozen=True, slots=True)
class Scored:
    """A text with the log-probability of each of its tokens after the prompt.

    A logprob is None for a token that the endpoint gave none for: the very first of all, without a
    prompt. A token that begins in the prompt and ends in the text counts as the text's.
    """

    text: str
    tokens: tuple[str, ...]
    logprobs: tuple[float | None, ...]
    call: int | None = None

    @property
    def known(self) -> list[float]:
        """The log-probabilities that there are."""
        return [value for value in self.logprobs if value is not None]

    @property
    def mean(self) -> float | None:
        """The mean log-probability of a token, in nats; None without any."""
        return math.fsum(self.known) / len(self.known) if self.known else None

    @property
    def perplexity(self) -> float | None:
        """The exponential of minus the mean log-probability; None without any."""
        return None if self.mean is None else math.exp(-self.mean)


class Measured(Protocol):
    """A text and the mean log-probability of its tokens."""

    @property
    def text(self) -> str:
        """The text."""

    @property
    def mean(self) -> float | None:
        """The mean, in nats; None without any."""


def gain(before: Measured, after: Measured) -> float | None:
    """By how much more likely a token of the same text became, in nats; None when undefined.

    `after` has seen what `before` has not: a passage, a hint. Raises `ValueError` for two texts.
    """
    if before.text != after.text:
        raise ValueError("a gain compares the same text after two prompts")
    if before.mean is None or after.mean is None:
        return None
    return after.mean - before.mean


def body(way: str, model: str, prompt: Prompt, text: str) -> tuple[str, dict[str, Any]]:
    """Path and body of the request that scores a text in one of the ways."""
    if way == CHAT_WAY:
        messages = [*messages_of(prompt), {"role": "assistant", "content": text}]
        return "/chat/completions", {
            "model": model, "messages": messages, "max_tokens": 1, "prompt_logprobs": 0,
            "add_generation_prompt": False, "continue_final_message": True,
        }  # fmt: skip
    if not isinstance(prompt, str):
        raise TypeError("this way takes a prompt as plain text")
    more = {"echo": True, "logprobs": 1} if way == "echo" else {"prompt_logprobs": 0}
    return "/completions", {"model": model, "prompt": prompt + text, "max_tokens": 1, **more}


def messages_of(prompt: Prompt) -> list[Mapping[str, Any]]:
    """A prompt as messages."""
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}] if prompt else []
    return list(prompt)


class Prober(Protocol):
    """What finds out whether texts can be scored: see `core.llm.LLM`."""

    offers: dict[str, bool]
    endpoint: Endpoint

    async def probe(self, only: tuple[str, ...] = ()) -> Any:
        """Ask the endpoint, and keep what it offers."""


async def way(llm: Prober, prompt: Prompt) -> str:
    """The way in which this endpoint scores a text after such a prompt, probed when unknown.

    Raises `CallFailed` (not_offered) when it has none.
    """
    ways = WAYS if isinstance(prompt, str) else (CHAT_WAY,)
    for name in ways:
        if name not in llm.offers:
            await llm.probe((name,))
        if llm.offers.get(name):
            return name
    place, model = llm.endpoint.base_url, llm.endpoint.model
    raise CallFailed(
        "not_offered",
        f"{place} gives no log-probabilities of a given text for {model} (tried: "
        f"{', '.join(ways)}); use a server that does, such as vLLM, or leave this measure out.",
    )


def answer(way: str, reply: bytes, text: str, prompt: Prompt, spent: Spent) -> dict[str, Any]:
    """What a reply holds, as the ledger keeps it; adds its tokens to `spent`."""
    rows = read(way, reply, text, len(prompt) if isinstance(prompt, str) else 0)
    usage = json.loads(reply).get("usage")
    spent.prompt_tokens += told_tokens(usage, "prompt_tokens")
    spent.completion_tokens += told_tokens(usage, "completion_tokens")
    return {"text": text, "scored": [list(row) for row in rows]}


def scored(kept: Kept, text: str) -> Scored:
    """The scores that the ledger holds."""
    rows = kept.answer["scored"]
    tokens, values = tuple(row[0] for row in rows), tuple(row[1] for row in rows)
    return Scored(text, tokens, values, kept.id or None)


def read(way: str, reply: bytes, text: str, start: int = 0) -> list[tuple[str, float | None]]:
    """The tokens of the text and their log-probabilities, from the body of a reply.

    `start` is how many characters of prompt stand before it, where the reply echoes them. Raises
    `CallFailed` (broken_reply) when they are not there or do not make up the text.
    """
    try:
        data = json.loads(reply)
        if way == "echo":
            return _echoed(data["choices"][0]["logprobs"], start, text)
        found = data.get("prompt_logprobs") or data["choices"][0]["prompt_logprobs"]
        return _at_the_end([next(iter(one.values())) if one else None for one in found], text)
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError):
        raise CallFailed(
            "broken_reply",
            "The endpoint's reply holds no log-probabilities of the given text; probe the endpoint "
            "again, or score with another one.",
        ) from None


def _echoed(found: Mapping[str, Any], start: int, text: str) -> list[tuple[str, float | None]]:
    offsets = [*found["text_offset"], math.inf]
    end = start + len(text)
    rows = [
        (str(token), None if value is None else float(value))
        for token, value, begins, ends in zip(
            found["tokens"], found["token_logprobs"], offsets, offsets[1:], strict=False
        )
        if begins < end and ends > start
    ]
    if text and text not in "".join(token for token, _ in rows):
        raise ValueError("the tokens are not the text")
    return rows


def _at_the_end(
    found: Sequence[Mapping[str, Any] | None], text: str
) -> list[tuple[str, float | None]]:
    """The last tokens of a prompt, those that make up the text; the first one has no name."""
    rows: list[tuple[str, float | None]] = []
    left = len(text)
    for one in reversed(found):
        if left <= 0:
            break
        if one is None:
            rows.append((text[:left], None))
            left = 0
            break
        token = str(one["decoded_token"])
        rows.append((token, float(one["logprob"])))
        left -= len(token)
    rows.reverse()
    if left > 0 or not "".join(token for token, _ in rows).endswith(text):
        raise ValueError("the tokens are not the text")
    return rows
