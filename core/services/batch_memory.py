"""The batches that a run has sent, kept in the ledger of calls."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from core.batches import Sent
from core.services.group_commit import GroupCommit
from storage import calls

MOST = 500


class BatchMemory:
    """Remembers files and batches under numbered keys: of one run, at one endpoint."""

    def __init__(self, commits: GroupCommit, run: int, place: str, model: str) -> None:
        self.commits, self.prefix, self.model = commits, f"batch:{run}:{place}", model

    async def sent(self) -> Sequence[Sent]:
        found: list[Sent] = await self.commits.do(self._sent)
        return found

    async def uploaded(self, file: str, ids: Sequence[str]) -> Sent:
        found: Sent = await self.commits.do(self._uploaded, (file, tuple(ids)))
        return found

    async def begun(self, sent: Sent, batch: str) -> Sent:
        found: Sent = await self.commits.do(self._begun, (sent, batch))
        return found

    def _key(self, number: int, what: str) -> str:
        return f"{self.prefix}:{number}:{what}"

    def _known(self, connection: Connection) -> list[Sent]:
        keys = [self._key(n, what) for n in range(MOST) for what in ("file", "batch")]
        rows = {key: json.loads(reply) for key, (_, reply) in calls.find(connection, keys).items()}
        return [
            Sent(n, rows[file]["file"], tuple(rows[file]["ids"]),
                 rows.get(self._key(n, "batch"), {}).get("batch", ""))
            for n in range(MOST) if (file := self._key(n, "file")) in rows
        ]  # fmt: skip

    def _sent(self, connection: Connection, pieces: Sequence[Any]) -> list[list[Sent]]:
        return [self._known(connection)] * len(pieces)

    def _uploaded(
        self, connection: Connection, pieces: Sequence[tuple[str, tuple[str, ...]]]
    ) -> list[Sent]:
        found = []
        for file, ids in pieces:
            number = 1 + max((sent.number for sent in self._known(connection)), default=-1)
            while not self._keep(connection, number, "file", {"file": file, "ids": list(ids)}):
                number += 1
            found.append(Sent(number, file, ids))
        return found

    def _begun(self, connection: Connection, pieces: Sequence[tuple[Sent, str]]) -> list[Sent]:
        found = []
        for sent, batch in pieces:
            self._keep(connection, sent.number, "batch", {"batch": batch})
            found.append(Sent(sent.number, sent.file, sent.ids, batch))
        return found

    def _keep(self, connection: Connection, number: int, what: str, reply: dict[str, Any]) -> bool:
        """Write it down; False when another runner has taken the number."""
        key, text = self._key(number, what), json.dumps(reply)
        row = {
            "key": key, "run": None, "model": self.model, "attempts": 1, "request": "{}",
            "reply": text, "prompt_tokens": 0, "completion_tokens": 0, "cost": None,
            "seconds": 0.0, "error": "",
        }  # fmt: skip
        calls.keep(connection, [row])
        return calls.find(connection, [key])[key][1] == text
