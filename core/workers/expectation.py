"""The expected score behind the score that a model wrote, from its token probabilities."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST = 0.01
AFTER = re.compile(r'[\s"}\]]*')
AROUND = ' \t\n"{}[]:,'


@dataclass(frozen=True, slots=True)
class Expected:
    """An expected score and the weights that give it (score -> probability, adding up to 1)."""

    value: float
    weights: Mapping[int, float]


def expected(
    tokens: Any, emitted: Any, valid: Callable[[int], bool] = lambda score: True
) -> Expected | None:
    """The expectation over the scores that could have stood where `emitted` stands.

    Reads the tokens of a chat completion (`token`, `logprob`, `top_logprobs`) from the end up to
    the one that is the emitted score; nothing but the end of the JSON may follow it. Alternatives
    that are no valid whole number in one token, or less probable than 1 %, are dropped, equal ones
    merged, the rest made to add up to 1. None without probabilities or without such a token. As in
    G-Eval (Liu et al. 2023) with DeepEval's rules.
    """
    after = ""
    for token in reversed(list(tokens or [])):
        text = str(token.get("token", ""))
        if text.strip(AROUND) == str(emitted):
            return _weighed(token, valid) if AFTER.fullmatch(after) else None
        after = text + after
    return None


def _weighed(token: Mapping[str, Any], valid: Callable[[int], bool]) -> Expected | None:
    choices = list(token.get("top_logprobs") or [])
    if not any(c.get("token") == token.get("token") for c in choices):
        choices.append(token)
    found = expectation([(str(c.get("token", "")), float(c["logprob"])) for c in choices], valid)
    return found


def expectation(
    choices: Sequence[tuple[str, float]], valid: Callable[[int], bool] = lambda score: True
) -> Expected | None:
    """The expectation over (token, log probability) pairs; None when no valid score is left.

    >>> golden = [("4", -0.22), ("5", -1.9), ("3", -3.2), ("2", -5.5), ("1", -7.0)]
    >>> round(expectation(golden).value, 5)
    4.10959
    """
    weights: dict[int, float] = {}
    for text, logprob in choices:
        word, p = text.strip(AROUND), math.exp(logprob)
        if word.isdecimal() and p >= LEAST and valid(int(word)):
            weights[int(word)] = weights.get(int(word), 0.0) + p
    whole = sum(weights.values())
    if not whole:
        return None
    shares = {score: p / whole for score, p in sorted(weights.items())}
    return Expected(sum(score * p for score, p in shares.items()), shares)
