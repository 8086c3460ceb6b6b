"""The ledger of calls that a run's model writes into."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from core.calls import Kept, Record
from core.services.group_commit import GroupCommit
from storage import calls


class RunLedger:
    """Finds and keeps calls in the database, many to a transaction.

    A failed call is kept for the record under a key of its own, so that it is never reused.
    """

    def __init__(self, commits: GroupCommit, run: int) -> None:
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


def _row(record: Record, run: int) -> dict[str, Any]:
    failed = record.answer is None
    return {
        "key": f"{record.key}!{secrets.token_hex(6)}" if failed else record.key,
        "run": run, "model": record.model, "attempts": record.spent.attempts,
        "request": json.dumps(record.request), "error": record.error,
        "reply": None if failed else json.dumps(record.answer),
        "prompt_tokens": record.spent.prompt_tokens,
        "completion_tokens": record.spent.completion_tokens,
        "cost": record.cost, "seconds": record.spent.seconds,
    }  # fmt: skip
