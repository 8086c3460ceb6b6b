"""The models that one worker asks during a run: a client and a throttle for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.calls import Endpoint, Ledger, Reply
from core.llm import LLM
from core.scoring import Scored
from core.services import presence
from core.services.terms import Carrier
from core.settings import secret
from core.throttle import Pace, Throttle
from core.workers.base import Endpointed, Worker


class Models:
    """Asks the model that `to` names, '' being the worker's own.

    Names that stand for the same model at the same endpoint share a client; models at the same
    endpoint under the same key share a throttle, by `presence.place`. `most` is how many calls may
    be under way at once there; `carrier` makes throttles and lanes. By name, `prices` holds what a
    million prompt and reply tokens cost in this run, and `offers` what the endpoint is known to
    offer.
    """

    def __init__(
        self, worker: Worker, ledger: Ledger, most: int, freshness: str = "",
        prices: Mapping[str, Sequence[float]] | None = None,
        offers: Mapping[str, Mapping[str, bool]] | None = None, carrier: Carrier | None = None,
    ) -> None:  # fmt: skip
        self.worker = worker.name
        self.most = most
        self.names: dict[str, LLM] = {}
        self.clients: dict[Endpoint, LLM] = {}
        self.throttles: dict[str, Throttle] = {}
        for name, model in worker.models().items():
            place = endpoint_of(model, (prices or {}).get(name))
            if place not in self.clients:
                door = presence.place(place.base_url, place.key_name)
                if door not in self.throttles:
                    self.throttles[door] = carrier.throttle(most) if carrier else Throttle(most)
                throttle = self.throttles[door]
                self.clients[place] = LLM(
                    place, ledger, throttle=throttle, freshness=freshness,
                    offers=(offers or {}).get(name),
                    lane=carrier.lane(place, throttle) if carrier else None,
                )  # fmt: skip
            self.names[name] = self.clients[place]

    async def ask(
        self, messages: Sequence[Mapping[str, Any]], *, to: str = "", **asked: Any
    ) -> Reply:
        """One reply; see `core.workers.base.Model`."""
        return await self._of(to).ask(messages, **asked)

    async def score(self, prompt: Any, text: str, *, repeat: int = 0, to: str = "") -> Scored:
        """Log-probabilities of a given text; see `core.workers.base.Model`."""
        return await self._of(to).score(prompt, text, repeat=repeat)

    async def embed(self, texts: Sequence[str], *, to: str = "") -> Any:
        """The embeddings of texts; see `core.workers.base.Model`."""
        return await self._of(to).embed(texts)

    def _of(self, to: str) -> LLM:
        llm = self.names.get(to)
        if llm is None:
            known = ", ".join(repr(name) for name in self.names)
            raise ValueError(f"{self.worker} has no model called {to!r}; there are: {known}")
        return llm

    def allow(self, most: int) -> None:
        """Change how many calls each model may have under way."""
        self.most = most
        for throttle in self.throttles.values():
            throttle.allow(most)

    def paces(self) -> dict[str, Pace]:
        """How it goes at each place, for the other runners there."""
        return {place: throttle.pace() for place, throttle in self.throttles.items()}

    def heed(self, others: Mapping[str, Sequence[Pace]]) -> None:
        """Keep pace with the other runners at each place."""
        for place, found in others.items():
            self.throttles[place].heed(found)

    def shut(self) -> None:
        """Let no call begin any more."""
        for llm in self.clients.values():
            llm.throttle.shut()
            llm.lane.shut()

    async def abandon(self) -> None:
        """Give up what goes on at the endpoints by itself: batches of a run that was stopped."""
        for llm in self.clients.values():
            await llm.lane.abandon()

    async def close(self) -> None:
        """Close the connections."""
        for llm in self.clients.values():
            await llm.close()


def endpoint_of(model: Endpointed, prices: Sequence[float] | None = None) -> Endpoint:
    """The endpoint of a model, with its secret, and the prices that the run was given."""
    prompt, completion = prices or (model.prompt_price, model.completion_price)
    return Endpoint(
        base_url=model.base_url, model=model.model, key=secret(model.key) or "",
        key_name=model.key, timeout=model.timeout, prompt_price=prompt,
        completion_price=completion,
    )  # fmt: skip
