"""What endpoints can do, as probes have found; kept in the ledger of calls."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from core.calls import Endpoint
from core.capabilities import Capability
from core.digest import digest
from core.llm import LLM
from core.services.access import Identity, require
from core.services.studies import Refused
from core.settings import secret
from core.workers.base import Endpointed, Worker
from storage import calls
from storage.database import Database

MOST_PROBES = 200


@dataclass(frozen=True, slots=True)
class Probed:
    """A model of a worker ('' is its own) and what its endpoint offers; empty before a probe."""

    name: str
    base_url: str
    model: str
    found: Sequence[Capability]


def of_worker(db: Database, who: Identity, worker: Worker) -> list[Probed]:
    """What is known of the endpoints of a worker's models; nothing is sent."""
    require(who, "run")
    with db.read() as connection:
        return [
            Probed(name, model.base_url, model.model, _newest(connection, model)[1])
            for name, model in worker.models().items()
        ]


def probe(db: Database, who: Identity, worker: Worker) -> list[Probed]:
    """Probe the endpoints of a worker's models, about a dozen short requests each, and keep it.

    Raises `Refused` when the worker asks no model, `CallFailed` when a model does not answer.
    """
    require(who, "run")
    places: dict[tuple[str, str], Endpointed] = {}
    for model in worker.models().values():
        places.setdefault((model.base_url, model.model), model)
    if not places:
        raise Refused(f"{worker.name} works offline: there is no endpoint to probe")
    for model in places.values():
        _keep(db, model, asyncio.run(_ask(model)))
    return of_worker(db, who, worker)


async def _ask(model: Endpointed) -> list[Capability]:
    place = Endpoint(
        model.base_url, model.model, key=secret(model.key) or "", key_name=model.key,
        timeout=model.timeout,
    )  # fmt: skip
    llm = LLM(place)
    try:
        return await llm.probe(("embeddings",) if model.embeds else ())
    finally:
        await llm.close()


def offers(connection: Connection, model: Endpointed) -> dict[str, bool]:
    """What a probe has found at the model's endpoint, by name; empty before one."""
    return {one.name: one.offered for one in _newest(connection, model)[1]}


def check(connection: Connection, worker: Worker) -> None:
    """Raise `Refused` when a probe has found that an endpoint lacks what the worker needs.

    That is embeddings, of a model to embed with, and log-probabilities of given texts.
    """
    ways = worker.scored_by()
    if ways:
        own = worker.models()[""]
        known = offers(connection, own)
        if all(known.get(way) is False for way in ways):
            raise Refused(
                f"{own.base_url} gave no log-probabilities of a given text with {own.model} when "
                f"it was probed ({', '.join(ways)}); use a server that does, such as vLLM, probe "
                "it again, or let a stand-in be written down (stand_in)"
            )
    for model in worker.models().values():
        if model.embeds and offers(connection, model).get("embeddings") is False:
            raise Refused(
                f"{model.base_url} gave no embeddings with {model.model} when it was probed; name "
                "an embedding model of an endpoint that does, or probe it again"
            )


def _keys(model: Endpointed) -> list[str]:
    place = digest([model.base_url.rstrip("/"), model.model])
    return [f"capabilities:{place}:{number}" for number in range(MOST_PROBES)]


def _newest(connection: Connection, model: Endpointed) -> tuple[int, list[Capability]]:
    """How often the endpoint was probed, and what the last probe found."""
    known: Mapping[str, tuple[int, str]] = calls.find(connection, _keys(model))
    if not known:
        return 0, []
    newest = max(known.values())
    return len(known), [Capability(**one) for one in json.loads(newest[1])["found"]]


def _keep(db: Database, model: Endpointed, found: Sequence[Capability]) -> None:
    with db.write() as connection:
        number = min(_newest(connection, model)[0], MOST_PROBES - 1)
        place = {"probe": {"base_url": model.base_url, "model": model.model}}
        row = {
            "key": _keys(model)[number], "run": None, "model": model.model, "attempts": 1,
            "request": json.dumps(place), "prompt_tokens": 0, "completion_tokens": 0,
            "reply": json.dumps({"found": [asdict(one) for one in found]}), "cost": None,
            "seconds": 0.0, "error": "",
        }  # fmt: skip
        calls.keep(connection, [row])
