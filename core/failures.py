"""What went wrong at an endpoint, in words that tell a person what to do."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from core.calls import CallFailed, Endpoint

BROKEN = frozenset({"RemoteProtocolError", "ReadError", "ServerDisconnectedError", "ClientOSError"})
SLOW = frozenset({"ReadTimeout", "WriteTimeout", "PoolTimeout", "TimeoutException"})


def connection(endpoint: Endpoint, cause: BaseException | None) -> CallFailed:
    """No connection, one that broke off in the middle of a reply, or no reply in time."""
    names = {type(cause).__name__, type(getattr(cause, "__cause__", None)).__name__}
    if names & SLOW:
        return CallFailed(
            "timeout",
            f"No reply within {endpoint.timeout:g} s; raise the worker's timeout or lower the "
            "concurrency, then resume.",
        )
    if names & BROKEN:
        return CallFailed(
            "broken_reply",
            f"{endpoint.base_url} broke off in the middle of a reply; check the server's own log, "
            "then resume.",
        )
    return CallFailed(
        "endpoint_down",
        f"Nothing answers at {endpoint.base_url}; start the server or correct the worker's base "
        "URL, then resume.",
    )


def status(endpoint: Endpoint, code: int, body: Any, headers: Mapping[str, str]) -> CallFailed:
    """The failure that an HTTP status from 400 up means."""
    words = _words(endpoint, body)
    if code in {401, 403}:
        return _key(endpoint, code)
    if code == 404:
        return CallFailed(
            "unknown_model",
            f"The endpoint knows no model called {endpoint.model!r} at {endpoint.base_url} "
            f"({words}); correct the worker's base URL and resume, or start a run of a copy with "
            "the right name.",
        )
    if code == 429:
        return _limited(words, body, headers)
    if code in {408, 409} or code >= 500:
        return CallFailed(
            "server_error",
            f"The endpoint failed with {code} ({words}); resume when it works again.",
            retry_after=retry_after(headers),
        )
    if code == 413 or re.search(r"context.length|too long|maximum context", f"{body} {words}"):
        return CallFailed(
            "too_long",
            f"The unit is too long for {endpoint.model} ({words}); use a model that takes longer "
            "texts, or judge it by hand.",
        )
    return CallFailed(
        "bad_request",
        f"The endpoint refused the request with {code} ({words}); change the worker's settings "
        "(some models take no temperature) and start again.",
    )


def _key(endpoint: Endpoint, code: int) -> CallFailed:
    if endpoint.key_name:
        advice = (
            f"put a valid one into {endpoint.key_name} (where it is a variable of the environment, "
            "start the app anew), then resume"
        )
    else:
        advice = "name the secret that holds one in the worker's key field, then resume"
    return CallFailed("bad_key", f"The endpoint refused the key ({code}); {advice}.")


def _limited(words: str, body: Any, headers: Mapping[str, str]) -> CallFailed:
    if "insufficient_quota" in str(body):
        return CallFailed(
            "rate_limited",
            f"The account behind the key has no quota left ({words}); top it up, then resume.",
            retry_after=float("inf"),
        )
    return CallFailed(
        "rate_limited",
        f"The endpoint keeps refusing for too many requests ({words}); lower the concurrency or "
        "wait for your quota, then resume.",
        retry_after=retry_after(headers),
    )


def _words(endpoint: Endpoint, body: Any) -> str:
    """The endpoint's own words: short, on one line, without anything like a key."""
    words = str(body.get("message") or body) if isinstance(body, dict) else str(body or "")
    if endpoint.key:
        words = words.replace(endpoint.key, "…")
    words = re.sub(r"\b(sk|pk|key)-[\w*.-]{4,}", "…", " ".join(words.split()))
    shown = "".join(
        one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in words[:200]
    )
    return shown or "no reason given"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the endpoint asks to wait: retry-after-ms, seconds, or an HTTP date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError, TypeError):
        return None
