"""A scripted OpenAI-compatible server on loopback, in a thread of its own or as a program.

    with OpenAIServer(reply=my_reply) as server:
        ... server.url, server.requests

`reply(body)` gives the next answer to a chat completion: a text, any JSON value (sent as its text),
or a `Fault`. Without one, the server answers every schema with its first allowed values. With
`embeddings` in `extras` it gives embeddings, or the `Fault` that `embed(body)` gives.

    python -m tests.servers.openai_server --port 8701 --latency 0.05
"""

import argparse
import asyncio
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.servers.openai_extras import Batches, completions, embeddings, prompt_logprobs


@dataclass
class Fault:
    """Something that goes wrong: an HTTP status, or a way of breaking the reply."""

    status: int = 200
    message: str = "scripted fault"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # close the connection in the middle of the body
    body: str | None = None  # send this instead of a chat completion
    stall: float = 0.0  # wait so long before answering
    finish: str = "stop"
    refusal: str = ""
    text: str = ""
    code: str = ""


class OpenAIServer:
    """Answers /v1/chat/completions; `requests` are the bodies, `heard` the headers."""

    def __init__(
        self, reply: Callable[[dict[str, Any]], Any] | None = None, *, latency: float = 0.0,
        key: str = "", models: tuple[str, ...] = (), json_schema: bool = True,
        json_object: bool = True, logprobs: Any = None, port: int = 0, keep: bool = True,
        extras: tuple[str, ...] = (), batches: Batches | None = None,
        headers: Callable[[], dict[str, str]] = dict,
        embed: Callable[[dict[str, Any]], "Fault | None"] = lambda body: None,
    ) -> None:  # fmt: skip
        self.reply = reply or (lambda body: example(schema_of(body)))
        self.latency = latency
        self.key = key
        self.models = models
        self.json_schema = json_schema
        self.json_object = json_object
        self.logprobs = logprobs
        self.port = port
        self.keep = keep
        self.extras = extras
        self.batches = batches
        self.headers = headers
        self.embed = embed
        self.requests: list[dict[str, Any]] = []
        self.heard: list[dict[str, str]] = []
        self.count = self.under_way = self.most_under_way = 0
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The base URL to give to a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "OpenAIServer":
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        if not self._ready.wait(20):
            raise RuntimeError("the scripted server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.run(self.serve())

    async def serve(self) -> None:
        """Serve until stopped."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=50_000_000)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/completions", self._completions)
        app.router.add_post("/v1/embeddings", self._embeddings)
        if self.batches is not None:
            self.batches.add(app, self._line)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.count += 1
        if self.keep:
            self.requests.append(body)
            self.heard.append(dict(request.headers))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.latency)
            return await self._answer(request, body)
        finally:
            self.under_way -= 1

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        return completions(self.requests[-1], self.extras) or error(400, "no such parameter")

    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        if "embeddings" not in self.extras:
            return error(404, "no embeddings here")
        if self.models and body["model"] not in self.models:
            return error(400, f"{body['model']} does not support the embeddings API")
        fault = self.embed(body)
        return embeddings(body) if fault is None else await self._send(request, body, fault)

    async def _line(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of one line of a batch."""
        self.count += 1
        self.requests.append(body)
        given = self.reply(body)
        fault = given if isinstance(given, Fault) else Fault()
        if fault.status != 200:
            return fault.status, {"error": {"message": fault.message, "code": fault.code or None}}
        if given is not fault:
            fault.text = given if isinstance(given, str) else json.dumps(given)
        return 200, completion(body, fault, self.count, self.logprobs)

    async def _answer(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return error(401, "Incorrect API key provided", code="invalid_api_key")
        if self.models and body["model"] not in self.models:
            return error(404, f"The model {body['model']} does not exist", code="model_not_found")
        wanted = (body.get("response_format") or {}).get("type", "text")
        if (wanted == "json_schema" and not self.json_schema) or (
            wanted == "json_object" and not self.json_object
        ):
            return error(400, f"response_format {wanted} is not supported")
        for name in ("tools", "seed", "prompt_logprobs"):
            if name in body and self.extras and name not in self.extras:
                return error(400, f"{name} is not supported")
        return await self._send(request, body, self.reply(body))

    async def _send(
        self, request: web.Request, body: dict[str, Any], given: Any
    ) -> web.StreamResponse:
        fault = given if isinstance(given, Fault) else Fault()
        if fault.stall:
            await asyncio.sleep(fault.stall)
        if fault.status != 200:
            return error(fault.status, fault.message, fault.headers, fault.code)
        if fault.body is not None:
            return web.Response(text=fault.body, content_type="application/json")
        if given is not fault:
            fault.text = given if isinstance(given, str) else json.dumps(given)
        whole = json.dumps(completion(body, fault, self.count, self.logprobs)).encode()
        if not fault.cut:
            return web.Response(body=whole, content_type="application/json", headers=self.headers())
        response = web.StreamResponse(headers={"Content-Length": str(len(whole))})
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        assert request.transport is not None
        request.transport.close()
        return response


def completion(
    body: dict[str, Any], fault: Fault, number: int, logprobs: Any = None
) -> dict[str, Any]:
    """The body of a chat completion."""
    message = {"role": "assistant", "content": fault.text, "refusal": fault.refusal or None}
    if body.get("tools"):
        called = {"name": body["tools"][0]["function"]["name"], "arguments": "{}"}
        message["tool_calls"] = [{"id": "1", "type": "function", "function": called}]
    shown = {"content": logprobs} if logprobs and body.get("logprobs") else None
    more = {}
    if "prompt_logprobs" in body:
        more["prompt_logprobs"] = prompt_logprobs("".join(m["content"] for m in body["messages"]))
    return {
        **more,
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1,
        "model": body["model"],
        "choices": [{"index": index, "message": message, "finish_reason": fault.finish,
                     "logprobs": shown} for index in range(body.get("n") or 1)],
        "usage": {"prompt_tokens": 120, "completion_tokens": 40, "total_tokens": 160},
    }  # fmt: skip


def error(
    status: int, message: str, headers: dict[str, str] | None = None, code: str = ""
) -> web.Response:
    """An error as such endpoints write it."""
    return web.json_response(
        {"error": {"message": message, "type": "scripted", "code": code or None}},
        status=status, headers=headers,
    )  # fmt: skip


def schema_of(body: dict[str, Any]) -> Any:
    """The schema that a request asks for, from its response format or from its last message."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return wanted["json_schema"]["schema"]
    words = body["messages"][-1]["content"]
    found = re.search(r"meets this JSON schema:\n(.*)$", words, re.DOTALL)
    return json.loads(found.group(1)) if found else None


def example(schema: Any) -> Any:
    """A value that meets a schema: the first of every enumeration."""
    if not schema:
        return "yes"
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: example(part) for name, part in schema["properties"].items()}
    return "Scripted words." if schema.get("type") == "string" else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8701)
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    server = OpenAIServer(latency=given.latency, port=given.port, keep=False)
    asyncio.run(server.serve())
