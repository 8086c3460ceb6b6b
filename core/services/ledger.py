"""The ledger of calls that a run's model writes into."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from core.calls import Kept, Record
from core.services.group_commit import GroupCommit
from storage import calls

LONG = 1000


class RunLedger:
    """Finds and keeps calls in the database, many to a transaction.

    A failed call is kept for the record under a key of its own, so that it is never reused.
    """

    def __init__(self, commits: GroupCommit, run: int | None) -> None:
        self.commits = commits
        self.run = run

    async def find(self, key: str) -> Kept | None:
        """The reply stored under this key, by any run."""
        found: Kept | None = await self.commits.do(self._find, key)
        return found

    async def keep(self, record: Record) -> Kept | None:
        """Store a call; returns the reply stored first under its key."""
        found: Kept | None = await self.commits.do(self._keep, record)
        return found

    def _find(self, connection: Connection, keys: Sequence[str]) -> list[Kept | None]:
        found = calls.find(connection, list(dict.fromkeys(keys)))
        return [
            Kept(found[key][0], json.loads(found[key][1])) if key in found else None for key in keys
        ]

    def _keep(self, connection: Connection, records: Sequence[Record]) -> list[Kept | None]:
        rows = {r["key"]: r for r in reversed([_row(record, self.run) for record in records])}
        calls.keep(connection, list(rows.values()))
        return self._find(connection, [record.key for record in records])


def _row(record: Record, run: int | None) -> dict[str, Any]:
    failed = record.answer is None
    return {
        "key": f"{record.key}!{secrets.token_hex(6)}" if failed else record.key,
        "run": run, "model": record.model, "attempts": record.spent.attempts,
        "request": _kept(record.request), "error": record.error,
        "reply": None if failed else json.dumps(record.answer),
        "prompt_tokens": record.spent.prompt_tokens,
        "completion_tokens": record.spent.completion_tokens,
        "cost": record.cost, "seconds": record.spent.seconds,
    }  # fmt: skip


def _kept(request: Mapping[str, Any]) -> str:
    """The JSON of a request; most hold no image, and are not walked through for one."""
    text = json.dumps(request)
    return json.dumps(light(request)) if '"data:' in text else text


def light(value: Any) -> Any:
    """A request as the ledger keeps it: an image given in full is kept as its fingerprint.

    The image itself is in the item or output that it came from; the call's key covers every byte.
    """
    if isinstance(value, str):
        return _fingerprint(value) if value.startswith("data:") and len(value) > LONG else value
    if isinstance(value, Mapping):
        return {name: light(one) for name, one in value.items()}
    return [light(one) for one in value] if isinstance(value, list | tuple) else value


def _fingerprint(url: str) -> str:
    kind = url.partition(",")[0][:100]
    return f"{kind},sha256={hashlib.sha256(url.encode()).hexdigest()};characters={len(url)}"
