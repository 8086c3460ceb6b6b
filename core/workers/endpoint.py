"""Where a model is reached: the options that every worker with a model shares."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.workers.base import Endpointed, Worker

PLACE = frozenset({"base_url", "key", "timeout", "prompt_price", "completion_price"})


class AtEndpoint(BaseModel):
    """A model behind an OpenAI-compatible endpoint.

    `model` is its name there; `base_url` is the endpoint's address, which often ends in /v1. `key`
    is the NAME of the secret that holds the endpoint's key. `timeout` is how many seconds a reply
    may take. `prompt_price` and `completion_price` are prices of a million tokens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    embeds: ClassVar[bool] = False
    model: str = Field(min_length=1, max_length=200)
    base_url: str = "https://api.openai.com/v1"
    key: str = Field(default="", description="name of the secret, never the key itself")
    timeout: float = Field(default=120.0, gt=0, le=3600)
    prompt_price: float | None = Field(default=None, ge=0)
    completion_price: float | None = Field(default=None, ge=0)

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an address like https://host/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("an address holds no name, password or query; use `key` for the key")
        return url.strip().rstrip("/")

    @field_validator("key")
    @classmethod
    def _a_secret(cls, key: str) -> str:
        if key and not re.fullmatch(r"[A-Z][A-Z0-9_]{0,79}", key):
            raise ValueError("give the NAME of an environment variable or secret (OPENAI_API_KEY)")
        return key


class ModelWorker(AtEndpoint, Worker):
    """A worker with a model of its own, and others by name where it asks several.

    `temperature` and `max_tokens` are sent along; null (empty in a form) sends none, for models
    that take none. `guidelines` are told to the model, and part of who it is. Where a model is
    reached, and at what price, is no part of the rater's identity.
    """

    silent: ClassVar[frozenset[str]] = Worker.silent | PLACE
    unplanned = Worker.unplanned | PLACE | {"model", "temperature", "max_tokens", "guidelines"}
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    guidelines: str = ""

    @classmethod
    def sample(cls) -> "ModelWorker":
        return cls(name="example", model="example-model")

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self}

    def identity(self) -> dict[str, Any]:
        return {name: placeless(value) for name, value in super().identity().items()}

    def parameters(self) -> dict[str, Any]:
        """What is sent beside model and messages."""
        found = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        return {name: value for name, value in found.items() if value is not None}


def placeless(value: Any) -> Any:
    """A setting without the places of the models in it: they may move and stay who they are."""
    if isinstance(value, list):
        return [placeless(one) for one in value]
    if not isinstance(value, dict):
        return value
    gone = PLACE if "model" in value else frozenset[str]()
    return {name: placeless(one) for name, one in value.items() if name not in gone}
