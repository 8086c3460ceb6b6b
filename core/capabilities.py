"""What an endpoint can do with a model, found by asking it; nothing is taken for granted."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core import scoring
from core.calls import CallFailed
from core.formats import wanted

Post = Callable[[str, Mapping[str, Any]], Awaitable[bytes]]
Get = Callable[[str], Awaitable[bytes]]
NOT_OFFERED = frozenset({"bad_request", "unknown_model", "too_long", "server_error"})
TEXT = "The sky is blue."
LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether an endpoint does something, and what was seen; `name` is one of `NAMES`."""

    name: str
    offered: bool
    note: str


NAMES: Mapping[str, str] = {
    "json_schema": "replies keep to a JSON schema",
    "json_object_schema": "JSON objects with a schema beside them",
    "json_object": "replies are JSON objects",
    "tools": "calls of tools",
    "logprobs": "probabilities of the reply's tokens",
    "seed": "the same seed gives the same reply",
    "n": "several replies to one request",
    "embeddings": "embeddings",
    "echo": "log-probabilities of a given text, by completions that echo it",
    "prompt_logprobs": "log-probabilities of a given text, by prompt_logprobs",
    "chat_prompt_logprobs": "log-probabilities of a given message, by prompt_logprobs",
    "batch": "the batch lane",
}


async def probe(post: Post, get: Get, model: str, only: tuple[str, ...] = ()) -> list[Capability]:
    """Ask an endpoint for each capability once, about a dozen short requests, and look at replies.

    `only` names those to ask for. A capability counts as offered when the reply shows it, not when
    the request is merely accepted. Raises `CallFailed` when the model does not answer at all.
    """
    if not only:
        await post("/chat/completions", _chat(model, "Answer with one word: hello."))
    found = []
    for name, test in _tests(post, get, model):
        if only and name not in only:
            continue
        try:
            note = await _twice(test)
            found.append(Capability(name, not note, note or "seen in the reply"))
        except CallFailed as error:
            if error.kind not in NOT_OFFERED:
                raise
            found.append(Capability(name, False, f"refused: {error.message}"[:300]))
        except (ValueError, LookupError, TypeError, AttributeError):
            found.append(Capability(name, False, "accepted, but the reply does not show it"))
    return found


async def _twice(test: Callable[[], Awaitable[str]]) -> str:
    """A test's outcome; once more where the endpoint failed or was busy, which shows nothing."""
    try:
        return await test()
    except CallFailed as error:
        if error.kind not in {"server_error", "rate_limited"}:
            raise
        await asyncio.sleep(min(error.retry_after or 0.2, LONGEST_WAIT))
        return await test()


def _tests(post: Post, get: Get, model: str) -> Iterator[tuple[str, Callable[[], Awaitable[str]]]]:
    """Per capability a request and a look at its reply: '' when it shows, else why not."""

    async def chat(words: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            await post("/chat/completions", {**_chat(model, words), **more})
        )
        return found

    for name in ("json_schema", "json_object_schema"):
        yield name, lambda name=name: _schema(chat, name)  # type: ignore[misc]
    yield "json_object", lambda: _object(chat)
    yield "tools", lambda: _tools(chat)
    yield "logprobs", lambda: _logprobs(chat)
    yield "seed", lambda: _seed(chat)
    yield "n", lambda: _several(chat)
    yield "embeddings", lambda: _embeddings(post, model)
    for way in (*scoring.WAYS, scoring.CHAT_WAY):
        yield way, lambda way=way: _scored(post, model, way)  # type: ignore[misc]
    yield "batch", lambda: _batches(get)


def _chat(model: str, words: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": words}]}


def _text(reply: Mapping[str, Any], place: int = 0) -> str:
    return str(reply["choices"][place]["message"]["content"])


async def _schema(chat: Any, name: str) -> str:
    """A word that nobody could guess, given in the schema alone."""
    word = f"word-{secrets.token_hex(4)}"
    schema = {
        "type": "object", "properties": {"word": {"type": "string", "enum": [word]}},
        "required": ["word"], "additionalProperties": False,
    }  # fmt: skip
    reply = await chat("Reply with a JSON object that holds a word.", **wanted(name, schema))
    with suppress(ValueError):
        if json.loads(_text(reply)) == {"word": word}:
            return ""
    return "accepted, but the reply does not keep to the schema"


async def _object(chat: Any) -> str:
    words = "Say hello. (As the value of one JSON object, if you have to send JSON.)"
    reply = await chat(words, **wanted("json_object", {}))
    with suppress(ValueError):
        if isinstance(json.loads(_text(reply)), dict):
            return ""
    return "accepted, but the reply is no JSON object"


async def _tools(chat: Any) -> str:
    function = {"name": "look_up", "description": "Looks up a word.", "parameters": {
        "type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"],
    }}  # fmt: skip
    choice = {"type": "function", "function": {"name": "look_up"}}
    tools = [{"type": "function", "function": function}]
    reply = await chat("Look up the word hello.", tools=tools, tool_choice=choice)
    calls = reply["choices"][0]["message"].get("tool_calls") or []
    called = [call["function"]["name"] for call in calls]
    return "" if called == ["look_up"] else "accepted, but no tool was called"


async def _logprobs(chat: Any) -> str:
    reply = await chat("Answer with one word: hello.", logprobs=True, top_logprobs=2)
    found = (reply["choices"][0].get("logprobs") or {}).get("content")
    return "" if found and "logprob" in found[0] else "accepted, but none came"


async def _seed(chat: Any) -> str:
    words = "Write twelve random digits and nothing else."
    texts = [_text(await chat(words, seed=7, temperature=1.0)) for _ in range(2)]
    return "" if texts[0] == texts[1] else "accepted, but two replies to one seed differ"


async def _several(chat: Any) -> str:
    reply = await chat("Answer with one word: hello.", n=2)
    return "" if len(reply["choices"]) == 2 else "accepted, but one reply came"


async def _embeddings(post: Post, model: str) -> str:
    reply = json.loads(await post("/embeddings", {"model": model, "input": [TEXT]}))
    return "" if len(reply["data"][0]["embedding"]) > 1 else "accepted, but no vector came"


async def _scored(post: Post, model: str, way: str) -> str:
    prompt: scoring.Prompt = "Look up." if way != scoring.CHAT_WAY else _chat("", "Hm?")["messages"]
    path, request = scoring.body(way, model, prompt, f" {TEXT}")
    reply = await post(path, request)
    try:
        rows = scoring.read(way, reply, f" {TEXT}", len("Look up."))
    except CallFailed:
        return "accepted, but no log-probabilities of the given text came"
    return "" if any(value is not None for _, value in rows) else "accepted, but none came"


async def _batches(get: Get) -> str:
    found = json.loads(await get("/batches?limit=1"))
    return "" if isinstance(found["data"], list) else "answered, but with no list of batches"


def offers(found: list[Capability]) -> dict[str, bool]:
    """What is offered, by name."""
    return {one.name: one.offered for one in found}
