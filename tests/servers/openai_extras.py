"""What such servers offer beside chat: scores of a given text, embeddings, files and batches."""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web


def tokens(text: str) -> list[tuple[str, float]]:
    """A small language model: a word that stood there before is likelier than a new one."""
    found, seen = [], set()
    for token in re.findall(r"\s*\w+|\s*[^\w\s]|\s+", text):
        word = token.strip().lower()
        found.append((token, math.log(0.5) if word in seen else math.log(0.05)))
        seen.add(word)
    return found


def prompt_logprobs(text: str) -> list[dict[str, Any] | None]:
    """As vLLM gives them: nothing for the first token."""
    rows = tokens(text)
    return [
        None if place == 0 else {str(place): {"logprob": value, "rank": 1, "decoded_token": token}}
        for place, (token, value) in enumerate(rows)
    ]


def completions(body: dict[str, Any], extras: tuple[str, ...]) -> web.Response | None:
    """A plain completion with the scores asked for; None when it does not offer them."""
    choice: dict[str, Any] = {"index": 0, "text": " more", "finish_reason": "length"}
    rows = tokens(body["prompt"])
    if "ignores" in extras:
        pass
    elif body.get("echo"):
        if "echo" not in extras:
            return None
        rows = [*rows, (" more", math.log(0.1))]
        offsets = [sum(len(t) for t, _ in rows[:n]) for n in range(len(rows))]
        choice["text"] = body["prompt"] + " more"
        choice["logprobs"] = {
            "tokens": [t for t, _ in rows], "text_offset": offsets,
            "token_logprobs": [None, *[value for _, value in rows[1:]]],
        }  # fmt: skip
    elif "prompt_logprobs" in body:
        if "prompt_logprobs" not in extras:
            return None
        choice["prompt_logprobs"] = prompt_logprobs(body["prompt"])
    usage = {"prompt_tokens": len(rows), "completion_tokens": 1}
    return web.json_response({"model": body["model"], "choices": [choice], "usage": usage})


def embeddings(body: dict[str, Any]) -> web.Response:
    """Vectors of letter counts."""
    vectors = [[text.count(letter) for letter in "abcdefgh"] for text in body["input"]]
    data = [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)]
    count = sum(len(tokens(text)) for text in body["input"])
    usage = {"prompt_tokens": count, "total_tokens": count}
    return web.json_response({"data": data[::-1], "model": body["model"], "usage": usage})


class Batches:
    """/v1/files and /v1/batches: each batch is done after `seconds`, in the order of its lines.

    `ends` is the state in which batches end; with `lose` the last lines get no answer.
    """

    def __init__(self, seconds: float = 0.1, ends: str = "completed", lose: int = 0) -> None:
        self.seconds, self.ends, self.lose = seconds, ends, lose
        self.files: dict[str, str] = {}
        self.made: dict[str, dict[str, Any]] = {}
        self.cancelled: list[str] = []

    def add(
        self, app: web.Application,
        line: Callable[[dict[str, Any]], Awaitable[tuple[int, dict[str, Any]]]],
    ) -> None:  # fmt: skip
        """Serve below /v1."""
        self.line = line
        app.router.add_post("/v1/files", self._upload)
        app.router.add_get("/v1/files/{id}/content", self._content)
        app.router.add_post("/v1/batches", self._create)
        app.router.add_get("/v1/batches", self._list)
        app.router.add_get("/v1/batches/{id}", self._get)
        app.router.add_post("/v1/batches/{id}/cancel", self._cancel)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file-{len(self.files)}"
        self.files[name] = form["file"].file.read().decode()  # type: ignore[union-attr]
        return web.json_response({"id": name, "object": "file"})

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(text=self.files[request.match_info["id"]])

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["endpoint"] == "/v1/chat/completions" and body["completion_window"] == "24h"
        name = f"batch-{len(self.made)}"
        self.made[name] = {"id": name, "status": "validating", **body}
        self.made[name]["task"] = asyncio.create_task(self._work(name))
        return self._shown(name)

    async def _work(self, name: str) -> None:
        await asyncio.sleep(self.seconds)
        made = self.made[name]
        rows = [json.loads(row) for row in self.files[made["input_file_id"]].splitlines()]
        good, bad = [], []
        for row in rows[: len(rows) - self.lose]:
            assert row["method"] == "POST" and row["url"] == "/v1/chat/completions"
            status, body = await self.line(row["body"])
            reply = {"status_code": status, "request_id": "r", "body": body}
            (good if status == 200 else bad).append(
                json.dumps({"custom_id": row["custom_id"], "response": reply, "error": None})
            )
        for key, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                made[key] = f"file-{len(self.files)}"
                self.files[made[key]] = "\n".join(reversed(lines))
        made["status"] = self.ends

    async def _get(self, request: web.Request) -> web.Response:
        return self._shown(request.match_info["id"])

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    async def _cancel(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        self.cancelled.append(name)
        self.made[name]["task"].cancel()
        self.made[name]["status"] = "cancelled"
        return self._shown(name)

    def _shown(self, name: str) -> web.Response:
        return web.json_response({k: v for k, v in self.made[name].items() if k != "task"})
