"""The connections to an OpenAI-compatible endpoint: the one place that reaches the network."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from core import failures
from core.calls import Endpoint, Spent
from core.digest import encode

LIMITS = b"x-ratelimit-"
# What openai's client tells every endpoint about the machine that it runs on: nobody's business,
# and a tenth of the work of a request.
TOLD = (
    "Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async", "Retry-Count",
    "Read-Timeout",
)  # fmt: skip


class Wire:
    """The connections to one endpoint: bodies out, bodies in, failures in plain words."""

    def __init__(self, endpoint: Endpoint, heard: Callable[[Mapping[str, str]], None]) -> None:
        import openai  # slow to import, and most of what a person does asks no model

        async def listen(response: Any) -> None:
            if any(name.lower().startswith(LIMITS) for name, _ in response.headers.raw):
                heard(response.headers)

        self.endpoint = endpoint
        self._untold: Any = dict.fromkeys([f"X-Stainless-{what}" for what in TOLD], openai.Omit())
        self._base = endpoint.base_url.rstrip("/")
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url, api_key=endpoint.key or "none", max_retries=0,
            timeout=openai.Timeout(endpoint.timeout, connect=10.0),
            http_client=openai.DefaultAioHttpClient(event_hooks={"response": [listen]}),
        )  # fmt: skip

    async def post(self, path: str, body: Mapping[str, Any], spent: Spent) -> bytes:
        """The reply's body; raises `CallFailed`. The live lane: each request by itself, at once."""
        return await self.request(path, body)

    async def request(self, path: str, body: Mapping[str, Any]) -> bytes:
        """The same, for no call in particular."""
        sent = encode(body).encode()
        whole = self._base + path  # joined here: openai's client would parse it three times over
        return await self._sent(
            self._client.post(whole, cast_to=bytes, content=sent, options={"headers": self._untold})
        )

    async def get(self, path: str) -> bytes:
        """The body behind a path; raises `CallFailed`."""
        return await self._sent(
            self._client.get(path, cast_to=bytes, options={"headers": self._untold})
        )

    async def upload(self, name: str, content: bytes, purpose: str) -> bytes:
        """Send a file; returns the reply's body, raises `CallFailed`."""
        return await self._sent(
            self._client.post(
                "/files", cast_to=bytes, body={"purpose": purpose},
                files=[("file", (name, content))],
                options={"headers": {**self._untold, "Content-Type": "multipart/form-data"}},
            )
        )  # fmt: skip

    async def _sent(self, request: Awaitable[bytes]) -> bytes:
        import openai

        try:
            return await request
        except openai.APIStatusError as error:
            headers = error.response.headers
            raise failures.status(self.endpoint, error.status_code, error.body, headers) from None
        except openai.APIConnectionError as error:
            raise failures.connection(self.endpoint, error.__cause__) from None

    def shut(self) -> None:
        """Nothing to do: a live request ends by itself."""

    async def abandon(self) -> None:
        """Nothing to do: no request outlives its connection."""

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
